//! The vocabulary that the modules exchange: plain values, no behaviour beyond their own laws.
//!
//! `sim`, `slo`, `policy`, `score` and `store` never import one another; whatever passes
//! between them is named here or in [`crate::timeline`].
//!
//! **Invariant**: nothing here does I/O, reads a clock or draws a random number.

mod action;
mod correction;
mod decision;
mod freeze;
mod holes;
mod indicator;
mod knobs;
mod name;
mod pack;
mod playbook;
mod preset;
mod report;
mod retention;
mod routine;
mod ruletest;
mod scenario;
mod signal;
mod slo;
mod source_fault;
mod stream;
mod system;
mod telemetry;
mod tiers;
mod vocabulary;
mod wildcard;

pub use action::{Action, ActionState, MAX_ACTION_BYTES, action_number};
pub use correction::{Corrected, Correction, CorrectionEffect, Recurrence, RecurrenceError};
pub use decision::{Decision, DecisionKind, Escalation, Finding, Trace, TraceStep, Violation};
pub use freeze::{BudgetFact, Hold};
pub use holes::{Hole, Sent, holes};
pub use indicator::{
    Aggregate, Composite, CompositeRule, Indicator, ObjectiveDefinition, Origin, Query,
    SloDefinition, ThresholdOp,
};
pub use knobs::KNOBS;
pub use name::{EntityKind, Name, Ref, RefError, Text};
pub use pack::{
    Audience, Capability, Channel, ContentHash, Delay, Duty, EscalationLevel, Field, Gate,
    Lengthening, Measure, Pack, Priority, Severity, Target,
};
pub use playbook::{ForEach, Phase, Playbook, Rung, Step, StepEffect, StepTime, Trigger};
pub use preset::{Knob, Preset, Provenance, QuantileTable, Stage};
pub use report::{REPORT_MARK, REPORT_OPEN};
pub use retention::{Expiry, RetentionRule};
pub use routine::{
    AlertLevel, Check, CheckSource, DrillFrequency, FindingLevel, Indicated, Limits, ReadingUnit,
    Routine, RoutineFile, RoutineKind, RoutineLayout, Rows,
};
pub use ruletest::{
    AgentFact, Expect, ExpectedStep, Facts, Given, RuleCase, RuleTests, ServiceFact,
};
pub use scenario::{
    Cue, Expectation, Fault, FaultEffect, FaultEnd, Inject, InjectKind, Mechanic, Parameter,
    Scenario, Shape, StepFailure,
};
pub use signal::{Number, SignalKind};
pub use slo::{
    AlertState, AlertTransition, BudgetingMethod, Calendar, CalendarUnit, Comparator, Governed,
    NoData, Period, SliKind, Slice, SliceBlock, SloSpec, Tier,
};
pub use source_fault::SourceFault;
pub use stream::{
    ColumnType, EpochUnit, InputFormat, MetricShape, StreamDefinition, StreamKind, StreamShape,
};
pub use system::{
    Agent, DegradedMode, Dependency, DependencyKind, Environment, Hours, Role, RoleKind, Service,
    Store, System, SystemSlo, Tool, ToolKind,
};
pub use telemetry::{GaugeSeries, Telemetry};
pub use tiers::{TierError, TierPreset};
pub use vocabulary::{DetectionSource, MILESTONES, Mode, ServiceState, Source, When};
pub use wildcard::fits;
