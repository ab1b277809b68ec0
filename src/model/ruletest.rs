//! Rule tests as data: what is known, what the pack's scripts must say, and what they must not.

use super::freeze::BudgetFact;
use super::name::{Name, Ref};
use super::signal::SignalKind;
use super::system::Environment;
use super::vocabulary::{DetectionSource, ServiceState};
use crate::diag::{SourceText, Span};
use crate::units::SimDuration;

/// A service as a rule test states it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceFact {
    /// Its name.
    pub name: Name,
    /// State seen by health probes.
    pub state: ServiceState,
    /// How long it has been in this state.
    pub state_for: SimDuration,
    /// The degraded mode that runs.
    pub mode: Option<Name>,
    /// Signals of the service.
    pub signals: Vec<(SignalKind, f64)>,
    /// Burn-rate alerts firing, as `(SLO, tier, severity)`.
    pub alerts: Vec<(Name, Name, Name)>,
}

/// An agent as a rule test states it.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentFact {
    /// Its name.
    pub name: Name,
    /// Development stops without it.
    pub blocks_development: bool,
    /// Signals of the agent.
    pub signals: Vec<(SignalKind, f64)>,
    /// Who reported it.
    pub reported: Option<DetectionSource>,
}

/// What is known, stated directly.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Where the system runs; `None` is unknown.
    pub environment: Option<Environment>,
    /// Services; others of the system are `up`.
    pub services: Vec<ServiceFact>,
    /// Agents; nothing is known of others.
    pub agents: Vec<AgentFact>,
    /// Signals of the whole system.
    pub signals: Vec<(SignalKind, f64)>,
    /// Time since detection; `None` when nothing was detected yet.
    pub detected_ago: Option<SimDuration>,
    /// The severity in force.
    pub severity: Option<Name>,
    /// Somebody acknowledged.
    pub acknowledged: bool,
    /// Mitigation was claimed.
    pub mitigated: bool,
    /// The end was claimed.
    pub resolved: bool,
    /// Escalation levels already started.
    pub levels: Vec<u32>,
    /// Findings so far as `(rule, about)`.
    pub findings: Vec<(Name, Ref)>,
}

/// What a case starts from.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Facts stated in the case.
    Facts(Box<Facts>),
    /// Error budgets, which only `freeze` is asked about.
    Budgets(Vec<BudgetFact>),
    /// A timeline file (JSONL, or recorded TOML), looked at this long after its start.
    Timeline {
        /// Path relative to the test file.
        path: Name,
        /// Offset from the timeline's start.
        at: SimDuration,
    },
}

/// An escalation step that is expected; fields left out match anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedStep {
    /// Escalation level.
    pub level: u32,
    /// Role told.
    pub role: Option<Name>,
    /// Channels, all of them and no others.
    pub channels: Option<Vec<Name>>,
    /// Deadline after detection.
    pub within: Option<SimDuration>,
}

/// What must and what must not come out. `None` and empty lists expect nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// The severity level; `none` in the file means that no level may be given.
    pub severity: Option<Option<Name>>,
    /// Reasons that must be among those given.
    pub reasons: Vec<Name>,
    /// Reasons that must not be among them.
    pub no_reasons: Vec<Name>,
    /// Findings that must be there, as `(rule, about)`; without `about` any will do.
    pub findings: Vec<(Name, Option<Ref>)>,
    /// Rules that must not find anything.
    pub no_findings: Vec<Name>,
    /// Escalation steps that must be there.
    pub steps: Vec<ExpectedStep>,
    /// Escalation levels that must not be started.
    pub no_levels: Vec<u32>,
    /// Channels that must be used by some step.
    pub channels: Vec<Name>,
    /// Channels that no step may use.
    pub no_channels: Vec<Name>,
    /// Rules of `adherence` that must be violated.
    pub violations: Vec<Name>,
    /// Rules that must not be violated.
    pub no_violations: Vec<Name>,
    /// Rules of `freeze` that must hold releases back, as `(rule, SLO)`; without an SLO any.
    pub holds: Vec<(Name, Option<Name>)>,
    /// Rules that must not.
    pub no_holds: Vec<Name>,
}

impl Expect {
    /// Whether anything at all is expected; a test without an expectation is an error.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCase {
    /// Unique within the file.
    pub name: Name,
    /// Where the case begins in its file.
    pub span: Span,
    /// Rows of the requirements it checks.
    pub rows: Vec<Name>,
    /// What is known.
    pub given: Given,
    /// What must come out.
    pub expect: Expect,
    /// Why it is not run.
    pub skip: Option<Name>,
}

/// A file of rule tests.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTests {
    /// The file.
    pub source: SourceText,
    /// Pack tested; the folder's own when left out.
    pub pack: Option<Name>,
    /// Cases in file order.
    pub cases: Vec<RuleCase>,
}
