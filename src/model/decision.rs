//! What policies answer: findings, severities, escalation steps, violations, with their reasons.

use serde::{Deserialize, Serialize};

use super::name::{Name, Ref};
use super::vocabulary::DetectionSource;
use crate::units::SimDuration;

/// The policy function that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// `detect(signals) -> [finding]`.
    Detect,
    /// `severity(facts) -> #{level, reasons}`.
    Severity,
    /// `escalate(incident) -> [step]`.
    Escalate,
    /// `adherence(timeline) -> [violation]`.
    Adherence,
    /// `rollback(problem) -> option`.
    Rollback,
    /// `freeze(budgets) -> verdict`.
    Freeze,
}

/// Something is wrong with an entity, by a rule of the pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Rule identifier, unique within the pack (`agent-hang-24h`).
    pub rule: Name,
    /// What it is about.
    pub about: Ref,
    /// The playbook trigger it stands for (`service_outage`, `agent_hang`, ...), see
    /// [`super::Trigger`].
    pub trigger: Name,
    /// What noticed.
    pub source: DetectionSource,
}

/// One step that an escalation policy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Escalation level of the pack, from 1.
    pub level: u32,
    /// The role to be told.
    pub role: Name,
    /// Every one of these must carry the message; names of the pack's channels.
    pub channels: Vec<Name>,
    /// Due this long after detection.
    pub within: SimDuration,
}

/// A rule of the procedure that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Rule identifier.
    pub rule: Name,
    /// What happened, for people.
    pub message: Name,
    /// Ids of the events that show it.
    pub evidence: Vec<u32>,
    /// Whether a hard gate fails (a destructive action without confirmation, an unsafe bypass).
    pub unsafe_action: bool,
}

/// One evaluated expression of a script: where, and what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// Script path within the pack.
    pub file: Name,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
    /// What was looked at or concluded (`services_down = 2`).
    pub what: String,
}

/// How a decision came about, step by step. Empty unless tracing was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// In order of evaluation.
    pub steps: Vec<TraceStep>,
}

/// A severity decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Severity level of the pack, or `None` when no condition holds.
    pub level: Option<Name>,
    /// Why; every condition that held, in script order.
    pub reasons: Vec<Name>,
    /// The script failed and the pack's stated fallback severity was taken.
    pub fallback: bool,
}
