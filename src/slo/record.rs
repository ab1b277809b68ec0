//! The record of one SLO under its own method: any window of it as one difference.

use std::cmp::Ordering;

use super::cells::{Cell, Grid, Judged, cells, judge};
use super::exact::{compare_products, compare_sum, quotient};
use super::history::{History, Sum, check_shape};
use super::tier::Threshold;
use crate::model::{BudgetingMethod, Corrected, NoData, SliceBlock, SloSpec};
use crate::units::{Objective, SimDuration, SimTime};

/// The unit of the fixed-point sums of ratios. Ratios over round totals (any product of these
/// primes up to these powers) are exact in it.
const UNIT: i128 = (1 << 16) * 3i128.pow(4) * 5i128.pow(8) * 7i128.pow(2) * 11 * 13 * 17 * 19 * 23;

/// Cumulated ratios of slices. `bad` is in `UNIT`s, rounded down in so many slices as `inexact`
/// says; 2^31 slices fit.
#[derive(Debug, Clone, Copy, Default)]
struct RatioSum {
    bad: i128,
    slices: i64,
    covered: i64,
    inexact: i64,
}

/// What is cumulated, one entry per boundary of the judged slices.
#[derive(Debug, Clone)]
enum Sums {
    /// Integer weights: of events, or 1 per slice.
    Weights(Vec<Sum>),
    /// Events, and how many slices were missing, each of which weighs as much as a measured one
    /// and is all good or all bad.
    Filled { sums: Vec<Sum>, missing: Vec<u32>, bad: i64 },
    /// Ratios of slices.
    Ratios { sums: Vec<RatioSum>, slices: Vec<Judged> },
}

/// What a window holds under the SLO's method: `bad / total` is its error ratio, exact but for
/// `slack`; `bad / unit` and `total / unit` are events or slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Bad weight; the true one is below `bad + slack`, and above `bad` if there is slack.
    pub(super) bad: i128,
    /// All weight; 0 when the ratio is undefined.
    pub(super) total: i128,
    /// What one event or slice weighs.
    pub(super) unit: i128,
    pub(super) slack: i128,
    /// Slices that count as covered.
    pub(super) covered: i64,
    /// Slices of the whole window, also those before the record began.
    pub(super) slices: i64,
}

impl Share {
    /// Bad over all, rounded once; `None` when there is nothing to divide by.
    pub fn error_ratio(&self) -> Option<f64> {
        (self.total > 0).then(|| quotient(self.bad, self.total))
    }

    /// The SLI, rounded once.
    pub fn sli(&self) -> Option<f64> {
        (self.total > 0).then(|| quotient(self.total - self.bad, self.total))
    }

    /// Whether it meets `target`; `None` when the ratio is undefined. Exact but for `slack`, which
    /// counts as bad.
    pub fn meets(&self, target: Objective) -> Option<bool> {
        let (budget, whole) = target.budget();
        let bad = self.bad + self.slack;
        let found = compare_products(bad, whole, self.total, budget);
        (self.total > 0).then_some(found != Ordering::Greater)
    }

    /// Bad events or slices.
    pub fn bad(&self) -> f64 {
        quotient(self.bad, self.unit)
    }

    /// Events or slices with a ratio.
    pub fn total(&self) -> f64 {
        quotient(self.total, self.unit)
    }

    /// Share of the window that is covered, 0 to 1.
    pub fn coverage(&self) -> f64 {
        if self.slices == 0 { 0.0 } else { self.covered as f64 / self.slices as f64 }
    }

    /// Whether at least nine tenths of the window are covered.
    pub fn is_covered(&self) -> bool {
        self.slices > 0 && self.covered >= super::history::coverage_floor(self.slices)
    }
}

/// A series of slices under the method, the policy on missing data and the corrections of one
/// SLO. Windows are ranges of the slices that the method judges.
#[derive(Debug, Clone)]
pub struct Record<'b> {
    pub(super) block: &'b SliceBlock,
    pub(super) method: BudgetingMethod,
    pub(super) grid: Grid,
    pub(super) cells: Vec<Cell>,
    /// Events measured, after corrections: what is left out or missing adds nothing.
    pub(super) events: History,
    sums: Sums,
    /// Whether no slice claims more good events than events, so that sums only grow.
    pub(super) ascends: bool,
}

impl<'b> Record<'b> {
    /// Cumulates `block` as `spec` judges it; `corrections` ascend by begin.
    ///
    /// # Panics
    /// When the columns of `block` differ in length or its step is not positive.
    pub fn new(spec: &SloSpec, block: &'b SliceBlock, corrections: &[Corrected]) -> Self {
        check_shape(block);
        let cells = cells(block, corrections);
        let grid = Grid::new(block, spec.method);
        let events = event_sums(&cells);
        let sums = match (spec.method, spec.no_data) {
            (BudgetingMethod::Occurrences, NoData::Gap) => Sums::Weights(events.clone()),
            (BudgetingMethod::Occurrences, NoData::Hold) => Sums::Weights(held_sums(&cells)),
            (BudgetingMethod::Occurrences, policy) => filled(&cells, policy),
            (BudgetingMethod::Timeslices { target, .. }, policy) => {
                Sums::Weights(slice_sums(&judge(&cells, grid, policy), target))
            }
            (BudgetingMethod::RatioTimeslices { .. }, policy) => {
                let slices = judge(&cells, grid, policy);
                Sums::Ratios { sums: ratio_sums(&slices), slices }
            }
        };
        let ascends = block.good.iter().zip(&block.total).all(|(good, total)| good <= total);
        Self {
            block,
            method: spec.method,
            grid,
            cells,
            events: History::from_sums(block.start, block.step, events),
            sums,
            ascends,
        }
    }

    /// Number of base slices.
    pub fn len(&self) -> usize {
        self.block.good.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events measured, after corrections.
    pub fn events(&self) -> &History {
        &self.events
    }

    /// End of the last slice.
    pub fn end(&self) -> SimTime {
        self.events.end()
    }

    /// Length of a slice that the method judges.
    pub fn slice_length(&self) -> SimDuration {
        self.grid.length(self.block.step)
    }

    /// The window of `span` that ends with the last judged slice over at `at`.
    pub fn window(&self, span: SimDuration, at: SimTime) -> Share {
        let to = self.grid.closed(self.events.index_of(at));
        self.last(super::history::slices_in(span, self.slice_length()), to)
    }

    /// The judged slices that lie wholly in `(from, to]`; the window is as long as that even where
    /// the record is not.
    pub fn between(&self, from: SimTime, to: SimTime) -> Share {
        let (first, last) = self.range(from, to);
        let length = self.slice_length().ms();
        // Counted on the grid, which goes on before and after the record.
        let origin = self.events.time_of(self.grid.first).ms();
        let begun = -(origin - from.ms()).div_euclid(length);
        let closed = (to.ms() - origin).div_euclid(length);
        let whole = usize::try_from((closed - begun).max(0)).unwrap_or(usize::MAX);
        self.share(first.min(last), last, whole)
    }

    /// The judged slices in `(from, to]` as `first..last`.
    pub(super) fn range(&self, from: SimTime, to: SimTime) -> (usize, usize) {
        let step = self.block.step.ms();
        let begin = (from - self.block.start).ms().max(0);
        let begin = usize::try_from(begin / step + i64::from(begin % step != 0));
        let begin = begin.map_or(self.len(), |begin| begin.min(self.len()));
        let last = self.grid.closed(self.events.index_of(to));
        (self.grid.begun(begin).min(last), last)
    }

    /// The last `count` judged slices before boundary `to`.
    pub(super) fn last(&self, count: usize, to: usize) -> Share {
        self.share(to.saturating_sub(count), to, count)
    }

    /// The judged slices `from..to`, of a window of `whole`.
    pub(super) fn share(&self, from: usize, to: usize, whole: usize) -> Share {
        let slices = i64::try_from(whole).unwrap_or(i64::MAX);
        let mut share = Share { bad: 0, total: 0, unit: 1, slack: 0, covered: 0, slices };
        match &self.sums {
            Sums::Weights(sums) => {
                let sum = sums[to] - sums[from];
                share.bad = sum.bad.into();
                share.total = sum.total.into();
                share.covered = sum.present;
            }
            Sums::Filled { sums, missing, bad } => {
                let sum = sums[to] - sums[from];
                let missing = i64::from(missing[to] - missing[from]);
                share.covered = i64::try_from(to - from).unwrap_or(i64::MAX);
                share = filled_share(share, sum, missing, *bad);
            }
            Sums::Ratios { sums, .. } => {
                let (start, end) = (sums[from], sums[to]);
                share.bad = end.bad - start.bad;
                share.total = i128::from(end.slices - start.slices) * UNIT;
                share.unit = UNIT;
                share.slack = i128::from(end.inexact - start.inexact);
                share.covered = end.covered - start.covered;
            }
        }
        share
    }

    /// How `bad / total` of the slices `from..to` compares with `limit / scale`, exactly; `None`
    /// when it is undefined.
    pub(super) fn compare(
        &self,
        (from, to): (usize, usize),
        share: &Share,
        (scale, limit): (u64, u64),
    ) -> Option<Ordering> {
        if share.total <= 0 {
            return None;
        }
        let with = |bad: i128| compare_products(bad, scale, share.total, limit);
        let low = with(share.bad);
        if share.slack == 0 {
            return Some(low);
        }
        if low != Ordering::Less {
            return Some(Ordering::Greater);
        }
        if with(share.bad + share.slack) != Ordering::Greater {
            return Some(Ordering::Less);
        }
        let Sums::Ratios { slices, .. } = &self.sums else {
            return Some(low);
        };
        let rest = slices[from..to].iter().filter(|slice| !ratio(slice).1);
        let rounded: i128 = rest.clone().map(|slice| ratio(slice).0).sum();
        let parts = rest.map(|slice| (i128::from(slice.bad), slice.total));
        let count = (share.total / UNIT).unsigned_abs();
        Some(compare_sum((share.bad - rounded, UNIT.unsigned_abs()), parts, (count, limit, scale)))
    }

    /// Whether the slices `from..to` are beyond `threshold`.
    pub(super) fn passes(
        &self,
        range: (usize, usize),
        share: &Share,
        threshold: Threshold,
    ) -> bool {
        let found = self.compare(range, share, (threshold.scale, threshold.limit));
        found.is_some_and(|ordering| threshold.is_passed(ordering))
    }

    /// Whether base slices are judged one by one and what they weigh just adds up, so that a longer
    /// window never holds less.
    pub(super) fn adds_up(&self) -> bool {
        self.ascends && self.grid.per == 1 && !matches!(self.sums, Sums::Filled { .. })
    }

    /// The cumulated weights, when judged slices are base slices with plain weights.
    pub(super) fn weights(&self) -> Option<&[Sum]> {
        match &self.sums {
            Sums::Weights(sums) if self.grid.per == 1 => Some(sums),
            _ => None,
        }
    }
}

/// Missing slices as average ones: with `m` measured slices, each missing one stands for
/// `total / m` events, so that the error ratio is `c * known + (1 - c) * (0 or 1)`, where `c` is
/// the share of slices with data. Weights are in parts of `1 / m` event. A known part without
/// events leaves the whole undefined; without a known part the slices weigh 1 each.
fn filled_share(share: Share, sum: Sum, missing: i64, bad: i64) -> Share {
    if sum.present == 0 {
        return Share { bad: (missing * bad).into(), total: missing.into(), ..share };
    }
    let (known, missing) = (i128::from(sum.present), i128::from(missing));
    let (total, unit) = (i128::from(sum.total), known);
    Share {
        bad: known * i128::from(sum.bad) + missing * i128::from(bad) * total,
        total: (known + missing) * total,
        unit,
        ..share
    }
}

fn cumulate<T: Copy>(first: T, values: impl Iterator<Item = T>, add: impl Fn(T, T) -> T) -> Vec<T> {
    let mut sums = Vec::with_capacity(values.size_hint().0 + 1);
    sums.push(first);
    let mut sum = first;
    sums.extend(values.map(|value| {
        sum = add(sum, value);
        sum
    }));
    sums
}

fn events_of(cell: &Cell) -> Sum {
    match *cell {
        Cell::Measured { good, total } => {
            let (good, total) = (i64::from(good), i64::from(total));
            Sum { bad: total - good, total, present: 1 }
        }
        Cell::Missing => Sum::default(),
        Cell::Left => Sum { bad: 0, total: 0, present: 1 },
        Cell::Excused { total } => Sum { bad: 0, total: total.into(), present: 1 },
    }
}

fn event_sums(cells: &[Cell]) -> Vec<Sum> {
    cumulate(Sum::default(), cells.iter().map(events_of), |a, b| a + b)
}

/// A missing slice is the last measured one again.
fn held_sums(cells: &[Cell]) -> Vec<Sum> {
    let mut held = Sum::default();
    let weights = cells.iter().map(|cell| match cell {
        Cell::Missing => held,
        Cell::Measured { .. } => {
            held = events_of(cell);
            held
        }
        Cell::Left | Cell::Excused { .. } => events_of(cell),
    });
    cumulate(Sum::default(), weights, |a, b| a + b)
}

fn filled(cells: &[Cell], policy: NoData) -> Sums {
    // What is left out, or good without any event, is not known to be anything: it has no weight.
    let known = cells.iter().map(|cell| match cell {
        Cell::Left | Cell::Excused { total: 0 } => Sum::default(),
        _ => events_of(cell),
    });
    let missing = cells.iter().map(|cell| u32::from(*cell == Cell::Missing));
    Sums::Filled {
        sums: cumulate(Sum::default(), known, |a, b| a + b),
        missing: cumulate(0, missing, |a, b| a + b),
        bad: i64::from(policy == NoData::Bad),
    }
}

fn slice_sums(slices: &[Judged], target: Objective) -> Vec<Sum> {
    let (num, den) = (target.num() as i64, target.den() as i64);
    let weights = slices.iter().map(|slice| {
        let is_bad = match u32::try_from(slice.total) {
            // Up to 2^32 events times 10^9 fit 64 bits.
            Ok(total) if slice.bad >= 0 => {
                (i64::from(total) - slice.bad) * den < i64::from(total) * num
            }
            _ => {
                let total = i128::from(slice.total);
                (total - i128::from(slice.bad)) * i128::from(den) < total * i128::from(num)
            }
        };
        Sum {
            bad: i64::from(is_bad),
            total: i64::from(slice.total > 0),
            present: i64::from(slice.covered),
        }
    });
    cumulate(Sum::default(), weights, |a, b| a + b)
}

fn ratio_sums(slices: &[Judged]) -> Vec<RatioSum> {
    let weights = slices.iter().map(|slice| {
        let (bad, is_exact) = ratio(slice);
        RatioSum {
            bad,
            slices: i64::from(slice.total > 0),
            covered: i64::from(slice.covered),
            inexact: i64::from(!is_exact),
        }
    });
    cumulate(RatioSum::default(), weights, |a, b| RatioSum {
        bad: a.bad + b.bad,
        slices: a.slices + b.slices,
        covered: a.covered + b.covered,
        inexact: a.inexact + b.inexact,
    })
}

/// The ratio of `slice` in `UNIT`s, rounded down, and whether it is exactly that.
fn ratio(slice: &Judged) -> (i128, bool) {
    if slice.bad == 0 || slice.total == 0 {
        return (0, true);
    }
    let (bad, total) = (i128::from(slice.bad) * UNIT, i128::from(slice.total));
    let rounded = bad.div_euclid(total);
    (rounded, rounded * total == bad)
}
