//! One alert tier: its exact threshold and its state machine.

use std::cmp::Ordering;

use super::exact::compare_products;
use super::history::{Sum, coverage_floor, slices_after, slices_in};
use crate::model::{AlertState, Comparator, Tier};
use crate::units::{BurnRate, Objective, SimDuration};

/// What one evaluation says about a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Enough was measured to judge.
    pub(super) covered: bool,
    /// Both windows burn faster than the factor.
    pub(super) burning: bool,
}

/// A threshold as two integers: a window burns too fast when `bad * scale > total * limit` (or
/// `>=`), which is `bad / total > factor * (1 - target)` without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Threshold {
    pub(super) scale: u64,
    pub(super) limit: u64,
    pub(super) comparator: Comparator,
}

impl Threshold {
    /// In lowest terms. What not even all events bad can exceed gives `(0, 1)`, which nothing
    /// does; so `limit <= scale <= 10^18` otherwise. Without a budget any bad event is too many,
    /// whatever the comparator: zero bad events are not at least zero times nothing.
    pub(super) fn new(target: Objective, factor: BurnRate, comparator: Comparator) -> Self {
        let (budget, whole) = target.budget();
        let comparator = if budget == 0 { Comparator::Above } else { comparator };
        let mut scale = u128::from(whole) * u128::from(factor.den());
        let mut limit = u128::from(budget) * u128::from(factor.num());
        let (mut a, mut b) = (scale, limit);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        scale /= a;
        limit /= a;
        let most = match comparator {
            Comparator::Above => scale.saturating_sub(1),
            Comparator::AtLeast => scale,
        };
        match (i64::try_from(scale), i64::try_from(limit)) {
            (Ok(scale), Ok(bound)) if limit <= most => {
                Self { scale: scale.unsigned_abs(), limit: bound.unsigned_abs(), comparator }
            }
            _ => Self { scale: 0, limit: 1, comparator },
        }
    }

    /// Whether anything can be beyond it.
    pub(super) fn is_reachable(self) -> bool {
        self.scale > 0
    }

    pub(super) fn is_passed(self, ordering: Ordering) -> bool {
        match self.comparator {
            Comparator::Above => ordering == Ordering::Greater,
            Comparator::AtLeast => ordering != Ordering::Less,
        }
    }
}

/// A tier with windows in slices.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompiledTier {
    pub(super) long: usize,
    pub(super) short: usize,
    pub(super) floor: i64,
    pub(super) threshold: Threshold,
    /// `threshold` as signed numbers, for sums that fit them.
    scale: i64,
    limit: i64,
    pub(super) min_events: i64,
    pub(super) min_failures: i64,
    hold: u32,
    keep: u32,
}

impl CompiledTier {
    /// Windows are counted in slices of `judged`, clocks in evaluations, one per `step`.
    pub(super) fn new(
        tier: &Tier,
        target: Objective,
        judged: SimDuration,
        step: SimDuration,
    ) -> Self {
        let (long, short) = (slices_in(tier.long, judged), slices_in(tier.short, judged));
        let threshold = Threshold::new(target, tier.factor, tier.comparator);
        let clock = |span| u32::try_from(slices_after(span, step)).unwrap_or(u32::MAX);
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Self {
            long,
            short,
            floor: coverage_floor(i64::try_from(long).unwrap_or(i64::MAX)),
            threshold,
            scale: signed(threshold.scale),
            limit: signed(threshold.limit),
            min_events: signed(tier.min_events),
            min_failures: signed(tier.min_failures),
            hold: clock(tier.hold_for),
            keep: clock(tier.keep_firing_for),
        }
    }

    /// Whether it is `>` without guards, and products of the largest possible window fit 64 bits.
    /// `limit < scale` or the tier is impossible, so `total * scale` bounds both sides.
    pub(super) fn is_narrow(&self) -> bool {
        let slices = i128::try_from(self.long.max(self.short)).unwrap_or(i128::MAX >> 64);
        let largest = slices.saturating_mul(i128::from(u32::MAX));
        let plain = self.threshold.comparator == Comparator::Above
            && self.min_events == 0
            && self.min_failures == 0;
        plain
            && largest.saturating_mul(i128::from(self.scale.max(self.limit)))
                <= i128::from(i64::MAX)
    }

    /// Whether a window is beyond the threshold. Without events nothing is.
    #[inline]
    pub(super) fn exceeds<const NARROW: bool>(&self, window: Sum) -> bool {
        if NARROW {
            return window.bad * self.scale > window.total * self.limit;
        }
        let (bad, total) = (i128::from(window.bad), i128::from(window.total));
        let ordering = (bad * i128::from(self.scale)).cmp(&(total * i128::from(self.limit)));
        window.total > 0 && self.threshold.is_passed(ordering)
    }

    /// Whether the long window holds enough events and bad ones to be believed.
    #[inline]
    pub(super) fn is_guarded(&self, events: i64, bad: i64) -> bool {
        events >= self.min_events && bad >= self.min_failures
    }

    /// Whether the long and the short window, given as sums of events, are beyond the threshold.
    #[inline]
    pub(super) fn holds<const NARROW: bool>(&self, long: Sum, short: Sum) -> (bool, bool) {
        let guarded = NARROW || self.is_guarded(long.total, long.bad);
        (guarded & self.exceeds::<NARROW>(long), self.exceeds::<NARROW>(short))
    }

    /// Whether windows between `inner` and `outer` (no window holds more than `outer` or less than
    /// `inner`) are all below the threshold.
    #[inline]
    pub(super) fn cannot_exceed(&self, outer: Sum, inner: Sum) -> bool {
        // The most bad events over the fewest events; sums of many slices may need 128 bits.
        let ordering = compare_products(
            outer.bad.into(),
            self.threshold.scale,
            inner.total.into(),
            self.threshold.limit,
        );
        !self.threshold.is_passed(ordering)
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
    pub(super) fn step(
        &mut self,
        tier: &CompiledTier,
        verdict: Verdict,
        at: usize,
    ) -> Option<AlertState> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, factor: &str, expect: (u64, u64)) {
        let (target, factor) = (target.parse().unwrap(), factor.parse().unwrap());
        let threshold = Threshold::new(target, factor, Comparator::Above);
        assert_eq!((threshold.scale, threshold.limit), expect, "{factor} at {target}");
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
    fn at_least_reaches_what_above_cannot() {
        let threshold = |factor: &str, target: &str, comparator| {
            Threshold::new(target.parse().unwrap(), factor.parse().unwrap(), comparator)
        };
        assert!(!threshold("2", "0.5", Comparator::Above).is_reachable());
        assert!(threshold("2", "0.5", Comparator::AtLeast).is_reachable());
        assert!(!threshold("2.1", "0.5", Comparator::AtLeast).is_reachable());
        let perfect = threshold("3", "1", Comparator::AtLeast);
        assert_eq!((perfect.comparator, perfect.limit), (Comparator::Above, 0));
    }

    #[test]
    fn wide_products_are_chosen_where_narrow_ones_could_overflow() {
        let narrow = |long: i64, target: &str, factor: &str| {
            let tier = Tier {
                long: SimDuration::from_minutes(long),
                factor: factor.parse().unwrap(),
                ..Tier::google_30d().remove(0)
            };
            let minute = SimDuration::from_minutes(1);
            CompiledTier::new(&tier, target.parse().unwrap(), minute, minute).is_narrow()
        };
        assert!(narrow(4320, "0.999", "14.4"));
        assert!(narrow(43_200, "0.9999", "1"));
        assert!(!narrow(60, "0.999999999", "0.000000001"));
    }
}
