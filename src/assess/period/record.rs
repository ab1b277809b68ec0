//! What the record of one SLO says about a span of time.

use super::change::{CLUSTER, Cluster};
use super::span::{PeriodKind, PeriodSpan};
use crate::model::SliceBlock;
use crate::slo::{Known, Reason, Record, Share};
use crate::units::{Objective, SimTime, Zone};

/// Targets that people choose, ascending.
const LADDER: [&str; 8] = ["0.9", "0.95", "0.98", "0.99", "0.995", "0.999", "0.9995", "0.9999"];

/// Hours that are listed as the costliest.
const MOST_COSTLY: usize = 5;

/// The service level within a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Good over all.
    pub sli: Known<f64>,
    /// Bad events or slices.
    pub bad: f64,
    /// All events or slices.
    pub total: f64,
    /// Share of the span that was measured.
    pub coverage: f64,
    /// Base slices that were not measured.
    pub missing: u64,
}

/// An hour that took much of a budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costly {
    /// Its begin.
    pub from: SimTime,
    /// Its end.
    pub to: SimTime,
    /// Bad events or slices.
    pub bad: f64,
    /// Of all events or slices.
    pub total: f64,
    /// Share of the budget of the SLO's period.
    pub cost: Known<f64>,
}

/// The target against what was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attainment {
    /// The highest usual target that each whole week of the record met; unknown without one, and
    /// where not even the lowest was met.
    pub suggested: Known<Objective>,
    /// The worst whole week.
    pub worst_week: Known<f64>,
    /// Whole weeks with a level.
    pub weeks: u32,
}

pub(super) fn level(record: &Record<'_>, block: &SliceBlock, from: SimTime, to: SimTime) -> Level {
    let share = record.between(from, to);
    Level {
        sli: share.sli().ok_or(reason(&share)),
        bad: share.bad(),
        total: share.total(),
        coverage: share.coverage(),
        missing: missing(block, from, to),
    }
}

fn reason(share: &Share) -> Reason {
    if share.coverage() > 0.0 { Reason::NoEvents } else { Reason::NoData }
}

/// Base slices that begin in the span and were not measured, also beyond the record.
fn missing(block: &SliceBlock, from: SimTime, to: SimTime) -> u64 {
    let step = block.step.ms();
    let first = -(-(from - block.start).ms()).div_euclid(step);
    let last = (to - block.start).ms().div_euclid(step);
    let wanted = u64::try_from((last - first).max(0)).unwrap_or(0);
    let index = |at: i64| usize::try_from(at.max(0)).unwrap_or(0).min(block.present.len());
    let have = &block.present[index(first).min(index(last))..index(last)];
    let measured = have.iter().filter(|present| **present).count();
    wanted.saturating_sub(u64::try_from(measured).unwrap_or(u64::MAX))
}

/// Bad and all, hour by hour.
pub(super) fn clusters(record: &Record<'_>, from: SimTime, to: SimTime) -> Vec<(SimTime, Cluster)> {
    let mut list = Vec::new();
    let mut at = from;
    while at < to {
        let end = (at + CLUSTER).min(to);
        let share = record.between(at, end);
        list.push((at, (share.bad(), share.total())));
        at = end;
    }
    list
}

/// The hours with the most bad, the earlier of equal ones first.
pub(super) fn costliest(
    hours: &[(SimTime, Cluster)],
    to: SimTime,
    allowed: Known<f64>,
) -> Vec<Costly> {
    let mut worst: Vec<Costly> = hours
        .iter()
        .filter(|(_, (bad, _))| *bad > 0.0)
        .map(|(from, (bad, total))| Costly {
            from: *from,
            to: (*from + CLUSTER).min(to),
            bad: *bad,
            total: *total,
            cost: cost(*bad, allowed),
        })
        .collect();
    worst.sort_by(|a, b| b.bad.total_cmp(&a.bad).then(a.from.cmp(&b.from)));
    worst.truncate(MOST_COSTLY);
    worst
}

/// Bad ones as a share of those allowed.
pub(super) fn cost(bad: f64, allowed: Known<f64>) -> Known<f64> {
    let allowed = allowed?;
    if allowed > 0.0 { Ok(bad / allowed) } else { Err(Reason::NoBudget) }
}

/// What each whole week of the record reached.
pub(super) fn attainment(record: &Record<'_>, block: &SliceBlock, zone: Zone) -> Attainment {
    let mut ladder: Vec<Objective> =
        LADDER.iter().filter_map(|target| target.parse().ok()).collect();
    let (mut worst, mut weeks) = (f64::INFINITY, 0u32);
    let mut week = PeriodKind::Weekly.around(block.start, zone);
    while let Some(span) = week.filter(|span| span.to <= record.end()) {
        if let Some(sli) = whole(record, &span, block) {
            weeks += 1;
            worst = worst.min(sli);
            let share = record.between(span.from, span.to);
            ladder.retain(|target| share.meets(*target) == Some(true));
        }
        week = span.after();
    }
    let found = if weeks == 0 { Err(Reason::RecordTooShort) } else { Ok(worst) };
    let suggested = found.and_then(|_| ladder.last().copied().ok_or(Reason::NotReached));
    Attainment { suggested, worst_week: found, weeks }
}

fn whole(record: &Record<'_>, span: &PeriodSpan, block: &SliceBlock) -> Option<f64> {
    let share = record.between(span.from, span.to);
    let inside = span.from >= block.start;
    share.sli().filter(|_| inside && share.is_covered())
}
