//! From a file to rows in the database: what is new in it, once, in one transaction.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use duckdb::Connection;
use xxhash_rust::xxh3::Xxh3Default;

use super::content::{self, Block, Blocks};
use super::csv::{self, Header};
use super::error::Error;
use super::file_report::{FileReport, FileState, IngestOptions};
use super::follow::Place;
use super::forget::forget_file;
use super::forms::{self, Extent, Form};
use super::instant::Clock;
use super::lines::{json_samples, json_seen};
use super::parallel::parse;
use super::parquet::ParquetFile;
use super::prefix::{Consumed, Known, Left, known, left_of, skip};
use super::shape::{Shape, Wanted, find_ts};
use super::table::{MOST_AHEAD, Many, Refused, Rows};
use super::whole::{is_whole, stamp};
use super::workspace::{Streams, columns_of};
use crate::diag::Diagnostic;
use crate::model::{InputFormat, StreamDefinition};

/// Where reading begins.
struct Start {
    reader: Box<dyn Read>,
    /// Of the content before it.
    hasher: Xxh3Default,
    from: u64,
    next_line: u64,
}

impl Streams {
    /// Reads what is new in the file into its stream.
    ///
    /// # Errors
    /// The file cannot be read, or is of no known form; the database is held by another process,
    /// newer, or refuses. Nothing was kept then.
    pub fn ingest(
        &self,
        path: &Path,
        stream: &StreamDefinition,
        options: IngestOptions,
    ) -> Result<FileReport, Error> {
        self.ingest_from(path, stream, options, None)
    }

    /// The same for a file that is followed: from its place, where the store still knows it; the
    /// place is then behind what was read.
    pub(super) fn ingest_from(
        &self,
        path: &Path,
        stream: &StreamDefinition,
        options: IngestOptions,
        place: Option<&mut Place>,
    ) -> Result<FileReport, Error> {
        let db = self.open()?;
        db.execute_batch("BEGIN")?;
        match Batch::new(&db, path, stream, options, place).and_then(Batch::run) {
            Ok(report) => {
                db.execute_batch("COMMIT")?;
                Ok(report)
            }
            Err(error) => {
                // The transaction ends with the connection anyway; the first error is the one.
                let _ = db.execute_batch("ROLLBACK");
                Err(error)
            }
        }
    }
}

pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) path: &'a Path,
    pub(super) stream: &'a StreamDefinition,
    pub(super) options: IngestOptions,
    pub(super) report: FileReport,
    pub(super) file: u32,
    pub(super) watermark: Option<i64>,
    pub(super) span: Option<(i64, i64)>,
    pub(super) refused: Vec<Refused>,
    /// Of a form whose columns are known.
    pub(super) form: Option<Form>,
    /// Of a form whose lines are not its rows.
    pub(super) many: Option<Many>,
    /// Of a file that is followed.
    place: Option<&'a mut Place>,
}

impl<'a> Batch<'a> {
    fn new(
        db: &'a Connection,
        path: &'a Path,
        stream: &'a StreamDefinition,
        options: IngestOptions,
        place: Option<&'a mut Place>,
    ) -> Result<Self, Error> {
        let watermark = db.query_row(
            "SELECT epoch_us(max(last)) FROM files WHERE stream = ?",
            [&*stream.name],
            |row| row.get(0),
        )?;
        let report = FileReport {
            file: None,
            path: path.display().to_string(),
            stream: stream.name.to_string(),
            format: stream.format.unwrap_or(InputFormat::Jsonl),
            state: FileState::New,
            lines: 0,
            read: 0,
            rows: 0,
            rejects: 0,
            notes: 0,
            damaged: 0,
            ahead: 0,
            late: 0,
            left_out: BTreeMap::new(),
            broken: None,
            first_rejects: Vec::new(),
        };
        Ok(Self {
            db,
            path,
            stream,
            options,
            report,
            file: 0,
            watermark,
            span: None,
            refused: Vec::new(),
            form: None,
            many: None,
            place,
        })
    }

    /// The content from its start.
    fn open(&self) -> Result<Box<dyn Read>, Error> {
        match &self.place {
            Some(place) => place.open(self.path, 0),
            None => content::open(self.path),
        }
    }

    /// What of the content was read before.
    fn left(&self, known: &[Known]) -> Result<Option<Left>, Error> {
        if let Some(place) = &self.place
            && let Some(left) = place.left(known, self.path)?
        {
            return Ok(Some(left));
        }
        let stamp = stamp(self.options.at);
        let plain = |known: &'_ Known| known.hash.strip_suffix(&*stamp).map(str::len);
        let prefixes: Vec<(u64, &str)> = known
            .iter()
            .map(|one| (one.bytes, &one.hash[..plain(one).unwrap_or(one.hash.len())]))
            .collect();
        left_of(&|| self.open(), self.path, &prefixes)
    }

    fn run(mut self) -> Result<FileReport, Error> {
        let known = known(self.db, &self.stream.name)?;
        let mut left = self.left(&known)?;
        let before = left.as_ref().map(|left| &known[left.index]);
        let ahead = match (&mut left, before) {
            (Some(left), Some(before)) => self.one_byte(&mut left.reader, before)?,
            _ => Vec::new(),
        };
        if let (Some(before), true) = (before, ahead.is_empty()) {
            let hasher = left.map(|left| left.hasher).unwrap_or_default();
            return self.nothing_new(before, hasher);
        }
        self.report.state = match before {
            Some(before) if before.bytes > 0 => FileState::Grown,
            _ if self.options.only_known => return Ok(self.report),
            _ if known.iter().any(|known| known.path == self.report.path) => FileState::Replaced,
            _ => FileState::New,
        };
        let parquet = match &self.place {
            Some(_) => None,
            None => ParquetFile::open(self.db, self.path)?,
        };
        // Parquet ends where it ends: what begins with a known file is another one.
        let before = before.filter(|_| parquet.is_none());
        if parquet.is_some() && self.report.state == FileState::Grown {
            self.report.state = FileState::Replaced;
        }
        self.file = match before {
            Some(before) => before.id,
            None => self.db.query_row(
                "SELECT (coalesce(max(id), 0) + 1)::UINTEGER FROM (SELECT id FROM files UNION ALL \
                 SELECT id FROM batches WHERE recorded_at IS NULL)",
                [],
                |row| row.get(0),
            )?,
        };
        self.report.file = Some(self.file);
        match (parquet, before.filter(|before| is_whole(&before.header))) {
            (Some(parquet), _) => self.read_parquet(&parquet)?,
            (None, Some(whole)) => {
                forget_file(self.db, &self.stream.name, whole.id)?;
                let start = self.start(None, None, Vec::new())?;
                self.read(None, start)?;
            }
            (None, None) => {
                let start = self.start(before, left, ahead)?;
                self.read(before, start)?;
            }
        }
        Ok(self.report)
    }

    /// The byte behind what is known, when there is one.
    fn one_byte(&self, reader: &mut dyn Read, before: &Known) -> Result<Vec<u8>, Error> {
        let mut ahead = Vec::new();
        // Broken content is read as far as it goes, and of a known file that was far enough.
        reader
            .take(1)
            .read_to_end(&mut ahead)
            .or_else(|error| if before.bytes == 0 { Err(error) } else { Ok(0) })
            .map_err(|source| self.file_error(source))?;
        Ok(ahead)
    }

    /// The report on a file in which nothing is new.
    fn nothing_new(mut self, before: &Known, hasher: Xxh3Default) -> Result<FileReport, Error> {
        self.leave(before.id, before.bytes, hasher);
        self.report.state = FileState::Unchanged;
        self.report.file = Some(before.id);
        self.report.format = before.format.unwrap_or(InputFormat::Jsonl);
        self.redefine()?;
        Ok(self.report)
    }

    /// Where reading begins: behind what is known, of which `ahead` is the next byte.
    fn start(
        &mut self,
        before: Option<&Known>,
        left: Option<Left>,
        mut ahead: Vec<u8>,
    ) -> Result<Start, Error> {
        let (mut hasher, mut reader) = match left.filter(|_| before.is_some()) {
            Some(left) => (left.hasher, left.reader),
            None => (Xxh3Default::new(), self.open()?),
        };
        let (mut from, mut next_line) = before.map_or((0, 1), |b| (b.bytes, b.next_line));
        if let Some(before) = before.filter(|before| before.open_bytes > 0) {
            // The last line had no end. If it ends here it is whole; otherwise it is read again.
            if ahead == *b"\n" {
                hasher.update(&ahead);
                from += 1;
            } else {
                from -= before.open_bytes;
                next_line -= 1;
                self.forget_line(before.id, next_line)?;
                reader = self.open()?;
                hasher = Xxh3Default::new();
                skip(&mut reader, from, &mut hasher, self.path)?;
            }
            ahead.clear();
        }
        let reader = Box::new(std::io::Cursor::new(ahead).chain(reader));
        Ok(Start { reader, hasher, from, next_line })
    }

    /// Reads the file from where it was left.
    fn read(&mut self, before: Option<&Known>, start: Start) -> Result<(), Error> {
        let Start { mut reader, mut hasher, from, next_line } = start;
        let mut header = Header(before.map(|b| b.header.clone()).unwrap_or_default());
        let mut consumed = Consumed { bytes: from, next_line, open_bytes: 0 };
        let mut blocks = Blocks::new(&mut reader, next_line);
        let mut shape: Option<Shape> = None;
        let mut first = blocks.next().filter(|block| !(self.options.whole_lines && block.open));
        if let Some(block) = &first {
            // What goes on has the form in which it began.
            let known = before.filter(|_| from > 0).and_then(|before| before.format);
            self.report.format = self.format_of(known, block, blocks.ahead())?;
            let extent = forms::extent(self.report.format, block, from == 0);
            let mut made = self.shape(block, &mut header)?;
            made.latest_us = self.latest_us();
            if let (Some(form), true) = (self.form.clone(), extent != Extent::Lines) {
                let first = first.take().expect("invariant: it was looked at above");
                return self.read_whole(&form, extent, &made, first, &mut blocks, hasher);
            }
            shape = Some(made);
        }
        // Rows that wait to be appended while the next blocks are parsed.
        let mut waiting = Vec::new();
        while let Some(block) = first.take().or_else(|| blocks.next()) {
            let mut round = vec![block];
            let wide = self.report.format == InputFormat::Jsonl || self.form.is_some();
            while wide && round.len() < self.options.threads.max(1) {
                match blocks.next() {
                    Some(block) => round.push(block),
                    None => break,
                }
            }
            if self.options.whole_lines {
                round.retain(|block| !block.open);
            }
            let Some(shape) = shape.as_mut() else { break };
            waiting = self.round(&round, shape, &mut header, waiting)?;
            for block in &round {
                hasher.update(&block.bytes);
                consumed.add(block);
            }
        }
        self.append_all(waiting)?;
        self.report.broken = blocks.broken.take();
        self.is_as_it_was()?;
        let hash = format!("{:032x}", hasher.digest128());
        if let Some(shape) = &shape {
            self.keep_shape(shape)?;
        }
        self.keep(before, &consumed, &hash, &header)?;
        self.leave(self.file, consumed.bytes, hasher);
        Ok(())
    }

    /// The instant behind which no row may lie, in microseconds.
    pub(super) fn latest_us(&self) -> i64 {
        (self.options.now + MOST_AHEAD).ms().saturating_mul(1000)
    }

    /// What was read of a file that was emptied meanwhile may begin in the middle of a line; the
    /// transaction ends without it.
    fn is_as_it_was(&self) -> Result<(), Error> {
        match self.place.as_ref().is_some_and(|place| place.is_rewritten()) {
            true => Err(self.file_error(std::io::Error::other("was emptied while it was read"))),
            false => Ok(()),
        }
    }

    fn leave(&mut self, file: u32, bytes: u64, hasher: Xxh3Default) {
        if let Some(place) = &mut self.place {
            place.leave(file, bytes, hasher);
        }
    }

    fn file_error(&self, source: std::io::Error) -> Error {
        Error::File { path: self.path.to_owned(), source }
    }

    /// The shape of the stream as the store has it, or as the first block shows it.
    fn shape(&mut self, block: &Block, header: &mut Header) -> Result<Shape, Error> {
        let clock = Clock { unit: self.stream.unit, zone: self.stream.zone };
        let format = self.report.format;
        let refuse = |code: &'static str, message: String, help: &str| {
            Error::Refused(Diagnostic::error(code, message).help(help).into())
        };
        let columns = columns_of(self.db, &self.stream.name)?;
        self.check_types(&columns)?;
        let declared = self.stream.types.clone();
        if let Some(kind) = forms::kind(format, block) {
            return self.known_shape(kind, columns, clock);
        }
        if format == InputFormat::Csv && header.0.is_empty() {
            *header = csv::header(block).map_err(|why| {
                let message = format!("`{}`: {why}", self.report.path);
                refuse("ingest::header", message, "CSV begins with the names of its columns")
            })?;
        }
        let ts = self.stored_ts()?.or_else(|| self.stream.ts.as_ref().map(ToString::to_string));
        let ts = match format {
            InputFormat::Jsonl => ts.or_else(|| find_ts(&json_samples(block), clock)),
            _ => ts.or_else(|| find_ts(&csv::samples(block, header), clock)),
        };
        let Some(ts) = ts else {
            let message = format!("`{}` has no column with instants", self.report.path);
            return Err(refuse(
                "ingest::no-instants",
                message,
                "name it as `ts = \"COLUMN\"` in streams/NAME.toml",
            ));
        };
        let shape = Shape::new(ts, clock, columns, declared);
        self.make_table(&shape)?;
        Ok(shape)
    }

    /// Parses blocks side by side while the rows of the blocks before them are appended, and gives
    /// back their own rows, in order.
    fn round(
        &mut self,
        blocks: &[Block],
        shape: &mut Shape,
        header: &mut Header,
        waiting: Vec<Rows>,
    ) -> Result<Vec<Rows>, Error> {
        let mut parsed: Vec<Option<Rows>> = blocks.iter().map(|_| None).collect();
        let mut waiting = Some(waiting);
        loop {
            let (format, form) = (self.report.format, self.form.clone());
            let append = waiting.take().map(|rows| || self.append_all(rows));
            let form = (format, form.as_ref());
            let (results, appended) = parse(form, blocks, &parsed, shape, header, append);
            appended?;
            let mut wanted = Wanted::default();
            let mut wanting = None;
            for (i, result) in results {
                match result {
                    Ok(rows) => parsed[i] = Some(rows),
                    Err(lack) if wanting.is_none() => (wanted, wanting) = (lack, Some(i)),
                    Err(_) => {}
                }
            }
            let Some(i) = wanting else { break };
            self.fit(&blocks[i], shape, header, &wanted)?;
            if !wanted.widen.is_empty() {
                // Blocks that were read with the narrower type are read again.
                parsed.fill_with(|| None);
            }
        }
        Ok(parsed.into_iter().flatten().collect())
    }

    fn append_all(&mut self, rows: Vec<Rows>) -> Result<(), Error> {
        rows.into_iter().try_for_each(|rows| self.append(rows))
    }

    /// Gives the stream the columns that a block wants.
    fn fit(
        &self,
        block: &Block,
        shape: &mut Shape,
        header: &Header,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let seen = match self.report.format {
            InputFormat::Csv => csv::seen(block, header),
            _ => json_seen(block, &wanted.keys),
        };
        shape.extend(wanted, &seen).map_err(|why| {
            let message = format!("`{}` has {why}", self.report.path);
            Error::Refused(Diagnostic::error("ingest::too-many-columns", message).into())
        })?;
        self.widen(wanted.widen.iter().map(|i| &shape.columns[*i]))?;
        self.add_columns(shape)
    }
}
