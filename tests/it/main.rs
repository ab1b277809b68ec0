//! All integration tests, in one binary: linking the engines once is slow enough.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod bad_files;
mod browser;
mod budgets;
mod bytes_matrix;
mod calibrate;
mod cinecom_rows;
mod cli_output;
mod compare;
mod counters;
mod draw;
mod drills;
mod durable;
mod env;
mod fallbacks;
mod follow;
mod formats;
mod hostile_input;
mod imports;
mod incident_reports;
mod incidents;
mod ingest;
mod keep;
mod kept;
mod kept_slices;
mod killed;
mod local_records;
mod openslo;
mod parquet;
mod play;
mod policy_fixture;
mod policy_hostile;
mod policy_memo;
mod policy_rules_shipped;
mod policy_workbench;
mod readme;
mod realism;
mod routine;
mod slo_cli;
mod slo_export;
mod slo_promtool;
mod stream_definitions;
mod tidy;
