//! Who burns a budget: the values that bad events have in the columns that tell them apart.

use duckdb::Connection;

use super::archive::rows_of;
use super::counts::{Columns, millionths};
use super::error::Error;
use super::expression;
use super::workspace::{Streams, columns_of, quote};
use crate::model::{Aggregate, Indicator, ThresholdOp};
use crate::units::SimTime;

/// Columns by which bad events are told apart, as far as a stream has them.
const COLUMNS: [&str; 9] =
    ["service", "service_name", "route", "path", "endpoint", "url", "operation", "hook", "job"];

/// A value of a column, and its part in what was bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnShare {
    /// The column.
    pub column: String,
    /// Its value; `None` for rows without one.
    pub value: Option<String>,
    /// Bad events with that value.
    pub bad: u64,
    /// All bad events of the indicator.
    pub of: u64,
}

impl Streams {
    /// For each indicator the values with the most bad events from `range.0` to before `range.1`,
    /// at most `limit` of each column, the worst first and equal ones by value. An indicator whose
    /// bad events are no single rows, such as a mean against a threshold, has none.
    ///
    /// # Errors
    /// As [`Streams::slices_many`].
    pub fn contributors(
        &self,
        indicators: &[&Indicator],
        range: (SimTime, SimTime),
        limit: u64,
    ) -> Result<Vec<Vec<BurnShare>>, Error> {
        let Some(db) = self.read()? else { return Ok(vec![Vec::new(); indicators.len()]) };
        let _parser = expression::parser()?;
        let each = indicators.iter().map(|indicator| match bad(&db, indicator)? {
            Some(bad) => shares(&db, indicator.stream(), &bad, range, limit),
            None => Ok(Vec::new()),
        });
        each.collect()
    }
}

fn shares(
    db: &Connection,
    stream: &str,
    bad: &str,
    range: (SimTime, SimTime),
    limit: u64,
) -> Result<Vec<BurnShare>, Error> {
    let from = format!(
        "FROM {} WHERE ts >= make_timestamp_ms({}) AND ts < make_timestamp_ms({}) AND ({bad})",
        rows_of(db, stream)?,
        range.0.ms(),
        range.1.ms()
    );
    let of: u64 = db.query_row(&format!("SELECT count(*)::UBIGINT {from}"), [], |r| r.get(0))?;
    let mut shares = Vec::new();
    if of == 0 {
        return Ok(shares);
    }
    let columns = columns_of(db, stream)?;
    for wanted in COLUMNS {
        let Some(column) = columns.iter().find(|column| column.name == wanted) else { continue };
        let sql = format!(
            "SELECT CAST({} AS VARCHAR) AS v, count(*)::UBIGINT {from} GROUP BY v \
             ORDER BY count(*) DESC, v ASC NULLS LAST LIMIT {limit}",
            quote(&column.name)
        );
        let mut query = db.prepare(&sql)?;
        let rows = query.query_map([], |row| {
            Ok(BurnShare { column: wanted.to_owned(), value: row.get(0)?, bad: row.get(1)?, of })
        })?;
        for row in rows {
            shares.push(row?);
        }
    }
    Ok(shares)
}

/// Which rows are bad events, as SQL.
fn bad(db: &Connection, indicator: &Indicator) -> Result<Option<String>, Error> {
    match indicator {
        Indicator::Ratio { counter: false, part_is_bad, part, total } => {
            let columns = Columns::new(db, total)?;
            let (all, part) = (columns.filter(total)?, columns.filter(part)?);
            Ok(Some(if *part_is_bad {
                format!("({all}) AND coalesce({part}, false)")
            } else {
                format!("({all}) AND NOT coalesce({part}, false)")
            }))
        }
        Indicator::Threshold { query, op, value } => {
            // One such row makes its slice bad.
            let sign = match (query.aggregate, op) {
                (Aggregate::Max, ThresholdOp::Lte) => ">",
                (Aggregate::Max, ThresholdOp::Lt) => ">=",
                (Aggregate::Min, ThresholdOp::Gte) => "<",
                (Aggregate::Min, ThresholdOp::Gt) => "<=",
                _ => return Ok(None),
            };
            let Some(limit) = millionths(value) else { return Ok(None) };
            let columns = Columns::new(db, query)?;
            let all = columns.filter(query)?;
            let measured = columns.expression(query.value.as_deref().unwrap_or("value"))?;
            let exact =
                format!("TRY_CAST(round(TRY_CAST(({measured}) AS DOUBLE) * 1000000) AS HUGEINT)");
            Ok(Some(format!("({all}) AND {exact} {sign} {limit}")))
        }
        _ => Ok(None),
    }
}
