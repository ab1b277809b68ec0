//! One exposition of metrics, from blocks of lines to rows and to the rules that it breaks.

use super::content::Block;
use super::exposition::{Fault, FaultScope};
use super::lines::{cut_line, lines};
use super::metric_rows::{Line, instant, push};
use super::openmetrics::Openmetrics;
use super::prometheus::Prometheus;
use super::shape::Shape;
use super::table::Rows;
use crate::model::InputFormat;

/// Most faults that are kept of one text.
const MAX_FAULTS: usize = 1000;
/// Milliseconds of the format 0.0.4 before this are seconds: 1973, in microseconds.
const EARLIEST: i128 = 100_000_000_000_000;

/// A text of metrics that is being read.
pub(super) struct Scrape {
    prometheus: Option<Prometheus>,
    openmetrics: Openmetrics,
    /// The instant of samples without one, in microseconds.
    at: Option<i64>,
    /// Whether a sample had none.
    pub(super) used_at: bool,
    /// The first line whose sample has no instant, and got none.
    pub(super) timeless: Option<u64>,
}

impl Scrape {
    pub(super) fn new(format: InputFormat, at: Option<i64>) -> Self {
        Self {
            prometheus: (format == InputFormat::Prometheus).then(Prometheus::default),
            openmetrics: Openmetrics::default(),
            at,
            used_at: false,
            timeless: None,
        }
    }

    fn line<'a>(&mut self, number: u64, text: &'a str, cut: Option<u64>) -> Line<'a> {
        match &mut self.prometheus {
            Some(_) if cut == Some(number) && !text.trim().is_empty() => {
                Line::Refused("the last line has no line feed: it may be cut".to_owned())
            }
            Some(reader) => reader.line(text),
            None => self.openmetrics.line(number, text),
        }
    }

    /// Reads a block.
    pub(super) fn rows(&mut self, block: &Block, shape: &Shape, places: &[usize]) -> Rows {
        let mut rows = Rows::of(shape);
        let cut = cut_line(block);
        for (number, bytes) in lines(block) {
            let Ok(text) = std::str::from_utf8(bytes) else {
                let shown = String::from_utf8_lossy(bytes);
                rows.refuse(number, "", "not UTF-8".to_owned(), &shown);
                continue;
            };
            match self.line(number, text, cut) {
                // A line of blanks alone counts as no line anywhere.
                _ if text.trim_ascii().is_empty() => {}
                Line::Blank => {}
                Line::Note => rows.notes += 1,
                Line::Refused(reason) => rows.refuse(number, "", reason, text),
                Line::Kept(kept) => {
                    rows.leave_out("exemplars", u64::from(kept.exemplar));
                    match self.instant_of(number, kept.us) {
                        Ok(ts) => push(&mut rows, places, number, ts, &kept),
                        Err(reason) => rows.refuse(number, "ts", reason, text),
                    }
                }
            }
        }
        rows
    }

    fn instant_of(&mut self, number: u64, us: Option<i128>) -> Result<i64, String> {
        match us {
            Some(us) if self.prometheus.is_some() && us.abs() < EARLIEST => {
                Err("the instant in milliseconds is before 1973: is it in seconds?".to_owned())
            }
            Some(us) => instant(us),
            None => {
                self.used_at = true;
                self.timeless.get_or_insert(number);
                Ok(self.at.unwrap_or_default())
            }
        }
    }

    /// What spoils the text as a whole, once all of it was read.
    pub(super) fn end(&mut self) -> Vec<Fault> {
        if self.prometheus.is_none() {
            self.openmetrics.end();
        }
        self.openmetrics.faults.sort_by_key(|fault| fault.line);
        self.openmetrics.faults.truncate(MAX_FAULTS);
        std::mem::take(&mut self.openmetrics.faults)
    }
}

/// Every rule that a text of metrics breaks, ascending by line. A text without any is valid by the
/// word of its form: [`InputFormat::Prometheus`], or OpenMetrics for any other.
pub fn exposition_faults(format: InputFormat, text: &[u8]) -> Vec<Fault> {
    let mut scrape = Scrape::new(format, None);
    let open = !text.is_empty() && !text.ends_with(b"\n");
    let block = Block { bytes: text.to_vec(), first_line: 1, open };
    let cut = cut_line(&block);
    let mut faults = Vec::new();
    for (line, bytes) in lines(&block) {
        let found = match std::str::from_utf8(bytes) {
            Err(_) => Some((FaultScope::Line, "not UTF-8".to_owned())),
            Ok(text) => match scrape.line(line, text, cut) {
                Line::Refused(reason) => Some((FaultScope::Line, reason)),
                Line::Blank if scrape.prometheus.is_none() => {
                    Some((FaultScope::Nothing, "a blank line".to_owned()))
                }
                _ => None,
            },
        };
        faults.extend(found.map(|(scope, reason)| Fault { line, scope, reason }));
    }
    faults.extend(scrape.end());
    faults.sort_by_key(|fault| fault.line);
    faults
}
