//! Knowledge from facts that a rule test states.

use std::collections::BTreeMap;

use super::event::{Event, EventKind};
use super::known::{Known, KnownSetup};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::{
    DetectionSource, EntityKind, Facts, Name, Number, Ref, ServiceFact, ServiceState,
};
use crate::units::{SimDuration, SimTime};

impl Known {
    /// What is known when `facts` hold, made by observing the events that bring them about: the
    /// longest duration stated ends now, and a finding that is stated stands for the playbook
    /// that `triggers` names for its rule (else for the usual one of what it is about).
    ///
    /// Agents of the system that block development do so here too, whether stated or not.
    /// Reports are findings with the rule `reported`, as in a drill; without `detected_ago`, what
    /// is found or reported is detected now.
    ///
    /// # Errors
    /// Names that the system does not have, and durations below zero.
    pub fn from_facts(
        setup: &KnownSetup,
        facts: &Facts,
        triggers: &BTreeMap<Name, Name>,
    ) -> Result<Self, Diagnostics> {
        check(setup, facts)?;
        let longest = facts.services.iter().map(|service| service.state_for);
        let longest = longest.chain(facts.detected_ago).max();
        let now = setup.start + longest.unwrap_or(SimDuration::ZERO);
        let mut writer = Writer { now, events: Vec::new() };
        for service in &facts.services {
            writer.service(service);
        }
        for agent in &facts.agents {
            let about = Ref::new(EntityKind::Agent, &agent.name);
            for &(signal, value) in &agent.signals {
                writer.observation(signal, value, Some(&about));
            }
            if let Some(source) = agent.reported {
                writer.finding(now, &"reported".into(), source, "agent_hang", Some(about));
            }
        }
        for &(signal, value) in &facts.signals {
            writer.observation(signal, value, None);
        }
        writer.incident(facts, triggers);
        let setup = KnownSetup {
            environment: facts.environment,
            blocking_agents: blocking(setup, facts),
            ..setup.clone()
        };
        let mut events = writer.events;
        // Stable, so that events of one instant keep the order in which they were stated.
        events.sort_by_key(|event| event.at);
        let mut known = Self::new(&setup).retaining();
        for (id, event) in (1..).zip(&mut events) {
            event.id = id;
            known.observe(event);
        }
        known.advance(now);
        Ok(known)
    }

    /// The same knowledge with findings that a policy has just made.
    #[must_use]
    pub fn with_findings(&self, findings: &[crate::model::Finding]) -> Self {
        let mut known = self.clone();
        let now = known.now();
        let last = known.events().and_then(<[Event]>::last);
        let mut id = last.map_or(0, |event| event.id);
        for finding in findings {
            let news = |seen: &super::known::FindingKnown| {
                seen.rule != finding.rule || seen.about != finding.about
            };
            if !known.findings().iter().all(news) {
                continue;
            }
            id += 1;
            let kind = EventKind::Finding {
                rule: finding.rule.clone(),
                source: finding.source,
                trigger: finding.trigger.clone(),
            };
            known.observe(&event(id, now, kind, Some(finding.about.clone())));
        }
        known
    }
}

fn event(id: u32, at: SimTime, kind: EventKind, about: Option<Ref>) -> Event {
    Event {
        id,
        at,
        known_at: at,
        kind,
        about: about.into_iter().collect(),
        by: None,
        uncertainty: None,
        note: None,
    }
}

fn blocking(setup: &KnownSetup, facts: &Facts) -> Vec<Name> {
    let mut names = setup.blocking_agents.clone();
    let stated = facts.agents.iter().filter(|agent| agent.blocks_development);
    names.extend(stated.map(|agent| agent.name.clone()));
    names
}

/// Writes the events that bring facts about.
struct Writer {
    now: SimTime,
    events: Vec<Event>,
}

impl Writer {
    fn push(&mut self, at: SimTime, kind: EventKind, about: Option<Ref>) {
        self.events.push(event(0, at, kind, about));
    }

    fn service(&mut self, fact: &ServiceFact) {
        let about = Ref::service(&fact.name);
        let since = self.now - fact.state_for;
        let state = |state, mode| EventKind::ServiceState { state, mode };
        if fact.state == ServiceState::Recovering {
            // Only what has failed recovers.
            self.push(since, state(ServiceState::Down, None), Some(about.clone()));
        }
        let kind = state(fact.state, fact.mode.clone());
        self.push(since, kind, Some(about.clone()));
        for &(signal, value) in &fact.signals {
            self.observation(signal, value, Some(&about));
        }
        for (slo, tier, severity) in &fact.alerts {
            let kind = EventKind::AlertFiring {
                slo: slo.clone(),
                tier: tier.clone(),
                severity: severity.clone(),
                budget_spent: None,
                governed_by: None,
            };
            self.push(self.now, kind, Some(about.clone()));
        }
    }

    fn observation(&mut self, signal: crate::model::SignalKind, value: f64, about: Option<&Ref>) {
        let kind = EventKind::Observation { signal, value: Number(value) };
        self.push(self.now, kind, about.cloned());
    }

    fn finding(
        &mut self,
        at: SimTime,
        rule: &Name,
        source: DetectionSource,
        trigger: &str,
        about: Option<Ref>,
    ) {
        let kind = EventKind::Finding { rule: rule.clone(), source, trigger: trigger.into() };
        self.push(at, kind, about);
    }

    fn incident(&mut self, facts: &Facts, triggers: &BTreeMap<Name, Name>) {
        let detected = self.now - facts.detected_ago.unwrap_or(SimDuration::ZERO);
        if facts.detected_ago.is_some() && facts.findings.is_empty() {
            let rule = "stated".into();
            self.finding(detected, &rule, DetectionSource::Human, "minor", None);
        }
        for (rule, about) in &facts.findings {
            let usual = match about.kind {
                EntityKind::Agent => "agent_hang",
                EntityKind::System => "multi_service",
                _ => "service_outage",
            };
            let trigger = triggers.get(rule).map_or(usual, Name::as_str);
            let about = Some(about.clone());
            self.finding(detected, rule, DetectionSource::Alert, trigger, about);
        }
        let now = self.now;
        if let Some(level) = &facts.severity {
            let kind = EventKind::Declared { level: level.clone() };
            self.push(detected, kind, None);
        }
        if facts.acknowledged {
            self.push(now, EventKind::Acknowledged { page: None }, None);
        }
        for (page, &level) in (1..).zip(&facts.levels) {
            let kind = EventKind::PageSent { page, channel: "stated".into(), attempt: 1, level };
            self.push(detected, kind, None);
        }
        if facts.mitigated {
            self.push(now, EventKind::MitigatedClaimed {}, None);
        }
        if facts.resolved {
            self.push(now, EventKind::ResolvedClaimed {}, None);
        }
    }
}

fn check(setup: &KnownSetup, facts: &Facts) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::default();
    for service in &facts.services {
        check_name(&mut found, "service", &service.name, &setup.services);
        if service.state_for < SimDuration::ZERO {
            let message = format!("`state_for` of `{}` is below zero", service.name);
            found.push(Diagnostic::error("ruletest::negative-duration", message));
        }
    }
    for agent in &facts.agents {
        check_name(&mut found, "agent", &agent.name, &setup.agents);
    }
    for (_, about) in &facts.findings {
        match about.kind {
            EntityKind::Service => {
                check_name(&mut found, "service", &about.name, &setup.services);
            }
            EntityKind::Agent => check_name(&mut found, "agent", &about.name, &setup.agents),
            _ => {}
        }
    }
    if facts.detected_ago.is_some_and(|ago| ago < SimDuration::ZERO) {
        let message = "`detected_ago` is below zero";
        found.push(Diagnostic::error("ruletest::negative-duration", message));
    }
    if found.has_errors() {
        return Err(found);
    }
    Ok(())
}

fn check_name(found: &mut Diagnostics, kind: &'static str, name: &Name, known: &[Name]) {
    if known.contains(name) {
        return;
    }
    let code = match kind {
        "agent" => "ruletest::unknown-agent",
        _ => "ruletest::unknown-service",
    };
    let mut diagnostic = Diagnostic::error(code, format!("unknown {kind} `{name}`"));
    let near = did_you_mean(name, known.iter().map(Name::as_str));
    diagnostic.help = Some(near.map_or_else(
        || format!("the system has {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    ));
    found.push(diagnostic);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentFact, Environment, SignalKind};

    fn setup() -> KnownSetup {
        KnownSetup {
            services: vec!["user-service".into(), "movie-service".into()],
            agents: vec!["agent-1".into()],
            blocking_agents: Vec::new(),
            environment: Some(Environment::Production),
            start: SimTime::from_ms(1_000_000),
        }
    }

    fn facts() -> Facts {
        Facts {
            environment: None,
            services: vec![ServiceFact {
                name: "user-service".into(),
                state: ServiceState::Recovering,
                state_for: SimDuration::from_minutes(3),
                mode: None,
                signals: vec![(SignalKind::P95Ratio10m, 2.5)],
                alerts: vec![("availability".into(), "1h/5m".into(), "page".into())],
            }],
            agents: vec![AgentFact {
                name: "agent-1".into(),
                blocks_development: true,
                signals: vec![(SignalKind::ErrorsInRow, 4.0)],
                reported: Some(DetectionSource::PeerAgent),
            }],
            signals: vec![(SignalKind::DataLost, 1.0)],
            detected_ago: Some(SimDuration::from_minutes(10)),
            severity: Some("high".into()),
            acknowledged: true,
            mitigated: false,
            resolved: false,
            levels: vec![1, 3],
            findings: vec![("service-failed".into(), Ref::service(&"user-service".into()))],
        }
    }

    #[test]
    fn what_is_stated_is_known() {
        let known = Known::from_facts(&setup(), &facts(), &BTreeMap::new()).unwrap();
        let minutes = |n| SimDuration::from_minutes(n);
        let service = &known.services()[0];
        assert_eq!(service.state, ServiceState::Recovering);
        assert_eq!(known.now() - service.since, minutes(3));
        assert!(service.failed_since.is_some(), "what recovers has failed");
        assert_eq!((service.pages_firing, service.p95_ratio_10m), (1, 2.5));
        assert_eq!(known.services()[1].state, ServiceState::Up);
        assert!(known.agents()[0].blocks_development);
        assert_eq!(known.agents()[0].reported, Some(DetectionSource::PeerAgent));
        assert_eq!(known.detected(), Some(known.now() - minutes(10)));
        assert_eq!(known.severity().map(Name::as_str), Some("high"));
        assert_eq!(known.levels().len(), 2);
        assert_eq!(known.environment(), None);
        assert_eq!(known.system_signal(SignalKind::DataLost), Some(1.0));
        assert_eq!(known.findings()[0].trigger, "service_outage");
    }

    #[test]
    fn strangers_are_refused_all_at_once() {
        let mut facts = facts();
        facts.services[0].name = "user-servce".into();
        facts.agents[0].name = "agent-9".into();
        let refused = Known::from_facts(&setup(), &facts, &BTreeMap::new()).unwrap_err();
        let messages: Vec<_> = refused.list.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages, ["unknown service `user-servce`", "unknown agent `agent-9`"]);
        let help = refused.list[0].help.as_deref();
        assert_eq!(help, Some("did you mean `user-service`?"));
    }

    #[test]
    fn a_finding_already_known_is_not_made_again() {
        let known = Known::from_facts(&setup(), &facts(), &BTreeMap::new()).unwrap();
        let before = known.findings().len();
        let finding = |rule: &str| crate::model::Finding {
            rule: rule.into(),
            about: Ref::service(&"user-service".into()),
            trigger: "service_outage".into(),
            source: DetectionSource::Alert,
        };
        let after = known.with_findings(&[finding("service-failed"), finding("slo-burn")]);
        assert_eq!(after.findings().len(), before + 1);
    }
}
