//! Severity, declared beside expected, and correctness beside speed.

use super::card::{Correctness, SeverityEntry, SeverityResult};
use super::facts::Facts;
use super::plan::mark;
use crate::timeline::{EventId, EventKind};
use crate::units::{SimDuration, SimTime};

/// Time at a wrong level, by how far it was off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    pub any: SimDuration,
    /// Off by two levels or more.
    pub far: SimDuration,
    pub far_evidence: Vec<EventId>,
}

/// From the first level on (not before detection) until `resolved` or the end of the record.
/// The time before any level is the declare measure's, not counted twice.
pub(super) fn wrong(facts: &Facts<'_>) -> Wrong {
    let mut wrong = Wrong::default();
    let Some(expected) = facts.plan.expected else {
        return wrong;
    };
    let until = facts.marks[mark::RESOLVED].map_or(facts.span.end, |mark| mark.at);
    let detected = facts.marks[mark::DETECTED].map_or(facts.span.start, |mark| mark.at);
    for (i, (rank, event)) in facts.levels.iter().enumerate() {
        let next = facts.levels.get(i + 1).map_or(until, |(_, next)| next.at.min(until));
        let time = (next - event.at.max(detected)).max(SimDuration::ZERO);
        if *rank != expected {
            wrong.any += time;
        }
        if rank.abs_diff(expected) >= 2 {
            wrong.far += time;
            wrong.far_evidence.push(event.id);
        }
    }
    wrong
}

pub(super) fn severity(facts: &Facts<'_>) -> SeverityResult {
    let level = |rank: usize| facts.plan.levels[rank].clone();
    let entry = |(at, (rank, event)): (usize, &(usize, &crate::timeline::Event))| SeverityEntry {
        at: event.at,
        level: level(*rank),
        by: event.by.as_ref().map(|by| by.name.clone()),
        reasons: match &event.kind {
            EventKind::SeverityChanged { reasons, .. } if !reasons.is_empty() => reasons.clone(),
            // Whoever declares follows the policy, and so its reasons.
            _ => facts.level_reasons[at].to_vec(),
        },
    };
    SeverityResult {
        declared: facts.levels.iter().map(|(rank, _)| *rank).min().map(level),
        expected: facts.plan.expected.map(level),
        history: facts.levels.iter().enumerate().map(entry).collect(),
        wrong: wrong(facts).any,
    }
}

/// Events that show each kind of mistake; a page or declaration is false where nothing was
/// expected, or before anything was wrong.
pub(super) struct Mistakes {
    pub pages: Vec<EventId>,
    pub declarations: Vec<EventId>,
    pub mitigations: Vec<EventId>,
    pub hypotheses: Vec<EventId>,
    pub actions: Vec<EventId>,
    pub failed_decisions: Vec<EventId>,
}

pub(super) fn mistakes(facts: &Facts<'_>) -> Mistakes {
    let begun = facts.marks[mark::FAULT_START].or(facts.marks[mark::IMPACT_START]).is_some();
    let idle = |event: &&&crate::timeline::Event| {
        facts.plan.expect_nothing || (begun && !facts.incident_by(event.at))
    };
    let ids = |events: &[&crate::timeline::Event]| -> Vec<EventId> {
        events.iter().filter(idle).map(|event| event.id).collect()
    };
    let roots = facts
        .faults
        .iter()
        .any(|fault| matches!(fault.kind, EventKind::FaultInjected { root: true, .. }));
    let wrong = facts.hypotheses.iter().filter(|event| roots && !facts.names_root(event));
    let needless = |at: &SimTime| facts.plan.expect_nothing || (begun && !facts.incident_by(*at));
    let actions = facts.begun.iter().filter(|mark| needless(&mark.at));
    let claims = facts.mitigated_claims.iter().filter(|claim| facts.sli.bad_at(claim.at));
    Mistakes {
        pages: ids(&facts.pages),
        declarations: ids(&facts.declarations),
        mitigations: claims.map(|claim| claim.event).collect(),
        hypotheses: wrong.map(|event| event.id).collect(),
        actions: actions.map(|mark| mark.event).collect(),
        failed_decisions: facts.fallbacks.clone(),
    }
}

impl Mistakes {
    pub(super) fn count(&self) -> Correctness {
        let count = |ids: &[EventId]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        Correctness {
            false_pages: count(&self.pages),
            false_declarations: count(&self.declarations),
            false_mitigations: count(&self.mitigations),
            wrong_hypotheses: count(&self.hypotheses),
            false_actions: count(&self.actions),
            failed_decisions: count(&self.failed_decisions),
        }
    }
}
