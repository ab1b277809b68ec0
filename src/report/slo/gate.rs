//! `drill slo gate`.

use serde_json::json;

use crate::assess::{GateReason, GateVerdict};
use crate::report::doc::{Cell, Column, Doc, Table, Tone};
use crate::report::json::pretty;
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};

/// Whether every objective lets a release pass.
pub fn slo_gate_passes(verdicts: &[GateVerdict]) -> bool {
    verdicts.iter().all(|verdict| verdict.passes)
}

/// For a terminal or a pipe.
pub fn slo_gate_text(verdicts: &[GateVerdict], lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let lead = if slo_gate_passes(verdicts) { "slo-gate-open" } else { "slo-gate-closed" };
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("slo-gate-title"),
        lead: words.t(lead),
        blocks: Vec::new(),
    };
    let row = |verdict: &GateVerdict| {
        let (key, tone) = match (verdict.passes, verdict.reason) {
            (true, GateReason::BudgetLeft) => ("slo-gate-pass", Tone::Good),
            (true, _) => ("slo-gate-pass", Tone::Poor),
            (false, _) => ("slo-gate-fail", Tone::Bad),
        };
        let why = json!(verdict.reason);
        vec![
            Cell::new(verdict.slo.to_string()),
            Cell::badge(words.t(key), tone),
            Cell::new(words.word("slo-gate", why.as_str().unwrap_or_default())),
        ]
    };
    doc.table(Table {
        caption: words.t("slo-gate-title"),
        columns: vec![
            Column::left(words.t("slo-column-slo")),
            Column::left(words.t("slo-column-verdict")),
            Column::flex(words.t("slo-column-why")),
        ],
        rows: verdicts.iter().map(row).collect(),
    });
    text::render(&doc, style)
}

/// `drill.slo-gate/1`.
pub fn slo_gate_json(verdicts: &[GateVerdict]) -> String {
    let one = |verdict: &GateVerdict| json!({"slo": verdict.slo, "passes": verdict.passes, "reason": verdict.reason});
    pretty(&json!({
        "schema": "drill.slo-gate/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "passes": slo_gate_passes(verdicts),
        "slos": verdicts.iter().map(one).collect::<Vec<_>>(),
    }))
}
