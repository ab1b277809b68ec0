//! `drill history`.

use super::args::{Common, Format};
use super::history_args::{HistoryArgs, HistoryCommand};
use super::ui::{Failure, Ui, only};
use super::{exit, kept_actions, regular, workspace};
use crate::assess::{PeriodKind, Split, past_drills};
use crate::diag::{Diagnostic, did_you_mean};
use crate::report::{self, KeptActions, Past};
use crate::store::History;
use crate::units::Zone;

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
    match &args.command {
        Some(HistoryCommand::File(file)) => return kept_actions::file(common, file, ui),
        Some(HistoryCommand::Assign(assign)) => return kept_actions::assign(common, assign, ui),
        Some(HistoryCommand::Close(close)) => return kept_actions::close(common, close, ui),
        None => {}
    }
    only(common.format, &[Format::Text, Format::Json, Format::Md, Format::Csv], "history")?;
    let root = workspace::workspace(common)?.ok_or_else(no_workspace)?;
    let kept = kept_actions::history(&root);
    let rows = kept.as_ref().map(History::drills).transpose()?.unwrap_or_default();
    let actions = kept.as_ref().map(History::actions).transpose()?.unwrap_or_default();
    let actions = KeptActions { all: &actions, day: kept_actions::today() };
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
    let kinds = [PeriodKind::Monthly, PeriodKind::Quarterly];
    let catalog = workspace::catalog(common)?;
    let due = regular::due(&catalog, &rows, &kinds, (kept_actions::now(), Zone::UTC));
    let past = Past { groups: &groups, unreadable, last: args.last, due: &due, actions };
    let text = match common.format {
        Format::Json => report::history_json(&past),
        Format::Csv => report::history_csv(&past),
        Format::Md => report::history_markdown(&past, lang),
        _ => report::history_text(&past, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// There is nowhere to look.
pub(super) fn no_workspace() -> Failure {
    let message = "there is no workspace here, so there is no history";
    let help = "make one with `drill init`; drills run in it are remembered";
    Diagnostic::error("usage::no-workspace", message).help(help).into()
}
