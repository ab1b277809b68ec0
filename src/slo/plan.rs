//! One SLO's tiers on one shared record.

use std::sync::Arc;

use super::history::History;
use super::rules::Rules;
use super::tier::TierState;
use crate::model::SloSpec;
use crate::units::SimTime;

/// Slices between two checkpoints: a fork replays at most so many (about 2 µs).
const CHECKPOINT_SLICES: usize = 64;

/// One SLO's tiers compiled for one record: built once, shared by every fork. It knows the state
/// of each tier anywhere in the record, and where the record is noisy by itself.
#[derive(Debug, Clone)]
pub struct Plan {
    history: Arc<History>,
    rules: Rules,
    /// States after every `CHECKPOINT_SLICES` slices, one row per checkpoint.
    checkpoints: Vec<TierState>,
    /// Runs of slices `first..=last` (counted from 1), ascending, in which the short window of
    /// some tier burns too fast.
    noise: Vec<(usize, usize)>,
}

impl Plan {
    /// Compiles `spec`, the SLO at index `slo` of its system, and replays `history` once.
    pub fn new(slo: usize, spec: &SloSpec, history: Arc<History>) -> Self {
        let rules = Rules::new(slo, spec, history.step());
        let mut plan =
            Self { checkpoints: Vec::new(), noise: noise(&rules, &history), rules, history };
        let mut states = vec![TierState::CALM; plan.rules.len()];
        for slice in (0..=plan.history.len()).step_by(CHECKPOINT_SLICES) {
            plan.run(slice.saturating_sub(CHECKPOINT_SLICES), slice, &mut states);
            plan.checkpoints.extend_from_slice(&states);
        }
        plan
    }

    /// The record.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether the record by itself never has the short window of any tier burning too fast at a
    /// slice end in `(from, to]`. Then nothing can fire there, because a tier needs both windows,
    /// however bad the long ones look. After the end of the record nothing is known: not quiet.
    pub fn is_quiet(&self, from: SimTime, to: SimTime) -> bool {
        let next = self.noise_after(self.history.index_of(from));
        to <= self.history.end() && next.is_none_or(|slice| self.history.time_of(slice) > to)
    }

    /// The first noisy slice after slice `index`.
    pub(super) fn noise_after(&self, index: usize) -> Option<usize> {
        let run = self.noise.partition_point(|(_, last)| *last <= index);
        self.noise.get(run).map(|(first, _)| (*first).max(index + 1))
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Writes the states after `slice` slices of the record to `states`.
    pub(super) fn states_at(&self, slice: usize, states: &mut Vec<TierState>) {
        let row = slice / CHECKPOINT_SLICES;
        let tiers = self.rules.len();
        states.clear();
        states.extend_from_slice(&self.checkpoints[row * tiers..(row + 1) * tiers]);
        self.run(row * CHECKPOINT_SLICES, slice, states);
    }

    fn run(&self, from: usize, to: usize, states: &mut [TierState]) {
        let history = &self.history;
        let time_of = |index| history.time_of(index);
        let mut dropped = Vec::new();
        self.rules.walk(history.sums(), (from + 1, to), states, time_of, &mut dropped);
    }
}

fn noise(rules: &Rules, history: &History) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let noisy = (1..=history.len()).filter(|at| rules.is_noisy(history.sums(), *at));
    for slice in noisy {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == slice => *last = slice,
            _ => runs.push((slice, slice)),
        }
    }
    runs
}
