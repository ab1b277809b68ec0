//! Durable data and frames: DuckDB for what a workspace keeps, Polars for single files.
//!
//! **Invariant**: no other module names `duckdb` or `polars`; every result is ordered.

mod engines;
mod error;
mod history;
mod telemetry;

pub use engines::{EngineProbe, probe_engines};
pub use error::Error;
pub use history::{DrillRow, History};
pub use telemetry::{TelemetryRow, read_telemetry, write_telemetry};
