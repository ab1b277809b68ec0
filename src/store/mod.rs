//! Durable data and frames: DuckDB for what a workspace keeps, Polars for single files.
//!
//! **Invariant**: no other module names `duckdb` or `polars`; every result is ordered.

mod content;
mod csv;
mod database;
mod detect;
mod engines;
mod error;
mod expression;
mod file_report;
mod follow;
mod history;
mod ingest;
mod instant;
mod json;
mod lines;
mod prefix;
mod rollup;
mod shape;
mod slice_file;
mod table;
mod telemetry;
mod workspace;

pub use engines::{EngineProbe, probe_engines};
pub use error::Error;
pub use file_report::{FileReport, FileState, IngestOptions};
pub use follow::{Follower, Look, while_interruptible};
pub use history::{DrillRow, History};
pub use slice_file::slice_file;
pub use telemetry::{TelemetryRow, read_telemetry, write_telemetry};
pub use workspace::{Reject, StreamSummary, Streams};
