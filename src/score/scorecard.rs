//! Putting a scorecard together.

use super::adherence::{self, Adherence};
use super::capability;
use super::card::{Milestone, Scorecard};
use super::facts::{Facts, Span};
use super::plan::{ScorePlan, mark};
use super::steps::Judged;
use super::{measure, reading, requests, severity};
use crate::model::MILESTONES;
use crate::model::{Pack, Violation};
use crate::timeline::Timeline;
use crate::units::SimDuration;

/// What a timeline is worth under a pack. `violations_of_script` are those that the pack's
/// `adherence` function found; they are listed after those of the sequence check,
/// without those that the sequence check found as well.
///
/// The severity whose targets apply is the expected one, else the highest declared, else the
/// highest that a policy decided. Events after the header's end are not part of the record.
pub fn score(timeline: &Timeline, pack: &Pack, violations_of_script: &[Violation]) -> Scorecard {
    let plan = ScorePlan::new(pack, &timeline.header);
    let facts = Facts::read(&timeline.events, span(timeline), &plan);
    let judged = adherence::judge_all(&facts);
    let violations = adherence::merge(adherence::violations(&facts), violations_of_script);
    let adherence = adherence::rate(&facts, &judged, &violations);
    assemble(&facts, timeline, pack, &judged, &adherence, violations)
}

pub(super) fn span(timeline: &Timeline) -> Span {
    Span { start: timeline.header.start, end: timeline.header.end }
}

fn assemble(
    facts: &Facts<'_>,
    timeline: &Timeline,
    pack: &Pack,
    judged: &[Judged],
    adherence: &Adherence,
    violations: Vec<Violation>,
) -> Scorecard {
    let header = &timeline.header;
    let measures = measure::measures(facts, pack, judged);
    let mistakes = severity::mistakes(facts);
    let gates = capability::gates(facts, &violations, &mistakes, &severity::wrong(facts));
    let (capabilities, observable) =
        capability::capabilities(pack, header.frequency.as_ref(), &measures, adherence.rating);
    let incident = facts.incident();
    let overall = if incident {
        capability::overall(&capabilities, observable, header.source, gates)
    } else {
        capability::quiet(&mistakes.count(), header.source, gates)
    };
    Scorecard {
        incident,
        milestones: milestones(facts),
        steps: adherence::results(facts, pack, judged),
        duties: adherence::duties(facts, pack),
        requests: requests::requests(timeline),
        overall,
        severity: severity::severity(facts),
        correctness: mistakes.count(),
        measures,
        capabilities,
        violations,
    }
}

fn milestones(facts: &Facts<'_>) -> Vec<Milestone> {
    let milestone = |(which, name): (usize, &&'static str)| {
        let mark = facts.marks[which];
        let (state, reason) = reading::state(facts, which);
        Milestone {
            name,
            state,
            at: mark.map(|mark| mark.at),
            uncertainty: mark.map_or(SimDuration::ZERO, |mark| mark.uncertainty),
            evidence: mark.map(|mark| mark.event),
            source: facts.source.filter(|_| which == mark::DETECTED),
            reason,
        }
    };
    MILESTONES.iter().enumerate().map(milestone).collect()
}
