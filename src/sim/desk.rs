//! What the person at the seat of a role knows of the role's own work, and what cannot be done.

use crate::model::{Name, Ref};
use crate::units::SimTime;

/// A step on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepAt {
    /// Playbook.
    pub playbook: Name,
    /// Step id.
    pub step: Name,
    /// Target, where the step is made for each.
    pub on: Option<Name>,
}

/// How something fares to whoever tries it and reads its logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is wrong with it.
    Works,
    /// It does its work badly.
    Degraded,
    /// It does not answer.
    Down,
    /// It answers, and its data do not agree.
    Damaged,
    /// Somebody reads its data who should not.
    Exposed,
    /// Nothing is known of it.
    Unknown,
}

/// What lies on the desk of a role. Nothing here tells more than its pages, its own steps and the
/// procedure do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Since when the role takes part.
    pub joined: Option<SimTime>,
    /// Who does its work at present, because nobody answered or it was handed over.
    pub stand_in: Option<Ref>,
    /// Steps it can work on at the same time.
    pub capacity: u32,
    /// Steps it works on.
    pub doing: Vec<StepAt>,
    /// Diagnoses whose evidence is in: they end when the person names a cause.
    pub judging: Vec<StepAt>,
    /// Pages that arrived and are not answered.
    pub pages: Vec<u32>,
    /// Approvals that colleagues wait for.
    pub approvals: Vec<StepAt>,
    /// Steps that the procedure asks of the role next, in its order.
    pub next: Vec<StepAt>,
    /// Whether findings of users and peers are told to this role.
    pub told: bool,
    /// Whether the role may approve.
    pub decides: bool,
    /// Whether dashboards open, which is known to whoever tries.
    pub dashboards: bool,
}

/// Why something cannot be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// No page waits for an answer.
    NoPage,
    /// The page is somebody else's, or did not arrive.
    NotYourPage,
    /// The role takes part already.
    HereAlready,
    /// This severity is in force.
    DeclaredAlready,
    /// The role works on as many steps as it can.
    Busy(Vec<StepAt>),
    /// The step is being done.
    UnderWay(StepAt),
    /// The step is done, and doing it again changes nothing.
    DoneAlready(StepAt),
    /// The step is made for each: one of these has to be named.
    NameTarget(Vec<Name>),
    /// The step cannot be made on this.
    WrongTarget,
    /// Nobody asked for this approval.
    NotAsked,
    /// It is given, or asked for already.
    AskedAlready,
    /// The role is one's own.
    Yourself,
    /// The role is being paged.
    PagedAlready,
    /// No escalation level reaches the role.
    NoLevel,
    /// Only a human may start the level.
    HumanOnly,
    /// The role does not take part.
    NotHere,
    /// The role has nobody to hand over to.
    NoColleague,
    /// The pack says nothing in public.
    NothingPublic,
    /// No step recovers this.
    NothingToRecover,
    /// It was said already.
    SaidAlready,
    /// No severity is known that could be declared: the person says which.
    SayLevel,
}
