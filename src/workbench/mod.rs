//! The workbench of rule authors: rule tests, with what went wrong and why.
//!
//! **Invariant**: it runs and compares; it renders nothing and reads no files. Timelines that
//! cases name are loaded by the caller.

mod check;
mod ruletest;

pub use ruletest::{CaseResult, Outcome, TestReport, Totals, run_tests};
