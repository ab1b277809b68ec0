//! A system under drill: services, stores, agents, tooling and roles, as a system file states them.

use super::name::{Name, Text};
use super::pack::ContentHash;
use super::slo::{SliKind, SloSpec};
use super::vocabulary::words;
use crate::units::{SimDuration, Zone};

words! {
    /// Where the system runs; unknown is treated like production.
    Environment {
        /// Real users.
        Production => "production",
        /// A copy without real users.
        Staging => "staging",
        /// A developer's environment; the only one in which authentication may be bypassed.
        Development => "development",
    }
}

words! {
    /// What happens to a caller when what it depends on fails.
    DependencyKind {
        /// The call fails with it, unless a fallback is active.
        Hard => "hard",
        /// The caller goes on without it, with less function.
        Soft => "soft",
    }
}

words! {
    /// What a tool is for; its knobs in the responder preset follow from it.
    ToolKind {
        /// Chat with channels.
        Chat => "chat",
        /// Pages people on their devices.
        Pager => "pager",
        /// Mail.
        Mail => "mail",
        /// Voice calls.
        Phone => "phone",
        /// Repositories, issues, pull requests.
        CodeHost => "code_host",
        /// Task lists and messages between agents.
        Coordination => "coordination",
        /// Dashboards; without them diagnosis is slower.
        Dashboard => "dashboard",
        /// The public status page.
        StatusPage => "status_page",
        /// Files in a shared folder.
        Files => "files",
        /// The way out to everything outside.
        Internet => "internet",
    }
}

words! {
    /// Whether a role is filled by a person or by an AI agent.
    RoleKind {
        /// A person, with working hours and fatigue.
        Human => "human",
        /// An AI agent; answers at any hour.
        Agent => "agent",
    }
}

words! {
    /// When a role can be expected to answer quickly.
    Hours {
        /// Always on.
        Always => "24x7",
        /// Monday to Friday, 09:00 to 18:00, in the system's zone; slower at other times.
        Work => "work",
    }
}

/// An arrow from a service to a service, store or tool it calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// Name of the service, store or tool called.
    pub on: Name,
    /// What its failure means.
    pub kind: DependencyKind,
    /// Calls made per own request (0.5: every second request needs it).
    pub calls: f64,
    /// Attempts per call, the first included; more than one amplifies load when it fails.
    pub attempts: u32,
    /// Retries end once they are more than 10 % of the calls (SRE book, chapter 22).
    pub retry_budget: bool,
}

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Steady arrivals from outside, requests per minute, before the daily shape.
    pub rate_per_min: f64,
    /// What it can serve, requests per minute.
    pub capacity_per_min: f64,
    /// Steady share of requests that fail.
    pub error_ratio: f64,
    /// Steady median latency.
    pub p50: SimDuration,
    /// Steady 95th percentile of latency.
    pub p95: SimDuration,
    /// A request is fast when it takes at most this long.
    pub latency_threshold: SimDuration,
    /// What it calls.
    pub depends_on: Vec<Dependency>,
    /// What users lose when it is down.
    pub impact: Text,
    /// The degraded modes that the *others* (or it itself) run while it is down.
    pub degraded: Vec<DegradedMode>,
}

/// One degraded mode: what runs instead, and how much of the function it keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct DegradedMode {
    /// Unique within the service (`guest-mode`).
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// The service that runs the mode; requests of *this* service that would fail for the failed
    /// dependency are answered instead.
    pub runs_on: Name,
    /// Share of the requests that would have failed and are answered in this mode, 0 to 1.
    pub keeps: f64,
    /// Rehearsed in the last 90 days: sets its success probability and delay.
    pub exercised: bool,
    /// Only allowed in development environments.
    pub development_only: bool,
}

/// A data store.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// How often it is backed up, counted from midnight of the system's zone (weekly: Monday).
    pub backup_every: SimDuration,
    /// How long after that the backup is taken.
    pub backup_at: SimDuration,
}

/// An AI worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Tasks it completes per hour when healthy.
    pub tasks_per_hour: f64,
    /// Tokens it spends per hour when healthy.
    pub tokens_per_hour: f64,
    /// Interval of its heartbeat.
    pub heartbeat: SimDuration,
    /// The agent that takes over.
    pub backup: Option<Name>,
    /// Development stops without it.
    pub blocks_development: bool,
}

/// A tool that responders rely on; tools can fail like services.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// What it is for.
    pub kind: ToolKind,
    /// Tools or services without which it does not work.
    pub needs: Vec<Name>,
    /// What is used instead, in this order.
    pub fallback: Vec<Name>,
    /// Its use as a fallback was rehearsed in the last 90 days.
    pub exercised: bool,
}

/// A role of the incident organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Unique name (`pm`, `oncall`, `lead`).
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Person or agent.
    pub kind: RoleKind,
    /// How many can fill it; the second is paged when the first does not answer.
    pub people: u32,
    /// When it answers quickly.
    pub hours: Hours,
    /// The agents that fill it, when it is an agent's role.
    pub agents: Vec<Name>,
    /// Tools it can be reached by, in the order of trial.
    pub reach: Vec<Name>,
}

/// An objective on what is simulated of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemSlo {
    /// The objective.
    pub spec: SloSpec,
    /// What of the service counts as good.
    pub sli: SliKind,
}

/// A system under drill.
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// IANA zone of its people and calendars.
    pub zone: Zone,
    /// Where it runs.
    pub environment: Environment,
    /// Share of the error budget already spent when a drill starts, stated, 0 to 1.
    pub budget_spent_at_start: f64,
    /// Amplitude of the daily traffic curve, 0 (flat) to 1.
    pub daily_swing: f64,
    /// Services, in file order.
    pub services: Vec<Service>,
    /// Stores, in file order.
    pub stores: Vec<Store>,
    /// Agents, in file order.
    pub agents: Vec<Agent>,
    /// Tools, in file order.
    pub tools: Vec<Tool>,
    /// Roles, in file order.
    pub roles: Vec<Role>,
    /// Objectives, in file order.
    pub slos: Vec<SystemSlo>,
    /// Hash of the file's bytes.
    pub hash: ContentHash,
}
