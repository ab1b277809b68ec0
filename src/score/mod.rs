//! The scorer: a timeline and a pack become a scorecard.
//!
//! `facts` reads a timeline once, without texts; `reading` takes values off the facts, `measure`
//! rates them, `adherence` checks the order of steps, `capability` sums up. Trials stop at the
//! reading, so that ten thousand of them show the same numbers as one.
//!
//! **Invariant**: it reads the timeline and the pack, never telemetry, a clock or a file, and
//! cannot tell a recorded, a simulated and a live timeline apart except by what they contain.

pub use crate::model::MILESTONES;

mod adherence;
mod beside;
mod capability;
mod card;
mod explain;
mod facts;
mod light;
mod measure;
mod plan;
mod reading;
mod requests;
mod scorecard;
mod severity;
mod sli;
pub mod stats;
mod steps;

pub use beside::{BesideMeasure, Verdict, beside};
pub use capability::ADHERENCE;
pub use card::{
    CapabilityResult, Correctness, DutyResult, MeasureResult, Milestone, MilestoneState, Overall,
    Rating, RequestResult, Scorecard, SeverityEntry, SeverityResult, StepOutcome, StepResult,
};
pub use explain::{Explanation, Part, TargetSource, Unknown, UsedEvent, explain};
pub use facts::Span;
pub use light::{TrialMark, TrialScore, TrialValue, trial_score};
pub use plan::ScorePlan;
pub use scorecard::score;

#[cfg(test)]
mod tests;
