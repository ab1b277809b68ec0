//! Replay of whole series at once.

use rayon::prelude::*;

use super::history::History;
use super::record::Record;
use super::sweep::{General, Plain, Source, Sweep, compile, no_data, sweep};
use super::tier::CompiledTier;
use crate::model::{AlertTransition, BudgetingMethod, Corrected, NoData, SliceBlock, SloSpec};

/// All transitions of `spec`'s tiers over `block`, ascending by instant, then by tier. They are
/// those of pushing every slice; `slo` is 0 in all of them.
///
/// # Panics
/// As [`History::new`].
pub fn replay_block(spec: &SloSpec, block: &SliceBlock) -> Vec<AlertTransition> {
    swept(spec, block, &[]).transitions
}

/// The same together with the alert on missing data, where `spec` wants one: it is tier number
/// `spec.tiers.len()`. `corrections` are those that silence alerts, ascending by begin.
///
/// # Panics
/// As [`History::new`].
pub fn replay_alerts(
    spec: &SloSpec,
    block: &SliceBlock,
    corrections: &[Corrected],
) -> Vec<AlertTransition> {
    let Sweep { mut transitions, freezes } = swept(spec, block, corrections);
    if spec.alert_when_no_data {
        let end_of = |slice: usize| block.start + block.step * i64::try_from(slice).unwrap_or(0);
        transitions.extend(no_data(&freezes, block.good.len(), spec.tiers.len(), end_of));
        transitions.sort_by_key(|transition| (transition.at, transition.tier));
    }
    transitions
}

/// The alerts of many SLOs, each on its own series, by index and with that index as `slo`: the
/// same on any number of threads.
///
/// # Panics
/// As [`History::new`], and when there are not as many series as SLOs.
pub fn replay_many(specs: &[SloSpec], blocks: &[SliceBlock]) -> Vec<Vec<AlertTransition>> {
    assert_eq!(specs.len(), blocks.len(), "each SLO has its own series");
    let replay = |(slo, (spec, block))| {
        let mut transitions = replay_alerts(spec, block, &[]);
        for transition in &mut transitions {
            transition.slo = slo;
        }
        transitions
    };
    specs.par_iter().zip(blocks).enumerate().map(replay).collect()
}

fn swept(spec: &SloSpec, block: &SliceBlock, corrections: &[Corrected]) -> Sweep {
    let plain = spec.method == BudgetingMethod::Occurrences && spec.no_data == NoData::Gap;
    if plain && corrections.is_empty() {
        let history = History::new(block);
        let tiers = compile(spec, block.step, block.step);
        let ascends = block.good.iter().zip(&block.total).all(|(good, total)| good <= total);
        return plainly(spec, history.sums(), block, ascends, &tiers);
    }
    let record = Record::new(spec, block, corrections);
    replay_record(spec, &record)
}

/// The tiers of `spec` on its record.
pub(super) fn replay_record(spec: &SloSpec, record: &Record<'_>) -> Sweep {
    let block = record.block;
    let tiers = compile(spec, record.slice_length(), block.step);
    // Guards count events, which weights of slices do not tell.
    let events = spec.method == BudgetingMethod::Occurrences;
    let unguarded = tiers.iter().all(|tier| tier.min_events == 0 && tier.min_failures == 0);
    match record.weights() {
        // What a policy holds over is no event either.
        Some(sums) if unguarded || (events && spec.no_data == NoData::Gap) => {
            plainly(spec, sums, block, record.ascends, &tiers)
        }
        _ => walk(&General::new(spec, record), block, &tiers),
    }
}

fn plainly(
    spec: &SloSpec,
    sums: &[super::history::Sum],
    block: &SliceBlock,
    ascends: bool,
    tiers: &[CompiledTier],
) -> Sweep {
    if tiers.iter().all(CompiledTier::is_narrow) {
        walk(&Plain::<true>::new(spec, sums, block.step, ascends), block, tiers)
    } else {
        walk(&Plain::<false>::new(spec, sums, block.step, ascends), block, tiers)
    }
}

fn walk<S: Source>(source: &S, block: &SliceBlock, tiers: &[CompiledTier]) -> Sweep {
    let end_of = |slice: usize| block.start + block.step * i64::try_from(slice).unwrap_or(0);
    sweep(source, tiers, end_of)
}
