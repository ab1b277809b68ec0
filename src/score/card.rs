//! The scorecard: what a timeline is worth, with the evidence for every rating.

use serde::Serialize;

use super::reading::why;
use crate::model::{DetectionSource, Name, Ref, Text, Violation};
use crate::timeline::EventId;
use crate::units::{SimDuration, SimTime};

/// Whether a milestone was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneState {
    /// It happened, at a known time.
    Observed,
    /// It had not happened when the record ended: right-censored, never "as long as the drill".
    NotReached,
    /// The record cannot tell.
    NotObservable,
}

/// One milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// One of [`crate::model::MILESTONES`].
    pub name: &'static str,
    /// Whether it was reached.
    pub state: MilestoneState,
    /// When, where observed.
    pub at: Option<SimTime>,
    /// How inexact `at` is; zero for simulations.
    pub uncertainty: SimDuration,
    /// The event that shows it.
    pub evidence: Option<EventId>,
    /// What noticed, for `detected`.
    pub source: Option<DetectionSource>,
    /// Why it is not observed.
    pub reason: Option<&'static str>,
}

/// HSEEP ratings. `NotObservable` is left out of every mean and shown as a gap in the exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Rating {
    /// Performed without challenges: 1.0.
    P,
    /// Performed with some challenges: 0.8.
    S,
    /// Performed with major challenges: 0.4.
    M,
    /// Unable to be performed: 0.
    U,
    /// Not observable.
    #[serde(rename = "N/O")]
    NotObservable,
}

/// One response time beside its target.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureResult {
    /// Measure of the pack.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// A milestone, `duty:ID` or `step:ID`.
    pub from: Name,
    /// A milestone, `duty:ID` or `step:ID`.
    pub to: Name,
    /// Measured; may be negative; `None` when an end is missing.
    pub value: Option<SimDuration>,
    /// Target at the severity that applies; `None` shows the value unrated.
    pub target: Option<SimDuration>,
    /// The target is the pack author's choice, not the document's.
    pub target_assumed: bool,
    /// The earliest that tools and rules allow.
    pub floor: Option<SimDuration>,
    /// Rating.
    pub rating: Rating,
    /// The target lies below its floor: a finding about the design, not a U for the team.
    pub below_floor: bool,
    /// A recorded time's uncertainty straddles the target; the worse rating was given.
    pub straddles: bool,
    /// Ids of the events used.
    pub evidence: Vec<EventId>,
    /// The rule applied, with its arithmetic, in English (`4m 12s <= 5m: target met`).
    pub rule: String,
    /// Why there is no value.
    pub reason: Option<String>,
}

impl MeasureResult {
    /// Whether it has no value because it has no place in this incident, which is no gap in the
    /// exercise.
    pub fn has_no_place(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| why::NO_PLACE.contains(&reason.as_str()))
    }
}

/// How one required step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// Done, in order, in time.
    Done,
    /// Done after its rung's deadline.
    Late,
    /// Done before a step that it needed.
    OutOfOrder,
    /// Not done, with a reason typed at the time.
    Justified,
    /// Not done.
    Skipped,
    /// The record ended before it was due.
    Censored,
}

/// One step of the procedure, beside what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult {
    /// Playbook.
    pub playbook: Name,
    /// Step.
    pub step: Name,
    /// Target, where it is made for each service or agent.
    pub on: Option<Name>,
    /// Title for people.
    pub title: Text,
    /// How it went.
    pub outcome: StepOutcome,
    /// Skipping it rates U.
    pub critical: bool,
    /// When it was done.
    pub at: Option<SimTime>,
    /// How many attempts failed before.
    pub failed_attempts: u32,
    /// When it was due, where its rung has a deadline.
    pub due: Option<SimTime>,
    /// Ids of the events used.
    pub evidence: Vec<EventId>,
}

/// One report that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyResult {
    /// Duty of the pack.
    pub duty: Name,
    /// Title for people.
    pub title: Text,
    /// When it was due; `None` when its clock never started.
    pub due: Option<SimTime>,
    /// When it was delivered complete.
    pub at: Option<SimTime>,
    /// Required fields that never came.
    pub missing: Vec<Name>,
    /// Fields that were preliminary.
    pub preliminary: Vec<Name>,
    /// Ids of the events used.
    pub evidence: Vec<EventId>,
}

/// One request to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestResult {
    /// Who was asked.
    pub to: Ref,
    /// Who asked.
    pub by: Option<Ref>,
    /// Channel of the pack.
    pub channel: Name,
    /// When.
    pub at: SimTime,
    /// When it was answered; `None` when it stayed without an answer.
    pub answered: Option<SimTime>,
    /// Ids of the request and of its answer.
    pub evidence: Vec<EventId>,
}

/// One capability.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityResult {
    /// Capability of the pack.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Worst critical task.
    pub rating: Rating,
    /// Weighted mean of its tasks times `weight`; `None` when nothing was observable.
    pub points: Option<f64>,
    /// Share of 100 after the weight of what was not observable was spread.
    pub weight: f64,
    /// The tasks with their ratings.
    pub tasks: Vec<(Name, Rating)>,
}

/// The overall result.
#[derive(Debug, Clone, PartialEq)]
pub struct Overall {
    /// 0 to 100; `None` when less than half of the weight was observable. Without an incident:
    /// 100 when nobody was alarmed, 40 for pages or needless work, 0 for a declaration.
    pub points: Option<f64>,
    /// `None` where all responders were simulated, or points are unknown.
    pub rating: Option<Rating>,
    /// Why there is no rating.
    pub reason: Option<&'static str>,
    /// Hard gates that failed, with the ids of their events.
    pub gates: Vec<(Name, Vec<EventId>)>,
}

/// One entry of the severity history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityEntry {
    /// When.
    pub at: SimTime,
    /// Level.
    pub level: Name,
    /// Who.
    pub by: Option<Name>,
    /// Why.
    pub reasons: Vec<Name>,
}

/// Severity, declared beside expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityResult {
    /// Highest level declared.
    pub declared: Option<Name>,
    /// Level expected by the scenario.
    pub expected: Option<Name>,
    /// All changes.
    pub history: Vec<SeverityEntry>,
    /// Time spent at a level other than the expected one, after detection.
    pub wrong: SimDuration,
}

/// Counts that show correctness beside speed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Correctness {
    /// Pages sent while nothing was wrong.
    pub false_pages: u32,
    /// Declarations while nothing was wrong.
    pub false_declarations: u32,
    /// Claims of mitigation while an SLI was still bad.
    pub false_mitigations: u32,
    /// Hypotheses that named a wrong component.
    pub wrong_hypotheses: u32,
    /// Steps begun while nothing was wrong: what a false report cost.
    pub false_actions: u32,
    /// Decisions that the pack's fallback took because its script failed.
    pub failed_decisions: u32,
}

impl Correctness {
    /// Pages, declarations and steps for which there was no reason.
    pub fn false_alarms(&self) -> u32 {
        self.false_pages + self.false_declarations + self.false_actions
    }
}

/// What a timeline is worth under a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// Whether there was an incident at all. Without one (a control drill on a quiet day) nothing
    /// but false alarms is judged: `overall` is their verdict, and what is not observable is no
    /// gap in the exercise.
    pub incident: bool,
    /// Always all 15, in canonical order.
    pub milestones: Vec<Milestone>,
    /// In the pack's order.
    pub measures: Vec<MeasureResult>,
    /// Required steps, in procedure order.
    pub steps: Vec<StepResult>,
    /// Reports due, in the pack's order.
    pub duties: Vec<DutyResult>,
    /// Requests, in the order of time.
    pub requests: Vec<RequestResult>,
    /// In the pack's order.
    pub capabilities: Vec<CapabilityResult>,
    /// The overall result.
    pub overall: Overall,
    /// Severity, declared beside expected.
    pub severity: SeverityResult,
    /// Rules broken: of the sequence check and of the pack's `adherence` script.
    pub violations: Vec<Violation>,
    /// Correctness beside speed.
    pub correctness: Correctness,
}
