//! Files that are read as a whole or not at all: expositions of metrics and JSON documents.
//!
//! Such a file cannot be continued where it stopped. One that grew is read again from its start,
//! and its rows take the place of those that it gave before.

use xxhash_rust::xxh3::Xxh3Default;

use super::content::{Block, Blocks};
use super::csv::Header;
use super::document::{Document, MAX_DOCUMENT};
use super::error::Error;
use super::exposition::Fault;
use super::forms::{Extent, Form};
use super::ingest::Batch;
use super::prefix::Consumed;
use super::scrape::Scrape;
use super::shape::Shape;
use super::table::{Many, Rows};
use super::{csv_levels, history_json, otlp};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::InputFormat;
use crate::units::{SimTime, Zone};

/// What stands for the header of a file that was read as a whole. No CSV has one name twice.
const MARK: [&str; 2] = ["", ""];
/// Most faults of a text that are told.
const SHOWN: usize = 20;

/// Whether a file was read as a whole, by what was kept as its header.
pub(super) fn is_whole(header: &[String]) -> bool {
    header == MARK
}

impl Batch<'_> {
    /// Reads all of the file, of which `first` is the first block.
    pub(super) fn read_whole(
        &mut self,
        form: &Form,
        extent: Extent,
        shape: &Shape,
        first: Block,
        blocks: &mut Blocks<'_>,
        mut hasher: Xxh3Default,
    ) -> Result<(), Error> {
        if first.first_line > 1 {
            let why = "goes on in another form than it began";
            let help = "put what is new into a file of its own";
            return Err(self.refuse_whole("ingest::other-form", why, help));
        }
        let mut consumed = Consumed { bytes: 0, next_line: 1, open_bytes: 0 };
        let at = self.options.at.map(|at| at.ms().saturating_mul(1000));
        let mut scrape = Scrape::new(form.format, at);
        let mut text = Vec::new();
        let mut next = Some(first);
        while let Some(block) = next {
            hasher.update(&block.bytes);
            consumed.add(&block);
            if extent == Extent::Exposition {
                self.append(scrape.rows(&block, shape, &form.places))?;
            } else {
                text.extend_from_slice(&block.bytes);
                if text.len() > MAX_DOCUMENT {
                    let why = format!("is larger than {} MiB", MAX_DOCUMENT >> 20);
                    return Err(self.refuse_whole("ingest::too-large", &why, SPLIT));
                }
            }
            next = blocks.next();
        }
        if let Some(broken) = blocks.broken.take() {
            let why = format!("ends early ({broken}), and this form is read whole or not at all");
            return Err(self.refuse_whole("ingest::cut", &why, "copy it again"));
        }
        let mut hash = format!("{:032x}", hasher.digest128());
        match extent {
            Extent::Exposition => {
                self.end_exposition(&mut scrape)?;
                if scrape.used_at {
                    hash.push_str(&stamp(self.options.at));
                }
            }
            _ => {
                let rows = self.documents(form, shape, &text)?;
                self.append(rows)?;
            }
        }
        // Only the end of a growing line is ever read again, and this file is read whole.
        consumed.open_bytes = 0;
        self.keep_shape(shape)?;
        self.keep(None, &consumed, &hash, &Header(MARK.map(str::to_owned).to_vec()))
    }

    fn end_exposition(&self, scrape: &mut Scrape) -> Result<(), Error> {
        let faults = scrape.end();
        if !faults.is_empty() {
            return Err(self.refuse_text(&faults));
        }
        match scrape.timeless {
            Some(line) if self.options.at.is_none() => {
                let why = format!("has samples without an instant, the first in line {line}");
                let help = "say when it was scraped: `--at 2026-10-05T10:00:00Z`, or \
                            `--at modified` for the time of the file";
                Err(self.refuse_whole("ingest::no-instant", &why, help))
            }
            _ => Ok(()),
        }
    }

    fn documents(&self, form: &Form, shape: &Shape, bytes: &[u8]) -> Result<Rows, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|wrong| {
            let line = bytes[..wrong.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let why = format!("is not UTF-8 in line {}", line + 1);
            self.refuse_whole("ingest::not-utf8", &why, "this form is read whole or not at all")
        })?;
        let mut rows = Rows::of(shape);
        let document = Document::file(text);
        let read = match form.format {
            InputFormat::Otlp => otlp::documents(&document, form.kind, &form.places, &mut rows),
            InputFormat::CsvLevels => {
                let stream = &self.stream.name;
                csv_levels::read(&document, stream, shape.clock, &form.places, &mut rows)
            }
            _ => history_json::read(&document, &self.stream.name, &form.places, &mut rows),
        };
        read.map_err(|(at, reason)| {
            let (line, character) = (document.line_of(at), document.character(at));
            let why = format!("line {line}, character {character}: {reason}");
            self.refuse_whole("ingest::document", &why, "this form is read whole or not at all")
        })?;
        let lines = text.lines().filter(|line| !line.trim_ascii().is_empty()).count() as u64;
        rows.many.get_or_insert(Many { read: lines, refused: 0 });
        Ok(rows)
    }

    fn refuse_whole(&self, code: &'static str, why: &str, help: &str) -> Error {
        let message = format!("`{}`: {why}", self.report.path);
        Error::Refused(Diagnostic::error(code, message).help(help).into())
    }

    fn refuse_text(&self, faults: &[Fault]) -> Error {
        let path = &self.report.path;
        let mut all = Diagnostics::default();
        for fault in faults.iter().take(SHOWN) {
            let message = format!("`{path}` line {}: {}", fault.line, fault.reason);
            all.push(Diagnostic::error("ingest::exposition", message));
        }
        let left = faults.len().saturating_sub(SHOWN);
        let form = self.report.format.as_str();
        let more = if left > 0 { format!("; {left} more such faults") } else { String::new() };
        let message = format!("`{path}` is no valid {form} text, and nothing of it was kept{more}");
        let help = "these faults change what other lines mean; see docs/metrics-formats.md";
        all.push(Diagnostic::error("ingest::exposition", message).help(help));
        Error::Refused(all)
    }
}

const SPLIT: &str = "query a shorter time, or export one request per line";

/// What tells files with equal content apart that were scraped at different times.
pub(super) fn stamp(at: Option<SimTime>) -> String {
    at.map_or(String::new(), |at| format!("@{}", at.rfc3339(Zone::UTC)))
}
