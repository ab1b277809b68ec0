//! What is known, in the form that views read: flat, shared, refilled in place.

use rhai::ImmutableString;

use super::memo::{Words, reads};
use super::scale::{Measure, Scales, Word};
use super::views::count;
use crate::model::{EntityKind, Environment, Name, Ref, ServiceState, SignalKind, Trigger};
use crate::timeline::{AgentKnown, FindingKnown, Known, SIGNALS, ServiceKnown};
use crate::units::SimTime;

/// A service; times are milliseconds.
#[derive(Debug, Clone)]
pub(super) struct ServiceFacts {
    /// Its name.
    pub(super) name: ImmutableString,
    reference: Ref,
    /// State that health probes last saw.
    pub(super) state: ServiceState,
    /// Whether it has failed and did not come up again.
    pub(super) failed: bool,
    /// For how long; 0 when it has not failed.
    pub(super) failed_for_ms: i64,
    /// How long it has been in its state.
    pub(super) state_for_ms: i64,
    mode_name: Option<Name>,
    /// The degraded mode that runs, or nothing.
    pub(super) mode: ImmutableString,
    /// p95 latency over baseline.
    pub(super) p95_ratio_10m: f64,
    /// Traffic over what is expected.
    pub(super) traffic_ratio: f64,
    /// Page alerts firing.
    pub(super) pages_firing: i64,
    /// Ticket alerts firing.
    pub(super) tickets_firing: i64,
}

/// 35 minutes: the longest short window of the page tiers of `google-30d`, and five more.
const SETTLED_MS: i64 = 35 * 60_000;

impl ServiceFacts {
    fn of(known: &ServiceKnown, now: SimTime) -> Self {
        let mut facts = Self {
            name: known.name.as_str().into(),
            reference: Ref::service(&known.name),
            state: known.state,
            failed: false,
            failed_for_ms: 0,
            state_for_ms: 0,
            mode_name: None,
            mode: ImmutableString::new(),
            p95_ratio_10m: 1.0,
            traffic_ratio: 1.0,
            pages_firing: 0,
            tickets_firing: 0,
        };
        facts.refill(known, now);
        facts
    }

    fn refill(&mut self, known: &ServiceKnown, now: SimTime) {
        if self.reference.name != known.name {
            self.name = known.name.as_str().into();
            self.reference = Ref::service(&known.name);
        }
        if self.mode_name != known.mode {
            self.mode_name.clone_from(&known.mode);
            self.mode = known.mode.as_deref().unwrap_or("").into();
        }
        self.state = known.state;
        self.failed = known.failed_since.is_some();
        self.failed_for_ms = known.failed_since.map_or(0, |since| (now - since).ms());
        self.state_for_ms = (now - known.since).ms();
        self.p95_ratio_10m = known.p95_ratio_10m;
        self.traffic_ratio = known.traffic_ratio;
        self.pages_firing = known.pages_firing.into();
        self.tickets_firing = known.tickets_firing.into();
    }

    /// Whether it has been in its state for longer than the short window of any page tier, so
    /// that no page can be left over from the state before. A flag, so that answers which read
    /// it can be given again while the clock moves.
    pub(super) fn settled(&self) -> bool {
        self.state_for_ms >= SETTLED_MS
    }

    fn key(&self, read: u64, scales: &Scales, words: &mut Words, key: &mut Vec<u64>) {
        let has = |bits: u64| read & bits != 0;
        if has(reads::STATE) {
            let word = scales.word(Word::State, self.state.as_str());
            key.push(word.unwrap_or(self.state as u64));
        }
        if has(reads::FAILED) {
            key.push(u64::from(self.failed));
        }
        if has(reads::MODE) {
            let exact = || self.mode_name.as_ref().map_or(0, |mode| words.number(mode));
            key.push(scales.word(Word::Mode, &self.mode).unwrap_or_else(exact));
        }
        if has(reads::LATENCY) {
            scales.decimal(Measure::Latency, self.p95_ratio_10m, key);
        }
        if has(reads::TRAFFIC) {
            scales.decimal(Measure::Traffic, self.traffic_ratio, key);
        }
        if has(reads::PAGES) {
            scales.whole(Measure::Pages, self.pages_firing, key);
        }
        if has(reads::TICKETS) {
            scales.whole(Measure::Tickets, self.tickets_firing, key);
        }
        if has(reads::SETTLED) {
            key.push(u64::from(self.settled()));
        }
        if has(reads::STATE_TIMES) {
            scales.whole(Measure::FailedFor, self.failed_for_ms, key);
            scales.whole(Measure::StateFor, self.state_for_ms, key);
        }
    }

    /// The reference to it, when `name` is its name.
    pub(super) fn about(&self, name: &str) -> Option<&Ref> {
        (self.name == name).then_some(&self.reference)
    }

    /// The reference to it.
    pub(super) fn reference(&self) -> &Ref {
        &self.reference
    }
}

/// An agent.
#[derive(Debug, Clone)]
pub(super) struct AgentFacts {
    /// Its name.
    pub(super) name: ImmutableString,
    reference: Ref,
    /// Development stops without it.
    pub(super) blocks_development: bool,
    /// Somebody reported it.
    pub(super) reported: bool,
    /// Last value of each signal.
    pub(super) signals: [Option<f64>; SIGNALS],
    hung: bool,
}

/// A whole number in a key.
const fn whole(value: i64) -> u64 {
    value.cast_unsigned()
}

impl AgentFacts {
    /// Whether anything was ever seen of it, or somebody reported it.
    pub(super) fn observed(&self) -> bool {
        self.reported || self.signals.iter().any(Option::is_some)
    }

    fn of(known: &AgentKnown) -> Self {
        Self {
            name: known.name.as_str().into(),
            reference: Ref::new(EntityKind::Agent, &known.name),
            blocks_development: known.blocks_development,
            reported: known.reported.is_some(),
            signals: known.signals,
            hung: false,
        }
    }

    fn refill(&mut self, known: &AgentKnown) {
        if self.reference.name != known.name {
            self.name = known.name.as_str().into();
            self.reference = Ref::new(EntityKind::Agent, &known.name);
        }
        self.blocks_development = known.blocks_development;
        self.reported = known.reported.is_some();
        self.signals = known.signals;
        self.hung = false;
    }

    /// The reference to it, when `name` is its name.
    pub(super) fn about(&self, name: &str) -> Option<&Ref> {
        (self.name == name).then_some(&self.reference)
    }

    /// The reference to it.
    pub(super) fn reference(&self) -> &Ref {
        &self.reference
    }
}

/// What is known of the incident; times are milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct IncidentFacts {
    severity_name: Option<Name>,
    /// Severity in force, or nothing.
    pub(super) severity: ImmutableString,
    /// Something was found.
    pub(super) detected: bool,
    /// Time since then; 0 when nothing was found.
    pub(super) detected_ago_ms: i64,
    /// Somebody acknowledged.
    pub(super) acknowledged: bool,
    /// It was declared.
    pub(super) declared: bool,
    /// Mitigation was claimed.
    pub(super) mitigated: bool,
    /// The end was claimed.
    pub(super) resolved: bool,
    /// Highest escalation level started; 0 when none.
    pub(super) level_reached: i64,
    /// Findings so far.
    pub(super) findings: Vec<FindingKnown>,
}

/// What is known at an instant.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    /// Where the system runs.
    pub(super) environment: Option<Environment>,
    /// Services in the system's order.
    pub(super) services: Vec<ServiceFacts>,
    /// Agents in the system's order.
    pub(super) agents: Vec<AgentFacts>,
    /// System-wide signals.
    pub(super) system: Vec<Option<f64>>,
    /// Agents in findings of agent rules.
    pub(super) agents_hung: i64,
    /// Those of them without which development stops.
    pub(super) agents_hung_blocking: i64,
    /// The incident.
    pub(super) incident: IncidentFacts,
}

impl Snapshot {
    /// Takes over what is known. Strings and lists are kept where they still hold, so that a
    /// question costs no allocation but for news. Tells whether services or agents are others.
    pub(super) fn refill(&mut self, known: &Known) -> bool {
        let now = known.now();
        let others = !self.names_hold(known);
        self.environment = known.environment();
        self.services.truncate(known.services().len());
        for (index, service) in known.services().iter().enumerate() {
            match self.services.get_mut(index) {
                Some(facts) => facts.refill(service, now),
                None => self.services.push(ServiceFacts::of(service, now)),
            }
        }
        self.agents.truncate(known.agents().len());
        for (index, agent) in known.agents().iter().enumerate() {
            match self.agents.get_mut(index) {
                Some(facts) => facts.refill(agent),
                None => self.agents.push(AgentFacts::of(agent)),
            }
        }
        self.system.clear();
        let signals = SignalKind::ALL.iter();
        self.system.extend(signals.map(|&signal| known.system_signal(signal)));
        self.incident.refill(known);
        self.count_hung();
        others
    }

    /// Whether services and agents are those that they were.
    fn names_hold(&self, known: &Known) -> bool {
        let (services, agents) = (known.services(), known.agents());
        let same_services = || {
            let mut pairs = self.services.iter().zip(services);
            pairs.all(|(facts, known)| facts.reference.name == known.name)
        };
        let same_agents = || {
            let mut pairs = self.agents.iter().zip(agents);
            pairs.all(|(facts, known)| {
                facts.reference.name == known.name
                    && facts.blocks_development == known.blocks_development
            })
        };
        self.services.len() == services.len()
            && self.agents.len() == agents.len()
            && same_services()
            && same_agents()
    }

    /// Adds what scripts can learn of all that `read` marks. The length of each part is fixed by
    /// `read` and the numbers of services and agents, or stated, so that equal keys mean equal
    /// answers.
    pub(super) fn key(&self, read: u64, scales: &Scales, words: &mut Words, key: &mut Vec<u64>) {
        let has = |bits: u64| read & bits != 0;
        key.push(self.environment.map_or(0, |environment| environment as u64 + 1));
        for service in &self.services {
            service.key(read, scales, words, key);
        }
        if has(reads::FAILED_TOTAL) {
            key.push(whole(self.services_failed()));
        }
        if has(reads::DEGRADED) {
            key.push(whole(self.services_degraded()));
        }
        if has(reads::PAGING) {
            scales.whole(Measure::Paging, self.services_paging(), key);
        }
        if has(reads::EXTREMES) {
            scales.decimal(Measure::LatencyMax, self.p95_ratio_max(), key);
            scales.decimal(Measure::TrafficMin, self.traffic_ratio_min(), key);
        }
        for agent in &self.agents {
            if has(reads::REPORTED) {
                key.push(u64::from(agent.reported));
            }
            if has(reads::OBSERVED) {
                key.push(u64::from(agent.observed()));
            }
            let mut left = read & reads::AGENT_SIGNALS;
            while left != 0 {
                let kind = left.trailing_zeros() as usize;
                scales.signal(kind, agent.signals[kind], key);
                left &= left - 1;
            }
        }
        if has(reads::SYSTEM) {
            for (kind, &signal) in self.system.iter().enumerate() {
                scales.signal(kind, signal, key);
            }
        }
        if has(reads::HUNG) {
            key.extend([whole(self.agents_hung), whole(self.agents_hung_blocking)]);
        }
        if has(reads::DETECTED_AGO) {
            scales.whole(Measure::DetectedAgo, self.incident.detected_ago_ms, key);
        }
        self.incident.key(read, words, key);
    }

    fn services(&self, which: impl Fn(&ServiceFacts) -> bool) -> i64 {
        count(self.services.iter().filter(|service| which(service)).count())
    }

    /// How many services have failed.
    pub(super) fn services_failed(&self) -> i64 {
        self.services(|service| service.failed)
    }

    /// How many services are degraded.
    pub(super) fn services_degraded(&self) -> i64 {
        self.services(|service| service.state == ServiceState::Degraded)
    }

    /// How many services page.
    pub(super) fn services_paging(&self) -> i64 {
        self.services(|service| service.pages_firing > 0)
    }

    /// The worst latency of all services, over its baseline; 1 without services.
    pub(super) fn p95_ratio_max(&self) -> f64 {
        let ratios = self.services.iter().map(|service| service.p95_ratio_10m);
        ratios.reduce(f64::max).unwrap_or(1.0)
    }

    /// The least traffic of all services, over what is expected; 1 without services.
    pub(super) fn traffic_ratio_min(&self) -> f64 {
        let ratios = self.services.iter().map(|service| service.traffic_ratio);
        ratios.reduce(f64::min).unwrap_or(1.0)
    }

    /// Counts the agents in findings whose rule is about agents.
    fn count_hung(&mut self) {
        self.agents_hung = 0;
        self.agents_hung_blocking = 0;
        for finding in &self.incident.findings {
            if !finding.rule.starts_with("agent-") {
                continue;
            }
            let about = &finding.about;
            let mut agents = self.agents.iter_mut();
            let Some(agent) = agents.find(|agent| agent.reference == *about) else {
                continue;
            };
            if !agent.hung {
                agent.hung = true;
                self.agents_hung += 1;
                self.agents_hung_blocking += i64::from(agent.blocks_development);
            }
        }
    }
}

impl IncidentFacts {
    fn refill(&mut self, known: &Known) {
        if self.severity_name.as_ref() != known.severity() {
            self.severity_name = known.severity().cloned();
            self.severity = known.severity().map_or("", Name::as_str).into();
        }
        self.detected = known.detected().is_some();
        self.detected_ago_ms = known.detected().map_or(0, |at| (known.now() - at).ms());
        self.acknowledged = known.acknowledged().is_some();
        self.declared = known.declared().is_some();
        self.mitigated = known.mitigated().is_some();
        self.resolved = known.resolved().is_some();
        let levels = known.levels().iter().map(|&(level, _)| i64::from(level));
        self.level_reached = levels.max().unwrap_or(0);
        if self.findings != known.findings() {
            self.findings.clear();
            self.findings.extend_from_slice(known.findings());
        }
    }

    fn key(&self, read: u64, words: &mut Words, key: &mut Vec<u64>) {
        let has = |bits: u64| read & bits != 0;
        if has(reads::SEVERITY) {
            key.push(self.severity_name.as_ref().map_or(0, |level| words.number(level)));
        }
        if has(reads::STAGES) {
            key.extend([self.detected, self.mitigated, self.resolved].map(u64::from));
        }
        if has(reads::ANSWERED) {
            key.extend([self.acknowledged, self.declared].map(u64::from));
        }
        if has(reads::LEVEL) {
            key.push(whole(self.level_reached));
        }
        if has(reads::TRIGGERS) {
            let there = |trigger: &Trigger| {
                self.findings.iter().any(|finding| finding.trigger == *trigger.as_str())
            };
            let bits = Trigger::ALL.iter().enumerate();
            key.push(bits.fold(0, |sum, (bit, one)| sum | u64::from(there(one)) << bit));
        }
        if has(reads::FINDINGS) {
            key.push(self.findings.len() as u64);
            for finding in &self.findings {
                let about = &finding.about;
                key.extend([words.number(&finding.rule), words.number(&finding.trigger)]);
                key.extend([about.kind as u64, words.number(&about.name)]);
            }
        }
    }
}
