//! Improvement actions of the workspace: filed after a game or by hand, given to somebody, closed.

use std::path::Path;

use chrono::NaiveDate;

use super::args::Common;
use super::history_args::{ActionFields, AssignArgs, CloseArgs, FileArgs};
use super::ui::{Failure, Ui};
use super::{exit, workspace};
use crate::diag::{Diagnostic, did_you_mean};
use crate::exercise::play::Improvement;
use crate::load::{Catalog, Kind};
use crate::model::{Action, ActionState, MAX_ACTION_BYTES, action_number};
use crate::store::{DrillRow, History};
use crate::timeline::{Header, Timeline};
use crate::units::SimTime;

/// The history of a workspace, where it has one; asking makes none.
pub(super) fn history(root: &Path) -> Option<History> {
    let kept = root.join(".drill").join("history.duckdb").is_file();
    kept.then(|| History::of_workspace(root))
}

/// All actions of the workspace.
pub(super) fn all(root: &Path) -> Result<Vec<Action>, Failure> {
    Ok(history(root).map(|history| history.actions()).transpose()?.unwrap_or_default())
}

/// Today, where the user is.
#[expect(clippy::disallowed_methods, reason = "a date passes by the calendar on the wall")]
pub(super) fn today() -> NaiveDate {
    chrono::Local::now().date_naive()
}

#[expect(clippy::disallowed_methods, reason = "a history says when an action was really filed")]
pub(super) fn now() -> SimTime {
    SimTime::from_ms(chrono::Utc::now().timestamp_millis())
}

/// Keeps what a person wants improved after a game.
pub(super) fn keep_plan(
    common: &Common,
    timeline: &Timeline,
    plan: &[Improvement],
    ui: &Ui,
) -> Result<(), Failure> {
    let Some(root) = workspace::workspace(common)? else { return Ok(()) };
    let Header { scenario, title, .. } = &timeline.header;
    let name = scenario.as_ref().unwrap_or(title);
    let trace_hash = super::incident_report::trace_hash(timeline);
    let action = |one: &Improvement| {
        Some(Action {
            number: 0,
            trace_hash: trace_hash.clone(),
            scenario: name.to_string(),
            filed_at: now(),
            text: one.action.clone()?,
            kind: one.kind.as_ref().map(ToString::to_string),
            owner: one.owner.clone(),
            due: one.due,
            closed: None,
        })
    };
    let actions: Vec<Action> = plan.iter().filter_map(action).collect();
    if !actions.is_empty() {
        let filed = History::of_workspace(&root).file_actions(actions)?;
        ui.remark(format_args!("{} actions are kept: drill history", filed.len()));
    }
    Ok(())
}

/// Says which actions of earlier drills nobody has closed.
pub(super) fn remind(root: &Path, ui: &Ui) -> Result<(), Failure> {
    let (actions, day) = (all(root)?, today());
    let of = |state| actions.iter().filter(|action| action.state(day) == state).count();
    let (open, overdue) = (of(ActionState::Open), of(ActionState::Overdue));
    if open + overdue > 0 {
        let n = open + overdue;
        ui.remark(format_args!(
            "{n} actions of earlier drills are open, {overdue} of them overdue: drill history"
        ));
    }
    Ok(())
}

fn root(common: &Common) -> Result<std::path::PathBuf, Failure> {
    workspace::workspace(common)?.ok_or_else(super::history::no_workspace)
}

/// `drill history file`.
pub(super) fn file(common: &Common, args: &FileArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let root = root(common)?;
    let history = History::of_workspace(&root);
    let (trace_hash, scenario) = match &args.drill {
        Some(asked) => {
            let row = one_drill(asked, &history.drills()?)?;
            (row.trace_hash, row.scenario)
        }
        None => (String::new(), String::new()),
    };
    if let Some(kind) = &args.fields.kind {
        known_kind(kind, &workspace::catalog(common)?)?;
    }
    let ActionFields { kind, owner, due } = args.fields.clone();
    let text = plain(&args.text, "the action")?;
    let owner = owner.map(|owner| plain(&owner, "the owner")).transpose()?;
    let action = Action {
        number: 0,
        trace_hash,
        scenario,
        filed_at: now(),
        text,
        kind,
        owner,
        due,
        closed: None,
    };
    let filed = history.file_actions(vec![action])?;
    for action in &filed {
        ui.data(&format!("{}: {}\n", action.id(), action.text))?;
    }
    Ok(exit::OK)
}

/// `drill history assign`.
pub(super) fn assign(common: &Common, args: &AssignArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let history = History::of_workspace(&root(common)?);
    let mut action = one_action(&args.action, &history)?;
    if let Some(kind) = &args.fields.kind {
        known_kind(kind, &workspace::catalog(common)?)?;
    }
    let ActionFields { kind, owner, due } = args.fields.clone();
    let owner = owner.map(|owner| plain(&owner, "the owner")).transpose()?;
    action.kind = kind.or(action.kind);
    action.owner = owner.or(action.owner);
    action.due = due.or(action.due);
    history.change_action(&action)?;
    let unset = || "-".to_owned();
    let due = action.due.map_or_else(unset, |due| due.to_string());
    let owner = action.owner.clone().unwrap_or_else(unset);
    ui.data(&format!("{}: {} (owner {owner}, due {due})\n", action.id(), action.text))?;
    Ok(exit::OK)
}

/// `drill history close`.
pub(super) fn close(common: &Common, args: &CloseArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let history = History::of_workspace(&root(common)?);
    let mut action = one_action(&args.action, &history)?;
    if let Some((on, by)) = &action.closed {
        let message = format!("{} was closed on {on} by {by}", action.id());
        return Err(Diagnostic::error("history::closed", message).into());
    }
    let (on, by) = (args.on.unwrap_or_else(today), plain(&args.by, "the name")?);
    if on > today() {
        let message = format!("{on} is still to come");
        let help = "say when the action was done";
        return Err(Diagnostic::error("history::future", message).help(help).into());
    }
    action.closed = Some((on, by.clone()));
    history.change_action(&action)?;
    ui.data(&format!("{}: {} (closed {on} by {by})\n", action.id(), action.text))?;
    Ok(exit::OK)
}

/// A text of one line, of bounded size.
fn plain(text: &str, what: &str) -> Result<String, Failure> {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let text = text.chars().map(shown).collect::<String>().trim().to_owned();
    if text.is_empty() || text.len() > MAX_ACTION_BYTES {
        let message = format!("{what} has {} bytes", text.len());
        let help = format!("write 1 to {MAX_ACTION_BYTES}");
        return Err(Diagnostic::error("history::text", message).help(help).into());
    }
    Ok(text)
}

fn one_action(asked: &str, history: &History) -> Result<Action, Failure> {
    let actions = history.actions()?;
    let number = action_number(asked);
    let found = actions.iter().find(|action| Some(action.number) == number);
    found.cloned().ok_or_else(|| {
        let message = format!("there is no action `{asked}`");
        let open: Vec<String> =
            actions.iter().filter(|a| a.closed.is_none()).map(Action::id).collect();
        let help = match open.is_empty() {
            true => "no action is open".to_owned(),
            false => format!("open are: {}", open.join(", ")),
        };
        Diagnostic::error("history::no-action", message).help(help).into()
    })
}

/// The drill whose trace hash begins as asked; the latest of those that repeat it.
fn one_drill(asked: &str, rows: &[DrillRow]) -> Result<DrillRow, Failure> {
    let begins = |row: &&DrillRow| asked.len() >= 4 && row.trace_hash.starts_with(asked);
    let found: Vec<&DrillRow> = rows.iter().filter(begins).collect();
    match found.last() {
        Some(last) if found.iter().all(|row| row.trace_hash == last.trace_hash) => {
            Ok((*last).clone())
        }
        _ => {
            let n = found.len();
            let message = format!("`{asked}` is the begin of {n} drills of the history");
            let help = "give at least 4 digits of its trace hash, as `drill history` shows it";
            Err(Diagnostic::error("history::no-drill", message).help(help).into())
        }
    }
}

/// A kind that no pack knows is a slip of the pen.
fn known_kind(kind: &str, catalog: &Catalog) -> Result<(), Failure> {
    let mut known: Vec<String> = Vec::new();
    for pack in catalog.names(Kind::Pack) {
        let Ok(pack) = catalog.pack(&pack) else { continue };
        let kinds = pack.value.action_kinds().into_iter().map(ToString::to_string);
        known.extend(kinds.filter(|kind| !known.contains(kind)).collect::<Vec<_>>());
    }
    if known.iter().any(|one| one == kind) {
        return Ok(());
    }
    let message = format!("no pack has actions of kind `{kind}`");
    let help = match did_you_mean(kind, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("kinds are: {}", known.join(", ")),
    };
    Err(Diagnostic::error("history::unknown-kind", message).help(help).into())
}
