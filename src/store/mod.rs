//! Durable data and frames: DuckDB for what a workspace keeps, Polars for single files.
//!
//! **Invariant**: no other module names `duckdb` or `polars`; every result is ordered.

mod accounts;
mod agent_log;
mod content;
mod csv;
mod csv_levels;
mod database;
mod detect;
mod document;
mod engines;
mod error;
mod exposition;
mod expression;
mod file_report;
mod form_of_file;
mod forms;
mod history;
mod history_json;
mod ingest;
mod instant;
mod journal;
mod json;
mod lines;
mod metric_group;
mod metric_rows;
mod openmetrics;
mod otlp;
mod otlp_metrics;
mod prefix;
mod prometheus;
mod rollup;
mod scrape;
mod shape;
mod slice_file;
mod table;
mod telemetry;
mod tree;
mod tsdb;
mod whole;
mod workspace;

pub use engines::{EngineProbe, probe_engines};
pub use error::Error;
pub use exposition::{Fault, FaultScope};
pub use file_report::{FileReport, FileState, IngestOptions};
pub use history::{DrillRow, History};
pub use scrape::exposition_faults;
pub use slice_file::slice_file;
pub use telemetry::{TelemetryRow, read_telemetry, write_telemetry};
pub use workspace::{Reject, StreamSummary, Streams};
