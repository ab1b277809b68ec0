//! Prefix sums over a series of slices.

use std::ops::{Add, AddAssign, Sub};

use crate::model::{Slice, SliceBlock};
use crate::units::{SimDuration, SimTime};

/// What `slice` adds to the sums of events. A slice that was not measured adds nothing. More good
/// than all events gives a negative weight of bad ones: that is a mistake in the data, which
/// `lint` reports and nothing here hides by a clamp.
#[inline]
pub(super) fn weigh(slice: Slice) -> Sum {
    let present = i64::from(slice.present);
    let total = i64::from(slice.total);
    Sum { bad: (total - i64::from(slice.good)) * present, total: total * present, present }
}

/// Cumulated weights, or the difference of two of them. `bad` may be negative, see
/// [`weigh`]; 2^31 slices of 2^32 - 1 events fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) bad: i64,
    pub(super) total: i64,
    pub(super) present: i64,
}

impl Add for Sum {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self {
            bad: self.bad + other.bad,
            total: self.total + other.total,
            present: self.present + other.present,
        }
    }
}

impl AddAssign for Sum {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Sum {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self {
            bad: self.bad - other.bad,
            total: self.total - other.total,
            present: self.present - other.present,
        }
    }
}

/// What one window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSum {
    /// Bad events; negative only where the data claim more good events than events.
    pub bad: i64,
    /// All events.
    pub total: i64,
    /// Slices that were measured.
    pub measured: i64,
    /// Slices in the whole window, also those before the record began.
    pub slices: i64,
}

impl WindowSum {
    /// Good events.
    pub fn good(&self) -> i64 {
        self.total - self.bad
    }

    /// Share of the window that was measured, 0 to 1.
    pub fn coverage(&self) -> f64 {
        self.measured as f64 / self.slices as f64
    }

    /// Whether at least nine tenths of the window were measured.
    pub fn is_covered(&self) -> bool {
        self.measured >= coverage_floor(self.slices)
    }

    /// Good over all events; `None` when there were none.
    pub fn sli(&self) -> Option<f64> {
        (self.total > 0).then(|| self.good() as f64 / self.total as f64)
    }

    pub(super) fn new(sum: Sum, slices: usize) -> Self {
        Self {
            bad: sum.bad,
            total: sum.total,
            measured: sum.present,
            slices: i64::try_from(slices).unwrap_or(i64::MAX),
        }
    }
}

/// Fewest measured slices with which a window of `slices` is covered: 0.9 of it, rounded up.
pub(super) fn coverage_floor(slices: i64) -> i64 {
    slices - slices / 10
}

/// Slice ends in `(t - span, t]` on a grid of `step`: `span / step` rounded up, at least 1.
pub(super) fn slices_in(span: SimDuration, step: SimDuration) -> usize {
    usize::try_from(slices_after(span, step).max(1)).unwrap_or(usize::MAX)
}

/// Evaluations until at least `span` has passed; 0 when it is no time at all.
pub(super) fn slices_after(span: SimDuration, step: SimDuration) -> i64 {
    let (span, step) = (span.ms().max(0), step.ms());
    span / step + i64::from(span % step != 0)
}

/// # Panics
/// When the columns of `block` differ in length or its step is not positive.
pub(super) fn check_shape(block: &SliceBlock) {
    let lengths = (block.good.len(), block.total.len(), block.present.len());
    assert!(
        lengths.0 == lengths.1 && lengths.1 == lengths.2,
        "columns of a slice block differ in length: {lengths:?}"
    );
    assert!(block.step > SimDuration::ZERO, "slices of {} have no length", block.step);
}

/// The record of one series as cumulated sums: one entry per slice boundary, immutable, shared
/// by reference among all forks.
#[derive(Debug, Clone)]
pub struct History {
    start: SimTime,
    step: SimDuration,
    sums: Vec<Sum>,
}

impl History {
    /// Sums up the events of `block`; what was not measured adds nothing.
    ///
    /// # Panics
    /// When the columns of `block` differ in length or its step is not positive.
    pub fn new(block: &SliceBlock) -> Self {
        check_shape(block);
        let mut sums = Vec::with_capacity(block.good.len() + 1);
        let mut sum = Sum::default();
        sums.push(sum);
        let columns = block.good.iter().zip(&block.total).zip(&block.present);
        sums.extend(columns.map(|((&good, &total), &present)| {
            sum += weigh(Slice { good, total, present });
            sum
        }));
        Self { start: block.start, step: block.step, sums }
    }

    /// The record that cumulated sums make; the first of them is of no slice.
    pub(super) fn from_sums(start: SimTime, step: SimDuration, sums: Vec<Sum>) -> Self {
        Self { start, step, sums }
    }

    /// A record that begins at `start` and has nothing in it yet.
    pub fn empty(start: SimTime, step: SimDuration) -> Self {
        Self::new(&SliceBlock {
            start,
            step,
            good: Vec::new(),
            total: Vec::new(),
            present: Vec::new(),
        })
    }

    /// Start of the first slice.
    pub fn start(&self) -> SimTime {
        self.start
    }

    /// End of the last slice.
    pub fn end(&self) -> SimTime {
        self.time_of(self.len())
    }

    /// Length of a slice.
    pub fn step(&self) -> SimDuration {
        self.step
    }

    /// Number of slices.
    pub fn len(&self) -> usize {
        self.sums.len() - 1
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The window `(at - span, at]`. `at` between slice ends counts as the one before, and an
    /// instant after the end as the end.
    pub fn window(&self, span: SimDuration, at: SimTime) -> WindowSum {
        let to = self.index_of(at);
        let slices = slices_in(span, self.step);
        WindowSum::new(self.sums[to] - self.sums[to.saturating_sub(slices)], slices)
    }

    /// `sums()[i]` is the sum of the first `i` slices.
    pub(super) fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// Slices that have ended at `at`.
    pub(super) fn index_of(&self, at: SimTime) -> usize {
        let passed = (at - self.start).ms().div_euclid(self.step.ms());
        usize::try_from(passed.max(0)).map_or(self.len(), |index| index.min(self.len()))
    }

    /// End of slice `index`, counted from 1; the start of the record for 0.
    pub(super) fn time_of(&self, index: usize) -> SimTime {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.start + self.step * index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_divides_by_its_whole_length() {
        let history = History::new(&SliceBlock {
            start: SimTime::from_minute(100),
            step: SimDuration::from_minutes(1),
            good: vec![9, 0, 7],
            total: vec![10, 10, 7],
            present: vec![true, false, true],
        });
        let window = history.window(SimDuration::from_minutes(5), SimTime::from_minute(103));
        assert_eq!((window.bad, window.total, window.measured, window.slices), (1, 17, 2, 5));
        assert_eq!(window.coverage(), 0.4);
        let past = history.window(SimDuration::from_minutes(1), SimTime::from_minute(999));
        assert_eq!((past.bad, past.total), (0, 7));
        let before = history.window(SimDuration::from_minutes(1), SimTime::from_minute(0));
        assert_eq!((before.total, before.sli()), (0, None));
    }

    #[test]
    fn the_floor_is_nine_tenths_rounded_up() {
        let floors: Vec<i64> = [1, 2, 9, 10, 11, 60, 4320].map(coverage_floor).into();
        assert_eq!(floors, [1, 2, 9, 9, 10, 54, 3888]);
    }

    #[test]
    fn half_slices_count_as_slices() {
        let (minute, span) = (SimDuration::from_minutes(1), SimDuration::from_secs(90));
        assert_eq!((slices_in(span, minute), slices_after(span, minute)), (2, 2));
        let none = SimDuration::ZERO;
        assert_eq!((slices_in(none, minute), slices_after(none, minute)), (1, 0));
    }
}
