//! The scorer: a timeline and a pack become a scorecard.
//!
//! **Invariant**: it reads the timeline and the pack, never telemetry, a clock or a file, and
//! cannot tell a recorded, a simulated and a live timeline apart except by what they contain.

mod card;

pub use card::{
    CapabilityResult, Correctness, DutyResult, MILESTONES, MeasureResult, Milestone,
    MilestoneState, Overall, Rating, Scorecard, SeverityEntry, SeverityResult, StepOutcome,
    StepResult,
};
