//! Durable data and frames: DuckDB for what a workspace keeps, Polars for single files.
//!
//! **Invariant**: no other module names `duckdb` or `polars`; every result is ordered.

mod archive;
mod content;
mod contributors;
mod csv;
mod database;
mod detect;
mod engines;
mod error;
mod export;
mod expression;
mod file_report;
mod follow;
mod history;
mod ingest;
mod instant;
mod json;
mod lines;
mod prefix;
mod retain;
mod rollup;
mod shape;
mod slice_file;
mod table;
mod telemetry;
mod top;
mod workspace;

pub use contributors::BurnShare;
pub use engines::{EngineProbe, probe_engines};
pub use error::Error;
pub use export::{ExportForm, ExportReport};
pub use file_report::{FileReport, FileState, IngestOptions};
pub use follow::{Follower, Look, while_interruptible};
pub use history::{DrillRow, History};
pub use retain::{RetentionNeed, RetentionStep};
pub use slice_file::slice_file;
pub use telemetry::{TelemetryRow, read_telemetry, write_telemetry};
pub use top::{Comparison, Measured, Top, TopOrder, TopQuery, TopRow};
pub use workspace::{Reject, StreamSummary, Streams};
