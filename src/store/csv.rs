//! From blocks of CSV to rows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::content::Block;
use super::json::{Value, number};
use super::lines::{finish, texts};
use super::shape::{Seen, Shape, Wanted, see};
use super::table::Rows;
use crate::model::ColumnType;

const SAMPLE_ROWS: usize = 2000;

/// The keys of the columns, in the order of the file's latest header.
#[derive(Debug, Clone, Default)]
pub(super) struct Header(pub(super) Vec<String>);

/// The fields of a line; `None` when a quote is not closed.
pub(super) fn fields(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut inside = quoted;
            loop {
                let end = inside.find('"')?;
                text.push_str(&inside[..end]);
                inside = &inside[end + 1..];
                match inside.strip_prefix('"') {
                    Some(more) => {
                        text.push('"');
                        inside = more;
                    }
                    None => break,
                }
            }
            fields.push(Cow::Owned(text));
            match inside.strip_prefix(',') {
                Some(more) => rest = more,
                None if inside.is_empty() => return Some(fields),
                None => return None,
            }
        } else {
            let (field, more) = match rest.split_once(',') {
                Some((field, more)) => (field, Some(more)),
                None => (rest, None),
            };
            fields.push(Cow::Borrowed(field));
            match more {
                Some(more) => rest = more,
                None => return Some(fields),
            }
        }
    }
}

/// A field as a value of its column's type; text that is not of the type stays text.
fn typed<'a>(kind: Option<ColumnType>, field: &'a str) -> Value<'a> {
    if field.is_empty() {
        return Value::Null;
    }
    let trimmed = field.trim();
    match kind {
        Some(ColumnType::Text | ColumnType::Json) => Value::Text(field.into()),
        Some(ColumnType::Bool) => boolean(trimmed).unwrap_or(Value::Text(field.into())),
        _ => numeric(trimmed)
            .or_else(|| if kind.is_none() { boolean(trimmed) } else { None })
            .unwrap_or(Value::Text(field.into())),
    }
}

fn boolean(text: &str) -> Option<Value<'_>> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn numeric(text: &str) -> Option<Value<'_>> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
    let plain = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if !starts || !digits.bytes().all(plain) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(number(text.strip_prefix('+').unwrap_or(text), true));
    }
    text.parse::<f64>().ok().map(|_| number(text, false))
}

/// The header of a block that begins a file.
pub(super) fn header(block: &Block) -> Result<Header, String> {
    let first = texts(block).next().and_then(|(_, text)| text.ok());
    let cells = first.and_then(fields).ok_or("the header is not readable")?;
    let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            return Err(format!("the header has `{name}` twice"));
        }
    }
    Ok(Header(names))
}

/// The first rows of a block, for inference.
pub(super) fn samples<'b>(block: &'b Block, header: &Header) -> Vec<BTreeMap<String, Value<'b>>> {
    let rows = texts(block).skip(1).take(SAMPLE_ROWS).filter_map(|(_, text)| fields(text.ok()?));
    rows.filter(|cells| cells.len() == header.0.len())
        .map(|cells| {
            let cell = |(key, cell): (&String, Cow<'b, str>)| {
                let value = if cell.is_empty() { Value::Null } else { Value::Text(cell) };
                (key.clone(), value)
            };
            header.0.iter().zip(cells).map(cell).collect()
        })
        .collect()
}

/// How often each type is seen in the columns of a block.
pub(super) fn seen(block: &Block, header: &Header) -> Seen {
    let mut seen = Seen::new();
    for (_, text) in texts(block).skip(1).take(SAMPLE_ROWS * 10) {
        let Some(cells) = text.ok().and_then(fields) else { continue };
        for (key, cell) in header.0.iter().zip(&cells) {
            see(&mut seen, key, &typed(None, cell));
        }
    }
    seen
}

/// Reads a block. A line that repeats the header, or is another header with the same instant's
/// column, changes the columns of the lines after it.
pub(super) fn rows(
    block: &Block,
    shape: &Shape,
    header: &mut Header,
    begins: bool,
) -> Result<Rows, Wanted> {
    let mut rows = Rows::of(shape);
    let mut wanted = Wanted::default();
    let mut places = places(shape, header, &mut wanted);
    let mut first = begins;
    for (line, text) in texts(block) {
        let text = match text {
            Ok(text) => text,
            Err(shown) => {
                rows.refuse(line, "", "not UTF-8".to_owned(), &shown);
                continue;
            }
        };
        if std::mem::take(&mut first) {
            rows.notes += 1;
            continue;
        }
        if text.contains('\0') {
            rows.refuse(line, "", "a NUL byte".to_owned(), text);
            continue;
        }
        let Some(cells) = fields(text) else {
            rows.refuse(line, "", "a quote is not closed or not alone".to_owned(), text);
            continue;
        };
        if cells.iter().any(|cell| cell.trim() == shape.ts) {
            *header = Header(cells.iter().map(|cell| cell.trim().to_owned()).collect());
            places = self::places(shape, header, &mut wanted);
            rows.notes += 1;
            continue;
        }
        if cells.len() != places.len() {
            let reason = format!("{} fields, the header has {}", cells.len(), places.len());
            rows.refuse(line, "", reason, text);
            continue;
        }
        let mut ts = Err("is missing".to_owned());
        let mut values = Vec::with_capacity(cells.len());
        for (cell, place) in cells.iter().zip(&places) {
            match place {
                None => ts = shape.clock.instant(&typed(Some(ColumnType::Text), cell)),
                Some(place) => {
                    let kind = shape.columns.get(*place).map(|column| column.kind);
                    values.push((*place, typed(kind, cell)));
                }
            }
        }
        if wanted.keys.is_empty() {
            finish(line, text, ts, &values, shape, &mut rows, &mut wanted);
        }
    }
    if wanted.is_empty() { Ok(rows) } else { Err(wanted) }
}

/// The column of each field, `None` for the instant; unknown ones are wanted.
fn places(shape: &Shape, header: &Header, wanted: &mut Wanted) -> Vec<Option<usize>> {
    let mut places = Vec::new();
    for key in &header.0 {
        if *key == shape.ts {
            places.push(None);
            continue;
        }
        let found = shape.columns.iter().position(|column| column.key == *key);
        if found.is_none() && !wanted.keys.contains(key) {
            wanted.keys.push(key.clone());
        }
        places.push(Some(found.unwrap_or(usize::MAX)));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(fields("a,\"b,\"\"c\",").unwrap(), ["a", "b,\"c", ""]);
        assert_eq!(fields("\"a"), None);
        assert_eq!(fields("\"a\"b"), None);
    }

    #[test]
    fn numbers_are_numbers_only_as_a_whole() {
        assert_eq!(typed(None, "12"), Value::Int(12));
        assert_eq!(typed(None, "1.5e3"), Value::Float(1500.0));
        assert_eq!(typed(None, "12x"), Value::Text("12x".into()));
        assert_eq!(typed(None, "inf"), Value::Text("inf".into()));
        assert_eq!(typed(Some(ColumnType::Integer), "true"), Value::Text("true".into()));
        assert_eq!(typed(None, "2026-10-05"), Value::Text("2026-10-05".into()));
    }
}
