//! `telemetry.parquet`: the slices and gauges of a drill, one row per value.
//!
//! Columns: `ts` (UTC, start of the slice or minute), `entity`, `metric` (the SLO's name for a
//! slice), `good` and `total` (slices only), `value` (gauges only). Rows are ordered by series,
//! then by `ts`. Absent slices have no row.

use std::io::Write;
use std::path::Path;

use duckdb::Connection;
use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetCompression, ParquetWriter, Series,
    TimeUnit, TimeZone,
};

use super::error::Error;
use crate::model::Telemetry;
use crate::units::SimTime;

/// Rows of one row group; fixed, so that the bytes do not depend on the machine.
const ROW_GROUP: usize = 1 << 17;

/// Columns under construction.
#[derive(Default)]
struct Rows {
    ts: Vec<i64>,
    entity: Vec<u32>,
    metric: Vec<u32>,
    good: Vec<Option<u32>>,
    total: Vec<Option<u32>>,
    value: Vec<Option<f64>>,
    names: Vec<String>,
}

impl Rows {
    fn name(&mut self, name: &str) -> u32 {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn text(&self, title: &str, indices: &[u32]) -> Column {
        let texts: Vec<&str> = indices.iter().map(|i| self.names[*i as usize].as_str()).collect();
        Series::new(title.into(), texts).into_column()
    }
}

/// Writes `telemetry` as Parquet. The same telemetry gives the same bytes.
///
/// # Errors
/// When the frame cannot be made or `into` refuses a write.
pub fn write_telemetry(telemetry: &Telemetry, into: impl Write) -> Result<(), Error> {
    let mut rows = Rows::default();
    for (slo, service, block) in &telemetry.slices {
        let entity = rows.name(&format!("service:{service}"));
        let metric = rows.name(slo);
        for i in (0..block.good.len()).filter(|i| block.present[*i]) {
            rows.ts.push(block.start.ms() + block.step.ms() * i as i64);
            rows.entity.push(entity);
            rows.metric.push(metric);
            rows.good.push(Some(block.good[i]));
            rows.total.push(Some(block.total[i]));
            rows.value.push(None);
        }
    }
    for gauge in &telemetry.gauges {
        let (entity, metric) = (rows.name(&gauge.entity), rows.name(&gauge.metric));
        for (i, value) in gauge.values.iter().enumerate() {
            let Some(value) = value else { continue };
            rows.ts.push(gauge.start.ms() + gauge.step.ms() * i as i64);
            rows.entity.push(entity);
            rows.metric.push(metric);
            rows.good.push(None);
            rows.total.push(None);
            rows.value.push(Some(*value));
        }
    }
    let ts = Series::new("ts".into(), &rows.ts)
        .cast(&DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)))?;
    let columns = vec![
        ts.into_column(),
        rows.text("entity", &rows.entity),
        rows.text("metric", &rows.metric),
        Series::new("good".into(), &rows.good).into_column(),
        Series::new("total".into(), &rows.total).into_column(),
        Series::new("value".into(), &rows.value).into_column(),
    ];
    let mut frame = DataFrame::new_infer_height(columns)?;
    ParquetWriter::new(into)
        .with_compression(ParquetCompression::Zstd(None))
        .with_row_group_size(Some(ROW_GROUP))
        .finish(&mut frame)?;
    Ok(())
}

/// One row of `telemetry.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryRow {
    /// Start of the slice or minute.
    pub ts: SimTime,
    /// `service:NAME` or `agent:NAME`.
    pub entity: String,
    /// Name of the SLO or of the gauge.
    pub metric: String,
    /// Good events, for slices.
    pub good: Option<u32>,
    /// All events, for slices.
    pub total: Option<u32>,
    /// Value, for gauges.
    pub value: Option<f64>,
}

/// Reads a `telemetry.parquet` with DuckDB, ordered by metric, entity and time.
///
/// # Errors
/// When the file is not such a Parquet file.
pub fn read_telemetry(path: &Path) -> Result<Vec<TelemetryRow>, Error> {
    let db = Connection::open_in_memory()?;
    let mut query = db.prepare(
        "SELECT epoch_ms(ts), entity, metric, good, total, value FROM read_parquet(?) \
         ORDER BY metric, entity, ts",
    )?;
    let rows = query.query_map([path.to_string_lossy()], |row| {
        Ok(TelemetryRow {
            ts: SimTime::from_ms(row.get(0)?),
            entity: row.get(1)?,
            metric: row.get(2)?,
            good: row.get(3)?,
            total: row.get(4)?,
            value: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GaugeSeries, Name, SliceBlock};
    use crate::units::SimDuration;

    #[test]
    fn what_polars_writes_duckdb_reads() {
        let start = SimTime::from_ms(1_760_000_040_000);
        let step = SimDuration::from_minutes(1);
        let telemetry = Telemetry {
            slices: vec![(
                Name::from("user-availability"),
                Name::from("user-service"),
                SliceBlock {
                    start,
                    step,
                    good: vec![9, 0, 7],
                    total: vec![10, 0, 7],
                    present: vec![true, false, true],
                },
            )],
            gauges: vec![GaugeSeries {
                entity: Name::from("agent:監視"),
                metric: Name::from("queue_age_ms"),
                start,
                step,
                values: vec![None, Some(1.5)],
            }],
        };
        let write = || {
            let mut bytes = Vec::new();
            write_telemetry(&telemetry, &mut bytes).unwrap();
            bytes
        };
        assert_eq!(write(), write(), "the same telemetry gives the same bytes");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), write()).unwrap();
        let rows = read_telemetry(file.path()).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].entity, "agent:監視");
        assert_eq!((rows[0].ts, rows[0].value), (start + step, Some(1.5)));
        assert_eq!((rows[2].ts, rows[2].good, rows[2].total), (start + step * 2, Some(7), Some(7)));
    }
}
