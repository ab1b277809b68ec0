//! Questions to the rows of one stream: the last ones, how many, how often, how large.

use duckdb::Connection;

use super::archive::rows_of;
use super::error::Error;
use super::expression;
use super::workspace::{Streams, columns_of};
use crate::units::{SimDuration, SimTime};

/// Values with how often each occurs.
pub type Tally = Vec<(String, u64)>;

/// Which rows of a stream: after `from`, up to and with `to`.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The stream.
    pub stream: &'a str,
    /// An SQL expression that holds for them; all without one.
    pub filter: Option<&'a str>,
    /// The instant before the first.
    pub from: SimTime,
    /// The instant of the last.
    pub to: SimTime,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedRow {
    /// Its instant.
    pub at: SimTime,
    /// Number of its file.
    pub file: u32,
    /// Its line there, from 1.
    pub line: u64,
    /// The values of the expressions that were asked for, as text.
    pub values: Vec<Option<String>>,
}

/// What a metric was over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFigures {
    /// The series.
    pub name: String,
    /// Samples.
    pub samples: u64,
    /// Their mean; summed up as whole millionths, so that it depends on no order.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// How a stream goes on within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Rows of the span.
    pub rows: u64,
    /// The last of them.
    pub last: Option<SimTime>,
    /// The longest time without a row, the ends of the span included.
    pub longest: SimDuration,
}

/// A stream opened for questions.
struct Opened {
    db: Connection,
    table: String,
    known: Vec<String>,
    /// Held for all expressions of one question.
    _parser: expression::Parser,
}

impl Opened {
    fn expression(&self, text: &str) -> Result<String, Error> {
        expression::checked(text, &self.known)
    }

    /// The condition of a selection.
    fn condition(&self, rows: &Selection<'_>) -> Result<String, Error> {
        let filter = match rows.filter {
            None => "true".to_owned(),
            Some(text) => self.expression(text)?,
        };
        Ok(format!(
            "ts > make_timestamp_ms({}) AND ts <= make_timestamp_ms({}) AND ({filter})",
            rows.from.ms(),
            rows.to.ms()
        ))
    }

    fn rows(&self, sql: &str, values: usize) -> Result<Vec<SelectedRow>, Error> {
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map([], |row| {
            let values = (3..3 + values).map(|column| row.get(column));
            Ok(SelectedRow {
                at: SimTime::from_ms(row.get(0)?),
                file: row.get(1)?,
                line: row.get(2)?,
                values: values.collect::<Result<_, _>>()?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn list(&self, expressions: &[&str]) -> Result<String, Error> {
        let mut columns = "epoch_ms(ts), _file, _line".to_owned();
        for text in expressions {
            columns.push_str(&format!(", ({})::VARCHAR", self.expression(text)?));
        }
        Ok(columns)
    }
}

impl Streams {
    fn opened(&self, stream: &str) -> Result<Option<Opened>, Error> {
        let Some(db) = self.read()? else { return Ok(None) };
        let there: u64 = db.query_row(
            "SELECT count(*)::UBIGINT FROM streams WHERE name = ?",
            [stream],
            |row| row.get(0),
        )?;
        if there == 0 {
            return Ok(None);
        }
        let columns = columns_of(&db, stream)?;
        let mut known: Vec<String> = columns.into_iter().map(|column| column.name).collect();
        known.push("ts".to_owned());
        let table = rows_of(&db, stream)?;
        Ok(Some(Opened { db, table, known, _parser: expression::parser()? }))
    }

    /// The last rows of a selection, the newest first, with the values of `expressions`; `None`
    /// without such a stream.
    ///
    /// # Errors
    /// An expression that is not allowed or names no column; the database as ever.
    pub fn newest(
        &self,
        rows: &Selection<'_>,
        expressions: &[&str],
        limit: u64,
    ) -> Result<Option<Vec<SelectedRow>>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let (columns, condition) = (opened.list(expressions)?, opened.condition(rows)?);
        let sql = format!(
            "SELECT {columns} FROM {} WHERE {condition} \
             ORDER BY ts DESC, _file DESC, _line DESC LIMIT {limit}",
            opened.table
        );
        opened.rows(&sql, expressions.len()).map(Some)
    }

    /// The last row of each value of `by`, ascending by it: the value first, then those of
    /// `expressions`; `None` without such a stream.
    ///
    /// # Errors
    /// As for [`Streams::newest`].
    pub fn newest_by(
        &self,
        rows: &Selection<'_>,
        by: &str,
        expressions: &[&str],
    ) -> Result<Option<Vec<SelectedRow>>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let mut all = vec![by];
        all.extend(expressions);
        let (columns, condition) = (opened.list(&all)?, opened.condition(rows)?);
        let by = opened.expression(by)?;
        let sql = format!(
            "SELECT {columns} FROM {} WHERE {condition} \
             QUALIFY row_number() OVER (PARTITION BY {by} \
               ORDER BY ts DESC, _file DESC, _line DESC) = 1 ORDER BY 4 NULLS LAST LIMIT 1000",
            opened.table
        );
        opened.rows(&sql, all.len()).map(Some)
    }

    /// How many rows a selection has; `None` without such a stream.
    ///
    /// # Errors
    /// As for [`Streams::newest`].
    pub fn count(&self, rows: &Selection<'_>) -> Result<Option<u64>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let condition = opened.condition(rows)?;
        let sql = format!("SELECT count(*)::UBIGINT FROM {} WHERE {condition}", opened.table);
        Ok(Some(opened.db.query_row(&sql, [], |row| row.get(0))?))
    }

    /// The rows of a file after one of its lines, at most `limit`, with the value of `expression`.
    ///
    /// # Errors
    /// As for [`Streams::newest`].
    pub fn following(
        &self,
        stream: &str,
        row: &SelectedRow,
        expression: &str,
        limit: u32,
    ) -> Result<Vec<SelectedRow>, Error> {
        let Some(opened) = self.opened(stream)? else { return Ok(Vec::new()) };
        let columns = opened.list(&[expression])?;
        let (table, file, line) = (&opened.table, row.file, row.line);
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE _file = {file} AND _line > {line} \
             AND _line <= {} ORDER BY _line",
            line.saturating_add(limit.into())
        );
        opened.rows(&sql, 1)
    }

    /// How often each value of `by` occurs, the most frequent first and equal ones by name, at
    /// most `limit` of them, with how many values there are; `None` without such a stream.
    ///
    /// # Errors
    /// As for [`Streams::newest`].
    pub fn tally(
        &self,
        rows: &Selection<'_>,
        by: &str,
        limit: u32,
    ) -> Result<Option<(Tally, u64)>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let condition = opened.condition(rows)?;
        // By place and not by name: a column of the stream may have any name.
        let by = opened.expression(by)?;
        let sql = format!(
            "SELECT coalesce(({by})::VARCHAR, '-'), count(*)::UBIGINT, \
               (count(*) OVER ())::UBIGINT FROM {} WHERE {condition} \
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}",
            opened.table
        );
        let mut query = opened.db.prepare(&sql)?;
        let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let found: Vec<(String, u64, u64)> = found.collect::<Result<_, _>>()?;
        let all = found.first().map_or(0, |one| one.2);
        Ok(Some((found.into_iter().map(|(value, count, _)| (value, count)).collect(), all)))
    }

    /// What each metric of a stream of samples was, ascending by name; `None` without such a
    /// stream.
    ///
    /// # Errors
    /// As for [`Streams::newest`], and for a stream without `name` and `value`.
    pub fn metric_figures(
        &self,
        rows: &Selection<'_>,
    ) -> Result<Option<Vec<MetricFigures>>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let condition = opened.condition(rows)?;
        let (name, value) = (opened.expression("name")?, opened.expression("value")?);
        let value = format!("TRY_CAST({value} AS DOUBLE)");
        let sql = format!(
            "SELECT ({name})::VARCHAR, count({value})::UBIGINT, \
               sum(TRY_CAST(round({value} * 1000000) AS HUGEINT))::VARCHAR, min({value}), \
               max({value}) FROM {} WHERE {condition} AND abs({value}) < 1e24 \
               AND ({name}) IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1000",
            opened.table
        );
        let mut query = opened.db.prepare(&sql)?;
        let found = query.query_map([], |row| {
            let (samples, sum): (u64, Option<String>) = (row.get(1)?, row.get(2)?);
            // Below 1e24 each, a hundred million of them sum up within 128 bits.
            let sum: i128 = sum.and_then(|sum| sum.parse().ok()).unwrap_or_default();
            Ok(MetricFigures {
                name: row.get(0)?,
                samples,
                mean: sum as f64 / 1e6 / samples.max(1) as f64,
                min: row.get(3)?,
                max: row.get(4)?,
            })
        })?;
        Ok(Some(found.collect::<Result<_, _>>()?))
    }

    /// The longest silence of a selection; `None` without such a stream.
    ///
    /// # Errors
    /// As for [`Streams::newest`].
    pub fn silence(&self, rows: &Selection<'_>) -> Result<Option<Silence>, Error> {
        let Some(opened) = self.opened(rows.stream)? else { return Ok(None) };
        let condition = opened.condition(rows)?;
        let sql = format!(
            "SELECT count(*)::UBIGINT, epoch_ms(min(ts)), epoch_ms(max(ts)), \
               max(epoch_ms(ts) - epoch_ms(before)) FROM (SELECT ts, lag(ts) OVER (ORDER BY ts) \
             AS before FROM {} WHERE {condition})",
            opened.table
        );
        type Found = (u64, Option<i64>, Option<i64>, Option<i64>);
        let (count, first, last, between): Found = opened
            .db
            .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let (from, to) = (rows.from.ms(), rows.to.ms());
        let edges = match first.zip(last) {
            None => to - from,
            Some((first, last)) => (first - from).max(to - last),
        };
        Ok(Some(Silence {
            rows: count,
            last: last.map(SimTime::from_ms),
            longest: SimDuration::from_ms(edges.max(between.unwrap_or(0))),
        }))
    }
}
