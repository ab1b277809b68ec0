//! `drill list`.

use super::args::{Common, Format, ListArgs, ListKind};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::load::{Catalog, Kind};
use crate::model::{Name, Text};
use crate::report;

/// Lists what there is, with one line each.
pub(super) fn list(common: &Common, args: &ListArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "list")?;
    let catalog = workspace::catalog(common)?;
    let kinds = match args.kind {
        Some(kind) => vec![kind],
        None => vec![
            ListKind::Scenarios,
            ListKind::Packs,
            ListKind::Systems,
            ListKind::Responders,
            ListKind::Incidents,
            ListKind::Reports,
            ListKind::Streams,
        ],
    };
    let mut lists: Vec<report::Listing> =
        kinds.into_iter().map(|kind| items(&catalog, kind, ui)).collect();
    // Only a workspace has streams; without any their heading says nothing.
    lists.retain(|list| args.kind.is_some() || list.kind != "streams" || !list.items.is_empty());
    let text = match common.format {
        Format::Json => report::list_json(&lists),
        _ => report::list_text(&lists, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

fn items(catalog: &Catalog, kind: ListKind, ui: &Ui) -> report::Listing {
    let (word, of) = match kind {
        ListKind::Scenarios => ("scenarios", Kind::Scenario),
        ListKind::Packs => ("packs", Kind::Pack),
        ListKind::Systems => ("systems", Kind::System),
        ListKind::Responders => ("responders", Kind::Preset),
        ListKind::Incidents => ("incidents", Kind::Timeline),
        ListKind::Reports => return reports(),
        ListKind::Streams => ("streams", Kind::Stream),
    };
    let mut items = Vec::new();
    for listed in catalog.titles(of) {
        match listed.title {
            Some(title) => items.push(report::Listed { name: listed.name, title }),
            None => ui.remark(format_args!("`{0}` has mistakes: drill check {0}", listed.name)),
        }
    }
    report::Listing { kind: word, items }
}

/// What a drill leaves behind.
fn reports() -> report::Listing {
    let files = [
        ("timeline.jsonl", "What happened: one event per line", "タイムライン：1行に1イベント"),
        (
            "scorecard.json",
            "Milestones, response times, ratings, evidence",
            "採点：節目、対応時間、評定、根拠",
        ),
        ("report.html", "The report with pictures, in one file", "図入りの報告書（1ファイル）"),
        (
            "report.md",
            "The report as Markdown, with drafts of the reports due",
            "報告書（Markdown、提出用報告の下書き付き）",
        ),
        (
            "telemetry.parquet",
            "Slices and gauges, 30 days of history included",
            "計測値（過去30日分を含む）",
        ),
        (
            "slos.yaml",
            "The system's SLOs on that telemetry, for `drill slo`",
            "計測値に対するSLO定義（`drill slo` 用）",
        ),
    ];
    let items = files.map(|(name, en, ja)| report::Listed {
        name: Name::from(name),
        title: Text { en: Name::from(en), ja: Name::from(ja) },
    });
    report::Listing { kind: "reports", items: items.to_vec() }
}
