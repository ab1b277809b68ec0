//! Events and the attributes of each kind.

use serde::{Deserialize, Serialize};

use crate::model::{
    DecisionKind, DetectionSource, FaultEffect, Governed, Name, Number, Ref, ServiceState,
    SignalKind,
};
use crate::units::{SimDuration, SimTime};

/// Position in the total order of a timeline, from 1.
pub type EventId = u32;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagePurpose {
    /// Tells that something is wrong.
    Notice,
    /// Asks for something; counts when confirmed.
    Request,
    /// Tells how it goes.
    Update,
    /// Confirms a request.
    Confirmation,
    /// Calls people in.
    Convene,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the total order.
    pub id: EventId,
    /// When it happened.
    pub at: SimTime,
    /// When responders could know it; never before `at`.
    pub known_at: SimTime,
    /// What happened, with its attributes.
    pub kind: EventKind,
    /// What it is about.
    pub about: Vec<Ref>,
    /// Who did it.
    pub by: Option<Ref>,
    /// How inexact a recorded `at` is.
    pub uncertainty: Option<SimDuration>,
    /// Free text; never scored.
    pub note: Option<Name>,
}

/// What happened. The variant's name in snake case is the `kind` on the wire; its fields are
/// the attributes of that kind. Two kinds are ground truth, see [`EventKind::is_ground_truth`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EventKind {
    /// A fault begins (ground truth).
    FaultInjected {
        /// Name within the scenario.
        fault: Name,
        /// What it does.
        effect: FaultEffect,
        /// A root cause: naming its target is a correct hypothesis.
        root: bool,
    },
    /// A fault ends (ground truth).
    FaultCleared {
        /// Name within the scenario.
        fault: Name,
    },
    /// Health probes of a service see another state.
    ServiceState {
        /// The state.
        state: ServiceState,
        /// The degraded mode that runs, where one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Name>,
    },
    /// The SLI of a service leaves its SLO: its slice's ratio is below the target.
    SliBreached {
        /// Name of the SLO.
        slo: Name,
    },
    /// The SLI is back inside the SLO.
    SliRecovered {
        /// Name of the SLO.
        slo: Name,
    },
    /// An alert's condition holds, its `for` is not over.
    AlertPending {
        /// Name of the SLO.
        slo: Name,
        /// `LONG/SHORT`.
        tier: Name,
        /// `page` or `ticket`.
        severity: Name,
    },
    /// An alert is on.
    AlertFiring {
        /// Name of the SLO.
        slo: Name,
        /// `LONG/SHORT`.
        tier: Name,
        /// `page` or `ticket`.
        severity: Name,
        /// Bad events in the governing window over those allowed in the period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget_spent: Option<Number>,
        /// Which window decided the instant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        governed_by: Option<Governed>,
    },
    /// An alert is off again.
    AlertResolved {
        /// Name of the SLO.
        slo: Name,
        /// `LONG/SHORT`.
        tier: Name,
        /// `page` or `ticket`.
        severity: Name,
    },
    /// Something was noticed, by a policy's rule or by a person.
    Finding {
        /// Rule of the pack, or `reported`.
        rule: Name,
        /// What noticed.
        source: DetectionSource,
        /// The playbook it stands for.
        trigger: Name,
    },
    /// A policy decided.
    Decision {
        /// Which function.
        function: DecisionKind,
        /// The severity decided, where one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<Name>,
        /// Reasons, in script order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<Name>,
        /// The script failed; the pack's fallback severity was taken.
        #[serde(default)]
        fallback: bool,
    },
    /// A page leaves for the role in `about`.
    PageSent {
        /// Page number, from 1; attempts of one page share it.
        page: u32,
        /// Channel of the pack, or tool.
        channel: Name,
        /// Attempt, from 1.
        attempt: u32,
        /// Escalation level it belongs to.
        level: u32,
    },
    /// A page arrives.
    PageDelivered {
        /// Page number.
        page: u32,
        /// Channel.
        channel: Name,
        /// Attempt.
        attempt: u32,
    },
    /// A page does not arrive.
    PageFailed {
        /// Page number.
        page: u32,
        /// Channel.
        channel: Name,
        /// Attempt.
        attempt: u32,
    },
    /// The role in `by` acknowledges.
    Acknowledged {
        /// Page number, where a page is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
    },
    /// An incident is declared.
    Declared {
        /// Severity level.
        level: Name,
    },
    /// The severity changes.
    SeverityChanged {
        /// Severity level.
        level: Name,
        /// Reasons given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<Name>,
    },
    /// `by` takes a role of the incident organisation.
    RoleTaken {
        /// The role.
        role: Name,
    },
    /// `by` joins the response.
    Joined {},
    /// `by` hands over.
    HandedOver {
        /// The role handed over, or the agent whose tasks are.
        what: Name,
        /// To whom.
        to: Ref,
    },
    /// A message goes out on a channel.
    MessageSent {
        /// Channel of the pack.
        channel: Name,
        /// What for.
        purpose: MessagePurpose,
    },
    /// A message does not get through.
    MessageFailed {
        /// Channel of the pack.
        channel: Name,
        /// What for.
        purpose: MessagePurpose,
    },
    /// Something is said in public.
    PublicUpdate {
        /// Channel of the pack.
        channel: Name,
        /// It says that the next one comes within this many milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_within_ms: Option<u32>,
    },
    /// `by` suspects what `about` names to be the cause.
    Hypothesis {},
    /// A step begins.
    StepStarted {
        /// Step of the playbook.
        step: Name,
        /// Playbook.
        playbook: Name,
        /// Phase it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u32>,
        /// Attempt, from 1.
        #[serde(default = "one")]
        attempt: u32,
    },
    /// A step is done.
    StepDone {
        /// Step of the playbook.
        step: Name,
        /// Playbook.
        playbook: Name,
        /// Phase it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u32>,
        /// Attempt, from 1.
        #[serde(default = "one")]
        attempt: u32,
    },
    /// A step fails.
    StepFailed {
        /// Step of the playbook.
        step: Name,
        /// Playbook.
        playbook: Name,
        /// Phase it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u32>,
        /// Attempt, from 1.
        #[serde(default = "one")]
        attempt: u32,
    },
    /// A step is left out.
    StepSkipped {
        /// Step of the playbook.
        step: Name,
        /// Playbook.
        playbook: Name,
        /// Typed at the time; a justified deviation counts S, not U.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Name>,
    },
    /// A change is rolled back.
    Rollback {
        /// What to.
        option: Name,
        /// Whether it worked.
        succeeded: bool,
    },
    /// An approval is asked for.
    ApprovalAsked {
        /// What for: a step of the playbook.
        what: Name,
    },
    /// An approval is given.
    ApprovalGiven {
        /// What for: a step of the playbook.
        what: Name,
    },
    /// `by` claims that users are no longer affected.
    MitigatedClaimed {},
    /// `by` claims that the incident is over.
    ResolvedClaimed {},
    /// The response ends before anything was declared: nothing is wrong. What comes later is
    /// another incident.
    StoodDown {},
    /// A report of a duty is delivered.
    ReportDelivered {
        /// Duty of the pack.
        duty: Name,
        /// Fields that hold something.
        fields: Vec<Name>,
        /// Fields that say "hypothesis" or "not yet known".
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        preliminary: Vec<Name>,
        /// Channels that carried it.
        channels: Vec<Name>,
    },
    /// An improvement action is filed.
    ActionFiled {
        /// Id within the drill (`AI-001`).
        action: Name,
        /// `monitoring`, `auto_recovery`, `backup` or `documents`.
        action_kind: Name,
        /// Role that owns it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Name>,
        /// Due date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Name>,
    },
    /// The facilitator helps; exists only in train mode.
    Hint {
        /// The step it helped with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Name>,
    },
    /// An inject reaches the responders.
    Inject {
        /// Name within the scenario.
        inject: Name,
    },
    /// A signal of an entity is seen to have a new value.
    Observation {
        /// Which signal.
        signal: SignalKind,
        /// Value in the signal's unit.
        value: Number,
    },
    /// The exercise ends.
    Stopped {
        /// `endex`, `done` or `abort`.
        reason: Name,
    },
}

const fn one() -> u32 {
    1
}

impl EventKind {
    /// The `kind` on the wire.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FaultInjected { .. } => "fault_injected",
            Self::FaultCleared { .. } => "fault_cleared",
            Self::ServiceState { .. } => "service_state",
            Self::SliBreached { .. } => "sli_breached",
            Self::SliRecovered { .. } => "sli_recovered",
            Self::AlertPending { .. } => "alert_pending",
            Self::AlertFiring { .. } => "alert_firing",
            Self::AlertResolved { .. } => "alert_resolved",
            Self::Finding { .. } => "finding",
            Self::Decision { .. } => "decision",
            Self::PageSent { .. } => "page_sent",
            Self::PageDelivered { .. } => "page_delivered",
            Self::PageFailed { .. } => "page_failed",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Declared { .. } => "declared",
            Self::SeverityChanged { .. } => "severity_changed",
            Self::RoleTaken { .. } => "role_taken",
            Self::Joined {} => "joined",
            Self::HandedOver { .. } => "handed_over",
            Self::MessageSent { .. } => "message_sent",
            Self::MessageFailed { .. } => "message_failed",
            Self::PublicUpdate { .. } => "public_update",
            Self::Hypothesis {} => "hypothesis",
            Self::StepStarted { .. } => "step_started",
            Self::StepDone { .. } => "step_done",
            Self::StepFailed { .. } => "step_failed",
            Self::StepSkipped { .. } => "step_skipped",
            Self::Rollback { .. } => "rollback",
            Self::ApprovalAsked { .. } => "approval_asked",
            Self::ApprovalGiven { .. } => "approval_given",
            Self::MitigatedClaimed {} => "mitigated_claimed",
            Self::ResolvedClaimed {} => "resolved_claimed",
            Self::StoodDown {} => "stood_down",
            Self::ReportDelivered { .. } => "report_delivered",
            Self::ActionFiled { .. } => "action_filed",
            Self::Hint { .. } => "hint",
            Self::Inject { .. } => "inject",
            Self::Observation { .. } => "observation",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// Whether only the scorer may see it: policies and responders never do.
    pub const fn is_ground_truth(&self) -> bool {
        matches!(self, Self::FaultInjected { .. } | Self::FaultCleared { .. })
    }
}
