//! One SLO's budget window at one instant.

use std::cmp::Ordering;

use super::calendar::{PeriodBounds, period_at};
use super::cells::Cell;
use super::exact::quotient;
use super::history::slices_in;
use super::reason::{Known, Reason};
use super::record::{Record, Share};
use crate::model::{BudgetingMethod, Period, SloSpec};
use crate::units::SimTime;

/// What a budget is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// What has happened in the period so far.
    Elapsed,
    /// The whole period: under the slice methods all its slices; under occurrences its events,
    /// were the traffic even.
    FullPeriod,
}

/// Base slices of a window; they add up to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct SliceCounts {
    /// Without a bad event; under timeslices, with a ratio that meets the slice target.
    pub good: u64,
    /// The others that were measured.
    pub bad: u64,
    /// Measured without events where a method needs a ratio (under occurrences they are good).
    pub empty: u64,
    /// Left out by a correction.
    pub excluded: u64,
    /// Not measured, also before the record began.
    pub missing: u64,
    /// All slices of the window.
    pub total: u64,
}

/// The window of a budget, as far as it has elapsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) as_of: SimTime,
    pub(super) bounds: PeriodBounds,
    pub(super) share: Share,
    /// Judged slices.
    pub(super) range: (usize, usize),
    /// Base slices.
    pub(super) base: (usize, usize),
    /// Base slices of the window, also those before the record began.
    pub(super) base_whole: usize,
    /// Judged slices of the whole period.
    pub(super) full: i64,
}

/// A budget as exact integers: `bad` of `allowed`, in parts of an event or slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    pub(super) bad: i128,
    pub(super) allowed: i128,
    pub(super) unit: i128,
}

pub(super) fn measure(spec: &SloSpec, record: &Record<'_>, as_of: SimTime) -> Known<Measured> {
    let bounds = period_at(spec.period, as_of).ok_or(Reason::BeforeFirstPeriod)?;
    let end = record.events.index_of(as_of);
    match spec.period {
        Period::Rolling(length) => {
            let to = record.grid.closed(end);
            let count = slices_in(length, record.slice_length());
            let base_whole = slices_in(length, record.events.step());
            let share = record.last(count, to);
            Ok(Measured {
                as_of,
                bounds,
                share,
                range: (to.saturating_sub(count), to),
                base: (end.saturating_sub(base_whole), end),
                base_whole,
                full: share.slices,
            })
        }
        Period::Calendar(_) => {
            let share = record.between(bounds.from, as_of);
            let step = record.events.step().ms();
            let ticks = |at: SimTime| at.ms() - record.events.start().ms();
            // Base slices that lie wholly in the period so far, counted on their grid.
            let first = -(-ticks(bounds.from)).div_euclid(step);
            let last = ticks(as_of).div_euclid(step);
            let begin = usize::try_from(first.max(0)).unwrap_or(end).min(end);
            let base_whole = usize::try_from((last - first).max(0)).unwrap_or(0);
            Ok(Measured {
                as_of,
                bounds,
                share,
                range: record.range(bounds.from, as_of),
                base: (begin, end),
                base_whole,
                full: record.between(bounds.from, bounds.to).slices,
            })
        }
    }
}

impl Measured {
    /// Why there is no SLI.
    pub(super) fn reason(&self) -> Reason {
        if self.share.covered == 0 { Reason::NoData } else { Reason::NoEvents }
    }

    /// How the error ratio compares with the budget, exactly.
    pub(super) fn against_budget(&self, spec: &SloSpec, record: &Record<'_>) -> Option<Ordering> {
        let (budget, whole) = spec.target.budget();
        record.compare(self.range, &self.share, (whole, budget))
    }

    pub(super) fn sli(&self) -> Known<f64> {
        self.share.sli().ok_or(self.reason())
    }

    /// Bad and allowed over one unit. Sums too large for 128 bits lose their last digits.
    pub(super) fn spent(&self, spec: &SloSpec, denominator: Denominator) -> Known<Spent> {
        let share = &self.share;
        if share.total <= 0 {
            return Err(self.reason());
        }
        let (budget, whole) = spec.target.budget();
        let (mut parts, mut total, mut bad, mut unit) = (1, share.total, share.bad, share.unit);
        if denominator == Denominator::FullPeriod {
            match spec.method {
                BudgetingMethod::Occurrences => {
                    (parts, total) = (share.covered.into(), total.saturating_mul(self.full.into()));
                }
                _ => total = share.unit.saturating_mul(self.full.into()),
            }
        }
        let fits = |value: i128, by: i128| value.checked_mul(by).is_some();
        let by = i128::from(whole) * parts;
        while !fits(bad, by) || !fits(total, i128::from(budget)) || !fits(unit, by) {
            (bad, total, unit) = (bad >> 1, total >> 1, (unit >> 1).max(1));
        }
        Ok(Spent { bad: bad * by, allowed: total * i128::from(budget), unit: unit * by })
    }

    /// What the base slices of the window are.
    pub(super) fn slices(&self, record: &Record<'_>) -> SliceCounts {
        let total = u64::try_from(self.base_whole).unwrap_or(u64::MAX);
        let mut counts = SliceCounts { total, ..SliceCounts::default() };
        for cell in &record.cells[self.base.0..self.base.1] {
            match *cell {
                Cell::Missing => {}
                Cell::Left => counts.excluded += 1,
                Cell::Excused { .. } => counts.good += 1,
                Cell::Measured { good, total } => match record.method {
                    BudgetingMethod::Occurrences if good >= total => counts.good += 1,
                    BudgetingMethod::Occurrences => counts.bad += 1,
                    _ if total == 0 => counts.empty += 1,
                    _ if is_good(record.method, good, total) => counts.good += 1,
                    _ => counts.bad += 1,
                },
            }
        }
        let known = counts.good + counts.bad + counts.empty + counts.excluded;
        counts.missing = total.saturating_sub(known);
        counts
    }
}

impl Spent {
    /// Bad over allowed, rounded once; `None` when nothing is allowed.
    pub(super) fn consumed(&self) -> Known<f64> {
        if self.allowed > 0 { Ok(quotient(self.bad, self.allowed)) } else { Err(Reason::NoBudget) }
    }

    pub(super) fn remaining(&self) -> Known<f64> {
        let left = self.allowed - self.bad;
        if self.allowed > 0 { Ok(quotient(left, self.allowed)) } else { Err(Reason::NoBudget) }
    }
}

fn is_good(method: BudgetingMethod, good: u32, total: u32) -> bool {
    match method {
        BudgetingMethod::Timeslices { target, .. } => {
            u64::from(good) * target.den() >= u64::from(total) * target.num()
        }
        _ => good >= total,
    }
}
