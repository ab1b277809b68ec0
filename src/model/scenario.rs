//! A scenario: what fails and when, what is injected, what a good response would do.

use super::name::{Name, Ref, Text};
use super::pack::ContentHash;
use super::signal::SignalKind;
use super::vocabulary::{Mode, When, words};
use crate::units::{SimDuration, SimTime};

words! {
    /// What a fault does to its target.
    FaultEffect {
        /// Service, store or tool: does not answer.
        Down => "down",
        /// Service: `amount` of the requests fail.
        Errors => "errors",
        /// Service: latency is `amount` times its steady value.
        Slow => "slow",
        /// Service: capacity falls to `amount` of its steady value.
        Capacity => "capacity",
        /// Service: arrivals change to `amount` of the expected rate.
        Traffic => "traffic",
        /// Service or store: data are damaged; a service is not resolved before they are repaired.
        DataDamage => "data_damage",
        /// Agent: takes tasks and answers none, heartbeat green, no errors.
        Silent => "silent",
        /// Agent: every task ends in an error response.
        ErrorLoop => "error_loop",
        /// Agent: tokens and tool calls at `amount` times the baseline, nothing completed,
        /// heartbeat green.
        SlowBurn => "slow_burn",
        /// Agent: its results get worse until they are at `amount` times their usual figures:
        /// failing tests, review findings, time per task; the heartbeat is green.
        QualityDrop => "quality_drop",
        /// Store: data are gone, and `amount` of the requests that need them fail, until they are
        /// restored from a backup taken before the loss began.
        DataLoss => "data_loss",
        /// Service or store: somebody has got in. Nothing fails; it is exposed until contained.
        Breach => "breach",
    }
}

words! {
    /// How a fault grows over time.
    Shape {
        /// At once.
        Step => "step",
        /// Linearly over `over`.
        Ramp => "ramp",
        /// On and off, each for half of `over`.
        Flap => "flap",
        /// Linearly up over `over`, then back to nothing, again and again.
        Sawtooth => "sawtooth",
    }
}

words! {
    /// What an inject does.
    InjectKind {
        /// A plausible but wrong lead: points responders at `about`.
        RedHerring => "red_herring",
        /// News that a responder receives (a user's mail, a peer's report).
        News => "news",
        /// A true observation that a dashboard would show.
        Observation => "observation",
    }
}

words! {
    /// How trouble spreads and lasts: what a scenario can show besides its fault.
    Mechanic {
        /// Retries of several layers multiply: 4 attempts on 3 layers are 64 calls.
        RetryProduct => "retry_product",
        /// Near its capacity a service gets slow, and its processors idle while threads wait.
        QueueSaturation => "queue_saturation",
        /// The trigger is gone, and the overload stays until load is shed.
        MetastableOverload => "metastable_overload",
        /// What came in meanwhile is worked off after the cause is gone.
        BacklogDrain => "backlog_drain",
        /// What people see by, or speak by, fails with what they look after.
        SharedFate => "shared_fate",
        /// What is to take its place fails when it is needed.
        FailingFallback => "failing_fallback",
    }
}

/// How a fault ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultEnd {
    /// A recovery step on its target clears it.
    Recovery,
    /// It goes away by itself this long after it began; a metastable overload may stay.
    After(SimDuration),
}

/// One fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Unique within the scenario.
    pub name: Name,
    /// Offset from the start of the drill.
    pub at: SimDuration,
    /// The service, store, agent or tool hit. May be `service:$service` to use a parameter.
    pub on: Ref,
    /// What it does.
    pub effect: FaultEffect,
    /// Strength in the unit of the effect.
    pub amount: f64,
    /// How it grows.
    pub shape: Shape,
    /// Time constant of the shape; zero for a step.
    pub over: SimDuration,
    /// How it ends.
    pub end: FaultEnd,
    /// A root cause: naming its target is a correct hypothesis.
    pub root: bool,
}

/// One inject of the facilitator's list (HSEEP: MSEL).
#[derive(Debug, Clone, PartialEq)]
pub struct Inject {
    /// Unique within the scenario.
    pub name: Name,
    /// Offset from the start of the drill.
    pub at: SimDuration,
    /// What it does.
    pub kind: InjectKind,
    /// What it points at.
    pub about: Ref,
    /// What is said.
    pub text: Text,
    /// A condition of the whole system that an observation states, such as `security_breach`.
    pub signal: Option<SignalKind>,
}

/// A step that fails on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFailure {
    /// Step of the playbook.
    pub step: Name,
    /// The service it fails on, when the step is made for each service.
    pub on: Option<Name>,
    /// How many attempts fail before one succeeds.
    pub attempts: u32,
    /// What the failure looks like.
    pub text: Text,
}

/// A scripted responder's act, by the clock: the role does this step at this offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Offset from the start of the drill.
    pub at: SimDuration,
    /// Who acts.
    pub role: Name,
    /// Step of the playbook.
    pub step: Name,
    /// Target of the step, where it is made for each service or agent.
    pub on: Option<Name>,
}

/// A parameter that `--set` can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name, used as `$name` in the file.
    pub name: Name,
    /// Allowed values, the first being the default.
    pub values: Vec<Name>,
    /// Title for people.
    pub title: Text,
}

/// What a good response would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Expected severity level of the pack; `None` when nothing should be declared.
    pub severity: Option<Name>,
    /// Playbook of the pack whose steps are meant; `None` finds it by the steps and the faults.
    pub playbook: Option<Name>,
    /// Steps expected first, by id.
    pub first_actions: Vec<Name>,
    /// Steps whose absence counts, beside the critical ones of the playbook.
    pub required_steps: Vec<Name>,
}

/// A scenario after its parameters were filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// What it rehearses, in one or two sentences.
    pub summary: Text,
    /// The published incident of the same kind, by its name in the catalog.
    pub likeness: Option<Name>,
    /// The mechanics that it shows.
    pub shows: Vec<Mechanic>,
    /// System it runs on unless `--system` says otherwise.
    pub system: Name,
    /// Pack it is scored with unless `--pack` says otherwise.
    pub pack: Name,
    /// `monthly`, `quarterly` or `any`.
    pub frequency: Name,
    /// Train or evaluate, unless `--mode` says otherwise.
    pub mode: Mode,
    /// Hour of the start, unless `--when` or `--start` say otherwise.
    pub when: When,
    /// Fixed start that makes two people's outputs equal.
    pub start: SimTime,
    /// The drill ends at the latest this long after its start (ENDEX).
    pub endex: SimDuration,
    /// Objectives for the people.
    pub objectives: Vec<Text>,
    /// Parameters with the values chosen.
    pub parameters: Vec<(Parameter, Name)>,
    /// What fails.
    pub faults: Vec<Fault>,
    /// What is injected.
    pub injects: Vec<Inject>,
    /// Steps that fail on purpose.
    pub failures: Vec<StepFailure>,
    /// Roles that nobody fills in this drill, as if by `--without`.
    pub absent: Vec<Name>,
    /// Scripted acts; empty when all responders are simulated.
    pub script: Vec<Cue>,
    /// What a good response would do.
    pub expect: Expectation,
    /// When to stop the exercise at once.
    pub abort: Vec<Text>,
    /// Hash of the file's bytes and the parameters chosen.
    pub hash: ContentHash,
}
