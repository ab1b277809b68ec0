//! The wall behind the check of expressions: an instance that can reach nothing but its own rows.
//!
//! Users' expressions are parsed in an instance of their own without any file (`expression`),
//! checked node by node, and printed anew from a closed list. What is printed runs where the rows
//! are, read-only, since copying fifty million rows into another instance would cost several
//! times the query itself; so that instance is shut before, and stays so: no path can be opened,
//! no setting changed, nothing written, not even the file it reads.

use duckdb::Connection;

use super::workspace::literal;

/// Lets a connection reach no file but its own and these, and locks that.
pub(super) fn lock_down(db: &Connection, files: &[&str]) -> Result<(), duckdb::Error> {
    let files: Vec<String> = files.iter().map(|path| literal(path)).collect();
    db.execute_batch(&format!(
        "SET allowed_paths = [{}]; SET enable_external_access = false; \
         SET lock_configuration = true;",
        files.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use duckdb::{AccessMode, Config};

    use super::*;

    /// Statements that would read, write or loosen something, were one ever to get through the
    /// check of expressions. `@` stands for the database itself, `#` for a folder. DuckDB lets an
    /// instance read its own file, whatever is set; that file is what the instance holds anyway.
    const HOSTILE: [&str; 21] = [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('#/other.parquet')",
        "SELECT * FROM read_json('#/other.json')",
        "COPY rows TO '#/out.csv'",
        "COPY rows TO '#/out.parquet' (FORMAT parquet)",
        "COPY rows TO '@'",
        "COPY rows TO '@' (FORMAT parquet)",
        "COPY rows FROM '/etc/passwd'",
        "EXPORT DATABASE '#/all'",
        "ATTACH '#/new.duckdb' AS new",
        "ATTACH '@' AS again (READ_WRITE)",
        "INSTALL httpfs",
        "LOAD '#/evil.duckdb_extension'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "DELETE FROM rows",
        "INSERT INTO rows VALUES (2)",
    ];

    #[test]
    fn nothing_hostile_gets_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.duckdb");
        let make = Connection::open(&path).unwrap();
        make.execute_batch("CREATE TABLE rows AS SELECT 1 AS n").unwrap();
        drop(make);
        std::fs::write(folder.path().join("other.json"), "{\"a\": 1}").unwrap();
        let before = std::fs::read(&path).unwrap();
        let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
        let db = Connection::open_with_flags(&path, config).unwrap();
        lock_down(&db, &[]).unwrap();
        for statement in HOSTILE {
            let statement = statement
                .replace('@', path.to_str().unwrap())
                .replace('#', folder.path().to_str().unwrap());
            let refused = db.execute_batch(&statement);
            assert!(refused.is_err(), "{statement} went through");
        }
        let rows: i64 = db.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        drop(db);
        assert_eq!(std::fs::read(&path).unwrap(), before, "the database is as it was");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn only_the_given_file_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (given, other) = (file("given.parquet"), file("other.parquet"));
        let db = Connection::open_in_memory().unwrap();
        for path in [&given, &other] {
            db.execute_batch(&format!(
                "COPY (SELECT 1 AS n) TO {} (FORMAT parquet)",
                literal(path)
            ))
            .unwrap();
        }
        lock_down(&db, &[&given]).unwrap();
        let read = |path: &str| {
            let sql = format!("SELECT n FROM read_parquet({})", literal(path));
            db.query_row(&sql, [], |row| row.get::<_, i32>(0))
        };
        assert_eq!(read(&given).unwrap(), 1);
        assert!(read(&other).is_err());
        assert!(read(&file("*.parquet")).is_err());
    }
}
