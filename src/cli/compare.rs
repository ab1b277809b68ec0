//! `drill compare`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::args::{Common, Format};
use super::progress::Bar;
use super::side::Side;
use super::ui::{Failure, Ui, only};
use super::{exit, folder, run, score, workspace};
use crate::diag::Diagnostics;
use crate::exercise::{Inputs, Options, Prepared, compare as compare_sides};
use crate::load::{Catalog, Drill};
use crate::report;
use crate::units::Seed;

/// `drill compare`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill compare public-postmortem well-drilled-team\n  drill compare as-is without=pm --scenario service-outage --set service=movie\n  drill compare escalation_timeout_min=5 escalation_timeout_min=2,people.lead=1 --out c\n  drill compare pack=cinecom pack=./my-rules --trials 1000\n  drill compare drill-out/quarterly-outage-1-0123abcd github-2018\n\nA side is a preset, pack or system, or settings joined by commas: responders=, pack=, system=,\nwithout=ROLE, when=, people.ROLE=N, a knob of the preset, a parameter of the scenario; `as-is`\nchanges nothing. A difference is claimed only where its 95 % interval excludes 0.\nTwo periods of drills that were held: drill history --before DATE --after DATE.\nFormats: text, json, md, html, csv; two recorded timelines have no html."
)]
pub(super) struct CompareArgs {
    /// What is compared: a side, or a timeline or drill folder.
    pub(super) a: String,
    /// With what: a side, or a timeline or drill folder.
    pub(super) b: String,
    /// The scenario that both sides meet.
    #[arg(long, value_name = "NAME", default_value = "quarterly-outage")]
    pub(super) scenario: String,
    /// Set a parameter of the scenario for both sides; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = super::args::key_value)]
    pub(super) set: Vec<(String, String)>,
    /// How people respond where a side does not say.
    #[arg(long, visible_alias = "preset", value_name = "PRESET")]
    #[arg(default_value = "well-drilled-team")]
    pub(super) responders: String,
    /// Trials of each side.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(super) trials: u32,
    /// Seed of the first trial of both sides.
    #[arg(long, value_name = "N", default_value_t = Seed(1))]
    pub(super) seed: Seed,
    /// Write report.html, report.md, compare.json and the picture here.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// Compares two sides on the same seeds, or two timelines.
pub(super) fn compare(common: &Common, args: &CompareArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let catalog = workspace::catalog(common)?;
    let (a, b) = (PathBuf::from(&args.a), PathBuf::from(&args.b));
    let recorded = |name: &PathBuf| workspace::is_timeline(&catalog, name);
    if recorded(&a) && recorded(&b) {
        return score::compare_timelines(common, &catalog, (&a, &b), ui);
    }
    let formats = [Format::Text, Format::Json, Format::Md, Format::Html, Format::Csv];
    only(common.format, &formats, "compare")?;
    let mut wrong = Diagnostics::default();
    let sides = [&args.a, &args.b].map(|text| prepare(common, args, &catalog, text, &mut wrong));
    let [Some((a_inputs, a_options)), Some((b_inputs, b_options))] = sides else {
        return Err(wrong.into());
    };
    let a = Prepared::new(&a_inputs, &a_options)?;
    let b = Prepared::new(&b_inputs, &b_options)?;
    let (a, b) = ((args.a.as_str(), &a), (args.b.as_str(), &b));
    let found = compare_sides(a, b, args.trials, &Bar::new(ui))?;
    let lang = ui.lang();
    if let Some(target) = &args.out {
        let mut files = vec![
            ("compare.json".to_owned(), report::compare_json(&found).into_bytes()),
            ("report.html".to_owned(), report::compare_html(&found, lang).into_bytes()),
            ("report.md".to_owned(), report::compare_markdown(&found, lang).into_bytes()),
        ];
        let plots = report::compare_plots(&found, lang).into_iter();
        files.extend(plots.map(|(name, svg)| (name, svg.into_bytes())));
        folder::write(target, &files)?;
        ui.remark(format_args!("report: {}", target.join("report.html").display()));
    }
    let text = match common.format {
        Format::Json => report::compare_json(&found),
        Format::Md => report::compare_markdown(&found, lang),
        Format::Html => report::compare_html(&found, lang),
        Format::Csv => report::compare_csv(&found),
        Format::Text | Format::Junit => report::compare_text(&found, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// The files and options of a side; its mistakes go with those of the other.
fn prepare(
    common: &Common,
    args: &CompareArgs,
    catalog: &Catalog,
    text: &str,
    wrong: &mut Diagnostics,
) -> Option<(Inputs, Options)> {
    let made = (|| -> Result<(Inputs, Options), Diagnostics> {
        let side = Side::parse(text, catalog, &args.scenario)?;
        let mut set = args.set.clone();
        for (key, value) in &side.set {
            set.retain(|(known, _)| known != key);
            set.push((key.clone(), value.clone()));
        }
        let (system, pack) = (side.system.as_deref(), side.pack.as_deref());
        let loaded = catalog.scenario_on(&args.scenario, &set, system, pack)?;
        let Drill { scenario, system, pack } = loaded.value;
        let responders = side.responders.as_deref().unwrap_or(&args.responders);
        let preset = catalog.preset(responders)?.value;
        let mut inputs = Inputs { system, scenario, pack, preset };
        side.apply(&mut inputs)?;
        let options = Options {
            seed: args.seed,
            start: None,
            when: side.when,
            mode: None,
            without: side.without.clone(),
            threads: run::threads(common),
        };
        Ok((inputs, options))
    })();
    made.map_err(|errors| wrong.list.extend(errors.list)).ok()
}
