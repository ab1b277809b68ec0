//! What the person took for the cause, and whether it was.

use super::super::case::Case;
use super::super::doc::{Cell, Tone};
use super::super::lang::Words;
use crate::exercise::play::Played;
use crate::model::Ref;
use crate::timeline::{Event, EventKind as K};

/// What became of a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right, while users were still affected.
    Right,
    /// Right, when users were well again.
    Late,
    /// Right, after somebody else had named it.
    Second,
    /// Not the cause.
    Wrong,
    /// Nobody wrote down what the cause was.
    Unknown,
}

impl Verdict {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Late => "late",
            Self::Second => "second",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

/// A suspicion of the person.
pub(super) struct Suspicion<'a> {
    pub(super) event: &'a Event,
    pub(super) verdict: Verdict,
    /// Who named the cause before.
    pub(super) before: Option<&'a Ref>,
}

/// The suspicions of the person, in order.
pub(super) fn verdicts<'a>(case: &Case<'a>, played: &Played) -> Vec<Suspicion<'a>> {
    let events = &case.timeline.events;
    let roots = roots(events);
    let mitigated = case.card.milestones.iter().find(|mark| mark.name == "mitigated");
    let mitigated = mitigated.and_then(|mark| mark.at);
    let mut first: Option<&Event> = None;
    let mut all = Vec::new();
    for event in events.iter().filter(|event| matches!(event.kind, K::Hypothesis {})) {
        let right = event.about.iter().any(|about| roots.contains(&about));
        let before = first.filter(|first| first.by != event.by);
        if event.by.as_ref().is_some_and(|by| by.name == played.role) {
            let verdict = match (roots.is_empty(), right) {
                (true, _) => Verdict::Unknown,
                (_, false) => Verdict::Wrong,
                _ if before.is_some() => Verdict::Second,
                _ if mitigated.is_some_and(|at| at <= event.at) => Verdict::Late,
                _ => Verdict::Right,
            };
            let before = before.filter(|_| verdict == Verdict::Second);
            let before = before.and_then(|event| event.by.as_ref());
            all.push(Suspicion { event, verdict, before });
        }
        if right {
            first.get_or_insert(event);
        }
    }
    all
}

/// One line per suspicion of the person, or that there was none.
pub(super) fn suspicions(case: &Case<'_>, played: &Played, words: Words) -> Vec<Cell> {
    let roots = roots(&case.timeline.events);
    let cause = words.list(roots.iter().map(|about| case.title(about, words)));
    let all = verdicts(case, played);
    if all.is_empty() && !roots.is_empty() {
        let text = words.f("cause-never", &[("cause", &cause)]);
        return vec![Cell::toned(text, Tone::Poor)];
    }
    let line = |one: &Suspicion<'_>| {
        let at = case.offset(one.event.at, words);
        let about = words.list(one.event.about.iter().map(|about| case.title(about, words)));
        let who = one.before.map_or_else(|| words.t("unknown"), |by| case.title(by, words));
        let args = [("at", at.as_str()), ("about", &about), ("cause", &cause), ("who", &who)];
        let tone = match one.verdict {
            Verdict::Right => Tone::Good,
            Verdict::Late | Verdict::Second => Tone::Fair,
            Verdict::Wrong => Tone::Bad,
            Verdict::Unknown => Tone::Unknown,
        };
        Cell::toned(words.f(&format!("cause-{}", one.verdict.as_str()), &args), tone)
    };
    all.iter().map(line).collect()
}

/// What really was the cause; empty where nobody wrote it down.
fn roots(events: &[Event]) -> Vec<&Ref> {
    let root = |event: &&Event| matches!(event.kind, K::FaultInjected { root: true, .. });
    let mut roots: Vec<&Ref> = events.iter().filter(root).flat_map(|event| &event.about).collect();
    roots.sort();
    roots.dedup();
    roots
}
