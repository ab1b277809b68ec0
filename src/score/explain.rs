//! Why a rating is what it is: the events, the rule, the arithmetic, as data.

use super::adherence;
use super::capability::ADHERENCE;
use super::card::{
    CapabilityResult, DutyResult, MeasureResult, Milestone, Rating, Scorecard, StepOutcome,
    StepResult,
};
use super::facts::Facts;
use super::plan::ScorePlan;
use super::scorecard::span;
use crate::diag::did_you_mean;
use crate::model::{MILESTONES, Name, Pack, Text};
use crate::timeline::{Event, EventId, Timeline};
use crate::units::{SimDuration, SimTime};

/// An event that a rating uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedEvent {
    /// Its id.
    pub id: EventId,
    /// Its line in the timeline's JSONL file; the header is line 1.
    pub line: u32,
    /// When.
    pub at: SimTime,
    /// What, in one line of English (`finding rule=slo-burn about service:user-service`).
    pub text: String,
}

/// Where a target comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSource {
    /// The pack's source document.
    Document,
    /// The choice of the pack's author, where the document names no figure.
    Assumed,
}

/// A part of what is explained: a step, a field of a report, a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is called (`recover user-service`).
    pub name: String,
    /// Title for people, where there is one.
    pub title: Option<Text>,
    /// How it went (`done`, `late`, `missing`, `P`).
    pub outcome: &'static str,
    /// When it was done.
    pub at: Option<SimTime>,
    /// When it was due.
    pub due: Option<SimTime>,
}

/// Why a rating is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What was asked for.
    pub name: String,
    /// Title for people, where there is one.
    pub title: Option<Text>,
    /// Rating, where it is rated.
    pub rating: Option<Rating>,
    /// Ends measured between, where it is a measure.
    pub ends: Option<(Name, Name)>,
    /// Measured.
    pub value: Option<SimDuration>,
    /// Target with its source.
    pub target: Option<(SimDuration, TargetSource)>,
    /// The severity whose target applied.
    pub severity: Option<Name>,
    /// The earliest that tools and rules allow.
    pub floor: Option<SimDuration>,
    /// The rule applied, with its arithmetic.
    pub rule: String,
    /// Why there is no value.
    pub reason: Option<String>,
    /// Steps, fields or tasks that it is made of.
    pub parts: Vec<Part>,
    /// The events used, ascending.
    pub events: Vec<UsedEvent>,
}

/// Nothing of that name is scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no measure `{name}` in pack `{pack}`")]
pub struct Unknown {
    /// What was asked for.
    pub name: String,
    /// The pack.
    pub pack: Name,
    /// The nearest name that is scored.
    pub did_you_mean: Option<String>,
    /// All names that can be explained.
    pub known: Vec<String>,
}

/// Explains `measure`: a measure of the pack, `adherence`, `duty:ID`, `step:ID`, a milestone, a
/// capability, or `respond` for the measure that ends with the first action.
///
/// # Errors
/// [`Unknown`], with the nearest name, when nothing of that name is scored.
pub fn explain(
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    measure: &str,
) -> Result<Explanation, Unknown> {
    let plan = ScorePlan::new(pack, &timeline.header);
    let facts = Facts::read(&timeline.events, span(timeline), &plan);
    let severity = facts.severity.map(|rank| plan.levels[rank].clone());
    let named = card.measures.iter().find(|known| *known.name == *measure);
    let found = named.or_else(|| by_end(card, measure));
    let mut explanation = if let Some(found) = found {
        of_measure(card, pack, found, severity)
    } else if measure == ADHERENCE {
        of_adherence(&facts, card)
    } else if let Some(found) = card.milestones.iter().find(|known| known.name == measure) {
        of_milestone(found)
    } else if let Some(found) = card.capabilities.iter().find(|c| *c.name == *measure) {
        of_capability(found)
    } else if let Some(id) = measure.strip_prefix("duty:").filter(|id| plan.duty(id).is_some()) {
        of_duty(pack, card, id)
    } else if let Some(found) = measure.strip_prefix("step:").and_then(|id| steps_of(pack, id)) {
        of_steps(card, &found)
    } else {
        return Err(unknown(pack, card, measure));
    };
    explanation.name = measure.to_owned();
    explanation.events.sort_by_key(|event| event.id);
    explanation.events.dedup_by_key(|event| event.id);
    let find = |id: EventId| timeline.events.iter().find(|event| event.id == id);
    explanation.events =
        explanation.events.iter().filter_map(|used| find(used.id).map(used_event)).collect();
    Ok(explanation)
}

/// The measure that ends with `end`; `respond` means the first action.
fn by_end<'c>(card: &'c Scorecard, end: &str) -> Option<&'c MeasureResult> {
    let end = if end == "respond" { "first_action" } else { end };
    let special = end.starts_with("duty:") || end.starts_with("step:") || end == "first_action";
    card.measures.iter().find(|measure| special && *measure.to == *end)
}

/// The fields of an explanation that every kind has; the ids stand for their events.
fn base(rule: String, evidence: &[EventId]) -> Explanation {
    let placeholder =
        |id: &EventId| UsedEvent { id: *id, line: 0, at: SimTime::default(), text: String::new() };
    Explanation {
        name: String::new(),
        title: None,
        rating: None,
        ends: None,
        value: None,
        target: None,
        severity: None,
        floor: None,
        rule,
        reason: None,
        parts: Vec::new(),
        events: evidence.iter().map(placeholder).collect(),
    }
}

fn of_measure(
    card: &Scorecard,
    pack: &Pack,
    measure: &MeasureResult,
    severity: Option<Name>,
) -> Explanation {
    let source =
        if measure.target_assumed { TargetSource::Assumed } else { TargetSource::Document };
    let mut found = base(measure.rule.clone(), &measure.evidence);
    found.title = Some(measure.title.clone());
    found.rating = Some(measure.rating);
    found.ends = Some((measure.from.clone(), measure.to.clone()));
    found.value = measure.value;
    found.target = measure.target.map(|target| (target, source));
    found.severity = severity;
    found.floor = measure.floor;
    found.reason.clone_from(&measure.reason);
    if let Some(id) = measure.to.strip_prefix("duty:") {
        found.parts = fields(pack, card, id);
    } else if let Some(steps) = measure.to.strip_prefix("step:").and_then(|id| steps_of(pack, id)) {
        let of = of_steps(card, &steps);
        found.parts = of.parts;
        found.events.extend(of.events);
    }
    found
}

fn of_milestone(milestone: &Milestone) -> Explanation {
    let evidence: Vec<EventId> = milestone.evidence.into_iter().collect();
    let mut found = base(milestone_rule(milestone.name).to_owned(), &evidence);
    found.reason = milestone.reason.map(str::to_owned);
    found
}

/// What each milestone means, in one sentence.
fn milestone_rule(name: &str) -> &'static str {
    const RULES: [&str; 15] = [
        "the first fault begins",
        "the first SLI leaves its SLO",
        "the first alert fires about what is faulted or a service whose SLI was breached",
        "the first finding, by an alert, a rule or a person, or the first page that arrives",
        "the first page arrives",
        "the first page or incident is acknowledged",
        "the incident is declared",
        "declared, and everybody called in is there (without such a step: the command is taken)",
        "the first message or report goes out on an internal channel",
        "the first public update or report to users goes out",
        "the first hypothesis names the target of a root fault",
        "the start of the first 5 min with every SLI inside that no relapse followed",
        "the first claim after mitigation with every verification done",
        "the final report is delivered with all its fields",
        "the first improvement action is filed",
    ];
    MILESTONES.iter().position(|known| *known == name).map_or("", |i| RULES[i])
}

fn of_adherence(facts: &Facts<'_>, card: &Scorecard) -> Explanation {
    let judged = adherence::judge_all(facts);
    let rated = adherence::rate(facts, &judged, &card.violations);
    let mut found = base(rated.rule, &rated.evidence);
    found.rating = Some(rated.rating);
    found.parts = card.steps.iter().map(step_part).collect();
    found.parts.extend(card.violations.iter().map(|violation| Part {
        name: format!("{}: {}", violation.rule, violation.message),
        title: None,
        outcome: if violation.unsafe_action { "unsafe" } else { "violation" },
        at: None,
        due: None,
    }));
    found
}

fn of_capability(capability: &CapabilityResult) -> Explanation {
    let points = capability.points.map_or("unknown".to_owned(), |points| format!("{points:.1}"));
    let rule = format!(
        "the worst of its tasks; {points} of {:.1} points, the mean of its tasks (P 1, S 0.8, \
         M 0.4, U 0) times its share of 100",
        capability.weight
    );
    let mut found = base(rule, &[]);
    found.title = Some(capability.title.clone());
    found.rating = Some(capability.rating);
    let part = |(name, rating): &(Name, Rating)| Part {
        name: name.to_string(),
        title: None,
        outcome: rating_word(*rating),
        at: None,
        due: None,
    };
    found.parts = capability.tasks.iter().map(part).collect();
    found
}

fn rating_word(rating: Rating) -> &'static str {
    match rating {
        Rating::P => "P",
        Rating::S => "S",
        Rating::M => "M",
        Rating::U => "U",
        Rating::NotObservable => "N/O",
    }
}

fn of_duty(pack: &Pack, card: &Scorecard, id: &str) -> Explanation {
    let result = card.duties.iter().find(|duty| *duty.duty == *id);
    let evidence = result.map(|duty| duty.evidence.clone()).unwrap_or_default();
    let rule = match result {
        None => "the duty does not apply".to_owned(),
        Some(DutyResult { at: Some(_), .. }) => "delivered complete".to_owned(),
        Some(duty) => format!("{} fields missing or channels not reached", duty.missing.len()),
    };
    let mut found = base(rule, &evidence);
    let duty = pack.duties.iter().find(|duty| *duty.id == *id);
    found.title = duty.map(|duty| duty.title.clone());
    found.parts = fields(pack, card, id);
    found
}

/// The required fields of a report: there, preliminary or missing.
fn fields(pack: &Pack, card: &Scorecard, id: &str) -> Vec<Part> {
    let result = card.duties.iter().find(|duty| *duty.duty == *id);
    let fields = pack.duties.iter().filter(|duty| *duty.id == *id).flat_map(|duty| &duty.fields);
    fields
        .map(|field| Part {
            name: field.id.to_string(),
            title: Some(field.title.clone()),
            outcome: match result {
                None => "not due",
                Some(result) if result.missing.contains(&field.id) => "missing",
                Some(result) if result.preliminary.contains(&field.id) => "preliminary",
                Some(_) => "delivered",
            },
            at: result.and_then(|result| result.at),
            due: result.and_then(|result| result.due),
        })
        .collect()
}

/// `(playbook, step)` of a rung, or else of a step id.
fn steps_of(pack: &Pack, id: &str) -> Option<Vec<(Name, Name)>> {
    let of = |rung: bool| -> Vec<(Name, Name)> {
        let all = pack
            .playbooks
            .iter()
            .flat_map(|playbook| playbook.steps.iter().map(move |step| (&playbook.id, step)));
        all.filter(|(_, step)| match &step.rung {
            Some(of) if rung => **of == *id,
            _ => !rung && *step.id == *id,
        })
        .map(|(playbook, step)| (playbook.clone(), step.id.clone()))
        .collect()
    };
    let rung = of(true);
    let found = if rung.is_empty() { of(false) } else { rung };
    (!found.is_empty()).then_some(found)
}

fn of_steps(card: &Scorecard, steps: &[(Name, Name)]) -> Explanation {
    let of: Vec<&StepResult> = card
        .steps
        .iter()
        .filter(|step| steps.iter().any(|(p, s)| *p == step.playbook && *s == step.step))
        .collect();
    let done = of.iter().filter(|step| step.at.is_some()).count();
    let evidence: Vec<EventId> = of.iter().flat_map(|step| &step.evidence).copied().collect();
    let rule = if of.is_empty() {
        super::reading::why::NO_PLAYBOOK.to_owned()
    } else {
        format!("{done} of {} steps done", of.len())
    };
    let mut found = base(rule, &evidence);
    found.parts = of.into_iter().map(step_part).collect();
    found
}

fn step_part(step: &StepResult) -> Part {
    let on = step.on.as_ref().map(|on| format!(" {on}")).unwrap_or_default();
    Part {
        name: format!("{}/{}{on}", step.playbook, step.step),
        title: Some(step.title.clone()),
        outcome: match step.outcome {
            StepOutcome::Done => "done",
            StepOutcome::Late => "late",
            StepOutcome::OutOfOrder => "out of order",
            StepOutcome::Justified => "left out with a reason",
            StepOutcome::Skipped => "left out",
            StepOutcome::Censored => "not due before the end",
        },
        at: step.at,
        due: step.due,
    }
}

fn unknown(pack: &Pack, card: &Scorecard, name: &str) -> Unknown {
    let mut known: Vec<String> = card.measures.iter().map(|m| m.name.to_string()).collect();
    known.push(ADHERENCE.to_owned());
    known.extend(pack.duties.iter().map(|duty| format!("duty:{}", duty.id)));
    let rungs = pack.playbooks.iter().flat_map(|playbook| &playbook.rungs);
    known.extend(rungs.map(|rung| format!("step:{}", rung.id)));
    known.extend(MILESTONES.iter().map(|milestone| (*milestone).to_owned()));
    known.extend(card.capabilities.iter().map(|capability| capability.name.to_string()));
    let steps = pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
    let steps: Vec<String> = steps.map(|step| format!("step:{}", step.id)).collect();
    let near = did_you_mean(name, known.iter().chain(&steps).map(String::as_str));
    Unknown {
        name: name.to_owned(),
        pack: pack.name.clone(),
        did_you_mean: near.map(str::to_owned),
        known,
    }
}

fn used_event(event: &Event) -> UsedEvent {
    UsedEvent {
        id: event.id,
        line: event.id.saturating_add(1),
        at: event.at,
        text: describe(event),
    }
}

/// Kind, attributes, what it is about and who did it.
fn describe(event: &Event) -> String {
    let mut text = event.kind.word().to_owned();
    if let Ok(serde_json::Value::Object(attributes)) = serde_json::to_value(&event.kind) {
        for (key, value) in attributes.iter().filter(|(key, _)| *key != "kind") {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!(" {key}={value}"));
        }
    }
    for about in &event.about {
        text.push_str(&format!(" about {about}"));
    }
    if let Some(by) = &event.by {
        text.push_str(&format!(" by {by}"));
    }
    if let Some(uncertainty) = event.uncertainty.filter(|u| *u > SimDuration::ZERO) {
        text.push_str(&format!(" +-{}", uncertainty.human()));
    }
    text
}
