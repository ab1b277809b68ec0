//! What a batch leaves in the database: rows, rejects, columns and the book of what was read.

use duckdb::params;

use super::csv::Header;
use super::error::Error;
use super::ingest::Batch;
use super::prefix::{Consumed, Known};
use super::shape::Shape;
use super::table::{ColumnDef, Many, Rows};
use super::workspace::{quote, table_of};
use crate::model::{ColumnType, StreamKind};

/// Refused lines that a report shows of one file.
const SHOWN: usize = 3;

impl Batch<'_> {
    pub(super) fn make_table(&self, shape: &Shape) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        self.db.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} \
             (ts TIMESTAMP NOT NULL, _file UINTEGER, _line UBIGINT)"
        ))?;
        self.add_columns(shape)
    }

    pub(super) fn add_columns(&self, shape: &Shape) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        for column in &shape.columns {
            let (name, kind) = (quote(&column.name), sql_type(column.kind));
            self.db.execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}"
            ))?;
        }
        Ok(())
    }

    pub(super) fn widen<'c>(
        &self,
        columns: impl Iterator<Item = &'c ColumnDef>,
    ) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        for column in columns {
            let name = quote(&column.name);
            self.db.execute_batch(&format!(
                "ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE DOUBLE"
            ))?;
        }
        Ok(())
    }

    pub(super) fn append(&mut self, mut rows: Rows) -> Result<(), Error> {
        let report = &mut self.report;
        report.rows += rows.len() as u64;
        report.rejects += rows.refused.len() as u64;
        report.notes += rows.notes;
        report.damaged += rows.damaged;
        let one = Many { read: rows.len() as u64, refused: rows.refused.len() as u64 };
        let lines = rows.many.unwrap_or(one);
        report.read += lines.read;
        report.lines += lines.read + lines.refused + rows.notes;
        if let Some(many) = rows.many {
            let all = self.many.get_or_insert_default();
            all.read += many.read;
            all.refused += many.refused;
        }
        for (what, count) in std::mem::take(&mut rows.left_out) {
            *report.left_out.entry(what).or_default() += count;
        }
        if let Some((first, last)) = rows.span() {
            let now = self.options.now.ms().saturating_mul(1000);
            report.ahead += rows.later_than(now);
            report.late += self.watermark.map_or(0, |mark| rows.earlier_than(mark));
            let span = self.span.get_or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        let left = SHOWN.saturating_sub(report.first_rejects.len());
        report.first_rejects.extend(
            rows.refused.iter().take(left).map(|r| (r.line, r.column.clone(), r.reason.clone())),
        );
        self.refused.append(&mut rows.refused);
        // The blocks of a round may have been read before a later one added columns.
        let names: Vec<&str> = ["ts", "_file", "_line"]
            .into_iter()
            .chain(rows.columns.iter().map(|column| column.name.as_str()))
            .collect();
        if rows.len() > 0 {
            let table = format!("s_{}", self.stream.name);
            let mut appender = self.db.appender_with_columns(&table, &names)?;
            appender.append_record_batch(rows.batch(self.file)?)?;
            appender.flush()?;
        }
        Ok(())
    }

    pub(super) fn forget_line(&self, file: u32, line: u64) -> Result<(), Error> {
        let table = table_of(&self.stream.name);
        let sql = format!("DELETE FROM {table} WHERE _file = ? AND _line = ?");
        let rows = self.db.execute(&sql, params![file, line])? as u64;
        let rejects = self
            .db
            .execute("DELETE FROM rejects WHERE file = ? AND line = ?", params![file, line])?
            as u64;
        // Many rows may be of one line.
        let lines = (rows + rejects).min(1);
        self.db.execute(
            "UPDATE files SET rows = rows - ?, rejects = rejects - ?, lines = lines - ? \
             WHERE id = ?",
            params![rows, rejects, lines, file],
        )?;
        if lines > 0 { self.forget_one(file, rows > 0) } else { Ok(()) }
    }

    pub(super) fn keep_shape(&self, shape: &Shape) -> Result<(), Error> {
        let stream = &*self.stream.name;
        self.db.execute("DELETE FROM stream_columns WHERE stream = ?", [stream])?;
        for (place, column) in shape.columns.iter().enumerate() {
            self.db.execute(
                "INSERT INTO stream_columns VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    stream,
                    place as i64,
                    column.key,
                    column.name,
                    column.kind.as_str(),
                    column.declared
                ],
            )?;
        }
        self.db.execute("DELETE FROM streams WHERE name = ?", [stream])?;
        let known = self.form.as_ref().map(|form| form.kind);
        let kind = self.stream.kind.or(known).unwrap_or(StreamKind::Events);
        let id = self.id_column(&shape.columns);
        self.db.execute(
            "INSERT INTO streams VALUES (?, ?, ?, ?, ?)",
            params![
                stream,
                kind.as_str(),
                shape.ts,
                id,
                self.stream.expect_every.map(|every| every.ms())
            ],
        )?;
        Ok(())
    }

    pub(super) fn keep(
        &mut self,
        before: Option<&Known>,
        consumed: &Consumed,
        hash: &str,
        header: &Header,
    ) -> Result<(), Error> {
        let batch: i64 =
            self.db.query_row("SELECT coalesce(max(id), 0) + 1 FROM batches", [], |r| r.get(0))?;
        let now = self.options.now.ms();
        self.db
            .execute("INSERT INTO batches VALUES (?, make_timestamp_ms(?))", params![batch, now])?;
        let stream = &*self.stream.name;
        if !self.refused.is_empty() {
            let mut appender = self.db.appender("rejects")?;
            for r in &self.refused {
                appender
                    .append_row(params![stream, self.file, r.line, r.column, r.reason, r.raw])?;
            }
            appender.flush()?;
        }
        if before.is_none() {
            self.db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, 0, '', 0, 1, '[]', 0, 0, 0, 0, NULL, NULL, ?)",
                params![self.file, stream, self.report.path, self.report.format.as_str(), batch],
            )?;
        }
        let header = serde_json::to_string(&header.0).unwrap_or_default();
        let (first, last) = self.span.unzip();
        let report = &self.report;
        self.db.execute(
            "UPDATE files SET path = ?, bytes = ?, hash = ?, open_bytes = ?, next_line = ?, \
               header = ?, lines = lines + ?, rows = rows + ?, rejects = rejects + ?, \
               notes = notes + ?, first = least(first, make_timestamp(?)), \
               last = greatest(last, make_timestamp(?)), batch = ? WHERE id = ?",
            params![
                report.path,
                consumed.bytes,
                hash,
                consumed.open_bytes,
                consumed.next_line,
                header,
                report.lines,
                report.rows,
                report.rejects,
                report.notes,
                first,
                last,
                batch,
                self.file
            ],
        )?;
        self.keep_lines()
    }
}

/// The type of a column in the database.
fn sql_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Bool => "BOOLEAN",
        ColumnType::Integer => "BIGINT",
        ColumnType::Number => "DOUBLE",
        ColumnType::Text | ColumnType::Json => "VARCHAR",
    }
}
