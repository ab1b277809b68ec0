//! The timeline as sentences: what happened, who did it, on which channel.

use super::case::Case;
use super::doc::{Cell, Column, Table, Tone};
use super::lang::Words;
use super::story_choice;
use crate::model::{EntityKind, ServiceState, SignalKind};
use crate::timeline::{Event, EventKind as K};
use crate::units::SimDuration;

/// How much an event matters to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Only in the timeline file.
    Noise,
    /// In the longer forms.
    Detail,
    /// Everywhere.
    Headline,
}

/// One line of the story; events that say the same within a minute share it.
pub(super) struct Line {
    pub(super) first: Event,
    pub(super) what: String,
    pub(super) about: Vec<String>,
    pub(super) who: String,
    pub(super) channel: String,
    pub(super) count: usize,
    pub(super) tone: Tone,
}

const SAME: SimDuration = SimDuration::from_minutes(1);

/// The lines with at least `least` weight, ascending in time.
pub(super) fn lines(case: &Case<'_>, words: Words, least: Weight) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for event in &case.timeline.events {
        let weight = weight(&event.kind);
        if weight < least {
            continue;
        }
        let line = line(case, words, event);
        if least == Weight::Headline && announced(&lines, &line) {
            continue;
        }
        // Reports and probes of several services come within moments of one another.
        let recent = lines.iter_mut().rev().take(6);
        let same = recent.into_iter().find(|old| {
            old.what == line.what
                && old.who == line.who
                && old.channel == line.channel
                && event.at - old.first.at <= SAME
        });
        let Some(same) = same else {
            lines.push(line);
            continue;
        };
        same.count += 1;
        for about in line.about {
            if !same.about.contains(&about) {
                same.about.push(about);
            }
        }
    }
    lines
}

pub(super) fn weight(kind: &K) -> Weight {
    match kind {
        K::Observation { signal, .. } if stated(*signal).is_some() => Weight::Headline,
        K::Observation { .. } | K::AlertPending { .. } | K::StepStarted { .. } => Weight::Noise,
        K::SliBreached { .. }
        | K::SliRecovered { .. }
        | K::AlertResolved { .. }
        | K::Decision { .. }
        | K::PageDelivered { .. }
        | K::Joined {}
        | K::ApprovalAsked { .. }
        | K::MessageSent { .. }
        | K::ActionFiled { .. } => Weight::Detail,
        K::PageSent { attempt, .. } if *attempt > 1 => Weight::Detail,
        K::AlertFiring { severity, .. } if severity != "page" => Weight::Detail,
        _ => Weight::Headline,
    }
}

/// The sentence of a signal that people state, not a gauge: it belongs to the story.
pub(super) fn stated(signal: SignalKind) -> Option<&'static str> {
    Some(match signal {
        SignalKind::DataLost => "event-data-lost",
        SignalKind::DataLossMs => "event-data-loss",
        SignalKind::RestoreMs => "event-restored",
        SignalKind::SecurityBreach => "event-security-breach",
        SignalKind::LocalRecords => "event-local-records",
        SignalKind::ReplayedRecords => "event-replayed",
        SignalKind::ReplayConflicts => "event-conflicts",
        _ => return None,
    })
}

/// Whether a step that was just done has said so in another way: it was the declaration, claim,
/// report or update in the line before it.
fn announced(lines: &[Line], line: &Line) -> bool {
    let said = |old: &&Line| {
        matches!(
            old.first.kind,
            K::Declared { .. }
                | K::MitigatedClaimed {}
                | K::ResolvedClaimed {}
                | K::ReportDelivered { .. }
                | K::PublicUpdate { .. }
        ) && old.first.at == line.first.at
            && old.who == line.who
    };
    matches!(line.first.kind, K::StepDone { .. }) && lines.iter().rev().take(6).any(|l| said(&l))
}

fn line(case: &Case<'_>, words: Words, event: &Event) -> Line {
    let (what, channel) = sentence(case, words, event);
    let about = event.about.iter();
    let who = match (&event.by, &event.kind) {
        (Some(by), _) => case.title(by, words),
        (None, kind) => words.t(nobody(kind)),
    };
    Line {
        first: event.clone(),
        what,
        about: about.map(|about| case.title(about, words)).collect(),
        who,
        channel,
        count: 1,
        tone: tone(&event.kind),
    }
}

/// Who acts where no role does.
fn nobody(kind: &K) -> &'static str {
    match kind {
        K::FaultInjected { .. } | K::FaultCleared { .. } | K::Inject { .. } | K::Hint { .. } => {
            "who-exercise"
        }
        K::Stopped { .. } => "who-exercise",
        K::ServiceState { .. }
        | K::SliBreached { .. }
        | K::SliRecovered { .. }
        | K::AlertPending { .. }
        | K::AlertFiring { .. }
        | K::AlertResolved { .. }
        | K::Observation { .. } => "who-monitoring",
        K::Finding { .. } | K::Decision { .. } => "who-policy",
        K::PageSent { .. } | K::PageDelivered { .. } | K::PageFailed { .. } => "who-tool",
        _ => "who-unknown",
    }
}

fn tone(kind: &K) -> Tone {
    match kind {
        K::FaultInjected { .. } | K::FaultCleared { .. } => Tone::Truth,
        K::ServiceState { state, .. } => match state {
            ServiceState::Up => Tone::Good,
            ServiceState::Degraded | ServiceState::Recovering => Tone::Poor,
            ServiceState::Overloaded | ServiceState::Down => Tone::Bad,
        },
        K::PageFailed { .. } | K::MessageFailed { .. } | K::StepFailed { .. } => Tone::Bad,
        K::StepSkipped { .. } => Tone::Poor,
        K::Rollback { succeeded, .. } if !succeeded => Tone::Bad,
        K::ResolvedClaimed {} | K::MitigatedClaimed {} | K::StoodDown {} => Tone::Good,
        _ => Tone::Plain,
    }
}

/// What happened, and on which channel.
fn sentence(case: &Case<'_>, words: Words, event: &Event) -> (String, String) {
    let none = String::new();
    let step = |key: &str, playbook: &str, step: &str, attempt: u32| {
        let title = case.step(playbook, step, words);
        let attempt = attempt.to_string();
        words.f(key, &[("step", &title), ("attempt", &attempt)])
    };
    let alert = |key: &str, slo: &str, tier: &str, severity: &str| {
        let severity = words.word("alert", severity);
        words.f(key, &[("slo", slo), ("tier", tier), ("severity", &severity)])
    };
    match &event.kind {
        K::FaultInjected { fault, effect, .. } => {
            let effect = words.word("effect", effect.as_str());
            let args = [("fault", fault.as_str()), ("effect", &effect)];
            (words.f("event-fault-injected", &args), none)
        }
        K::FaultCleared { fault } => (words.f("event-fault-cleared", &[("fault", fault)]), none),
        K::ServiceState { state, mode } => (service_state(words, *state, mode.as_deref()), none),
        K::SliBreached { slo } => (words.f("event-sli-breached", &[("slo", slo)]), none),
        K::SliRecovered { slo } => (words.f("event-sli-recovered", &[("slo", slo)]), none),
        K::AlertPending { slo, tier, severity } => {
            (alert("event-alert-pending", slo, tier, severity), none)
        }
        K::AlertFiring { slo, tier, severity, .. } => {
            (alert("event-alert-firing", slo, tier, severity), none)
        }
        K::AlertResolved { slo, tier, severity } => {
            (alert("event-alert-resolved", slo, tier, severity), none)
        }
        K::Finding { rule, source, .. } => {
            let source = words.word("detection", source.as_str());
            let rule = case.say(rule, words);
            (words.f("event-finding", &[("rule", &rule), ("source", &source)]), none)
        }
        K::StepStarted { step: id, playbook, attempt, .. } => {
            (step("event-step-started", playbook, id, *attempt), none)
        }
        K::StepDone { step: id, playbook, attempt, .. } => {
            let key = if *attempt > 1 { "event-step-done-again" } else { "event-step-done" };
            (step(key, playbook, id, *attempt), none)
        }
        K::StepFailed { step: id, playbook, attempt, .. } => {
            (step("event-step-failed", playbook, id, *attempt), none)
        }
        K::StepSkipped { step: id, playbook, reason } => {
            let title = case.step(playbook, id, words);
            let reason =
                reason.as_ref().map_or_else(|| words.t("no-reason"), |r| case.say(r, words));
            (words.f("event-step-skipped", &[("step", &title), ("reason", &reason)]), none)
        }
        other => conversation(case, words, other, event),
    }
}

fn service_state(words: Words, state: ServiceState, mode: Option<&str>) -> String {
    let state = words.word("state", state.as_str());
    match mode {
        Some(mode) => words.f("event-service-mode", &[("state", &state), ("mode", mode)]),
        None => words.f("event-service-state", &[("state", &state)]),
    }
}

/// Pages, messages, roles, decisions and claims.
fn conversation(case: &Case<'_>, words: Words, kind: &K, event: &Event) -> (String, String) {
    let none = String::new();
    let page = |key: &str, page: u32, channel: &str, attempt: u32| {
        let to = event.about.first().map_or_else(String::new, |to| case.title(to, words));
        let (page, attempt) = (page.to_string(), attempt.to_string());
        let args = [("page", page.as_str()), ("to", &to), ("attempt", &attempt)];
        (words.f(key, &args), case.channel(channel, words))
    };
    match kind {
        K::PageSent { page: n, channel, attempt, .. } => {
            page("event-page-sent", *n, channel, *attempt)
        }
        K::PageDelivered { page: n, channel, attempt } => {
            page("event-page-delivered", *n, channel, *attempt)
        }
        K::PageFailed { page: n, channel, attempt } => {
            page("event-page-failed", *n, channel, *attempt)
        }
        K::Acknowledged { .. } => (words.t("event-acknowledged"), none),
        K::Declared { level } => {
            let level = case.severity(level, words);
            (words.f("event-declared", &[("level", &level)]), none)
        }
        K::SeverityChanged { level, reasons } => {
            let level = case.severity(level, words);
            let mut text = words.f("event-severity-changed", &[("level", &level)]);
            if !reasons.is_empty() {
                let reasons = words.list(reasons.iter().map(|r| case.say(r, words)));
                text = words.f("event-with-reason", &[("what", &text), ("reason", &reasons)]);
            }
            (text, none)
        }
        K::Decision { function, level, reasons, fallback } => {
            (decision(case, words, *function, level.as_deref(), reasons, *fallback), none)
        }
        K::RoleTaken { role } => {
            let role = case.role(role, words);
            (words.f("event-role-taken", &[("role", &role)]), none)
        }
        K::Joined {} => (words.t("event-joined"), none),
        K::HandedOver { what, to } => {
            let to = case.title(to, words);
            (words.f("event-handed-over", &[("what", what), ("to", &to)]), none)
        }
        K::MessageSent { channel, purpose } => {
            let purpose = words.word("purpose", purpose_word(*purpose));
            (words.f("event-message-sent", &[("purpose", &purpose)]), case.channel(channel, words))
        }
        K::MessageFailed { channel, purpose } => {
            let purpose = words.word("purpose", purpose_word(*purpose));
            (
                words.f("event-message-failed", &[("purpose", &purpose)]),
                case.channel(channel, words),
            )
        }
        K::PublicUpdate { channel, next_within_ms } => {
            let next = next_within_ms.map(|ms| words.span(SimDuration::from_ms(i64::from(ms))));
            let text = match next {
                Some(next) => words.f("event-public-update-next", &[("next", &next)]),
                None => words.t("event-public-update"),
            };
            (text, case.channel(channel, words))
        }
        other => outcome(case, words, other),
    }
}

fn outcome(case: &Case<'_>, words: Words, kind: &K) -> (String, String) {
    let none = String::new();
    // Approvals name a step without its playbook; the first one of that name is meant.
    let step = |what: &str| {
        let mut books = case.pack.playbooks.iter();
        let book = books.find(|p| p.steps.iter().any(|s| &*s.id == what));
        book.map_or_else(|| what.to_owned(), |p| case.step(&p.id, what, words))
    };
    let text = match kind {
        K::Hypothesis {} => words.t("event-hypothesis"),
        K::Rollback { option, succeeded: true } => words.f("event-rollback", &[("option", option)]),
        K::Rollback { option, .. } => words.f("event-rollback-failed", &[("option", option)]),
        K::ApprovalAsked { what } => words.f("event-approval-asked", &[("what", &step(what))]),
        K::ApprovalGiven { what } => words.f("event-approval-given", &[("what", &step(what))]),
        K::MitigatedClaimed {} => words.t("event-mitigated-claimed"),
        K::ResolvedClaimed {} => words.t("event-resolved-claimed"),
        K::StoodDown {} => words.t("event-stood-down"),
        K::ReportDelivered { duty, preliminary, channels, .. } => {
            let duty = case.duty(duty, words);
            let key = match preliminary.is_empty() {
                true => "event-report-delivered",
                false => "event-report-preliminary",
            };
            let channels = words.list(channels.iter().map(|c| case.channel(c, words)));
            return (words.f(key, &[("duty", &duty)]), channels);
        }
        K::ActionFiled { action, action_kind, .. } => {
            let kind = words.word("action", action_kind);
            words.f("event-action-filed", &[("action", action), ("kind", &kind)])
        }
        K::Hint { step: Some(id) } => words.f("event-hint-step", &[("step", &step(id))]),
        K::Hint { step: None } => words.t("event-hint"),
        K::Inject { inject } => inject_text(case, words, inject),
        K::Observation { signal, value } if stated(*signal).is_some() => {
            let key = stated(*signal).unwrap_or_default();
            let span = words.span(SimDuration::from_ms(value.0 as i64));
            words.f(key, &[("span", &span), ("count", &format!("{:.0}", value.0))])
        }
        K::Observation { signal, value } => {
            let value = format!("{:.2}", value.0);
            words.f("event-observation", &[("signal", signal.as_str()), ("value", &value)])
        }
        K::Stopped { reason } => {
            let reason = words.word("stopped", reason);
            words.f("event-stopped", &[("reason", &reason)])
        }
        _ => kind.word().to_owned(),
    };
    (text, none)
}

fn inject_text(case: &Case<'_>, words: Words, inject: &str) -> String {
    let injects = case.scenario.map_or(&[][..], |scenario| &scenario.injects);
    let found = injects.iter().find(|i| &*i.name == inject);
    let text = found.map_or_else(|| inject.to_owned(), |i| words.text(&i.text));
    words.f("event-inject", &[("text", &text)])
}

fn decision(
    case: &Case<'_>,
    words: Words,
    function: crate::model::DecisionKind,
    level: Option<&str>,
    reasons: &[crate::model::Name],
    fallback: bool,
) -> String {
    use crate::model::DecisionKind as D;
    let function = match function {
        D::Detect => "detect",
        D::Severity => "severity",
        D::Escalate => "escalate",
        D::Adherence => "adherence",
        D::Rollback => "rollback",
        D::Freeze => "freeze",
    };
    let level = level.map_or_else(|| words.t("none"), |level| case.severity(level, words));
    let args = [("function", function), ("level", level.as_str())];
    let mut text = match fallback {
        true => words.f("event-decision-fallback", &args),
        false => words.f("event-decision", &args),
    };
    if !reasons.is_empty() {
        let reasons = words.list(reasons.iter().map(|r| case.say(r, words)));
        text = words.f("event-with-reason", &[("what", &text), ("reason", &reasons)]);
    }
    text
}

pub(super) const fn purpose_word(purpose: crate::timeline::MessagePurpose) -> &'static str {
    use crate::timeline::MessagePurpose as P;
    match purpose {
        P::Notice => "notice",
        P::Request => "request",
        P::Update => "update",
        P::Confirmation => "confirmation",
        P::Convene => "convene",
    }
}

/// Whether the sentence already names what the event is about.
fn names_its_object(kind: &K) -> bool {
    matches!(
        kind,
        K::PageSent { .. } | K::PageDelivered { .. } | K::PageFailed { .. } | K::RoleTaken { .. }
    )
}

/// The timeline as a table of at most `most` lines, the less important left out wherever they
/// stand, so that the end is always there; then how many are left out.
pub(super) fn table(case: &Case<'_>, words: Words, least: Weight, most: usize) -> (Table, usize) {
    let all = lines(case, words, least);
    let before = all.len();
    let lines = story_choice::choose(all, most, &case.turns());
    let left = before - lines.len();
    let row = |line: &Line| {
        let what = told(line, words);
        vec![
            Cell::toned(case.offset(line.first.at, words), Tone::Muted),
            Cell::toned(what, line.tone),
            Cell::new(line.who.clone()),
            Cell::toned(line.channel.clone(), Tone::Muted),
        ]
    };
    let table = Table {
        caption: words.t("story-heading"),
        columns: vec![
            Column::right(words.t("column-minute")).when(),
            Column::flex(words.t("column-what")).main(),
            Column::soft(words.t("column-who")).aside(),
            Column::soft(words.t("column-channel")).aside(),
        ],
        rows: lines.iter().map(row).collect(),
    };
    (table, left)
}

/// The sentence of a line with what it is about, how often it was, and whether people knew.
fn told(line: &Line, words: Words) -> String {
    let mut what = line.what.clone();
    // What is about the whole system needs no name before it.
    let named = line.first.about.iter().any(|about| about.kind != EntityKind::System);
    if named && !names_its_object(&line.first.kind) {
        let about = words.list(&line.about);
        what = words.f("story-about", &[("about", &about), ("what", &what)]);
    }
    if line.count > line.about.len().max(1) {
        let count = line.count.to_string();
        what = words.f("story-times", &[("what", &what), ("count", &count)]);
    }
    if line.first.kind.is_ground_truth() {
        what = words.f("story-truth", &[("what", &what)]);
    }
    what
}

/// One event as a sentence, and who did it.
pub(super) fn sentence_of(case: &Case<'_>, words: Words, event: &Event) -> (String, String) {
    let line = line(case, words, event);
    (told(&line, words), line.who)
}
