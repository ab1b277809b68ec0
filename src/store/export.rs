//! A stream as a file, archived rows and all, in the order of time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::archive::rows_of;
use super::error::Error;
use super::top::known_stream;
use super::workspace::{Streams, columns_of, literal, quote};
use crate::model::ColumnType;
use crate::units::SimTime;

/// Forms of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// Apache Parquet, compressed with zstd.
    Parquet,
    /// Comma-separated values under a header.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

impl ExportForm {
    /// The form that the name of a file asks for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// Its word in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// Rows in the file.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

impl Streams {
    /// Writes the rows of a stream from `range.0` to before `range.1`, ascending, into `path`: all
    /// of the file or none.
    ///
    /// # Errors
    /// There is no such stream; the disk or the database refuses.
    pub fn export(
        &self,
        stream: &str,
        path: &Path,
        form: ExportForm,
        range: (Option<SimTime>, Option<SimTime>),
    ) -> Result<ExportReport, Error> {
        let db = self.read()?;
        let db = known_stream(db, stream)?;
        let partial = partial(path);
        let rows = write(&db, stream, &partial, form, range)
            .and_then(|rows| publish(&partial, path).map(|bytes| (rows, bytes)));
        let (rows, bytes) = rows.inspect_err(|_| {
            // What was begun is of no use; the first error is the one to tell.
            let _ = fs::remove_file(&partial);
        })?;
        Ok(ExportReport { rows, bytes })
    }
}

fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial-{}", std::process::id()))
}

fn write(
    db: &Connection,
    stream: &str,
    path: &Path,
    form: ExportForm,
    range: (Option<SimTime>, Option<SimTime>),
) -> Result<u64, Error> {
    let columns = columns_of(db, stream)?;
    let (ts, options) = match form {
        ExportForm::Parquet => ("ts", "FORMAT parquet, COMPRESSION zstd"),
        ExportForm::Csv => (INSTANT, "FORMAT csv, HEADER"),
        ExportForm::Jsonl => (INSTANT, "FORMAT json"),
    };
    let mut fields = vec![ts.to_owned()];
    fields.extend(columns.iter().map(|column| {
        let name = quote(&column.name);
        match (form, column.kind) {
            // Nested values are nested again; what is none stays a text.
            (ExportForm::Jsonl, ColumnType::Json) => format!(
                "CASE WHEN json_valid({name}) THEN {name}::JSON ELSE to_json({name}) END AS {name}"
            ),
            _ => name,
        }
    }));
    let mut within = vec!["true".to_owned()];
    within.extend(range.0.map(|from| format!("ts >= make_timestamp_ms({})", from.ms())));
    within.extend(range.1.map(|to| format!("ts < make_timestamp_ms({})", to.ms())));
    let from = format!("FROM {} AS r WHERE {}", rows_of(db, stream)?, within.join(" AND "));
    let rows: u64 = db.query_row(&format!("SELECT count(*)::UBIGINT {from}"), [], |r| r.get(0))?;
    // The order stands inside, where `ts` is an instant and not its text.
    db.execute_batch(&format!(
        "COPY (SELECT {} FROM (SELECT * {from} ORDER BY r.ts, r._file, r._line)) TO {} ({options})",
        fields.join(", "),
        literal(&path.to_string_lossy())
    ))?;
    Ok(rows)
}

/// An instant as RFC 3339 text.
const INSTANT: &str = "strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ') AS ts";

/// Brings the file to the disk and gives it its name; its size.
fn publish(partial: &Path, path: &Path) -> Result<u64, Error> {
    let sync = || {
        let file = File::open(partial)?;
        file.sync_all()?;
        fs::rename(partial, path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    sync().map_err(|source| Error::File { path: path.to_owned(), source })
}
