//! Steady slices of every SLO around a drill, shared by all trials.
//!
//! Good and bad events of a minute are independent Poisson draws (thinning), one stream per SLO
//! and UTC day, named by the system. So a slice at an absolute minute is always the same,
//! whatever range is drawn; only the past incident, see [`Baseline::draw`], lies where the range
//! begins.

use super::curve::CurveCursor;
use super::plan::Net;
use super::poisson::PoissonTable;
use crate::model::{Slice, SliceBlock, System};
use crate::sim::rng::{StreamName, Streams};
use crate::units::{Seed, SimDuration, SimTime};

const STEP: SimDuration = SimDuration::from_minutes(1);
const DAY_MINUTES: i64 = 1440;
/// History before the start.
const HISTORY: SimDuration = SimDuration::from_hours(30 * 24);
/// Slices after ENDEX, so that short windows can close.
const AFTER: SimDuration = SimDuration::from_hours(6);
/// The past incident lies at most this long before the start, beyond every alert window.
const PAST: SimDuration = SimDuration::from_hours(12 * 24);
/// Mean share of bad events during the past incident; its peak is half as much again.
const PAST_BAD_SHARE: f64 = 0.4;
/// The past incident is not shorter than this.
const PAST_MINUTES_MIN: usize = 60;

/// Steady slices of every SLO around the drill: 30 days before and the time after.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// One block per SLO, in the system's order: 1-minute slices, ascending, without gaps.
    pub blocks: Vec<SliceBlock>,
}

impl Baseline {
    /// Draws the steady slices of `system` from `start` - 30 days to `start` + `endex` + 6 h,
    /// whole minutes. They depend on the system alone, not on a run's seed, so all trials share
    /// them; for trials with different starts, `start` is the earliest and `endex` reaches to
    /// the end of the last. Where the system states a budget already spent, a past incident 12
    /// days before `start` makes the bad events of each SLO's window that share of its budget.
    pub fn draw(system: &System, start: SimTime, endex: SimDuration) -> Self {
        let slo = |slo| Self::draw_slo(system, slo, start, endex);
        Self { blocks: (0..system.slos.len()).map(slo).collect() }
    }

    /// The block of one SLO, so that callers may draw several at a time.
    ///
    /// # Panics
    /// When the system has no SLO of that index.
    pub fn draw_slo(system: &System, slo: usize, start: SimTime, endex: SimDuration) -> SliceBlock {
        let from = (start - HISTORY).minute();
        let to = (start + endex + AFTER).minute() + 1;
        let mut block = steady(system, slo, from, to);
        add_past_incident(system, slo, start, &mut block);
        block
    }

    /// The slice of SLO `slo` that starts at `start`; `None` outside the range drawn.
    pub(super) fn slice(&self, slo: usize, start: SimTime) -> Option<Slice> {
        let block = self.blocks.get(slo)?;
        let index = usize::try_from(start.minute() - block.start.minute()).ok()?;
        Some(Slice {
            good: *block.good.get(index)?,
            total: *block.total.get(index)?,
            present: *block.present.get(index)?,
        })
    }
}

/// Good and bad draws of each local hour.
struct Hour {
    good: PoissonTable,
    bad: PoissonTable,
}

fn steady(system: &System, slo: usize, from: i64, to: i64) -> SliceBlock {
    let net = Net::new(system, &[], &[]);
    let node = &net.slos[slo];
    let rate = net.services[node.service].steady_load;
    let hour = |factor: &f64| Hour {
        good: PoissonTable::new(rate * factor * node.steady),
        bad: PoissonTable::new(rate * factor * (1.0 - node.steady)),
    };
    let hours: Vec<Hour> = net.curve.hours().iter().map(hour).collect();
    let streams = Streams::new(Seed(0));
    let series = StreamName::of(&format!("baseline:{}/{}", system.name, node.name));
    let minutes = usize::try_from(to - from).unwrap_or(0);
    let mut block = SliceBlock {
        start: SimTime::from_minute(from),
        step: STEP,
        good: Vec::with_capacity(minutes),
        total: Vec::with_capacity(minutes),
        present: vec![true; minutes],
    };
    let mut cursor = CurveCursor::default();
    for day in from.div_euclid(DAY_MINUTES)..=(to - 1).div_euclid(DAY_MINUTES) {
        let mut stream = streams.stream(series.nth(day as u64));
        for minute in day * DAY_MINUTES..((day + 1) * DAY_MINUTES).min(to) {
            let (first, second) = (stream.bits(), stream.bits());
            if minute < from {
                continue;
            }
            let hour = &hours[cursor.hour(&net.curve, minute)];
            let good = hour.good.draw(first);
            block.good.push(good);
            block.total.push(good.saturating_add(hour.bad.draw(second)));
        }
    }
    block
}

/// Turns good events into bad ones, in the shape of a parabola, until the window before `start`
/// holds the bad events that the system states.
fn add_past_incident(system: &System, slo: usize, start: SimTime, block: &mut SliceBlock) {
    let spec = &system.slos[slo].spec;
    let spent = system.budget_spent_at_start.clamp(0.0, 1.0);
    let end = usize::try_from(start.minute() - block.start.minute()).unwrap_or(0);
    let window = usize::try_from(spec.period.nominal().ms() / STEP.ms()).unwrap_or(0).min(end);
    let sum = |values: &[u32]| values.iter().map(|v| u64::from(*v)).sum::<u64>();
    let (good, total) = (sum(&block.good[end - window..end]), sum(&block.total[end - window..end]));
    let (budget, of) = spec.target.budget();
    let wanted = spent * total as f64 * budget as f64 / of as f64;
    let missing = (wanted - (total - good) as f64).round();
    if missing < 1.0 || window == 0 {
        return;
    }
    let mean = good as f64 / window as f64;
    let length = (missing / (mean * PAST_BAD_SHARE).max(1e-9)).ceil() as usize;
    let length = length.max(PAST_MINUTES_MIN).min(window / 2);
    let back = usize::try_from(PAST.ms() / STEP.ms()).unwrap_or(0).min(window * 2 / 5);
    let first = (end - back).saturating_sub(length / 2).max(end - window);
    let (mut converted, mut planned) = (0u64, 0.0);
    for i in 0..length {
        let at = (i as f64 + 0.5) / length as f64;
        planned += missing * 6.0 * at * (1.0 - at) / length as f64;
        let whole = if i + 1 == length { missing } else { planned.round() };
        let good = &mut block.good[first + i];
        let bad = (whole as u64).saturating_sub(converted).min(u64::from(*good));
        *good -= bad as u32;
        converted += bad;
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_minute_is_the_same_whatever_range_is_drawn() {
        let mut system = fixture::system();
        system.budget_spent_at_start = 0.0;
        let start = fixture::start();
        let first = Baseline::draw(&system, start, SimDuration::from_hours(4));
        let later = start + SimDuration::from_minutes(77);
        let second = Baseline::draw(&system, later, SimDuration::from_hours(9));
        for (slo, block) in first.blocks.iter().enumerate() {
            assert_eq!(block.good.len(), (30 * 24 + 10) * 60 + 1);
            let shared = block.good.len() - 77;
            assert_eq!(block.good[77..], second.blocks[slo].good[..shared]);
            assert_eq!(block.total[77..], second.blocks[slo].total[..shared]);
        }
    }

    #[test]
    fn the_stated_budget_is_spent_and_no_alert_window_sees_it() {
        let mut system = fixture::system();
        system.budget_spent_at_start = 0.4;
        let start = fixture::start();
        let baseline = Baseline::draw(&system, start, SimDuration::from_hours(1));
        for (spec, block) in system.slos.iter().map(|slo| &slo.spec).zip(&baseline.blocks) {
            let end = (start.minute() - block.start.minute()) as usize;
            let bad = |from: usize| {
                (from..end).map(|i| u64::from(block.total[i] - block.good[i])).sum::<u64>() as f64
            };
            let total: u64 = block.total[..end].iter().map(|t| u64::from(*t)).sum();
            let (budget, of) = spec.target.budget();
            let allowed = total as f64 * budget as f64 / of as f64;
            assert!((bad(0) / allowed - 0.4).abs() < 0.001, "{}: {}", spec.name, bad(0) / allowed);
            let three_days = bad(end - 3 * 1440) / (allowed / 10.0);
            assert!(three_days < 0.9, "{}: {three_days}", spec.name);
            assert!(block.good.iter().zip(&block.total).all(|(good, total)| good <= total));
        }
    }
}
