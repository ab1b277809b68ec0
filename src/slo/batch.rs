//! Replay of a whole series at once.

use super::history::History;
use super::tier::{Rules, TierState};
use crate::model::{AlertTransition, SliceBlock, SloSpec};

/// All transitions of `spec`'s tiers over `block`, ascending by instant, then by tier. They are
/// those of pushing every slice; `slo` is 0 in all of them.
///
/// # Panics
/// As [`History::new`].
pub fn replay_block(spec: &SloSpec, block: &SliceBlock) -> Vec<AlertTransition> {
    let history = History::new(block);
    let rules = Rules::new(0, spec, history.step());
    let mut states = vec![TierState::CALM; rules.len()];
    let mut out = Vec::new();
    let all = (1, history.len());
    let time_of = |index| history.time_of(index);
    rules.walk(history.sums(), all, &mut states, time_of, &mut out);
    out
}
