//! Drills that are due each month and each quarter.

use serde_json::{Value, json};

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::lang::Words;
use crate::assess::{DueDrills, DuePeriod, Held};

/// Periods that are listed of each kind.
const SHOWN: usize = 6;

/// Whether a period had its drill, in words.
pub(super) fn due_state(held: Held, words: Words) -> (String, Tone) {
    match held {
        Held::People(n) => (words.f("due-held", &[("n", &n.to_string())]), Tone::Good),
        Held::Simulated(n) => (words.f("due-simulated", &[("n", &n.to_string())]), Tone::Poor),
        Held::Due => (words.t("due-due"), Tone::Plain),
        Held::Missed => (words.t("due-missed"), Tone::Bad),
    }
}

/// The periods of each pack that asks for regular drills, the latest last.
pub(super) fn regular(due: &[DueDrills], words: Words, doc: &mut Doc) {
    if due.is_empty() {
        return;
    }
    doc.heading(words.t("due-heading"));
    let row = |of: &DueDrills, period: &DuePeriod| {
        let (text, tone) = due_state(period.held, words);
        vec![
            Cell::new(period.span.label.clone()),
            Cell::toned(text, tone),
            Cell::new(of.pack.clone()),
        ]
    };
    let rows = due.iter().flat_map(|of| {
        let first = of.periods.len().saturating_sub(SHOWN);
        of.periods[first..].iter().map(move |period| row(of, period))
    });
    doc.table(Table {
        caption: words.t("due-heading"),
        columns: vec![
            Column::left(words.t("due-column-period")).main(),
            Column::flex(words.t("due-column-state")),
            Column::left(words.t("due-column-pack")),
        ],
        rows: rows.collect(),
    });
    for of in due {
        let args = [
            ("kind", words.word("due-kind", of.kind.as_str())),
            ("names", words.list(&of.scenarios)),
        ];
        doc.note(words.f("due-scenarios", &[(args[0].0, &args[0].1), (args[1].0, &args[1].1)]));
    }
}

/// The same for programs.
pub(super) fn due_json(due: &[DueDrills]) -> Value {
    let period = |one: &DuePeriod| {
        let n = match one.held {
            Held::People(n) | Held::Simulated(n) => n,
            Held::Due | Held::Missed => 0,
        };
        json!({"period": one.span.label, "state": one.held.as_str(), "n": n})
    };
    let one = |of: &DueDrills| {
        json!({"pack": of.pack, "frequency": of.kind.as_str(), "scenarios": of.scenarios,
            "periods": of.periods.iter().map(period).collect::<Vec<Value>>()})
    };
    Value::Array(due.iter().map(one).collect())
}
