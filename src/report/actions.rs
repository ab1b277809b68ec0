//! Improvement actions that a workspace keeps.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::lang::Words;
use super::results::dash;
use crate::model::{Action, ActionState};
use crate::units::Zone;

/// Actions as they stand on a day.
#[derive(Debug, Clone, Copy)]
pub struct KeptActions<'a> {
    /// All of them, by number.
    pub all: &'a [Action],
    /// The day.
    pub day: NaiveDate,
}

impl<'a> KeptActions<'a> {
    /// Those that nobody has closed: the overdue first, then by date; without a date last.
    fn open(&self) -> Vec<&'a Action> {
        let mut open: Vec<&Action> =
            self.all.iter().filter(|one| one.state(self.day) != ActionState::Closed).collect();
        open.sort_by_key(|one| (one.due.is_none(), one.due, one.number));
        open
    }

    fn count(&self, state: ActionState) -> usize {
        self.all.iter().filter(|one| one.state(self.day) == state).count()
    }
}

/// The open actions under a heading of their own.
pub(super) fn open_actions(actions: &KeptActions<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("actions-heading"));
    if actions.all.is_empty() {
        doc.paragraph(words.t("actions-never"));
        return;
    }
    let of = |state| actions.count(state).to_string();
    let (overdue, closed) = (of(ActionState::Overdue), of(ActionState::Closed));
    let open = actions.open();
    let n = open.len().to_string();
    let args = [("open", n.as_str()), ("overdue", &overdue), ("closed", &closed)];
    doc.paragraph(words.f("actions-count", &args));
    if !open.is_empty() {
        doc.table(table(&open, actions.day, words));
    }
}

fn table(open: &[&Action], day: NaiveDate, words: Words) -> Table {
    let known = |text: &Option<String>| text.clone().map_or_else(dash, Cell::new);
    let row = |one: &&Action| {
        let due = match (one.due, one.state(day)) {
            (None, _) => dash(),
            (Some(due), ActionState::Overdue) => {
                Cell::toned(words.f("actions-overdue", &[("due", &due.to_string())]), Tone::Bad)
            }
            (Some(due), _) => Cell::new(due.to_string()),
        };
        let kind = one.kind.as_ref().map(|kind| words.word("action", kind));
        let from = if one.scenario.is_empty() { dash() } else { Cell::new(one.scenario.clone()) };
        vec![
            Cell::new(one.id()),
            Cell::new(one.text.clone()),
            known(&kind),
            known(&one.owner),
            due,
            from,
        ]
    };
    Table {
        caption: words.t("actions-heading"),
        columns: vec![
            Column::left(words.t("actions-column-id")),
            Column::flex(words.t("after-column-action")).main(),
            Column::left(words.t("kinds-column-kind")),
            Column::soft(words.t("after-column-owner")),
            Column::left(words.t("after-column-due")),
            Column::soft(words.t("actions-column-from")),
        ],
        rows: open.iter().map(row).collect(),
    }
}

/// The actions for programs.
pub(super) fn actions_json(actions: &KeptActions<'_>) -> Value {
    let one = |action: &Action| {
        let closed = action.closed.as_ref();
        json!({"id": action.id(), "text": action.text, "kind": action.kind,
            "owner": action.owner, "due": action.due.map(|due| due.to_string()),
            "state": action.state(actions.day).as_str(), "scenario": action.scenario,
            "trace_hash": action.trace_hash, "filed_at": action.filed_at.rfc3339(Zone::UTC),
            "closed_on": closed.map(|closed| closed.0.to_string()),
            "closed_by": closed.map(|closed| &closed.1)})
    };
    json!({"day": actions.day.to_string(), "open": actions.open().len(),
        "overdue": actions.count(ActionState::Overdue),
        "closed": actions.count(ActionState::Closed),
        "items": actions.all.iter().map(one).collect::<Vec<Value>>()})
}
