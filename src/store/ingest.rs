//! From a file to rows in the database: what is new in it, once, in one transaction.

use std::io::Read;
use std::path::Path;

use duckdb::{Connection, params};
use xxhash_rust::xxh3::Xxh3Default;

use super::content::{self, Block, Blocks};
use super::csv::{self, Header};
use super::detect;
use super::error::Error;
use super::file_report::{FileReport, FileState, IngestOptions};
use super::follow::Place;
use super::instant::Clock;
use super::lines::{access_columns, access_rows, json_rows, json_samples, json_seen};
use super::prefix::{Consumed, Known, known, left_of, skip};
use super::shape::{Shape, Wanted, find_ts};
use super::table::{Refused, Rows};
use super::workspace::{Streams, columns_of, quote, table_of};
use crate::diag::Diagnostic;
use crate::model::{ColumnType, InputFormat, StreamDefinition, StreamKind};

/// Where reading a file begins.
struct Start {
    reader: Box<dyn Read>,
    /// Of the content before it.
    hasher: Xxh3Default,
    from: u64,
    next_line: u64,
}

/// Refused lines that a report shows of one file.
const SHOWN: usize = 3;

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

struct Batch<'a> {
    db: &'a Connection,
    path: &'a Path,
    stream: &'a StreamDefinition,
    options: IngestOptions,
    report: FileReport,
    file: u32,
    watermark: Option<i64>,
    span: Option<(i64, i64)>,
    refused: Vec<Refused>,
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
            rows: 0,
            rejects: 0,
            notes: 0,
            damaged: 0,
            ahead: 0,
            late: 0,
            broken: None,
            first_rejects: Vec::new(),
        };
        let (span, refused) = (None, Vec::new());
        Ok(Self { db, path, stream, options, report, file: 0, watermark, span, refused, place })
    }

    /// The content from its start.
    fn open(&self) -> Result<Box<dyn Read>, Error> {
        match &self.place {
            Some(place) => place.open(self.path, 0),
            None => content::open(self.path),
        }
    }

    fn run(mut self) -> Result<FileReport, Error> {
        let known = known(self.db, &self.stream.name)?;
        let left = match &self.place {
            Some(place) => place.left(&known, self.path)?,
            None => None,
        };
        let left = match left {
            Some(left) => Some(left),
            None => {
                let prefixes: Vec<_> = known.iter().map(|one| (one.bytes, &*one.hash)).collect();
                left_of(&|| self.open(), self.path, &prefixes)?
            }
        };
        let before = left.as_ref().map(|left| &known[left.index]);
        self.report.state = match before {
            Some(before) if before.bytes > 0 => FileState::Grown,
            _ if self.options.only_known => return Ok(self.report),
            _ if known.iter().any(|known| known.path == self.report.path) => FileState::Replaced,
            _ => FileState::New,
        };
        self.file = match before {
            Some(before) => before.id,
            None => self.db.query_row(
                "SELECT (coalesce(max(id), 0) + 1)::UINTEGER FROM files",
                [],
                |row| row.get(0),
            )?,
        };
        self.report.file = Some(self.file);
        let (left, at) = match left {
            Some(left) => (Some((left.hasher, left.reader)), Some(left.index)),
            None => (None, None),
        };
        self.read(at.map(|at| &known[at]), left)
    }

    /// The report on a file in which nothing is new.
    fn nothing_new(mut self, before: &Known) -> Result<FileReport, Error> {
        self.report.state = FileState::Unchanged;
        let sql = "SELECT format FROM files WHERE id = ?";
        let word: String = self.db.query_row(sql, [before.id], |row| row.get(0))?;
        self.report.format = InputFormat::from_word(&word).unwrap_or(InputFormat::Jsonl);
        Ok(self.report)
    }

    /// Where reading begins; `None` when nothing is new.
    fn start(
        &mut self,
        before: Option<&Known>,
        left: Option<(Xxh3Default, Box<dyn Read>)>,
    ) -> Result<Option<Start>, Error> {
        let (mut hasher, mut reader) = match left {
            Some(left) => left,
            None => (Xxh3Default::new(), self.open()?),
        };
        let (mut from, mut next_line) = before.map_or((0, 1), |b| (b.bytes, b.next_line));
        let mut ahead = Vec::new();
        if let Some(before) = before {
            reader
                .by_ref()
                .take(1)
                .read_to_end(&mut ahead)
                .or_else(|error| if before.bytes == 0 { Err(error) } else { Ok(0) })
                .map_err(|source| self.file_error(source))?;
            if ahead.is_empty() {
                self.leave(before.id, before.bytes, hasher);
                return Ok(None);
            }
        }
        if let Some(before) = before.filter(|before| before.open_bytes > 0) {
            // The last line had no end. If it ends here it is whole; otherwise it is read again.
            if ahead == *b"\n" {
                hasher.update(&ahead);
                ahead.clear();
                from += 1;
            } else {
                from -= before.open_bytes;
                next_line -= 1;
                self.forget_line(before.id, next_line)?;
                reader = self.open()?;
                hasher = Xxh3Default::new();
                ahead.clear();
                skip(&mut reader, from, &mut hasher, self.path)?;
            }
        }
        let reader = Box::new(std::io::Cursor::new(ahead).chain(reader));
        Ok(Some(Start { reader, hasher, from, next_line }))
    }

    /// Reads the file from where it was left.
    fn read(
        mut self,
        before: Option<&Known>,
        left: Option<(Xxh3Default, Box<dyn Read>)>,
    ) -> Result<FileReport, Error> {
        let Some(start) = self.start(before, left)? else {
            return match before {
                Some(before) => self.nothing_new(before),
                None => Ok(self.report),
            };
        };
        let Start { mut reader, mut hasher, from, next_line } = start;
        let mut header = Header(before.map(|b| b.header.clone()).unwrap_or_default());
        let mut consumed = Consumed { bytes: from, next_line, open_bytes: 0 };
        let mut blocks = Blocks::new(&mut reader, next_line);
        let mut shape: Option<Shape> = None;
        let mut first = blocks.next().filter(|block| !(self.options.whole_lines && block.open));
        if let Some(block) = &first {
            self.report.format = self.format_of(block)?;
            shape = Some(self.shape(block, &mut header)?);
        }
        // Rows that wait to be appended while the next blocks are parsed.
        let mut waiting = Vec::new();
        while let Some(block) = first.take().or_else(|| blocks.next()) {
            let mut round = vec![block];
            let wide = matches!(self.report.format, InputFormat::Jsonl | InputFormat::Access);
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
        if self.place.as_ref().is_some_and(|place| place.is_rewritten()) {
            // What was read may begin in the middle of a line; the transaction ends without it.
            return Err(self.file_error(std::io::Error::other("was emptied while it was read")));
        }
        self.report.broken = blocks.broken.take();
        let hash = format!("{:032x}", hasher.digest128());
        if let Some(shape) = &shape {
            self.keep_shape(shape)?;
        }
        self.keep(before, &consumed, &hash, &header)?;
        self.leave(self.file, consumed.bytes, hasher);
        Ok(self.report)
    }

    fn leave(&mut self, file: u32, bytes: u64, hasher: Xxh3Default) {
        if let Some(place) = &mut self.place {
            place.leave(file, bytes, hasher);
        }
    }

    fn file_error(&self, source: std::io::Error) -> Error {
        Error::File { path: self.path.to_owned(), source }
    }

    fn forget_line(&self, file: u32, line: u64) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        let sql = format!("DELETE FROM {table} WHERE _file = ? AND _line = ?");
        let rows = self.db.execute(&sql, params![file, line])? as u64;
        let rejects = self
            .db
            .execute("DELETE FROM rejects WHERE file = ? AND line = ?", params![file, line])?
            as u64;
        self.db.execute(
            "UPDATE files SET rows = rows - ?, rejects = rejects - ?, lines = lines - ? \
             WHERE id = ?",
            params![rows, rejects, rows + rejects, file],
        )?;
        Ok(())
    }

    fn format_of(&self, block: &Block) -> Result<InputFormat, Error> {
        let known = [InputFormat::Jsonl, InputFormat::Csv, InputFormat::Access];
        let found = self.stream.format.or_else(|| detect::format(&block.bytes));
        found.filter(|format| known.contains(format)).ok_or_else(|| {
            let message = match found {
                Some(form) => format!("`{}` is {}, not read yet", self.report.path, form.as_str()),
                None => format!("`{}` is of no form that drill knows", self.report.path),
            };
            let words = known.map(InputFormat::as_str);
            let help = format!("say which with `--as`: {}", words.join(", "));
            Error::Refused(Diagnostic::error("ingest::unknown-format", message).help(help).into())
        })
    }

    /// The shape of the stream as the store has it, or as the first block shows it.
    fn shape(&self, block: &Block, header: &mut Header) -> Result<Shape, Error> {
        let clock = Clock { unit: self.stream.unit, zone: self.stream.zone };
        let format = self.report.format;
        let refuse = |code: &'static str, message: String, help: &str| {
            Error::Refused(Diagnostic::error(code, message).help(help).into())
        };
        let columns = columns_of(self.db, &self.stream.name)?;
        let declared = self.stream.types.clone();
        if format == InputFormat::Csv && header.0.is_empty() {
            *header = csv::header(block).map_err(|why| {
                let message = format!("`{}`: {why}", self.report.path);
                refuse("ingest::header", message, "CSV begins with the names of its columns")
            })?;
        }
        let ts: Option<String> = self
            .db
            .query_row("SELECT ts_key FROM streams WHERE name = ?", [&*self.stream.name], |row| {
                row.get(0)
            })
            .ok()
            .or_else(|| self.stream.ts.as_ref().map(ToString::to_string));
        let ts = match format {
            InputFormat::Access => Some("ts".to_owned()),
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
        let fixed = format == InputFormat::Access && columns.is_empty();
        let columns = if fixed { access_columns() } else { columns };
        let shape = Shape::new(ts, clock, columns, declared);
        self.make_table(&shape)?;
        Ok(shape)
    }

    fn make_table(&self, shape: &Shape) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        self.db.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} \
             (ts TIMESTAMP NOT NULL, _file UINTEGER, _line UBIGINT)"
        ))?;
        self.add_columns(shape)
    }

    fn add_columns(&self, shape: &Shape) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        for column in &shape.columns {
            let (name, kind) = (quote(&column.name), sql_type(column.kind));
            self.db.execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}"
            ))?;
        }
        Ok(())
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
            let format = self.report.format;
            let append = waiting.take().map(|rows| || self.append_all(rows));
            let (results, appended) = parse(format, blocks, &parsed, shape, header, append);
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
        let table = table_of(&self.stream.name);
        for column in wanted.widen.iter().map(|i| &shape.columns[*i]) {
            let name = quote(&column.name);
            self.db.execute_batch(&format!(
                "ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE DOUBLE"
            ))?;
        }
        self.add_columns(shape)
    }

    fn append(&mut self, mut rows: Rows) -> Result<(), Error> {
        let report = &mut self.report;
        report.rows += rows.len() as u64;
        report.rejects += rows.refused.len() as u64;
        report.notes += rows.notes;
        report.damaged += rows.damaged;
        report.lines += rows.len() as u64 + rows.refused.len() as u64 + rows.notes;
        if let Some((first, last)) = rows.span() {
            let now = self.options.now.ms().saturating_mul(1000);
            report.ahead += rows.later_than(now);
            report.late += self.watermark.map_or(0, |mark| rows.earlier_than(mark));
            let span = self.span.get_or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        let left = SHOWN.saturating_sub(report.first_rejects.len());
        report.first_rejects.extend(
            rows.refused.iter().take(left).map(|r| (r.line, r.column.clone(), r.reason.clone())),
        );
        self.refused.append(&mut rows.refused);
        // The blocks of a round may have been read before a later one added columns.
        let names: Vec<&str> = ["ts", "_file", "_line"]
            .into_iter()
            .chain(rows.columns.iter().map(|column| column.name.as_str()))
            .collect();
        if rows.len() > 0 {
            let table = format!("s_{}", self.stream.name);
            let mut appender = self.db.appender_with_columns(&table, &names)?;
            appender.append_record_batch(rows.batch(self.file)?)?;
            appender.flush()?;
        }
        Ok(())
    }

    fn keep_shape(&self, shape: &Shape) -> Result<(), Error> {
        let stream = &*self.stream.name;
        self.db.execute("DELETE FROM stream_columns WHERE stream = ?", [stream])?;
        for (place, column) in shape.columns.iter().enumerate() {
            self.db.execute(
                "INSERT INTO stream_columns VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    stream,
                    place as i64,
                    column.key,
                    column.name,
                    column.kind.as_str(),
                    column.declared
                ],
            )?;
        }
        self.db.execute("DELETE FROM streams WHERE name = ?", [stream])?;
        let kind = self.stream.kind.unwrap_or(StreamKind::Events);
        let id = self.stream.id.as_ref().and_then(|id| {
            shape.columns.iter().find(|column| *column.key == **id).map(|c| c.name.clone())
        });
        self.db.execute(
            "INSERT INTO streams VALUES (?, ?, ?, ?, ?)",
            params![
                stream,
                kind.as_str(),
                shape.ts,
                id,
                self.stream.expect_every.map(|every| every.ms())
            ],
        )?;
        Ok(())
    }

    fn keep(
        &mut self,
        before: Option<&Known>,
        consumed: &Consumed,
        hash: &str,
        header: &Header,
    ) -> Result<(), Error> {
        let batch: i64 =
            self.db.query_row("SELECT coalesce(max(id), 0) + 1 FROM batches", [], |r| r.get(0))?;
        let now = self.options.now.ms();
        self.db
            .execute("INSERT INTO batches VALUES (?, make_timestamp_ms(?))", params![batch, now])?;
        let stream = &*self.stream.name;
        if !self.refused.is_empty() {
            let mut appender = self.db.appender("rejects")?;
            for r in &self.refused {
                appender
                    .append_row(params![stream, self.file, r.line, r.column, r.reason, r.raw])?;
            }
            appender.flush()?;
        }
        if before.is_none() {
            self.db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, 0, '', 0, 1, '[]', 0, 0, 0, 0, NULL, NULL, ?)",
                params![self.file, stream, self.report.path, self.report.format.as_str(), batch],
            )?;
        }
        let header = serde_json::to_string(&header.0).unwrap_or_default();
        let (first, last) = self.span.unzip();
        let report = &self.report;
        self.db.execute(
            "UPDATE files SET path = ?, bytes = ?, hash = ?, open_bytes = ?, next_line = ?, \
               header = ?, lines = lines + ?, rows = rows + ?, rejects = rejects + ?, \
               notes = notes + ?, first = least(first, make_timestamp(?)), \
               last = greatest(last, make_timestamp(?)), batch = ? WHERE id = ?",
            params![
                report.path,
                consumed.bytes,
                hash,
                consumed.open_bytes,
                consumed.next_line,
                header,
                report.lines,
                report.rows,
                report.rejects,
                report.notes,
                first,
                last,
                batch,
                self.file
            ],
        )?;
        Ok(())
    }
}

type Parsed = Vec<(usize, Result<Rows, Wanted>)>;

/// Parses the blocks that are not parsed yet, each by its own thread where its lines stand alone,
/// while this thread appends what was parsed before.
fn parse(
    format: InputFormat,
    blocks: &[Block],
    parsed: &[Option<Rows>],
    shape: &Shape,
    header: &mut Header,
    append: Option<impl FnOnce() -> Result<(), Error>>,
) -> (Parsed, Result<(), Error>) {
    let open = (0..blocks.len()).filter(|i| parsed[*i].is_none());
    let append = || append.map_or(Ok(()), |append| append());
    if !matches!(format, InputFormat::Jsonl | InputFormat::Access) {
        let appended = append();
        let rows = open.map(|i| {
            let mut now = header.clone();
            let begins = blocks[i].first_line == 1;
            let rows = csv::rows(&blocks[i], shape, &mut now, begins);
            if rows.is_ok() {
                *header = now;
            }
            (i, rows)
        });
        return (rows.collect(), appended);
    }
    std::thread::scope(|scope| {
        let job = |i: usize| {
            let block = &blocks[i];
            let job = scope.spawn(move || match format {
                InputFormat::Access => Ok(access_rows(block, shape)),
                _ => json_rows(block, shape),
            });
            (i, job)
        };
        let jobs: Vec<_> = open.map(job).collect();
        let appended = append();
        let joined = jobs.into_iter().map(|(i, job)| {
            (i, job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        (joined.collect(), appended)
    })
}

/// The type of a column in the database.
fn sql_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Bool => "BOOLEAN",
        ColumnType::Integer => "BIGINT",
        ColumnType::Number => "DOUBLE",
        ColumnType::Text | ColumnType::Json => "VARCHAR",
    }
}
