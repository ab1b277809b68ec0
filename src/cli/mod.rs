//! The command line: arguments in, exit code out.
//!
//! **Invariant**: the only module that prints, reads a clock, or knows an exit code. Data goes
//! to standard output, everything else to standard error.

mod args;
mod check;
mod data;
mod data_args;
mod data_follow;
mod data_keep;
mod doctor;
mod exit;
mod folder;
mod init;
mod list;
mod progress;
mod report;
mod report_args;
mod rules;
mod run;
mod score;
mod show;
mod slo;
mod slo_args;
mod start;
mod ui;
mod workspace;

pub use start::main;
