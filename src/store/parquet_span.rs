//! What a Parquet file says of its instants without being read.

use duckdb::Connection;

use super::error::Error;
use super::instant::Clock;
use super::parquet::{FileColumn, ParquetFile};
use super::parquet_instant::Instants;
use super::workspace::literal;
use crate::model::{ColumnType, EpochUnit};
use crate::units::Zone;

/// From the first to the last instant of a file, and the rows that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) missing: u64,
}

impl ParquetFile {
    /// The least and the greatest value of a column and how many are null, as the file's own
    /// table of its parts has them; `None` where it says nothing.
    fn bounds(&self, db: &Connection, column: &FileColumn) -> Result<Option<Bounds>, Error> {
        let kind = &column.sql_type;
        let sql = format!(
            "SELECT min(TRY_CAST(stats_min_value AS {kind}))::VARCHAR, \
               max(TRY_CAST(stats_max_value AS {kind}))::VARCHAR, \
               coalesce(sum(stats_null_count), 0)::UBIGINT, \
               count(*) = count(TRY_CAST(stats_min_value AS {kind})) \
               AND count(*) = count(TRY_CAST(stats_max_value AS {kind})) \
               AND count(*) = count(stats_null_count) \
             FROM parquet_metadata({}) WHERE path_in_schema = ?",
            self.path_sql
        );
        let found = db.query_row(&sql, [&column.name], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get(2)?,
                row.get::<_, bool>(3)?,
            ))
        })?;
        let (least, greatest, nulls, whole) = found;
        Ok(least.zip(greatest).filter(|_| whole).map(|(least, greatest)| Bounds {
            least,
            greatest,
            nulls,
        }))
    }

    /// The unit of instants that are whole numbers, where all of them are of one by their size.
    pub(super) fn unit(
        &self,
        db: &Connection,
        ts: &FileColumn,
    ) -> Result<Option<EpochUnit>, Error> {
        if ts.kind != ColumnType::Integer {
            return Ok(None);
        }
        let Some(bounds) = self.bounds(db, ts)? else { return Ok(None) };
        let unit = |text: &str| text.parse::<i64>().ok().map(|n| Clock::unit_by_size(n as f64));
        // Around 0 nothing is of one size.
        let (least, greatest) = (unit(&bounds.least), unit(&bounds.greatest));
        Ok(least.filter(|unit| Some(*unit) == greatest && !bounds.least.starts_with('-')))
    }

    /// From the first to the last instant of the query `source`.
    pub(super) fn span(
        &self,
        db: &Connection,
        ts: &FileColumn,
        clock: Clock,
        source: &str,
    ) -> Result<Span, Error> {
        let stamp = ts.sql_type == "TIMESTAMP WITH TIME ZONE"
            || (ts.sql_type.starts_with("TIMESTAMP") && clock.zone == Zone::UTC);
        let number = ts.kind == ColumnType::Integer && clock.unit.is_some();
        if (stamp || number)
            && let Some(bounds) = self.bounds(db, ts)?
        {
            // The order of the column is that of the instants.
            let plain = format!(
                "SELECT t::{} AS t FROM (VALUES ({}), ({})) AS v(t)",
                ts.sql_type,
                literal(&bounds.least),
                literal(&bounds.greatest)
            );
            if let Some(Instants { us, .. }) = Instants::of(db, &plain, &ts.sql_type, clock)? {
                let ask = format!("SELECT min({us}), max({us}), count({us}) FROM ({plain})");
                let (first, last, both): (Option<i64>, Option<i64>, i64) =
                    db.query_row(&ask, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                if both == 2 {
                    return Ok(Span { first, last, missing: bounds.nulls });
                }
            }
        }
        let ask = format!("SELECT min(us), max(us), count(us)::UBIGINT FROM ({source})");
        let (first, last, count): (_, _, u64) =
            db.query_row(&ask, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Span { first, last, missing: self.rows - count })
    }
}

/// Bounds of a column, as texts.
struct Bounds {
    least: String,
    greatest: String,
    nulls: u64,
}
