//! The fields of a report, and what the timeline holds for each.

use super::super::case::Case;
use super::super::doc::{Block, Cell, Tone};
use super::super::lang::Words;
use super::work;
use crate::model::{Duty, Field, Name, ServiceState, StepEffect};
use crate::score::MilestoneState;
use crate::timeline::{Event, EventKind as K};
use crate::units::SimTime;

/// What a required field asks for. Packs name their fields freely; the words in the id tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Start,
    Level,
    Symptoms,
    Impact,
    Actions,
    Cause,
    Duration,
    Course,
    Plan,
    CauseAndPlan,
    Recovery,
    Resources,
    Process,
    Other,
}

/// The first word that occurs in the id decides; `recovery_plan` is a plan and no recovery.
const ASKS: [(&str, Asks); 31] = [
    ("plan", Asks::Recovery),
    ("resource", Asks::Resources),
    ("prevent", Asks::Plan),
    ("recurrence", Asks::Plan),
    ("improve", Asks::Plan),
    ("proposal", Asks::Plan),
    ("lesson", Asks::Plan),
    ("review", Asks::Process),
    ("cause", Asks::Cause),
    ("analysis", Asks::Cause),
    ("hypothesis", Asks::Cause),
    ("course", Asks::Course),
    ("timeline", Asks::Course),
    ("duration", Asks::Duration),
    ("recovery_time", Asks::Duration),
    ("impact", Asks::Impact),
    ("scope", Asks::Impact),
    ("reach", Asks::Impact),
    ("range", Asks::Impact),
    ("symptom", Asks::Symptoms),
    ("outline", Asks::Symptoms),
    ("summary", Asks::Symptoms),
    ("detection", Asks::Symptoms),
    ("action", Asks::Actions),
    ("response", Asks::Actions),
    ("taken", Asks::Actions),
    ("severity", Asks::Level),
    ("level", Asks::Level),
    ("time", Asks::Start),
    ("start", Asks::Start),
    ("occurred", Asks::Start),
];

fn asks(field: &str) -> Asks {
    if field.contains("cause") && field.contains("prevent") {
        return Asks::CauseAndPlan;
    }
    let found = ASKS.iter().find(|(word, _)| field.contains(word));
    found.map_or(Asks::Other, |(_, asks)| *asks)
}

/// What is known of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filled {
    /// What the timeline holds.
    Known(String),
    /// The same, to be confirmed.
    Preliminary(String),
    /// Nothing: a person is to fill it.
    Open,
}

/// One required field of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DraftField<'a> {
    pub(super) field: &'a Field,
    pub(super) filled: Filled,
}

/// The draft of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft<'a> {
    pub(super) duty: &'a Duty,
    pub(super) due: Option<SimTime>,
    pub(super) delivered: Option<SimTime>,
    /// Nothing after this instant is used.
    pub(super) as_of: SimTime,
    /// Who writes the report; unknown when no step of the pack does.
    pub(super) role: Option<&'a Name>,
    pub(super) fields: Vec<DraftField<'a>>,
}

impl Draft<'_> {
    /// Fields that nobody has filled.
    pub(super) fn open(&self) -> usize {
        self.fields.iter().filter(|field| field.filled == Filled::Open).count()
    }
}

/// The draft of `duty`, as known when it was delivered, or was due.
pub(super) fn draft<'a>(case: &Case<'a>, words: Words, duty: &'a Duty) -> Draft<'a> {
    let result = case.card.duties.iter().find(|result| result.duty == duty.id);
    let delivered = result.and_then(|result| result.at);
    let due = result.and_then(|result| result.due);
    let end = case.timeline.header.end;
    let as_of = delivered.or(due).unwrap_or(end).min(end);
    let known: Vec<&Event> = case
        .timeline
        .events
        .iter()
        .filter(|event| event.known_at <= as_of && !event.kind.is_ground_truth())
        .collect();
    let preliminary = result.map_or(&[][..], |result| &result.preliminary);
    let field = |field: &'a Field| {
        let asked = asks(&field.id);
        // Neither a plan that runs nor a hypothesis is the last word.
        let unsure = field.may_be_preliminary && matches!(asked, Asks::Recovery | Asks::Cause);
        let filled = match value(case, words, asked, &known, as_of) {
            Some(text) if unsure || preliminary.contains(&field.id) => Filled::Preliminary(text),
            Some(text) => Filled::Known(text),
            None => Filled::Open,
        };
        DraftField { field, filled }
    };
    let fields = duty.fields.iter().map(field).collect();
    Draft { duty, due, delivered, as_of, role: writer(case, duty), fields }
}

/// The role whose step delivers the report, of the playbooks that were begun first of all.
fn writer<'a>(case: &Case<'a>, duty: &Duty) -> Option<&'a Name> {
    let steps = |begun: bool| {
        let playbooks = case.pack.playbooks.iter().filter(move |p| !begun || case.began(&p.id));
        playbooks.flat_map(|playbook| &playbook.steps)
    };
    let mut of = steps(true).chain(steps(false)).filter(|step| step.effect == StepEffect::Report);
    of.find(|step| step.duty.as_ref() == Some(&duty.id)).map(|step| &step.role)
}

/// What stands where a field is open: who is to fill it.
pub(super) fn open_text(case: &Case<'_>, words: Words, draft: &Draft<'_>) -> String {
    match draft.role {
        Some(role) => words.f("draft-unknown-by", &[("role", &case.role(role, words))]),
        None => words.t("draft-unknown"),
    }
}

/// One draft per duty of the pack, as blocks.
pub(in crate::report) fn blocks(case: &Case<'_>, words: Words) -> Vec<Block> {
    case.pack.duties.iter().flat_map(|duty| short(case, words, duty)).collect()
}

fn short(case: &Case<'_>, words: Words, duty: &Duty) -> Vec<Block> {
    let draft = draft(case, words, duty);
    let text = words.f("draft-heading", &[("duty", &words.text(&duty.title))]);
    let rows = draft.fields.iter().map(|one| {
        let cell = match &one.filled {
            Filled::Known(text) => Cell::new(text.clone()),
            Filled::Preliminary(text) => {
                Cell::toned(words.f("draft-preliminary", &[("text", text)]), Tone::Poor)
            }
            Filled::Open => Cell::toned(open_text(case, words, &draft), Tone::Unknown),
        };
        (words.text(&one.field.title), cell)
    });
    vec![
        Block::Heading { level: 3, text },
        Block::Paragraph { text: as_of(case, words, &draft), tone: Tone::Muted },
        Block::Facts { rows: rows.collect() },
    ]
}

/// Of which instant a draft is.
pub(super) fn as_of(case: &Case<'_>, words: Words, draft: &Draft<'_>) -> String {
    let (minute, clock) = (case.offset(draft.as_of, words), case.clock(draft.as_of));
    let key = match draft.delivered {
        Some(_) => "draft-as-delivered",
        None => "draft-as-of",
    };
    words.f(key, &[("minute", &minute), ("clock", &clock)])
}

fn value(
    case: &Case<'_>,
    words: Words,
    asks: Asks,
    known: &[&Event],
    as_of: SimTime,
) -> Option<String> {
    match asks {
        Asks::Start => first_sign(case, words, known),
        Asks::Level => level(case, words, known),
        Asks::Symptoms => symptoms(words, case, known),
        Asks::Impact => impact(words, known),
        Asks::Actions => actions(case, words, known),
        Asks::Cause => cause(case, words, known),
        Asks::Duration => duration(case, words, as_of),
        Asks::Course => course(case, words, as_of),
        Asks::Plan => plan(case, words, known),
        Asks::CauseAndPlan => {
            let both = [cause(case, words, known), plan(case, words, known)];
            join(words, both.into_iter().flatten().collect(), 8)
        }
        Asks::Recovery => work::recovery(case, words, known),
        Asks::Resources => work::resources(case, words, known),
        Asks::Process => work::process(case, words, known),
        Asks::Other => None,
    }
}

/// The earliest sign of trouble that is known; the true start belongs to the scorer.
fn first_sign(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let sign = |kind: &K| match kind {
        K::ServiceState { state, .. } => *state != ServiceState::Up,
        K::SliBreached { .. } | K::AlertFiring { .. } | K::Finding { .. } => true,
        _ => false,
    };
    let first = known.iter().filter(|e| sign(&e.kind)).min_by_key(|e| (e.at, e.id))?;
    let (clock, minute) = (case.clock(first.at), case.offset(first.at, words));
    Some(words.f("draft-first-sign", &[("clock", &clock), ("minute", &minute)]))
}

fn level(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let levels = known.iter().rev().find_map(|event| match &event.kind {
        K::Declared { level } | K::SeverityChanged { level, .. } => Some(level),
        _ => None,
    });
    levels.map(|level| case.severity(level, words))
}

fn symptoms(words: Words, case: &Case<'_>, known: &[&Event]) -> Option<String> {
    let mut seen: Vec<String> = Vec::new();
    for event in known {
        let what = match &event.kind {
            K::AlertFiring { slo, tier, .. } => {
                words.f("draft-alert", &[("slo", slo), ("tier", tier)])
            }
            K::Finding { rule, .. } => {
                let about = words.list(event.about.iter().map(|a| case.title(a, words)));
                words.f("draft-finding", &[("rule", &case.say(rule, words)), ("about", &about)])
            }
            _ => continue,
        };
        if !seen.contains(&what) {
            seen.push(what);
        }
    }
    join(words, seen, 8)
}

/// The last known state of every service that was ever seen not up.
fn impact(words: Words, known: &[&Event]) -> Option<String> {
    let mut states: Vec<(Name, ServiceState, bool)> = Vec::new();
    for event in known {
        let K::ServiceState { state, .. } = &event.kind else {
            continue;
        };
        let Some(about) = event.about.first() else {
            continue;
        };
        let bad = *state != ServiceState::Up;
        match states.iter_mut().find(|(name, _, _)| *name == about.name) {
            Some(entry) => (entry.1, entry.2) = (*state, entry.2 || bad),
            None => states.push((about.name.clone(), *state, bad)),
        }
    }
    let hit = states.into_iter().filter(|(_, _, ever)| *ever);
    let one = |(name, state, _): (Name, ServiceState, bool)| {
        let state = words.word("state", state.as_str());
        words.f("draft-service", &[("service", &name), ("state", &state)])
    };
    join(words, hit.map(one).collect(), 12)
}

fn actions(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let mut done: Vec<String> = Vec::new();
    for event in known {
        if let K::StepDone { step, playbook, .. } = &event.kind {
            let title = case.step(playbook, step, words);
            if !done.contains(&title) {
                done.push(title);
            }
        }
    }
    join(words, done, 10)
}

fn cause(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let last = known.iter().rev().find(|e| matches!(e.kind, K::Hypothesis {}))?;
    let about = words.list(last.about.iter().map(|a| case.title(a, words)));
    let by = last.by.as_ref().map_or_else(|| words.t("who-unknown"), |by| case.title(by, words));
    let minute = case.offset(last.at, words);
    let args = [("about", about.as_str()), ("by", &by), ("minute", &minute)];
    Some(words.f("draft-hypothesis", &args))
}

fn duration(case: &Case<'_>, words: Words, as_of: SimTime) -> Option<String> {
    let from = case.reached("detected").filter(|at| *at <= as_of)?;
    let resolved = case.milestone("resolved")?;
    match (resolved.state, resolved.at.filter(|at| *at <= as_of)) {
        (MilestoneState::Observed, Some(at)) => {
            Some(words.f("draft-duration", &[("span", &words.span(at - from))]))
        }
        _ => Some(words.f("draft-ongoing", &[("span", &words.span(as_of - from))])),
    }
}

fn course(case: &Case<'_>, words: Words, as_of: SimTime) -> Option<String> {
    let steps = ["detected", "acked", "declared", "mitigated", "resolved"];
    let one = |name: &&str| {
        let at = case.reached(name).filter(|at| *at <= as_of)?;
        let (minute, name) = (case.offset(at, words), words.word("milestone", name));
        Some(words.f("draft-course", &[("milestone", &name), ("minute", &minute)]))
    };
    let mut parts: Vec<String> = steps.iter().filter_map(one).collect();
    parts.extend(duration(case, words, as_of));
    join(words, parts, 8)
}

fn plan(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let one = |event: &&Event| match &event.kind {
        K::ActionFiled { action, action_kind, owner, due } => {
            let unknown = || words.t("unknown");
            let owner = owner.as_ref().map_or_else(unknown, |owner| case.role(owner, words));
            let due = due.as_ref().map_or_else(unknown, |due| due.to_string());
            let kind = words.word("action", action_kind);
            let args =
                [("action", action.as_str()), ("kind", &kind), ("owner", &owner), ("due", &due)];
            Some(words.f("draft-action", &args))
        }
        _ => None,
    };
    join(words, known.iter().filter_map(one).collect(), 8)
}

pub(super) fn join(words: Words, mut parts: Vec<String>, most: usize) -> Option<String> {
    if parts.is_empty() {
        return None;
    }
    let left = parts.len().saturating_sub(most);
    parts.truncate(most);
    if left > 0 {
        parts.push(words.f("draft-more", &[("n", &left.to_string())]));
    }
    Some(words.list(parts))
}
