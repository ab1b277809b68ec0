//! Steps on a recording: how long they take, and what the recording says came of them.
//!
//! A recording cannot be changed by what is typed. What it says of the same action, its duration
//! and whether it worked, is taken from it; everything else is the playbook's figure under the
//! preset, at its median, and what the step would have changed stays unknown.

use super::record::Recording;
use crate::model::{ForEach, Name, Preset, Ref, Stage, Step, StepEffect, StepTime};
use crate::sim::StepAt;
use crate::timeline::{Event, EventKind as K};
use crate::units::{SimDuration, SimTime};

/// Where the time of a step comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The same action took so long in the recording.
    Recorded,
    /// The playbook's figure and the preset's median.
    Playbook,
}

/// A step that was begun.
#[derive(Debug, Clone)]
pub(super) struct UnderWay {
    pub(super) at: StepAt,
    pub(super) about: Vec<Ref>,
    pub(super) phase: Option<u32>,
    pub(super) duty: Option<Name>,
    pub(super) effect: Option<StepEffect>,
    pub(super) attempt: u32,
    /// When its time is over; `None` once it waits for the person to name a cause.
    pub(super) until: Option<SimTime>,
    pub(super) basis: Basis,
    /// It failed when it was really done.
    pub(super) fails: bool,
    /// It goes back to this version.
    pub(super) back_to: Option<Name>,
}

/// What becomes of an attempt: how long it takes, and whether it fails.
pub(super) struct Course {
    pub(super) time: SimDuration,
    pub(super) basis: Basis,
    pub(super) fails: bool,
}

/// The course of the `attempt`th attempt of a step, on `targets` of its kind.
pub(super) fn course(
    recording: &Recording,
    id: &Name,
    about: &[Ref],
    attempt: u32,
    plan: Option<&Step>,
    targets: usize,
) -> Course {
    if let Some((time, fails)) = recorded(&recording.timeline.events, id, about, attempt) {
        return Course { time, basis: Basis::Recorded, fails };
    }
    let time = plan.map_or(SimDuration::ZERO, |step| planned(step, &recording.preset, targets));
    Course { time, basis: Basis::Playbook, fails: false }
}

/// How long the same action took in the recording, by whomever, and whether it failed: the
/// attempt of that number, or the last one before it.
fn recorded(
    events: &[Event],
    id: &Name,
    about: &[Ref],
    attempt: u32,
) -> Option<(SimDuration, bool)> {
    let same = |event: &Event| {
        about.is_empty() || event.about.iter().any(|on| about.iter().any(|a| a.name == on.name))
    };
    let mut began: Option<&Event> = None;
    let mut last = None;
    let mut nth = 0;
    for event in events.iter().filter(|event| same(event)) {
        let (step, ended) = match &event.kind {
            K::StepStarted { step, .. } => (step, None),
            K::StepDone { step, .. } => (step, Some(false)),
            K::StepFailed { step, .. } => (step, Some(true)),
            _ => continue,
        };
        if step != id {
            continue;
        }
        match (ended, began) {
            (None, _) => began = Some(event),
            (Some(fails), Some(start)) => {
                nth += 1;
                last = Some((event.at - start.at, fails));
                began = None;
                if nth == attempt {
                    break;
                }
            }
            // Only its end was recorded: how long it took is unknown.
            (Some(_), None) => {}
        }
    }
    last
}

/// The median of what a step takes by its playbook under a preset.
fn planned(step: &Step, preset: &Preset, targets: usize) -> SimDuration {
    match step.time {
        StepTime::Median(median) => {
            let factor = if step.runbook { preset.knob("runbook_factor") } else { 1.0 };
            median.scale(factor)
        }
        StepTime::Share { stage, share } => {
            let split = if step.for_each == ForEach::Once { 1 } else { targets.max(1) };
            median_of(preset, stage).scale(share / split as f64)
        }
    }
}

/// The median of a stage, between the knots of its table.
fn median_of(preset: &Preset, stage: Stage) -> SimDuration {
    const HALF: f64 = 0.5;
    let Some(table) = preset.tables.iter().find(|table| table.stage == stage) else {
        return SimDuration::ZERO;
    };
    let above = table.knots.iter().position(|(p, _)| *p >= HALF);
    let minutes = match above {
        None => table.knots.last().map_or(0.0, |(_, value)| *value),
        Some(0) => table.knots[0].1,
        Some(at) => {
            let ((p0, v0), (p1, v1)) = (table.knots[at - 1], table.knots[at]);
            let part = if p1 > p0 { (HALF - p0) / (p1 - p0) } else { 0.0 };
            v0 + part * (v1 - v0)
        }
    };
    SimDuration::from_minutes(1).scale(minutes * table.scale)
}

/// Whether a step changes the world, which a recording cannot show.
pub(super) fn changes_the_world(effect: StepEffect) -> bool {
    matches!(
        effect,
        StepEffect::Switch
            | StepEffect::WorkLocally
            | StepEffect::Replay
            | StepEffect::Preserve
            | StepEffect::Contain
            | StepEffect::Degrade
            | StepEffect::AutoRecover
            | StepEffect::Recover
            | StepEffect::HandOver
            | StepEffect::ActivateBackup
            | StepEffect::Backup
            | StepEffect::Restore
            | StepEffect::CheckData
            | StepEffect::RepairData
            | StepEffect::Verify
    )
}

/// Whether going back to an earlier version worked when it was really done.
pub(super) fn recorded_rollback(events: &[Event], on: &Ref) -> Option<bool> {
    events.iter().find_map(|event| match event.kind {
        K::Rollback { succeeded, .. } if event.about.iter().any(|a| a.name == on.name) => {
            Some(succeeded)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u32, minute: i64, kind: K, about: &str) -> Event {
        let at = SimTime::from_minute(minute);
        let about = vec![about.parse().unwrap()];
        Event { id, at, known_at: at, kind, about, by: None, uncertainty: None, note: None }
    }

    fn step(kind: u8) -> K {
        let (step, playbook, phase, attempt) = (Name::from("restart"), Name::from("p"), None, 1);
        match kind {
            0 => K::StepStarted { step, playbook, phase, attempt },
            1 => K::StepDone { step, playbook, phase, attempt },
            _ => K::StepFailed { step, playbook, phase, attempt },
        }
    }

    #[test]
    fn an_attempt_takes_and_ends_as_the_recorded_one_of_its_number() {
        let events = [
            event(1, 0, step(0), "service:a"),
            event(2, 1, step(0), "service:b"),
            event(3, 4, step(2), "service:a"),
            event(4, 10, step(0), "service:a"),
            event(5, 31, step(1), "service:b"),
            event(6, 12, step(1), "service:a"),
        ];
        let on = |name: &str| vec![name.parse().unwrap()];
        let id = Name::from("restart");
        let of = |about: &[Ref], attempt| recorded(&events, &id, about, attempt);
        let minutes = SimDuration::from_minutes;
        assert_eq!(of(&on("service:a"), 1), Some((minutes(4), true)));
        assert_eq!(of(&on("service:a"), 2), Some((minutes(2), false)));
        assert_eq!(of(&on("service:a"), 9), Some((minutes(2), false)), "as the last one");
        assert_eq!(of(&on("service:b"), 1), Some((minutes(30), false)));
        assert_eq!(of(&on("service:c"), 1), None);
        assert_eq!(recorded(&events, &Name::from("other"), &[], 1), None);
        let ended_only = [event(1, 4, step(1), "service:a")];
        assert_eq!(recorded(&ended_only, &id, &[], 1), None, "its beginning is unknown");
    }
}
