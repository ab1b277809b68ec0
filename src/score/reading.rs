//! What a measure reads off the facts: numbers only, shared by single scores and trials.

use super::card::MilestoneState;
use super::facts::{Facts, Mark};
use super::plan::{End, PlanMeasure, mark};
use crate::model::{DetectionSource, Measure, SignalKind, Source, Target};
use crate::units::{SimDuration, SimTime};

/// Why a measure has no value, said where the record cannot tell.
pub(super) mod why {
    pub(crate) const RECORD_SILENT: &str = "the record does not say";
    pub(crate) const NOTHING_EXPECTED: &str = "nothing was expected to happen";
    pub(crate) const NOT_REACHED: &str = "not reached before the record ended";
    pub(crate) const NO_PLAYBOOK: &str = "the procedure with this step did not apply";
    pub(crate) const SUPERSEDED: &str = "the procedure for several services took its place";
    pub(crate) const NO_DUTY: &str = "the duty does not apply at this severity";
    pub(crate) const UNKNOWN_END: &str = "the pack names an end that does not exist";
    pub(crate) const NO_START: &str = "its start was not reached";
    pub(crate) const NO_UPDATES: &str = "there was no first update";
    pub(crate) const NO_USERS: &str = "no service was hit, so there was nothing to tell the public";
    pub(crate) const OVER_BEFORE: &str = "the incident was over before the first update";
    /// Where the measure has no place in the incident at all.
    pub(crate) const NO_PLACE: [&str; 5] =
        [NO_PLAYBOOK, SUPERSEDED, NO_DUTY, NO_USERS, OVER_BEFORE];
}

/// Where an end of a measure lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndAt {
    At(Mark),
    NotReached,
    NotObservable(&'static str),
}

/// What a measure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Value(SimDuration),
    /// The record ended after this long without it.
    Censored(SimDuration),
    Missing(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub shown: Shown,
    pub uncertainty: SimDuration,
    pub from: Option<Mark>,
    pub to: Option<Mark>,
    pub target: Option<Target>,
    /// The target is a longer gap that an update announced.
    pub announced: bool,
}

impl Reading {
    /// Whether the target was met; `None` where it cannot be told. An inexact value that may
    /// have missed it counts as missed.
    pub(super) fn met(&self) -> Option<bool> {
        let target = self.target?.within;
        match self.shown {
            Shown::Value(value) => Some(value + self.uncertainty <= target),
            Shown::Censored(at_least) => (at_least >= target).then_some(false),
            Shown::Missing(_) => None,
        }
    }
}

/// State of milestone `which`, and why, where it is not observed.
pub(super) fn state(facts: &Facts<'_>, which: usize) -> (MilestoneState, Option<&'static str>) {
    if facts.marks[which].is_some() {
        (MilestoneState::Observed, None)
    } else if facts.plan.expect_nothing {
        (MilestoneState::NotObservable, Some(why::NOTHING_EXPECTED))
    } else if facts.plan.source == Source::Recorded {
        (MilestoneState::NotObservable, Some(why::RECORD_SILENT))
    } else if which == mark::FIRST_EXTERNAL && !facts.users_hit() {
        (MilestoneState::NotObservable, Some(why::NO_USERS))
    } else {
        let reason = match which {
            mark::IMPACT_START => "no SLI left its SLO",
            mark::DETECTABLE => "no alert fired about what was affected",
            mark::CORRECT_HYPOTHESIS => "nobody named a root cause",
            mark::MITIGATED => "no recovery held for 5 min before the record ended",
            mark::RESOLVED => "no claim that was mitigated and verified",
            _ => why::NOT_REACHED,
        };
        (MilestoneState::NotReached, Some(reason))
    }
}

pub(super) fn end_at(facts: &Facts<'_>, end: &End) -> EndAt {
    let absent = || {
        if facts.plan.expect_nothing {
            EndAt::NotObservable(why::NOTHING_EXPECTED)
        } else if facts.plan.source == Source::Recorded {
            EndAt::NotObservable(why::RECORD_SILENT)
        } else {
            EndAt::NotReached
        }
    };
    match end {
        End::Milestone(mark::FIRST_EXTERNAL) if facts.external.is_empty() && !facts.users_hit() => {
            EndAt::NotObservable(why::NO_USERS)
        }
        End::Milestone(which) => facts.marks[*which].map_or_else(absent, EndAt::At),
        End::FirstAction => facts.first_action.map_or_else(absent, EndAt::At),
        End::Duty(duty) if !facts.duty_applies(*duty) => EndAt::NotObservable(why::NO_DUTY),
        End::Duty(duty) => match facts.duties[*duty].complete {
            Some(mark) => EndAt::At(mark),
            // A record that shows the report shows what it lacked, too.
            None if facts.duties[*duty].last.is_some() => EndAt::NotReached,
            None => absent(),
        },
        End::Steps(steps) => steps_end(facts, steps, absent()),
        End::Signal(kind) => match worst(facts, *kind) {
            Some((_, mark)) => EndAt::At(mark),
            None => EndAt::NotObservable(why::NO_PLAYBOOK),
        },
        End::Unknown => EndAt::NotObservable(why::UNKNOWN_END),
    }
}

/// The longest span that observations of a kind state.
fn worst(facts: &Facts<'_>, kind: SignalKind) -> Option<(SimDuration, Mark)> {
    let of = facts.spans.iter().filter(|(known, ..)| *known == kind);
    of.map(|(_, span, mark)| (*span, *mark)).max_by_key(|(span, mark)| (*span, mark.event))
}

/// All steps that apply are done; one left out with a reason is not waited for. Where every step
/// was left out so, the last of the reasons ends it.
fn steps_end(facts: &Facts<'_>, steps: &[usize], absent: EndAt) -> EndAt {
    let (mut last, mut excused): (Option<Mark>, Option<Mark>) = (None, None);
    let (mut any, mut open) = (false, false);
    for instance in facts.steps.instances.iter().filter(|i| steps.contains(&i.step)) {
        any = true;
        match (instance.done, instance.settled()) {
            (Some(done), _) => match facts.heard(instance.step, done) {
                Some(done) => last = Some(last.map_or(done, |last| last.later(done))),
                None => open = true,
            },
            (None, Some(said)) => excused = Some(excused.map_or(said, |last| last.later(said))),
            (None, None) => open = true,
        }
    }
    let superseded = |step: &usize| facts.steps.superseded[facts.plan.steps[*step].playbook];
    match last.or(excused) {
        _ if !any && steps.iter().any(superseded) => EndAt::NotObservable(why::SUPERSEDED),
        _ if !any => EndAt::NotObservable(why::NO_PLAYBOOK),
        Some(last) if !open => EndAt::At(last),
        _ => absent,
    }
}

/// What the measure shows, at the target of the severity that applies.
pub(super) fn read(facts: &Facts<'_>, measure: &PlanMeasure) -> Reading {
    let target = facts.severity.and_then(|rank| measure.targets[rank]);
    let mut reading = Reading {
        shown: Shown::Missing(why::NO_START),
        uncertainty: SimDuration::ZERO,
        from: None,
        to: None,
        target: target.filter(|_| !facts.plan.expect_nothing),
        announced: false,
    };
    let from = match end_at(facts, &measure.from) {
        EndAt::At(mark) => called_for(facts, measure).unwrap_or(mark),
        EndAt::NotReached => return reading,
        EndAt::NotObservable(reason) => {
            reading.shown = Shown::Missing(reason);
            return reading;
        }
    };
    reading.from = Some(from);
    if measure.cadence && facts.hides_updates() {
        reading.shown = Shown::Missing(why::RECORD_SILENT);
        return reading;
    }
    if measure.cadence {
        return cadence(facts, measure, reading);
    }
    match end_at(facts, &measure.to) {
        EndAt::At(to) => {
            let span = match &measure.to {
                End::Signal(kind) => worst(facts, *kind).map(|(span, _)| span),
                _ => None,
            };
            reading.shown = Shown::Value(span.unwrap_or(to.at - from.at));
            reading.uncertainty = from.uncertainty + to.uncertainty;
            reading.to = Some(to);
        }
        EndAt::NotReached => reading.shown = Shown::Censored(facts.span.end - from.at),
        EndAt::NotObservable(reason) => reading.shown = Shown::Missing(reason),
    }
    reading
}

/// When the procedure was called for whose steps a measure from detection ends with.
fn called_for(facts: &Facts<'_>, measure: &PlanMeasure) -> Option<Mark> {
    let (End::Milestone(mark::DETECTED), End::Steps(steps)) = (&measure.from, &measure.to) else {
        return None;
    };
    let worked = |step: &&usize| facts.steps.instances.iter().any(|i| i.step == **step);
    let clocks = steps.iter().filter(worked);
    clocks.filter_map(|step| facts.clock(*step, mark::DETECTED)).min_by_key(|mark| mark.at)
}

/// The largest gap between updates, from `to` until mitigation or the end of the record. The
/// wait after the last update counts: users wait until they hear that it is over.
fn cadence(facts: &Facts<'_>, measure: &PlanMeasure, mut reading: Reading) -> Reading {
    let first = match end_at(facts, &measure.to) {
        EndAt::At(first) => first,
        EndAt::NotReached => {
            reading.shown = Shown::Missing(why::NO_UPDATES);
            return reading;
        }
        EndAt::NotObservable(reason) => {
            reading.shown = Shown::Missing(reason);
            return reading;
        }
    };
    // Whoever works without the usual means is told until the end, users until they are well.
    let last = match &measure.to {
        End::Steps(_) => mark::RESOLVED,
        _ => mark::MITIGATED,
    };
    let until = facts.marks[last].map_or(facts.span.end, |mark| mark.at);
    if until <= first.at {
        reading.shown = Shown::Missing(why::OVER_BEFORE);
        return reading;
    }
    let marks = cadence_updates(facts, measure, first.at, until);
    widest(facts, measure, first, &marks, until, reading)
}

/// Reads the gap that is largest for what was allowed: the target, or what the update before
/// announced within what the pack lets it announce. Silence is never announced: where an update
/// names no time, the target holds.
fn widest(
    facts: &Facts<'_>,
    measure: &PlanMeasure,
    first: Mark,
    updates: &[Mark],
    until: SimTime,
    mut reading: Reading,
) -> Reading {
    let target = reading.target;
    let announced = |mark: &Mark| {
        let of = facts.announced.iter().find(|(event, _)| *event == mark.event);
        of.map(|(_, next)| *next)
    };
    let mut largest: Option<(SimDuration, SimDuration)> = None;
    let mut last = first;
    for next in updates.iter().copied().map(Some).chain([None]) {
        let gap = next.map_or(until, |next| next.at) - last.at;
        let within = target.map_or(SimDuration::from_ms(1), |target| target.within);
        let lengthens: &[_] = if target.is_some() { &measure.lengthens } else { &[] };
        let age = last.at - first.at;
        let allowed = Measure::gap_allowed(lengthens, within, age, announced(&last));
        let times = |a: SimDuration, b: SimDuration| i128::from(a.ms()) * i128::from(b.ms());
        let wider = largest.is_none_or(|(most, of)| times(gap, of) > times(most, allowed));
        if wider {
            largest = Some((gap, allowed));
            reading.uncertainty =
                next.map_or(SimDuration::ZERO, |n| n.uncertainty) + last.uncertainty;
            (reading.from, reading.to) = (Some(last), next);
            reading.announced = target.is_some_and(|target| allowed > target.within);
            reading.target = target.map(|target| Target { within: allowed, ..target });
        }
        last = next.unwrap_or(last);
    }
    let (largest, _) = largest.unwrap_or_default();
    reading.shown = Shown::Value(largest);
    reading
}

fn cadence_updates(
    facts: &Facts<'_>,
    measure: &PlanMeasure,
    first: SimTime,
    until: SimTime,
) -> Vec<Mark> {
    if let End::Steps(steps) = &measure.to {
        let of = facts.repeats.iter().filter(|(step, _)| steps.contains(step));
        let within = |mark: &Mark| mark.at > first && mark.at <= until;
        return of.map(|(_, mark)| *mark).filter(within).collect();
    }
    let internal = measure.to == End::Milestone(mark::FIRST_INTERNAL);
    let all = if internal { &facts.internal } else { &facts.external };
    all.iter().filter(|mark| mark.at > first && mark.at <= until).copied().collect()
}

/// The earliest that the tools allow: nobody is told of an impact before an alert can fire.
/// Only for measures that start with the fault or the impact and end after detection, and only
/// where nothing else noticed before the alert.
pub(super) fn floor(facts: &Facts<'_>, measure: &PlanMeasure) -> Option<SimDuration> {
    let (End::Milestone(from), false) = (&measure.from, measure.cadence) else {
        return None;
    };
    let to_is_later = match &measure.to {
        End::Milestone(to) => *to >= mark::DETECTED,
        End::FirstAction | End::Duty(_) | End::Steps(_) => true,
        End::Signal(_) | End::Unknown => false,
    };
    if !to_is_later || !matches!(*from, mark::FAULT_START | mark::IMPACT_START) {
        return None;
    }
    let detectable = facts.marks[mark::DETECTABLE]?;
    let by_alert = facts.marks[mark::DETECTED].is_none_or(|detected| {
        facts.source == Some(DetectionSource::Alert) && detected.at >= detectable.at
    });
    let floor = detectable.at - facts.marks[*from]?.at;
    by_alert.then_some(floor.max(SimDuration::ZERO))
}
