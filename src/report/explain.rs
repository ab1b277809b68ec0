//! Why a rating is what it is: the events, the rule and the arithmetic of one number.

use serde_json::json;

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::pretty;
use super::lang::{Lang, Words};
use super::text::{self, Style};
use crate::score::{Explanation, TargetSource};
use crate::timeline::Timeline;
use crate::units::{SimTime, Zone};

/// An explanation for a terminal or a pipe.
pub fn explanation_text(
    explanation: &Explanation,
    timeline: &Timeline,
    lang: Lang,
    style: Style,
) -> String {
    let words = Words::new(lang);
    let zone = timeline.header.zone;
    let title = explanation.title.as_ref().map(|title| words.text(title));
    let mut doc = Doc {
        lang: lang.as_str(),
        title: match title {
            Some(title) => format!("{}: {title}", explanation.name),
            None => explanation.name.clone(),
        },
        lead: explanation.reason.clone().unwrap_or_default(),
        blocks: Vec::new(),
    };
    doc.table(facts(explanation, words));
    if !explanation.parts.is_empty() {
        doc.heading(words.t("explain-parts"));
        doc.table(parts(explanation, words, zone));
    }
    if !explanation.events.is_empty() {
        doc.heading(words.t("explain-events"));
        doc.table(events(explanation, words, zone));
    }
    text::render(&doc, style)
}

/// An explanation as `drill.explain/1`.
pub fn explanation_json(explanation: &Explanation, timeline: &Timeline) -> String {
    let zone = timeline.header.zone;
    let at = |at: Option<SimTime>| at.map(|at| at.rfc3339(zone));
    let parts: Vec<_> = explanation
        .parts
        .iter()
        .map(|part| {
            json!({
                "name": part.name, "title": part.title, "outcome": part.outcome,
                "at": at(part.at), "due": at(part.due),
            })
        })
        .collect();
    let events: Vec<_> = explanation
        .events
        .iter()
        .map(|event| {
            json!({
                "id": event.id, "line": event.line, "at": event.at.rfc3339(zone),
                "text": event.text,
            })
        })
        .collect();
    pretty(&json!({
        "schema": "drill.explain/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "name": explanation.name,
        "title": explanation.title,
        "rating": explanation.rating,
        "from": explanation.ends.as_ref().map(|(from, _)| from),
        "to": explanation.ends.as_ref().map(|(_, to)| to),
        "value_ms": explanation.value.map(|value| value.ms()),
        "target_ms": explanation.target.map(|(target, _)| target.ms()),
        "target_assumed": explanation.target.map(|(_, source)| source == TargetSource::Assumed),
        "severity": explanation.severity,
        "floor_ms": explanation.floor.map(|floor| floor.ms()),
        "rule": explanation.rule,
        "reason": explanation.reason,
        "parts": parts,
        "events": events,
    }))
}

fn facts(explanation: &Explanation, words: Words) -> Table {
    let mut rows: Vec<(String, String)> = Vec::new();
    if let Some((from, to)) = &explanation.ends {
        rows.push((words.t("explain-ends"), format!("{from} - {to}")));
    }
    if let Some(value) = explanation.value {
        rows.push((words.t("explain-value"), value.human()));
    }
    if let Some((target, source)) = explanation.target {
        let key = match source {
            TargetSource::Document => "explain-document",
            TargetSource::Assumed => "explain-assumed",
        };
        rows.push((words.t("explain-target"), format!("{} ({})", target.human(), words.t(key))));
    }
    if let Some(severity) = &explanation.severity {
        rows.push((words.t("explain-severity"), severity.to_string()));
    }
    if let Some(floor) = explanation.floor {
        rows.push((words.t("explain-floor"), floor.human()));
    }
    if let Some(rating) = explanation.rating {
        rows.push((words.t("explain-rating"), format!("{rating:?}")));
    }
    rows.push((words.t("explain-rule"), explanation.rule.clone()));
    Table {
        caption: explanation.name.clone(),
        columns: vec![Column::left(String::new()), Column::flex(String::new())],
        rows: rows
            .into_iter()
            .map(|(name, value)| vec![Cell::toned(name, Tone::Muted), Cell::new(value)])
            .collect(),
    }
}

fn parts(explanation: &Explanation, words: Words, zone: Zone) -> Table {
    let clock = |at: Option<SimTime>| at.map_or_else(String::new, |at| at.clock(zone));
    let row = |part: &crate::score::Part| {
        let title = part.title.as_ref().map(|title| words.text(title));
        vec![
            Cell::new(title.unwrap_or_else(|| part.name.clone())),
            Cell::new(part.outcome),
            Cell::new(clock(part.at)),
            Cell::new(clock(part.due)),
        ]
    };
    Table {
        caption: words.t("explain-parts"),
        columns: vec![
            Column::flex(words.t("explain-part")),
            Column::left(words.t("explain-outcome")),
            Column::left(words.t("explain-at")),
            Column::left(words.t("explain-due")),
        ],
        rows: explanation.parts.iter().map(row).collect(),
    }
}

fn events(explanation: &Explanation, words: Words, zone: Zone) -> Table {
    let row = |event: &crate::score::UsedEvent| {
        vec![
            Cell::new(format!("#{}", event.id)),
            Cell::new(event.at.clock(zone)),
            Cell::new(event.text.clone()),
        ]
    };
    Table {
        caption: words.t("explain-events"),
        columns: vec![
            Column::right(words.t("explain-event")),
            Column::left(words.t("explain-at")),
            Column::flex(words.t("explain-what")),
        ],
        rows: explanation.events.iter().map(row).collect(),
    }
}
