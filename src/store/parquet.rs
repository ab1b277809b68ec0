//! Parquet files: DuckDB finds their rows, which become rows of a stream or rejects.

use std::io::Write as _;
use std::path::Path;

use duckdb::{Connection, params};

use super::content;
use super::error::Error;
use super::instant::Clock;
use super::json::Value;
use super::parquet_instant::Instants;
use super::shape::{Seen, Shape, TS_KEYS, Wanted};
use super::table::{ColumnDef, EARLIEST_US, TOO_EARLY, TOO_LATE, article};
use super::wall::lock_down;
use super::workspace::{literal, quote, table_of};
use crate::diag::Diagnostic;
use crate::model::{ColumnType, StreamDefinition, StreamKind};

/// How Parquet files begin.
const MAGIC: &[u8] = b"PAR1";

/// One Parquet file, and the only file that a connection may read beside its database.
pub(super) struct ParquetFile {
    shown: String,
    /// Its path as SQL names it, so that no other file is meant.
    pub(super) path_sql: String,
    /// Its rows as SQL.
    sql: String,
    /// Bytes of its content.
    pub(super) bytes: u64,
    /// Rows in it.
    pub(super) rows: u64,
    columns: Vec<FileColumn>,
    /// A folder with what is read instead of the file itself; removed in the end.
    _instead: Option<tempfile::TempDir>,
}

/// A column as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileColumn {
    pub(super) name: String,
    /// DuckDB's type.
    pub(super) sql_type: String,
    /// The type it is kept as.
    pub(super) kind: ColumnType,
}

/// What became of the rows.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) rows: u64,
    pub(super) rejects: u64,
    pub(super) first_rejects: Vec<(u64, String, String)>,
}

impl ParquetFile {
    /// Opens the file with `db`, which can read nothing else from then on; `None` when the file
    /// is no Parquet.
    ///
    /// # Errors
    /// A file that cannot be read, or begins as Parquet does and is broken.
    pub(super) fn open(db: &Connection, path: &Path) -> Result<Option<Self>, Error> {
        let wrap = |source| Error::File { path: path.to_owned(), source };
        let mut reader = content::open(path)?;
        let mut head = Vec::new();
        let limit = MAGIC.len() as u64;
        // Content that breaks off this early is no Parquet; its reader says what it is.
        if std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, limit), &mut head)
            .is_err()
            || head != MAGIC
        {
            return Ok(None);
        }
        let mut begins = [0; 4];
        let mut file = std::fs::File::open(path).map_err(wrap)?;
        std::io::Read::read_exact(&mut file, &mut begins).map_err(wrap)?;
        let real = path.canonicalize().map_err(wrap)?;
        let packed = begins != *MAGIC;
        // DuckDB takes some characters of a path for patterns.
        if !packed && !real.to_string_lossy().contains(['*', '?', '[']) {
            return Self::read_schema(db, path, &real, None).map(Some);
        }
        let folder = tempfile::tempdir().map_err(wrap)?;
        let instead = folder.path().join("rows.parquet");
        match packed {
            true => unpack(&instead, &head, &mut *reader),
            false => std::os::unix::fs::symlink(&real, &instead),
        }
        .map_err(wrap)?;
        Self::read_schema(db, path, &instead, Some(folder)).map(Some)
    }

    fn read_schema(
        db: &Connection,
        path: &Path,
        real: &Path,
        instead: Option<tempfile::TempDir>,
    ) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let refuse = |why: String| {
            let message = format!("`{shown}` cannot be read as Parquet: {why}");
            let broken = Diagnostic::error("ingest::parquet", message);
            Error::Refused(
                broken.help("is it whole? Parquet ends with a table of its parts").into(),
            )
        };
        let Some(name) = real.to_str() else {
            return Err(refuse("its path is no text".to_owned()));
        };
        lock_down(db, &[name])?;
        let path_sql = literal(name);
        let sql =
            format!("read_parquet({path_sql}, hive_partitioning = false, file_row_number = true)");
        let read = || -> Result<(u64, Vec<FileColumn>), duckdb::Error> {
            let count = format!("SELECT count(*)::UBIGINT FROM {sql}");
            let rows = db.query_row(&count, [], |row| row.get(0))?;
            let mut query = db.prepare(&format!("DESCRIBE SELECT * FROM {sql}"))?;
            let columns = query.query_map([], |row| {
                let (name, sql_type): (String, String) = (row.get(0)?, row.get(1)?);
                let kind = kind_of(&sql_type);
                Ok(FileColumn { name, sql_type, kind })
            })?;
            Ok((rows, columns.collect::<Result<_, _>>()?))
        };
        let (rows, mut columns) = read().map_err(|error| refuse(first_line(&error.to_string())))?;
        columns.retain(|column| column.name != "file_row_number");
        let bytes = std::fs::metadata(real)
            .map_err(|source| Error::File { path: path.to_owned(), source })?
            .len();
        Ok(Self { shown, path_sql, sql, bytes, rows, columns, _instead: instead })
    }

    /// What its rows are, where its columns say so: samples have a name (or a metric) and values.
    pub(super) fn kind(&self) -> Option<StreamKind> {
        let has = |name: &str| self.columns.iter().any(|column| column.name == name);
        let exposed = ["name", "value", "labels"].iter().all(|name| has(name));
        let drills = ["entity", "metric", "good", "total", "value"].iter().all(|name| has(name));
        (exposed || drills).then_some(StreamKind::Metrics)
    }

    /// The column with the instant: the one that is said, else a usual name, else the only one
    /// whose type is an instant.
    pub(super) fn ts(&self, said: Option<&str>) -> Result<&FileColumn, Error> {
        let named = |name: &str| self.columns.iter().find(|column| column.name == name);
        let dated = |column: &&FileColumn| column.sql_type.starts_with("TIMESTAMP");
        let found = match said {
            Some(name) => named(name),
            None => TS_KEYS.iter().find_map(|name| named(name)).or_else(|| {
                let mut all = self.columns.iter().filter(dated);
                all.next().filter(|_| all.next().is_none())
            }),
        };
        found.ok_or_else(|| {
            let message = match said {
                Some(name) => format!("`{}` has no column `{name}` with instants", self.shown),
                None => format!("`{}` has no column with instants", self.shown),
            };
            let help = format!(
                "name it as `ts = \"COLUMN\"` in streams/NAME.toml; there are: {}",
                self.schema()
            );
            Error::Refused(Diagnostic::error("ingest::no-instants", message).help(help).into())
        })
    }

    fn schema(&self) -> String {
        let one = |column: &FileColumn| format!("{} {}", column.name, column.kind.as_str());
        self.columns.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The shape of the stream with this file's columns, and the columns that are widened.
    ///
    /// # Errors
    /// The file has another schema than the stream.
    pub(super) fn shape(
        &self,
        stream: &StreamDefinition,
        ts: &FileColumn,
        known: Vec<ColumnDef>,
    ) -> Result<(Shape, Vec<usize>), Error> {
        let others = || self.columns.iter().filter(|column| column.name != ts.name);
        let shared = |def: &ColumnDef| others().find(|column| column.name == def.key);
        let fits = |def: &ColumnDef| {
            let numeric = |kind| matches!(kind, ColumnType::Integer | ColumnType::Number);
            shared(def).is_none_or(|column| {
                def.declared
                    || column.kind == def.kind
                    || (numeric(column.kind) && numeric(def.kind))
            })
        };
        let foreign = !known.is_empty() && !known.iter().any(|def| shared(def).is_some());
        if foreign || !known.iter().all(fits) {
            return Err(self.another_schema(stream, &known));
        }
        let widen: Vec<usize> = (0..known.len())
            .filter(|at| {
                let def = &known[*at];
                !def.declared
                    && def.kind == ColumnType::Integer
                    && shared(def).is_some_and(|column| column.kind == ColumnType::Number)
            })
            .collect();
        let new = others().filter(|column| !known.iter().any(|def| def.key == column.name));
        let mut seen = Seen::new();
        let mut wanted = Wanted { keys: Vec::new(), widen: widen.clone() };
        for column in new {
            wanted.keys.push(column.name.clone());
            seen.insert(column.name.clone(), sightings(column.kind));
        }
        let clock = Clock { unit: stream.unit, zone: stream.zone };
        let mut shape = Shape::new(ts.name.clone(), clock, known, stream.types.clone());
        shape.extend(&wanted, &seen).map_err(|why| {
            let message = format!("`{}` has {why}", self.shown);
            Error::Refused(Diagnostic::error("ingest::too-many-columns", message).into())
        })?;
        Ok((shape, widen))
    }

    fn another_schema(&self, stream: &StreamDefinition, known: &[ColumnDef]) -> Error {
        let one = |def: &ColumnDef| format!("{} {}", def.key, def.kind.as_str());
        let theirs: Vec<String> = known.iter().map(one).collect();
        let message = format!("`{}` has another schema than `{}`", self.shown, stream.name);
        let help = format!(
            "the stream has: {}; the file has: {}; name another stream with `--stream`, or say \
             the types in streams/{}.toml",
            theirs.join(", "),
            self.schema(),
            stream.name
        );
        Error::Refused(Diagnostic::error("ingest::another-schema", message).help(help).into())
    }

    /// The file's rows as a query: `r` (the row, from 1), `us` (its instant, null for none),
    /// `why` (why it has none), and its other columns as `c0`, `c1`, ... in their order.
    pub(super) fn rows(
        &self,
        db: &Connection,
        ts: &FileColumn,
        clock: Clock,
    ) -> Result<String, Error> {
        let others = self.columns.iter().filter(|column| column.name != ts.name);
        let others: String = others
            .enumerate()
            .map(|(i, column)| format!(", {} AS c{i}", quote(&column.name)))
            .collect();
        let plain = format!(
            "SELECT file_row_number AS n, file_row_number + 1 AS r, {} AS t{others} FROM {}",
            quote(&ts.name),
            self.sql
        );
        let Instants { us, why, join } = Instants::of(db, &plain, &ts.sql_type, clock)?
            .ok_or_else(|| {
                let message = format!("`{}` of `{}` holds no instants", ts.name, self.shown);
                let help = format!("it is of type {}; name another column", ts.sql_type);
                let wrong = Diagnostic::error("ingest::no-instants", message).help(help);
                Error::Refused(wrong.into())
            })?;
        let columns: String = (0..self.columns.len() - 1).map(|i| format!(", c{i}")).collect();
        Ok(format!("SELECT n, r, {us} AS us, {why} AS why{columns} FROM ({plain}) AS f{join}"))
    }

    /// What each column of `shape` gets from the query of [`Self::rows`]: the value, and the
    /// condition under which it is no value of the column's type.
    pub(super) fn values(&self, ts: &FileColumn, shape: &Shape) -> Vec<Taking> {
        let others: Vec<&FileColumn> =
            self.columns.iter().filter(|column| column.name != ts.name).collect();
        let of = |def: &ColumnDef| {
            let at = others.iter().position(|column| column.name == def.key)?;
            let (value, misfit) = converted(&format!("c{at}"), others[at], def.kind);
            Some(Taking {
                key: def.key.clone(),
                name: def.name.clone(),
                wanted: def.kind,
                from: format!("c{at}"),
                value,
                misfit,
            })
        };
        shape.columns.iter().filter_map(of).collect()
    }

    /// Puts the rows into the table of the stream, and what is no row into the rejects.
    pub(super) fn take(
        &self,
        db: &Connection,
        stream: &StreamDefinition,
        shape: &Shape,
        file: u32,
    ) -> Result<Taken, Error> {
        let ts = self.ts(Some(&shape.ts))?;
        let source = self.rows(db, ts, shape.clock)?;
        let values = self.values(ts, shape);
        let misfits: Vec<&str> = values.iter().filter_map(|v| v.misfit.as_deref()).collect();
        let late = format!("us > {}", shape.latest_us);
        let early = format!("us < {EARLIEST_US}");
        let wrong = ["us IS NULL", &late, &early]
            .into_iter()
            .chain(misfits)
            .collect::<Vec<_>>()
            .join(" OR ");
        let names: String = values.iter().map(|v| format!(", {}", quote(&v.name))).collect();
        let exprs: String = values.iter().map(|v| format!(", {}", v.value)).collect();
        let table = table_of(&stream.name);
        let rows = db.execute(
            &format!(
                "INSERT INTO {table} (ts, _file, _line{names}) \
                 SELECT make_timestamp(us), {file}, r{exprs} FROM ({source}) WHERE NOT ({wrong})"
            ),
            [],
        )?;
        let mut taken = Taken { rows: rows as u64, ..Taken::default() };
        taken.rejects = self.rows - taken.rows;
        if taken.rejects > 0 {
            self.refuse(db, &stream.name, shape, file, &source, &values, &wrong)?;
            let mut query = db.prepare(
                "SELECT line, column_name, reason FROM rejects WHERE file = ? ORDER BY line LIMIT 3",
            )?;
            let first = query.query_map([file], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            taken.first_rejects = first.collect::<Result<_, _>>()?;
        }
        Ok(taken)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
    fn refuse(
        &self,
        db: &Connection,
        stream: &str,
        shape: &Shape,
        file: u32,
        source: &str,
        values: &[Taking],
        wrong: &str,
    ) -> Result<(), Error> {
        let (mut column, mut reason) = (String::new(), String::new());
        for value in values {
            let Some(misfit) = &value.misfit else { continue };
            column += &format!(" WHEN {misfit} THEN {}", literal(&value.key));
            reason += &format!(
                " WHEN {misfit} THEN 'is `' || left({}::VARCHAR, 100) || '`, wanted {}'",
                value.from,
                article(value.wanted)
            );
        }
        let parts = values.iter().map(|v| format!("{} := {}", quote(&v.key), v.from));
        let raw = match values.is_empty() {
            true => "''".to_owned(),
            false => format!(
                "left(to_json(struct_pack({}))::VARCHAR, 500)",
                parts.collect::<Vec<_>>().join(", ")
            ),
        };
        let late = format!("us > {}", shape.latest_us);
        let early = format!("us < {EARLIEST_US}");
        let sql = format!(
            "INSERT INTO rejects SELECT ?, ?, r, \
             CASE WHEN {late} OR {early} OR us IS NULL THEN {}{column} END, \
             CASE WHEN us IS NULL THEN why WHEN {late} THEN {} WHEN {early} THEN {}{reason} END, \
             {raw} FROM ({source}) WHERE {wrong} ORDER BY r",
            literal(&shape.ts),
            literal(TOO_LATE),
            literal(TOO_EARLY)
        );
        let count = db.execute(&sql, params![stream, file])?;
        debug_assert!(count > 0);
        Ok(())
    }
}

/// How one column is filled.
pub(super) struct Taking {
    key: String,
    /// As the table calls it.
    pub(super) name: String,
    wanted: ColumnType,
    from: String,
    /// The value as SQL.
    pub(super) value: String,
    misfit: Option<String>,
}

/// The value of `from` as `wanted`, and the condition (never null) that it is none.
fn converted(from: &str, column: &FileColumn, wanted: ColumnType) -> (String, Option<String>) {
    let nested = column.kind == ColumnType::Json;
    let misfit = |value: &str| Some(format!("({from} IS NOT NULL AND {value} IS NULL)"));
    match wanted {
        ColumnType::Text | ColumnType::Json if nested => {
            (format!("to_json({from})::VARCHAR"), None)
        }
        ColumnType::Text | ColumnType::Json => (format!("{from}::VARCHAR"), None),
        ColumnType::Bool if column.kind == ColumnType::Bool => (from.to_owned(), None),
        ColumnType::Bool => {
            let value = format!("TRY_CAST({from}::VARCHAR AS BOOLEAN)");
            let misfit = misfit(&value);
            (value, misfit)
        }
        ColumnType::Integer
            if matches!(
                &*column.sql_type,
                "BIGINT"
                    | "INTEGER"
                    | "SMALLINT"
                    | "TINYINT"
                    | "UINTEGER"
                    | "USMALLINT"
                    | "UTINYINT"
            ) =>
        {
            (from.to_owned(), None)
        }
        ColumnType::Integer => {
            // A cast rounds; what has a fraction is no whole number.
            let whole = format!("TRY_CAST({from}::VARCHAR AS DOUBLE)");
            let value = format!(
                "CASE WHEN {whole} = floor({whole}) OR {whole} IS NULL \
                 THEN TRY_CAST({from} AS BIGINT) END"
            );
            let misfit = misfit(&value);
            (value, misfit)
        }
        ColumnType::Number => {
            let cast = format!("TRY_CAST({from} AS DOUBLE)");
            let value = match column.kind {
                ColumnType::Integer => cast,
                _ => format!("CASE WHEN isfinite({cast}) THEN {cast} END"),
            };
            let misfit = misfit(&value);
            (value, misfit)
        }
    }
}

/// The type that a column of the file is kept as.
fn kind_of(sql_type: &str) -> ColumnType {
    match sql_type {
        "BOOLEAN" => ColumnType::Bool,
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "UHUGEINT" => ColumnType::Integer,
        "FLOAT" | "DOUBLE" => ColumnType::Number,
        nested
            if nested.ends_with(']')
                || ["STRUCT", "MAP", "UNION"].iter().any(|word| nested.starts_with(word)) =>
        {
            ColumnType::Json
        }
        decimal if decimal.starts_with("DECIMAL") => ColumnType::Number,
        _ => ColumnType::Text,
    }
}

/// As many values of a type as make a column of it.
fn sightings(kind: ColumnType) -> [usize; 5] {
    match kind {
        ColumnType::Bool => [1, 0, 0, 0, 0],
        ColumnType::Integer => [0, 1, 0, 0, 0],
        ColumnType::Number => [0, 0, 1, 0, 0],
        ColumnType::Text => [0, 0, 0, 1, 0],
        ColumnType::Json => [0, 0, 0, 0, 1],
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn unpack(into: &Path, head: &[u8], rest: &mut dyn std::io::Read) -> std::io::Result<()> {
    let mut file = std::fs::File::create(into)?;
    file.write_all(head)?;
    std::io::copy(rest, &mut file).map(drop)
}

/// The instant of a text, as the other forms read it.
pub(super) fn instant_of(clock: Clock, text: &str) -> Result<i64, String> {
    clock.instant(&Value::Text(text.into()))
}
