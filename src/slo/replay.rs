//! A fork: the record up to an instant, and what was pushed since.

use super::history::{Sum, WindowSum, slices_in, weigh};
use super::plan::Plan;
use super::rules::Sums;
use super::tier::TierState;
use crate::model::{AlertTransition, Slice};
use crate::units::{SimDuration, SimTime};

/// Replays the tiers of one SLO slice by slice, on top of a shared record. The record up to the
/// fork is what came before; memory grows with the pushed slices only.
#[derive(Debug, Clone)]
pub struct Replay<'h> {
    plan: &'h Plan,
    series: Series<'h>,
    states: Vec<TierState>,
    /// Last pushed slice (counted from 1 over the whole series) that is not the record's own.
    differs: usize,
}

/// The record's sums up to the fork, then those of the pushed slices.
#[derive(Debug, Clone)]
struct Series<'h> {
    record: &'h [Sum],
    tail: Vec<Sum>,
}

impl Series<'_> {
    /// Slices so far.
    fn len(&self) -> usize {
        self.record.len() - 1 + self.tail.len()
    }
}

impl Sums for Series<'_> {
    #[inline]
    fn at(&self, index: usize) -> Sum {
        match self.record.get(index) {
            Some(sum) => *sum,
            None => self.tail[index - self.record.len()],
        }
    }
}

impl<'h> Replay<'h> {
    /// A fork of `plan`'s record at `at`: what the record has after that instant is not in it.
    /// An instant between two slice ends counts as the earlier one.
    pub fn fork(plan: &'h Plan, at: SimTime) -> Self {
        let mut replay = Self {
            plan,
            series: Series { record: &[], tail: Vec::new() },
            states: Vec::new(),
            differs: 0,
        };
        replay.restart(at);
        replay
    }

    /// Forks again at `at`, keeping the memory.
    pub fn restart(&mut self, at: SimTime) {
        let slice = self.plan.history().index_of(at);
        self.series.record = &self.plan.history().sums()[..=slice];
        self.series.tail.clear();
        self.plan.states_at(slice, &mut self.states);
        self.differs = 0;
    }

    /// Adds the next closed slice and appends the transitions at its end to `out`, ascending by
    /// tier.
    pub fn push(&mut self, slice: Slice, out: &mut Vec<AlertTransition>) {
        self.push_weight(weigh(slice), out);
    }

    /// Adds the closed slice that ends at `end`. Slices left out since the last one are taken
    /// from the record, or were not measured where the record has ended.
    ///
    /// # Panics
    /// When `end` is not the end of a slice after the last one.
    pub fn push_at(&mut self, end: SimTime, slice: Slice, out: &mut Vec<AlertTransition>) {
        self.catch_up(end - self.plan.history().step(), out);
        let expected = self.now() + self.plan.history().step();
        assert!(
            end == expected,
            "a slice that ends at {end} follows one that ended at {}",
            self.now()
        );
        self.push(slice, out);
    }

    /// Goes on with the record's own slices up to `to`; those after its end were not measured.
    pub fn catch_up(&mut self, to: SimTime, out: &mut Vec<AlertTransition>) {
        let record = self.plan.history();
        while self.now() + record.step() <= to {
            let next = self.series.len() + 1;
            let weight = own_weight(record.sums(), next).unwrap_or_default();
            self.push_weight(weight, out);
        }
    }

    /// End of the last slice.
    pub fn now(&self) -> SimTime {
        self.plan.history().time_of(self.series.len())
    }

    /// Whether the caller may stop pushing the record's own slices until
    /// [`Replay::next_noise`], without changing any transition: no tier is pending or firing,
    /// and every slice inside any short window is the record's own.
    ///
    /// Why that is enough: a tier needs its long *and* its short window. From here on the short
    /// windows are exactly those of the record by itself, and where the record is quiet
    /// ([`Plan::is_quiet`]) none of them burns too fast, so no tier becomes active, whatever the
    /// long windows still hold. A freeze cannot matter to a tier that is inactive. Pushing goes
    /// on with [`Replay::push_at`], which fills the gap from the record.
    pub fn quiet_after(&self) -> bool {
        let since = self.series.len() - self.differs.min(self.series.len());
        let own = self.differs == 0 || since >= self.plan.rules().longest_short();
        own && self.states.iter().all(TierState::is_inactive)
    }

    /// The first slice end from now on at which the short window of some tier burns too fast in
    /// the record by itself; pushing must have gone on by then. `None` when there is none.
    pub fn next_noise(&self) -> Option<SimTime> {
        let next = self.plan.noise_after(self.series.len())?;
        Some(self.plan.history().time_of(next))
    }

    /// Whether tier `tier` is on.
    pub fn is_firing(&self, tier: usize) -> bool {
        self.states[tier].is_firing()
    }

    /// End of the first slice since which tier `tier` could not be judged without a break, for
    /// want of measured slices. It neither fires nor resolves meanwhile.
    pub fn frozen_since(&self, tier: usize) -> Option<SimTime> {
        let slice = self.states[tier].frozen_slice()?;
        Some(self.plan.history().time_of(slice))
    }

    /// The window of `span` that ends with the last slice.
    pub fn window(&self, span: SimDuration) -> WindowSum {
        let to = self.series.len();
        let slices = slices_in(span, self.plan.history().step());
        let from = to.saturating_sub(slices);
        WindowSum::new(self.series.at(to) - self.series.at(from), slices)
    }

    fn push_weight(&mut self, weight: Sum, out: &mut Vec<AlertTransition>) {
        let sum = self.series.at(self.series.len()) + weight;
        self.series.tail.push(sum);
        let at = self.series.len();
        let record = self.plan.history();
        if own_weight(record.sums(), at) != Some(weight) {
            self.differs = at;
        }
        let time_of = |index| record.time_of(index);
        self.plan.rules().walk(&self.series, (at, at), &mut self.states, time_of, out);
    }
}

/// What slice `index` weighs in the record; `None` after its end.
fn own_weight(sums: &[Sum], index: usize) -> Option<Sum> {
    Some(*sums.get(index)? - sums[index - 1])
}
