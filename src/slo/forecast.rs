//! When the budget will be exhausted if things go on as they did lately.

use std::cmp::Ordering;

use super::exact::compare_products;
use super::history::slices_in;
use super::measure::{Denominator, Measured};
use super::reason::{Known, Reason};
use super::record::{Record, Share};
use crate::model::{BudgetingMethod, Period, SloSpec};
use crate::units::{SimDuration, SimTime};

/// The windows whose rates are carried on.
pub const FORECAST_BASES: [SimDuration; 3] =
    [SimDuration::from_hours(1), SimDuration::from_hours(6), SimDuration::from_hours(72)];

/// When the budget is exhausted at the rate of a basis.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Forecast {
    /// The window before the instant of evaluation whose mean slice is carried on.
    pub basis: SimDuration,
    /// End of the first slice at which nothing is left of the budget, from what remains of it now.
    pub exhausted_at: Known<SimTime>,
    /// Share of today's allowed bad ones that leaves a rolling window within one more basis, and
    /// so is budget that comes back; 0 in calendar periods.
    pub returned: Known<f64>,
}

/// The forecast at the rate of `basis`.
///
/// Each future slice is the mean of the covered slices of the basis. A rolling window moves on
/// with it: what it loses at its far end is budget that returns. A calendar period keeps what it
/// has until it ends. A slice ahead weighs in whole as one of the record does.
pub(super) fn forecast(
    spec: &SloSpec,
    record: &Record<'_>,
    now: &Measured,
    basis: SimDuration,
    denominator: Denominator,
) -> Forecast {
    Forecast {
        basis,
        exhausted_at: exhausted_at(spec, record, now, basis, denominator),
        returned: returned(spec, record, now, basis),
    }
}

fn returned(spec: &SloSpec, record: &Record<'_>, now: &Measured, basis: SimDuration) -> Known<f64> {
    let spent = now.spent(spec, Denominator::Elapsed)?;
    if spent.allowed <= 0 {
        return Err(Reason::NoBudget);
    }
    let Period::Rolling(_) = spec.period else { return Ok(0.0) };
    let count = slices_in(basis, record.slice_length());
    let whole = usize::try_from(now.share.slices).unwrap_or(usize::MAX);
    // The window's first slice may lie before the record; only what is in the record ages out.
    let begin = now.range.1 as i128 - whole as i128;
    let until = usize::try_from((begin + count as i128).max(0)).unwrap_or(now.range.1);
    let leaving = record.share(now.range.0, until.clamp(now.range.0, now.range.1), count);
    let (budget, target_whole) = spec.target.budget();
    let allowed = now.share.total() * budget as f64 / target_whole as f64;
    Ok(leaving.bad() / allowed)
}

fn exhausted_at(
    spec: &SloSpec,
    record: &Record<'_>,
    now: &Measured,
    basis: SimDuration,
    denominator: Denominator,
) -> Known<SimTime> {
    let spent = now.spent(spec, denominator)?;
    if spent.allowed <= 0 {
        return Err(Reason::NoBudget);
    }
    if spent.bad >= spent.allowed {
        return Err(Reason::AlreadyExhausted);
    }
    let count = slices_in(basis, record.slice_length());
    let recent = record.last(count, now.range.1);
    if recent.covered == 0 {
        return Err(Reason::NoData);
    }
    let (steps, never) = match spec.period {
        Period::Rolling(_) => (now.share.slices, Reason::NeverAtThisRate),
        Period::Calendar(_) => (now.full - now.share.slices, Reason::PeriodEndsFirst),
    };
    let ahead = Ahead::new(spec, now, recent, denominator);
    let found = ahead.first_exhausted(record, 1, steps);
    let step = found.ok_or(never)?;
    let last_end = record.events().time_of(record.grid.end_of(now.range.1).min(record.len()));
    Ok(last_end + record.slice_length() * step)
}

/// The window as it moves on.
struct Ahead {
    rolling: bool,
    whole: i64,
    now: Share,
    range: (usize, usize),
    recent: Share,
    budget: (u64, u64),
    /// Allowed slices or events of the whole period, in the units of `now`, where that is asked.
    fixed: Option<(i128, i128)>,
}

impl Ahead {
    fn new(spec: &SloSpec, now: &Measured, recent: Share, denominator: Denominator) -> Self {
        let share = now.share;
        let fixed = (denominator == Denominator::FullPeriod).then(|| match spec.method {
            BudgetingMethod::Occurrences => {
                (share.total.saturating_mul(now.full.into()), i128::from(share.covered))
            }
            _ => (share.unit.saturating_mul(now.full.into()), 1),
        });
        Self {
            rolling: matches!(spec.period, Period::Rolling(_)),
            whole: share.slices,
            now: share,
            range: now.range,
            recent,
            budget: spec.target.budget(),
            fixed,
        }
    }

    /// The first step from `from` to `to` at which nothing is left. Spans of steps in which the
    /// most that can be bad is too little for the least that can be allowed are passed over.
    fn first_exhausted(&self, record: &Record<'_>, from: i64, to: i64) -> Option<i64> {
        if from > to || self.is_never_exhausted(record, from, to) {
            return None;
        }
        if from == to {
            return self.is_exhausted(record, from).then_some(from);
        }
        let middle = from + (to - from) / 2;
        let first = self.first_exhausted(record, from, middle);
        first.or_else(|| self.first_exhausted(record, middle + 1, to))
    }

    /// What of the record is still in the window.
    fn kept(&self, record: &Record<'_>, step: i64) -> Share {
        if !self.rolling {
            return self.now;
        }
        let (_, to) = self.range;
        let begin = to as i128 - i128::from(self.whole) + i128::from(step);
        let from = usize::try_from(begin.max(0)).unwrap_or(to).min(to);
        record.share(from, to, to - from)
    }

    /// Whether it is certain that something is left at all steps from `from` to `to`: the window
    /// holds the most of the record at the first and the most of what is to come at the last.
    fn is_never_exhausted(&self, record: &Record<'_>, from: i64, to: i64) -> bool {
        let (most, least) = (self.kept(record, from), self.kept(record, to));
        if most.unit != least.unit {
            return false;
        }
        let (total, order) = self.bad_against_budget((most, to), (least, from));
        total > 0 && order == Ordering::Less
    }

    fn is_exhausted(&self, record: &Record<'_>, step: i64) -> bool {
        let kept = self.kept(record, step);
        let (total, order) = self.bad_against_budget((kept, step), (kept, step));
        total > 0 && order != Ordering::Less
    }

    /// What there is in all, and how the bad ones compare with what is allowed: bad ones of a
    /// window and a step, all ones of another window of the same unit and another step.
    fn bad_against_budget(&self, bad: (Share, i64), all: (Share, i64)) -> (i128, Ordering) {
        let unit = bad.0.unit;
        // kept / kept.unit + step * recent / (recent.unit * recent.covered), over one unit.
        let (kept_by, recent_by) = if unit == self.recent.unit {
            (i128::from(self.recent.covered), 1)
        } else {
            (self.recent.unit.saturating_mul(self.recent.covered.into()), unit)
        };
        let sum = |kept: i128, recent: i128, step: i64| {
            let ahead = recent.saturating_mul(recent_by).saturating_mul(step.into());
            kept.saturating_mul(kept_by).saturating_add(ahead)
        };
        let bad = sum(bad.0.bad, self.recent.bad, bad.1);
        let (budget, whole) = self.budget;
        match self.fixed {
            None => {
                let total = sum(all.0.total, self.recent.total, all.1);
                (total, compare_products(bad, whole, total, budget))
            }
            Some((total, parts)) => {
                let bad = bad.saturating_mul(parts);
                let total = total.saturating_mul(kept_by);
                // What is allowed is fixed, whatever there is.
                (1, compare_products(bad, whole, total, budget))
            }
        }
    }
}
