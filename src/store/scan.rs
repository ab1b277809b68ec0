//! One scan of a stream, scattered into the slices of its indicators.

use duckdb::Connection;
use duckdb::arrow::array::{Array, AsArray};
use duckdb::arrow::datatypes::Int64Type;

use super::archive::rows_of;
use super::error::Error;
use crate::diag::Diagnostic;
use crate::model::SliceBlock;

/// Conditions whose answers fit into one key of a group.
const MOST_CONDITIONS: usize = 60;

/// What one indicator counts in a slice, as SQL aggregates: all of its events, and the good ones.
pub(super) struct Counts {
    pub(super) stream: String,
    pub(super) total: String,
    pub(super) good: String,
    /// Good and total of a measured slice without any row.
    pub(super) empty: (u32, u32),
    /// The same as conditions, where rows are counted and nothing else.
    pub(super) rows: Option<Conditions>,
    /// How many samples a slice has, where only one with samples was measured.
    pub(super) samples: Option<String>,
}

/// Which rows are events, and which of them are good.
pub(super) struct Conditions {
    pub(super) all: String,
    pub(super) part: String,
    /// Whether `part` picks the bad ones.
    pub(super) part_is_bad: bool,
}

/// One scan of a stream for all indicators of `group`, each with its place in `blocks`.
pub(super) fn scan(
    db: &Connection,
    stream: &str,
    group: &[(usize, Counts)],
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let counted = |(_, counts): &&(usize, Counts)| counts.rows.is_some();
    let (mut rows, mut others): (Vec<_>, Vec<_>) = group.iter().partition(counted);
    if rows.len() < 2 {
        // For one indicator its own two aggregates are the fastest.
        others.append(&mut rows);
    }
    if !others.is_empty() {
        aggregates(db, stream, &others, blocks)?;
    }
    while !rows.is_empty() {
        let (known, taken) = shared(&rows);
        let rest = rows.split_off(taken);
        answers(db, stream, &known, &rows, blocks)?;
        rows = rest;
    }
    Ok(())
}

/// The slice of each row, and which rows are asked for.
fn frame(blocks: &[SliceBlock], at: usize) -> (String, String) {
    let block = &blocks[at];
    let (start, step) = (block.start.ms() * 1000, block.step.ms() * 1000);
    let end = start + step * block.good.len() as i64;
    let slice = format!("(epoch_us(ts) - {start}) // {step}");
    let range = format!("ts >= make_timestamp({start}) AND ts < make_timestamp({end})");
    (slice, range)
}

/// Aggregates of each slice, side by side.
fn aggregates(
    db: &Connection,
    stream: &str,
    group: &[&(usize, Counts)],
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let (slice, range) = frame(blocks, group[0].0);
    let part = |(_, counts): &&(usize, Counts)| {
        let samples = counts.samples.as_deref().unwrap_or("0");
        format!("({})::BIGINT, ({})::BIGINT, ({samples})::BIGINT", counts.total, counts.good)
    };
    let parts: Vec<String> = group.iter().map(part).collect();
    let sql = format!(
        "SELECT {slice} AS i, {} FROM {} WHERE {range} GROUP BY i",
        parts.join(", "),
        rows_of(db, stream)?
    );
    for (at, _) in group.iter().filter(|(_, counts)| counts.samples.is_some()) {
        blocks[*at].present.fill(false);
    }
    let mut query = db.prepare(&sql)?;
    for batch in query.query_arrow([])? {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>();
        let slices = column(0);
        for (n, (at, counts)) in group.iter().enumerate() {
            let (total, good, samples) = (column(1 + 3 * n), column(2 + 3 * n), column(3 + 3 * n));
            let block = &mut blocks[*at];
            for row in 0..batch.num_rows() {
                let i = usize::try_from(slices.value(row)).unwrap_or(usize::MAX);
                if i >= block.good.len() {
                    continue;
                }
                let sampled = counts.samples.is_none() || samples.value(row) > 0;
                if counts.samples.is_some() {
                    block.present[i] = sampled;
                }
                if sampled {
                    block.total[i] = events(stream, total.is_valid(row), total.value(row))?;
                    block.good[i] = events(stream, good.is_valid(row), good.value(row))?;
                }
            }
        }
    }
    Ok(())
}

/// A count of events as slices hold it.
fn events(stream: &str, known: bool, count: i64) -> Result<u32, Error> {
    let why = match (known, u32::try_from(count)) {
        (true, Ok(count)) => return Ok(count),
        (true, Err(_)) if count > 0 => format!("{count} events in one slice of `{stream}`"),
        _ => format!("the counts in one slice of `{stream}` add up to no whole number from 0 on"),
    };
    Err(Error::Refused(Diagnostic::error("rollup::too-many-events", why).into()))
}

/// The different conditions of as many of the first indicators as one key can hold.
fn shared<'g>(group: &[&'g (usize, Counts)]) -> (Vec<&'g str>, usize) {
    let mut known: Vec<&str> = Vec::new();
    for (taken, (_, counts)) in group.iter().enumerate() {
        let rows = counts.rows.as_ref().expect("invariant: only counts of rows come here");
        let mut more = known.clone();
        for condition in [rows.all.as_str(), rows.part.as_str()] {
            if condition != "true" && !more.contains(&condition) {
                more.push(condition);
            }
        }
        if more.len() > MOST_CONDITIONS {
            return (known, taken.max(1));
        }
        known = more;
    }
    (known, group.len())
}

/// Each different condition is asked once of each row; its answers are bits of a key, and rows
/// with equal keys are counted together. So twenty indicators cost little more than one.
fn answers(
    db: &Connection,
    stream: &str,
    known: &[&str],
    group: &[&(usize, Counts)],
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let (slice, range) = frame(blocks, group[0].0);
    let bit = |(n, condition): (usize, &&str)| {
        format!("CASE WHEN {condition} THEN {}::BIGINT ELSE 0::BIGINT END", 1u64 << n)
    };
    let mut bits: Vec<String> = known.iter().enumerate().map(bit).collect();
    if bits.is_empty() {
        bits.push("0::BIGINT".to_owned());
    }
    let sql = format!(
        "SELECT i, bits, count(*)::BIGINT FROM \
         (SELECT {slice} AS i, {} AS bits FROM {} WHERE {range}) GROUP BY i, bits",
        bits.join(" | "),
        rows_of(db, stream)?
    );
    let mask = |condition: &str| {
        let n = known.iter().position(|other| *other == condition);
        n.map_or(0, |n| 1i64 << n)
    };
    let mut query = db.prepare(&sql)?;
    for batch in query.query_arrow([])? {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>().values();
        let (slices, bits, counts) = (column(0), column(1), column(2));
        for (at, wanted) in group {
            let rows = wanted.rows.as_ref().expect("invariant: only counts of rows come here");
            let (all, part) = (mask(&rows.all), mask(&rows.part));
            let block = &mut blocks[*at];
            for row in 0..batch.num_rows() {
                let i = usize::try_from(slices[row]).unwrap_or(usize::MAX);
                if bits[row] & all != all || i >= block.good.len() {
                    continue;
                }
                let total = i64::from(block.total[i]) + counts[row];
                block.total[i] = events(stream, true, total)?;
                if (bits[row] & part == part) != rows.part_is_bad {
                    // Good ones are some of all, which fit.
                    block.good[i] += events(stream, true, counts[row])?;
                }
            }
        }
    }
    Ok(())
}
