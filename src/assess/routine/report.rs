//! The results of a whole routine.

use super::outcome::{CheckState, Outcome};
use crate::model::{Check, Name, Routine, RoutineFile, Text};
use crate::units::{SimTime, Zone};

/// A check with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// The check.
    pub check: Check,
    /// The answer.
    pub outcome: Outcome,
}

/// The instants of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutineTimes {
    /// Of recorded data: their end, or what was asked for.
    pub data: Option<SimTime>,
    /// Of the machine: its clock, or what was asked for.
    pub machine: SimTime,
    /// Whether an instant was asked for.
    pub asked: bool,
    /// The zone they are shown in.
    pub zone: Zone,
}

/// A routine that was worked through.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutineReport {
    /// The pack.
    pub pack: Name,
    /// The pack's name for people.
    pub title: Text,
    /// The routine.
    pub routine: Routine,
    /// The results, in the order of the checks.
    pub results: Vec<CheckResult>,
    /// Its instants.
    pub times: RoutineTimes,
}

impl RoutineReport {
    /// The report on `routine` of `file`; `outcomes` are in the order of its checks.
    pub fn new(
        file: &RoutineFile,
        routine: &Routine,
        outcomes: Vec<Outcome>,
        times: RoutineTimes,
    ) -> Self {
        let checks = routine.checks.iter().cloned();
        let results = checks.zip(outcomes).map(|(check, outcome)| CheckResult { check, outcome });
        Self {
            pack: file.pack.clone(),
            title: file.title.clone(),
            routine: routine.clone(),
            results: results.collect(),
            times,
        }
    }

    /// How many results are in a state.
    pub fn count(&self, state: CheckState) -> usize {
        self.results.iter().filter(|result| result.outcome.state == state).count()
    }

    /// The worst state of all: one critical check makes the routine fail.
    pub fn overall(&self) -> CheckState {
        let states = self.results.iter().map(|result| result.outcome.state);
        states.max().unwrap_or(CheckState::Unknown)
    }

    /// Minutes planned for all checks, and for each owner in the order of the checks.
    pub fn planned(&self) -> (u32, Vec<(Option<Name>, u32)>) {
        let mut owners: Vec<(Option<Name>, u32)> = Vec::new();
        for Check { owner, minutes, .. } in self.results.iter().map(|result| &result.check) {
            if *minutes == 0 {
                continue;
            }
            match owners.iter_mut().find(|(known, _)| known == owner) {
                Some((_, sum)) => *sum += minutes,
                None => owners.push((owner.clone(), *minutes)),
            }
        }
        (owners.iter().map(|(_, minutes)| minutes).sum(), owners)
    }
}
