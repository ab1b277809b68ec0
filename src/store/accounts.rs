//! How the lines of files were accounted for whose lines hold many rows.
//!
//! Each line that is not empty is read, refused, or a note. Of a form with one row per line the
//! lines read are its rows; of any other they are kept here.

use duckdb::{Connection, params};

use super::error::Error;
use super::ingest::Batch;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS read_lines (file UINTEGER, lines UBIGINT, refused UBIGINT)";

/// The lines read and refused of each stream of one file or more, in SQL: `stream`, `read`,
/// `refused`.
pub(super) fn query(db: &Connection) -> Result<String, Error> {
    let there: bool = db.query_row(
        "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'read_lines'",
        [],
        |row| row.get(0),
    )?;
    let own = "SELECT stream, rows AS read, rejects AS refused FROM files";
    Ok(if there {
        "SELECT f.stream, coalesce(l.lines, f.rows) AS read, coalesce(l.refused, f.rejects) \
         AS refused FROM files f LEFT JOIN read_lines l ON l.file = f.id"
            .to_owned()
    } else {
        own.to_owned()
    })
}

/// Forgets the lines of a file.
pub(super) fn forget_lines(db: &Connection, file: u32) -> Result<(), Error> {
    db.execute_batch(TABLE)?;
    db.execute("DELETE FROM read_lines WHERE file = ?", params![file])?;
    Ok(())
}

impl Batch<'_> {
    /// Adds the lines of this batch, where they are not its rows.
    pub(super) fn keep_lines(&self) -> Result<(), Error> {
        let Some(many) = self.many else { return Ok(()) };
        self.db.execute_batch(TABLE)?;
        let before = self.db.query_row(
            "SELECT sum(lines)::UBIGINT, sum(refused)::UBIGINT FROM read_lines WHERE file = ?",
            params![self.file],
            |row| Ok((row.get::<_, Option<u64>>(0)?, row.get::<_, Option<u64>>(1)?)),
        )?;
        forget_lines(self.db, self.file)?;
        let lines = before.0.unwrap_or(0) + many.read;
        let refused = before.1.unwrap_or(0) + many.refused;
        self.db.execute(
            "INSERT INTO read_lines VALUES (?, ?, ?)",
            params![self.file, lines, refused],
        )?;
        Ok(())
    }

    /// Forgets one line of a file that is read again: it was read where it gave rows.
    pub(super) fn forget_one(&self, file: u32, gave_rows: bool) -> Result<(), Error> {
        self.db.execute_batch(TABLE)?;
        let column = if gave_rows { "lines" } else { "refused" };
        self.db.execute(
            &format!("UPDATE read_lines SET {column} = {column} - 1 WHERE file = ?"),
            params![file],
        )?;
        Ok(())
    }
}
