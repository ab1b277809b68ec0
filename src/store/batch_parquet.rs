//! A batch of a Parquet file, whose rows DuckDB finds by itself.

use duckdb::params;
use xxhash_rust::xxh3::Xxh3Default;

use super::content;
use super::csv::Header;
use super::error::Error;
use super::ingest::Batch;
use super::parquet::ParquetFile;
use super::prefix::{Consumed, skip};
use super::workspace::{columns_of, table_of};
use crate::diag::Diagnostic;
use crate::model::InputFormat;

impl Batch<'_> {
    /// Reads a Parquet file, whose rows DuckDB finds by itself.
    pub(super) fn read_parquet(&mut self, file: &ParquetFile) -> Result<(), Error> {
        self.report.format = InputFormat::Parquet;
        if let Some(said) = self.stream.format.filter(|said| *said != InputFormat::Parquet) {
            let message = format!("`{}` is parquet, not {}", self.report.path, said.as_str());
            return Err(Error::Refused(
                Diagnostic::error("ingest::unknown-format", message).into(),
            ));
        }
        let stored = self.stored_ts()?;
        let ts = file.ts(stored.as_deref().or(self.stream.ts.as_deref()))?;
        let known = columns_of(self.db, &self.stream.name)?;
        self.check_types(&known)?;
        let (mut shape, widened) = file.shape(self.stream, ts, known)?;
        shape.latest_us = self.latest_us();
        self.make_table(&shape)?;
        self.widen(widened.iter().map(|at| &shape.columns[*at]))?;
        let taken = file.take(self.db, self.stream, &shape, self.file)?;
        let report = &mut self.report;
        (report.rows, report.rejects) = (taken.rows, taken.rejects);
        report.lines = taken.rows + taken.rejects;
        report.first_rejects = taken.first_rejects;
        let sql = format!(
            "SELECT epoch_us(min(ts)), epoch_us(max(ts)), \
               (count(*) FILTER (epoch_us(ts) > ?))::UBIGINT, \
               (count(*) FILTER (epoch_us(ts) < ?))::UBIGINT FROM {} WHERE _file = ?",
            table_of(&self.stream.name)
        );
        let now = self.options.now.ms().saturating_mul(1000);
        let mark = self.watermark.unwrap_or(i64::MIN);
        let (first, last): (Option<i64>, Option<i64>);
        (first, last, report.ahead, report.late) =
            self.db.query_row(&sql, params![now, mark, self.file], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        self.span = first.zip(last);
        self.keep_shape(&shape)?;
        if let Some(kind) = file.kind().filter(|_| self.stream.kind.is_none()) {
            let sql = "UPDATE streams SET kind = ? WHERE name = ?";
            self.db.execute(sql, params![kind.as_str(), &*self.stream.name])?;
        }
        let mut hasher = Xxh3Default::new();
        skip(&mut content::open(self.path)?, file.bytes, &mut hasher, self.path)?;
        let consumed = Consumed { bytes: file.bytes, next_line: 1, open_bytes: 0 };
        let hash = format!("{:032x}", hasher.digest128());
        self.keep(None, &consumed, &hash, &Header(Vec::new()))
    }
}
