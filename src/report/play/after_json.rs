//! The after-action report for programs: `drill.after-action/1`, and its plan as a table.

use serde_json::{Value, json};

use super::super::case::Case;
use super::super::{csv, json as wire};
use super::{AfterAction, cause};
use crate::exercise::play::{Area, Element, Improvement, Typed};
use crate::timeline::EventKind as K;

/// The after-action report as one JSON document: who played, what was typed, when each event was
/// known to the person, what was taken for the cause, the improvement plan, and the scorecard.
pub fn after_action_json(result: &AfterAction<'_>) -> String {
    let case = result.case();
    let (played, header) = (result.played, &result.timeline.header);
    let at = |at: crate::units::SimTime| at.rfc3339(header.zone);
    let offset = |at: crate::units::SimTime| (at - header.start).ms();
    let seen = played.into_iter().flat_map(|played| &played.seen);
    let seen =
        seen.map(|(id, when)| json!({"event": id, "at": at(*when), "offset_ms": offset(*when)}));
    let all_typed = || played.into_iter().flat_map(|played| &played.typed);
    let typed = all_typed().map(|typed: &Typed| {
        json!({"at": at(typed.at), "offset_ms": offset(typed.at), "line": typed.line,
            "taken": typed.taken, "waited_ms": typed.waited.ms()})
    });
    let waited: i64 = all_typed().map(|typed| typed.waited.ms()).sum();
    let hints = case.timeline.events.iter().filter(|e| matches!(e.kind, K::Hint { .. })).count();
    let suspicions = played.map_or_else(Vec::new, |played| cause::verdicts(&case, played));
    let suspicions = suspicions.iter().map(|one| {
        let mut value = json!({"event": one.event.id, "at": at(one.event.at),
            "offset_ms": offset(one.event.at), "about": one.event.about,
            "verdict": one.verdict.as_str(), "named_before_by": one.before});
        absent(&mut value, "named_before_by", "nobody named it before");
        value
    });
    let recorded = played.into_iter().flat_map(|played| &played.recorded).map(|event| {
        json!({"at": at(event.at), "offset_ms": offset(event.at), "kind": event.kind.word(),
            "about": event.about, "by": event.by})
    });
    let plan = result.plan.iter().map(|one| improvement(&case, one));
    let mut document = json!({
        "schema": "drill.after-action/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "title": header.title,
        "role": played.map(|played| &played.role),
        "mode": played.map(|played| played.mode.as_str()),
        "played_on": if result.drill.is_some() { "drill" } else { "recording" },
        "start": at(header.start),
        "end": at(header.end),
        "lasted_ms": (header.end - header.start).ms(),
        "waited_ms": waited,
        "hints": hints,
        "typed": typed.collect::<Vec<_>>(),
        "known": seen.collect::<Vec<_>>(),
        "suspicions": suspicions.collect::<Vec<_>>(),
        "improvements": plan.collect::<Vec<_>>(),
        "recorded": recorded.collect::<Vec<_>>(),
        "scorecard": wire::scorecard(&case),
    });
    for key in ["role", "mode"] {
        absent(&mut document, key, "nobody played");
    }
    wire::pretty(&document)
}

fn absent(value: &mut Value, key: &str, reason: &str) {
    if value[key].is_null() {
        value[format!("{key}_reason")] = json!(reason);
    }
}

/// What an area is about: its kind and its name.
fn area(case: &Case<'_>, area: &Area) -> (&'static str, String) {
    match area {
        Area::Gate(gate) => ("gate", gate.to_string()),
        Area::Measure(measure) => ("measure", measure.to_string()),
        Area::Duty(duty) => ("duty", duty.to_string()),
        Area::Step(index) => {
            let step = case.card.steps.get(*index);
            ("step", step.map_or_else(String::new, |step| step.step.to_string()))
        }
        Area::Violation(index) => {
            let violation = case.card.violations.get(*index);
            ("violation", violation.map_or_else(String::new, |v| v.rule.to_string()))
        }
    }
}

fn improvement(case: &Case<'_>, one: &Improvement) -> Value {
    let (kind, name) = area(case, &one.area);
    let mut value = json!({
        "area": {"kind": kind, "name": name},
        "capability": one.capability,
        "action": one.action,
        "element": one.element.map(Element::as_str),
        "owner": one.owner,
        "due": one.due.map(|due| due.to_string()),
    });
    absent(&mut value, "capability", "it is about the response as a whole");
    for key in ["action", "element", "owner", "due"] {
        absent(&mut value, key, "left open");
    }
    value
}

/// The improvement plan as CSV, one row per area; what was left open is empty.
pub fn after_action_csv(result: &AfterAction<'_>) -> String {
    let case = result.case();
    let text = |value: Option<String>| value.unwrap_or_default();
    let row = |one: &Improvement| {
        let (kind, name) = area(&case, &one.area);
        [
            kind.to_owned(),
            name,
            text(one.capability.as_ref().map(ToString::to_string)),
            text(one.action.clone()),
            text(one.element.map(|element| element.as_str().to_owned())),
            text(one.owner.clone()),
            text(one.due.map(|due| due.to_string())),
        ]
    };
    let header = ["area", "name", "capability", "action", "element", "owner", "due"];
    csv::render(&header, result.plan.iter().map(row))
}
