//! Forgetting what was read: a stream, or one file of it, so that it can be read anew by another
//! definition. What the files themselves hold is not touched.

use duckdb::{Connection, params};

use super::accounts;
use super::archive;
use super::error::Error;
use super::rollup::refused;
use super::top::known_stream;
use super::workspace::{Streams, table_of};
use crate::diag::{Diagnostic, did_you_mean};

/// A file whose rows are forgotten, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgottenFile {
    /// As it was named when it was read last.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// What was refused of it.
    pub rejects: u64,
}

impl Streams {
    /// What [`Streams::forget`] would do.
    ///
    /// # Errors
    /// There is no such stream or file, or rows of it were archived or removed since: the files
    /// they came from may be gone, so they are not forgotten. The database as ever.
    pub fn forget_plan(
        &self,
        stream: &str,
        path: Option<&str>,
    ) -> Result<Vec<ForgottenFile>, Error> {
        let db = known_stream(self.read()?, stream)?;
        Ok(files(&db, stream, path)?.into_iter().map(|(_, file)| file).collect())
    }

    /// Forgets the rows and rejects of a stream's files, or of one of them; with the last file goes
    /// the stream and what was known of its columns. All or nothing.
    ///
    /// # Errors
    /// As [`Streams::forget_plan`].
    pub fn forget(&self, stream: &str, path: Option<&str>) -> Result<Vec<ForgottenFile>, Error> {
        drop(known_stream(self.read()?, stream)?);
        let db = self.open()?;
        db.execute_batch("BEGIN")?;
        let forgotten = forget(&db, stream, path);
        // The transaction ends with the connection anyway; the first error is the one.
        let _ = forgotten.is_err().then(|| db.execute_batch("ROLLBACK"));
        let forgotten = forgotten?;
        db.execute_batch("COMMIT")?;
        Ok(forgotten)
    }
}

fn forget(db: &Connection, stream: &str, path: Option<&str>) -> Result<Vec<ForgottenFile>, Error> {
    let found = files(db, stream, path)?;
    for (id, _) in &found {
        forget_file(db, stream, *id)?;
    }
    // A number of its own keeps the next file from taking the place of one that was forgotten.
    db.execute("INSERT INTO batches SELECT coalesce(max(id), 0) + 1, NULL FROM batches", [])?;
    let left = "SELECT count(*) = 0 FROM files WHERE stream = ?";
    if db.query_row(left, [stream], |row| row.get::<_, bool>(0))? {
        db.execute_batch(&format!("DROP TABLE IF EXISTS {}", table_of(stream)))?;
        db.execute("DELETE FROM stream_columns WHERE stream = ?", [stream])?;
        db.execute("DELETE FROM streams WHERE name = ?", [stream])?;
    }
    Ok(found.into_iter().map(|(_, file)| file).collect())
}

/// Forgets one file and its rows.
pub(super) fn forget_file(db: &Connection, stream: &str, file: u32) -> Result<(), Error> {
    let table = table_of(stream);
    db.execute(&format!("DELETE FROM {table} WHERE _file = ?"), params![file])?;
    db.execute("DELETE FROM rejects WHERE file = ?", params![file])?;
    db.execute("DELETE FROM files WHERE id = ?", params![file])?;
    accounts::forget_lines(db, file)
}

/// The files to forget with their numbers, in the order in which they were first read.
fn files(
    db: &Connection,
    stream: &str,
    path: Option<&str>,
) -> Result<Vec<(u32, ForgottenFile)>, Error> {
    let kept = archive::kept(db, stream)?;
    if kept.archived + kept.removed > 0 {
        let message = format!("rows of `{stream}` were archived or removed since they were read");
        let why = Diagnostic::error("forget::archived", message);
        let help = "read what you have under another name: `drill data ingest --stream NAME FILE`";
        return Err(Error::Refused(why.help(help).into()));
    }
    let mut query =
        db.prepare("SELECT id, path, rows, rejects FROM files WHERE stream = ? ORDER BY id")?;
    let rows = query.query_map([stream], |row| {
        let file = ForgottenFile { path: row.get(1)?, rows: row.get(2)?, rejects: row.get(3)? };
        Ok((row.get::<_, u32>(0)?, file))
    })?;
    let all: Vec<(u32, ForgottenFile)> = rows.collect::<Result<_, _>>()?;
    let Some(path) = path else { return Ok(all) };
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, file)| file.path == path);
    if own.is_empty() {
        let message = format!("nothing of `{stream}` was read from `{path}`");
        let Some(near) = did_you_mean(path, others.iter().map(|(_, file)| file.path.as_str()))
        else {
            return Err(refused("forget::no-file", message));
        };
        let help = format!("did you mean `{near}`?");
        return Err(Error::Refused(
            Diagnostic::error("forget::no-file", message).help(help).into(),
        ));
    }
    Ok(own)
}
