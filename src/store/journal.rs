//! The JSON export of the systemd journal: `journalctl -o json`.
//!
//! Fields are texts, arrays of texts where a field is there more than once, arrays of bytes where
//! it is no text, and null where it was too long to be exported. See
//! <https://systemd.io/JOURNAL_EXPORT_FORMATS/>.

use std::borrow::Cow;

use super::content::Block;
use super::exposition::push_text;
use super::json::Value;
use super::lines::each_text;
use super::metric_rows::instant;
use super::shape::Shape;
use super::table::{ColumnDef, Rows, column};
use super::tree::{self, Node, What};
use crate::model::ColumnType;

/// The field with the instant of a line, in microseconds.
pub(super) const INSTANT: &str = "__REALTIME_TIMESTAMP";
/// Fields with columns of their own: the field, the column, its type.
const FIELDS: [(&str, &str, ColumnType); 7] = [
    ("MESSAGE", "message", ColumnType::Text),
    ("PRIORITY", "priority", ColumnType::Integer),
    ("_SYSTEMD_UNIT", "unit", ColumnType::Text),
    ("SYSLOG_IDENTIFIER", "identifier", ColumnType::Text),
    ("_HOSTNAME", "host", ColumnType::Text),
    ("_PID", "pid", ColumnType::Integer),
    ("__CURSOR", "cursor", ColumnType::Text),
];

/// The columns of a journal besides `ts`: the level, the usual fields, and all others as JSON.
pub(super) fn columns() -> Vec<ColumnDef> {
    let level = std::iter::once(column("level", ColumnType::Text));
    let fields = FIELDS.iter().map(|(_, name, kind)| column(name, *kind));
    level.chain(fields).chain([column("fields", ColumnType::Json)]).collect()
}

/// Reads a block of lines.
pub(super) fn rows(block: &Block, shape: &Shape, places: &[usize]) -> Rows {
    let mut rows = Rows::of(shape);
    each_text(block, &mut rows, |rows, number, text| {
        let node = match tree::whole(text) {
            Ok(node) => node,
            Err(wrong) => {
                let reason = format!("{} (character {})", wrong.why, wrong.character(text));
                rows.refuse(number, "", reason, text);
                return;
            }
        };
        match entry(&node) {
            Ok((ts, values)) => {
                let values: Vec<_> = places.iter().copied().zip(values).collect();
                rows.push(ts, number, &values);
            }
            Err((field, reason)) => rows.refuse(number, field, reason, text),
        }
    });
    rows
}

type Entry<'a> = (i64, Vec<Value<'a>>);

fn entry<'a>(node: &'a Node<'a>) -> Result<Entry<'a>, (&'static str, String)> {
    let What::Object(fields) = &node.what else {
        return Err(("", "not a JSON object".to_owned()));
    };
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, v)| v);
    let at = field(INSTANT).ok_or((INSTANT, "is missing".to_owned()))?;
    let us = at.whole().ok_or((INSTANT, "is no whole number".to_owned()))?;
    let ts = instant(us).map_err(|reason| (INSTANT, reason))?;
    let priority = field("PRIORITY").and_then(Node::whole);
    let mut values = vec![
        priority.and_then(level).map_or(Value::Null, |level| Value::Text(Cow::Borrowed(level))),
    ];
    for (name, _, kind) in FIELDS {
        let value = match (field(name), kind) {
            (None, _) => Value::Null,
            (Some(node), ColumnType::Integer) => match node.whole().map(i64::try_from) {
                Some(Ok(n)) => Value::Int(n),
                _ => return Err((name, "is no whole number of 64 bits".to_owned())),
            },
            (Some(node), _) => text_of(node).map_or(Value::Null, Value::Text),
        };
        values.push(value);
    }
    values.push(Value::Text(Cow::Owned(others(fields))));
    Ok((ts, values))
}

/// The level that a priority of syslog is.
fn level(priority: i128) -> Option<&'static str> {
    Some(match priority {
        0..=2 => "fatal",
        3 => "error",
        4 => "warn",
        5 | 6 => "info",
        7 => "debug",
        _ => return None,
    })
}

/// A field as a text: bytes that are no UTF-8 are replaced, values of a field that is there more
/// than once are joined by line feeds.
fn text_of<'a>(node: &'a Node<'a>) -> Option<Cow<'a, str>> {
    match &node.what {
        What::Plain(Value::Text(text)) => Some(Cow::Borrowed(text)),
        What::Array(items) => {
            let byte = |item: &Node<'_>| match item.what {
                What::Plain(Value::Int(n)) => u8::try_from(n).ok(),
                _ => None,
            };
            let bytes: Option<Vec<u8>> = items.iter().map(byte).collect();
            if let Some(bytes) = bytes {
                return Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
            }
            let texts: Vec<_> = items.iter().filter_map(text_of).collect();
            Some(Cow::Owned(texts.join("\n")))
        }
        _ => None,
    }
}

/// The fields without a column, sorted, as a JSON object of texts.
fn others(fields: &[(Cow<'_, str>, Node<'_>)]) -> String {
    let known = |name: &str| name == INSTANT || FIELDS.iter().any(|(field, ..)| *field == name);
    let mut others: Vec<_> = fields.iter().filter(|(name, _)| !known(name)).collect();
    others.sort_by(|a, b| a.0.cmp(&b.0));
    let mut json = vec![b'{'];
    for (name, node) in others {
        if json.len() > 1 {
            json.push(b',');
        }
        push_text(&mut json, name);
        json.push(b':');
        match text_of(node) {
            Some(text) => push_text(&mut json, &text),
            None => json.extend_from_slice(b"null"),
        }
    }
    json.push(b'}');
    String::from_utf8(json).expect("invariant: made of texts")
}
