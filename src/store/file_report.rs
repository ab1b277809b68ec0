//! What is asked of an ingest, and what became of each file.

use std::collections::BTreeMap;

use crate::model::InputFormat;
use crate::units::SimTime;

/// What is asked of an ingest besides its files.
#[derive(Debug, Clone, Copy)]
pub struct IngestOptions {
    /// When it runs; rows after it are from a clock that runs ahead.
    pub now: SimTime,
    /// Threads that parse.
    pub threads: usize,
    /// Whether a last line without a line feed is left for later, as when following a file.
    pub whole_lines: bool,
    /// The instant of samples that have none.
    pub at: Option<SimTime>,
    /// Whether a file is read only when it goes on with one that is known, as a rotated one does.
    pub only_known: bool,
}

/// What a file was to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Never seen.
    New,
    /// Seen, and longer now; only what is new was read.
    Grown,
    /// Nothing is new in it.
    Unchanged,
    /// Another content under a known path; it was read from its start.
    Replaced,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// Its number in the store; `None` when it is not there.
    pub(super) file: Option<u32>,
    /// The file.
    pub path: String,
    /// Its stream.
    pub stream: String,
    /// Its form.
    pub format: InputFormat,
    /// What it was to the store.
    pub state: FileState,
    /// Lines now that are not empty: those read, refused and notes together.
    pub lines: u64,
    /// Lines that were read now. One line is one row, but in forms whose lines hold many rows or
    /// whose rows take many lines.
    pub read: u64,
    /// Rows kept now.
    pub rows: u64,
    /// Lines refused now, and records refused in lines that were read.
    pub rejects: u64,
    /// Headers and comments read now.
    pub notes: u64,
    /// Rows with a damaged tail that is of no use.
    pub damaged: u64,
    /// Rows that are later than the clock.
    pub ahead: u64,
    /// Rows that are older than the stream's watermark was before.
    pub late: u64,
    /// What has no place in the columns and was not kept, with how often it was there.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Why the content ended before its end.
    pub broken: Option<String>,
    /// The first refused lines: line, column, reason.
    pub first_rejects: Vec<(u64, String, String)>,
}
