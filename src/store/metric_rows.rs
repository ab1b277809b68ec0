//! Rows of metrics, whatever form they came in: `ts`, `name`, `value`, `labels`, `type`, `unit`.

use std::borrow::Cow;

use super::json::Value;
use super::table::{ColumnDef, Rows, column};
use crate::model::ColumnType;

/// A sample to keep.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: f64,
    /// A JSON object with sorted keys and texts as values.
    pub(super) labels: String,
    pub(super) kind: Option<&'static str>,
    pub(super) unit: Option<Cow<'a, str>>,
    /// Microseconds since 1970, where the sample has an instant.
    pub(super) us: Option<i128>,
    pub(super) exemplar: bool,
}

/// What a line of an exposition is.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Blank,
    /// A comment.
    Note,
    Refused(String),
    Kept(Kept<'a>),
}

/// The columns of a stream of metrics besides `ts`.
pub(super) fn columns() -> Vec<ColumnDef> {
    vec![
        column("name", ColumnType::Text),
        column("value", ColumnType::Number),
        column("labels", ColumnType::Json),
        column("type", ColumnType::Text),
        column("unit", ColumnType::Text),
    ]
}

/// An instant that the store can hold.
///
/// # Errors
/// It is before 1700 or after 2261, more or less: its unit is another one.
pub(super) fn instant(us: i128) -> Result<i64, String> {
    let held = i64::try_from(us).ok().filter(|us| us.abs() < 9_000_000_000_000_000);
    held.ok_or_else(|| "the instant is out of range".to_owned())
}

/// Adds a sample to rows whose columns are at `places`.
pub(super) fn push(rows: &mut Rows, places: &[usize], line: u64, ts: i64, kept: &Kept<'_>) {
    let text = |text| Value::Text(Cow::Borrowed(text));
    let values = [
        (places[0], text(&*kept.name)),
        (places[1], Value::Float(kept.value)),
        (places[2], Value::Json(&kept.labels)),
        (places[3], kept.kind.map_or(Value::Null, text)),
        (places[4], kept.unit.as_deref().map_or(Value::Null, text)),
    ];
    rows.push(ts, line, &values);
}
