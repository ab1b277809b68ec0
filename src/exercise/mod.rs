//! The drill as a use case: run once, run many times, explain what was lost to what.
//!
//! **Invariant**: a result is a function of the prepared inputs and the options; threads only
//! change how long it takes.

mod compare;
mod drill;
mod once;
pub mod play;
mod prepare;
mod requirement;
mod result;
mod trials;
mod why;

pub use crate::model::{GaugeSeries, Telemetry};
pub use crate::sim::LocalRecord;
pub use compare::{
    ComparedMeasure, ComparedSide, Comparison, MetDifference, TimeDifference, compare,
};
pub use drill::{Progress, Silent, run_drill, score_timeline, script_violations};
pub use once::Counts;
pub use prepare::{Inputs, Options, Prepared};
pub use requirement::{Asked, judge_drill, parse_requirement};
pub use result::{
    Band, BandMeasure, Drill, Requirement, TrialMeasure, TrialMilestone, Trials, WhyMeasure,
};
pub use trials::{TrialOutcome, TrialsAsked, run_trials, trials};
pub use why::SENSITIVITY_TRIALS;
