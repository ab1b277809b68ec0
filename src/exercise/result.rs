//! What the use cases hand to `report`.

use super::once::Counts;
use crate::diag::Diagnostic;
use crate::model::{Name, Pack, Preset, Scenario, System, Telemetry};
use crate::score::Scorecard;
use crate::score::stats::Difference;
use crate::sim::LocalRecord;
use crate::timeline::{Header, Timeline, TraceHash};
use crate::units::{Seed, SimDuration};

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
    /// What agents recorded locally while the code host or the internet was lost, by number.
    pub local_records: Vec<LocalRecord>,
    /// The same drill under other seeds; `None` when not asked for.
    pub band: Option<Band>,
    /// Work done, for the count budgets.
    pub counts: Counts,
    /// Scripts of the pack that failed during the drill, each place once; the pack's stated
    /// fallback severity was taken, and the decision's event is marked.
    pub script_failures: Vec<Diagnostic>,
}

/// Where one run lies among many of the same drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Seed of the first trial, which is the one run's; trial n has seed + n.
    pub seed: Seed,
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
    /// Trials in which the later end was not reached before the end.
    pub censored: u32,
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
    /// `detection`, `delivery`, `acknowledgement`, `roster`, `procedure`, `diagnosis`, `repair`.
    pub causes: Vec<(&'static str, SimDuration)>,
    /// One at a time: `(what was improved, share of trials that then meet the target)`.
    pub sensitivity: Vec<(&'static str, f64)>,
    /// The same improvements less "as it is", in pairs of the same seed; those that fewer than two
    /// pairs can tell are left out.
    pub gains: Vec<(&'static str, Difference)>,
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
    /// What the first trial is a function of.
    pub header: Header,
    /// First seed; trial n has seed + n.
    pub seed: Seed,
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
    /// Trials in which a script of the pack failed and its fallback decided.
    pub failed_scripts: u32,
    /// Trials in which people were alarmed without reason.
    pub false_alarms: u32,
    /// What missed targets were lost to, when asked for.
    pub why: Vec<WhyMeasure>,
    /// Requirements asked for.
    pub requirements: Vec<Requirement>,
}
