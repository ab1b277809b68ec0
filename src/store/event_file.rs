//! One Parquet file as a stream: its rows are read where they are, and nothing is kept.

use std::path::{Path, PathBuf};

use duckdb::{Connection, params};

use super::error::Error;
use super::parquet::ParquetFile;
use super::workspace::{TABLES, quote, table_of};
use crate::diag::Diagnostic;
use crate::model::{StreamDefinition, StreamKind};

/// A file that stands for a stream.
#[derive(Debug, Clone)]
pub(super) struct EventFile {
    path: PathBuf,
    stream: StreamDefinition,
}

impl EventFile {
    /// The file, and how it is read.
    ///
    /// # Errors
    /// When it is no Parquet, or has no instants.
    pub(super) fn new(path: &Path, stream: &StreamDefinition) -> Result<Self, Error> {
        let file = Self { path: path.to_owned(), stream: stream.clone() };
        file.read()?;
        Ok(file)
    }

    /// An instance of its own in memory, in which the stream is a view on the file. It can reach
    /// no other file.
    pub(super) fn read(&self) -> Result<Connection, Error> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(TABLES)?;
        let file = ParquetFile::open(&db, &self.path)?.ok_or_else(|| {
            let message = format!("`{}` is no Parquet file", self.path.display());
            let help = "ingest other forms first: `drill data ingest FILE`";
            Error::Refused(Diagnostic::error("ingest::parquet", message).help(help).into())
        })?;
        let ts = file.ts(self.stream.ts.as_deref())?;
        let mut stream = self.stream.clone();
        stream.unit = stream.unit.or(file.unit(&db, ts)?);
        let (shape, _) = file.shape(&stream, ts, Vec::new())?;
        let source = file.rows(&db, ts, shape.clock)?;
        let span = file.span(&db, ts, shape.clock, &source)?;
        let values = file.values(ts, &shape);
        let columns: String =
            values.iter().map(|v| format!(", {} AS {}", v.value, quote(&v.name))).collect();
        db.execute_batch(&format!(
            "CREATE VIEW {} AS SELECT make_timestamp(us) AS ts, 1::UINTEGER AS _file, \
             r AS _line, n AS rowid{columns} FROM ({source}){}",
            table_of(&stream.name),
            if span.missing > 0 { " WHERE us IS NOT NULL" } else { "" }
        ))?;
        for (place, column) in shape.columns.iter().enumerate() {
            db.execute(
                "INSERT INTO stream_columns VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    &*stream.name,
                    place as i64,
                    column.key,
                    column.name,
                    column.kind.as_str(),
                    column.declared
                ],
            )?;
        }
        let kind = stream.kind.or(file.kind()).unwrap_or(StreamKind::Events);
        let every = stream.expect_every.map(|every| every.ms());
        db.execute(
            "INSERT INTO streams VALUES (?, ?, ?, NULL, ?)",
            params![&*stream.name, kind.as_str(), shape.ts, every],
        )?;
        db.execute(
            "INSERT INTO files VALUES (1, ?, ?, 'parquet', ?, '', 0, 1, '[]', ?, ?, ?, 0, \
               make_timestamp(?), make_timestamp(?), 1)",
            params![
                &*stream.name,
                self.path.display().to_string(),
                file.bytes,
                file.rows,
                file.rows - span.missing,
                span.missing,
                span.first,
                span.last
            ],
        )?;
        Ok(db)
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Why nothing can be written to it.
    pub(super) fn read_only(&self) -> Error {
        let message = format!("`{}` is only read", self.path.display());
        Error::Refused(Diagnostic::error("ingest::read-only", message).into())
    }
}
