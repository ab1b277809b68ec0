//! `drill slo gate`.

use serde_json::{Value, json};

use super::figures::budget_cell;
use crate::assess::{Gate, GateReason, GateVerdict, SloStatus};
use crate::model::Hold;
use crate::report::doc::{Cell, Column, Doc, Table, Tone};
use crate::report::json::pretty;
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};
use crate::slo::Reason;

/// For a terminal or a pipe; `slos` are those that the gate was asked about.
pub fn slo_gate_text(gate: &Gate, slos: &[SloStatus], lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let lead = if gate.passes() { "slo-gate-open" } else { "slo-gate-closed" };
    let mut lead = words.t(lead);
    if gate.failure.is_some() {
        lead = format!("{lead} {}", words.t("slo-gate-failed"));
    }
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("slo-gate-title"),
        lead,
        blocks: Vec::new(),
    };
    let left = |slo: &str| {
        let found = slos.iter().find(|other| *other.spec.name == *slo);
        found.map_or(Err(Reason::NoData), |slo| slo.status.budget.remaining_ratio)
    };
    let row = |verdict: &GateVerdict| {
        let (key, tone) = match (verdict.passes, verdict.reason) {
            (true, GateReason::BudgetLeft) => ("slo-gate-pass", Tone::Good),
            (true, _) => ("slo-gate-pass", Tone::Poor),
            (false, _) => ("slo-gate-fail", Tone::Bad),
        };
        let why = json!(verdict.reason);
        let mut row = vec![Cell::new(verdict.slo.to_string()), Cell::badge(words.t(key), tone)];
        if gate.pack.is_some() {
            row.push(budget_cell(left(&verdict.slo)));
        }
        row.push(Cell::new(words.word("slo-gate", why.as_str().unwrap_or_default())));
        row
    };
    let mut columns = vec![
        Column::left(words.t("slo-column-slo")),
        Column::left(words.t("slo-column-verdict")),
        Column::flex(words.t("slo-column-why")),
    ];
    if gate.pack.is_some() {
        columns.insert(2, Column::right(words.t("slo-column-budget")));
    }
    doc.table(Table {
        caption: words.t("slo-gate-title"),
        columns,
        rows: gate.verdicts.iter().map(row).collect(),
    });
    if !gate.holds.is_empty() {
        let pack = gate.pack.as_ref().map_or("", |pack| pack.as_str());
        doc.heading(words.f("slo-gate-holds", &[("pack", pack)]));
        let item = |hold: &Hold| {
            let about = hold.slo.as_ref().map_or(String::new(), |slo| format!("{slo}: "));
            Cell::toned(format!("{about}{} [{}]", hold.reason, hold.rule), Tone::Bad)
        };
        doc.list(gate.holds.iter().map(item).collect());
    }
    text::render(&doc, style)
}

/// `drill.slo-gate/1`.
pub fn slo_gate_json(gate: &Gate, slos: &[SloStatus]) -> String {
    let left = |slo: &str| -> Value {
        let found = slos.iter().find(|other| *other.spec.name == *slo);
        found
            .and_then(|slo| slo.status.budget.remaining_ratio.ok())
            .map_or(Value::Null, Value::from)
    };
    let one = |verdict: &GateVerdict| {
        json!({
            "slo": verdict.slo, "passes": verdict.passes, "reason": verdict.reason,
            "remaining_ratio": left(&verdict.slo),
        })
    };
    pretty(&json!({
        "schema": "drill.slo-gate/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "passes": gate.passes(),
        "pack": gate.pack,
        "failure": gate.failure.as_ref().map(ToString::to_string),
        "holds": gate.holds,
        "slos": gate.verdicts.iter().map(one).collect::<Vec<_>>(),
    }))
}
