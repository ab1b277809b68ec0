//! From blocks of lines to rows: JSON lines and access logs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::content::Block;
use super::instant::web_log;
use super::json::{self, Value};
use super::shape::{Seen, Shape, Wanted, see};
use super::table::{ColumnDef, Rows, misfit};
use crate::model::ColumnType;

/// Rows looked at to infer types.
const SAMPLE_ROWS: usize = 2000;

/// The lines of a block with their numbers, without line ends and a byte order mark.
pub(super) fn lines(block: &Block) -> impl Iterator<Item = (u64, &[u8])> {
    block.bytes.split_inclusive(|byte| *byte == b'\n').enumerate().map(move |(i, line)| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = block.first_line + i as u64;
        let bom = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf") } else { None };
        (number, bom.unwrap_or(line))
    })
}

/// The same as text; a line that is none is `Err` with what can be shown of it.
pub(super) fn texts(block: &Block) -> impl Iterator<Item = (u64, Result<&str, String>)> {
    // A whole block is checked and cut faster as one text than line by line.
    let whole = std::str::from_utf8(&block.bytes).ok();
    let slow = if whole.is_some() { None } else { Some(lines(block)) };
    let slow = slow.into_iter().flatten().map(|(number, line)| {
        let text = std::str::from_utf8(line);
        (number, text.map_err(|_| String::from_utf8_lossy(line).into_owned()))
    });
    let fast = whole.into_iter().flat_map(|text| text.split_inclusive('\n')).enumerate();
    let fast = fast.map(move |(i, line)| {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let number = block.first_line + i as u64;
        let bom = if number == 1 { line.strip_prefix('\u{feff}') } else { None };
        (number, Ok(bom.unwrap_or(line)))
    });
    fast.chain(slow).filter(|(_, text): &(u64, Result<&str, String>)| {
        text.as_ref().map_or(true, |text| !text.trim_ascii().is_empty())
    })
}

/// The number of the last line, when no line feed ends it.
pub(super) fn cut_line(block: &Block) -> Option<u64> {
    let feeds = block.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    block.open.then_some(block.first_line + feeds)
}

/// Hands each line of a block that is text to `take`, with its number; others are refused.
pub(super) fn each_text<'b>(
    block: &'b Block,
    rows: &mut Rows,
    mut take: impl FnMut(&mut Rows, u64, &'b str),
) {
    for (number, text) in texts(block) {
        match text {
            Ok(text) => take(rows, number, text),
            Err(shown) => rows.refuse(number, "", "not UTF-8".to_owned(), &shown),
        }
    }
}

/// The first rows of a block, for inference.
pub(super) fn json_samples(block: &Block) -> Vec<BTreeMap<String, Value<'_>>> {
    let mut rows = Vec::new();
    for (_, text) in texts(block).take(SAMPLE_ROWS) {
        let mut row = BTreeMap::new();
        if let Ok(text) = text
            && json::object(text, |key, value| drop(row.insert(key.into_owned(), value))).is_ok()
        {
            rows.push(row);
        }
    }
    rows
}

/// How often each type is seen under the keys of a block.
pub(super) fn json_seen(block: &Block, keys: &[String]) -> Seen {
    let mut seen = Seen::new();
    for (_, text) in texts(block) {
        let Ok(text) = text else { continue };
        let _ = json::object(text, |key, value| {
            if keys.iter().any(|wanted| **wanted == *key) {
                see(&mut seen, &key, &value);
            }
        });
    }
    seen
}

/// Reads a block of JSON lines, or says what its shape lacks.
pub(super) fn json_rows(block: &Block, shape: &Shape) -> Result<Rows, Wanted> {
    let mut rows = Rows::of(shape);
    let mut reader = JsonReader::new(shape);
    let mut wanted = Wanted::default();
    each_text(block, &mut rows, |rows, number, text| reader.row(number, text, rows, &mut wanted));
    if wanted.is_empty() { Ok(rows) } else { Err(wanted) }
}

struct JsonReader<'s, 'b> {
    shape: &'s Shape,
    places: BTreeMap<&'s str, usize>,
    /// Columns in the order of the last row: keys mostly come in the same order.
    order: Vec<usize>,
    /// The values of the row at hand; kept, so that not each row asks for memory.
    values: Vec<(usize, Value<'b>)>,
}

impl<'s, 'b> JsonReader<'s, 'b> {
    fn new(shape: &'s Shape) -> Self {
        let columns = shape.columns.iter().enumerate();
        let places = columns.map(|(i, column)| (column.key.as_str(), i)).collect();
        Self { shape, places, order: Vec::new(), values: Vec::new() }
    }

    fn place(&mut self, nth: usize, key: &str) -> Option<usize> {
        if let Some(guess) = self.order.get(nth)
            && self.shape.columns[*guess].key == key
        {
            return Some(*guess);
        }
        let place = self.places.get(key).copied()?;
        if nth < self.order.len() {
            self.order[nth] = place;
        } else if nth == self.order.len() {
            self.order.push(place);
        }
        Some(place)
    }

    fn row(&mut self, number: u64, text: &'b str, rows: &mut Rows, wanted: &mut Wanted) {
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        self.fill(number, text, &mut values, rows, wanted);
        self.values = values;
    }

    fn fill(
        &mut self,
        number: u64,
        text: &'b str,
        values: &mut Vec<(usize, Value<'b>)>,
        rows: &mut Rows,
        wanted: &mut Wanted,
    ) {
        let mut ts: Option<Value<'_>> = None;
        let mut twice: Option<String> = None;
        let mut nth = 0;
        let parsed = json::object(text, |key, value| {
            if *key == *self.shape.ts {
                if ts.replace(value).is_some() {
                    twice = Some(key.into_owned());
                }
                return;
            }
            match self.place(nth, &key) {
                Some(place) => values.push((place, value)),
                None if wanted.keys.iter().any(|known| **known == *key) => {}
                None => wanted.keys.push(key.into_owned()),
            }
            nth += 1;
        });
        if let Err(wrong) = parsed {
            let reason = format!("{} (character {})", wrong.why, wrong.character(text));
            rows.refuse(number, "", reason, text);
            return;
        }
        let again = |i: usize| values[..i].iter().any(|(place, _)| *place == values[i].0);
        // Short rows are compared pair by pair; that is quicker than any set.
        if let Some(i) = (1..values.len()).find(|i| again(*i)) {
            twice = Some(self.shape.columns[values[i].0].key.clone());
        }
        if let Some(key) = twice {
            rows.refuse(number, &key, "the key is there twice".to_owned(), text);
            return;
        }
        let instant = self.shape.clock.instant(&ts.unwrap_or(Value::Null));
        finish(number, text, instant, values, self.shape, rows, wanted);
    }
}

/// Checks the types of a row and keeps or refuses it.
pub(super) fn finish(
    number: u64,
    raw: &str,
    ts: Result<i64, String>,
    values: &[(usize, Value<'_>)],
    shape: &Shape,
    rows: &mut Rows,
    wanted: &mut Wanted,
) {
    let ts = match ts {
        Ok(ts) => ts,
        Err(reason) => return rows.refuse(number, &shape.ts, reason, raw),
    };
    for (place, value) in values {
        let column = &shape.columns[*place];
        let Some(reason) = misfit(column.kind, value) else { continue };
        let widens = column.kind == ColumnType::Integer && !column.declared;
        if widens && matches!(value, Value::Float(_)) {
            if !wanted.widen.contains(place) {
                wanted.widen.push(*place);
            }
            continue;
        }
        return rows.refuse(number, &column.key, reason, raw);
    }
    rows.push(ts, number, values);
}

/// The columns of an access log.
pub(super) fn access_columns() -> Vec<ColumnDef> {
    let (text, integer) = (ColumnType::Text, ColumnType::Integer);
    [
        ("host", text),
        ("ident", text),
        ("user", text),
        ("method", text),
        ("path", text),
        ("protocol", text),
        ("request", text),
        ("status", integer),
        ("bytes", integer),
        ("referer", text),
        ("agent", text),
    ]
    .map(|(name, kind)| ColumnDef { key: name.into(), name: name.into(), kind, declared: true })
    .to_vec()
}

/// Reads a block of common or combined log lines. A line whose quoted tail is damaged is a row.
pub(super) fn access_rows(block: &Block, shape: &Shape) -> Rows {
    let mut rows = Rows::of(shape);
    let mut values = Vec::with_capacity(11);
    each_text(block, &mut rows, |rows, number, text| match access(text, &mut values) {
        Ok((ts, damaged)) => {
            rows.damaged += u64::from(damaged);
            rows.push(ts, number, &values);
        }
        Err((column, reason)) => rows.refuse(number, column, reason.to_owned(), text),
    });
    rows
}

/// Whether a text is a line of an access log.
pub(super) fn is_access(text: &str) -> bool {
    access(text, &mut Vec::new()).is_ok()
}

/// Reads a line into `values`; its instant, and whether its tail is damaged.
fn access<'a>(
    text: &'a str,
    values: &mut Vec<(usize, Value<'a>)>,
) -> Result<(i64, bool), (&'static str, &'static str)> {
    values.clear();
    let (host, rest) = text.split_once(' ').ok_or(("host", "not an access log line"))?;
    let (ident, rest) = rest.split_once(' ').ok_or(("ident", "not an access log line"))?;
    let (user, rest) = rest.split_once(" [").ok_or(("user", "`[` with the time is missing"))?;
    let (time, rest) = rest.split_once("] \"").ok_or(("ts", "`]` and the request are missing"))?;
    let ts = web_log(time).ok_or(("ts", "the time is no instant"))?;
    let (request, rest) = quoted(rest).ok_or(("request", "the request is not closed"))?;
    let mut tail = rest.trim_start().splitn(3, ' ');
    let status = tail.next().unwrap_or("");
    if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(("status", "the status is not three digits"));
    }
    let bytes = match tail.next() {
        Some("-") => Value::Null,
        Some(bytes) => match bytes.parse() {
            Ok(n) if n >= 0 => Value::Int(n),
            _ => return Err(("bytes", "the size is no count")),
        },
        None => return Err(("bytes", "the size is missing")),
    };
    let (referer, agent, damaged) = trailer(tail.next().unwrap_or(""));
    let status = status.parse().map_err(|_| ("status", "the status is no number"))?;
    let mut add = |at: usize, value: Cow<'a, str>| {
        if !value.is_empty() && *value != *"-" {
            values.push((at, Value::Text(value)));
        }
    };
    add(0, host.into());
    add(1, ident.into());
    add(2, user.into());
    match request {
        Cow::Borrowed(text) => match request_line(text) {
            Some(parts) => (3..).zip(parts).for_each(|(at, part)| add(at, part.into())),
            None => add(6, text.into()),
        },
        // One with escaped quotes is a copy, and so are its parts.
        Cow::Owned(text) => match request_line(&text) {
            Some(parts) => {
                (3..).zip(parts).for_each(|(at, part)| add(at, part.to_owned().into()));
            }
            None => add(6, text.into()),
        },
    }
    add(9, referer);
    add(10, agent);
    values.push((7, Value::Int(status)));
    values.push((8, bytes));
    Ok((ts, damaged))
}

/// Method, path and protocol of a request.
fn request_line(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split(' ');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    (parts.next().is_none() && three[2].starts_with("HTTP/")).then_some(three)
}

/// Referer and user agent, and whether they are damaged.
fn trailer(text: &str) -> (Cow<'_, str>, Cow<'_, str>, bool) {
    let text = text.trim();
    if text.is_empty() {
        return ("".into(), "".into(), false);
    }
    let Some((referer, rest)) = text.strip_prefix('"').and_then(quoted) else {
        return ("".into(), "".into(), true);
    };
    match rest.trim_start().strip_prefix('"').map(quoted) {
        Some(Some((agent, _))) => (referer, agent, false),
        Some(None) => (referer, "".into(), true),
        None => (referer, "".into(), !rest.trim().is_empty()),
    }
}

/// What stands before the next quote that no backslash escapes, and what after it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let (inner, rest) = (text.get(..at)?, text.get(at + 1..)?);
    let inner = if inner.contains("\\\"") {
        Cow::Owned(inner.replace("\\\"", "\""))
    } else {
        Cow::Borrowed(inner)
    };
    Some((inner, rest))
}
