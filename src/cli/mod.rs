//! The command line: arguments in, exit code out.
//!
//! **Invariant**: the only module that prints, reads a clock, or knows an exit code. Data goes
//! to standard output, everything else to standard error.

mod archive_files;
mod args;
mod calibrate;
mod check;
mod compare;
mod data;
mod data_args;
mod data_follow;
mod data_keep;
mod doctor;
mod exit;
mod folder;
mod history;
mod history_args;
mod incident_report;
mod init;
mod kept_actions;
mod list;
mod play;
mod play_input;
mod play_journal;
mod play_recorded;
mod probe;
mod probe_archive;
mod probe_command;
mod probe_files;
mod progress;
mod regular;
mod report;
mod report_args;
mod routine;
mod routine_args;
mod routine_kept;
mod rules;
mod run;
mod sample_time;
mod score;
mod show;
mod shown;
mod side;
mod slo;
mod slo_args;
mod slo_export;
mod slo_init;
mod start;
mod stream_files;
mod ui;
mod workspace;

pub use start::main;
