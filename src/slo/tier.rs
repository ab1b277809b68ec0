//! One alert tier: its exact threshold and its state machine.

use super::history::{Sum, WindowSum, coverage_floor, slices_after, slices_in};
use crate::model::{AlertState, AlertTransition, Governed, SloSpec, Tier};
use crate::units::{BurnRate, Objective, SimDuration, SimTime};

/// Cumulated sums addressed by slice boundary, wherever they lie.
pub(super) trait Sums {
    /// The sum of the first `index` slices.
    fn at(&self, index: usize) -> Sum;
}

impl Sums for [Sum] {
    #[inline]
    fn at(&self, index: usize) -> Sum {
        self[index]
    }
}

/// What one evaluation says about a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Enough was measured to judge.
    pub(super) covered: bool,
    /// Both windows burn faster than the factor.
    pub(super) burning: bool,
}

/// A tier with windows in slices and its threshold as two integers: a window burns too fast when
/// `bad * scale > total * limit`, which is `bad / total > factor * (1 - target)` without rounding.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompiledTier {
    long: usize,
    short: usize,
    floor: i64,
    scale: i64,
    limit: i64,
    hold: u32,
    keep: u32,
}

impl CompiledTier {
    fn new(tier: &Tier, target: Objective, step: SimDuration) -> Self {
        let (long, short) = (slices_in(tier.long, step), slices_in(tier.short, step));
        let (scale, limit) = threshold(target, tier.factor);
        let clock = |span| u32::try_from(slices_after(span, step)).unwrap_or(u32::MAX);
        Self {
            long,
            short,
            floor: coverage_floor(i64::try_from(long).unwrap_or(i64::MAX)),
            scale,
            limit,
            hold: clock(tier.hold_for),
            keep: clock(tier.keep_firing_for),
        }
    }

    /// Whether products of the largest possible window fit 64 bits. `limit < scale` or the tier
    /// is impossible, so `total * scale` bounds both sides.
    fn fits_narrow(&self) -> bool {
        let slices = i128::try_from(self.long.max(self.short)).unwrap_or(i128::MAX >> 64);
        let largest = slices.saturating_mul(i128::from(u32::MAX));
        largest.saturating_mul(i128::from(self.scale.max(self.limit))) <= i128::from(i64::MAX)
    }

    /// No total of zero passes: without events there is nothing bad, and zero is not above zero.
    #[inline]
    fn exceeds<const WIDE: bool>(&self, window: Sum) -> bool {
        if WIDE {
            let (bad, total) = (i128::from(window.bad), i128::from(window.total));
            bad * i128::from(self.scale) > total * i128::from(self.limit)
        } else {
            window.bad * self.scale > window.total * self.limit
        }
    }

    #[inline]
    fn judge<const WIDE: bool, S: Sums + ?Sized>(&self, sums: &S, at: usize, now: Sum) -> Verdict {
        let long = now - sums.at(at.saturating_sub(self.long));
        let short = now - sums.at(at.saturating_sub(self.short));
        let covered = (long.present >= self.floor) & (short.present > 0);
        let burning = self.exceeds::<WIDE>(long) & self.exceeds::<WIDE>(short);
        Verdict { covered, burning }
    }

    /// Which window became true last, seen from slice `at` where both are true: going back, the
    /// first one found false. When both turned at once it is the long one.
    fn governed<S: Sums + ?Sized>(&self, sums: &S, at: usize) -> Governed {
        for before in (1..at).rev() {
            let now = sums.at(before);
            let long = now - sums.at(before.saturating_sub(self.long));
            let short = now - sums.at(before.saturating_sub(self.short));
            match (self.exceeds::<true>(long), self.exceeds::<true>(short)) {
                (true, true) => {}
                (true, false) => return Governed::Short,
                (false, _) => return Governed::Long,
            }
        }
        Governed::Long
    }
}

/// `(scale, limit)` in lowest terms. A factor that not even all events bad can exceed gives
/// `(0, 1)`, which nothing exceeds; so `limit < scale <= 10^18` otherwise.
fn threshold(target: Objective, factor: BurnRate) -> (i64, i64) {
    let (budget, whole) = target.budget();
    let mut scale = u128::from(whole) * u128::from(factor.den());
    let mut limit = u128::from(budget) * u128::from(factor.num());
    let (mut a, mut b) = (scale, limit);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    scale /= a;
    limit /= a;
    match (i64::try_from(scale), i64::try_from(limit)) {
        (Ok(scale), Ok(limit)) if limit < scale => (scale, limit),
        _ => (0, 1),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Inactive,
    /// The condition has held for so many evaluations after the first.
    Pending(u32),
    Firing,
    /// Still on; the condition has been gone for so many evaluations after the first.
    Clearing(u32),
}

/// The state of one tier between two evaluations. Clocks count evaluations, not time, so that
/// they stand still while the tier is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TierState {
    phase: Phase,
    /// First slice of the present freeze; 0 when it is not frozen.
    frozen: usize,
}

impl TierState {
    pub(super) const CALM: Self = Self { phase: Phase::Inactive, frozen: 0 };

    pub(super) fn is_inactive(&self) -> bool {
        self.phase == Phase::Inactive
    }

    pub(super) fn is_firing(&self) -> bool {
        matches!(self.phase, Phase::Firing | Phase::Clearing(_))
    }

    pub(super) fn frozen_slice(&self) -> Option<usize> {
        (self.frozen > 0).then_some(self.frozen)
    }

    /// Moves on by one evaluation; the state entered, if it is another one. A tier without
    /// `hold_for` fires without being pending.
    fn step(&mut self, tier: &CompiledTier, verdict: Verdict, at: usize) -> Option<AlertState> {
        if !verdict.covered {
            if self.frozen == 0 {
                self.frozen = at;
            }
            return None;
        }
        self.frozen = 0;
        let (phase, entered) = match (self.phase, verdict.burning) {
            (Phase::Inactive, false) => (Phase::Inactive, None),
            (Phase::Inactive, true) if tier.hold > 0 => {
                (Phase::Pending(0), Some(AlertState::Pending))
            }
            (Phase::Inactive, true) => (Phase::Firing, Some(AlertState::Firing)),
            (Phase::Pending(clock), true) if clock + 1 < tier.hold => {
                (Phase::Pending(clock + 1), None)
            }
            (Phase::Pending(_), true) => (Phase::Firing, Some(AlertState::Firing)),
            (Phase::Firing | Phase::Clearing(_), true) => (Phase::Firing, None),
            (Phase::Firing, false) if tier.keep > 0 => (Phase::Clearing(0), None),
            (Phase::Clearing(clock), false) if clock + 1 < tier.keep => {
                (Phase::Clearing(clock + 1), None)
            }
            (Phase::Pending(_) | Phase::Firing | Phase::Clearing(_), false) => {
                (Phase::Inactive, Some(AlertState::Resolved))
            }
        };
        self.phase = phase;
        entered
    }
}

/// All tiers of one SLO on a grid of slices.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    slo: usize,
    target: Objective,
    period: usize,
    wide: bool,
    tiers: Vec<CompiledTier>,
}

impl Rules {
    pub(super) fn new(slo: usize, spec: &SloSpec, step: SimDuration) -> Self {
        let compile = |tier| CompiledTier::new(tier, spec.target, step);
        let tiers: Vec<_> = spec.tiers.iter().map(compile).collect();
        Self {
            slo,
            target: spec.target,
            period: slices_in(spec.window, step),
            wide: !tiers.iter().all(CompiledTier::fits_narrow),
            tiers,
        }
    }

    /// Number of tiers.
    pub(super) fn len(&self) -> usize {
        self.tiers.len()
    }

    /// The longest short window, in slices; 0 without tiers.
    pub(super) fn longest_short(&self) -> usize {
        self.tiers.iter().map(|tier| tier.short).max().unwrap_or(0)
    }

    /// Whether the short window of any tier burns too fast at slice `at`.
    pub(super) fn is_noisy<S: Sums + ?Sized>(&self, sums: &S, at: usize) -> bool {
        let now = sums.at(at);
        self.tiers
            .iter()
            .any(|tier| tier.exceeds::<true>(now - sums.at(at.saturating_sub(tier.short))))
    }

    /// Evaluates the slices `from..=to` (counted from 1); `time_of` gives a slice's end.
    /// Transitions are appended ascending by slice, then by tier.
    #[inline]
    pub(super) fn walk<S: Sums + ?Sized>(
        &self,
        sums: &S,
        slices: (usize, usize),
        states: &mut [TierState],
        time_of: impl Fn(usize) -> SimTime,
        out: &mut Vec<AlertTransition>,
    ) {
        if self.wide {
            self.walk_as::<true, S>(sums, slices, states, time_of, out);
        } else {
            self.walk_as::<false, S>(sums, slices, states, time_of, out);
        }
    }

    #[inline]
    fn walk_as<const WIDE: bool, S: Sums + ?Sized>(
        &self,
        sums: &S,
        (from, to): (usize, usize),
        states: &mut [TierState],
        time_of: impl Fn(usize) -> SimTime,
        out: &mut Vec<AlertTransition>,
    ) {
        const NOTHING: Verdict = Verdict { covered: true, burning: false };
        for at in from..=to {
            let now = sums.at(at);
            for (index, (tier, state)) in self.tiers.iter().zip(states.iter_mut()).enumerate() {
                let verdict = tier.judge::<WIDE, S>(sums, at, now);
                if verdict == NOTHING && *state == TierState::CALM {
                    continue;
                }
                if let Some(entered) = state.step(tier, verdict, at) {
                    out.push(self.transition(sums, index, entered, at, time_of(at)));
                }
            }
        }
    }

    #[cold]
    fn transition<S: Sums + ?Sized>(
        &self,
        sums: &S,
        index: usize,
        state: AlertState,
        slice: usize,
        at: SimTime,
    ) -> AlertTransition {
        let tier = &self.tiers[index];
        let fired = state == AlertState::Firing;
        AlertTransition {
            slo: self.slo,
            tier: index,
            state,
            at,
            budget_spent: fired.then(|| self.spent(tier, sums, slice)).flatten(),
            governed_by: fired.then(|| tier.governed(sums, slice)),
        }
    }

    /// Bad events in the long window over those allowed in the period that ends with it.
    fn spent<S: Sums + ?Sized>(&self, tier: &CompiledTier, sums: &S, at: usize) -> Option<f64> {
        let window = |slices: usize| {
            WindowSum::new(sums.at(at) - sums.at(at.saturating_sub(slices)), slices)
        };
        let period = window(self.period);
        if !period.is_covered() {
            return None;
        }
        let (budget, whole) = self.target.budget();
        let allowed = i128::from(period.total) * i128::from(budget);
        let bad = i128::from(window(tier.long).bad) * i128::from(whole);
        (allowed > 0).then(|| bad as f64 / allowed as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, factor: &str, expect: (i64, i64)) {
        let threshold = threshold(target.parse().unwrap(), factor.parse().unwrap());
        assert_eq!(threshold, expect, "{factor} at {target}");
    }

    #[test]
    fn thresholds_are_exact() {
        check("0.999", "14.4", (625, 9));
        check("0.9995", "6", (1000, 3));
        check("1", "1", (1, 0));
        check("0.5", "0", (1, 0));
        check("0.5", "2", (0, 1));
        check("0.000000001", "999999999999", (0, 1));
        check("0.999999999", "0.000000001", (1_000_000_000_000_000_000, 1));
    }

    #[test]
    fn wide_products_are_chosen_where_narrow_ones_could_overflow() {
        let narrow = |long: i64, target: &str, factor: &str| {
            let tier = Tier {
                long: SimDuration::from_minutes(long),
                factor: factor.parse().unwrap(),
                ..Tier::google_30d().remove(0)
            };
            CompiledTier::new(&tier, target.parse().unwrap(), SimDuration::from_minutes(1))
                .fits_narrow()
        };
        assert!(narrow(4320, "0.999", "14.4"));
        assert!(narrow(43_200, "0.9999", "1"));
        assert!(!narrow(60, "0.999999999", "0.000000001"));
    }
}
