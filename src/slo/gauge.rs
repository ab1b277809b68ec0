//! What an alert evaluator without drill's record must be given to reach the same states: one
//! gauge sample per slice and thresholds as integers.

use super::history::slices_in;
use super::record::Record;
use super::tier::CompiledTier;
use crate::model::{
    AlertState, AlertTransition, BudgetingMethod, Comparator, NoData, SliceBlock, SloSpec, Text,
    Tier,
};
use crate::units::SimDuration;

/// Samples of one SLO: one per end of a base slice, from the first on; `None` where there is none.
/// Where the method judges longer slices, samples stand at their ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauges {
    /// Bad events, or 1 for a bad slice.
    pub bad: Vec<Option<u64>>,
    /// All events, or 1 for a judged slice.
    pub total: Vec<Option<u64>>,
    /// Events of each measured base slice, for guards.
    pub events: Vec<Option<u64>>,
    /// The bad ones among them.
    pub failures: Vec<Option<u64>>,
}

/// A tier as integers: it holds while `bad * scale` is above `total * limit` in both windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierRule {
    /// Whole slices of the long window, as a time.
    pub long: SimDuration,
    /// Whole slices of the short window, as a time.
    pub short: SimDuration,
    /// Factor of the bad ones.
    pub scale: u64,
    /// Factor of all.
    pub limit: u64,
    /// How the products compare.
    pub comparator: Comparator,
    /// Slices of the long window that must be there.
    pub floor: i64,
}

/// Length of the slices that `method` judges, of base slices of `step`.
pub fn judged_slice(method: BudgetingMethod, step: SimDuration) -> SimDuration {
    match method {
        BudgetingMethod::Occurrences => step,
        BudgetingMethod::Timeslices { window, .. }
        | BudgetingMethod::RatioTimeslices { window } => {
            step * i64::try_from(slices_in(window, step)).unwrap_or(1)
        }
    }
}

/// `tier` on base slices of `step`; `None` when it can never fire.
pub fn tier_rule(spec: &SloSpec, tier: &Tier, step: SimDuration) -> Option<TierRule> {
    let judged = judged_slice(spec.method, step);
    let compiled = CompiledTier::new(tier, spec.target, judged, step);
    let threshold = compiled.threshold;
    let length = |slices: usize| judged * i64::try_from(slices).unwrap_or(i64::MAX);
    threshold.is_reachable().then(|| TierRule {
        long: length(compiled.long),
        short: length(compiled.short),
        scale: threshold.scale,
        limit: threshold.limit,
        comparator: threshold.comparator,
        floor: compiled.floor,
    })
}

/// Why whole numbers per slice do not tell what the SLO's windows hold; `None` when they do.
pub fn no_gauges(spec: &SloSpec, step: SimDuration) -> Option<Text> {
    let text = |en: &str, ja: &str| Some(Text { en: en.into(), ja: ja.into() });
    let guarded = spec.tiers.iter().any(|tier| tier.min_events > 0 || tier.min_failures > 0);
    match (spec.method, spec.no_data) {
        (BudgetingMethod::RatioTimeslices { .. }, _) => text(
            "the ratios of slices are no whole numbers, and sums of floats miss ties",
            "スライスの比率は整数にならず、浮動小数の和では境界値を判定できません",
        ),
        (BudgetingMethod::Occurrences, NoData::Good | NoData::Bad) => text(
            "missing slices weigh as much as the average one, which no sample can say",
            "欠けたスライスは平均的なスライスの重みを持ち、サンプルでは表せません",
        ),
        (BudgetingMethod::Occurrences, _) => None,
        _ if guarded && judged_slice(spec.method, step) > step => text(
            "guards on events count complete slices only where these are as long as a base slice",
            "最小件数の条件は、基本スライスより長いスライスでは再現できません",
        ),
        _ => None,
    }
}

/// The samples of `block` as `spec` judges them.
///
/// # Errors
/// The reason of [`no_gauges`].
///
/// # Panics
/// As [`Record::new`].
pub fn gauges(spec: &SloSpec, block: &SliceBlock) -> Result<Gauges, Text> {
    if let Some(reason) = no_gauges(spec, block.step) {
        return Err(reason);
    }
    let record = Record::new(spec, block, &[]);
    let nothing = vec![None; record.len()];
    let mut found = Gauges {
        bad: nothing.clone(),
        total: nothing.clone(),
        events: nothing.clone(),
        failures: nothing,
    };
    let whole = |value: i128| u64::try_from(value).unwrap_or(0);
    for slice in 0..record.grid.closed(record.len()) {
        let share = record.share(slice, slice + 1, 1);
        if share.covered > 0 {
            let end = record.grid.end_of(slice + 1) - 1;
            found.bad[end] = Some(whole(share.bad));
            found.total[end] = Some(whole(share.total));
        }
    }
    let sums = record.events().sums();
    for (index, pair) in sums.windows(2).enumerate() {
        let sum = pair[1] - pair[0];
        if sum.present > 0 {
            found.events[index] = Some(whole(sum.total.into()));
            found.failures[index] = Some(whole(sum.bad.into()));
        }
    }
    Ok(found)
}

/// Per tier, and per end of a base slice with the begin of the first before them all, whether an
/// evaluator that cannot freeze must be in the state of the replay. It need not while too little
/// is measured, nor afterwards until the tier was calm for as long as it keeps firing.
///
/// # Panics
/// As [`Record::new`].
pub fn must_agree(
    spec: &SloSpec,
    block: &SliceBlock,
    transitions: &[AlertTransition],
) -> Vec<Vec<bool>> {
    let record = Record::new(spec, block, &[]);
    let judged = record.slice_length();
    let one = |(index, tier): (usize, &Tier)| {
        let compiled = CompiledTier::new(tier, spec.target, judged, block.step);
        let mut own = transitions.iter().filter(|t| t.tier == index).peekable();
        let (mut calm, mut ends_agree, mut quiet) = (true, false, 0i64);
        let mut agree = vec![false; record.len() + 1];
        for (at, agree) in agree.iter_mut().enumerate() {
            let end = block.start + block.step * i64::try_from(at).unwrap_or(i64::MAX);
            while let Some(transition) = own.next_if(|t| t.at <= end) {
                calm = transition.state == AlertState::Resolved;
            }
            let to = record.grid.closed(at);
            let (long, short) = (record.last(compiled.long, to), record.last(compiled.short, to));
            if long.covered < compiled.floor || short.covered == 0 {
                (ends_agree, quiet) = (false, 0);
                continue;
            }
            quiet = if calm { quiet + 1 } else { 0 };
            ends_agree |= calm && block.step * (quiet - 1) >= tier.keep_firing_for;
            *agree = ends_agree;
        }
        agree
    };
    spec.tiers.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SliceBlock;
    use crate::units::SimTime;

    fn spec(method: BudgetingMethod) -> SloSpec {
        let minutes = SimDuration::from_minutes;
        let tier = Tier::new(minutes(4), minutes(2), "2".parse().unwrap(), "page");
        let target = "0.9".parse().unwrap();
        let spec = SloSpec::new("s", "s", target, SimDuration::from_hours(1));
        SloSpec { method, tiers: vec![tier], ..spec }
    }

    fn block(start: i64, present: Vec<bool>) -> SliceBlock {
        let len = present.len();
        SliceBlock {
            start: SimTime::from_minute(start),
            step: SimDuration::from_minutes(1),
            good: vec![9; len],
            total: vec![10; len],
            present,
        }
    }

    #[test]
    fn samples_stand_at_the_ends_of_judged_slices() {
        let two = SimDuration::from_minutes(2);
        let target = "0.95".parse().unwrap();
        let slices = BudgetingMethod::Timeslices { target, window: two };
        let found = gauges(&spec(slices), &block(1, vec![true, true, true, false, true])).unwrap();
        assert_eq!(found.bad, [None, None, Some(1), None, None]);
        assert_eq!(found.events[0], Some(10));
        let events = gauges(&spec(BudgetingMethod::Occurrences), &block(1, vec![true, false]));
        assert_eq!(events.unwrap().bad, [Some(1), None]);
        assert!(no_gauges(&spec(BudgetingMethod::RatioTimeslices { window: two }), two).is_some());
    }

    #[test]
    fn nothing_is_asked_while_a_tier_is_frozen() {
        let spec = spec(BudgetingMethod::Occurrences);
        let mut present = vec![true; 12];
        present[6..9].fill(false);
        let agree = must_agree(&spec, &block(0, present), &[]).remove(0);
        let wanted = [false, false, false, false, true, true, true];
        assert_eq!(agree[..7], wanted, "four slices are the long window");
        assert_eq!(agree[7..12], [false; 5]);
    }
}
