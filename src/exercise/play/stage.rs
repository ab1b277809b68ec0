//! What is played on: a drill under way, or a recording.

use super::super::once::Run;
use super::record::Record;
use super::shown::Unshown;
use crate::model::{Name, Pack, Ref, Scenario, System};
use crate::score::{self, Scorecard};
use crate::sim::{Act, Condition, Desk, Objection, RespondAct, StepAt};
use crate::timeline::{Event, Header, Known, Timeline};
use crate::units::SimTime;

/// What a game is about, for whoever puts it into words before there is a result.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The pack.
    pub pack: Pack,
    /// The system, where it is known.
    pub system: Option<System>,
    /// The scenario of a drill.
    pub scenario: Option<Scenario>,
    /// The header of what is played, without events.
    pub timeline: Timeline,
    /// The card of nothing at all.
    pub card: Scorecard,
}

impl Setting {
    /// The setting of a game.
    pub fn new(
        pack: &Pack,
        system: Option<&System>,
        scenario: Option<&Scenario>,
        header: &Header,
    ) -> Self {
        let timeline = Timeline { header: header.clone(), events: Vec::new() };
        let card = score::score(&timeline, pack, &[]);
        Self {
            pack: pack.clone(),
            system: system.cloned(),
            scenario: scenario.cloned(),
            timeline,
            card,
        }
    }
}

/// What is played on.
pub(super) enum Stage<'p, 'i> {
    /// A drill.
    Drill(Box<Run<'p, 'i>>),
    /// A recording.
    Record(Box<Record>),
}

impl Stage<'_, '_> {
    pub(super) fn next_at(&self) -> Option<SimTime> {
        match self {
            Self::Drill(run) => run.next_at(),
            Self::Record(record) => record.next_at(),
        }
    }

    /// Plays on to `to`, which is not after the next instant, or to the first output before.
    pub(super) fn turn(&mut self, to: SimTime) {
        match self {
            Self::Drill(run) => run.turn(to),
            Self::Record(record) => record.turn(to),
        }
    }

    pub(super) fn halt(&mut self, reason: &str) {
        match self {
            Self::Drill(run) => run.halt(reason),
            Self::Record(record) => record.halt(reason),
        }
    }

    /// How many events became known so far.
    pub(super) fn learned(&self) -> usize {
        match self {
            Self::Drill(run) => run.learned().len(),
            Self::Record(record) => record.learned().len(),
        }
    }

    /// The event that became known as the `n`th.
    pub(super) fn event(&self, n: usize) -> &Event {
        match self {
            Self::Drill(run) => &run.events()[run.learned()[n]],
            Self::Record(record) => &record.learned()[n],
        }
    }

    /// Events written so far, known or not.
    pub(super) fn written(&self) -> usize {
        match self {
            Self::Drill(run) => run.events().len(),
            Self::Record(record) => record.learned().len(),
        }
    }

    pub(super) fn known(&self) -> &Known {
        match self {
            Self::Drill(run) => run.known(),
            Self::Record(record) => record.known(),
        }
    }

    pub(super) fn desk(&mut self, role: &Name) -> Desk {
        let desk = match self {
            Self::Drill(run) => run.sim().desk(role),
            Self::Record(record) => Some(record.desk()),
        };
        desk.expect("invariant: a game is not begun for a role that does not exist")
    }

    /// Diagnoses of the person whose evidence is in.
    pub(super) fn diagnosed(&mut self) -> &[StepAt] {
        match self {
            Self::Drill(run) => run.sim().diagnosed(),
            Self::Record(record) => record.diagnosed(),
        }
    }

    /// How something fares to whoever tries it.
    pub(super) fn condition(&mut self, about: &Ref) -> Condition {
        match self {
            Self::Drill(run) => run.sim().condition(about),
            Self::Record(record) => record.condition(about),
        }
    }

    /// What could not be shown since this was asked last.
    pub(super) fn take_unshown(&mut self) -> Vec<Unshown> {
        match self {
            Self::Drill(_) => Vec::new(),
            Self::Record(record) => record.take_unshown(),
        }
    }

    pub(super) fn objection(&mut self, role: &Name, what: &RespondAct) -> Option<Objection> {
        match self {
            Self::Drill(run) => run.sim().objection(role, what),
            Self::Record(record) => record.objection(what),
        }
    }

    pub(super) fn act(&mut self, role: &Name, what: &RespondAct) {
        match self {
            Self::Drill(run) => {
                run.act(&Act::Respond { role: role.clone(), what: what.clone() });
            }
            Self::Record(record) => record.act(what),
        }
    }
}
