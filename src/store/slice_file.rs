//! Slice files: the smallest input of an SLO, read without any workspace.
//!
//! CSV or Parquet with the columns `ts`, `good`, `total`, one row per base slice; `ts` is the
//! start of its slice, RFC 3339 or epoch seconds. An absent row is missing data, a row with
//! total 0 is a measured, empty slice. The grid is the multiples of the step since 1970 (UTC).

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use duckdb::Connection;
use duckdb::types::Value;

use super::error::Error;
use crate::diag::{Diagnostic, Diagnostics, SourceText, Span, did_you_mean};
use crate::model::SliceBlock;
use crate::units::{SimDuration, SimTime};

/// Largest slice file in CSV.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Most slices between the first and the last row: 95 years of minutes.
const MAX_SLICES: i64 = 50_000_000;
/// Most mistakes shown of one file.
const MAX_SHOWN: usize = 100;
const COLUMNS: [&str; 3] = ["ts", "good", "total"];

/// Where a row stands, for messages.
type Place = (u64, Span);

/// Reads a slice file into consecutive slices of `step`, from its first to its last row.
///
/// # Errors
/// All mistakes at once, each with its line: columns that are missing or unknown, values that are
/// no instant or no count, instants that are repeated or not on the grid; a file without rows.
pub fn slice_file(path: &Path, step: SimDuration) -> Result<SliceBlock, Diagnostics> {
    let name = path.display().to_string();
    if step.ms() <= 0 {
        let message = format!("a slice of `{step}` has no length");
        return Err(Diagnostic::error("slices::bad-step", message).into());
    }
    let bytes = read(path, &name)?;
    if bytes.starts_with(b"PAR1") {
        let source = SourceText::new(name.as_str(), "");
        let mut rows = Rows::new(step, source, "row");
        parquet(path, &mut rows);
        return rows.finish();
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = format!("`{name}`: line {line} is not UTF-8");
        Diagnostics::from(Diagnostic::error("file::not-utf8", message))
    })?;
    let source = SourceText::new(name.as_str(), text.strip_prefix('\u{feff}').unwrap_or(&text));
    let mut rows = Rows::new(step, source.clone(), "line");
    csv(&source.text, &mut rows);
    rows.finish()
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, Diagnostics> {
    let unreadable = |error: std::io::Error| {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => "file::not-found",
            _ => "file::unreadable",
        };
        Diagnostics::from(Diagnostic::error(code, format!("`{name}` cannot be read: {error}")))
    };
    // Before it is opened: opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        let message = format!("`{name}` is not a regular file");
        return Err(Diagnostic::error("file::not-regular", message).into());
    }
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut magic = [0; 4];
    if file.read(&mut magic).map_err(unreadable)? == 4 && magic == *b"PAR1" {
        return Ok(magic.to_vec());
    }
    if metadata.len() > MAX_BYTES {
        let message = format!("`{name}` has more than {} MiB; use Parquet", MAX_BYTES >> 20);
        return Err(Diagnostic::error("file::too-large", message).into());
    }
    std::fs::read(path).map_err(unreadable)
}

/// The rows read so far and what is wrong with them.
struct Rows {
    step: SimDuration,
    source: SourceText,
    /// `line` or `row`, in messages.
    word: &'static str,
    slices: BTreeMap<i64, (u32, u32, Place)>,
    found: Vec<Diagnostic>,
    more: usize,
}

impl Rows {
    fn new(step: SimDuration, source: SourceText, word: &'static str) -> Self {
        Self { step, source, word, slices: BTreeMap::new(), found: Vec::new(), more: 0 }
    }

    fn mistake(&mut self, code: &'static str, message: String, place: Place, label: &str) {
        self.push(Diagnostic::error(code, message), place, label);
    }

    fn push(&mut self, diagnostic: Diagnostic, place: Place, label: &str) {
        if self.found.len() >= MAX_SHOWN {
            self.more += 1;
            return;
        }
        self.found.push(if self.source.text.is_empty() {
            diagnostic.in_file(&self.source)
        } else {
            diagnostic.at(&self.source, place.1, label)
        });
    }

    fn add(&mut self, at: SimTime, good: u32, total: u32, place: Place) {
        let (word, line) = (self.word, place.0);
        let off = at.ms().rem_euclid(self.step.ms());
        if off != 0 {
            let message = format!("{word} {line}: {at} is not the start of a slice");
            let before = SimTime::from_ms(at.ms() - off);
            let help = format!("slices of {} start at {before}, {}", self.step, before + self.step);
            let diagnostic = Diagnostic::error("slices::off-grid", message).help(help);
            self.push(diagnostic, place, "off the grid");
        } else if let Some((_, _, first)) = self.slices.get(&at.ms()) {
            let first = *first;
            let message = format!("{word} {line}: {at} is here again, first in {word} {}", first.0);
            let mut diagnostic = Diagnostic::error("slices::repeated", message);
            diagnostic.help = Some("one row per slice; add the counts up".to_owned());
            self.push(diagnostic, place, "again");
            if let Some(last) = self.found.last_mut()
                && !self.source.text.is_empty()
                && last.labels.len() == 1
            {
                last.labels.push(crate::diag::Label { span: first.1, text: "first here".into() });
            }
        } else {
            self.slices.insert(at.ms(), (good, total, place));
        }
    }

    fn finish(mut self) -> Result<SliceBlock, Diagnostics> {
        let bounds = self.slices.first_key_value().zip(self.slices.last_key_value());
        let bounds = bounds.map(|((first, _), (last, _))| (*first, *last));
        if bounds.is_none() && self.found.is_empty() {
            let nothing = Diagnostic::error("slices::empty", "the file has no slices");
            self.found.push(nothing.in_file(&self.source));
        }
        let (first, last) = bounds.unwrap_or_default();
        let count = (last - first) / self.step.ms() + 1;
        if self.found.is_empty() && count > MAX_SLICES {
            let (from, to) = (SimTime::from_ms(first), SimTime::from_ms(last));
            let message = format!("{count} slices from {from} to {to}; at most {MAX_SLICES}");
            let far = Diagnostic::error("slices::too-far", message).in_file(&self.source);
            self.found.push(far.help("is one of the instants in another unit?"));
        }
        if self.more > 0 {
            let message = format!("{} more mistakes are not shown", self.more);
            self.found.push(Diagnostic::error("file::more-mistakes", message));
        }
        if !self.found.is_empty() {
            return Err(Diagnostics { list: self.found });
        }
        let len = usize::try_from(count).expect("invariant: checked against the limit");
        let mut block = SliceBlock {
            start: SimTime::from_ms(first),
            step: self.step,
            good: vec![0; len],
            total: vec![0; len],
            present: vec![false; len],
        };
        for (at, (good, total, _)) in self.slices {
            let i = usize::try_from((at - first) / self.step.ms())
                .expect("invariant: no slice is before the first");
            (block.good[i], block.total[i], block.present[i]) = (good, total, true);
        }
        Ok(block)
    }
}

/// The fields of a CSV line with their spans; quotes around a field are taken off.
fn fields(line: &str, start: usize) -> Vec<(&str, Span)> {
    let mut at = start;
    line.split(',')
        .map(|field| {
            let span = Span::new(at, at + field.len());
            at += field.len() + 1;
            let field = field.trim();
            let inner = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
            (inner.unwrap_or(field), span)
        })
        .collect()
}

fn csv(text: &str, rows: &mut Rows) {
    let mut places: Option<[usize; 3]> = None;
    let (mut start, mut line_number) = (0, 0u64);
    for raw in text.split_inclusive('\n') {
        line_number += 1;
        let line = raw.trim_end_matches(['\n', '\r']);
        let (begin, whole) = (start, Span::new(start, start + line.len()));
        start += raw.len();
        if line.trim().is_empty() {
            continue;
        }
        let cells = fields(line, begin);
        let Some(places) = places else {
            match header(&cells, whole, rows) {
                Some(found) => places = Some(found),
                None => return,
            }
            continue;
        };
        let width = places.len();
        if cells.len() != width {
            let message = format!("line {line_number} has {} fields, wanted {width}", cells.len());
            rows.mistake("slices::fields", message, (line_number, whole), "this line");
            continue;
        }
        let [ts, good, total] = places.map(|i| cells[i]);
        let at = instant(ts.0).map_err(|why| (why, ts));
        let good = count(good.0).map_err(|why| (format!("`good` {why}"), good));
        let total = count(total.0).map_err(|why| (format!("`total` {why}"), total));
        for (why, (_, span)) in
            [at.as_ref().err(), good.as_ref().err(), total.as_ref().err()].into_iter().flatten()
        {
            let message = format!("line {line_number}: {why}");
            rows.mistake("slices::bad-value", message, (line_number, *span), "not valid");
        }
        if let (Ok(at), Ok(good), Ok(total)) = (at, good, total) {
            rows.add(at, good, total, (line_number, whole));
        }
    }
}

/// Where each column stands; `None` when that cannot be known.
fn header(cells: &[(&str, Span)], whole: Span, rows: &mut Rows) -> Option<[usize; 3]> {
    let mut places = [None; 3];
    for (i, (cell, span)) in cells.iter().enumerate() {
        match COLUMNS.iter().position(|column| column == cell) {
            Some(column) if places[column].is_none() => places[column] = Some(i),
            Some(_) => {
                let message = format!("the column `{cell}` is there twice");
                rows.mistake("slices::columns", message, (1, *span), "again");
            }
            None => {
                let message = format!("there is no column `{cell}` in a slice file");
                let mut unknown = Diagnostic::error("slices::columns", message);
                unknown.help = Some(match did_you_mean(cell, COLUMNS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "the first line is `ts,good,total`".to_owned(),
                });
                rows.push(unknown, (1, *span), "unknown column");
            }
        }
    }
    for (column, _) in COLUMNS.iter().zip(places).filter(|(_, place)| place.is_none()) {
        let message = format!("the column `{column}` is missing");
        let missing = Diagnostic::error("slices::columns", message);
        rows.push(missing.help("the first line is `ts,good,total`"), (1, whole), "the header");
    }
    let [Some(ts), Some(good), Some(total)] = places else { return None };
    rows.found.is_empty().then_some([ts, good, total])
}

/// RFC 3339 or epoch seconds.
fn instant(text: &str) -> Result<SimTime, String> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return epoch_seconds(whole.parse().map_err(|_| format!("`{text}` is no instant"))?);
    }
    let zoned: SimTime = text.replacen(' ', "T", 1).parse().map_err(|_| {
        format!("`{text}` is no instant such as `2026-10-05T10:00:00+09:00` or `1791162000`")
    })?;
    Ok(zoned)
}

fn epoch_seconds(seconds: i64) -> Result<SimTime, String> {
    if !(0..=99_999_999_999).contains(&seconds) {
        return Err(format!("`{seconds}` is not in epoch seconds (milliseconds, perhaps)"));
    }
    Ok(SimTime::from_ms(seconds * 1000))
}

fn count(text: &str) -> Result<u32, String> {
    if text.is_empty() {
        return Err("is empty; leave the whole row out where nothing was measured".to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("is `{text}`, wanted a whole number from 0"));
    }
    text.parse().map_err(|_| format!("is `{text}`, at most {}", u32::MAX))
}

fn parquet(path: &Path, rows: &mut Rows) {
    if let Err(error) = parquet_rows(path, rows) {
        let message = format!("cannot be read as Parquet: {error}");
        let nothing: Place = (0, Span::default());
        rows.mistake("slices::parquet", message, nothing, "");
    }
}

fn parquet_rows(path: &Path, rows: &mut Rows) -> Result<(), Error> {
    let db = Connection::open_in_memory()?;
    let file = path.to_string_lossy();
    let mut describe = db.prepare("SELECT name FROM (DESCRIBE FROM read_parquet(?)) t(name)")?;
    let names: Vec<String> =
        describe.query_map([&file], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let nowhere = Span::default();
    let cells: Vec<(&str, Span)> = names.iter().map(|name| (name.as_str(), nowhere)).collect();
    if header(&cells, nowhere, rows).is_none() {
        return Ok(());
    }
    let mut query = db.prepare(
        "SELECT ts, good, total, file_row_number \
         FROM read_parquet(?, file_row_number = true) ORDER BY file_row_number",
    )?;
    let mut result = query.query([&file])?;
    while let Some(row) = result.next()? {
        let number: i64 = row.get(3)?;
        let place = (u64::try_from(number).unwrap_or(0) + 1, nowhere);
        let at = parquet_instant(&row.get::<_, Value>(0)?);
        let good = parquet_count(&row.get::<_, Value>(1)?).map_err(|why| format!("`good` {why}"));
        let total = parquet_count(&row.get::<_, Value>(2)?).map_err(|why| format!("`total` {why}"));
        for why in
            [at.as_ref().err(), good.as_ref().err(), total.as_ref().err()].into_iter().flatten()
        {
            rows.mistake("slices::bad-value", format!("row {}: {why}", place.0), place, "");
        }
        if let (Ok(at), Ok(good), Ok(total)) = (at, good, total) {
            rows.add(at, good, total, place);
        }
    }
    Ok(())
}

fn parquet_instant(value: &Value) -> Result<SimTime, String> {
    match value {
        Value::Timestamp(unit, n) => {
            let us = unit.to_micros(*n);
            if us.rem_euclid(1000) == 0 {
                return Ok(SimTime::from_ms(us.div_euclid(1000)));
            }
            Err("`ts` is not on a whole millisecond".to_owned())
        }
        Value::Text(text) => instant(text),
        other => match integer(other) {
            Some(seconds) => epoch_seconds(i64::try_from(seconds).unwrap_or(-1)),
            None => Err("`ts` is no instant, no text and no whole number".to_owned()),
        },
    }
}

fn parquet_count(value: &Value) -> Result<u32, String> {
    match integer(value) {
        Some(n) => u32::try_from(n).map_err(|_| format!("is {n}, wanted 0 to {}", u32::MAX)),
        None => Err("is not a whole number".to_owned()),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::TinyInt(n) => Some(i128::from(*n)),
        Value::SmallInt(n) => Some(i128::from(*n)),
        Value::Int(n) => Some(i128::from(*n)),
        Value::BigInt(n) => Some(i128::from(*n)),
        Value::HugeInt(n) => Some(*n),
        Value::UTinyInt(n) => Some(i128::from(*n)),
        Value::USmallInt(n) => Some(i128::from(*n)),
        Value::UInt(n) => Some(i128::from(*n)),
        Value::UBigInt(n) => Some(i128::from(*n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SliceBlock, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.csv");
        std::fs::write(&path, text).unwrap();
        slice_file(&path, SimDuration::from_minutes(1)).map_err(|errors| {
            let short = |d: &Diagnostic| format!("{} {}", d.code, d.message);
            errors.list.iter().map(short).collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn rows_become_slices_and_absent_rows_are_missing() {
        let text = "\u{feff}ts,good,total\r\n2026-10-05T10:02:00+09:00,0,0\r\n\r\n\
                    \"1791162000\",9,10\r\n1791162180.0,8,8";
        let block = read(text).unwrap();
        assert_eq!(block.start.to_string(), "2026-10-05T01:00:00+00:00");
        assert_eq!(block.good, [9, 0, 0, 8]);
        assert_eq!(block.total, [10, 0, 0, 8]);
        assert_eq!(block.present, [true, false, true, true]);
    }

    #[test]
    fn all_mistakes_come_at_once_with_their_lines() {
        let text = "ts,good,total\n1791162000,1,1\n1791162000,1,1\n1791162030,1,1\nx,-1,1.5\n\
                    1791162000000,1,1\n1791162060,1\n1791162060,4294967296,\n";
        let errors = read(text).unwrap_err();
        let lines: Vec<&str> = errors.lines().collect();
        assert_eq!(lines.len(), 9, "{errors}");
        assert!(lines[0].starts_with("slices::repeated line 3:"), "{errors}");
        assert!(lines[1].starts_with("slices::off-grid line 4:"), "{errors}");
        assert!(lines[5].contains("milliseconds"), "{errors}");
    }

    #[test]
    fn headers_are_checked() {
        assert!(read("ts,god,total\n").unwrap_err().contains("`good` is missing"));
        assert!(read("ts,good,total\n").unwrap_err().contains("no slices"));
        assert!(read("").unwrap_err().contains("no slices"));
        assert!(read("ts,good,total\n0,1,1\n99999999960,1,1\n").unwrap_err().contains("too-far"));
    }

    #[test]
    fn parquet_is_read_like_csv() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.parquet");
        let write = |select: &str| {
            let db = Connection::open_in_memory().unwrap();
            let sql = format!("COPY ({select}) TO '{}' (FORMAT parquet)", path.display());
            db.execute_batch(&sql).unwrap();
            slice_file(&path, SimDuration::from_minutes(1))
        };
        for ts in ["1791162000 + 120 * i", "make_timestamp(1791162000000000 + 120000000 * i)"] {
            let block = write(&format!(
                "SELECT {ts} AS ts, 3 AS good, 4::UBIGINT AS total FROM range(2) t(i)"
            ));
            assert_eq!(block.unwrap().present, [true, false, true]);
        }
        let errors = write("SELECT 1791162000 AS ts, 1.5 AS good, -1 AS total").unwrap_err();
        assert_eq!(errors.list.len(), 2, "{errors}");
        assert!(write("SELECT 1 AS ts, 1 AS good").unwrap_err().to_string().contains("`total`"));
    }
}
