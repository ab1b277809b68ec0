//! One scan of a stream, scattered into the slices of its indicators.

use duckdb::Connection;
use duckdb::arrow::array::{Array, AsArray, PrimitiveArray};
use duckdb::arrow::datatypes::Int64Type;

use super::archive::rows_of;
use super::error::Error;
use super::row_scan::{Conditions, scan_rows};
use crate::diag::Diagnostic;
use crate::model::SliceBlock;

/// What one indicator counts in a slice of its stream.
#[derive(Debug)]
pub(super) enum Counts {
    /// Rows.
    Rows(Conditions),
    /// What aggregates give.
    Sums(Sums),
}

/// SQL aggregates of a slice: all events, and the good ones.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) total: String,
    pub(super) good: String,
    /// Good and total of a measured slice without any row.
    pub(super) empty: (u32, u32),
    /// How many samples a slice has, where only one with samples was measured.
    pub(super) samples: Option<String>,
}

impl Counts {
    /// What they add up to in a slice without rows.
    pub(super) fn empty(&self) -> (u32, u32) {
        match self {
            Self::Rows(_) => (0, 0),
            Self::Sums(sums) => sums.empty,
        }
    }

    /// Whether only slices with samples were measured.
    pub(super) fn sampled(&self) -> bool {
        matches!(self, Self::Sums(Sums { samples: Some(_), .. }))
    }
}

/// The slices that are asked for.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) stream: String,
    /// Begin of the first slice and length of each, in microseconds.
    pub(super) start_us: i64,
    pub(super) step_us: i64,
    pub(super) len: usize,
    /// SQL of the rows in them.
    pub(super) condition: String,
}

impl Frame {
    /// The slices of a block; of them only those at `only`, ascending, if given.
    pub(super) fn new(stream: &str, block: &SliceBlock, only: Option<&[usize]>) -> Self {
        let (start_us, step_us) = (block.start.ms() * 1000, block.step.ms() * 1000);
        let at = |slice: usize| start_us + step_us * slice as i64;
        let range = |from: usize, to: usize| {
            format!("ts >= make_timestamp({}) AND ts < make_timestamp({})", at(from), at(to))
        };
        let condition = match only {
            None => range(0, block.good.len()),
            Some(only) => {
                let (first, last) = (only.first().copied(), only.last().copied());
                let slices: Vec<String> = only.iter().map(ToString::to_string).collect();
                format!(
                    "{} AND (epoch_us(ts) - {start_us}) // {step_us} IN ({})",
                    range(first.unwrap_or(0), last.map_or(0, |last| last + 1)),
                    if slices.is_empty() { "NULL".to_owned() } else { slices.join(", ") }
                )
            }
        };
        Self { stream: stream.to_owned(), start_us, step_us, len: block.good.len(), condition }
    }
}

/// One scan of a stream for all indicators of `group`, each with its place in `blocks`; of the
/// slices at `only`, ascending, if given. What it counts is added to what the blocks hold.
pub(super) fn scan(
    db: &Connection,
    stream: &str,
    group: &[(usize, Counts)],
    blocks: &mut [SliceBlock],
    only: Option<&[usize]>,
) -> Result<(), Error> {
    let Some((first, _)) = group.first() else { return Ok(()) };
    let frame = Frame::new(stream, &blocks[*first], only);
    let rows = rows_of(db, stream)?;
    let (mut counted, mut sums) = (Vec::new(), Vec::new());
    for (at, counts) in group {
        match counts {
            Counts::Rows(conditions) => counted.push((*at, conditions)),
            Counts::Sums(one) => sums.push((*at, one)),
        }
    }
    if !sums.is_empty() {
        aggregates(db, &rows, &frame, &sums, blocks)?;
    }
    scan_rows(db, &rows, &frame, &counted, blocks)
}

/// Aggregates of each slice, side by side.
fn aggregates(
    db: &Connection,
    rows: &str,
    frame: &Frame,
    group: &[(usize, &Sums)],
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let part = |(_, sums): &(usize, &Sums)| {
        let samples = sums.samples.as_deref().unwrap_or("0");
        format!("({})::BIGINT, ({})::BIGINT, ({samples})::BIGINT", sums.total, sums.good)
    };
    let parts: Vec<String> = group.iter().map(part).collect();
    let sql = format!(
        "SELECT (epoch_us(ts) - {}) // {} AS i, {} FROM {rows} WHERE {} GROUP BY i",
        frame.start_us,
        frame.step_us,
        parts.join(", "),
        frame.condition
    );
    let mut query = db.prepare(&sql)?;
    for batch in query.query_arrow([])? {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>();
        let slices = column(0);
        for (n, (at, sums)) in group.iter().enumerate() {
            let (total, good, samples) = (column(1 + 3 * n), column(2 + 3 * n), column(3 + 3 * n));
            let block = &mut blocks[*at];
            for row in 0..batch.num_rows() {
                let i = usize::try_from(slices.value(row)).unwrap_or(usize::MAX);
                if i >= block.good.len() {
                    continue;
                }
                let sampled = sums.samples.is_none() || samples.value(row) > 0;
                if sums.samples.is_some() {
                    block.present[i] = sampled;
                }
                if sampled {
                    let count = |column: &PrimitiveArray<Int64Type>| {
                        let count = column.is_valid(row).then(|| column.value(row));
                        events(&frame.stream, count)
                    };
                    (block.total[i], block.good[i]) = (count(total)?, count(good)?);
                }
            }
        }
    }
    Ok(())
}

/// A count of events as slices hold it; `None` is no count at all.
pub(super) fn events(stream: &str, count: Option<i64>) -> Result<u32, Error> {
    let why = match count.map(|count| (count, u32::try_from(count))) {
        Some((_, Ok(count))) => return Ok(count),
        Some((count, Err(_))) if count > 0 => format!("{count} events in one slice of `{stream}`"),
        _ => format!("the counts in one slice of `{stream}` add up to no whole number from 0 on"),
    };
    Err(Error::Refused(Diagnostic::error("rollup::too-many-events", why).into()))
}
