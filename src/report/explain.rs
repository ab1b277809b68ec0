//! Why a rating is what it is: the events, the rule and the arithmetic of one number.

use serde_json::json;

use super::case::Case;
use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::pretty;
use super::lang::{Lang, Words};
use super::text::{self, Style};
use super::{results, story};
use crate::model::Pack;
use crate::score::{Explanation, Scorecard, TargetSource};
use crate::timeline::Timeline;
use crate::units::SimTime;

/// An explanation for a terminal or a pipe.
pub fn explanation_text(
    explanation: &Explanation,
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    lang: Lang,
    style: Style,
) -> String {
    let words = Words::new(lang);
    let case = Case::of_scored(timeline, pack, card);
    let title = explanation.title.as_ref().map(|title| words.text(title));
    let mut doc = Doc {
        lang: lang.as_str(),
        title: match title {
            Some(title) => {
                words.f("explain-title", &[("name", explanation.name.as_str()), ("title", &title)])
            }
            None => explanation.name.clone(),
        },
        lead: results::reason(explanation.reason.as_deref(), words),
        blocks: Vec::new(),
    };
    doc.facts(facts(explanation, &case, words));
    if !explanation.parts.is_empty() {
        doc.heading(words.t("explain-parts"));
        doc.table(parts(explanation, &case, words));
    }
    if !explanation.events.is_empty() {
        doc.heading(words.t("explain-events"));
        doc.table(events(explanation, &case, words));
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

fn facts(explanation: &Explanation, case: &Case<'_>, words: Words) -> Vec<(String, Cell)> {
    let mut rows: Vec<(String, Cell)> = Vec::new();
    let mut add = |key: &str, value: String| rows.push((words.t(key), Cell::new(value)));
    if let Some((from, to)) = &explanation.ends {
        let (from, to) = (case.end(from, words), case.end(to, words));
        let measures = &case.pack.measures;
        let cadence = measures.iter().any(|m| *m.name == *explanation.name && m.cadence);
        let key = if cadence { "from-to-cadence" } else { "from-to" };
        add("explain-ends", words.f(key, &[("from", &from), ("to", &to)]));
    }
    if let Some(value) = explanation.value {
        add("explain-value", words.span(value));
    }
    if let Some((target, source)) = explanation.target {
        let key = match source {
            TargetSource::Document => "explain-document",
            TargetSource::Assumed => "explain-assumed",
        };
        let (target, source) = (words.span(target), words.t(key));
        let args = [("target", target.as_str()), ("source", &source)];
        add("explain-target", words.f("explain-target-of", &args));
    }
    if let Some(severity) = &explanation.severity {
        add("explain-severity", case.severity(severity, words));
    }
    if let Some(floor) = explanation.floor {
        add("explain-floor", words.span(floor));
    }
    if let Some(rating) = explanation.rating {
        let letter = results::letter(rating);
        let meaning = words.word("rating", &letter.replace("/", ""));
        let args = [("letter", letter), ("meaning", meaning.as_str())];
        let text = words.f("explain-rated", &args);
        rows.push((words.t("explain-rating"), Cell::toned(text, results::rating_tone(rating))));
    }
    let key = format!("milestone-rule-{}", explanation.name.replace('_', "-"));
    let rule = match case.milestone(&explanation.name) {
        Some(_) => words.t(&key),
        None => case.say(&explanation.rule, words),
    };
    rows.push((words.t("explain-rule"), Cell::new(rule)));
    rows
}

fn parts(explanation: &Explanation, case: &Case<'_>, words: Words) -> Table {
    let zone = case.timeline.header.zone;
    let clock = |at: Option<SimTime>| at.map_or_else(String::new, |at| at.clock(zone));
    let row = |part: &crate::score::Part| {
        let measure = || case.card.measures.iter().find(|m| *m.name == *part.name);
        let title = match (&part.title, measure()) {
            (Some(title), _) => words.text(title),
            (None, Some(measure)) => words.text(&measure.title),
            (None, None) => violation(part, case, words),
        };
        // A step that is made for each service or agent is called after it (`book/step on`).
        let on = part.title.as_ref().and_then(|_| part.name.split_once(' '));
        let name = match on {
            Some((_, on)) => words.f("story-about", &[("about", on), ("what", &title)]),
            None => title,
        };
        let outcome = words.word("outcome", &part.outcome.replace(' ', "-"));
        vec![
            Cell::new(name),
            Cell::new(outcome),
            Cell::new(clock(part.at)),
            Cell::new(clock(part.due)),
        ]
    };
    Table {
        caption: words.t("explain-parts"),
        columns: vec![
            Column::flex(words.t("explain-part")).main(),
            Column::left(words.t("explain-outcome")),
            Column::left(words.t("explain-at")),
            Column::left(words.t("explain-due")),
        ],
        rows: explanation.parts.iter().map(row).collect(),
    }
}

/// A broken rule (`rule: message`) or a task that has no title of its own.
fn violation(part: &crate::score::Part, case: &Case<'_>, words: Words) -> String {
    match part.name.split_once(": ") {
        Some((rule, message)) => {
            let message = case.say(message, words);
            words.f("story-about", &[("about", rule), ("what", &message)])
        }
        None => words.word("task", &part.name),
    }
}

fn events(explanation: &Explanation, case: &Case<'_>, words: Words) -> Table {
    let zone = case.timeline.header.zone;
    let row = |used: &crate::score::UsedEvent| {
        let event = case.timeline.events.iter().find(|event| event.id == used.id);
        let (what, who) = event.map_or_else(
            || (used.text.clone(), String::new()),
            |event| story::sentence_of(case, words, event),
        );
        vec![
            Cell::new(format!("#{}", used.id)),
            Cell::new(used.at.clock(zone)),
            Cell::new(what),
            Cell::toned(who, Tone::Muted),
        ]
    };
    Table {
        caption: words.t("explain-events"),
        columns: vec![
            Column::right(words.t("explain-event")).when(),
            Column::left(words.t("explain-at")),
            Column::flex(words.t("explain-what")).main(),
            Column::soft(words.t("column-who")).aside(),
        ],
        rows: explanation.events.iter().map(row).collect(),
    }
}
