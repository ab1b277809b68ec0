//! From rows to slices: all indicators on one stream in one scan.

use std::collections::BTreeMap;

use duckdb::Connection;

use super::archive::rows_of;
use super::counter;
use super::error::Error;
use super::expression;
use super::sampled::{self, Sampled};
use super::scan::{Conditions, Counts, scan};
use super::workspace::{Streams, columns_of, quote};
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Aggregate, Indicator, Query, SliceBlock, StreamKind, ThresholdOp};
use crate::units::{SimDuration, SimTime};

/// Most slices of one answer.
const MAX_SLICES: i64 = 50_000_000;

/// Measured values are summed up as whole millionths, so that a sum depends on no order.
const UNIT: i128 = 1_000_000;

impl Streams {
    /// The instant of the last row of a stream; `None` without one.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn watermark(&self, stream: &str) -> Result<Option<SimTime>, Error> {
        let last = self.list()?.into_iter().find(|summary| *summary.name == *stream);
        Ok(last.and_then(|summary| summary.last))
    }

    /// The slices of one indicator. See [`Streams::slices_many`].
    ///
    /// # Errors
    /// As [`Streams::slices_many`].
    pub fn slices(
        &self,
        indicator: &Indicator,
        range: (SimTime, SimTime),
        step: SimDuration,
    ) -> Result<SliceBlock, Error> {
        let mut blocks = self.slices_many(&[indicator], range, step)?;
        Ok(blocks.remove(0))
    }

    /// The slices of several indicators from `range.0` to before `range.1`, both moved outwards
    /// to multiples of `step`. A slice between a stream's first and last row is measured, with
    /// total 0 where it has no rows, unless the stream was silent for longer than it may be.
    /// Slices of counters, histograms and recorded ratios hold samples in `(start, end]`.
    ///
    /// # Errors
    /// A stream, metric or column that is not there, an expression that is not allowed, a
    /// `SourceFault` that blocks, counts beyond 32 bits; the database as ever.
    pub fn slices_many(
        &self,
        indicators: &[&Indicator],
        range: (SimTime, SimTime),
        step: SimDuration,
    ) -> Result<Vec<SliceBlock>, Error> {
        let step_ms = step.ms();
        if step_ms <= 0 || range.1 <= range.0 {
            return Err(refused("rollup::bad-range", "the range or the step is empty".to_owned()));
        }
        let first = range.0.ms().div_euclid(step_ms);
        let count = (range.1.ms() + step_ms - 1).div_euclid(step_ms) - first;
        if count > MAX_SLICES {
            let message = format!("{count} slices are asked for, at most {MAX_SLICES}");
            return Err(refused("rollup::too-many", message));
        }
        let len = usize::try_from(count).expect("invariant: checked against the limit");
        let Some(db) = self.read()? else {
            return Err(refused("rollup::no-stream", "nothing was ingested yet".to_owned()));
        };
        // Behind the check of each expression, a second wall: see `expression`.
        self.shut(&db)?;
        let _parser = expression::parser()?;
        let mut groups: BTreeMap<String, Vec<(usize, Counts)>> = BTreeMap::new();
        let mut metrics: BTreeMap<(String, bool), Vec<(usize, Sampled)>> = BTreeMap::new();
        let mut names = counter::Metrics::default();
        for (i, indicator) in indicators.iter().enumerate() {
            if let Some(planned) = counter::planned(&db, &mut names, indicator)? {
                super::source_fault::refuse(&db, &planned)?;
                let sampled = planned.sampled;
                let key = (sampled.stream.clone(), sampled.source.counts());
                metrics.entry(key).or_default().push((i, sampled));
                continue;
            }
            let counts = counts(&db, indicator)?;
            groups.entry(counts.stream.clone()).or_default().push((i, counts));
        }
        let empty = SliceBlock {
            start: SimTime::from_ms(first * step_ms),
            step,
            good: vec![0; len],
            total: vec![0; len],
            present: vec![false; len],
        };
        let mut blocks = vec![empty; indicators.len()];
        for (stream, group) in groups {
            let rows = self.rows_span(&db, &stream)?;
            let present = presence(&db, &stream, rows, first, step_ms, len)?;
            for (i, counts) in &group {
                let block = &mut blocks[*i];
                if counts.empty != (0, 0) {
                    let measured = present.iter().enumerate().filter(|(_, present)| **present);
                    for (at, _) in measured {
                        (block.good[at], block.total[at]) = counts.empty;
                    }
                }
                block.present.clone_from(&present);
            }
            scan(&db, &stream, &group, &mut blocks)?;
        }
        for group in metrics.values() {
            let parts: Vec<&Sampled> = group.iter().map(|(_, sampled)| sampled).collect();
            for ((i, _), slices) in group.iter().zip(sampled::slices(&db, &parts, range, step)?) {
                blocks[*i] = slices.block;
            }
        }
        Ok(blocks)
    }
}

/// A mistake that is refused.
pub(super) fn refused(code: &'static str, message: String) -> Error {
    Error::Refused(Diagnostic::error(code, message).into())
}

/// Which slices a stream of events measured: from its first to its last row, without silences
/// longer than `expect_every`.
fn presence(
    db: &Connection,
    stream: &str,
    rows: Option<(i64, i64)>,
    first: i64,
    step: i64,
    len: usize,
) -> Result<Vec<bool>, Error> {
    let table = rows_of(db, stream)?;
    let mut present = vec![false; len];
    let Some((from, to)) = rows else { return Ok(present) };
    let end = first + len as i64;
    let set = |present: &mut [bool], from: i64, to: i64, value: bool| {
        let (from, to) = (from.clamp(first, end) - first, to.clamp(first, end) - first);
        if from < to {
            present[from as usize..to as usize].fill(value);
        }
    };
    set(&mut present, from.div_euclid(step), to.div_euclid(step) + 1, true);
    let every: Option<i64> =
        db.query_row("SELECT expect_every_ms FROM streams WHERE name = ?", [stream], |row| {
            row.get(0)
        })?;
    let Some(every) = every else { return Ok(present) };
    let sql = format!(
        "SELECT epoch_ms(before), epoch_ms(ts) FROM \
         (SELECT ts, lag(ts) OVER (ORDER BY ts) AS before FROM {table}) \
         WHERE epoch_ms(ts) - epoch_ms(before) > {every} ORDER BY ts"
    );
    let mut query = db.prepare(&sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (before, after): (i64, i64) = (row.get(0)?, row.get(1)?);
        // The slices with the rows around the silence were measured.
        set(&mut present, before.div_euclid(step) + 1, after.div_euclid(step), false);
    }
    Ok(present)
}

fn counts(db: &Connection, indicator: &Indicator) -> Result<Counts, Error> {
    match indicator {
        Indicator::Ratio { counter: false, part_is_bad, part, total } => {
            let columns = Columns::new(db, total)?;
            if part.stream != total.stream {
                let message = "both queries of a ratio of events must name one stream".to_owned();
                return Err(refused("rollup::two-streams", message));
            }
            if part.aggregate == Aggregate::Sum || total.aggregate == Aggregate::Sum {
                return sums(&columns, *part_is_bad, part, total);
            }
            let all = columns.filter(total)?;
            let part = columns.filter(part)?;
            let rows =
                Conditions { all: all.clone(), part: part.clone(), part_is_bad: *part_is_bad };
            let good = if *part_is_bad {
                format!("({all}) AND NOT coalesce({part}, false)")
            } else {
                format!("({all}) AND ({part})")
            };
            Ok(Counts {
                stream: total.stream.to_string(),
                total: format!("count(*) FILTER (WHERE {all})"),
                good: format!("count(*) FILTER (WHERE {good})"),
                empty: (0, 0),
                rows: Some(rows),
                samples: None,
            })
        }
        Indicator::Threshold { query, op, value } => {
            let columns = Columns::new(db, query)?;
            threshold(&columns, query, *op, value)
        }
        _ => {
            let message = "this indicator cannot be counted from rows of events";
            let help = "ratios of events and thresholds on measured values can";
            let diagnostic = Diagnostic::error("rollup::unsupported", message).help(help);
            Err(Error::Refused(diagnostic.into()))
        }
    }
}

/// Rows that hold counts, such as slices that were rolled up before: good and all are sums of
/// whole numbers. Of a stream of metrics a slice is measured when it has samples; of events, a
/// slice without rows has none.
fn sums(
    columns: &Columns<'_>,
    part_is_bad: bool,
    part: &Query,
    total: &Query,
) -> Result<Counts, Error> {
    let sum = |query: &Query| -> Result<(String, String), Error> {
        let all = columns.filter(query)?;
        if query.aggregate != Aggregate::Sum {
            let rows = format!("count(*) FILTER (WHERE {all})");
            return Ok((format!("{rows}::HUGEINT * {UNIT}"), rows));
        }
        let value = columns.expression(query.value.as_deref().unwrap_or("value"))?;
        let exact = format!("TRY_CAST(round(TRY_CAST(({value}) AS DOUBLE) * {UNIT}) AS HUGEINT)");
        let rows = format!("FILTER (WHERE ({all}) AND {exact} IS NOT NULL)");
        Ok((format!("coalesce(sum({exact}) {rows}, 0)"), format!("count(*) {rows}")))
    };
    let ((part, _), (total_sum, samples)) = (sum(part)?, sum(total)?);
    let good = if part_is_bad { format!("({total_sum}) - ({part})") } else { part };
    // What is no whole number from 0 on becomes -1, which no slice can hold.
    let whole = |sum: &str| {
        format!(
            "CASE WHEN ({sum}) >= 0 AND ({sum}) % {UNIT} = 0 THEN ({sum}) // {UNIT} ELSE -1 END"
        )
    };
    let kind: String = columns.db.query_row(
        "SELECT kind FROM streams WHERE name = ?",
        [&*total.stream],
        |row| row.get(0),
    )?;
    Ok(Counts {
        stream: total.stream.to_string(),
        total: whole(&total_sum),
        good: whole(&good),
        empty: (0, 0),
        rows: None,
        samples: (kind == StreamKind::Metrics.as_str()).then_some(samples),
    })
}

/// One event a slice: good when the aggregate of its values compares well. A slice without
/// values has no event, but for `count`, which is 0 there.
fn threshold(
    columns: &Columns<'_>,
    query: &Query,
    op: ThresholdOp,
    value: &str,
) -> Result<Counts, Error> {
    let all = columns.filter(query)?;
    let limit = millionths(value).ok_or_else(|| {
        let message = format!("the threshold `{value}` is no number of at most 6 decimal places");
        refused("rollup::threshold", message)
    })?;
    let sign = match op {
        ThresholdOp::Lte => "<=",
        ThresholdOp::Lt => "<",
        ThresholdOp::Gte => ">=",
        ThresholdOp::Gt => ">",
    };
    let stream = query.stream.to_string();
    if query.aggregate == Aggregate::Count {
        let none = match op {
            ThresholdOp::Lte => 0 <= limit,
            ThresholdOp::Lt => 0 < limit,
            ThresholdOp::Gte => 0 >= limit,
            ThresholdOp::Gt => 0 > limit,
        };
        let counted = format!("count(*) FILTER (WHERE {all})::HUGEINT * {UNIT}");
        return Ok(Counts {
            stream,
            total: "1::BIGINT".to_owned(),
            good: format!("({counted} {sign} {limit})::BIGINT"),
            empty: (u32::from(none), 1),
            rows: None,
            samples: None,
        });
    }
    let measured = columns.expression(query.value.as_deref().unwrap_or("value"))?;
    let measured = format!("TRY_CAST(({measured}) AS DOUBLE)");
    let exact = format!("TRY_CAST(round({measured} * {UNIT}) AS HUGEINT)");
    let rows = format!("FILTER (WHERE ({all}) AND {exact} IS NOT NULL)");
    let count = format!("count(*) {rows}");
    let good = match query.aggregate {
        Aggregate::Sum => format!("sum({exact}) {rows} {sign} {limit}"),
        Aggregate::Min => format!("min({exact}) {rows} {sign} {limit}"),
        Aggregate::Max => format!("max({exact}) {rows} {sign} {limit}"),
        // Of equal times the last row counts.
        Aggregate::Last => format!("arg_max({exact}, (ts, _file, _line)) {rows} {sign} {limit}"),
        Aggregate::Mean | Aggregate::Count => {
            format!("sum({exact}) {rows} {sign} {limit}::HUGEINT * {count}")
        }
    };
    Ok(Counts {
        stream,
        total: format!("({count} > 0)::BIGINT"),
        good: format!("coalesce(({good})::BIGINT, 0)"),
        empty: (0, 0),
        rows: None,
        samples: None,
    })
}

/// A decimal as whole millionths.
pub(super) fn millionths(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || fraction.len() > 6 || digits.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i128 = format!("{fraction:0<6}").parse().ok()?;
    let all = whole.checked_mul(UNIT)?.checked_add(part)?;
    // Comparisons multiply it by a count of rows.
    (all < i128::from(i64::MAX)).then_some(sign * all)
}

/// The columns of a stream, for expressions.
pub(super) struct Columns<'a> {
    db: &'a Connection,
    known: Vec<String>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(db: &'a Connection, query: &Query) -> Result<Self, Error> {
        let mut names = db.prepare("SELECT name FROM streams ORDER BY name")?;
        let names: Vec<String> =
            names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if !names.iter().any(|name| *name == *query.stream) {
            let message = format!("there is no stream `{}`", query.stream);
            let help = match did_you_mean(&query.stream, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see `drill data streams`".to_owned(),
            };
            let unknown = Diagnostic::error("rollup::no-stream", message).help(help);
            return Err(Error::Refused(unknown.into()));
        }
        let columns = columns_of(db, &query.stream)?;
        let mut known: Vec<String> = columns.into_iter().map(|column| column.name).collect();
        known.push("ts".to_owned());
        Ok(Self { db, known })
    }

    /// Only these.
    pub(super) fn of(db: &'a Connection, known: Vec<String>) -> Self {
        Self { db, known }
    }

    /// Their names.
    pub(super) fn known(&self) -> &[String] {
        &self.known
    }

    /// The condition of a query as SQL; always true without one.
    pub(super) fn filter(&self, query: &Query) -> Result<String, Error> {
        let filter = query.filter.as_deref();
        let filter = filter.map_or_else(|| Ok("true".to_owned()), |text| self.expression(text))?;
        match &query.metric {
            None => Ok(filter),
            Some(metric) => {
                let one = format!("name = '{}'", metric.replace('\'', "''"));
                Ok(format!("({}) AND ({filter})", self.expression(&one)?))
            }
        }
    }

    pub(super) fn expression(&self, text: &str) -> Result<String, Error> {
        let find = |name: &str| {
            let exact = self.known.iter().find(|known| *known == name);
            let same = |known: &&String| known.to_lowercase() == name.to_lowercase();
            exact.or_else(|| self.known.iter().find(same)).map(|known| quote(known))
        };
        debug_assert!(self.db.is_autocommit());
        expression::checked(text, &find, &self.known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_exact_millionths() {
        assert_eq!(millionths("0.7"), Some(700_000));
        assert_eq!(millionths("-40000"), Some(-40_000_000_000));
        assert_eq!(millionths(".5000000"), Some(500_000));
        assert_eq!(millionths("0.0000001"), None);
        assert_eq!(millionths("1e3"), None);
        assert_eq!(millionths(""), None);
        assert_eq!(millionths("99999999999999999999"), None);
    }
}
