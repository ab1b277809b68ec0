//! Slices of sampled series: counters, buckets of histograms, and ratios recorded as such.
//!
//! A sample at `t` tells about the time before it, so slices hold the samples in `(start, end]`:
//! the reading at the end of a slice belongs to that slice, as in the windows of Prometheus.
//! A counter grows by the difference from the previous reading of the same series, after a reset
//! by the new value; nothing is extrapolated. The first reading of a series is what the next one
//! is compared with and tells of no growth.

use duckdb::Connection;

use super::archive::rows_of;
use super::error::Error;
use crate::model::SliceBlock;
use crate::units::{SimDuration, SimTime};

/// Growth is summed up as whole millionths, so that a sum depends on no order.
pub(super) const GROWTH_UNIT: i128 = 1_000_000;
/// A recorded ratio is a share of this, in every slice the same: each slice weighs as much.
pub(super) const RATIO_UNIT: u32 = 1_000_000_000;
/// Growth beyond this in one step is beyond any count of events, and is refused as such.
const MOST_GROWTH: &str = "1e15";

/// The samples of one metric as an indicator picks them.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// SQL condition on what tells series apart.
    pub(super) filter: String,
    /// SQL expression of the value.
    pub(super) value: String,
}

/// What is made of the samples.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Counters of all events and of a part of them.
    Counters { total: Reading, part: Reading, part_is_bad: bool },
    /// Ratios.
    Ratio { failure: bool, ratio: Reading },
}

/// One indicator on sampled series.
#[derive(Debug, Clone)]
pub(super) struct Sampled {
    pub(super) stream: String,
    /// SQL names of the columns that tell the series apart.
    pub(super) series: Vec<String>,
    pub(super) source: Source,
}

impl Source {
    /// The samples that say whether a slice was measured.
    pub(super) fn leading(&self) -> &Reading {
        match self {
            Self::Counters { total, .. } => total,
            Self::Ratio { ratio, .. } => ratio,
        }
    }

    fn readings(&self) -> Vec<&Reading> {
        match self {
            Self::Counters { total, part, .. } => vec![total, part],
            Self::Ratio { ratio, .. } => vec![ratio],
        }
    }

    /// Whether it is computed from counters.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Self::Counters { .. })
    }

    /// The value as a finite number, and for counters none below 0; NULL otherwise.
    pub(super) fn number(&self, reading: &Reading) -> String {
        let value = format!("TRY_CAST(({}) AS DOUBLE)", reading.value);
        let least = if self.counts() { format!(" AND {value} >= 0") } else { String::new() };
        format!("CASE WHEN isfinite({value}){least} THEN {value} END")
    }
}

/// What the samples of one slice add up to: growth of all and of the part in millionths, or the
/// sum of ratios in billionths and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    slice: usize,
    sums: (i128, i128),
    /// First and last sample that tells something.
    seen: Option<(i64, i64)>,
}

/// A block of slices, and where bad events grew more than all.
#[derive(Debug, Clone)]
pub(super) struct SampledSlices {
    pub(super) block: SliceBlock,
    /// Slice, growth of the bad events, growth of all.
    pub(super) bad_above_total: Vec<(usize, i64, i64)>,
}

/// The slices that hold the samples at `range.0` to before `range.1`. A slice that ends at the
/// first reading of counters holds no growth and is not among them.
fn bounds(range: (SimTime, SimTime), step: i64, counts: bool) -> (i64, usize) {
    let first = (range.0.ms() - i64::from(!counts)).div_euclid(step);
    let last = -(1 - range.1.ms()).div_euclid(step);
    (first * step, usize::try_from((last - first).max(1)).unwrap_or(1))
}

/// The slices of all of `group`, which are on one stream and either all counters or all ratios,
/// by one scan.
pub(super) fn slices(
    db: &Connection,
    group: &[&Sampled],
    range: (SimTime, SimTime),
    step: SimDuration,
) -> Result<Vec<SampledSlices>, Error> {
    let (start, len) = bounds(range, step.ms(), group[0].source.counts());
    let (found, intervals) = scan(db, group, (start, len), step.ms())?;
    let declared: Option<i64> = db.query_row(
        "SELECT expect_every_ms FROM streams WHERE name = ?",
        [&group[0].stream],
        |row| row.get(0),
    )?;
    let empty = SliceBlock {
        start: SimTime::from_ms(start),
        step,
        good: vec![0; len],
        total: vec![0; len],
        present: vec![false; len],
    };
    group
        .iter()
        .zip(found)
        .zip(intervals)
        .map(|((sampled, found), interval)| {
            // A sample late by half an interval is not a missing one.
            let silence = declared.or(interval.map(|interval| interval + interval / 2));
            let mut block = empty.clone();
            measured(&mut block.present, &found, silence);
            let bad_above_total = fill(&mut block, sampled, &found)?;
            Ok(SampledSlices { block, bad_above_total })
        })
        .collect()
}

/// Marks the slices from the first sample that tells something to the last one; those that lie
/// wholly within a silence longer than `silence` were not measured.
fn measured(present: &mut [bool], found: &[Found], silence: Option<i64>) {
    let mut before: Option<(usize, i64)> = None;
    for one in found {
        let Some((first, last)) = one.seen else { continue };
        if let Some((slice, at)) = before
            && silence.is_none_or(|silence| first - at <= silence)
        {
            present[slice..one.slice].fill(true);
        }
        present[one.slice] = true;
        before = Some((one.slice, last));
    }
}

/// Sums in parts as whole events: what is rounded off is carried to the next slice, so that any
/// window is less than one event off, and exact where counters count whole events.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    exact: i128,
    given: i128,
}

impl Carry {
    fn add(&mut self, growth: i128) -> i128 {
        self.exact += growth;
        let whole = self.exact.div_euclid(GROWTH_UNIT) - self.given;
        self.given += whole;
        whole
    }
}

fn fill(
    block: &mut SliceBlock,
    sampled: &Sampled,
    found: &[Found],
) -> Result<Vec<(usize, i64, i64)>, Error> {
    let mut above = Vec::new();
    let (mut all, mut some) = (Carry::default(), Carry::default());
    for Found { slice, sums, .. } in found {
        let (good, total) = match sampled.source {
            Source::Counters { part_is_bad, .. } => {
                let (total, mut part) = (all.add(sums.0), some.add(sums.1));
                if part > total && sums.1 <= sums.0 {
                    // Only rounding made it so; the rest comes with the next slice.
                    some.given -= part - total;
                    part = total;
                }
                if part_is_bad && part > total {
                    above.push((*slice, whole(part), whole(total)));
                }
                (if part_is_bad { (total - part).max(0) } else { part }, total)
            }
            Source::Ratio { failure, .. } => {
                let (sum, count) = *sums;
                if count == 0 {
                    continue;
                }
                let whole = i128::from(RATIO_UNIT);
                let mean = (2 * sum + count).div_euclid(2 * count);
                (if failure { whole - mean } else { mean }, whole)
            }
        };
        (block.good[*slice], block.total[*slice]) =
            (events(good, &sampled.stream)?, events(total, &sampled.stream)?);
    }
    Ok(above)
}

fn whole(count: i128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn events(count: i128, stream: &str) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| {
        let message = format!("{count} events in one slice of `{stream}`");
        super::rollup::refused("rollup::too-many-events", message)
    })
}

type Scanned = (Vec<Vec<Found>>, Vec<Option<i64>>);

/// What each of `group` finds per slice, ascending, and the usual distance between two samples
/// of a series: the median.
fn scan(
    db: &Connection,
    group: &[&Sampled],
    (start, len): (i64, usize),
    step: i64,
) -> Result<Scanned, Error> {
    let end = start + step * i64::try_from(len).unwrap_or(i64::MAX / step);
    let (mut columns, mut readings) = (vec!["slice".to_owned()], 0);
    for sampled in group {
        columns.push(columns_of(sampled, readings));
        readings += sampled.source.readings().len();
    }
    let sql = format!(
        "{}, placed AS (SELECT *, (instant - {start} - 1) // {step} AS slice FROM steps \
         WHERE instant > {start}) SELECT {} FROM placed GROUP BY GROUPING SETS ((slice), ()) \
         ORDER BY slice NULLS FIRST",
        steps_sql(&rows_of(db, &group[0].stream)?, group, end),
        columns.join(", ")
    );
    let mut query = db.prepare(&sql)?;
    let mut rows = query.query([])?;
    let mut found = vec![Vec::new(); group.len()];
    let mut intervals = vec![None; group.len()];
    while let Some(row) = rows.next()? {
        let slice: Option<i64> = row.get(0)?;
        for n in 0..group.len() {
            let column = 1 + 5 * n;
            let Some(slice) = slice.and_then(|slice| usize::try_from(slice).ok()) else {
                intervals[n] = row.get(column + 4)?;
                continue;
            };
            let sum = |at| Ok::<i128, Error>(row.get::<_, Option<i128>>(at)?.unwrap_or(0));
            let first: Option<i64> = row.get(column + 2)?;
            let last: Option<i64> = row.get(column + 3)?;
            if slice < len {
                let sums = (sum(column)?, sum(column + 1)?);
                found[n].push(Found { slice, sums, seen: first.zip(last) });
            }
        }
    }
    Ok((found, intervals))
}

/// The samples of all readings with what came before each in its series: its instant, and per reading
/// `c` whether it is one, `v` its value, `b` the value before and `p` the instant of that.
fn steps_sql(table: &str, group: &[&Sampled], end: i64) -> String {
    let readings: Vec<(String, String)> = group
        .iter()
        .flat_map(|sampled| {
            let source = &sampled.source;
            source.readings().into_iter().map(|one| (one.filter.clone(), source.number(one)))
        })
        .collect();
    let mut rows = String::new();
    let mut steps = String::new();
    for (n, (filter, value)) in readings.iter().enumerate() {
        rows += &format!(", coalesce({filter}, false) AS c{n}, {value} AS v{n}");
        steps += &format!(
            ", lag(v{n} IGNORE NULLS) OVER s AS b{n}, \
             lag(CASE WHEN v{n} IS NOT NULL THEN instant END IGNORE NULLS) OVER s AS p{n}"
        );
    }
    let any: Vec<String> = readings.iter().map(|(filter, _)| format!("({filter})")).collect();
    let series = &group[0].series;
    let names: Vec<String> = (0..series.len()).map(|n| format!("k{n}")).collect();
    let keys: Vec<String> =
        series.iter().zip(&names).map(|(column, name)| format!("{column} AS {name}")).collect();
    let prefix = if keys.is_empty() { String::new() } else { format!("{}, ", keys.join(", ")) };
    let partition = match names.is_empty() {
        true => String::new(),
        false => format!("PARTITION BY {} ", names.join(", ")),
    };
    format!(
        "WITH readings AS (SELECT {prefix}epoch_ms(ts) AS instant, ts AS read_at, _file, _line{rows} \
         FROM {} WHERE ts < make_timestamp_ms({}) AND ({})), \
         steps AS (SELECT *{steps} FROM readings \
         WINDOW s AS ({partition}ORDER BY read_at, _file, _line))",
        table,
        end + 1,
        any.join(" OR ")
    )
}

/// The five columns of an indicator whose first reading is number `n`: two sums, the first and
/// the last sample that tells something, and the median distance of samples in a series.
fn columns_of(sampled: &Sampled, n: usize) -> String {
    let growth = |n: usize| {
        let step = format!(
            "CASE WHEN b{n} IS NULL THEN 0 WHEN v{n} >= b{n} THEN v{n} - b{n} ELSE v{n} END"
        );
        let exact = format!("round(least({step}, {MOST_GROWTH}) * {GROWTH_UNIT})::HUGEINT");
        format!("sum({exact}) FILTER (WHERE c{n} AND v{n} IS NOT NULL)")
    };
    let (first, second, telling) = match sampled.source {
        Source::Counters { .. } => {
            (growth(n), growth(n + 1), format!("c{n} AND v{n} IS NOT NULL AND p{n} IS NOT NULL"))
        }
        Source::Ratio { .. } => (
            format!("sum(round(v{n} * {RATIO_UNIT})::HUGEINT) FILTER (WHERE c{n})"),
            format!("(count(v{n}) FILTER (WHERE c{n}))::HUGEINT"),
            format!("c{n} AND v{n} IS NOT NULL"),
        ),
    };
    format!(
        "{first}, {second}, min(instant) FILTER (WHERE {telling}), max(instant) FILTER (WHERE {telling}), \
         quantile_disc(instant - p{n}, 0.5) FILTER (WHERE c{n} AND v{n} IS NOT NULL AND p{n} IS NOT NULL)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_at_the_end_of_a_slice_belongs_to_it() {
        let bounds = |from, to, counts| {
            bounds((SimTime::from_ms(from), SimTime::from_ms(to)), 60_000, counts)
        };
        assert_eq!(bounds(0, 120_001, true), (0, 2));
        assert_eq!(bounds(0, 120_001, false), (-60_000, 3));
        assert_eq!(bounds(0, 120_002, true), (0, 3));
        assert_eq!(bounds(30_000, 90_000, false), (0, 2));
        assert_eq!(bounds(60_000, 60_001, true), (60_000, 1));
    }

    #[test]
    fn rounding_is_carried_and_never_lost() {
        let mut carry = Carry::default();
        let given: Vec<i128> = (0..10).map(|_| carry.add(GROWTH_UNIT / 4)).collect();
        assert_eq!(given, [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn only_long_silences_are_holes() {
        let one = |slice, first, last| Found { slice, sums: (0, 0), seen: Some((first, last)) };
        let found = [one(1, 70, 110), one(2, 130, 130), one(4, 245, 290), one(7, 440, 440)];
        let check = |silence, wanted: [bool; 9]| {
            let mut present = [false; 9];
            measured(&mut present, &found, silence);
            assert_eq!(present, wanted);
        };
        let (t, f) = (true, false);
        check(Some(120), [f, t, t, t, t, f, f, t, f]);
        check(Some(60), [f, t, t, f, t, f, f, t, f]);
        check(Some(1000), [f, t, t, t, t, t, t, t, f]);
    }
}
