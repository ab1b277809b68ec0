//! The shape of a stream: its instant, its columns and their types, inferred where not declared.

use std::collections::BTreeMap;

use super::instant::Clock;
use super::json::Value;
use super::table::{ColumnDef, MAX_COLUMNS};
use crate::model::{ColumnType, Name};

/// Names under which files keep the instant of a row, the likelier first.
pub(super) const TS_KEYS: [&str; 16] = [
    "ts",
    "timestamp",
    "@timestamp",
    "time",
    "at",
    "datetime",
    "date",
    "minute",
    "start",
    "unix_timestamp",
    "start_us",
    "start_ms",
    "eventTime",
    "event_time",
    "created_at",
    "logged_at",
];
/// Names that the store needs for itself.
const RESERVED: [&str; 3] = ["ts", "_file", "_line"];

/// The shape of a stream.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The key of the instant.
    pub(super) ts: String,
    pub(super) clock: Clock,
    pub(super) columns: Vec<ColumnDef>,
    /// Rows later than this, in microseconds, are refused.
    pub(super) latest_us: i64,
    declared: Vec<(Name, ColumnType)>,
}

/// What a block needs before it can be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// Keys without a column.
    pub(super) keys: Vec<String>,
    /// Columns of whole numbers that met a fraction.
    pub(super) widen: Vec<usize>,
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.widen.is_empty()
    }
}

/// How often each type was seen under a key, by `rank`, with the first place it was.
pub(super) type Seen = BTreeMap<String, [usize; 5]>;

/// Counts one value.
pub(super) fn see(seen: &mut Seen, key: &str, value: &Value<'_>) {
    let index = match value {
        Value::Null => None,
        Value::Bool(_) => Some(0),
        Value::Int(_) => Some(1),
        // One number that does not fit must not make broken numbers of the whole ones that do.
        Value::Huge(text) if text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => {
            Some(1)
        }
        Value::Float(_) | Value::Huge(_) => Some(2),
        Value::Text(_) => Some(3),
        Value::Json(_) => Some(4),
    };
    let counts = match seen.get_mut(key) {
        Some(counts) => counts,
        None => seen.entry(key.to_owned()).or_default(),
    };
    if let Some(index) = index {
        counts[index] += 1;
    }
}

/// The type of most values; a mixture of whole and broken numbers is a number.
fn kind_of(counts: [usize; 5]) -> ColumnType {
    let [bools, ints, floats, texts, json] = counts;
    let numbers = ints + floats;
    let most = bools.max(numbers).max(json);
    if most == 0 || texts > most {
        ColumnType::Text
    } else if numbers == most {
        if floats > 0 { ColumnType::Number } else { ColumnType::Integer }
    } else if bools == most {
        ColumnType::Bool
    } else {
        ColumnType::Json
    }
}

impl Shape {
    pub(super) fn new(
        ts: String,
        clock: Clock,
        columns: Vec<ColumnDef>,
        declared: Vec<(Name, ColumnType)>,
    ) -> Self {
        Self { ts, clock, columns, latest_us: i64::MAX, declared }
    }

    /// Makes room for what a block wants; the new and the widened columns.
    ///
    /// # Errors
    /// More columns than a stream can have.
    pub(super) fn extend(&mut self, wanted: &Wanted, seen: &Seen) -> Result<(), String> {
        for key in &wanted.keys {
            if self.columns.len() >= MAX_COLUMNS {
                return Err(format!("more than {MAX_COLUMNS} columns; is this one stream?"));
            }
            let said = self.declared.iter().find(|(name, _)| **name == **key);
            let inferred = seen.get(key).copied().map_or(ColumnType::Text, kind_of);
            let name = self.free_name(key);
            self.columns.push(ColumnDef {
                key: key.clone(),
                name,
                kind: said.map_or(inferred, |(_, kind)| *kind),
                declared: said.is_some(),
            });
        }
        for column in &wanted.widen {
            self.columns[*column].kind = ColumnType::Number;
        }
        Ok(())
    }

    /// Columns are told apart without regard to case; NUL and nothing are no names.
    fn free_name(&self, key: &str) -> String {
        let mut name: String = key.chars().filter(|c| !c.is_control()).take(200).collect();
        if name.is_empty() {
            name.push_str("unnamed");
        }
        let taken = |name: &str| {
            let lower = name.to_lowercase();
            RESERVED.contains(&lower.as_str())
                || self.columns.iter().any(|column| column.name.to_lowercase() == lower)
        };
        while taken(&name) {
            name.push('_');
        }
        name
    }
}

/// The key whose values are instants: a usual name, or any name whose texts all are.
pub(super) fn find_ts(samples: &[BTreeMap<String, Value<'_>>], clock: Clock) -> Option<String> {
    let share = |key: &str| {
        let values: Vec<_> = samples.iter().filter_map(|row| row.get(key)).collect();
        let good = values.iter().filter(|value| clock.instant(value).is_ok()).count();
        (good, values.len())
    };
    let usual = TS_KEYS.iter().find(|key| share(key).0 > 0).map(|key| (*key).to_owned());
    usual.or_else(|| {
        let mut keys: Vec<&String> = samples.iter().flat_map(BTreeMap::keys).collect();
        keys.sort();
        keys.dedup();
        let is_text = |key: &str| {
            samples.iter().filter_map(|row| row.get(key)).all(|value| match value {
                Value::Text(text) => text.contains(['-', ':']),
                _ => false,
            })
        };
        keys.into_iter()
            .find(|key| {
                let (good, all) = share(key);
                good > 0 && good == all && is_text(key)
            })
            .cloned()
    })
}
