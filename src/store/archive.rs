//! Archived rows: Parquet files beside the database, read as one with the table.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::error::Error;
use super::workspace::{literal, table_of};
use crate::units::SimTime;

/// Folder of the archives, beside the database.
const FOLDER: &str = "archive";

/// A file of archived rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: u32,
    /// Below the folder of the store.
    pub(super) path: String,
    pub(super) rows: u64,
    /// Instant of its last row, in microseconds.
    pub(super) last_us: i64,
}

/// Where the rows of a stream went.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) archived: u64,
    pub(super) removed: u64,
    /// The first row there still is, when some were removed.
    pub(super) first_after_removal: Option<Option<SimTime>>,
}

/// The name of a part below the folder of the store.
pub(super) fn part_path(stream: &str, id: u32) -> String {
    format!("{FOLDER}/{stream}/{id:06}.parquet")
}

/// A database that was last written by an older drill has no archives.
fn has_archives(db: &Connection) -> Result<bool, Error> {
    let sql = "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'archives'";
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// The parts of a stream, in the order in which they were made.
pub(super) fn parts(db: &Connection, stream: &str) -> Result<Vec<Part>, Error> {
    if !has_archives(db)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, path, rows, epoch_us(last) FROM archives WHERE stream = ? ORDER BY id";
    let mut query = db.prepare(sql)?;
    let rows = query.query_map([stream], |row| {
        Ok(Part { id: row.get(0)?, path: row.get(1)?, rows: row.get(2)?, last_us: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The folder of the store, from the database itself.
fn folder(db: &Connection) -> Result<PathBuf, Error> {
    let path: Option<String> = db.query_row(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()",
        [],
        |row| row.get(0),
    )?;
    let path = PathBuf::from(path.unwrap_or_default());
    Ok(path.parent().unwrap_or_else(|| Path::new("")).to_owned())
}

/// The files of all archives, as queries name them.
pub(super) fn files(db: &Connection) -> Result<Vec<String>, Error> {
    if !has_archives(db)? {
        return Ok(Vec::new());
    }
    let folder = folder(db)?;
    let mut query = db.prepare("SELECT path FROM archives ORDER BY path")?;
    let paths = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut files = Vec::new();
    for path in paths {
        files.push(folder.join(path?).to_string_lossy().into_owned());
    }
    Ok(files)
}

/// The rows of a stream as SQL to select from: its table, or the table and its archives. `rowid`
/// ascends with the order in which rows were read.
pub(super) fn rows_of(db: &Connection, stream: &str) -> Result<String, Error> {
    let (table, parts) = (table_of(stream), parts(db, stream)?);
    if parts.is_empty() {
        return Ok(table);
    }
    let folder = folder(db)?;
    let files: Vec<String> =
        parts.iter().map(|part| literal(&folder.join(&part.path).to_string_lossy())).collect();
    Ok(format!(
        "(SELECT *, _file::HUGEINT * 1099511627776 + _line AS rowid FROM (SELECT * FROM {table} \
         UNION ALL BY NAME SELECT * FROM read_parquet([{}], union_by_name = true)))",
        files.join(", ")
    ))
}

/// What became of the rows of a stream.
pub(super) fn kept(db: &Connection, stream: &str) -> Result<Kept, Error> {
    if !has_archives(db)? {
        return Ok(Kept::default());
    }
    let sum = |table: &str| {
        let sql = format!("SELECT coalesce(sum(rows), 0)::UBIGINT FROM {table} WHERE stream = ?");
        db.query_row(&sql, [stream], |row| row.get::<_, u64>(0))
    };
    let mut kept =
        Kept { archived: sum("archives")?, removed: sum("removed")?, first_after_removal: None };
    if kept.removed > 0 {
        let rows = rows_of(db, stream)?;
        let first: Option<i64> =
            db.query_row(&format!("SELECT epoch_ms(min(ts)) FROM {rows}"), [], |row| row.get(0))?;
        kept.first_after_removal = Some(first.map(SimTime::from_ms));
    }
    Ok(kept)
}
