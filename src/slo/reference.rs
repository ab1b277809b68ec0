//! The same semantics a second time, slowly: slices are listed one by one, every window is summed
//! up from them, every comparison is one of fractions, clocks are instants. Shares no code with
//! what it checks.

use crate::model::{
    AlertState, AlertTransition, BudgetingMethod, Comparator, Governed, NoData, SliceBlock,
    SloSpec, Tier,
};
use crate::units::{SimDuration, SimTime};

/// A fraction in lowest terms; the denominator is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fraction(i128, i128);

impl Fraction {
    pub(super) const ZERO: Self = Self(0, 1);

    pub(super) fn new(num: i128, den: i128) -> Self {
        let (mut a, mut b) = (num.abs(), den.abs());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Self(num / a.max(1) * den.signum(), den.abs() / a.max(1))
    }

    pub(super) fn whole(num: impl Into<i128>) -> Self {
        Self(num.into(), 1)
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::new(self.0 * other.0, self.1 * other.1)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self(-other.0, other.1))
    }

    pub(super) fn over(self, other: Self) -> Self {
        Self::new(self.0 * other.1, self.1 * other.0)
    }

    pub(super) fn above(self, other: Self) -> bool {
        self.0 * other.1 > other.0 * self.1
    }

    pub(super) fn float(self) -> f64 {
        self.0 as f64 / self.1 as f64
    }
}

/// One slice as the method judges it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) end: SimTime,
    pub(super) covered: bool,
    /// To be filled with an average slice, good or bad.
    pub(super) filled: bool,
    /// It counts as data (under occurrences with a filling policy).
    pub(super) known: bool,
    pub(super) bad: Fraction,
    pub(super) total: Fraction,
}

/// Length of a judged slice.
pub(super) fn length(spec: &SloSpec, block: &SliceBlock) -> SimDuration {
    match spec.method {
        BudgetingMethod::Occurrences => block.step,
        BudgetingMethod::Timeslices { window, .. }
        | BudgetingMethod::RatioTimeslices { window } => {
            let mut length = block.step;
            while length < window {
                length += block.step;
            }
            length
        }
    }
}

pub(super) fn slices(spec: &SloSpec, block: &SliceBlock) -> Vec<Judged> {
    if spec.method == BudgetingMethod::Occurrences {
        return occurrences(spec, block);
    }
    let length = length(spec, block);
    let base = |index: usize| block.start + block.step * index as i64;
    let mut list = Vec::new();
    let mut last = None;
    for first in 0..block.good.len() {
        // A slice begins at whole multiples of its length, in steps since 1970.
        let per = length.ms() / block.step.ms();
        if base(first).ms().div_euclid(block.step.ms()) % per != 0 {
            continue;
        }
        let end = first + per as usize;
        if end > block.good.len() {
            continue;
        }
        let measured = (first..end).all(|i| block.present[i]);
        let sum =
            |column: &[u32]| -> i128 { column[first..end].iter().map(|n| i128::from(*n)).sum() };
        let (good, total) = (sum(&block.good), sum(&block.total));
        let own = (measured && total > 0).then(|| Fraction::new(total - good, total));
        last = own.or(last);
        let ratio = own.or(match spec.no_data {
            NoData::Gap => None,
            NoData::Good => Some(Fraction::ZERO),
            NoData::Bad => Some(Fraction::whole(1)),
            NoData::Hold => last,
        });
        let one = Fraction::whole(1);
        let bad = ratio.map_or(Fraction::ZERO, |ratio| match spec.method {
            BudgetingMethod::Timeslices { target, .. } => {
                let target = Fraction::new(target.num().into(), target.den().into());
                if target.above(one.minus(ratio)) { one } else { Fraction::ZERO }
            }
            _ => ratio,
        });
        list.push(Judged {
            end: base(end),
            covered: measured || ratio.is_some(),
            filled: false,
            known: true,
            bad,
            total: if ratio.is_some() { one } else { Fraction::ZERO },
        });
    }
    list
}

fn occurrences(spec: &SloSpec, block: &SliceBlock) -> Vec<Judged> {
    let mut last = None;
    (0..block.good.len())
        .map(|i| {
            let total = i128::from(block.total[i]);
            let own = (total - i128::from(block.good[i]), total);
            let present = block.present[i];
            if present {
                last = Some(own);
            }
            let fills = matches!(spec.no_data, NoData::Good | NoData::Bad);
            let held = if spec.no_data == NoData::Hold { last } else { None };
            let weight = if present { Some(own) } else { held };
            Judged {
                end: block.start + block.step * (i as i64 + 1),
                covered: weight.is_some() || fills,
                filled: weight.is_none() && fills,
                known: weight.is_some(),
                bad: Fraction::whole(weight.map_or(0, |w| w.0)),
                total: Fraction::whole(weight.map_or(0, |w| w.1)),
            }
        })
        .collect()
}

/// What a window holds: amounts, covered slices, slices in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) bad: Fraction,
    pub(super) total: Fraction,
    pub(super) covered: i128,
    pub(super) slices: i128,
    pub(super) from: SimTime,
    pub(super) to: SimTime,
    /// Whether the amounts are events or slices; otherwise only their ratio means something.
    pub(super) is_amount: bool,
}

impl Window {
    pub(super) fn error(&self) -> Option<Fraction> {
        (self.total != Fraction::ZERO).then(|| self.bad.over(self.total))
    }

    pub(super) fn is_covered(&self) -> bool {
        self.slices > 0 && self.covered * 10 >= self.slices * 9
    }
}

/// The judged slices that end in `(from, to]`, of a window of `slices`.
pub(super) fn sum_up(
    spec: &SloSpec,
    list: &[Judged],
    (from, to): (SimTime, SimTime),
    slices: i128,
) -> Window {
    let own: Vec<&Judged> = list.iter().filter(|s| s.end > from && s.end <= to).collect();
    let add = |pick: fn(&Judged) -> Fraction| {
        own.iter().fold(Fraction::ZERO, |sum, slice| sum.plus(pick(slice)))
    };
    let (mut bad, mut total) = (add(|s| s.bad), add(|s| s.total));
    let filled = own.iter().filter(|s| s.filled).count() as i128;
    let known = own.iter().filter(|s| s.known).count() as i128;
    let mut is_amount = true;
    if filled > 0 {
        let is_bad = Fraction::whole(i128::from(spec.no_data == NoData::Bad));
        if known > 0 {
            // c * known + (1 - c) * (0 or 1), as amounts of average slices.
            let share = Fraction::new(filled, known).times(total);
            bad = bad.plus(share.times(is_bad));
            total = total.plus(share);
        } else {
            (bad, total) = (Fraction::whole(filled).times(is_bad), Fraction::whole(filled));
            is_amount = false;
        }
    }
    let covered = own.iter().filter(|s| s.covered).count() as i128;
    Window { bad, total, covered, slices, from, to, is_amount }
}

/// The window of `span` that ends with the last slice over at `at`.
pub(super) fn window(
    spec: &SloSpec,
    block: &SliceBlock,
    list: &[Judged],
    at: SimTime,
    span: SimDuration,
) -> Window {
    let length = length(spec, block);
    let phase = block.start.ms().rem_euclid(block.step.ms());
    // The last end of a slice at or before `at`, on a grid that goes on for ever.
    let to = SimTime::from_ms(at.ms() - (at.ms() - phase).rem_euclid(length.ms()));
    let mut slices = 0;
    let mut from = to;
    while from > to - span || slices == 0 {
        from = from - length;
        slices += 1;
    }
    sum_up(spec, list, (from, to), slices)
}

pub(super) fn budget(spec: &SloSpec) -> Fraction {
    let (budget, whole) = spec.target.budget();
    Fraction::new(budget.into(), whole.into())
}

/// Events and bad events measured in `(from, to]`.
pub(super) fn events(block: &SliceBlock, from: SimTime, to: SimTime) -> (i128, i128) {
    let mut sum = (0, 0);
    for i in 0..block.good.len() {
        let end = block.start + block.step * (i as i64 + 1);
        if block.present[i] && end > from && end <= to {
            sum.0 += i128::from(block.total[i]);
            sum.1 += i128::from(block.total[i]) - i128::from(block.good[i]);
        }
    }
    sum
}

struct Series<'a> {
    spec: &'a SloSpec,
    block: &'a SliceBlock,
    list: Vec<Judged>,
}

impl Series<'_> {
    fn window(&self, at: SimTime, span: SimDuration) -> Window {
        window(self.spec, self.block, &self.list, at, span)
    }

    fn burns(&self, tier: &Tier, at: SimTime, span: SimDuration) -> bool {
        let Some(error) = self.window(at, span).error() else { return false };
        let factor = Fraction::new(tier.factor.num().into(), tier.factor.den().into());
        let limit = factor.times(budget(self.spec));
        let reached = error == limit
            && tier.comparator == Comparator::AtLeast
            && budget(self.spec) != Fraction::ZERO;
        error.above(limit) || reached
    }

    fn long(&self, tier: &Tier, at: SimTime) -> bool {
        let window = self.window(at, tier.long);
        let (events, bad) = events(self.block, window.from, window.to);
        let guarded = events >= i128::from(tier.min_events) && bad >= i128::from(tier.min_failures);
        let unguarded = tier.min_events == 0 && tier.min_failures == 0;
        (unguarded || guarded) && self.burns(tier, at, tier.long)
    }

    fn short(&self, tier: &Tier, at: SimTime) -> bool {
        self.burns(tier, at, tier.short)
    }

    /// The first instant of the unbroken run of truth that `at` is in.
    fn since(&self, at: SimTime, holds: impl Fn(SimTime) -> bool) -> SimTime {
        let mut since = at;
        while since - self.block.step > self.block.start && holds(since - self.block.step) {
            since = since - self.block.step;
        }
        since
    }

    fn spent(&self, tier: &Tier, at: SimTime) -> Option<f64> {
        let period = self.window(at, self.spec.period.nominal());
        let long = self.window(at, tier.long);
        let allowed = budget(self.spec).times(period.total);
        let known = period.is_covered() && allowed.above(Fraction::ZERO);
        (known && long.is_amount && period.is_amount).then(|| long.bad.over(allowed).float())
    }
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
    /// The alert on missing data, as tier number `spec.tiers.len()`.
    pub(super) no_data: Vec<AlertTransition>,
    /// Per tier, at the end of the series.
    pub(super) frozen_since: Vec<Option<SimTime>>,
}

pub(super) fn replay(slo: usize, spec: &SloSpec, block: &SliceBlock) -> Reference {
    let series = Series { spec, block, list: slices(spec, block) };
    let (mut transitions, mut no_data) = (Vec::new(), Vec::new());
    let mut states = vec![State::default(); spec.tiers.len()];
    let (mut dark_since, mut dark_fires) = (None, false);
    let mut at = block.start;
    for _ in 0..block.good.len() {
        at = at + block.step;
        for (index, tier) in spec.tiers.iter().enumerate() {
            let Some(state) = evaluate(&series, tier, at, &mut states[index]) else {
                continue;
            };
            let firing = state == AlertState::Firing;
            let long = series.since(at, |at| series.long(tier, at));
            let short = series.since(at, |at| series.short(tier, at));
            let governed = if short > long { Governed::Short } else { Governed::Long };
            transitions.push(AlertTransition {
                slo,
                tier: index,
                state,
                at,
                budget_spent: firing.then(|| series.spent(tier, at)).flatten(),
                governed_by: firing.then_some(governed),
            });
        }
        let young = block.start + block.step;
        let is_dark = states.iter().any(|s| s.frozen_since.is_some_and(|since| since != young));
        let mut enter = |state| {
            no_data.push(AlertTransition {
                slo,
                tier: spec.tiers.len(),
                state,
                at,
                budget_spent: None,
                governed_by: None,
            });
        };
        match (dark_since, is_dark) {
            (None, true) => {
                enter(AlertState::Pending);
                dark_since = Some(at);
            }
            (Some(since), true) if !dark_fires && at - since > SimDuration::from_minutes(5) => {
                enter(AlertState::Firing);
                dark_fires = true;
            }
            (Some(_), false) => {
                enter(AlertState::Resolved);
                (dark_since, dark_fires) = (None, false);
            }
            _ => {}
        }
    }
    let frozen_since = states.iter().map(|state| state.frozen_since).collect();
    Reference { transitions, no_data, frozen_since }
}

fn evaluate(
    series: &Series<'_>,
    tier: &Tier,
    at: SimTime,
    state: &mut State,
) -> Option<AlertState> {
    let step = series.block.step;
    if !series.window(at, tier.long).is_covered() || series.window(at, tier.short).covered == 0 {
        // The clocks stand still: what they count from moves along.
        state.active_at = state.active_at.map(|from| from + step);
        state.gone_at = state.gone_at.map(|from| from + step);
        state.frozen_since = state.frozen_since.or(Some(at));
        return None;
    }
    state.frozen_since = None;
    if series.long(tier, at) && series.short(tier, at) {
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
