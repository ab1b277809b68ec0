//! From an indicator on metrics to the samples it is computed from.

use std::collections::BTreeMap;
use std::rc::Rc;

use duckdb::Connection;

use super::archive::rows_of;
use super::counts::Columns;
use super::error::Error;
use super::histogram::{self, Histogram};
use super::rollup::refused;
use super::sampled::{Reading, Sampled, Source};
use super::workspace::{columns_of, literal, quote};
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Aggregate, ColumnType, Indicator, Name, Query, SourceFault, ThresholdOp};

/// What an indicator is computed from, and what is wrong with its samples that only data can
/// tell; a fault that blocks leaves nothing to compute.
pub(super) struct Planned {
    pub(super) sampled: Sampled,
    pub(super) fault: Option<SourceFault>,
}

/// The names of the metrics of streams that were looked at, so that all indicators on a stream
/// ask for them once.
#[derive(Default)]
pub(super) struct Metrics {
    names: BTreeMap<Name, Rc<[String]>>,
}

impl Metrics {
    /// Those of a stream, ascending.
    fn of(&mut self, db: &Connection, stream: &Name) -> Result<Rc<[String]>, Error> {
        if let Some(known) = self.names.get(stream) {
            return Ok(Rc::clone(known));
        }
        let table = rows_of(db, stream)?;
        let sql = format!(
            "SELECT DISTINCT name::VARCHAR AS metric FROM {table} WHERE name IS NOT NULL \
             ORDER BY metric"
        );
        let mut query = db.prepare(&sql)?;
        let names: Rc<[String]> =
            query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        self.names.insert(stream.clone(), Rc::clone(&names));
        Ok(names)
    }
}

/// How `indicator` is computed from samples; `None` when it is computed from rows of events.
///
/// # Errors
/// A stream, metric or column that is not there, an expression that is not allowed, a histogram
/// that cannot answer.
pub(super) fn planned(
    db: &Connection,
    metrics: &mut Metrics,
    indicator: &Indicator,
) -> Result<Option<Planned>, Error> {
    match indicator {
        Indicator::Ratio { counter: true, part_is_bad, part, total } => {
            if part.stream != total.stream {
                let message = "both queries of a ratio of counters must name one stream";
                return Err(refused("rollup::two-streams", message.to_owned()));
            }
            let series = Series::new(db, metrics, total)?;
            let fault = match part.filter.as_deref().and_then(histogram::named_bound) {
                Some(bound) => series.histogram(part)?.and_then(|known| known.fault(&bound)),
                None => None,
            };
            let source = Source::Counters {
                total: series.reading(total)?,
                part: series.reading(part)?,
                part_is_bad: *part_is_bad,
            };
            Ok(Some(series.planned(source, fault)))
        }
        Indicator::Raw { failure, query } => {
            let series = Series::new(db, metrics, query)?;
            let ratio = series.reading(query)?;
            let source = Source::Ratio { failure: *failure, ratio };
            Ok(Some(series.planned(source, None)))
        }
        Indicator::Threshold { query, op, value } if query.metric.is_some() => {
            let series = Series::new(db, metrics, query)?;
            match series.histogram(query)? {
                Some(known) => latency(&series, query, &known, *op, value).map(Some),
                None => Ok(None),
            }
        }
        Indicator::Ratio { .. } | Indicator::Threshold { .. } => Ok(None),
    }
}

/// Good are the events in the bucket that ends at the threshold, or those above it.
fn latency(
    series: &Series<'_>,
    query: &Query,
    known: &Histogram,
    op: ThresholdOp,
    value: &str,
) -> Result<Planned, Error> {
    if query.aggregate != Aggregate::Mean {
        let message = format!("the values of `{}` are counted by its buckets", known.metric);
        let refused = Diagnostic::error("rollup::histogram", message);
        return Err(Error::Refused(refused.help("leave `aggregate` out").into()));
    }
    let part_is_bad = match op {
        ThresholdOp::Lte => false,
        ThresholdOp::Gt => true,
        ThresholdOp::Lt | ThresholdOp::Gte => {
            let message = format!(
                "the buckets of `{}` hold what is at most their bound, so only `lte` and `gt` \
                 can be counted",
                known.metric
            );
            let refused = Diagnostic::error("rollup::histogram", message);
            return Err(Error::Refused(refused.help("write `op: lte`").into()));
        }
    };
    let fault = match known.texts(value) {
        texts if texts.is_empty() => known.fault(value),
        _ => None,
    };
    let bucket = Query { metric: Some(known.metric.clone()), value: None, ..query.clone() };
    let all = series.reading(&bucket)?;
    let within = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| literal(text)).collect();
        let list = if texts.is_empty() { "NULL".to_owned() } else { texts.join(", ") };
        Reading {
            filter: format!("({}) AND {} IN ({list})", all.filter, known.column),
            value: all.value.clone(),
        }
    };
    let total = known.texts("+Inf");
    if total.is_empty() {
        let message = format!("`{}` has no bucket `+Inf`, which counts all events", known.metric);
        return Err(refused("rollup::histogram", message));
    }
    let part = within(&known.texts(value));
    let source = Source::Counters { total: within(&total), part, part_is_bad };
    Ok(series.planned(source, fault))
}

/// The columns of a stream of samples.
pub(super) struct Series<'a> {
    db: &'a Connection,
    stream: Name,
    /// The names of its metrics; none where it has no such column.
    names: Rc<[String]>,
    /// For the conditions that pick series.
    labels: Columns<'a>,
    /// For the values.
    all: Columns<'a>,
    /// SQL names of the columns that tell series apart.
    keys: Vec<String>,
}

impl<'a> Series<'a> {
    /// What tells series apart is the name of a metric, texts and flags, and in a stream of
    /// `name` and `value` whole numbers too; elsewhere these are what is measured.
    fn new(db: &'a Connection, metrics: &mut Metrics, query: &Query) -> Result<Self, Error> {
        let all = Columns::new(db, query)?;
        let columns = columns_of(db, &query.stream)?;
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let (named, long) = (has("name"), has("name") && has("value"));
        let keys: Vec<String> = columns
            .into_iter()
            .filter(|column| !matches!(column.name.as_str(), "value" | "type"))
            .filter(|column| match column.kind {
                ColumnType::Bool | ColumnType::Text | ColumnType::Json => true,
                ColumnType::Integer => long,
                ColumnType::Number => false,
            })
            .map(|column| column.name)
            .collect();
        let mut labels = keys.clone();
        labels.extend(all.known().iter().filter(|name| *name == "type").cloned());
        let names = if named { metrics.of(db, &query.stream)? } else { Rc::default() };
        Ok(Self {
            db,
            stream: query.stream.clone(),
            names,
            labels: Columns::of(db, labels),
            all,
            keys: keys.iter().map(|key| quote(key)).collect(),
        })
    }

    fn planned(&self, source: Source, fault: Option<SourceFault>) -> Planned {
        let (stream, series) = (self.stream.to_string(), self.keys.clone());
        Planned { sampled: Sampled { stream, series, source }, fault }
    }

    fn reading(&self, query: &Query) -> Result<Reading, Error> {
        self.check_metric(query)?;
        let value = query.value.as_deref().unwrap_or("value");
        let filter =
            self.labels.filter(query).map_err(|error| series_only(error, &query.filter))?;
        Ok(Reading { filter, value: self.all.expression(value)? })
    }

    fn check_metric(&self, query: &Query) -> Result<(), Error> {
        let Some(metric) = &query.metric else { return Ok(()) };
        let known = &self.names;
        if known.iter().any(|name| **name == **metric) {
            return Ok(());
        }
        let message = format!("the stream `{}` has no metric `{metric}`", self.stream);
        let help = match did_you_mean(metric, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let some: Vec<&str> = known.iter().take(20).map(String::as_str).collect();
                format!("there are: {}", some.join(", "))
            }
        };
        let unknown = Diagnostic::error("rollup::no-metric", message).help(help);
        Err(Error::Refused(unknown.into()))
    }

    /// The buckets that a query is about: of the metric itself, or of a metric that has only
    /// buckets by its name.
    fn histogram(&self, query: &Query) -> Result<Option<Histogram>, Error> {
        let Some(metric) = &query.metric else { return Ok(None) };
        let known = &self.names;
        let metric = match metric.ends_with("_bucket") {
            true => metric.clone(),
            false if known.iter().any(|name| **name == **metric) => return Ok(None),
            false => Name::from(format!("{metric}_bucket")),
        };
        let column = match self.labels.known() {
            columns if columns.iter().any(|name| name == "le") => "\"le\"".to_owned(),
            columns if columns.iter().any(|name| name == "labels") => {
                "(\"labels\" ->> '$.le')".to_owned()
            }
            _ => return Ok(None),
        };
        if !known.iter().any(|name| **name == *metric) {
            return Ok(None);
        }
        // All of its bounds: the query's own condition may be on one of them.
        Histogram::read(self.db, &rows_of(self.db, &self.stream)?, metric, column)
    }
}

/// A condition that names a column which does not tell series apart says so.
fn series_only(error: Error, filter: &Option<String>) -> Error {
    match error {
        Error::Refused(mut refused) if filter.is_some() => {
            for diagnostic in &mut refused.list {
                diagnostic.message = diagnostic
                    .message
                    .replace("which is no column of the stream", "which is no label of its series");
            }
            Error::Refused(refused)
        }
        other => other,
    }
}
