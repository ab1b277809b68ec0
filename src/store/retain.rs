//! Retention: what has had its time moves into Parquet files or is removed.
//!
//! The order of a step makes it safe to end anywhere: the rows are written beside, read back and
//! compared, brought to the disk and renamed, and only then one transaction records the file and
//! deletes the rows. A file that no transaction recorded is removed by the next run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use duckdb::{Connection, params};

use super::archive::{part_path, parts};
use super::error::Error;
use super::rollup::refused;
use super::workspace::{Streams, literal, table_of};
use crate::model::{Expiry, Name, RetentionRule};
use crate::units::{SimDuration, SimTime};

/// The earliest instant that somebody still needs of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionNeed {
    /// The stream.
    pub stream: Name,
    /// Rows from here on are needed as they are.
    pub from: SimTime,
}

/// What is done with one stream, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionStep {
    /// The stream.
    pub stream: Name,
    /// What becomes of rows that have had their time.
    pub then: Expiry,
    /// How long rows are kept; `None` for ever.
    pub keep: Option<SimDuration>,
    /// Rows up to here have had their time; `None` when rows are kept for ever.
    pub due_to: Option<SimTime>,
    /// Set where a current window still needs rows whose time is over: nothing from here on is
    /// removed.
    pub held_from: Option<SimTime>,
    /// Rows that are moved or removed.
    pub rows: u64,
    /// The first of them.
    pub first: Option<SimTime>,
    /// The last of them.
    pub last: Option<SimTime>,
    /// Archived files that are removed whole.
    pub files: u64,
    /// The file that the rows move to, below the workspace's `.drill`.
    pub file: Option<String>,
}

impl Streams {
    /// What retention would do at `now`, stream by stream.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn retention_plan(
        &self,
        rules: &[RetentionRule],
        needs: &[RetentionNeed],
        now: SimTime,
    ) -> Result<Vec<RetentionStep>, Error> {
        let Some(db) = self.read()? else { return Ok(Vec::new()) };
        let mut steps = Vec::new();
        for stream in names(&db)? {
            steps.extend(plan(&db, &stream, rules, needs, now)?);
        }
        Ok(steps)
    }

    /// Does what [`Streams::retention_plan`] says, one transaction per stream.
    ///
    /// # Errors
    /// As there; also when the disk refuses. The streams before the one that failed are done, and
    /// that one is untouched.
    pub fn retain(
        &self,
        rules: &[RetentionRule],
        needs: &[RetentionNeed],
        now: SimTime,
    ) -> Result<Vec<RetentionStep>, Error> {
        if self.read()?.is_none() {
            return Ok(Vec::new());
        }
        let db = self.open()?;
        remove_orphans(&db, self.folder())?;
        let mut steps = Vec::new();
        for stream in names(&db)? {
            db.execute_batch("BEGIN")?;
            let done = apply(&db, self.folder(), &stream, rules, needs, now);
            let (step, gone) = done.inspect_err(|_| {
                // The transaction ends with the connection anyway; the first error is the one.
                let _ = db.execute_batch("ROLLBACK");
            })?;
            db.execute_batch("COMMIT")?;
            for path in gone {
                // One that stays is an orphan, which the next run removes.
                let _ = fs::remove_file(path);
            }
            steps.extend(step);
        }
        db.execute_batch("CHECKPOINT")?;
        Ok(steps)
    }
}

fn names(db: &Connection) -> Result<Vec<String>, Error> {
    let mut query = db.prepare("SELECT name FROM streams ORDER BY name")?;
    let names = query.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Which rows have had their time. The last line of a file that has no end yet may come again, and
/// is not touched.
fn due(to: SimTime) -> String {
    format!(
        "ts <= make_timestamp({}) AND NOT EXISTS (SELECT 1 FROM files f WHERE f.open_bytes > 0 \
         AND f.id = _file AND f.next_line - 1 = _line)",
        to.ms().saturating_mul(1000)
    )
}

fn plan(
    db: &Connection,
    stream: &str,
    rules: &[RetentionRule],
    needs: &[RetentionNeed],
    now: SimTime,
) -> Result<Option<RetentionStep>, Error> {
    let Some(rule) = rules.iter().find(|rule| rule.concerns(stream)) else { return Ok(None) };
    let mut step = RetentionStep {
        stream: Name::from(stream.to_owned()),
        then: rule.then,
        keep: rule.keep,
        due_to: None,
        held_from: None,
        rows: 0,
        first: None,
        last: None,
        files: 0,
        file: None,
    };
    let Some(keep) = rule.keep else { return Ok(Some(step)) };
    let mut to = now - keep;
    let need = needs.iter().filter(|need| *need.stream == *stream).map(|need| need.from).min();
    // Archived rows stay where every window finds them; removed ones do not.
    if let Some(from) = need.filter(|from| rule.then == Expiry::Delete && *from <= to) {
        step.held_from = Some(from);
        to = from - SimDuration::from_ms(1);
    }
    step.due_to = Some(to);
    let sql = format!(
        "SELECT count(*)::UBIGINT, epoch_ms(min(ts)), epoch_ms(max(ts)) FROM {} WHERE {}",
        table_of(stream),
        due(to)
    );
    let (rows, first, last): (u64, Option<i64>, Option<i64>) =
        db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    step.rows = rows;
    (step.first, step.last) = (first.map(SimTime::from_ms), last.map(SimTime::from_ms));
    if rule.then == Expiry::Delete {
        let whole = parts(db, stream)?;
        let whole = whole.iter().filter(|part| part.last_us <= to.ms().saturating_mul(1000));
        for part in whole {
            step.files += 1;
            step.rows += part.rows;
        }
    } else if rows > 0 {
        let id: u32 = next_part(db)?;
        step.file = Some(part_path(stream, id));
    }
    Ok(Some(step))
}

fn next_part(db: &Connection) -> Result<u32, Error> {
    let has = "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'archives'";
    if !db.query_row(has, [], |row| row.get::<_, bool>(0))? {
        return Ok(1);
    }
    let sql = "SELECT (coalesce(max(id), 0) + 1)::UINTEGER FROM archives";
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// Does the step of one stream, but for the commit; the files that are to be removed after it.
fn apply(
    db: &Connection,
    folder: &Path,
    stream: &str,
    rules: &[RetentionRule],
    needs: &[RetentionNeed],
    now: SimTime,
) -> Result<(Option<RetentionStep>, Vec<PathBuf>), Error> {
    let Some(step) = plan(db, stream, rules, needs, now)? else { return Ok((None, Vec::new())) };
    let Some(to) = step.due_to.filter(|_| step.rows > 0 || step.files > 0) else {
        return Ok((Some(step), Vec::new()));
    };
    let mut gone = Vec::new();
    match &step.file {
        Some(file) => archive(db, folder, stream, to, file, now).inspect_err(|_| {
            // What was begun is of no use; the first error is the one to tell.
            let _ = fs::remove_file(folder.join(file).with_extension("partial"));
        })?,
        None => {
            let to_us = to.ms().saturating_mul(1000);
            for part in parts(db, stream)?.iter().filter(|part| part.last_us <= to_us) {
                db.execute("DELETE FROM archives WHERE id = ?", [part.id])?;
                gone.push(folder.join(&part.path));
            }
            db.execute(
                "INSERT INTO removed VALUES (?, ?, make_timestamp_ms(?), make_timestamp_ms(?), \
                 make_timestamp_ms(?))",
                params![
                    stream,
                    step.rows,
                    step.first.map(SimTime::ms),
                    step.last.map(SimTime::ms),
                    now.ms()
                ],
            )?;
        }
    }
    db.execute_batch(&format!("DELETE FROM {} WHERE {}", table_of(stream), due(to)))?;
    Ok((Some(step), gone))
}

/// Writes the rows that are due into `file` and records it.
fn archive(
    db: &Connection,
    folder: &Path,
    stream: &str,
    to: SimTime,
    file: &str,
    now: SimTime,
) -> Result<(), Error> {
    let path = folder.join(file);
    let partial = path.with_extension("partial");
    let parent = path.parent().unwrap_or(folder);
    let wrap = |path: &Path, source| Error::File { path: path.to_owned(), source };
    fs::create_dir_all(parent).map_err(|source| wrap(parent, source))?;
    let rows = format!("SELECT * FROM {} WHERE {}", table_of(stream), due(to));
    let written = literal(&partial.to_string_lossy());
    db.execute_batch(&format!(
        "COPY ({rows} ORDER BY ts, _file, _line) TO {written} (FORMAT parquet, COMPRESSION zstd)"
    ))?;
    let checked = |from: &str| -> Result<(u64, String), Error> {
        let sql =
            format!("SELECT count(*)::UBIGINT, coalesce(sum(hash(r)), 0)::VARCHAR FROM ({from}) r");
        Ok(db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    };
    let (wanted, found) =
        (checked(&rows)?, checked(&format!("SELECT * FROM read_parquet({written})"))?);
    if wanted != found {
        let message = format!("`{}` does not hold what was written to it", partial.display());
        return Err(refused("retain::unfaithful", message));
    }
    File::open(&partial)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&partial, &path))
        .and_then(|()| File::open(parent)?.sync_all())
        .map_err(|source| wrap(&path, source))?;
    let bytes = fs::metadata(&path).map_err(|source| wrap(&path, source))?.len();
    db.execute(
        &format!(
            "INSERT INTO archives SELECT ?::UINTEGER, ?, ?, count(*), min(ts), max(ts), ?, \
             make_timestamp_ms(?) FROM {} WHERE {}",
            table_of(stream),
            due(to)
        ),
        params![next_part(db)?, stream, file, bytes, now.ms()],
    )?;
    Ok(())
}

/// Removes files below the archive that no transaction recorded: of a run that was killed.
fn remove_orphans(db: &Connection, folder: &Path) -> Result<(), Error> {
    let mut query = db.prepare("SELECT path FROM archives")?;
    let known: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let Ok(streams) = fs::read_dir(folder.join("archive")) else { return Ok(()) };
    for stream in streams.flatten() {
        let Ok(files) = fs::read_dir(stream.path()) else { continue };
        for file in files.flatten().map(|entry| entry.path()) {
            let ours = file.extension().is_some_and(|ext| ext == "parquet" || ext == "partial");
            let recorded = known.iter().any(|path| folder.join(path) == file);
            if ours && !recorded {
                fs::remove_file(&file)
                    .map_err(|source| Error::File { path: file.clone(), source })?;
            }
        }
    }
    Ok(())
}
