//! `drill history`.

use clap::Args as ClapArgs;

use super::args::{Common, Format};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::assess::{Split, past_drills};
use crate::diag::{Diagnostic, did_you_mean};
use crate::report;
use crate::store::History;
use crate::units::SimTime;

/// `drill history`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill history\n  drill history --scenario quarterly-outage --lang ja\n  drill history --format csv > drills.csv\n  drill history --before 2026-06-01 --after 2026-07-01\n\nA trend needs 12 drills with people, and two halves whose intervals are apart.\nFormats: text, json, md, csv."
)]
pub(super) struct HistoryArgs {
    /// Only this scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) scenario: Option<String>,
    /// Compare the drills before this day, or instant, with those after it.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(super) before: Option<SimTime>,
    /// Where the later period begins [default: where the earlier one ends].
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(super) after: Option<SimTime>,
    /// Drills listed of each group, the latest last.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) last: usize,
}

/// An instant as RFC 3339, or a day, which begins at midnight UTC.
fn instant(text: &str) -> Result<SimTime, String> {
    let day = text.parse::<chrono::NaiveDate>().map(|day| format!("{day}T00:00:00Z"));
    let wrong = |_| "write a day such as 2026-06-01, or an instant as RFC 3339".to_owned();
    day.as_deref().unwrap_or(text).parse().map_err(wrong)
}

/// The two periods that are asked for; one bound is the end of the one and the begin of the other.
fn split(args: &HistoryArgs) -> Result<Option<Split>, Failure> {
    let (Some(before), Some(after)) = (args.before.or(args.after), args.after.or(args.before))
    else {
        return Ok(None);
    };
    if after < before {
        let message = "the later period begins before the earlier one ends";
        let help = "a drill can be in one of the two only: let --after be --before or later";
        return Err(Diagnostic::error("history::periods", message).help(help).into());
    }
    Ok(Some(Split { before, after }))
}

/// Shows the drills that the workspace remembers, and what may be said about them.
pub(super) fn history(common: &Common, args: &HistoryArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md, Format::Csv], "history")?;
    let Some(root) = workspace::workspace(common)? else {
        let message = "there is no workspace here, so there is no history";
        let help = "make one with `drill init`; drills run in it are remembered";
        return Err(Diagnostic::error("usage::no-workspace", message).help(help).into());
    };
    // Asking makes a database; a workspace without drills has none, and keeps none.
    let kept = root.join(".drill").join("history.duckdb").is_file();
    let rows = if kept { History::of_workspace(&root).drills()? } else { Vec::new() };
    let (mut groups, unreadable) = past_drills(&rows, split(args)?);
    if let Some(scenario) = &args.scenario {
        let known: Vec<String> = groups.iter().map(|group| group.scenario.clone()).collect();
        groups.retain(|group| group.scenario == *scenario);
        if groups.is_empty() {
            let message = format!("no drill of `{scenario}` is in the history");
            let help = match did_you_mean(scenario, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "run it in this workspace first".to_owned(),
            };
            return Err(Diagnostic::error("history::unknown", message).help(help).into());
        }
    }
    let lang = ui.lang();
    let text = match common.format {
        Format::Json => report::history_json(&groups, unreadable),
        Format::Csv => report::history_csv(&groups),
        Format::Md => report::history_markdown(&groups, unreadable, args.last, lang),
        _ => report::history_text(&groups, unreadable, args.last, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}
