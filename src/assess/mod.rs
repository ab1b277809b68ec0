//! SLOs on recorded data: status, alerts, comparisons; and responder presets from records.
//!
//! Slices come from a file or from the store; what is done with them is the same. Results are
//! addressed by the order of the definitions, so they do not depend on the number of threads.

mod alerts;
mod calibrate;
mod compare;
mod due;
mod explain;
mod gate;
mod history;
mod lint;
mod needs;
mod period;
mod records;
mod routine;
mod sample;
mod series;
mod status;

pub use crate::store::{Measured, Top, TopRow};
pub use alerts::{SloAlert, alerts};
pub use calibrate::{
    Calibration, Evidence, ExportError, FitTest, Fitted, Kept, KeptReason, LeftOut, MIN_ANSWERED,
    MIN_RECORDS, calibrate,
};
pub use compare::{SloComparison, TargetColumn, compare};
pub use due::{DueDrills, DuePeriod, Held, due_drills};
pub use explain::{ExplainError, explain};
pub use gate::{Gate, GateReason, GateVerdict, gate, gate_by};
pub use history::{
    MIN_DRILLS, PastDrill, PastGroup, PastMeasure, PastPoints, Share, Split, Trend, past_drills,
};
pub use lint::{SloLint, joined, lint, lint_sources};
pub use needs::retention_needs;
pub use period::{
    AppliedCorrection, Attainment, Change, Contributor, Costly, DrillResult, Drills, Level,
    LowItem, MOST_CONTRIBUTED, PeriodAlert, PeriodError, PeriodKind, PeriodReport, PeriodSlo,
    PeriodSources, PeriodSpan, PostMortems, StreamSummary, contributors, end_of, low_items,
    period_report,
};
pub use records::{Data, Records};
pub use routine::{
    CheckResult, CheckState, CommandRun, Compared, Fact, FileFact, LogFact, Outcome, Parsed,
    Restored, RoutineReport, RoutineTimes, SloSources, judge_actions, judge_drills, judge_due,
    judge_fact, judge_review, judge_slos, judge_streams,
};
pub use sample::{SAMPLES, Sample, SampleFile, sample};
pub use series::{Series, SeriesError, View, every_objective, from_streams, with_tiers};
pub use status::{CompositePart, SloComposite, SloStatus, composites, status};
