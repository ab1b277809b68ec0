//! `drill.run/1` and the scorecard file. A value that does not exist is null, with its reason
//! beside it.

use serde_json::{Map, Value, json};

use super::case::{AlertRun, Case, alerts};
use super::results::{letter, outcome_word};
use crate::model::{Name, Provenance};
use crate::score::{
    DutyResult, MeasureResult, Milestone, MilestoneState, RequestResult, StepResult,
};
use crate::units::{SimDuration, SimTime};

/// Indented JSON that ends in a line feed.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("invariant: a JSON value with text keys serializes");
    text.push('\n');
    text
}

/// A finite number, or null: JSON has no other.
pub(super) fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

pub(super) fn span(span: Option<SimDuration>) -> Value {
    span.map_or(Value::Null, |span| json!(span.ms()))
}

/// The document of `drill run`.
pub(super) fn run(case: &Case<'_>) -> Value {
    let mut root = head(case, "drill.run/1");
    if let Some(band) = case.band {
        let last = band.seed.trial(u64::from(band.trials.saturating_sub(1)));
        root.insert("chance_seeds".into(), json!({"first": band.seed, "last": last}));
    }
    results(case, &mut root, With::Chance);
    root.insert("responder_model".into(), responder_model(case));
    if let Some(scenario) = case.scenario {
        root.insert("title".into(), json!(scenario.title));
        root.insert("scenario_hash".into(), json!(scenario.hash));
    }
    if let Some(system) = case.system {
        root.insert("system_hash".into(), json!(system.hash));
    }
    Value::Object(root)
}

/// The document of `drill score` and the file `scorecard.json`.
pub(super) fn scorecard(case: &Case<'_>) -> Value {
    let mut root = head(case, "drill.scorecard/1");
    results(case, &mut root, With::OneRun);
    Value::Object(root)
}

/// Whether measures carry the share of trials that met their target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Chance,
    OneRun,
}

fn name(name: &Option<Name>) -> Value {
    name.as_ref().map_or(Value::Null, |name| json!(name))
}

fn head(case: &Case<'_>, schema: &str) -> Map<String, Value> {
    let header = &case.timeline.header;
    let mut root = Map::new();
    let mut add = |key: &str, value: Value| {
        let absent = value.is_null();
        root.insert(key.to_owned(), value);
        if absent {
            root.insert(format!("{key}_reason"), json!("not recorded in the timeline"));
        }
    };
    add("schema", json!(schema));
    add("drill_version", json!(env!("CARGO_PKG_VERSION")));
    add("scenario", name(&header.scenario));
    add("parameters", header.parameters.iter().map(|(k, v)| (k.to_string(), json!(v))).collect());
    add("system", name(&header.system));
    add("environment", header.environment.map_or(Value::Null, |e| json!(e.as_str())));
    add("pack", json!(header.pack.as_ref().unwrap_or(&case.pack.name)));
    add("pack_hash", name(&header.pack_hash));
    add("inputs_hash", name(&header.inputs_hash));
    add("source", json!(header.source.as_str()));
    add("frequency", name(&header.frequency));
    add("responders", name(&header.responders));
    let inputs = header.assumed_inputs.map(|(n, of)| json!({"assumed": n, "of": of}));
    add("responder_inputs", inputs.unwrap_or(Value::Null));
    add("mode", json!(header.mode.as_str()));
    add("seed", header.seed.map_or(Value::Null, |seed| json!(seed)));
    add("start", json!(header.start.rfc3339(header.zone)));
    add("end", json!(header.end.rfc3339(header.zone)));
    add("zone", json!(header.zone.to_string()));
    add("trace_hash", json!(case.trace_hash));
    add("events", json!(case.timeline.events.len()));
    root
}

fn results(case: &Case<'_>, root: &mut Map<String, Value>, with: With) {
    let card = case.card;
    let list = |items: Vec<Value>| Value::Array(items);
    let at = |at: SimTime| at.rfc3339(case.timeline.header.zone);
    root.insert("incident".into(), json!(card.incident));
    let milestones = card.milestones.iter().map(|m| milestone(case, m)).collect();
    root.insert("milestones".into(), list(milestones));
    let measures = card.measures.iter().map(|m| measure(case, m, with)).collect();
    root.insert("measures".into(), list(measures));
    root.insert("capabilities".into(), list(capabilities(case)));
    root.insert("score".into(), score(case));
    let history = card.severity.history.iter().map(|entry| {
        let reasons: Vec<&str> = entry.reasons.iter().map(|reason| reason.as_str()).collect();
        let mut value = json!({"at": at(entry.at), "level": entry.level, "by": name(&entry.by),
            "reason": reasons.join("; "), "reasons": reasons});
        because(&mut value, "by", "the timeline does not say who");
        value
    });
    let mut severity = json!({"declared": name(&card.severity.declared),
        "expected": name(&card.severity.expected),
        "wrong_ms": card.severity.wrong.ms(), "history": history.collect::<Vec<_>>()});
    because(&mut severity, "declared", "nothing was declared");
    because(&mut severity, "expected", "the record names no expected severity");
    root.insert("severity".into(), severity);
    let violations = card.violations.iter().map(|v| {
        json!({"rule": v.rule, "message": v.message, "evidence": v.evidence,
            "unsafe": v.unsafe_action})
    });
    root.insert("violations".into(), list(violations.collect()));
    let duties = card.duties.iter().map(|d| duty(case, d)).collect();
    root.insert("duties".into(), list(duties));
    let requests = card.requests.iter().map(|one| request(case, one)).collect();
    root.insert("requests".into(), list(requests));
    root.insert("steps".into(), list(card.steps.iter().map(|s| step(case, s)).collect()));
    root.insert("correctness".into(), json!(card.correctness));
    let alerts = alerts(case.timeline).into_iter().map(|a| alert(case, a)).collect();
    root.insert("alerts".into(), list(alerts));
}

/// Puts `KEY_reason` beside a null `KEY`.
fn because(value: &mut Value, key: &str, reason: &str) {
    if value[key].is_null() {
        value[format!("{key}_reason")] = json!(reason);
    }
}

fn milestone(case: &Case<'_>, m: &Milestone) -> Value {
    let zone = case.timeline.header.zone;
    let origin = case.reached("fault_start").unwrap_or_else(|| case.start());
    let mut value = json!({"name": m.name, "state": m.state,
        "at": m.at.map(|at| at.rfc3339(zone)),
        "offset_ms": m.at.map(|at| (at - origin).ms()),
        "uncertainty_ms": m.uncertainty.ms(), "evidence": m.evidence,
        "source": m.source.map(|source| source.as_str())});
    if m.at.is_none() {
        let reason = m.reason.unwrap_or(match m.state {
            MilestoneState::NotReached => "not reached before the record ended",
            _ => "the record cannot tell",
        });
        value["reason"] = json!(reason);
    }
    because(&mut value, "evidence", "no event shows it");
    if m.name == "detected" {
        because(&mut value, "source", "the record does not say what noticed");
    } else if let Some(object) = value.as_object_mut() {
        object.shift_remove("source");
    }
    value
}

fn measure(case: &Case<'_>, m: &MeasureResult, with: With) -> Value {
    let mut value = json!({"name": m.name, "title": m.title, "from": m.from, "to": m.to,
        "value_ms": span(m.value), "target_ms": span(m.target), "floor_ms": span(m.floor)});
    if m.value.is_none() {
        let reason = m.reason.as_deref().unwrap_or("an end of the measure is missing");
        value["value_reason"] = json!(reason);
    }
    because(&mut value, "target_ms", "the pack names no target at this severity");
    because(&mut value, "floor_ms", "no floor can be told for these ends");
    if with == With::Chance {
        chance(case, m, &mut value);
    }
    value["rating"] = json!(letter(m.rating));
    value["evidence"] = json!(m.evidence);
    value["rule"] = json!(m.rule);
    value["reason"] = json!(m.reason);
    value["target_assumed"] = json!(m.target_assumed);
    value["below_floor"] = json!(m.below_floor);
    value["straddles"] = json!(m.straddles);
    value
}

fn chance(case: &Case<'_>, m: &MeasureResult, value: &mut Value) {
    let band = case.band_of(&m.name);
    let met = band.and_then(|band| band.met).filter(|(_, of)| *of > 0);
    value["chance"] = met.map_or(Value::Null, |(k, n)| number(f64::from(k) / f64::from(n)));
    value["chance_met"] = met.map_or(Value::Null, |(k, _)| json!(k));
    value["chance_of"] = met.map_or(Value::Null, |(_, n)| json!(n));
    value["place"] = band.and_then(|band| band.place).map_or(Value::Null, number);
    let why = match (case.band, m.target) {
        (None, _) => "no trials were run",
        (_, None) => "there is no target",
        _ => "no trial could tell",
    };
    if met.is_none() {
        value["chance_reason"] = json!(why);
    }
    let place = if case.band.is_none() { why } else { "this run has no value" };
    because(value, "place", place);
}

fn capabilities(case: &Case<'_>) -> Vec<Value> {
    let one = |c: &crate::score::CapabilityResult| {
        let tasks = c.tasks.iter();
        let tasks: Vec<Value> =
            tasks.map(|(name, rating)| json!({"name": name, "rating": letter(*rating)})).collect();
        let points = c.points.map_or(Value::Null, number);
        let mut value = json!({"name": c.name, "title": c.title, "rating": letter(c.rating),
            "points": points, "weight": number(c.weight), "tasks": tasks});
        because(&mut value, "points", "none of its tasks was observable");
        value
    };
    case.card.capabilities.iter().map(one).collect()
}

fn score(case: &Case<'_>) -> Value {
    let overall = &case.card.overall;
    let gates: Vec<&Name> = overall.gates.iter().map(|(gate, _)| gate).collect();
    let evidence = overall.gates.iter().map(|(gate, ids)| (gate.to_string(), json!(ids)));
    let evidence: Map<String, Value> = evidence.collect();
    let mut value = json!({"points": overall.points.map_or(Value::Null, number),
        "rating": overall.rating.map(letter), "reason": overall.reason, "gates": gates,
        "gate_evidence": evidence});
    if overall.rating.is_none() && overall.reason.is_none() {
        value["reason"] = json!("unknown");
    }
    because(&mut value, "points", "less than half of the weight was observable");
    value
}

fn duty(case: &Case<'_>, d: &DutyResult) -> Value {
    let zone = case.timeline.header.zone;
    let mut value = json!({"duty": d.duty, "title": d.title,
        "due": d.due.map(|at| at.rfc3339(zone)), "delivered": d.at.map(|at| at.rfc3339(zone)),
        "missing": d.missing, "preliminary": d.preliminary, "evidence": d.evidence});
    because(&mut value, "due", "its clock never started");
    because(&mut value, "delivered", "not delivered complete before the record ended");
    value
}

fn request(case: &Case<'_>, one: &RequestResult) -> Value {
    let zone = case.timeline.header.zone;
    let mut value = json!({"to": one.to.to_string(), "by": one.by.as_ref().map(ToString::to_string),
        "channel": one.channel, "at": one.at.rfc3339(zone),
        "answered": one.answered.map(|at| at.rfc3339(zone)), "evidence": one.evidence});
    because(&mut value, "answered", "no answer before the record ended");
    value
}

fn step(case: &Case<'_>, s: &StepResult) -> Value {
    let zone = case.timeline.header.zone;
    let mut value = json!({"playbook": s.playbook, "step": s.step, "on": name(&s.on),
        "title": s.title, "outcome": outcome_word(s.outcome).0, "critical": s.critical,
        "at": s.at.map(|at| at.rfc3339(zone)), "due": s.due.map(|at| at.rfc3339(zone)),
        "failed_attempts": s.failed_attempts, "evidence": s.evidence});
    because(&mut value, "on", "the step is made once");
    because(&mut value, "at", "not done before the record ended");
    because(&mut value, "due", "it has no deadline");
    value
}

fn alert(case: &Case<'_>, a: AlertRun) -> Value {
    use crate::model::Governed;
    let zone = case.timeline.header.zone;
    let at = |at: Option<SimTime>| at.map(|at| at.rfc3339(zone));
    let governed = a.governed_by.map(|governed| match governed {
        Governed::Long => "long",
        Governed::Short => "short",
    });
    let mut value = json!({"slo": a.slo, "tier": a.tier, "severity": a.severity,
        "pending_at": at(a.pending), "firing_at": at(a.firing), "resolved_at": at(a.resolved),
        "budget_spent_at_firing": a.spent.map_or(Value::Null, number), "governed_by": governed});
    because(&mut value, "pending_at", "it was pending before the record started");
    because(&mut value, "firing_at", "its condition did not hold for long enough");
    because(&mut value, "resolved_at", "not resolved before the record ended");
    because(&mut value, "budget_spent_at_firing", "the record does not cover the period");
    because(&mut value, "governed_by", "the record does not say");
    value
}

/// The inputs of the responder model with their provenance.
pub(super) fn responder_model(case: &Case<'_>) -> Value {
    case.preset.map_or(Value::Null, preset)
}

pub(super) fn preset(preset: &crate::model::Preset) -> Value {
    let of = |provenance: &Provenance| json!(provenance);
    let tables = preset.tables.iter().map(|table| {
        let knots = table.knots.iter().map(|(p, minutes)| json!([p, minutes]));
        json!({"stage": table.stage, "scale": table.scale, "provenance": of(&table.provenance),
            "knots": knots.collect::<Vec<_>>()})
    });
    let knobs = preset.knobs.iter().map(|knob| {
        json!({"name": knob.name, "value": number(knob.value), "provenance": of(&knob.provenance)})
    });
    let (assumed, all) = preset.assumed();
    json!({"name": preset.name, "title": preset.title, "assumed": assumed, "inputs": all,
        "correlation": {"value": number(preset.correlation),
            "provenance": of(&preset.correlation_provenance)},
        "tables": tables.collect::<Vec<_>>(), "knobs": knobs.collect::<Vec<_>>()})
}
