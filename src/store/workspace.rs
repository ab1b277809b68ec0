//! The streams of a workspace: their tables, their list, what was refused.

use std::path::{Path, PathBuf};

use duckdb::{Connection, params};

use super::accounts;
use super::archive;
use super::cache::Cache;
use super::database::Database;
use super::error::Error;
use super::event_file::EventFile;
use super::table::ColumnDef;
use super::wall::lock_down;
use crate::model::{ColumnType, Name, StreamDefinition, StreamKind};
use crate::units::SimTime;

/// Schema number of the database.
const SCHEMA: i64 = 2;

pub(super) const TABLES: &str = "
CREATE TABLE streams (name VARCHAR, kind VARCHAR, ts_key VARCHAR,
  id_column VARCHAR, expect_every_ms BIGINT);
CREATE TABLE stream_columns (stream VARCHAR, place BIGINT, key VARCHAR,
  name VARCHAR, kind VARCHAR, declared BOOLEAN);
CREATE TABLE batches (id BIGINT, recorded_at TIMESTAMP);
CREATE TABLE files (id UINTEGER, stream VARCHAR, path VARCHAR, format VARCHAR,
  bytes UBIGINT, hash VARCHAR, open_bytes UBIGINT, next_line UBIGINT, header VARCHAR,
  lines UBIGINT, rows UBIGINT, rejects UBIGINT, notes UBIGINT, first TIMESTAMP, last TIMESTAMP,
  batch BIGINT);
CREATE TABLE rejects (stream VARCHAR, file UINTEGER, line UBIGINT,
  column_name VARCHAR, reason VARCHAR, raw VARCHAR);
CREATE TABLE archives (id UINTEGER, stream VARCHAR, path VARCHAR, rows UBIGINT,
  first TIMESTAMP, last TIMESTAMP, bytes UBIGINT, archived_at TIMESTAMP);
CREATE TABLE removed (stream VARCHAR, rows UBIGINT, first TIMESTAMP, last TIMESTAMP,
  removed_at TIMESTAMP);
";

/// From schema 1 to 2: rows can be archived or removed.
const UPGRADES: &[&str] = &["
CREATE TABLE archives (id UINTEGER, stream VARCHAR, path VARCHAR, rows UBIGINT,
  first TIMESTAMP, last TIMESTAMP, bytes UBIGINT, archived_at TIMESTAMP);
CREATE TABLE removed (stream VARCHAR, rows UBIGINT, first TIMESTAMP, last TIMESTAMP,
  removed_at TIMESTAMP);
"];

/// The telemetry of a workspace, in `.drill/store.duckdb`.
#[derive(Debug, Clone)]
pub struct Streams {
    source: Source,
}

/// Where the rows are.
#[derive(Debug, Clone)]
enum Source {
    /// In the database of a workspace.
    Workspace(Database),
    /// In one Parquet file, which nobody has to ingest.
    File(EventFile),
}

/// One stream as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSummary {
    /// Its name.
    pub name: Name,
    /// What its rows are.
    pub kind: StreamKind,
    /// Rows kept.
    pub rows: u64,
    /// Lines refused, and records refused in lines that were read.
    pub rejects: u64,
    /// Lines of its files that are not empty.
    pub lines: u64,
    /// Lines among them that were read: one line is one row, but in forms whose lines hold many
    /// rows or whose rows take many lines.
    pub read: u64,
    /// Lines among them of which nothing was kept. Lines read, refused and notes are all lines.
    pub refused: u64,
    /// Headers and comments among them.
    pub notes: u64,
    /// Instant of the first row.
    pub first: Option<SimTime>,
    /// Instant of the last row: the stream's watermark.
    pub last: Option<SimTime>,
    /// Rows whose identifier was there before.
    pub duplicates: u64,
    /// Rows of them that are in Parquet files of the workspace.
    pub archived: u64,
    /// Rows of them that retention has removed.
    pub removed: u64,
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The stream.
    pub stream: Name,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, where one is to blame.
    pub column: String,
    /// What is wrong.
    pub reason: String,
    /// The first characters of the line.
    pub raw: String,
}

/// A name as SQL wants it.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL wants it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The table of a stream.
pub(super) fn table_of(stream: &str) -> String {
    quote(&format!("s_{stream}"))
}

impl Streams {
    /// The streams in `workspace/.drill/store.duckdb`.
    pub fn of_workspace(workspace: &Path) -> Self {
        let name = "store.duckdb";
        let database = Database::of_workspace(workspace, name, SCHEMA, TABLES, UPGRADES);
        Self { source: Source::Workspace(database) }
    }

    /// One stream: the rows of a Parquet file, read where they are. A value that is none of its
    /// column's type is unknown; a row without an instant is left out, see [`Streams::list`].
    ///
    /// # Errors
    /// When the file is no Parquet, or has no instants.
    pub fn of_events(path: &Path, stream: &StreamDefinition) -> Result<Self, Error> {
        Ok(Self { source: Source::File(EventFile::new(path, stream)?) })
    }

    /// The folder of the store; where a file stands for a stream, the file's.
    pub(super) fn folder(&self) -> &Path {
        match &self.source {
            Source::Workspace(database) => database.folder(),
            Source::File(file) => file.folder(),
        }
    }

    /// Opens the database to write, making it when it is not there.
    pub(super) fn open(&self) -> Result<Connection, Error> {
        match &self.source {
            Source::Workspace(database) => database.write(),
            Source::File(file) => Err(file.read_only()),
        }
    }

    /// Opens the database to read; `None` when nothing was ever ingested.
    pub(super) fn read(&self) -> Result<Option<Connection>, Error> {
        match &self.source {
            Source::Workspace(database) => database.read(),
            Source::File(file) => file.read().map(Some),
        }
    }

    /// Where slices are kept; those of a file are not.
    pub(super) fn cache(&self) -> Option<Cache> {
        match &self.source {
            Source::Workspace(database) => Some(Cache::new(database.folder())),
            Source::File(_) => None,
        }
    }

    /// Where answers are kept; those about a file are not.
    pub(super) fn answers(&self) -> Option<PathBuf> {
        match &self.source {
            Source::Workspace(database) => Some(database.folder().join("answers")),
            Source::File(_) => None,
        }
    }

    /// The first and the last instant of a stream's rows, in milliseconds.
    pub(super) fn rows_span(
        &self,
        db: &Connection,
        stream: &str,
    ) -> Result<Option<(i64, i64)>, Error> {
        let sql = match &self.source {
            Source::Workspace(_) => {
                let rows = archive::rows_of(db, stream)?;
                format!("SELECT epoch_ms(min(ts)), epoch_ms(max(ts)) FROM {rows}")
            }
            // Known since the file was opened, without a scan.
            Source::File(_) => "SELECT epoch_ms(min(first)), epoch_ms(max(last)) FROM files".into(),
        };
        let (from, to): (Option<i64>, Option<i64>) =
            db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(from.zip(to))
    }

    /// Lets `db` reach no file but its own and its archives.
    pub(super) fn shut(&self, db: &Connection) -> Result<(), Error> {
        match &self.source {
            Source::Workspace(_) => {
                let files = archive::files(db)?;
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                Ok(lock_down(db, &files)?)
            }
            // Shut since the file was opened.
            Source::File(_) => Ok(()),
        }
    }

    /// All streams, ascending by name.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn list(&self) -> Result<Vec<StreamSummary>, Error> {
        let Some(db) = self.read()? else { return Ok(Vec::new()) };
        let read = accounts::query(&db)?;
        let mut query = db.prepare(&format!(
            "WITH lines AS (SELECT stream, sum(read)::UBIGINT AS read, \
               sum(refused)::UBIGINT AS refused FROM ({read}) GROUP BY stream) \
             SELECT s.name, s.kind, sum(f.rows)::UBIGINT, sum(f.rejects)::UBIGINT, \
               sum(f.lines)::UBIGINT, sum(f.notes)::UBIGINT, epoch_ms(min(f.first)), \
               epoch_ms(max(f.last)), any_value(s.id_column), any_value(lines.read), \
               any_value(lines.refused) \
             FROM streams s JOIN files f ON f.stream = s.name \
               JOIN lines ON lines.stream = s.name GROUP BY ALL ORDER BY s.name"
        ))?;
        let rows = query.query_map([], |row| {
            let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
            let id: Option<String> = row.get(8)?;
            Ok((
                StreamSummary {
                    name: Name::from(name),
                    kind: StreamKind::from_word(&kind).unwrap_or(StreamKind::Events),
                    rows: row.get(2)?,
                    rejects: row.get(3)?,
                    lines: row.get(4)?,
                    notes: row.get(5)?,
                    read: row.get(9)?,
                    refused: row.get(10)?,
                    first: row.get::<_, Option<i64>>(6)?.map(SimTime::from_ms),
                    last: row.get::<_, Option<i64>>(7)?.map(SimTime::from_ms),
                    duplicates: 0,
                    archived: 0,
                    removed: 0,
                },
                id,
            ))
        })?;
        let mut streams = Vec::new();
        for row in rows {
            let (mut summary, id) = row?;
            let kept = archive::kept(&db, &summary.name)?;
            (summary.archived, summary.removed) = (kept.archived, kept.removed);
            if let Some(from) = kept.first_after_removal {
                summary.first = from;
            }
            if let Some(id) = id {
                let (rows, id) = (archive::rows_of(&db, &summary.name)?, quote(&id));
                let sql =
                    format!("SELECT (count({id}) - count(DISTINCT {id}))::UBIGINT FROM {rows}");
                summary.duplicates = db.query_row(&sql, [], |row| row.get(0))?;
            }
            streams.push(summary);
        }
        Ok(streams)
    }

    /// Refused lines, in the order of their files; of one stream or of all, at most `limit`.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn rejects(&self, stream: Option<&str>, limit: u64) -> Result<Vec<Reject>, Error> {
        let Some(db) = self.read()? else { return Ok(Vec::new()) };
        let mut query = db.prepare(
            "SELECT r.stream, f.path, r.line, r.column_name, r.reason, r.raw \
             FROM rejects r JOIN files f ON f.id = r.file \
             WHERE ?1 IS NULL OR r.stream = ?1 ORDER BY r.stream, r.file, r.line LIMIT ?2",
        )?;
        let rows = query.query_map(params![stream, limit], |row| {
            Ok(Reject {
                stream: Name::from(row.get::<_, String>(0)?),
                file: row.get(1)?,
                line: row.get(2)?,
                column: row.get(3)?,
                reason: row.get(4)?,
                raw: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The columns of a stream, in their order.
pub(super) fn columns_of(db: &Connection, stream: &str) -> Result<Vec<ColumnDef>, Error> {
    let mut query = db.prepare(
        "SELECT key, name, kind, declared FROM stream_columns WHERE stream = ? ORDER BY place",
    )?;
    let rows = query.query_map([stream], |row| {
        let kind: String = row.get(2)?;
        Ok(ColumnDef {
            key: row.get(0)?,
            name: row.get(1)?,
            kind: ColumnType::from_word(&kind).unwrap_or(ColumnType::Text),
            declared: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
