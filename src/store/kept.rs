//! Slices of before brought up to date: only those in which rows came are counted again.

use duckdb::Connection;

use super::archive::rows_of;
use super::cache::{Kept, State};
use super::error::Error;
use super::scan::{Counts, scan};
use crate::model::SliceBlock;

/// Slices counted again at most; with more, all are.
const MOST_CHANGED: usize = 2000;

/// An indicator with its place in the answer, and what is known of its slices.
pub(super) type Wanted = (usize, Counts, Option<Kept>);

/// Indicators whose slices are all of one state of the stream.
struct Stale {
    before: State,
    group: Vec<(usize, Counts)>,
    kept: Vec<Kept>,
}

/// As [`scan`] for all slices, but taking what is kept of slices whose rows are the same. `blocks`
/// say which slices were measured.
pub(super) fn scan_anew(
    db: &Connection,
    stream: &str,
    state: Option<&State>,
    group: Vec<Wanted>,
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let mut missing: Vec<(usize, Counts)> = Vec::new();
    let mut stale: Vec<Stale> = Vec::new();
    for (at, counts, kept) in group {
        let Some(kept) = kept else {
            missing.push((at, counts));
            continue;
        };
        let place = stale.iter().position(|same| same.before == kept.state);
        let place = place.unwrap_or_else(|| {
            let before = kept.state.clone();
            stale.push(Stale { before, group: Vec::new(), kept: Vec::new() });
            stale.len() - 1
        });
        stale[place].group.push((at, counts));
        stale[place].kept.push(kept);
    }
    for Stale { before, group, kept } in stale {
        let changed = match state {
            Some(now) => changed(db, stream, (now, &before), &blocks[group[0].0])?,
            None => None,
        };
        let Some(changed) = changed else {
            missing.extend(group);
            continue;
        };
        for ((at, counts), kept) in group.iter().zip(kept) {
            let block = &mut blocks[*at];
            if counts.sampled() {
                block.present.fill(false);
            }
            kept.lay_over(block);
            for slice in &changed {
                (block.good[*slice], block.total[*slice]) = (0, 0);
            }
        }
        if !changed.is_empty() {
            scan(db, stream, &group, blocks, Some(&changed))?;
        }
    }
    for (at, counts) in &missing {
        if counts.sampled() {
            blocks[*at].present.fill(false);
        }
    }
    scan(db, stream, &missing, blocks, None)
}

/// The slices of `block` in which rows fall that came after `before`, ascending; `None` when all
/// must be counted again.
fn changed(
    db: &Connection,
    stream: &str,
    (now, before): (&State, &State),
    block: &SliceBlock,
) -> Result<Option<Vec<usize>>, Error> {
    let Some(since) = now.since(before) else { return Ok(None) };
    let rows = rows_of(db, stream)?;
    let count = format!("SELECT count(*)::UBIGINT FROM {rows} WHERE {since}");
    let new: u64 = db.query_row(&count, [], |row| row.get(0))?;
    if before.rows + new != now.rows {
        return Ok(None);
    }
    let (start_us, step_us) = (block.start.ms() * 1000, block.step.ms() * 1000);
    let end_us = start_us + step_us * block.good.len() as i64;
    let sql = format!(
        "SELECT DISTINCT (epoch_us(ts) - {start_us}) // {step_us} AS i FROM {rows} \
         WHERE ({since}) AND ts >= make_timestamp({start_us}) AND ts < make_timestamp({end_us}) \
         ORDER BY i LIMIT {}",
        MOST_CHANGED + 1
    );
    let mut query = db.prepare(&sql)?;
    let slices: Vec<u64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let slices: Vec<usize> =
        slices.into_iter().filter_map(|slice| usize::try_from(slice).ok()).collect();
    Ok((slices.len() <= MOST_CHANGED).then_some(slices))
}
