//! Playbooks: the steps a procedure demands, as data that simulated responders execute, humans
//! are measured against, and adherence is checked with.

use super::name::{Name, Text};
use super::preset::Stage;
use super::vocabulary::words;
use crate::units::SimDuration;

words! {
    /// The kind of incident a playbook answers. A policy's finding names one.
    Trigger {
        /// One service stopped or malfunctions.
        ServiceOutage => "service_outage",
        /// Several services failed together.
        MultiService => "multi_service",
        /// An agent does not answer, loops or burns.
        AgentHang => "agent_hang",
        /// An agent's work got worse.
        AgentQuality => "agent_quality",
        /// Task lists and messages between agents fail.
        Coordination => "coordination",
        /// The code host fails.
        CodeHost => "code_host",
        /// Chat fails.
        Communication => "communication",
        /// Nothing outside can be reached.
        Internet => "internet",
        /// Data are lost.
        DataLoss => "data_loss",
        /// Security is breached.
        Security => "security",
        /// Anything minor.
        Minor => "minor",
    }
}

words! {
    /// What doing a step changes in the world or in the timeline.
    StepEffect {
        /// Looks; changes nothing.
        Observe => "observe",
        /// Judges the impact.
        Assess => "assess",
        /// Looks for the cause; ends in a hypothesis.
        Diagnose => "diagnose",
        /// Declares the incident with the severity decided.
        Declare => "declare",
        /// Calls in all agents; done when the last one answered.
        Assemble => "assemble",
        /// Asks each agent by name for its part on each of `channels`; a request counts when it
        /// is confirmed.
        Request => "request",
        /// Starts escalation level `level` of the pack.
        Escalate => "escalate",
        /// Sends a message on each of `channels`.
        Message => "message",
        /// Delivers the report of `duty`.
        Report => "report",
        /// Posts for the public.
        PublicUpdate => "public_update",
        /// Moves what a lost tool carried to the first of `channels` that works, in this order.
        Switch => "switch",
        /// Reports progress on each of `channels`, again and again until the incident is
        /// resolved; the gap allowed is that of the pack's measure.
        Progress => "progress",
        /// Goes on with local copies; what is done from then on is kept as local records.
        WorkLocally => "work_locally",
        /// Replays the local records: each once, none lost.
        Replay => "replay",
        /// Keeps logs and images of what an intruder touched, before anything changes them.
        Preserve => "preserve",
        /// Cuts the intruder off: what was exposed is so no more.
        Contain => "contain",
        /// Stops development work.
        PauseWork => "pause_work",
        /// Lets development work go on.
        ResumeWork => "resume_work",
        /// Turns on the degraded modes for the target.
        Degrade => "degrade",
        /// Tries to clear the target's faults automatically; may fail.
        AutoRecover => "auto_recover",
        /// Clears the target's faults by hand.
        Recover => "recover",
        /// Hands the target agent's tasks to others.
        HandOver => "hand_over",
        /// Starts the target agent's backup.
        ActivateBackup => "activate_backup",
        /// Makes a backup; required before a destructive step.
        Backup => "backup",
        /// Restores data from the newest backup.
        Restore => "restore",
        /// Checks that data are consistent.
        CheckData => "check_data",
        /// Repairs inconsistent data.
        RepairData => "repair_data",
        /// Verifies the recovery; `resolved` waits for it.
        Verify => "verify",
        /// Claims that users are no longer affected.
        ClaimMitigated => "claim_mitigated",
        /// Claims that the incident is over.
        ClaimResolved => "claim_resolved",
        /// Makes a plan.
        Plan => "plan",
        /// Files an improvement action with kind, owner and due date.
        FileAction => "file_action",
    }
}

words! {
    /// What a step is repeated for.
    ForEach {
        /// Once.
        Once => "once",
        /// Each failed service, in the pack's priority.
        FailedService => "failed_service",
        /// Each failed agent.
        FailedAgent => "failed_agent",
    }
}

/// How long a step takes when nothing is in its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepTime {
    /// Around this median, spread by the preset's `step_sigma`.
    Median(SimDuration),
    /// This share of the drawn duration of a stage, so that the whole keeps the stage's
    /// distribution. Steps made for each target share it between them.
    Share {
        /// The stage drawn once per incident.
        stage: Stage,
        /// 0 to 1.
        share: f64,
    },
}

/// A rung of a ladder: steps that are due together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Unique within the pack; a measure's `step:ID`.
    pub id: Name,
    /// Title for people.
    pub title: Text,
    /// Clock starts at this milestone.
    pub from: Name,
    /// Due this long after it.
    pub within: SimDuration,
}

/// A phase of a staged recovery; a phase ends before the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// From 1.
    pub number: u32,
    /// Title for people.
    pub title: Text,
}

/// One step of a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique within the playbook.
    pub id: Name,
    /// Title for people.
    pub title: Text,
    /// Who does it.
    pub role: Name,
    /// What it changes.
    pub effect: StepEffect,
    /// How long it takes.
    pub time: StepTime,
    /// Steps that must be done before; an order without need is not written down.
    pub after: Vec<Name>,
    /// Waits for this milestone too (`detected`, `acked`, `mitigated`, `resolved`).
    pub wait_for: Option<Name>,
    /// What it is repeated for.
    pub for_each: ForEach,
    /// The rung it belongs to.
    pub rung: Option<Name>,
    /// The phase it belongs to.
    pub phase: Option<u32>,
    /// Channels that must carry its message, all of them.
    pub channels: Vec<Name>,
    /// The duty it fulfils.
    pub duty: Option<Name>,
    /// The escalation level it starts.
    pub level: Option<u32>,
    /// Skipping it rates adherence U; skipping another rates S or M.
    pub critical: bool,
    /// Needs a backup before it, and an approval.
    pub destructive: bool,
    /// A runbook describes it: the preset's `runbook_factor` applies.
    pub runbook: bool,
    /// Left out, with the reason, when what was lost is carried already by an earlier stage.
    pub last_resort: bool,
    /// Kind of the action filed (`monitoring`, `auto_recovery`, `backup`, `documents`).
    pub action_kind: Option<Name>,
}

/// The procedure for one kind of incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// Unique within the pack.
    pub id: Name,
    /// Title for people.
    pub title: Text,
    /// When it applies.
    pub trigger: Trigger,
    /// Rungs with their deadlines.
    pub rungs: Vec<Rung>,
    /// Phases in order.
    pub phases: Vec<Phase>,
    /// Steps; `after` makes them a directed acyclic graph.
    pub steps: Vec<Step>,
}
