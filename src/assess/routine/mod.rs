//! Routines: check lists judged on recorded data and on facts that were read from the machine.
//!
//! **Invariant**: nothing here reads a file, a process or a clock; what is not known is unknown,
//! never OK.

mod facts;
mod files;
mod imported;
mod kept;
mod machine;
mod outcome;
mod report;
mod slos;
mod streams;

pub use facts::{CommandRun, Compared, Fact, FileFact, LogFact, Parsed, Restored};
pub use kept::{judge_actions, judge_due, judge_review};
pub use machine::judge_fact;
pub use outcome::{CheckState, Outcome};
pub use report::{CheckResult, RoutineReport, RoutineTimes};
pub use slos::{SloSources, judge_drills, judge_slos};
pub use streams::judge_streams;
