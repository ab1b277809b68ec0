//! `drill report`.

use super::args::{Common, Format};
use super::report_args::{ReportCommand, ReportInput};
use super::ui::{Failure, Ui, only};
use super::{exit, folder, incident_report, kept_actions, regular, slo, workspace};
use crate::assess::{self, PeriodKind, PeriodSources, PeriodSpan};
use crate::diag::Diagnostic;
use crate::report;
use crate::store::{History, Streams};
use crate::units::Zone;

/// `drill report`.
pub(super) fn report(common: &Common, command: &ReportCommand, ui: &mut Ui) -> Result<u8, Failure> {
    let (kind, label, args) = match command {
        ReportCommand::Weekly(args) => (PeriodKind::Weekly, &args.week, &args.common),
        ReportCommand::Monthly(args) => (PeriodKind::Monthly, &args.month, &args.common),
        ReportCommand::Quarterly(args) => (PeriodKind::Quarterly, &args.quarter, &args.common),
        ReportCommand::Incident(args) => return incident_report::drafts(common, args, ui),
        ReportCommand::Postmortem(args) => return incident_report::postmortem(common, args, ui),
    };
    let formats = [Format::Text, Format::Json, Format::Md, Format::Html, Format::Csv];
    only(common.format, &formats, &format!("report {}", kind.as_str()))?;
    let zone = args.input.zone;
    let named = label.as_ref().map(|label| named(kind, label, zone)).transpose()?;
    let loaded = slo::load(common, &args.input, ui)?;
    let end = assess::end_of(&loaded.series);
    let end = loaded.view.as_of.or(end).ok_or_else(no_data)?;
    let start = loaded.series.iter().map(|one| one.block.start).min().unwrap_or(end);
    let span = match named {
        Some(span) => span,
        None => kind.last_with_data((start, end), zone).ok_or_else(no_data)?,
    };
    let sources = sources(common, args, &loaded.series, &span)?;
    let found = assess::period_report(&loaded.series, &loaded.view, span, sources);
    let report = found.map_err(|error| {
        let (from, to) = (start.rfc3339(zone), end.rfc3339(zone));
        let help = format!("the data are from {from} to {to}; name a period of that time");
        Failure::from(Diagnostic::error("report::no-data", error.to_string()).help(help))
    })?;
    let lang = ui.lang();
    if let Some(out) = &args.out {
        let files = report::period_files(&report, lang);
        folder::add_report(out, &report::period_stem(&report), files)?;
        ui.remark(format!("wrote {}", out.display()));
    }
    let text = match common.format {
        Format::Json => report::period_json(&report),
        Format::Md => report::period_markdown(&report, lang),
        Format::Html => report::period_html(&report, lang),
        Format::Csv => report::period_csv(&report),
        _ => report::period_text(&report, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

fn no_data() -> Failure {
    Diagnostic::error("report::no-data", "there are no data to report on").into()
}

fn named(kind: PeriodKind, label: &str, zone: Zone) -> Result<PeriodSpan, Failure> {
    kind.named(label, zone).ok_or_else(|| {
        let (what, example) = match kind {
            PeriodKind::Weekly => ("an ISO week", "2026-W46"),
            PeriodKind::Monthly => ("a month", "2026-10"),
            PeriodKind::Quarterly => ("a quarter", "2026-Q4"),
        };
        let message = format!("`{label}` is not {what}");
        let help = format!("write it as {example}");
        Diagnostic::error("report::period", message).help(help).into()
    })
}

/// What the workspace knows beside its SLOs, if there is one.
fn sources(
    common: &Common,
    args: &ReportInput,
    series: &[assess::Series],
    span: &PeriodSpan,
) -> Result<PeriodSources, Failure> {
    let Some(root) = workspace::workspace(common)? else {
        return Ok(PeriodSources::default());
    };
    // Issues are logged beside the telemetry, also where slices come from a file.
    let low = assess::low_items(&Streams::of_workspace(&root), span)?;
    let (streams, contributors) = match args.input.slices {
        Some(_) => (None, None),
        None => {
            let streams = Streams::of_workspace(&root);
            let found = assess::contributors(series, &streams, span)?;
            (Some(streams.list()?), Some(found))
        }
    };
    // Asking makes a database; a workspace without drills has none, and keeps none.
    let kept = kept_actions::history(&root);
    let history = kept.as_ref().map(History::drills).transpose()?;
    let actions = kept.as_ref().map(History::actions).transpose()?;
    let rows = history.as_deref().unwrap_or_default();
    let due = match span.kind {
        PeriodKind::Weekly => Vec::new(),
        kind => regular::due(&workspace::catalog(common)?, rows, &[kind], (span.to, span.zone)),
    };
    Ok(PeriodSources { history, actions, due, streams, contributors, low })
}
