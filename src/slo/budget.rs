//! Error budgets and burn rates.

use super::history::WindowSum;
use crate::model::{Slice, SloSpec};
use crate::units::{Objective, SimDuration};

/// The error budget of one SLO over its rolling window. Signed, never clamped; what is undefined
/// is `None` and never shown as 100 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// What the window holds.
    pub window: WindowSum,
    /// Share of the window that was measured, 0 to 1.
    pub coverage: f64,
    /// Good over all events; `None` without events.
    pub sli: Option<f64>,
    /// Bad events that the target allows among those of the window, `(1 - target) * total`.
    pub allowed: f64,
    /// Bad over allowed events; above 1 when overspent. `None` when nothing is allowed: without
    /// events, and at a target of 100 %.
    pub consumed: Option<f64>,
    /// `1 - consumed`, which is `(sli - target) / (1 - target)`; negative when overspent.
    pub remaining: Option<f64>,
    /// Whether `sli >= target`, compared exactly; `None` without events.
    pub met: Option<bool>,
    /// Whether nothing is left, compared exactly; `None` where `remaining` is. At exactly 0 it
    /// is exhausted and still met.
    pub exhausted: Option<bool>,
}

impl Budget {
    /// The budget of `spec`. `window` gives the window of a span, from
    /// [`History::window`](super::History::window) or [`Replay::window`](super::Replay::window).
    pub fn new(spec: &SloSpec, window: impl FnOnce(SimDuration) -> WindowSum) -> Self {
        Self::of(spec.target, window(spec.period.nominal()))
    }

    fn of(target: Objective, window: WindowSum) -> Self {
        let (budget, whole) = target.budget();
        let allowed = i128::from(window.total) * i128::from(budget);
        let bad = i128::from(window.bad) * i128::from(whole);
        let share = |part: i128| (allowed > 0).then(|| part as f64 / allowed as f64);
        Self {
            coverage: window.coverage(),
            sli: window.sli(),
            allowed: allowed as f64 / whole as f64,
            consumed: share(bad),
            remaining: share(allowed - bad),
            met: (window.total > 0).then_some(bad <= allowed),
            exhausted: (allowed > 0).then_some(bad >= allowed),
            window,
        }
    }
}

/// How many times faster than allowed the budget burns in `window`: the ratio of bad events over
/// `1 - target`. `None` without events, and at a target of 100 %. SRE Workbook, "Alerting on
/// SLOs".
pub fn burn_rate(target: Objective, window: WindowSum) -> Option<f64> {
    Budget::of(target, window).consumed
}

/// Whether the ratio of `slice` is below `target`, compared exactly; `None` when it was not
/// measured or had no events.
pub fn is_below_target(slice: Slice, target: Objective) -> Option<bool> {
    let (good, total) = (u128::from(slice.good), u128::from(slice.total));
    let below = good * u128::from(target.den()) < total * u128::from(target.num());
    (slice.present && total > 0).then_some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(target: &str, bad: i64, total: i64) -> Budget {
        let window = WindowSum { bad, total, measured: 9, slices: 10 };
        Budget::of(target.parse().unwrap(), window)
    }

    #[test]
    fn budgets_are_signed() {
        let spent = budget("0.999", 3, 1000);
        assert_eq!((spent.consumed, spent.remaining), (Some(3.0), Some(-2.0)));
        assert_eq!((spent.met, spent.exhausted), (Some(false), Some(true)));
        assert_eq!((spent.coverage, spent.sli), (0.9, Some(0.997)));
    }

    #[test]
    fn exactly_spent_is_exhausted_and_still_met() {
        let edge = budget("0.9995", 1, 2000);
        assert_eq!((edge.consumed, edge.remaining), (Some(1.0), Some(0.0)));
        assert_eq!((edge.met, edge.exhausted), (Some(true), Some(true)));
    }

    #[test]
    fn what_is_undefined_stays_undefined() {
        let empty = budget("0.999", 0, 0);
        assert_eq!((empty.sli, empty.remaining, empty.met), (None, None, None));
        let perfect = budget("1", 1, 10);
        assert_eq!((perfect.consumed, perfect.exhausted), (None, None));
        assert_eq!(perfect.met, Some(false));
        assert_eq!(burn_rate("0.9".parse().unwrap(), empty.window), None);
    }

    #[test]
    fn a_slice_at_its_target_is_not_below_it() {
        let slice = |good, total, present| Slice { good, total, present };
        let target = "0.999".parse().unwrap();
        assert_eq!(is_below_target(slice(999, 1000, true), target), Some(false));
        assert_eq!(is_below_target(slice(998, 1000, true), target), Some(true));
        assert_eq!(is_below_target(slice(0, 0, true), target), None);
        assert_eq!(is_below_target(slice(0, 9, false), target), None);
    }
}
