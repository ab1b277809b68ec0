//! What goes into the engine and what comes out.

use crate::model::{AlertTransition, Escalation, Finding, Mode, Name, Ref, Slice};
use crate::timeline::EventKind;
use crate::units::{Seed, SimTime};

/// How much a run writes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything people read: notes, gauges.
    Full,
    /// What is scored and hashed, no texts.
    Trial,
}

/// What a run is a function of, beside its blueprint and the acts applied.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Seed of all streams.
    pub seed: Seed,
    /// When the exercise starts.
    pub start: SimTime,
    /// Train or evaluate.
    pub mode: Mode,
    /// Roles removed from play (DiRT: the key person is not there).
    pub without: Vec<Name>,
    /// How much is written down.
    pub detail: Detail,
}

/// An event before it has its place in the total order. Its instant is that of its output.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// When it happened.
    pub at: SimTime,
    /// When responders could know it.
    pub known_at: SimTime,
    /// What happened.
    pub kind: EventKind,
    /// What it is about.
    pub about: Vec<Ref>,
    /// Who did it.
    pub by: Option<Ref>,
    /// Free text, under [`Detail::Full`] only.
    pub note: Option<Name>,
}

/// Something that happened while time moved on; outputs come ascending in time.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// An event for the timeline.
    Event(Draft),
    /// A closed slice of an SLO's series that differs from the shared steady baseline, or may.
    /// Slices of a series come without gaps from the first one on, until it is steady again for
    /// as long as the longest short window of its tiers.
    Slice {
        /// Index of the SLO in the system's list.
        slo: usize,
        /// End of the slice.
        end: SimTime,
        /// What was measured.
        slice: Slice,
    },
}

/// What a live or recorded responder does. All but [`RespondAct::Look`] and [`RespondAct::Hint`]
/// make its role take part.
#[derive(Debug, Clone, PartialEq)]
pub enum RespondAct {
    /// Answers a page of its own.
    Acknowledge {
        /// Page number; `None` answers the oldest open one.
        page: Option<u32>,
    },
    /// Joins the response without a page.
    Join,
    /// Declares an incident, or changes its severity in either direction.
    Declare {
        /// Severity level of the pack.
        level: Name,
    },
    /// Pages a role on the channels of its escalation level.
    Page {
        /// The role.
        role: Name,
    },
    /// Asks a role how it stands; one that does not take part yet is called in.
    Ask {
        /// The role.
        role: Name,
    },
    /// Asks whoever does a step to do it, or to do it again.
    AskFor {
        /// Step id.
        step: Name,
        /// Target, where the step is made for each.
        on: Option<Name>,
    },
    /// Asks a human for the approval of a step.
    AskApproval {
        /// Step id.
        step: Name,
        /// Target, where the step is made for each.
        on: Option<Name>,
    },
    /// Approves a step that a colleague asked for.
    Approve {
        /// Step id.
        step: Name,
        /// Target, where the step is made for each.
        on: Option<Name>,
    },
    /// Looks at the dashboards, or tries a service, an agent or a tool itself.
    Look {
        /// What is tried; `None` opens the dashboards.
        about: Option<Ref>,
    },
    /// Goes back to an earlier version of a service; takes the time of its recovery step.
    RollBack {
        /// The service.
        on: Name,
        /// What to.
        option: Name,
    },
    /// Says something on a channel.
    Say {
        /// Channel of the pack.
        channel: Name,
        /// What is said.
        text: Name,
    },
    /// Posts for the public.
    Post {
        /// What is said.
        text: Name,
    },
    /// Gives its role to another, or to a colleague of the same role.
    HandOver {
        /// The role that takes it.
        to: Name,
    },
    /// Claims that users are no longer affected.
    ClaimMitigated,
    /// Claims that the incident is over.
    ClaimResolved,
    /// The facilitator helps.
    Hint {
        /// The step it is about.
        step: Option<Name>,
    },
    /// Begins a step of the playbook; it takes the time the playbook and the preset say.
    Step {
        /// Step id.
        step: Name,
        /// Target, where the step is made for each.
        on: Option<Name>,
    },
    /// Leaves a step out, with a reason typed at the time.
    Skip {
        /// Step id.
        step: Name,
        /// Target, where the step is made for each; `None` means all.
        on: Option<Name>,
        /// Why.
        reason: Option<Name>,
    },
    /// Suspects a cause.
    Suspect {
        /// What.
        about: Ref,
    },
}

/// What alerts, policies and live responders tell the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// An alert changed state.
    Alert(AlertTransition),
    /// `detect` found something new.
    Findings(Vec<Finding>),
    /// `severity` decided: level of the pack, `None` for nothing.
    Severity(Option<Name>),
    /// `escalate` asks for these steps; those already started are not repeated.
    Escalate(Vec<Escalation>),
    /// A responder acts.
    Respond {
        /// The role.
        role: Name,
        /// What it does.
        what: RespondAct,
    },
}
