//! The read-only views of `detect`, `severity` and `escalate`.

use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, Map};

use super::host::unknown;
use super::memo::reads;
use super::registry::{Registry, Show, View};
use super::snapshot::{AgentFacts, ServiceFacts, Snapshot};
use crate::model::{Environment, Ref, ServiceState, SignalKind, Trigger};

/// `signals` and `facts`: everything known.
#[derive(Clone)]
pub(super) struct Facts(pub(super) Rc<Snapshot>);

/// `incident`: everything known, and where the response stands.
#[derive(Clone)]
pub(super) struct Incident(pub(super) Rc<Snapshot>);

/// One service.
#[derive(Clone)]
pub(super) struct Service {
    all: Rc<Snapshot>,
    index: usize,
}

/// One agent.
#[derive(Clone)]
pub(super) struct Agent {
    all: Rc<Snapshot>,
    index: usize,
}

trait Whole: View {
    fn all(&self) -> &Rc<Snapshot>;
}

impl View for Facts {
    fn label(&self) -> String {
        "facts".to_owned()
    }
}

impl Whole for Facts {
    fn all(&self) -> &Rc<Snapshot> {
        &self.0
    }
}

impl View for Incident {
    fn label(&self) -> String {
        "incident".to_owned()
    }
}

impl Whole for Incident {
    fn all(&self) -> &Rc<Snapshot> {
        &self.0
    }
}

impl Service {
    fn facts(&self) -> &ServiceFacts {
        &self.all.services[self.index]
    }

    /// The typed reference to it.
    pub(super) fn reference(&self) -> &Ref {
        self.facts().reference()
    }
}

impl View for Service {
    fn label(&self) -> String {
        self.facts().name.to_string()
    }
}

impl Agent {
    fn facts(&self) -> &AgentFacts {
        &self.all.agents[self.index]
    }

    /// The typed reference to it.
    pub(super) fn reference(&self) -> &Ref {
        self.facts().reference()
    }

    fn signal(&self, kind: SignalKind, unseen: f64) -> f64 {
        self.facts().signals[kind as usize].unwrap_or(unseen)
    }
}

impl View for Agent {
    fn label(&self) -> String {
        self.facts().name.to_string()
    }
}

impl Show for Service {
    fn show(&self) -> String {
        self.label()
    }
}

impl Show for Agent {
    fn show(&self) -> String {
        self.label()
    }
}

/// Whole numbers of a signal: fractions are cut off, what is too large becomes the largest.
#[expect(clippy::cast_possible_truncation, reason = "saturating is what the doc says")]
fn whole(value: f64) -> i64 {
    value as i64
}

/// A number of things; there are never 2^63 of them.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Registers all views.
pub(super) fn register(registry: &mut Registry<'_>) {
    let engine = &mut registry.engine;
    engine
        .register_type_with_name::<Facts>("facts")
        .register_type_with_name::<Incident>("incident")
        .register_type_with_name::<Service>("service")
        .register_type_with_name::<Agent>("agent");
    register_whole::<Facts>(registry);
    register_whole::<Incident>(registry);
    register_service(registry);
    register_agent(registry);
    register_incident(registry);
}

fn register_whole<V: Whole>(registry: &mut Registry<'_>) {
    registry.reading(reads::NAMES);
    registry.get("services", |view: &V| {
        let service = |index| Dynamic::from(Service { all: Rc::clone(view.all()), index });
        (0..view.all().services.len()).map(service).collect::<Array>()
    });
    registry.get("agents", |view: &V| {
        let agent = |index| Dynamic::from(Agent { all: Rc::clone(view.all()), index });
        (0..view.all().agents.len()).map(agent).collect::<Array>()
    });
    registry.ask("service", |view: &V, name| {
        let all = view.all();
        let index = all.services.iter().position(|s| s.name == name);
        let index = index.ok_or_else(|| {
            unknown("service", name, all.services.iter().map(|s| s.name.as_str()))
        })?;
        Ok(Service { all: Rc::clone(all), index })
    });
    registry.ask("agent", |view: &V, name| {
        let all = view.all();
        let index = all.agents.iter().position(|a| a.name == name);
        let index = index
            .ok_or_else(|| unknown("agent", name, all.agents.iter().map(|a| a.name.as_str())))?;
        Ok(Agent { all: Rc::clone(all), index })
    });
    registry.reading(reads::OBSERVED);
    registry.get("agents_observed", |view: &V| {
        let all = view.all();
        let observed = |&index: &usize| all.agents[index].observed();
        let agent = |index| Dynamic::from(Agent { all: Rc::clone(all), index });
        (0..all.agents.len()).filter(observed).map(agent).collect::<Array>()
    });
    register_environment::<V>(registry);
    register_totals::<V>(registry);
    register_system_signals::<V>(registry);
}

fn register_environment<V: Whole>(registry: &mut Registry<'_>) {
    let words: Vec<(Environment, ImmutableString)> = Environment::ALL
        .iter()
        .map(|&environment| (environment, environment.as_str().into()))
        .collect();
    let unknown = ImmutableString::from("unknown");
    // Where the system runs is always part of the question.
    registry.reading(reads::NAMES).get("environment", move |view: &V| {
        let known = view.all().environment;
        let word = words.iter().find(|(word, _)| Some(*word) == known);
        word.map_or_else(|| unknown.clone(), |(_, word)| word.clone())
    });
}

fn register_totals<V: Whole>(registry: &mut Registry<'_>) {
    registry.reading(reads::NAMES);
    registry.get("agents_total", |view: &V| count(view.all().agents.len()));
    registry.get("services_total", |view: &V| count(view.all().services.len()));
    registry.reading(reads::FAILED_TOTAL);
    registry.get("services_failed", |view: &V| view.all().services_failed());
    registry.reading(reads::DEGRADED);
    registry.get("services_degraded", |view: &V| view.all().services_degraded());
    registry.reading(reads::PAGING);
    registry.get("services_paging", |view: &V| view.all().services_paging());
    registry.reading(reads::EXTREMES);
    registry.get("p95_ratio_max", |view: &V| view.all().p95_ratio_max());
    registry.get("traffic_ratio_min", |view: &V| view.all().traffic_ratio_min());
    registry.reading(reads::HUNG);
    registry.get("agents_hung", |view: &V| view.all().agents_hung);
    registry.get("agents_hung_blocking", |view: &V| view.all().agents_hung_blocking);
}

/// The signals about the whole system: ratios are decimals, everything else whole numbers; 0
/// when never seen.
fn register_system_signals<V: Whole>(registry: &mut Registry<'_>) {
    use SignalKind as S;
    let value = |view: &V, kind: S| {
        let signals = &view.all().system;
        signals.get(kind as usize).copied().flatten().unwrap_or(0.0)
    };
    let wholes = [
        S::DataLost,
        S::SecurityBreach,
        S::MajorFunctionFailed,
        S::DevelopmentBlocked,
        S::MinorMalfunction,
        S::ConnectionProblem,
        S::ConfigProblem,
        S::DocumentLate,
        S::MinorQuality,
        S::TodoFailingMs,
        S::TaskErrorsMs,
        S::UnreachableMs,
        S::RequirementMismatches,
        S::ChatLostMs,
        S::CodeHostLostMs,
        S::InternetLostMs,
    ];
    registry.reading(reads::SYSTEM);
    registry.get("system_observed", |view: &V| view.all().system.iter().any(Option::is_some));
    for kind in wholes {
        registry.get(kind.as_str(), move |view: &V| whole(value(view, kind)));
    }
    for kind in [S::TestFailureRatio, S::ReviewFindingRatio] {
        registry.get(kind.as_str(), move |view: &V| value(view, kind));
    }
}

fn register_service(registry: &mut Registry<'_>) {
    let states: Vec<ImmutableString> =
        ServiceState::ALL.iter().map(|state| state.as_str().into()).collect();
    registry.reading(reads::NAMES);
    registry.get("name", |s: &Service| s.facts().name.clone());
    registry.reading(reads::STATE);
    registry.get("state", move |s: &Service| states[s.facts().state as usize].clone());
    registry.reading(reads::FAILED);
    registry.get("failed", |s: &Service| s.facts().failed);
    registry.reading(reads::MODE);
    registry.get("mode", |s: &Service| s.facts().mode.clone());
    registry.reading(reads::STATE_TIMES);
    registry.get("failed_for_ms", |s: &Service| s.facts().failed_for_ms);
    registry.get("state_for_ms", |s: &Service| s.facts().state_for_ms);
    registry.reading(reads::SETTLED);
    registry.get("settled", |s: &Service| s.facts().settled());
    registry.reading(reads::LATENCY);
    registry.get("p95_ratio_10m", |s: &Service| s.facts().p95_ratio_10m);
    registry.reading(reads::TRAFFIC);
    registry.get("traffic_ratio", |s: &Service| s.facts().traffic_ratio);
    registry.reading(reads::PAGES);
    registry.get("pages_firing", |s: &Service| s.facts().pages_firing);
    registry.reading(reads::TICKETS);
    registry.get("tickets_firing", |s: &Service| s.facts().tickets_firing);
}

/// Signals that scripts see with their fraction, of an agent and of the whole system.
pub(super) const RATIOS: [SignalKind; 6] = [
    SignalKind::TokenRatio,
    SignalKind::CallRatio,
    SignalKind::TestFailureRatio,
    SignalKind::ReviewFindingRatio,
    SignalKind::TaskTimeRatio,
    SignalKind::HelpRequestRatio,
];

fn register_agent(registry: &mut Registry<'_>) {
    use SignalKind as S;
    registry.reading(reads::NAMES);
    registry.get("name", |a: &Agent| a.facts().name.clone());
    registry.get("blocks_development", |a: &Agent| a.facts().blocks_development);
    registry.reading(reads::REPORTED);
    registry.get("reported", |a: &Agent| a.facts().reported);
    let wholes = [
        (S::TaskSilenceMs, 0.0),
        (S::ErrorsInRow, 0.0),
        (S::Completed1h, -1.0),
        (S::QueueAgeMs, 0.0),
        (S::RequirementMismatches, 0.0),
        (S::CorrectionsOfTask, 0.0),
    ];
    for (kind, unseen) in wholes {
        registry.reading(reads::agent_signal(kind as usize));
        registry.get(kind.as_str(), move |a: &Agent| whole(a.signal(kind, unseen)));
    }
    for kind in RATIOS {
        registry.reading(reads::agent_signal(kind as usize));
        registry.get(kind.as_str(), move |a: &Agent| a.signal(kind, 1.0));
    }
    for (kind, unseen) in [(S::LoopConstantRate, 0.0), (S::HeartbeatOk, 1.0)] {
        registry.reading(reads::agent_signal(kind as usize));
        registry.get(kind.as_str(), move |a: &Agent| a.signal(kind, unseen) > 0.0);
    }
}

fn register_incident(registry: &mut Registry<'_>) {
    registry.reading(reads::DETECTED_AGO);
    registry.get("detected_ago_ms", |i: &Incident| i.0.incident.detected_ago_ms);
    registry.reading(reads::SEVERITY);
    registry.get("severity", |i: &Incident| i.0.incident.severity.clone());
    registry.reading(reads::STAGES);
    registry.get("detected", |i: &Incident| i.0.incident.detected);
    registry.get("mitigated", |i: &Incident| i.0.incident.mitigated);
    registry.get("resolved", |i: &Incident| i.0.incident.resolved);
    registry.reading(reads::ANSWERED);
    registry.get("acknowledged", |i: &Incident| i.0.incident.acknowledged);
    registry.get("declared", |i: &Incident| i.0.incident.declared);
    registry.reading(reads::LEVEL);
    registry.get("level_reached", |i: &Incident| i.0.incident.level_reached);
    registry.reading(reads::FINDINGS);
    registry.get("findings", |i: &Incident| {
        let finding = |f: &crate::timeline::FindingKnown| {
            let mut map = Map::new();
            map.insert("rule".into(), f.rule.as_str().into());
            map.insert("about".into(), f.about.to_string().into());
            Dynamic::from(map)
        };
        i.0.incident.findings.iter().map(finding).collect::<Array>()
    });
    registry.ask("has_finding", |i: &Incident, rule| {
        let mut findings = i.0.incident.findings.iter();
        Ok(findings.any(|finding| finding.rule == *rule))
    });
    registry.reading(reads::TRIGGERS);
    registry.ask("has_trigger", |i: &Incident, trigger| {
        if Trigger::from_word(trigger).is_none() {
            let words = Trigger::ALL.iter().map(|trigger| trigger.as_str());
            return Err(unknown("trigger", trigger, words));
        }
        let mut findings = i.0.incident.findings.iter();
        Ok(findings.any(|finding| finding.trigger == *trigger))
    });
}
