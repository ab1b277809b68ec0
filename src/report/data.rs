//! Tables about streams: what was ingested, what there is, what was refused.

use serde_json::{Map, Value, json};

use super::csv;
use super::doc::{Cell, Column, Doc, Table};
use super::json::pretty;
use super::lang::{Lang, Words};
use super::text::{self, Style};

/// A table with the same columns in every form of output.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTable {
    /// What it is about: `ingest`, `streams` or `rejects`; names the JSON schema and its list.
    pub kind: &'static str,
    /// Columns, by the names that JSON and CSV give them.
    pub columns: Vec<&'static str>,
    /// One row each, as many values as columns.
    pub rows: Vec<Vec<Value>>,
}

/// One line each.
pub fn data_text(data: &DataTable, lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let title = words.word("data-title", data.kind);
    let mut doc =
        Doc { lang: lang.as_str(), title: title.clone(), lead: String::new(), blocks: Vec::new() };
    if data.rows.is_empty() {
        doc.paragraph(words.t("data-nothing"));
        return text::render(&doc, style);
    }
    let column = |i: usize| {
        let name = data.columns[i];
        let title = words.word("data-column", name);
        let idle = data.rows.iter().all(|row| row[i].is_null() || row[i] == 0);
        let least = match data.kind {
            "retention" => idle || ["first", "last", "files", "file"].contains(&name),
            "streams" => ["notes", "lines"].contains(&name) || idle && name != "rows",
            _ => idle && ["notes", "late", "ahead"].contains(&name),
        };
        let column = match data.rows[0].get(i) {
            Some(Value::Number(_)) => Column::right(title),
            _ if name == "reason" || name == "path" || name == "file" => Column::flex(title),
            _ => Column::left(title),
        };
        // A narrow terminal does without them.
        if least { column.wide() } else { column }
    };
    let cell = |value: &Value| match value {
        Value::Null => Cell::new("-"),
        // An instant to the minute; the other forms have it whole.
        Value::String(word) if is_instant(word) => {
            Cell::new(format!("{} {}Z", &word[..10], &word[11..16]))
        }
        Value::String(word) => Cell::new(words.word("data-word", word)),
        other => Cell::new(other.to_string()),
    };
    let shown: Vec<usize> = (0..data.columns.len()).filter(|i| tells(data, *i)).collect();
    let row = |row: &Vec<Value>| shown.iter().map(|i| cell(&row[*i])).collect();
    doc.table(Table {
        caption: title,
        columns: shown.iter().map(|i| column(*i)).collect(),
        rows: data.rows.iter().map(row).collect(),
    });
    text::render(&doc, style)
}

/// Whether a column says anything to a reader: a rarity that nowhere happened does not, and neither
/// do lines that are the rows or the rejects beside them. JSON and CSV have them all.
fn tells(data: &DataTable, column: usize) -> bool {
    let twin = match data.columns[column] {
        "read" => data.columns.iter().position(|name| *name == "rows"),
        "refused" => data.columns.iter().position(|name| *name == "rejects"),
        "notes" | "late" | "ahead" | "duplicates" | "archived" | "removed" => None,
        _ => return true,
    };
    data.rows.iter().any(|row| match twin {
        Some(twin) => row[column] != row[twin],
        None => row[column] != json!(0),
    })
}

/// Whether a text is an instant in RFC 3339 and UTC, as the tables have them.
fn is_instant(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.ends_with("+00:00") && text.get(10..11) == Some("T") && digits(0..4) && digits(14..16)
}

/// `drill.KIND/1`.
pub fn data_json(data: &DataTable) -> String {
    let rows = data.rows.iter().map(|row| {
        let pairs = data.columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned());
        Value::Object(pairs.collect::<Map<String, Value>>())
    });
    let mut document = json!({
        "schema": format!("drill.{}/1", data.kind),
        "drill_version": env!("CARGO_PKG_VERSION"),
    });
    document[data.kind] = rows.collect();
    pretty(&document)
}

/// The columns as a header, then the rows.
pub fn data_csv(data: &DataTable) -> String {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    let rows = data.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<String>>());
    csv::render(&data.columns, rows)
}
