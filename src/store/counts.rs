//! What an indicator counts in the rows of a stream.

use duckdb::Connection;

use super::error::Error;
use super::expression::{self, Conjunct};
use super::rollup::refused;
use super::row_scan::Conditions;
use super::scan::{Counts, Sums};
use super::workspace::{columns_of, literal, quote};
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Aggregate, ColumnType, Indicator, Query, StreamKind, ThresholdOp};

/// Measured values are summed up as whole millionths, so that a sum depends on no order.
const UNIT: i128 = 1_000_000;

/// What an indicator on events counts in a slice.
///
/// # Errors
/// A stream or column that is not there, an expression that is not allowed, what rows of events
/// cannot tell.
pub(super) fn counts(db: &Connection, indicator: &Indicator) -> Result<Counts, Error> {
    match indicator {
        Indicator::Ratio { counter: false, part_is_bad, part, total } => {
            let columns = Columns::new(db, total)?;
            if part.stream != total.stream {
                let message = "both queries of a ratio of events must name one stream".to_owned();
                return Err(refused("rollup::two-streams", message));
            }
            if part.aggregate == Aggregate::Sum || total.aggregate == Aggregate::Sum {
                return sums(&columns, *part_is_bad, part, total).map(Counts::Sums);
            }
            let (all, part) = (columns.conjuncts(total)?, columns.conjuncts(part)?);
            Ok(Counts::Rows(Conditions { all, part, part_is_bad: *part_is_bad }))
        }
        Indicator::Threshold { query, op, value } => {
            let columns = Columns::new(db, query)?;
            threshold(&columns, query, *op, value).map(Counts::Sums)
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
) -> Result<Sums, Error> {
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
    Ok(Sums {
        total: whole(&total_sum),
        good: whole(&good),
        empty: (0, 0),
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
) -> Result<Sums, Error> {
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
    if query.aggregate == Aggregate::Count {
        let none = match op {
            ThresholdOp::Lte => 0 <= limit,
            ThresholdOp::Lt => 0 < limit,
            ThresholdOp::Gte => 0 >= limit,
            ThresholdOp::Gt => 0 > limit,
        };
        let counted = format!("count(*) FILTER (WHERE {all})::HUGEINT * {UNIT}");
        return Ok(Sums {
            total: "1::BIGINT".to_owned(),
            good: format!("({counted} {sign} {limit})::BIGINT"),
            empty: (u32::from(none), 1),
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
    Ok(Sums {
        total: format!("({count} > 0)::BIGINT"),
        good: format!("coalesce(({good})::BIGINT, 0)"),
        empty: (0, 0),
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
    /// Those of texts, as SQL.
    texts: Vec<String>,
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
        let text = columns.iter().filter(|column| column.kind == ColumnType::Text);
        let texts = text.map(|column| quote(&column.name)).collect();
        let mut known: Vec<String> = columns.into_iter().map(|column| column.name).collect();
        known.push("ts".to_owned());
        Ok(Self { db, known, texts })
    }

    /// Only these.
    pub(super) fn of(db: &'a Connection, known: Vec<String>) -> Self {
        Self { db, known, texts: Vec::new() }
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
                let one = format!("name = {}", literal(metric));
                Ok(format!("({}) AND ({filter})", self.expression(&one)?))
            }
        }
    }

    /// The same as conditions that must all hold; none where every row is meant.
    fn conjuncts(&self, query: &Query) -> Result<Vec<Conjunct>, Error> {
        let metric = query.metric.as_ref().map(|metric| format!("name = {}", literal(metric)));
        let mut parts = Vec::new();
        for text in metric.as_deref().into_iter().chain(query.filter.as_deref()) {
            let more = expression::conjuncts(text, &self.known)?;
            // Only of a text is a comparison with a text one of texts.
            parts.extend(more.into_iter().map(|part| match part {
                Conjunct::Is { column, text } if !self.texts.contains(&column) => {
                    Conjunct::Sql(format!("({column} = {})", literal(&text)))
                }
                part => part,
            }));
        }
        Ok(parts)
    }

    pub(super) fn expression(&self, text: &str) -> Result<String, Error> {
        debug_assert!(self.db.is_autocommit());
        expression::checked(text, &self.known)
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
