//! `drill score`.

use std::path::{Path, PathBuf};

use super::args::{Common, Format, ScoreArgs};
use super::run::passes;
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::diag::Diagnostic;
use crate::exercise::score_timeline;
use crate::load::Catalog;
use crate::model::{Pack, Scenario, System};
use crate::report;
use crate::score::{self, Scorecard, explain};
use crate::timeline::Timeline;

/// Scores a timeline, or explains one of its numbers.
pub(super) fn score(common: &Common, args: &ScoreArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let formats = [Format::Text, Format::Json, Format::Md, Format::Csv, Format::Html];
    only(common.format, &formats, "score")?;
    let catalog = workspace::catalog(common)?;
    let judged = Judged::new(&catalog, &args.timeline, args.pack.as_deref(), ui)?;
    let Judged { timeline, pack, card, .. } = judged;
    let lang = ui.lang();
    if let Some(other) = &args.beside {
        let other = match other {
            Some(other) => other.clone(),
            None => likeness(&timeline)?,
        };
        return beside(common, (&timeline, &card), &other, &pack, &catalog, ui);
    }
    if let Some(what) = &args.explain {
        let explanation = explain(&timeline, &pack, &card, what).map_err(|unknown| {
            let help = match &unknown.did_you_mean {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", unknown.known.join(", ")),
            };
            Diagnostic::error("score::unknown", unknown.to_string()).help(help)
        })?;
        let text = match common.format {
            Format::Json => report::explanation_json(&explanation, &timeline),
            _ => {
                let style = ui.style();
                report::explanation_text(&explanation, &timeline, &pack, &card, lang, style)
            }
        };
        ui.data(&text)?;
        return Ok(exit::OK);
    }
    let text = match common.format {
        Format::Json => report::scorecard_json(&timeline, &pack, &card),
        Format::Md => report::scorecard_markdown(&timeline, &pack, &card, lang),
        Format::Csv => report::scorecard_csv(&timeline, &pack, &card),
        Format::Html => report::scorecard_html(&timeline, &pack, &card, lang),
        _ => report::scorecard_text(&timeline, &pack, &card, lang, ui.style()),
    };
    ui.data(&text)?;
    let enough = args.fail_under.is_none_or(|points| passes(&card, points));
    Ok(if enough { exit::OK } else { exit::FAILED })
}

/// A timeline that was scored.
pub(super) struct Judged {
    pub(super) timeline: Timeline,
    pub(super) pack: Pack,
    /// Where it is known.
    pub(super) system: Option<System>,
    pub(super) card: Scorecard,
}

impl Judged {
    /// The timeline at `path`, scored by the pack `named` or by its own.
    pub(super) fn new(
        catalog: &Catalog,
        path: &Path,
        named: Option<&str>,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let timeline = workspace::timeline(catalog, path, ui)?;
        let pack = pack(path, named, catalog, &timeline, ui)?;
        let system = timeline.header.system.as_ref();
        let system = system.and_then(|name| catalog.system(name).ok()).map(|found| found.value);
        let card = score_timeline(&timeline, &pack, system.as_ref())?;
        Ok(Self { timeline, pack, system, card })
    }

    /// The scenario that was played, where it is still known.
    pub(super) fn scenario(&self, catalog: &Catalog) -> Option<Scenario> {
        let name = self.timeline.header.scenario.as_ref()?;
        catalog.scenario(name, &[]).ok().map(|found| found.value.scenario)
    }
}

/// Two timelines side by side, by the pack of the first.
pub(super) fn compare_timelines(
    common: &Common,
    catalog: &Catalog,
    (one, other): (&Path, &Path),
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let timeline = workspace::timeline(catalog, one, ui)?;
    let Some(name) = timeline.header.pack.as_deref() else {
        return Err(no_pack(one));
    };
    let pack = catalog.pack(name)?.value;
    let card = score_timeline(&timeline, &pack, None)?;
    beside(common, (&timeline, &card), other, &pack, catalog, ui)
}

/// The published incident of the same kind, as the timeline names it.
fn likeness(timeline: &Timeline) -> Result<PathBuf, Failure> {
    let named = timeline.header.likeness.as_deref().map(PathBuf::from);
    named.ok_or_else(|| {
        let message =
            format!("`{}` names no published incident of its kind", timeline.header.title);
        let help = "name one: `--beside INCIDENT` (see `drill list incidents`)";
        Diagnostic::error("score::no-likeness", message).help(help).into()
    })
}

fn no_pack(timeline: &Path) -> Failure {
    let message = format!("`{}` names no pack to score with", timeline.display());
    let help = "name one with --pack (see `drill list packs`)";
    Diagnostic::error("score::no-pack", message).help(help).into()
}

/// The same measures of another timeline, by the same pack.
fn beside(
    common: &Common,
    (timeline, card): (&Timeline, &Scorecard),
    other: &Path,
    pack: &Pack,
    catalog: &Catalog,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md, Format::Csv], "score --beside")?;
    let other = workspace::timeline(catalog, other, ui)?;
    let other_card = score_timeline(&other, pack, None)?;
    let found = score::beside(card, &other_card);
    let pair = report::Pair { one: timeline, other: &other, pack, found: &found };
    let text = match common.format {
        Format::Json => report::beside_json(&pair),
        Format::Md => report::beside_markdown(&pair, ui.lang()),
        Format::Csv => report::beside_csv(&pair),
        _ => report::beside_text(&pair, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// The pack `asked` for, or that of the timeline; a changed pack is pointed out.
fn pack(
    path: &Path,
    asked: Option<&str>,
    catalog: &Catalog,
    timeline: &Timeline,
    ui: &Ui,
) -> Result<Pack, Failure> {
    let named = asked.or(timeline.header.pack.as_deref());
    let Some(name) = named else {
        return Err(no_pack(path));
    };
    let loaded = catalog.pack(name)?;
    ui.diagnostics(&loaded.warnings);
    let pack = loaded.value;
    let hash = pack.hash.to_string();
    let same = timeline.header.pack_hash.as_ref().is_none_or(|then| *then == *hash);
    if !same && asked.is_none() {
        ui.remark(format_args!("pack `{name}` has changed since this timeline was written"));
    }
    Ok(pack)
}
