//! What the use cases hand to `report`.

use crate::model::{Name, Pack, Preset, Scenario, SliceBlock, System};
use crate::score::Scorecard;
use crate::timeline::{Timeline, TraceHash};
use crate::units::{SimDuration, SimTime};

/// A gauge over the time of the drill: one value per step, `None` where nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct GaugeSeries {
    /// `service:user-service`, `agent:backend-agent`.
    pub entity: Name,
    /// Metric name, unit last (`p95_ms`, `requests_per_min`, `cpu_ratio`, `saturation_ratio`,
    /// `tokens_per_min`, `queue_age_ms`).
    pub metric: Name,
    /// Start of the first value.
    pub start: SimTime,
    /// Distance between values.
    pub step: SimDuration,
    /// Values.
    pub values: Vec<Option<f64>>,
}

/// Everything measured during a drill, with 30 days of history before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    /// Per SLO, in the system's order: name, service, and its slices.
    pub slices: Vec<(Name, Name, SliceBlock)>,
    /// Gauges of the drill itself.
    pub gauges: Vec<GaugeSeries>,
}

/// A drill, run once.
#[derive(Debug, Clone)]
pub struct Drill {
    /// The system, scenario, pack and preset it was run with.
    pub system: System,
    /// The scenario after `--set`.
    pub scenario: Scenario,
    /// The pack.
    pub pack: Pack,
    /// The preset.
    pub preset: Preset,
    /// What happened.
    pub timeline: Timeline,
    /// What it is worth.
    pub scorecard: Scorecard,
    /// Hash of the typed event stream.
    pub trace_hash: TraceHash,
    /// What was measured.
    pub telemetry: Telemetry,
    /// The same drill under other seeds; `None` when not asked for.
    pub band: Option<Band>,
}

/// Where one run lies among many of the same drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Number of trials.
    pub trials: u32,
    /// Per measure, in the pack's order.
    pub measures: Vec<BandMeasure>,
}

/// One measure over many trials.
#[derive(Debug, Clone, PartialEq)]
pub struct BandMeasure {
    /// Measure of the pack.
    pub name: Name,
    /// Values of the trials that have one, ascending.
    pub values: Vec<SimDuration>,
    /// Trials in which the later end was not reached before the end.
    pub censored: u32,
    /// Trials that met the target, of those in which it could be told.
    pub met: Option<(u32, u32)>,
    /// The one run's place: share of trials that were faster, 0 to 1.
    pub place: Option<f64>,
}

/// One milestone over many trials; durations count from `fault_start`.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialMilestone {
    /// Name.
    pub name: &'static str,
    /// Trials that reached it.
    pub reached: u32,
    /// Trials in which it could be observed.
    pub of: u32,
    /// Kaplan-Meier quantiles; `None` when the curve does not come down that far.
    pub p10: Option<SimDuration>,
    /// Median.
    pub p50: Option<SimDuration>,
    /// 90th percentile.
    pub p90: Option<SimDuration>,
    /// 95 % interval of the median; an open upper end is `None`.
    pub p50_ci: Option<(SimDuration, Option<SimDuration>)>,
}

/// One measure over many trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialMeasure {
    /// Name.
    pub name: Name,
    /// Target that applied most often.
    pub target: Option<SimDuration>,
    /// Trials that met it.
    pub met: u32,
    /// Trials in which it could be told.
    pub of: u32,
    /// 95 % Wilson interval of `met / of`.
    pub ci: Option<(f64, f64)>,
    /// All values of trials that have one, ascending, for the picture.
    pub values: Vec<SimDuration>,
}

/// What missed targets were lost to: mean share of the time, by cause.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyMeasure {
    /// Measure.
    pub name: Name,
    /// Trials that missed it.
    pub missed: u32,
    /// `(cause, mean time lost to it in the missed trials)`, largest first. Causes are
    /// `detection_floor`, `delivery`, `acknowledgement`, `roster`, `diagnosis`, `fallback`,
    /// `procedure`, `repair`.
    pub causes: Vec<(&'static str, SimDuration)>,
    /// One at a time: `(what was improved, share of trials that then meet the target)`.
    pub sensitivity: Vec<(&'static str, f64)>,
}

/// A requirement asked for with `--require`, and whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// As written.
    pub text: String,
    /// Lower bound of the interval, where there is one.
    pub lower: Option<f64>,
    /// Share asked for.
    pub asked: f64,
    /// Whether it holds.
    pub holds: bool,
}

/// A drill, run many times.
#[derive(Debug, Clone)]
pub struct Trials {
    /// The system, scenario, pack and preset it was run with.
    pub system: System,
    /// The scenario after `--set`.
    pub scenario: Scenario,
    /// The pack.
    pub pack: Pack,
    /// The preset.
    pub preset: Preset,
    /// First seed; trial n has seed + n.
    pub seed: crate::units::Seed,
    /// Number of trials.
    pub trials: u32,
    /// Hash over the runs' hashes in seed order.
    pub trace_hash: TraceHash,
    /// Events of all trials.
    pub events: u64,
    /// Per milestone, in canonical order.
    pub milestones: Vec<TrialMilestone>,
    /// Per measure, in the pack's order.
    pub measures: Vec<TrialMeasure>,
    /// Trials that met every target they could.
    pub all_met: (u32, u32),
    /// What missed targets were lost to, when asked for.
    pub why: Vec<WhyMeasure>,
    /// Requirements asked for.
    pub requirements: Vec<Requirement>,
}
