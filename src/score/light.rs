//! Scoring many trials: the same numbers as [`super::score`], without texts.

use super::card::MilestoneState;
use super::facts::{Facts, Span};
use super::plan::{ScorePlan, mark};
use super::reading::{self, Shown};
use super::severity;
use crate::timeline::Event;
use crate::units::SimDuration;

/// A milestone of one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialMark {
    /// Whether it was reached.
    pub state: MilestoneState,
    /// Since the fault began, or since the start of the record where no fault is known. For a
    /// milestone that was not reached: how long the record went on without it (right-censored).
    pub offset: Option<SimDuration>,
}

/// A measure of one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialValue {
    /// As in [`super::MeasureResult::value`].
    pub value: Option<SimDuration>,
    /// When its clock started, since the same instant as the milestones' offsets.
    pub from: Option<SimDuration>,
    /// Where its end was not reached: how long the record went on after its start.
    pub censored: Option<SimDuration>,
    /// Target that applied.
    pub target: Option<SimDuration>,
    /// Whether the target was met; `None` where it cannot be told.
    pub met: Option<bool>,
}

/// The numbers of one trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialScore {
    /// In canonical order.
    pub milestones: [TrialMark; 15],
    /// In the pack's order.
    pub measures: Vec<TrialValue>,
    /// Decisions that the pack's fallback took because its script failed.
    pub failed_decisions: u32,
    /// Pages, declarations and steps for which there was no reason.
    pub false_alarms: u32,
}

/// Scores one trial; `events` ascend by `(at, id)`. Gives the same values as [`super::score`].
pub fn trial_score(events: &[Event], span: Span, plan: &ScorePlan) -> TrialScore {
    let facts = Facts::read(events, span, plan);
    let origin = facts.marks[mark::FAULT_START].map_or(span.start, |mark| mark.at);
    let milestones = std::array::from_fn(|which| {
        let (state, _) = reading::state(&facts, which);
        let offset = match state {
            MilestoneState::Observed => facts.marks[which].map(|mark| mark.at - origin),
            MilestoneState::NotReached => Some(span.end - origin),
            MilestoneState::NotObservable => None,
        };
        TrialMark { state, offset }
    });
    let value = |measure| {
        let reading = reading::read(&facts, measure);
        let (value, censored) = match reading.shown {
            Shown::Value(value) => (Some(value), None),
            Shown::Censored(after) => (None, Some(after)),
            Shown::Missing(_) => (None, None),
        };
        let target = reading.target.map(|target| target.within);
        TrialValue {
            value,
            from: reading.from.map(|mark| mark.at - origin),
            censored,
            target,
            met: reading.met(),
        }
    };
    let correctness = severity::mistakes(&facts).count();
    TrialScore {
        milestones,
        measures: plan.measures.iter().map(value).collect(),
        failed_decisions: correctness.failed_decisions,
        false_alarms: correctness.false_alarms(),
    }
}
