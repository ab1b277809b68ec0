//! All tiers of one SLO over sums of events, slice by slice.

use super::exact::quotient;
use super::history::{Sum, WindowSum, slices_in};
use super::tier::{CompiledTier, TierState, Verdict};
use crate::model::{AlertState, AlertTransition, Governed, SloSpec};
use crate::units::{Objective, SimDuration, SimTime};

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

/// All tiers of one SLO on a grid of slices.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    slo: usize,
    target: Objective,
    period: usize,
    narrow: bool,
    tiers: Vec<CompiledTier>,
}

impl Rules {
    pub(super) fn new(slo: usize, spec: &SloSpec, step: SimDuration) -> Self {
        let compile = |tier| CompiledTier::new(tier, spec.target, step, step);
        let tiers: Vec<_> = spec.tiers.iter().map(compile).collect();
        Self {
            slo,
            target: spec.target,
            period: slices_in(spec.period.nominal(), step),
            narrow: tiers.iter().all(CompiledTier::is_narrow),
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
            .any(|tier| tier.exceeds::<false>(now - sums.at(at.saturating_sub(tier.short))))
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
        if self.narrow {
            self.walk_as::<true, S>(sums, slices, states, time_of, out);
        } else {
            self.walk_as::<false, S>(sums, slices, states, time_of, out);
        }
    }

    #[inline]
    fn walk_as<const NARROW: bool, S: Sums + ?Sized>(
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
                let verdict = judge::<NARROW, S>(tier, sums, at, now);
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
        let holds = |at: usize| {
            let now = sums.at(at);
            let window = |slices: usize| now - sums.at(at.saturating_sub(slices));
            tier.holds::<false>(window(tier.long), window(tier.short))
        };
        AlertTransition {
            slo: self.slo,
            tier: index,
            state,
            at,
            budget_spent: fired.then(|| self.spent(tier, sums, slice)).flatten(),
            governed_by: fired.then(|| governed(slice, holds)),
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
        (allowed > 0).then(|| quotient(bad, allowed))
    }
}

#[inline]
fn judge<const NARROW: bool, S: Sums + ?Sized>(
    tier: &CompiledTier,
    sums: &S,
    at: usize,
    now: Sum,
) -> Verdict {
    let long = now - sums.at(at.saturating_sub(tier.long));
    let short = now - sums.at(at.saturating_sub(tier.short));
    let covered = (long.present >= tier.floor) & (short.present > 0);
    let (long, short) = tier.holds::<NARROW>(long, short);
    Verdict { covered, burning: long & short }
}

/// Which window became true last, seen from slice `at` where both are true: going back, the
/// first one found false. When both turned at once it is the long one.
pub(super) fn governed(at: usize, holds: impl Fn(usize) -> (bool, bool)) -> Governed {
    for before in (1..at).rev() {
        match holds(before) {
            (true, true) => {}
            (true, false) => return Governed::Short,
            (false, _) => return Governed::Long,
        }
    }
    Governed::Long
}
