//! What responders could know at an instant.

use super::event::{Event, EventId, EventKind};
use crate::model::{
    DetectionSource, EntityKind, Environment, Name, Number, Ref, ServiceState, SignalKind, System,
};
use crate::units::{SimDuration, SimTime};

/// The vocabulary a [`Known`] starts from: what exists, before anything happened.
#[derive(Debug, Clone)]
pub struct KnownSetup {
    /// Names of the services, in the system's order.
    pub services: Vec<Name>,
    /// Names of the agents, in the system's order.
    pub agents: Vec<Name>,
    /// Agents without which development stops.
    pub blocking_agents: Vec<Name>,
    /// Where the system runs; `None` is unknown.
    pub environment: Option<Environment>,
    /// When the record starts.
    pub start: SimTime,
}

impl KnownSetup {
    /// A vocabulary without any name, for packs that speak of no system.
    pub fn empty(start: SimTime) -> Self {
        Self {
            services: Vec::new(),
            agents: Vec::new(),
            blocking_agents: Vec::new(),
            environment: None,
            start,
        }
    }

    /// What a timeline itself names, for recordings of systems that drill does not know.
    pub fn named_in(timeline: &super::header::Timeline) -> Self {
        let named = |kind: EntityKind| -> Vec<Name> {
            let about = timeline.events.iter().flat_map(|event| &event.about);
            let mut names: Vec<Name> =
                about.filter(|about| about.kind == kind).map(|about| about.name.clone()).collect();
            names.sort();
            names.dedup();
            names
        };
        Self {
            services: named(EntityKind::Service),
            agents: named(EntityKind::Agent),
            blocking_agents: Vec::new(),
            environment: timeline.header.environment,
            start: timeline.header.start,
        }
    }

    /// The vocabulary of `system`.
    pub fn of(system: &System, start: SimTime) -> Self {
        let blocking = system.agents.iter().filter(|agent| agent.blocks_development);
        Self {
            services: system.services.iter().map(|service| service.name.clone()).collect(),
            agents: system.agents.iter().map(|agent| agent.name.clone()).collect(),
            blocking_agents: blocking.map(|agent| agent.name.clone()).collect(),
            environment: Some(system.environment),
            start,
        }
    }
}

/// What is known of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceKnown {
    /// Its name.
    pub name: Name,
    /// The state that health probes last saw.
    pub state: ServiceState,
    /// When it came into this state.
    pub since: SimTime,
    /// When it failed (`down`, `overloaded`), if it has not been `up` or `degraded` since. A
    /// service that only runs a degraded mode has not failed.
    pub failed_since: Option<SimTime>,
    /// The degraded mode that runs.
    pub mode: Option<Name>,
    /// Last value of [`SignalKind::P95Ratio10m`]; 1 when never seen.
    pub p95_ratio_10m: f64,
    /// Last value of [`SignalKind::TrafficRatio`]; 1 when never seen.
    pub traffic_ratio: f64,
    /// Burn-rate alerts of severity `page` that are firing.
    pub pages_firing: u32,
    /// Burn-rate alerts of severity `ticket` that are firing.
    pub tickets_firing: u32,
}

/// What is known of one agent; the last observation of each signal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentKnown {
    /// Its name.
    pub name: Name,
    /// Development stops without it.
    pub blocks_development: bool,
    /// Last value of each signal, by [`SignalKind`] order; `None` when never seen.
    pub signals: [Option<f64>; SIGNALS],
    /// Somebody reported it as not working: the source.
    pub reported: Option<DetectionSource>,
}

/// A firing alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertKnown {
    /// Name of the SLO.
    pub slo: Name,
    /// `LONG/SHORT`.
    pub tier: Name,
    /// `page` or `ticket`.
    pub severity: Name,
    /// The service.
    pub about: Option<Ref>,
    /// When it fired.
    pub since: SimTime,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingKnown {
    /// Rule of the pack, or `reported`.
    pub rule: Name,
    /// What it is about.
    pub about: Ref,
    /// What noticed.
    pub source: DetectionSource,
    /// The playbook trigger it stands for.
    pub trigger: Name,
    /// When it was found.
    pub at: SimTime,
}

/// Number of signal kinds.
pub const SIGNALS: usize = SignalKind::ALL.len();

/// The fold of all events that responders could know up to [`Known::now`]. It can only be made
/// by observing events in the order they became known, so no policy can be given hindsight.
#[derive(Debug, Clone)]
pub struct Known {
    now: SimTime,
    start: SimTime,
    environment: Option<Environment>,
    services: Vec<ServiceKnown>,
    agents: Vec<AgentKnown>,
    system: [Option<f64>; SIGNALS],
    alerts: Vec<AlertKnown>,
    findings: Vec<FindingKnown>,
    detected: Option<SimTime>,
    first_action: Option<SimTime>,
    acknowledged: Option<SimTime>,
    declared: Option<(Name, SimTime)>,
    severity: Option<Name>,
    levels: Vec<(u32, SimTime)>,
    steps_done: Vec<(Name, Option<Ref>, SimTime)>,
    mitigated: Option<SimTime>,
    resolved: Option<SimTime>,
    retained: Option<Vec<Event>>,
}

impl Known {
    /// Nothing known yet. Events are not kept; see [`Known::retaining`].
    pub fn new(setup: &KnownSetup) -> Self {
        let service = |name: &Name| ServiceKnown {
            name: name.clone(),
            state: ServiceState::Up,
            // What was before the record is taken as steady, as in the 30 days of a drill.
            since: setup.start - SimDuration::from_hours(30 * 24),
            failed_since: None,
            mode: None,
            p95_ratio_10m: 1.0,
            traffic_ratio: 1.0,
            pages_firing: 0,
            tickets_firing: 0,
        };
        let agent = |name: &Name| AgentKnown {
            name: name.clone(),
            blocks_development: setup.blocking_agents.contains(name),
            signals: [None; SIGNALS],
            reported: None,
        };
        Self {
            now: setup.start,
            start: setup.start,
            environment: setup.environment,
            services: setup.services.iter().map(service).collect(),
            agents: setup.agents.iter().map(agent).collect(),
            system: [None; SIGNALS],
            alerts: Vec::new(),
            findings: Vec::new(),
            detected: None,
            first_action: None,
            acknowledged: None,
            declared: None,
            severity: None,
            levels: Vec::new(),
            steps_done: Vec::new(),
            mitigated: None,
            resolved: None,
            retained: None,
        }
    }

    /// Keeps the known events too, for `adherence` and for people who ask.
    #[must_use]
    pub fn retaining(mut self) -> Self {
        self.retained = Some(Vec::new());
        self
    }

    /// What was known at `at` of a whole timeline: its events up to then, in the order in which
    /// they became known.
    pub fn at(setup: &KnownSetup, events: &[Event], at: SimTime) -> Self {
        let mut known = Self::new(setup).retaining();
        let mut visible: Vec<&Event> = events.iter().filter(|event| event.known_at <= at).collect();
        visible.sort_by_key(|event| (event.known_at, event.id));
        for event in visible {
            known.observe(event);
        }
        known.advance(at);
        known
    }

    /// Moves the clock on without news.
    ///
    /// # Panics
    /// When `now` lies before what is already known.
    pub fn advance(&mut self, now: SimTime) {
        assert!(now >= self.now, "knowledge does not go back from {} to {now}", self.now);
        self.now = now;
    }

    /// Takes an event in and moves the clock to the instant it became known. Ground truth is
    /// ignored.
    ///
    /// # Panics
    /// When the event became known before [`Known::now`].
    pub fn observe(&mut self, event: &Event) {
        self.advance(event.known_at);
        if event.kind.is_ground_truth() {
            return;
        }
        let about = event.about.first();
        match &event.kind {
            EventKind::ServiceState { state, mode } => {
                self.service_state(about, *state, mode, event.at)
            }
            EventKind::Observation { signal, value } => self.observation(about, *signal, *value),
            EventKind::AlertFiring { slo, tier, severity, .. } => {
                let alert = AlertKnown {
                    slo: slo.clone(),
                    tier: tier.clone(),
                    severity: severity.clone(),
                    about: about.cloned(),
                    since: event.at,
                };
                self.count_alert(about, severity, true);
                self.alerts.push(alert);
            }
            EventKind::AlertResolved { slo, tier, severity } => {
                self.alert_resolved(slo, tier, severity, about);
            }
            EventKind::Finding { rule, source, trigger } => {
                self.finding(rule, *source, trigger, about, event.at)
            }
            EventKind::Acknowledged { .. } => {
                self.acknowledged.get_or_insert(event.at);
                self.first_action.get_or_insert(event.at);
            }
            EventKind::Declared { level } => {
                self.declared.get_or_insert_with(|| (level.clone(), event.at));
                self.severity = Some(level.clone());
            }
            EventKind::SeverityChanged { level, .. }
            | EventKind::Decision { level: Some(level), .. } => {
                self.severity = Some(level.clone());
            }
            EventKind::PageSent { level, .. }
                if self.levels.iter().all(|(seen, _)| seen != level) =>
            {
                self.levels.push((*level, event.at));
            }
            EventKind::StepDone { step, .. } => {
                self.first_action.get_or_insert(event.at);
                self.steps_done.push((step.clone(), about.cloned(), event.at));
            }
            EventKind::MitigatedClaimed {} => {
                self.mitigated.get_or_insert(event.at);
            }
            EventKind::ResolvedClaimed {} => {
                self.resolved.get_or_insert(event.at);
            }
            EventKind::StoodDown {} => self.stood_down(),
            _ => {}
        }
        if let Some(retained) = &mut self.retained {
            retained.push(event.clone());
        }
    }

    /// What was found and answered so far belongs to no incident.
    fn stood_down(&mut self) {
        (self.detected, self.first_action, self.acknowledged) = (None, None, None);
        (self.declared, self.severity) = (None, None);
        self.findings.clear();
        self.levels.clear();
        self.agents.iter_mut().for_each(|agent| agent.reported = None);
    }

    fn finding(
        &mut self,
        rule: &Name,
        source: DetectionSource,
        trigger: &Name,
        about: Option<&Ref>,
        at: SimTime,
    ) {
        self.detected.get_or_insert(at);
        let Some(about) = about else { return };
        let fails = |service: &ServiceKnown| service.state != ServiceState::Up;
        if self.services.iter().any(|s| s.name == about.name && fails(s)) {
            // Found after somebody said that it is over, it shows that it is not.
            (self.mitigated, self.resolved) = (None, None);
        }
        self.findings.push(FindingKnown {
            rule: rule.clone(),
            about: about.clone(),
            source,
            trigger: trigger.clone(),
            at,
        });
        if about.kind == EntityKind::Agent
            && source != DetectionSource::Alert
            && let Some(agent) = self.agents.iter_mut().find(|agent| agent.name == about.name)
        {
            agent.reported.get_or_insert(source);
        }
    }

    fn service_state(
        &mut self,
        about: Option<&Ref>,
        state: ServiceState,
        mode: &Option<Name>,
        at: SimTime,
    ) {
        let Some(service) = self.service_mut(about) else {
            return;
        };
        service.state = state;
        service.since = at;
        service.mode.clone_from(mode);
        match state {
            ServiceState::Down | ServiceState::Overloaded => {
                service.failed_since.get_or_insert(at);
            }
            ServiceState::Up | ServiceState::Degraded => service.failed_since = None,
            ServiceState::Recovering => {}
        }
    }

    fn observation(&mut self, about: Option<&Ref>, signal: SignalKind, value: Number) {
        let index = signal as usize;
        match about {
            Some(about) if about.kind == EntityKind::Agent => {
                if let Some(agent) = self.agents.iter_mut().find(|agent| agent.name == about.name) {
                    agent.signals[index] = Some(value.0);
                }
            }
            Some(about) if about.kind == EntityKind::Service => {
                if let Some(service) = self.service_mut(Some(about)) {
                    match signal {
                        SignalKind::P95Ratio10m => service.p95_ratio_10m = value.0,
                        SignalKind::TrafficRatio => service.traffic_ratio = value.0,
                        _ => self.system[index] = Some(value.0),
                    }
                }
            }
            _ => self.system[index] = Some(value.0),
        }
    }

    fn alert_resolved(&mut self, slo: &Name, tier: &Name, severity: &Name, about: Option<&Ref>) {
        let before = self.alerts.len();
        self.alerts.retain(|alert| alert.slo != *slo || alert.tier != *tier);
        if self.alerts.len() < before {
            self.count_alert(about, severity, false);
        }
    }

    fn count_alert(&mut self, about: Option<&Ref>, severity: &Name, firing: bool) {
        let Some(service) = self.service_mut(about) else {
            return;
        };
        let count = if *severity == "page" {
            &mut service.pages_firing
        } else {
            &mut service.tickets_firing
        };
        *count = if firing { *count + 1 } else { count.saturating_sub(1) };
    }

    fn service_mut(&mut self, about: Option<&Ref>) -> Option<&mut ServiceKnown> {
        let about = about.filter(|about| about.kind == EntityKind::Service)?;
        self.services.iter_mut().find(|service| service.name == about.name)
    }

    /// The instant up to which everything known is included.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// When the record starts.
    pub fn start(&self) -> SimTime {
        self.start
    }

    /// Where the system runs; `None` is unknown.
    pub fn environment(&self) -> Option<Environment> {
        self.environment
    }

    /// Services in the system's order.
    pub fn services(&self) -> &[ServiceKnown] {
        &self.services
    }

    /// Agents in the system's order.
    pub fn agents(&self) -> &[AgentKnown] {
        &self.agents
    }

    /// Last value of a signal about the whole system.
    pub fn system_signal(&self, signal: SignalKind) -> Option<f64> {
        self.system[signal as usize]
    }

    /// Alerts that are firing, in order of firing.
    pub fn alerts(&self) -> &[AlertKnown] {
        &self.alerts
    }

    /// Findings so far, in the order they became known.
    pub fn findings(&self) -> &[FindingKnown] {
        &self.findings
    }

    /// First finding.
    pub fn detected(&self) -> Option<SimTime> {
        self.detected
    }

    /// First acknowledgement or finished step.
    pub fn first_action(&self) -> Option<SimTime> {
        self.first_action
    }

    /// First acknowledgement.
    pub fn acknowledged(&self) -> Option<SimTime> {
        self.acknowledged
    }

    /// First declaration, with its level.
    pub fn declared(&self) -> Option<&(Name, SimTime)> {
        self.declared.as_ref()
    }

    /// The severity in force.
    pub fn severity(&self) -> Option<&Name> {
        self.severity.as_ref()
    }

    /// Escalation levels started, with the instant.
    pub fn levels(&self) -> &[(u32, SimTime)] {
        &self.levels
    }

    /// Steps done as `(step, target, at)`.
    pub fn steps_done(&self) -> &[(Name, Option<Ref>, SimTime)] {
        &self.steps_done
    }

    /// First claim that users are no longer affected.
    pub fn mitigated(&self) -> Option<SimTime> {
        self.mitigated
    }

    /// First claim that the incident is over.
    pub fn resolved(&self) -> Option<SimTime> {
        self.resolved
    }

    /// The known events in the order they became known, where they are retained.
    pub fn events(&self) -> Option<&[Event]> {
        self.retained.as_deref()
    }

    /// The id of the last event with `predicate`, for evidence.
    pub fn last_event(&self, predicate: impl Fn(&Event) -> bool) -> Option<EventId> {
        self.retained.as_ref()?.iter().rev().find(|event| predicate(event)).map(|event| event.id)
    }
}
