//! The drill as a use case: run once, run many times, explain what was lost to what.

mod result;

pub use result::{
    Band, BandMeasure, Drill, GaugeSeries, Requirement, Telemetry, TrialMeasure, TrialMilestone,
    Trials, WhyMeasure,
};
