//! All alerts of a whole series: stretches in which a tier cannot possibly change are skipped.

use super::exact::{compare_products, quotient};
use super::history::{Sum, coverage_floor, slices_in};
use super::record::Record;
use super::rules::governed;
use super::tier::{CompiledTier, TierState, Verdict};
use crate::model::{AlertState, AlertTransition, SloSpec};
use crate::units::{Objective, SimDuration, SimTime};

/// Slices looked at together when asking whether a tier can change. Short enough that a stretch
/// adds little to a window of an hour of minutes.
const STRETCH_SLICES: usize = 16;

/// A freeze longer than this is an alert itself.
pub(super) const FREEZE_ALERT_AFTER: SimDuration = SimDuration::from_minutes(5);

/// One SLO's windows at each slice end, counted from 1.
pub(super) trait Source {
    fn len(&self) -> usize;
    fn verdict(&self, tier: &CompiledTier, at: usize) -> Verdict;
    /// Whether the long and the short window are beyond the threshold.
    fn holds(&self, tier: &CompiledTier, at: usize) -> (bool, bool);
    /// Consumed in the long window over the budget of the period; `None` where unknown.
    fn spent(&self, tier: &CompiledTier, at: usize) -> Option<f64>;
    /// Whether a tier at rest stays at rest over the slices `first..=last`.
    fn stays_calm(&self, tier: &CompiledTier, first: usize, last: usize) -> bool;
}

/// A run of evaluations in which a tier could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Freeze {
    /// First such slice, counted from 1.
    pub(super) from: usize,
    /// First slice that could be judged again; `None` when none did.
    pub(super) to: Option<usize>,
}

/// What a sweep finds.
pub(super) struct Sweep {
    pub(super) transitions: Vec<AlertTransition>,
    /// Of all tiers, in no order.
    pub(super) freezes: Vec<Freeze>,
}

/// Evaluates all tiers at all slices.
pub(super) fn sweep<S: Source>(
    source: &S,
    tiers: &[CompiledTier],
    time_of: impl Fn(usize) -> SimTime,
) -> Sweep {
    let mut states = vec![TierState::CALM; tiers.len()];
    let mut found = Sweep { transitions: Vec::new(), freezes: Vec::new() };
    let mut entered = Vec::new();
    let mut first = 1;
    while first <= source.len() {
        let last = (first + STRETCH_SLICES - 1).min(source.len());
        for (index, (tier, state)) in tiers.iter().zip(&mut states).enumerate() {
            if *state == TierState::CALM && source.stays_calm(tier, first, last) {
                continue;
            }
            for at in first..=last {
                let frozen = state.frozen_slice();
                if let Some(state) = state.step(tier, source.verdict(tier, at), at) {
                    entered.push((at, index, state));
                }
                if let (Some(from), None) = (frozen, state.frozen_slice()) {
                    found.freezes.push(Freeze { from, to: Some(at) });
                }
            }
        }
        entered.sort_unstable_by_key(|(at, index, _)| (*at, *index));
        for (at, index, state) in entered.drain(..) {
            let tier = &tiers[index];
            let fired = state == AlertState::Firing;
            found.transitions.push(AlertTransition {
                slo: 0,
                tier: index,
                state,
                at: time_of(at),
                budget_spent: fired.then(|| source.spent(tier, at)).flatten(),
                governed_by: fired.then(|| governed(at, |at| source.holds(tier, at))),
            });
        }
        first = last + 1;
    }
    let open = states.iter().filter_map(TierState::frozen_slice);
    found.freezes.extend(open.map(|from| Freeze { from, to: None }));
    found
}

/// The tiers of `spec` for slices of `judged`, evaluated once per `step`.
pub(super) fn compile(spec: &SloSpec, judged: SimDuration, step: SimDuration) -> Vec<CompiledTier> {
    spec.tiers.iter().map(|tier| CompiledTier::new(tier, spec.target, judged, step)).collect()
}

/// Sums of events or weights, one per base slice.
pub(super) struct Plain<'a, const NARROW: bool> {
    sums: &'a [Sum],
    target: Objective,
    period: usize,
    /// Whether sums of bad ones only grow.
    ascends: bool,
}

impl<'a, const NARROW: bool> Plain<'a, NARROW> {
    pub(super) fn new(spec: &SloSpec, sums: &'a [Sum], step: SimDuration, ascends: bool) -> Self {
        let period = slices_in(spec.period.nominal(), step);
        Self { sums, target: spec.target, period, ascends }
    }

    #[inline]
    fn window(&self, slices: usize, at: usize) -> Sum {
        self.sums[at] - self.sums[at.saturating_sub(slices)]
    }
}

impl<const NARROW: bool> Source for Plain<'_, NARROW> {
    fn len(&self) -> usize {
        self.sums.len() - 1
    }

    #[inline]
    fn verdict(&self, tier: &CompiledTier, at: usize) -> Verdict {
        let (long, short) = (self.window(tier.long, at), self.window(tier.short, at));
        let covered = (long.present >= tier.floor) & (short.present > 0);
        let (long, short) = tier.holds::<NARROW>(long, short);
        Verdict { covered, burning: long & short }
    }

    fn holds(&self, tier: &CompiledTier, at: usize) -> (bool, bool) {
        tier.holds::<false>(self.window(tier.long, at), self.window(tier.short, at))
    }

    fn spent(&self, tier: &CompiledTier, at: usize) -> Option<f64> {
        let period = self.window(self.period, at);
        let slices = i64::try_from(self.period).unwrap_or(i64::MAX);
        let (budget, whole) = self.target.budget();
        let allowed = i128::from(period.total) * i128::from(budget);
        let bad = i128::from(self.window(tier.long, at).bad) * i128::from(whole);
        let known = period.present >= coverage_floor(slices) && allowed > 0;
        known.then(|| quotient(bad, allowed))
    }

    /// Every window of the stretch lies within `outer` and around `inner`. It is covered when
    /// even `outer` misses few enough slices, and harmless when the bad events of `outer` are few
    /// against all events of `inner`. One harmless window is enough.
    #[inline]
    fn stays_calm(&self, tier: &CompiledTier, first: usize, last: usize) -> bool {
        if !self.ascends || first < tier.long || first < tier.short {
            return false;
        }
        let more = last - first;
        let bounds = |slices: usize| {
            let outer = self.sums[last] - self.sums[first - slices];
            let inner = if last - slices <= first {
                self.sums[first] - self.sums[last - slices]
            } else {
                Sum::default()
            };
            (outer, inner)
        };
        let missing = |outer: Sum, slices: usize| (slices + more) as i64 - outer.present;
        let (outer, inner) = bounds(tier.long);
        if missing(outer, tier.long) > tier.long as i64 - tier.floor {
            return false;
        }
        let (short, short_inner) = bounds(tier.short);
        missing(short, tier.short) < tier.short as i64
            && (tier.cannot_exceed(outer, inner) || tier.cannot_exceed(short, short_inner))
    }
}

/// Any record, window by window.
pub(super) struct General<'a, 'b> {
    record: &'a Record<'b>,
    target: Objective,
    period: usize,
}

impl<'a, 'b> General<'a, 'b> {
    pub(super) fn new(spec: &SloSpec, record: &'a Record<'b>) -> Self {
        let period = slices_in(spec.period.nominal(), record.slice_length());
        Self { record, target: spec.target, period }
    }

    fn holds_until(&self, tier: &CompiledTier, to: usize) -> (Verdict, (bool, bool)) {
        let record = self.record;
        let long = record.last(tier.long, to);
        let short = record.last(tier.short, to);
        let covered = long.covered >= tier.floor && short.covered > 0;
        let from = to.saturating_sub(tier.long);
        let guarded = {
            let sums = record.events.sums();
            // Also events before the first whole slice, where the window reaches that far.
            let end = record.grid.end_of(to).min(record.len());
            let begin = end.saturating_sub(tier.long.saturating_mul(record.grid.per));
            let window = sums[end] - sums[begin];
            tier.is_guarded(window.total, window.bad)
        };
        let long = guarded && record.passes((from, to), &long, tier.threshold);
        let range = (to.saturating_sub(tier.short), to);
        let short = record.passes(range, &short, tier.threshold);
        (Verdict { covered, burning: long && short }, (long, short))
    }
}

impl Source for General<'_, '_> {
    fn len(&self) -> usize {
        self.record.len()
    }

    fn verdict(&self, tier: &CompiledTier, at: usize) -> Verdict {
        self.holds_until(tier, self.record.grid.closed(at)).0
    }

    fn holds(&self, tier: &CompiledTier, at: usize) -> (bool, bool) {
        self.holds_until(tier, self.record.grid.closed(at)).1
    }

    fn spent(&self, tier: &CompiledTier, at: usize) -> Option<f64> {
        let to = self.record.grid.closed(at);
        let (long, period) = (self.record.last(tier.long, to), self.record.last(self.period, to));
        if !period.is_covered() || long.total == 0 {
            return None;
        }
        let (budget, whole) = self.target.budget();
        // Each over its own unit: parts of events weigh differently in different windows.
        let (bad, allowed) = if long.unit == period.unit {
            (Some(long.bad), Some(period.total))
        } else {
            (long.bad.checked_mul(period.unit), period.total.checked_mul(long.unit))
        };
        let scaled = |value: Option<i128>, by: u64| value?.checked_mul(i128::from(by));
        let pair = scaled(bad, whole).zip(scaled(allowed, budget));
        let (bad, allowed) = match pair {
            Some(pair) => pair,
            None => {
                let allowed = period.total() * budget as f64;
                return (allowed > 0.0).then(|| long.bad() * whole as f64 / allowed);
            }
        };
        (allowed > 0).then(|| quotient(bad, allowed))
    }

    /// As for plain sums; what is rounded counts as bad.
    fn stays_calm(&self, tier: &CompiledTier, first: usize, last: usize) -> bool {
        if !self.record.adds_up() || first < tier.long || first < tier.short {
            return false;
        }
        let more = (last - first) as i64;
        let outer = |slices: usize| self.record.share(first - slices, last, slices);
        let harmless = |slices: usize| {
            let (outer, begin) = (outer(slices), last - slices);
            let total = match begin <= first {
                true => self.record.share(begin, first, slices).total,
                false => 0,
            };
            let threshold = tier.threshold;
            let ordering =
                compare_products(outer.bad + outer.slack, threshold.scale, total, threshold.limit);
            !threshold.is_passed(ordering)
        };
        let missing = |slices: usize| slices as i64 + more - outer(slices).covered;
        missing(tier.long) <= tier.long as i64 - tier.floor
            && missing(tier.short) < tier.short as i64
            && (harmless(tier.long) || harmless(tier.short))
    }
}

/// The transitions of the alert on missing data, whose tier is number `tier`: it is pending from
/// the first slice at which any tier is frozen, fires at the first slice end more than five
/// minutes later, and resolves when no tier is frozen any more. A freeze that has lasted since
/// the record began is no outage but a young record, and counts for nothing.
pub(super) fn no_data(
    freezes: &[Freeze],
    len: usize,
    tier: usize,
    time_of: impl Fn(usize) -> SimTime,
) -> Vec<AlertTransition> {
    let mut outages: Vec<Freeze> =
        freezes.iter().filter(|freeze| freeze.from > 1).copied().collect();
    outages.sort_unstable_by_key(|freeze| freeze.from);
    let mut merged: Vec<Freeze> = Vec::new();
    for next in outages {
        match merged.last_mut() {
            Some(last) if last.to.is_none_or(|to| next.from < to) => {
                last.to = last.to.and_then(|to| next.to.map(|end| end.max(to)));
            }
            // What ends as another begins: at that slice some tier is frozen still.
            Some(last) if last.to == Some(next.from) => last.to = next.to,
            _ => merged.push(next),
        }
    }
    let mut out = Vec::new();
    for outage in merged {
        let mut enter = |state, at: SimTime| {
            out.push(AlertTransition {
                slo: 0,
                tier,
                state,
                at,
                budget_spent: None,
                governed_by: None,
            });
        };
        let since = time_of(outage.from);
        enter(AlertState::Pending, since);
        let end = outage.to.unwrap_or(len + 1);
        let fires = (outage.from..end).find(|at| time_of(*at) - since > FREEZE_ALERT_AFTER);
        if let Some(at) = fires {
            enter(AlertState::Firing, time_of(at));
        }
        if let Some(to) = outage.to {
            enter(AlertState::Resolved, time_of(to));
        }
    }
    out
}
