//! A DuckDB file of a workspace: opened for one batch or one question, and closed again, since
//! DuckDB lets no other process even read while one writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use duckdb::{AccessMode, Config, Connection};

use super::error::Error;

/// How often an opener tries while another process holds the database, 50 ms apart: 2 s.
const TRIES: u32 = 40;

/// One database file with the tables it begins with.
#[derive(Debug, Clone)]
pub(super) struct Database {
    path: PathBuf,
    /// The newest schema number that is known, which new files get.
    schema: i64,
    /// Statements that make the tables of a new file.
    tables: &'static str,
    /// The `i`-th turns a file of schema `i + 1` into one of the next.
    upgrades: &'static [&'static str],
}

impl Database {
    /// The file `name` in `workspace/.drill`.
    pub(super) fn of_workspace(
        workspace: &Path,
        name: &str,
        schema: i64,
        tables: &'static str,
        upgrades: &'static [&'static str],
    ) -> Self {
        Self { path: workspace.join(".drill").join(name), schema, tables, upgrades }
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Opens the database to write, making it when it is not there.
    ///
    /// # Errors
    /// When another process holds it for longer than 2 s, when it is of a newer drill, or when it
    /// cannot be made.
    pub(super) fn write(&self) -> Result<Connection, Error> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| Error::File { path: folder.to_owned(), source })?;
        }
        let db = self.patiently(|| Connection::open(&self.path))?;
        if is_fresh(&db)? {
            let Self { schema, tables, .. } = self;
            db.execute_batch(&format!(
                "BEGIN; CREATE TABLE drill_schema (version BIGINT);
                 INSERT INTO drill_schema VALUES ({schema}); {tables} COMMIT;"
            ))?;
        }
        let found = self.check_version(&db)?;
        let from = usize::try_from(found - 1).unwrap_or(0);
        for (upgrade, to) in self.upgrades.iter().skip(from).zip(found + 1..) {
            db.execute_batch(&format!(
                "BEGIN; {upgrade} INSERT INTO drill_schema VALUES ({to}); COMMIT;"
            ))?;
        }
        Ok(db)
    }

    /// Opens the database to read; `None` when nothing was ever written.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub(super) fn read(&self) -> Result<Option<Connection>, Error> {
        if !self.path.exists() {
            return Ok(None);
        }
        let db = self.patiently(|| {
            let config = Config::default().access_mode(AccessMode::ReadOnly)?;
            Connection::open_with_flags(&self.path, config)
        })?;
        // A first write that was killed leaves a file without tables.
        if is_fresh(&db)? {
            return Ok(None);
        }
        self.check_version(&db)?;
        Ok(Some(db))
    }

    fn check_version(&self, db: &Connection) -> Result<i64, Error> {
        let found: i64 = db.query_row("SELECT max(version) FROM drill_schema", [], |r| r.get(0))?;
        if found > self.schema {
            return Err(Error::Newer { path: self.path.clone(), found, known: self.schema });
        }
        Ok(found)
    }

    #[expect(clippy::disallowed_methods, reason = "another process may be done in a moment")]
    fn patiently(
        &self,
        open: impl Fn() -> Result<Connection, duckdb::Error>,
    ) -> Result<Connection, Error> {
        let mut tries = 0;
        loop {
            let error = match open() {
                Ok(db) => return Ok(db),
                Err(error) => error,
            };
            let text = error.to_string();
            if !text.contains("lock") {
                return Err(Error::Database(error));
            }
            tries += 1;
            if tries >= TRIES {
                return Err(Error::Locked { path: self.path.clone(), holder: holder(&text) });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn is_fresh(db: &Connection) -> Result<bool, Error> {
    let tables = "SELECT count(*) = 0 FROM duckdb_tables() WHERE table_name = 'drill_schema'";
    Ok(db.query_row(tables, [], |row| row.get(0))?)
}

/// The process that holds a database, as DuckDB names it.
fn holder(text: &str) -> String {
    let from = text.find("held in ").map_or(0, |at| at + "held in ".len());
    let rest = &text[from..];
    let end = rest.find(". See also").unwrap_or(rest.len());
    rest[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_drill_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let of = |schema| Database::of_workspace(folder.path(), "a.duckdb", schema, "", &[]);
        assert!(of(1).read().unwrap().is_none());
        drop(of(2).write().unwrap());
        assert!(of(2).read().unwrap().is_some());
        let refused = of(1).write().unwrap_err();
        assert!(matches!(refused, Error::Newer { found: 2, known: 1, .. }), "{refused}");
    }

    #[test]
    fn an_older_database_is_brought_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let old = Database::of_workspace(folder.path(), "a.duckdb", 1, "", &[]);
        drop(old.write().unwrap());
        let upgrades: &[&str] = &["CREATE TABLE more (a INT);"];
        let new = Database::of_workspace(folder.path(), "a.duckdb", 2, "", upgrades);
        assert!(new.read().unwrap().is_some(), "an older one can be read as it is");
        for _ in 0..2 {
            let db = new.write().unwrap();
            let rows: i64 = db.query_row("SELECT count(*) FROM more", [], |r| r.get(0)).unwrap();
            assert_eq!(rows, 0);
        }
        assert!(matches!(old.read(), Err(Error::Newer { found: 2, known: 1, .. })));
    }

    #[test]
    fn a_file_without_tables_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::of_workspace(folder.path(), "a.duckdb", 1, "", &[]);
        std::fs::create_dir_all(database.path.parent().unwrap()).unwrap();
        drop(Connection::open(&database.path).unwrap());
        assert!(database.read().unwrap().is_none());
    }
}
