//! What comes out of a game: values that reports put into words.

use super::command::{Misread, Verb};
use super::record_step::Basis;
use super::sight::Way;
use crate::model::{Name, Ref};
use crate::sim::{Condition, Objection, StepAt};
use crate::timeline::{AgentKnown, AlertKnown, Event, FindingKnown, ServiceKnown};
use crate::units::{SimDuration, SimTime};

/// What dashboards show to whoever looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// When it was looked at.
    pub at: SimTime,
    /// Whether dashboards open; where not, what was known before is shown.
    pub opens: bool,
    /// What was tried by itself, where not everything was looked at.
    pub only: Option<Ref>,
    /// Services, in the system's order.
    pub services: Vec<ServiceKnown>,
    /// Agents, in the system's order.
    pub agents: Vec<AgentKnown>,
    /// Alerts that are firing.
    pub alerts: Vec<AlertKnown>,
    /// Findings about what was tried.
    pub findings: Vec<FindingKnown>,
    /// Stores and tools that were tried, and services that a recording says no state of.
    pub tried: Vec<Symptom>,
}

/// One thing that a diagnosis looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// What.
    pub about: Ref,
    /// How it fares.
    pub condition: Condition,
    /// What it cannot work without, and what it calls.
    pub needs: Vec<Name>,
}

/// What a diagnosis found. It draws no conclusion: that is the person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The step.
    pub at: StepAt,
    /// What is known to be hit, then what that needs.
    pub symptoms: Vec<Symptom>,
    /// The step ends when the person names a cause.
    pub waits: bool,
}

/// What a recording cannot show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unshown {
    /// What a step changed.
    Step {
        /// The step.
        at: StepAt,
        /// Where its time came from.
        basis: Basis,
        /// It failed, as it did then.
        fails: bool,
    },
    /// What somebody would have answered.
    Answer,
}

/// How things stand with the seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Now.
    pub at: SimTime,
    /// Since when the role takes part.
    pub joined: Option<SimTime>,
    /// Who does its work at present.
    pub stand_in: Option<Ref>,
    /// Pages that wait for an answer.
    pub pages: Vec<u32>,
    /// Approvals that wait for an answer.
    pub approvals: Vec<StepAt>,
    /// Steps the role works on.
    pub doing: Vec<StepAt>,
    /// Diagnoses that wait for the person to name a cause.
    pub judging: Vec<StepAt>,
    /// Severity that policies or people said last, as far as the role knows.
    pub severity: Option<Name>,
    /// Severity declared, and when.
    pub declared: Option<(Name, SimTime)>,
    /// When users were said to be no longer affected.
    pub mitigated: Option<SimTime>,
    /// When the incident was said to be over.
    pub resolved: Option<SimTime>,
}

/// One line of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookStep {
    /// Step id.
    pub step: Name,
    /// The role whose step it is.
    pub role: Name,
    /// The step is the seat's.
    pub mine: bool,
    /// It is done, at least once, as far as the role knows.
    pub done: bool,
    /// The seat works on it.
    pub doing: bool,
    /// It is made for each.
    pub each: bool,
    /// It needs a backup and an approval.
    pub destructive: bool,
}

/// What a hint points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HintAbout {
    /// A page waits.
    Page(u32),
    /// An approval waits.
    Approval(StepAt),
    /// A diagnosis waits for a cause to be named.
    Cause(StepAt),
    /// The next step of the procedure.
    Step(StepAt),
    /// Nothing is known yet: look.
    Look,
    /// Others are at work: wait.
    Wait,
}

/// Something that comes out of a game.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Something reached the person.
    Event {
        /// What.
        event: Box<Event>,
        /// How.
        way: Way,
    },
    /// What stands in a page.
    PageSays {
        /// The severity in force.
        severity: Option<Name>,
        /// What was found last.
        findings: Vec<FindingKnown>,
    },
    /// On joining: what the channels said before, oldest first, and how much more there was.
    CatchUp {
        /// The last of it.
        events: Vec<Event>,
        /// How many events before are left out.
        left: usize,
    },
    /// A colleague tells how it stands: what it works on and what it suspects, as far as it has
    /// said so on the channels.
    Reply {
        /// Who.
        by: Ref,
        /// Steps under way, with their targets.
        doing: Vec<(Name, Name, Option<Ref>)>,
        /// What it suspected last.
        suspects: Option<Ref>,
    },
    /// What a diagnosis found.
    Evidence(Evidence),
    /// What a recording cannot show.
    Unshown(Unshown),
    /// Dashboards.
    Board(Box<Board>),
    /// Where things stand.
    Standing(Box<Standing>),
    /// A playbook.
    Runbook {
        /// Its id.
        playbook: Name,
        /// Its steps.
        steps: Vec<RunbookStep>,
    },
    /// No playbook applies as far as the role knows; these exist.
    Playbooks(Vec<Name>),
    /// What was noticed so far.
    Log(Vec<Event>),
    /// Time passed.
    Waited {
        /// From.
        from: SimTime,
        /// To.
        to: SimTime,
        /// It was cut short by something that was noticed.
        woken: bool,
    },
    /// Help by the facilitator.
    Hint(HintAbout),
    /// A note was taken.
    Noted,
    /// The line was not understood.
    Misread(Misread),
    /// It cannot be done now.
    Objection(Objection),
    /// The manual.
    Help(Option<&'static Verb>),
    /// The clock stands still.
    Paused,
    /// The person leaves.
    Left,
    /// The exercise has ended, after this long.
    Over(SimDuration),
}
