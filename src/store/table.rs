//! Rows under construction: typed columns, one block of rows, and what was refused of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, TimeUnit};
use duckdb::arrow::record_batch::RecordBatch;

use super::json::Value;
use super::shape::Shape;
use crate::model::ColumnType;
use crate::units::{SimDuration, SimTime};

/// Most columns of a stream.
pub(super) const MAX_COLUMNS: usize = 1000;
/// Most characters kept of a refused line.
const MAX_RAW: usize = 500;

/// A column of a stream's table besides `ts` and the place of the row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnDef {
    /// As the files call it.
    pub(super) key: String,
    /// As the table calls it: the key, unless another column has that name already.
    pub(super) name: String,
    pub(super) kind: ColumnType,
    /// Whether its author, and not its first values, said the type.
    pub(super) declared: bool,
}

/// A column that the form of a file brings with it.
pub(super) fn column(name: &str, kind: ColumnType) -> ColumnDef {
    ColumnDef { key: name.into(), name: name.into(), kind, declared: true }
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) line: u64,
    pub(super) column: String,
    pub(super) reason: String,
    pub(super) raw: String,
}

/// The first characters of a line, in which nothing can harm a terminal.
pub(super) fn excerpt(raw: &str) -> String {
    let shown = raw.chars().take(MAX_RAW);
    shown.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

enum Builder {
    Bool(BooleanBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
}

impl Builder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnType::Integer => Self::Integer(Int64Builder::new()),
            ColumnType::Number => Self::Number(Float64Builder::new()),
            ColumnType::Text | ColumnType::Json => Self::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Self::Bool(b), Value::Bool(v)) => b.append_value(*v),
            (Self::Bool(b), _) => b.append_null(),
            (Self::Integer(b), Value::Int(v)) => b.append_value(*v),
            (Self::Integer(b), _) => b.append_null(),
            (Self::Number(b), Value::Float(v)) => b.append_value(*v),
            (Self::Number(b), Value::Int(v)) => b.append_value(*v as f64),
            (Self::Number(b), _) => b.append_null(),
            (Self::Text(b), Value::Text(v)) => b.append_value(v),
            (Self::Text(b), Value::Json(v) | Value::Huge(v)) => b.append_value(v),
            (Self::Text(b), Value::Int(v)) => b.append_value(v.to_string()),
            (Self::Text(b), Value::Float(v)) => b.append_value(v.to_string()),
            (Self::Text(b), Value::Bool(v)) => b.append_value(if *v { "true" } else { "false" }),
            (Self::Text(b), Value::Null) => b.append_null(),
        }
    }

    fn finish(&mut self) -> (DataType, ArrayRef) {
        match self {
            Self::Bool(b) => (DataType::Boolean, Arc::new(b.finish())),
            Self::Integer(b) => (DataType::Int64, Arc::new(b.finish())),
            Self::Number(b) => (DataType::Float64, Arc::new(b.finish())),
            Self::Text(b) => (DataType::Utf8, Arc::new(b.finish())),
        }
    }
}

/// Why a value is not of its column's type; `None` when it is.
pub(super) fn misfit(kind: ColumnType, value: &Value<'_>) -> Option<String> {
    let fits = match (kind, value) {
        (_, Value::Null)
        | (ColumnType::Bool, Value::Bool(_))
        | (ColumnType::Integer | ColumnType::Number, Value::Int(_))
        | (ColumnType::Number, Value::Float(_))
        | (ColumnType::Text | ColumnType::Json, _) => true,
        (ColumnType::Integer | ColumnType::Number, Value::Huge(text)) => {
            return Some(format!("`{}` does not fit 64 bits", excerpt(text)));
        }
        _ => false,
    };
    if fits {
        return None;
    }
    let shown = match value {
        Value::Text(text) => format!("the text `{}`", excerpt(text)),
        Value::Int(n) => format!("the number {n}"),
        Value::Float(n) => format!("the number {n}"),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Json(_) => "an object or array".to_owned(),
        Value::Huge(text) => format!("`{}`", excerpt(text)),
        Value::Null => "nothing".to_owned(),
    };
    Some(format!("is {shown}, wanted {}", article(kind)))
}

/// What a value of the type is called.
pub(super) fn article(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Bool => "true or false",
        ColumnType::Integer => "a whole number",
        ColumnType::Number => "a number",
        ColumnType::Text => "a text",
        ColumnType::Json => "JSON",
    }
}

/// How far behind the clock of this machine the instant of a row may lie. Clocks run ahead by
/// minutes; what lies further off is a mistake, and one such row would stretch the record of its
/// stream over centuries.
pub(super) const MOST_AHEAD: SimDuration = SimDuration::from_hours(366 * 24);
/// Why a row is refused that lies further off.
pub(super) const TOO_LATE: &str = "lies more than a year after the clock of this machine";
/// 1990-01-01T00:00:00Z. What lies before is a clock that was never set (1970, 1980, 1601, 1) or
/// another unit than the one that was read.
pub(super) const EARLIEST_US: i64 = 631_152_000_000_000;
/// Why a row is refused that lies before it.
pub(super) const TOO_EARLY: &str = "lies before 1990: a clock that was not set, or another `unit`";

/// The rows of one block.
pub(super) struct Rows {
    pub(super) columns: Vec<ColumnDef>,
    builders: Vec<Builder>,
    filled: Vec<bool>,
    latest_us: i64,
    ts: Vec<i64>,
    lines: Vec<u64>,
    pub(super) refused: Vec<Refused>,
    /// Lines that hold no row by their nature: headers, comments.
    pub(super) notes: u64,
    /// Rows whose tail was damaged but whose fields in use were whole.
    pub(super) damaged: u64,
    /// Of a form whose lines hold many rows: how its lines were accounted for.
    pub(super) many: Option<Many>,
    /// What has no place in the columns, with how often it was there.
    pub(super) left_out: BTreeMap<&'static str, u64>,
}

/// Lines of a form whose lines hold many rows. Each line is one of these, or a note.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Many {
    /// Lines that were read, even where a record in them was refused.
    pub(super) read: u64,
    /// Lines of which nothing could be read.
    pub(super) refused: u64,
}

impl Rows {
    /// None yet, of a stream of that shape.
    pub(super) fn of(shape: &Shape) -> Self {
        let columns = &shape.columns;
        Self {
            columns: columns.clone(),
            builders: columns.iter().map(|column| Builder::new(column.kind)).collect(),
            filled: vec![false; columns.len()],
            latest_us: shape.latest_us,
            ts: Vec::new(),
            lines: Vec::new(),
            refused: Vec::new(),
            notes: 0,
            damaged: 0,
            many: None,
            left_out: BTreeMap::new(),
        }
    }

    pub(super) fn leave_out(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ts.len()
    }

    /// How many rows are later than `ts`.
    pub(super) fn later_than(&self, ts: i64) -> u64 {
        self.ts.iter().filter(|at| **at > ts).count() as u64
    }

    /// How many rows are earlier than `ts`.
    pub(super) fn earlier_than(&self, ts: i64) -> u64 {
        self.ts.iter().filter(|at| **at < ts).count() as u64
    }

    /// First and last instant.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        self.ts.iter().min().copied().zip(self.ts.iter().max().copied())
    }

    /// Adds a row; columns without a value are null. The values fit, and no column is twice. A row
    /// from a far future, or from before any log, is refused instead.
    pub(super) fn push(&mut self, ts: i64, line: u64, values: &[(usize, Value<'_>)]) {
        if ts > self.latest_us {
            let at = SimTime::from_ms(ts / 1000).to_string();
            self.refuse(line, "ts", TOO_LATE.to_owned(), &at);
            return;
        }
        if ts < EARLIEST_US {
            let at = SimTime::from_ms(ts / 1000).to_string();
            self.refuse(line, "ts", TOO_EARLY.to_owned(), &at);
            return;
        }
        self.filled.fill(false);
        for (column, value) in values {
            self.builders[*column].push(value);
            self.filled[*column] = true;
        }
        for (column, filled) in self.filled.iter().enumerate() {
            if !filled {
                self.builders[column].push(&Value::Null);
            }
        }
        self.ts.push(ts);
        self.lines.push(line);
    }

    pub(super) fn refuse(&mut self, line: u64, column: &str, reason: String, raw: &str) {
        let column = excerpt(column);
        self.refused.push(Refused { line, column, reason, raw: excerpt(raw) });
    }

    /// The rows as a batch: `ts`, `_file`, `_line`, then the columns.
    pub(super) fn batch(&mut self, file: u32) -> Result<RecordBatch, duckdb::Error> {
        let len = self.ts.len();
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        let mut fields = vec![
            Field::new("ts", time, false),
            Field::new("_file", DataType::UInt32, false),
            Field::new("_line", DataType::UInt64, false),
        ];
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(TimestampMicrosecondArray::from(std::mem::take(&mut self.ts))),
            Arc::new(UInt32Array::from(vec![file; len])),
            Arc::new(UInt64Array::from(std::mem::take(&mut self.lines))),
        ];
        for (column, builder) in self.columns.iter().zip(&mut self.builders) {
            let (kind, array) = builder.finish();
            fields.push(Field::new(&column.name, kind, true));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)
            .map_err(|error| duckdb::Error::InvalidColumnName(error.to_string()))
    }
}
