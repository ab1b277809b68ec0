//! Rankings: which values of a column are the most frequent, when, and since when.

use duckdb::Connection;

use super::archive::rows_of;
use super::error::Error;
use super::expression;
use super::rollup::refused;
use super::workspace::{Streams, columns_of, quote};
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::Name;
use crate::units::{SimDuration, SimTime};

/// What columns are called elsewhere: the word that is asked for, and the names it may have.
const ALIASES: [(&str, &[&str]); 4] = [
    ("message", &["message", "msg", "body", "error", "text"]),
    ("route", &["route", "path", "endpoint", "url", "http.route", "operation"]),
    ("hook", &["hook", "hook_name"]),
    ("service", &["service", "service_name", "service.name", "app", "job"]),
];

/// Two spans of the same length that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// End of the first span.
    pub before: SimTime,
    /// Begin of the second.
    pub after: SimTime,
    /// Length of both; by default the longest for which the stream has rows on both sides.
    pub span: Option<SimDuration>,
}

/// By what values are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopOrder {
    /// How often they come.
    Count,
    /// The mean of what is measured.
    Mean,
    /// Its 95th percentile.
    P95,
    /// Its greatest.
    Max,
}

/// What is ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopQuery {
    /// The stream; by default the only one that has the columns.
    pub stream: Option<Name>,
    /// The column whose values are counted; `None` counts rows.
    pub by: Option<String>,
    /// SQL condition on the stream's columns.
    pub filter: Option<String>,
    /// Count per span of this length, from multiples of it since 1970 (UTC).
    pub per: Option<SimDuration>,
    /// Compare two spans.
    pub compare: Option<Comparison>,
    /// The column that is measured beside the count.
    pub measure: Option<String>,
    /// By what values are ranked.
    pub order: TopOrder,
    /// Values at most.
    pub limit: u64,
}

/// What was measured of the rows of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Rows with a number.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Their 95th percentile, the nearest rank.
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

/// A value and how often it comes.
#[derive(Debug, Clone, PartialEq)]
pub struct TopRow {
    /// Begin of the span, with `per`.
    pub at: Option<SimTime>,
    /// The value as text; `None` for rows without one.
    pub value: Option<String>,
    /// How often it comes; of a comparison, in the second span.
    pub count: u64,
    /// How often it came in the first span of a comparison.
    pub before: Option<u64>,
    /// What was measured, where a row has a number.
    pub measured: Option<Measured>,
}

/// A ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// The stream.
    pub stream: Name,
    /// The column, as the stream calls it.
    pub column: Option<String>,
    /// Rows that were looked at; of a comparison, in both spans.
    pub total: u64,
    /// Different values among them, with rows without one as one.
    pub values: u64,
    /// The two spans of a comparison, from and to.
    pub spans: Option<[(SimTime, SimTime); 2]>,
    /// The ranking. Equal counts stand in the order of their values, those without one last.
    pub rows: Vec<TopRow>,
}

impl Streams {
    /// Ranks the values of a column.
    ///
    /// # Errors
    /// A stream or a column that is not there, or several streams that have it; an expression that
    /// is not allowed; spans that do not fit the stream; the database as ever.
    pub fn top(&self, query: &TopQuery) -> Result<Top, Error> {
        let db = self.read()?;
        let (db, stream) = stream_of(db, query)?;
        let names: Vec<String> = names_of(&db, &stream)?;
        let column = query.by.as_deref().map(|by| column(&names, &stream, by)).transpose()?;
        let measure =
            query.measure.as_deref().map(|by| column_of(&names, &stream, by)).transpose()?;
        let filter = match &query.filter {
            Some(text) => expression::checked(text, &names)?,
            None => "true".to_owned(),
        };
        let value = column.as_deref().map_or_else(|| "NULL".to_owned(), quote);
        let number = measure.as_deref().map_or_else(|| "NULL".to_owned(), quote);
        let from = rows_of(&db, &stream)?;
        let spans = query.compare.map(|compare| spans(&db, &from, compare)).transpose()?;
        let within = spans.map_or_else(String::new, |spans| {
            let [one, two] = spans.map(between);
            format!(" AND ({one} OR {two})")
        });
        let base = format!(
            "SELECT epoch_ms(ts) AS t, CAST({value} AS VARCHAR) AS v, \
             TRY_CAST({number} AS DOUBLE) AS m FROM {from} WHERE ({filter}){within}"
        );
        let totals = format!(
            "SELECT count(*)::UBIGINT, \
             (count(DISTINCT v) + coalesce(max((v IS NULL)::INT), 0))::UBIGINT FROM ({base})"
        );
        let (total, values) = db.query_row(&totals, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows = match (spans, query.per) {
            (Some(spans), _) => compared(&db, &base, spans, query.limit)?,
            (None, Some(per)) => per_span(&db, &base, per, query)?,
            (None, None) => ranked(&db, &base, query)?,
        };
        Ok(Top { stream: Name::from(stream), column, total, values, spans, rows })
    }
}

/// A condition on `ts`, before it is milliseconds.
fn between((from, to): (SimTime, SimTime)) -> String {
    let (from, to) = (from.ms(), to.ms());
    format!("(ts >= make_timestamp_ms({from}) AND ts < make_timestamp_ms({to}))")
}

/// What is measured, as SQL. Sums are of whole millionths, so that they depend on no order.
const MEASURES: &str = "count(m)::UBIGINT, \
                        coalesce(sum(TRY_CAST(round(m * 1000000) AS HUGEINT)), 0)::DOUBLE, \
                        coalesce(quantile_disc(m, 0.95), 0), coalesce(max(m), 0)";

fn measured(row: &duckdb::Row<'_>, at: usize) -> Result<Option<Measured>, duckdb::Error> {
    let (count, sum): (u64, f64) = (row.get(at)?, row.get(at + 1)?);
    let (p95, max) = (row.get(at + 2)?, row.get(at + 3)?);
    let mean = sum / 1e6 / count as f64;
    Ok((count > 0).then_some(Measured { count, mean, p95, max }))
}

fn order(order: TopOrder) -> &'static str {
    match order {
        TopOrder::Count => "count(*) DESC",
        TopOrder::Mean => {
            "coalesce(sum(TRY_CAST(round(m * 1000000) AS HUGEINT))::DOUBLE / count(m), '-inf') DESC"
        }
        TopOrder::P95 => "coalesce(quantile_disc(m, 0.95), '-inf') DESC",
        TopOrder::Max => "coalesce(max(m), '-inf') DESC",
    }
}

fn ranked(db: &Connection, base: &str, query: &TopQuery) -> Result<Vec<TopRow>, Error> {
    let sql = format!(
        "SELECT v, count(*)::UBIGINT, {MEASURES} FROM ({base}) GROUP BY v \
         ORDER BY {}, count(*) DESC, v ASC NULLS LAST LIMIT {}",
        order(query.order),
        query.limit
    );
    let mut found = db.prepare(&sql)?;
    let rows = found.query_map([], |row| {
        let (value, count) = (row.get(0)?, row.get(1)?);
        Ok(TopRow { at: None, value, count, before: None, measured: measured(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn per_span(
    db: &Connection,
    base: &str,
    per: SimDuration,
    query: &TopQuery,
) -> Result<Vec<TopRow>, Error> {
    let step = per.ms().max(1);
    let sql = format!(
        "WITH base AS ({base}), best AS (SELECT v FROM base GROUP BY v \
         ORDER BY {}, count(*) DESC, v ASC NULLS LAST LIMIT {}) \
         SELECT t - ((t % {step}) + {step}) % {step} AS b, base.v AS v, count(*)::UBIGINT, \
         {MEASURES} FROM base JOIN best ON base.v IS NOT DISTINCT FROM best.v \
         GROUP BY b, base.v ORDER BY b, count(*) DESC, base.v ASC NULLS LAST",
        order(query.order),
        query.limit
    );
    let mut found = db.prepare(&sql)?;
    let rows = found.query_map([], |row| {
        let at = Some(SimTime::from_ms(row.get(0)?));
        let (value, count) = (row.get(1)?, row.get(2)?);
        Ok(TopRow { at, value, count, before: None, measured: measured(row, 3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn compared(
    db: &Connection,
    base: &str,
    [first, second]: [(SimTime, SimTime); 2],
    limit: u64,
) -> Result<Vec<TopRow>, Error> {
    let count = |(from, to): (SimTime, SimTime)| {
        format!("count(*) FILTER (WHERE t >= {} AND t < {})::UBIGINT", from.ms(), to.ms())
    };
    let sql = format!(
        "SELECT v, a, b FROM (SELECT v, {} AS b, {} AS a FROM ({base}) GROUP BY v) \
         ORDER BY abs(a::BIGINT - b::BIGINT) DESC, a + b DESC, v ASC NULLS LAST LIMIT {limit}",
        count(first),
        count(second)
    );
    let mut found = db.prepare(&sql)?;
    let rows = found.query_map([], |row| {
        let (value, count, before) = (row.get(0)?, row.get(1)?, Some(row.get(2)?));
        Ok(TopRow { at: None, value, count, before, measured: None })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Two spans of one length: what ends at `before`, and what begins at `after`.
fn spans(
    db: &Connection,
    from: &str,
    compare: Comparison,
) -> Result<[(SimTime, SimTime); 2], Error> {
    if compare.after < compare.before {
        let message = "the second span begins before the first one ends".to_owned();
        return Err(refused("top::spans", message));
    }
    let sql = format!("SELECT epoch_ms(min(ts)), epoch_ms(max(ts)) FROM {from}");
    let (first, last): (Option<i64>, Option<i64>) =
        db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
    let most = (compare.before.ms() - first).min(last + 1 - compare.after.ms());
    let span = compare.span.unwrap_or(SimDuration::from_ms(most));
    if span <= SimDuration::ZERO {
        let message = "the stream has no rows on one side of the comparison".to_owned();
        let help = format!(
            "it reaches from {} to {}",
            SimTime::from_ms(first).rfc3339(crate::units::Zone::UTC),
            SimTime::from_ms(last).rfc3339(crate::units::Zone::UTC)
        );
        return Err(Error::Refused(Diagnostic::error("top::spans", message).help(help).into()));
    }
    Ok([(compare.before - span, compare.before), (compare.after, compare.after + span)])
}

/// The database, when it has the stream.
pub(super) fn known_stream(db: Option<Connection>, stream: &str) -> Result<Connection, Error> {
    let Some(db) = db else {
        return Err(refused("store::no-stream", "nothing was ingested yet".to_owned()));
    };
    let names = stream_names(&db)?;
    if names.iter().any(|name| name == stream) {
        return Ok(db);
    }
    Err(no_stream(stream, &names))
}

fn no_stream(stream: &str, names: &[String]) -> Error {
    let help = match did_you_mean(stream, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see `drill data streams`".to_owned(),
    };
    let message = format!("there is no stream `{stream}`");
    Error::Refused(Diagnostic::error("store::no-stream", message).help(help).into())
}

fn stream_names(db: &Connection) -> Result<Vec<String>, Error> {
    let mut names = db.prepare("SELECT name FROM streams ORDER BY name")?;
    let names = names.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The stream that is named, or the only one with the columns that are asked for.
fn stream_of(db: Option<Connection>, query: &TopQuery) -> Result<(Connection, String), Error> {
    if let Some(name) = &query.stream {
        return Ok((known_stream(db, name)?, name.to_string()));
    }
    let Some(db) = db else {
        return Err(refused("store::no-stream", "nothing was ingested yet".to_owned()));
    };
    let all = stream_names(&db)?;
    let mut having = Vec::new();
    for stream in &all {
        let names = names_of(&db, stream)?;
        let has = |by: &Option<String>| by.as_ref().is_none_or(|by| alias(&names, by).is_some());
        if has(&query.by) && has(&query.measure) {
            having.push(stream.clone());
        }
    }
    match having.as_slice() {
        [one] => Ok((db, one.clone())),
        [] => {
            let wanted = query.by.as_deref().or(query.measure.as_deref()).unwrap_or("ts");
            let message = format!("no stream has a column `{wanted}`");
            let help = format!("there are the streams: {}", all.join(", "));
            let unknown = Diagnostic::error("top::no-column", message).help(help);
            Err(Error::Refused(unknown.into()))
        }
        several => {
            let message = "several streams could be meant".to_owned();
            let help = format!("name one with `--stream`: {}", several.join(", "));
            let unclear = Diagnostic::error("top::which-stream", message).help(help);
            Err(Error::Refused(unclear.into()))
        }
    }
}

fn names_of(db: &Connection, stream: &str) -> Result<Vec<String>, Error> {
    let columns = columns_of(db, stream)?;
    Ok(columns.into_iter().map(|column| column.name).chain(["ts".to_owned()]).collect())
}

/// A column by its name, or by a word for what such columns are called.
fn alias(names: &[String], by: &str) -> Option<String> {
    expression::column(names, by).cloned().or_else(|| {
        let (_, others) = ALIASES.iter().find(|(word, _)| *word == by)?;
        others.iter().find_map(|other| expression::column(names, other)).cloned()
    })
}

fn column(names: &[String], stream: &str, by: &str) -> Result<String, Error> {
    alias(names, by).map_or_else(|| column_of(names, stream, by), Ok)
}

fn column_of(names: &[String], stream: &str, name: &str) -> Result<String, Error> {
    expression::column(names, name).cloned().ok_or_else(|| {
        let help = match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has: {}", names.join(", ")),
        };
        let message = format!("the stream `{stream}` has no column `{name}`");
        Error::Refused(Diagnostic::error("top::no-column", message).help(help).into())
    })
}
