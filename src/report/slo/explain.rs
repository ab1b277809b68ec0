//! `drill slo explain`.

use serde_json::{Map, Value as Json, json};

use super::figures::minute;
use crate::assess::Series;
use crate::model::{Indicator, Origin, Query};
use crate::report::doc::{Cell, Column, Doc, Table, Tone};
use crate::report::json::{number, pretty};
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};
use crate::slo::{Explanation, SliceEvidence, Value};
use crate::units::Zone;

/// For a terminal or a pipe.
pub fn slo_explain_text(
    series: &Series,
    explanation: &Explanation,
    rows: Rows,
    zone: Zone,
    lang: Lang,
    style: Style,
) -> String {
    let words = Words::new(lang);
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: format!("{}.{}", series.spec().name, explanation.name),
        lead: shown(explanation.value, zone, words),
        blocks: Vec::new(),
    };
    let origin = match series.origin {
        Origin::Stated => "slo-origin-stated",
        Origin::Derived => "slo-origin-derived",
        Origin::Assumed => "slo-origin-assumed",
    };
    let place = format!("{}:{}", series.place.0, series.place.1);
    doc.facts(vec![
        (words.t("slo-explain-defined"), Cell::new(place)),
        (words.t("slo-explain-origin"), Cell::new(words.t(origin))),
        (words.t("slo-explain-indicator"), Cell::new(indicator(&series.objective.indicator))),
    ]);
    doc.heading(words.t("slo-explain-how"));
    let mut lines = Vec::new();
    walk(explanation, 0, zone, words, &mut lines);
    doc.table(Table {
        caption: words.t("slo-explain-how"),
        columns: vec![
            Column::left(words.t("slo-column-figure")),
            Column::right(words.t("slo-column-value")),
            Column::flex(words.t("slo-column-formula")),
        ],
        rows: lines,
    });
    if let Some(evidence) = evidence(explanation) {
        slices(evidence, zone, words, &mut doc);
        if let Some(command) = rows.command(series, evidence) {
            doc.paragraph(words.f("slo-explain-rows", &[("command", &command)]));
        }
    }
    text::render(&doc, style)
}

/// Where the slices of an explanation come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// From rows that the workspace keeps.
    InWorkspace,
    /// From a file that is the user's.
    InFile,
}

impl Rows {
    /// The command that shows the rows behind slices.
    fn command(self, series: &Series, evidence: &SliceEvidence) -> Option<String> {
        let stream = series.objective.indicator.stream();
        if self == Self::InFile || stream.is_empty() {
            return None;
        }
        let (from, to) = (evidence.from.rfc3339(Zone::UTC), evidence.to.rfc3339(Zone::UTC));
        Some(format!("drill data export {stream} --from {from} --until {to} --to rows.csv"))
    }
}

/// What the SLI is computed from, in one line.
pub(in crate::report) fn indicator(indicator: &Indicator) -> String {
    let query = |query: &Query| {
        if query.stream.is_empty() {
            return query.source.to_string();
        }
        let mut text = query.stream.to_string();
        if let Some(metric) = &query.metric {
            text = format!("{text}/{metric}");
        }
        match &query.filter {
            Some(filter) => format!("{text} where {filter}"),
            None => text,
        }
    };
    match indicator {
        Indicator::Ratio { part_is_bad, part, total, .. } => {
            let word = if *part_is_bad { "bad" } else { "good" };
            format!("{word}: {}; total: {}", query(part), query(total))
        }
        Indicator::Raw { query: raw, .. } => query(raw),
        Indicator::Threshold { query: measured, op, value } => {
            let op = json!(op).as_str().unwrap_or_default().to_owned();
            let of = measured.value.as_deref().unwrap_or("value");
            let how = json!(measured.aggregate).as_str().unwrap_or_default().to_owned();
            format!("{how}({of}) {op} {value} of {}", query(measured))
        }
    }
}

fn shown(value: Value, zone: Zone, words: Words) -> String {
    match value {
        Value::Number(value) => value.to_string(),
        Value::Count(count) => count.to_string(),
        Value::Span(span) => words.span(span),
        Value::Instant(at) => at.rfc3339(zone),
        Value::Holds(true) => words.t("slo-holds"),
        Value::Holds(false) => words.t("slo-holds-not"),
        Value::State(state) => super::figures::state_cell(state, words).text,
        Value::Undefined(reason) => words.text(&reason.text()),
    }
}

fn walk(at: &Explanation, depth: usize, zone: Zone, words: Words, rows: &mut Vec<Vec<Cell>>) {
    let indent = "  ".repeat(depth);
    let tone = if matches!(at.value, Value::Undefined(_)) { Tone::Unknown } else { Tone::Plain };
    rows.push(vec![
        Cell::new(format!("{indent}{}", at.name)),
        Cell::toned(shown(at.value, zone, words), tone),
        Cell::toned(at.formula, Tone::Muted),
    ]);
    for input in &at.inputs {
        walk(input, depth + 1, zone, words, rows);
    }
}

/// The slices nearest to the root.
fn evidence(at: &Explanation) -> Option<&SliceEvidence> {
    at.slices.as_ref().or_else(|| at.inputs.iter().find_map(evidence))
}

fn slices(evidence: &SliceEvidence, zone: Zone, words: Words, doc: &mut Doc) {
    doc.heading(words.t("slo-explain-slices"));
    let (from, to) = (minute(evidence.from, zone), minute(evidence.to, zone));
    let measured = evidence.measured.to_string();
    doc.paragraph(words.f(
        "slo-explain-range",
        &[("from", &from), ("to", &to), ("measured", &measured), ("zone", &zone.to_string())],
    ));
    if evidence.worst.is_empty() {
        return;
    }
    let row = |slice: &crate::slo::SliceFact| {
        vec![
            Cell::new(minute(slice.start, zone)),
            Cell::new(slice.good.to_string()),
            Cell::new(slice.total.to_string()),
            Cell::toned((i64::from(slice.total) - i64::from(slice.good)).to_string(), Tone::Bad),
        ]
    };
    doc.table(Table {
        caption: words.t("slo-explain-worst"),
        columns: vec![
            Column::left(words.t("slo-column-slice")),
            Column::right(words.t("slo-column-good")),
            Column::right(words.t("slo-column-total")),
            Column::right(words.t("slo-column-bad")),
        ],
        rows: evidence.worst.iter().map(row).collect(),
    });
}

/// `drill.slo-explain/1`.
pub fn slo_explain_json(
    series: &Series,
    explanation: &Explanation,
    rows: Rows,
    zone: Zone,
) -> String {
    let command = evidence(explanation).and_then(|evidence| rows.command(series, evidence));
    pretty(&json!({
        "schema": "drill.slo-explain/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "slo": series.spec().name,
        "file": series.place.0,
        "line": series.place.1,
        "origin": series.origin,
        "indicator": indicator(&series.objective.indicator),
        "rows_command": command,
        "explanation": tree(explanation, zone),
    }))
}

fn tree(at: &Explanation, zone: Zone) -> Json {
    let mut object = Map::new();
    object.insert("name".into(), json!(at.name));
    let (key, value) = match at.value {
        Value::Number(value) => ("value", number(value)),
        Value::Count(count) => ("value", json!(count)),
        Value::Span(span) => ("value_ms", json!(span.ms())),
        Value::Instant(at) => ("value", json!(at.rfc3339(zone))),
        Value::Holds(holds) => ("value", json!(holds)),
        Value::State(state) => ("value", json!(state)),
        Value::Undefined(reason) => {
            object.insert("reason".into(), json!(reason));
            ("value", Json::Null)
        }
    };
    object.insert(key.into(), value);
    if !at.formula.is_empty() {
        object.insert("formula".into(), json!(at.formula));
    }
    if let Some(evidence) = &at.slices {
        let slice = |slice: &crate::slo::SliceFact| {
            let start = slice.start.rfc3339(zone);
            json!({"start": start, "good": slice.good, "total": slice.total})
        };
        object.insert(
            "slices".into(),
            json!({
                "from": evidence.from.rfc3339(zone), "to": evidence.to.rfc3339(zone),
                "measured": evidence.measured,
                "worst": evidence.worst.iter().map(slice).collect::<Vec<_>>(),
            }),
        );
    }
    let inputs: Vec<Json> = at.inputs.iter().map(|input| tree(input, zone)).collect();
    object.insert("inputs".into(), json!(inputs));
    Json::Object(object)
}
