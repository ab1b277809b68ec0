//! A small pack and system for the tests and benchmarks of policies.

use drill::model::{
    AgentFact, Channel, ContentHash, EscalationLevel, Facts, Name, Pack, ServiceFact, ServiceState,
    Severity, Text,
};
use drill::timeline::KnownSetup;
use drill::units::{SimDuration, SimTime};

pub(crate) fn text(word: &str) -> Text {
    Text { en: word.into(), ja: word.into() }
}

/// The pack's scripts as they are shipped.
pub(crate) const SHIPPED: [(&str, &str); 4] = [
    ("adherence.rhai", include_str!("policy_rules/adherence.rhai")),
    ("detect.rhai", include_str!("policy_rules/detect.rhai")),
    ("escalate.rhai", include_str!("policy_rules/escalate.rhai")),
    ("severity.rhai", include_str!("policy_rules/severity.rhai")),
];

/// A pack with these scripts as `(path, text)`.
pub(crate) fn pack(scripts: &[(&str, &str)]) -> Pack {
    let severity = |level: &str| Severity {
        level: level.into(),
        title: text(level),
        respond_within: None,
        pages: true,
    };
    let channel = |name: &str| Channel {
        name: name.into(),
        address: name.into(),
        title: None,
        tool: "discord".into(),
        fallback: Vec::new(),
        delay: None,
    };
    let level = |level: u32| EscalationLevel {
        level,
        title: text("level"),
        from: "pm".into(),
        to: vec!["lead".into()],
        channels: vec!["urgent".into()],
        human_only: level == 4,
    };
    Pack {
        name: "cinecom".into(),
        title: text("Cinecom"),
        version: "1".into(),
        date: "2025-06-01".into(),
        next_review: None,
        documents: Vec::new(),
        severities: ["critical", "high", "medium", "low"].map(severity).into(),
        fallback_severity: "high".into(),
        channels: ["task", "urgent", "coord", "mail", "phone", "issues", "files", "status"]
            .map(channel)
            .into(),
        levels: [1, 2, 3, 4].map(level).into(),
        duties: Vec::new(),
        priorities: Vec::new(),
        playbooks: Vec::new(),
        measures: Vec::new(),
        capabilities: Vec::new(),
        gates: Vec::new(),
        health_check_every: SimDuration::from_minutes(30),
        decisions: Vec::new(),
        texts: Vec::new(),
        scripts: scripts
            .iter()
            .map(|(path, text)| (Name::from(*path), Name::from(*text)))
            .collect(),
        hash: ContentHash(0),
    }
}

/// Five services and five agents, one of which development needs.
pub(crate) fn setup() -> KnownSetup {
    let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect();
    KnownSetup {
        services: names(&[
            "user-service",
            "movie-service",
            "actor-service",
            "scene-service",
            "review-service",
        ]),
        agents: names(&["pm-1", "agent-1", "agent-2", "agent-3", "agent-4"]),
        blocking_agents: names(&["pm-1"]),
        environment: Some(drill::model::Environment::Production),
        start: SimTime::from_ms(1_750_000_000_000),
    }
}

/// Nothing is wrong.
pub(crate) fn facts() -> Facts {
    Facts {
        environment: Some(drill::model::Environment::Production),
        services: Vec::new(),
        agents: Vec::new(),
        signals: Vec::new(),
        detected_ago: None,
        severity: None,
        acknowledged: false,
        mitigated: false,
        resolved: false,
        levels: Vec::new(),
        findings: Vec::new(),
    }
}

/// A service that has been down for a while.
pub(crate) fn down(name: &str, minutes: i64) -> ServiceFact {
    ServiceFact {
        name: name.into(),
        state: ServiceState::Down,
        state_for: SimDuration::from_minutes(minutes),
        mode: None,
        signals: Vec::new(),
        alerts: Vec::new(),
    }
}

/// An agent that has not answered a task for a while.
pub(crate) fn silent(name: &str, hours: i64) -> AgentFact {
    AgentFact {
        name: name.into(),
        blocks_development: false,
        signals: vec![(
            drill::model::SignalKind::TaskSilenceMs,
            SimDuration::from_hours(hours).ms() as f64,
        )],
        reported: None,
    }
}
