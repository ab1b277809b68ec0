//! The same semantics a second time, slowly: every window is summed up from its slices, every
//! comparison is one of fractions, clocks are instants. Shares no code with what it checks.

use crate::model::{AlertState, AlertTransition, Governed, SliceBlock, SloSpec, Tier};
use crate::units::{SimDuration, SimTime};

/// A fraction; the denominator is positive.
#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    fn times(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1)
    }

    fn above(self, other: Self) -> bool {
        self.0 * other.1 > other.0 * self.1
    }
}

/// `(bad, total, measured slices, slices)` in `(at - span, at]`.
fn window(block: &SliceBlock, at: SimTime, span: SimDuration) -> (i128, i128, i128, i128) {
    let mut sum = (0, 0, 0, 0);
    let mut end = at;
    while end > at - span {
        sum.3 += 1;
        let index = (end - block.start).ms() / block.step.ms() - 1;
        if let Some(i) = usize::try_from(index).ok().filter(|_| end > block.start)
            && block.present[i]
        {
            sum.0 += i128::from(block.total[i]) - i128::from(block.good[i]);
            sum.1 += i128::from(block.total[i]);
            sum.2 += 1;
        }
        end = end - block.step;
    }
    sum
}

fn budget(spec: &SloSpec) -> Fraction {
    let (budget, whole) = spec.target.budget();
    Fraction(budget.into(), whole.into())
}

fn burns(spec: &SloSpec, tier: &Tier, block: &SliceBlock, at: SimTime, span: SimDuration) -> bool {
    let (bad, total, _, _) = window(block, at, span);
    let factor = Fraction(tier.factor.num().into(), tier.factor.den().into());
    total > 0 && Fraction(bad, total).above(factor.times(budget(spec)))
}

/// The first instant of the unbroken run of burning that `at` is in.
fn burning_since(
    spec: &SloSpec,
    tier: &Tier,
    block: &SliceBlock,
    at: SimTime,
    span: SimDuration,
) -> SimTime {
    let mut since = at;
    while since - block.step > block.start && burns(spec, tier, block, since - block.step, span) {
        since = since - block.step;
    }
    since
}

fn spent(spec: &SloSpec, tier: &Tier, block: &SliceBlock, at: SimTime) -> Option<f64> {
    let (_, total, measured, slices) = window(block, at, spec.window);
    let (bad, _, _, _) = window(block, at, tier.long);
    let allowed = budget(spec).times(Fraction(total, 1));
    (measured * 10 >= slices * 9 && allowed.0 > 0)
        .then(|| (bad * allowed.1) as f64 / allowed.0 as f64)
}

#[derive(Default, Clone, Copy)]
struct State {
    active_at: Option<SimTime>,
    firing: bool,
    gone_at: Option<SimTime>,
    frozen_since: Option<SimTime>,
}

/// What the reference says about a whole series.
pub(super) struct Reference {
    pub(super) transitions: Vec<AlertTransition>,
    /// Per tier, at the end of the series.
    pub(super) frozen_since: Vec<Option<SimTime>>,
}

pub(super) fn replay(slo: usize, spec: &SloSpec, block: &SliceBlock) -> Reference {
    let mut transitions = Vec::new();
    let mut states = vec![State::default(); spec.tiers.len()];
    let mut at = block.start;
    for _ in 0..block.good.len() {
        at = at + block.step;
        for (index, tier) in spec.tiers.iter().enumerate() {
            let Some(state) = evaluate(spec, tier, block, at, &mut states[index]) else {
                continue;
            };
            let firing = state == AlertState::Firing;
            let long = burning_since(spec, tier, block, at, tier.long);
            let short = burning_since(spec, tier, block, at, tier.short);
            let governed = if short > long { Governed::Short } else { Governed::Long };
            transitions.push(AlertTransition {
                slo,
                tier: index,
                state,
                at,
                budget_spent: firing.then(|| spent(spec, tier, block, at)).flatten(),
                governed_by: firing.then_some(governed),
            });
        }
    }
    Reference { transitions, frozen_since: states.iter().map(|state| state.frozen_since).collect() }
}

fn evaluate(
    spec: &SloSpec,
    tier: &Tier,
    block: &SliceBlock,
    at: SimTime,
    state: &mut State,
) -> Option<AlertState> {
    let (_, _, measured, slices) = window(block, at, tier.long);
    if measured * 10 < slices * 9 || window(block, at, tier.short).2 == 0 {
        // The clocks stand still: what they count from moves along.
        state.active_at = state.active_at.map(|from| from + block.step);
        state.gone_at = state.gone_at.map(|from| from + block.step);
        state.frozen_since = state.frozen_since.or(Some(at));
        return None;
    }
    state.frozen_since = None;
    if burns(spec, tier, block, at, tier.long) && burns(spec, tier, block, at, tier.short) {
        state.gone_at = None;
        let is_new = state.active_at.is_none();
        let active_at = *state.active_at.get_or_insert(at);
        if !state.firing && at - active_at >= tier.hold_for {
            state.firing = true;
            return Some(AlertState::Firing);
        }
        return is_new.then_some(AlertState::Pending);
    }
    state.active_at?;
    let gone_at = *state.gone_at.get_or_insert(at);
    if state.firing && at - gone_at < tier.keep_firing_for {
        return None;
    }
    *state = State::default();
    Some(AlertState::Resolved)
}
