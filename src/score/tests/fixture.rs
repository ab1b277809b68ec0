//! A small pack, and a builder of timelines in minutes from the start.

use std::collections::BTreeMap;

use crate::model::{
    Audience, Capability, Channel, ContentHash, DetectionSource, Duty, EscalationLevel,
    FaultEffect, Field, ForEach, Gate, Lengthening, Measure, Mode, Name, Pack, Phase, Playbook,
    Priority, Ref, Rung, ServiceState, Severity, Source, Step, StepEffect, StepTime, Target, Text,
    Trigger,
};
use crate::score::{self, MeasureResult, Rating, Scorecard, StepResult};
use crate::timeline::{Event, EventKind, Header, MessagePurpose, Timeline};
use crate::units::{SimDuration, SimTime, Zone};

pub(super) fn n(text: &str) -> Name {
    Name::from(text)
}

fn text(words: &str) -> Text {
    Text { en: n(words), ja: n(words) }
}

fn minutes(count: i64) -> SimDuration {
    SimDuration::from_minutes(count)
}

/// `START` of every timeline here: 2026-10-05T01:00:00Z.
pub(super) const START: SimTime = SimTime::from_ms(1_791_162_000_000);

fn step(id: &str, effect: StepEffect, after: &[&str]) -> Step {
    Step {
        id: n(id),
        title: text(id),
        role: n("pm"),
        effect,
        time: StepTime::Median(minutes(1)),
        after: after.iter().map(|id| n(id)).collect(),
        wait_for: None,
        for_each: ForEach::Once,
        rung: None,
        phase: None,
        channels: Vec::new(),
        duty: None,
        level: None,
        critical: false,
        destructive: false,
        runbook: false,
        last_resort: false,
        action_kind: None,
    }
}

fn each(id: &str, effect: StepEffect, after: &[&str], phase: u32) -> Step {
    let for_each = ForEach::FailedService;
    Step { for_each, phase: Some(phase), ..step(id, effect, after) }
}

fn measure(name: &str, from: &str, to: &str, critical: Option<i64>) -> Measure {
    let target = |within| Target { within: minutes(within), assumed: true };
    Measure {
        name: n(name),
        title: text(name),
        from: n(from),
        to: n(to),
        targets: critical.map(|c| (n("critical"), target(c))).into_iter().collect(),
        cadence: name == "updates",
        lengthens: match name {
            "updates" => vec![
                Lengthening { after: minutes(120), within: minutes(60) },
                Lengthening { after: minutes(480), within: minutes(180) },
            ],
            _ => Vec::new(),
        },
    }
}

fn capability(name: &str, weight: f64, measures: &[&str]) -> Capability {
    let measures = measures.iter().map(|name| n(name)).collect();
    Capability { name: n(name), title: text(name), weight, measures, frequency: None }
}

fn outage() -> Playbook {
    let rung = |id: &str, effect, after: &[&str], critical| Step {
        rung: Some(n("service")),
        critical,
        ..step(id, effect, after)
    };
    Playbook {
        id: n("outage"),
        title: text("outage"),
        trigger: Trigger::ServiceOutage,
        rungs: vec![Rung {
            id: n("service"),
            title: text("service"),
            from: n("detected"),
            within: minutes(15),
        }],
        phases: Vec::new(),
        steps: vec![
            rung("identify", StepEffect::Observe, &[], true),
            rung("health", StepEffect::Observe, &["identify"], false),
            rung("auto", StepEffect::AutoRecover, &["health"], true),
            rung("dependants", StepEffect::Assess, &["auto"], false),
            Step { critical: true, ..step("verify", StepEffect::Verify, &["auto"]) },
            step("resolve", StepEffect::ClaimResolved, &["verify"]),
        ],
    }
}

fn several() -> Playbook {
    let phase = |number| Phase { number, title: text("phase") };
    Playbook {
        id: n("several"),
        title: text("several"),
        trigger: Trigger::MultiService,
        rungs: Vec::new(),
        phases: vec![phase(1), phase(2)],
        steps: vec![
            Step { level: Some(3), ..step("tell", StepEffect::Escalate, &[]) },
            step("assemble", StepEffect::Assemble, &[]),
            step("backup", StepEffect::Backup, &[]),
            each("degrade", StepEffect::Degrade, &[], 1),
            each("recover", StepEffect::Recover, &["degrade"], 2),
            Step { destructive: true, ..step("restore", StepEffect::Restore, &[]) },
            Step { critical: true, ..step("verify", StepEffect::Verify, &["recover"]) },
        ],
    }
}

fn duty(id: &str, from: &str, within: SimDuration, fields: &[(&str, bool)]) -> Duty {
    Duty {
        id: n(id),
        title: text(id),
        from: n(from),
        within,
        audience: Audience::Internal,
        fields: fields
            .iter()
            .map(|(id, may)| Field { id: n(id), title: text(id), may_be_preliminary: *may })
            .collect(),
        channels: BTreeMap::from([(n("critical"), vec![n("urgent")])]),
    }
}

fn humans() -> EscalationLevel {
    EscalationLevel {
        level: 3,
        title: text("humans"),
        from: n("pm"),
        to: vec![n("lead")],
        channels: vec![n("urgent")],
        human_only: false,
    }
}

pub(super) fn pack() -> Pack {
    let level = |level: &str, pages| Severity {
        level: n(level),
        title: text(level),
        respond_within: None,
        pages,
    };
    let channel = |name: &str, fallback: &[&str]| Channel {
        name: n(name),
        address: n(name),
        title: None,
        tool: n("chat"),
        fallback: fallback.iter().map(|name| n(name)).collect(),
        delay: None,
    };
    let priority = |service: &str, rank| Priority { service: n(service), rank };
    Pack {
        name: n("small"),
        title: text("small"),
        version: n("1"),
        date: n("2026-01-01"),
        next_review: None,
        documents: Vec::new(),
        severities: vec![
            level("critical", true),
            level("high", true),
            level("medium", true),
            level("low", false),
        ],
        fallback_severity: n("critical"),
        channels: vec![channel("urgent", &["mail"]), channel("mail", &[])],
        levels: vec![humans()],
        duties: vec![
            duty("immediate", "detected", minutes(5), &[("time", false), ("impact", true)]),
            duty("final", "resolved", SimDuration::from_hours(24), &[("cause", false)]),
        ],
        priorities: vec![
            priority("users", 1),
            priority("movies", 2),
            priority("actors", 3),
            priority("scenes", 3),
        ],
        playbooks: vec![several(), outage()],
        measures: vec![
            measure("detect", "impact_start", "detected", Some(5)),
            measure("respond", "detected", "first_action", Some(30)),
            measure("notify", "detected", "acked", Some(5)),
            measure("mitigate", "impact_start", "mitigated", Some(30)),
            measure("updates", "declared", "first_external", Some(20)),
            measure("immediate", "detected", "duty:immediate", Some(5)),
            measure("ladder", "detected", "step:service", Some(15)),
            measure("told", "detected", "step:tell", Some(5)),
            measure("resolve", "impact_start", "resolved", None),
        ],
        capabilities: vec![
            capability("detection", 40.0, &["detect", "notify"]),
            capability("mitigation", 40.0, &["mitigate"]),
            capability("procedure", 20.0, &["adherence", "ladder", "immediate"]),
        ],
        gates: Gate::ALL.to_vec(),
        health_check_every: SimDuration::from_hours(1),
        decisions: Vec::new(),
        texts: Vec::new(),
        scripts: Vec::new(),
        hash: ContentHash(1),
    }
}

/// A timeline in the making; times are minutes from the start.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) header: Header,
    pub(super) events: Vec<Event>,
}

impl Story {
    /// A live drill of 120 minutes that expects a critical incident.
    pub(super) fn new() -> Self {
        let header = Header {
            zone: Zone::UTC,
            source: Source::Live,
            title: n("story"),
            scenario: None,
            likeness: None,
            parameters: Vec::new(),
            system: None,
            environment: None,
            pack: Some(n("small")),
            pack_hash: None,
            inputs_hash: None,
            responders: None,
            assumed_inputs: None,
            mode: Mode::Evaluate,
            frequency: None,
            seed: None,
            start: START,
            end: START + minutes(120),
            drill_version: None,
            expected_severity: Some(n("critical")),
            expect_nothing: false,
            required_steps: Vec::new(),
            sources: Vec::new(),
            not_published: Vec::new(),
            texts: Vec::new(),
        };
        Self { header, events: Vec::new() }
    }

    pub(super) fn end(mut self, at: i64) -> Self {
        self.header.end = START + minutes(at);
        self
    }

    pub(super) fn source(mut self, source: Source) -> Self {
        self.header.source = source;
        self
    }

    pub(super) fn put(mut self, at: i64, kind: EventKind, about: &str) -> Self {
        let at = START + minutes(at);
        let about = about.split_whitespace().map(|about| about.parse().unwrap()).collect();
        let by = Some(Ref::role(&n("pm")));
        let (id, known_at) = (0, at);
        let event = Event { id, at, known_at, kind, about, by, uncertainty: None, note: None };
        self.events.push(event);
        self
    }

    /// An event by another role than the project manager.
    pub(super) fn by(self, at: i64, kind: EventKind, role: &str) -> Self {
        let mut story = self.put(at, kind, "");
        story.events.last_mut().unwrap().by = Some(Ref::role(&n(role)));
        story
    }

    pub(super) fn not_published(&self, names: &[&str]) -> Self {
        let mut story = self.clone();
        story.header.not_published = names.iter().map(|name| n(name)).collect();
        story
    }

    pub(super) fn uncertain(mut self, by: i64) -> Self {
        self.events.last_mut().unwrap().uncertainty = Some(minutes(by));
        self
    }

    pub(super) fn fault(self, at: i64, service: &str) -> Self {
        let kind =
            EventKind::FaultInjected { fault: n(service), effect: FaultEffect::Down, root: true };
        self.put(at, kind, &format!("service:{service}")).put(
            at,
            EventKind::ServiceState { state: ServiceState::Down, mode: None },
            &format!("service:{service}"),
        )
    }

    pub(super) fn breach(self, at: i64, service: &str) -> Self {
        self.put(
            at,
            EventKind::SliBreached { slo: n("availability") },
            &format!("service:{service}"),
        )
    }

    pub(super) fn recovery(self, at: i64, service: &str) -> Self {
        self.put(
            at,
            EventKind::SliRecovered { slo: n("availability") },
            &format!("service:{service}"),
        )
    }

    pub(super) fn alert(self, at: i64, service: &str) -> Self {
        let kind = EventKind::AlertFiring {
            slo: n("availability"),
            tier: n("1h/5m"),
            severity: n("page"),
            budget_spent: None,
            governed_by: None,
        };
        self.put(at, kind, &format!("service:{service}"))
    }

    pub(super) fn finding(self, at: i64, trigger: Trigger, source: DetectionSource) -> Self {
        let trigger = n(trigger.as_str());
        self.put(at, EventKind::Finding { rule: n("rule"), source, trigger }, "service:users")
    }

    pub(super) fn ack(self, at: i64) -> Self {
        self.put(at, EventKind::Acknowledged { page: None }, "")
    }

    pub(super) fn declare(self, at: i64, level: &str) -> Self {
        self.put(at, EventKind::Declared { level: n(level) }, "")
    }

    pub(super) fn begin(self, at: i64, playbook: &str, step: &str, about: &str) -> Self {
        let (step, playbook) = (n(step), n(playbook));
        self.put(at, EventKind::StepStarted { step, playbook, phase: None, attempt: 1 }, about)
    }

    pub(super) fn done(self, at: i64, playbook: &str, step: &str, about: &str) -> Self {
        let (step, playbook) = (n(step), n(playbook));
        self.put(at, EventKind::StepDone { step, playbook, phase: None, attempt: 1 }, about)
    }

    pub(super) fn failed(self, at: i64, playbook: &str, step: &str, about: &str) -> Self {
        let (step, playbook) = (n(step), n(playbook));
        self.put(at, EventKind::StepFailed { step, playbook, phase: None, attempt: 1 }, about)
    }

    pub(super) fn skip(self, at: i64, playbook: &str, step: &str, why: &str, about: &str) -> Self {
        let reason = (!why.is_empty()).then(|| n(why));
        self.put(at, EventKind::StepSkipped { step: n(step), playbook: n(playbook), reason }, about)
    }

    pub(super) fn message(self, at: i64) -> Self {
        let purpose = MessagePurpose::Notice;
        self.put(at, EventKind::MessageSent { channel: n("urgent"), purpose }, "")
    }

    pub(super) fn public(self, at: i64) -> Self {
        self.put(at, EventKind::PublicUpdate { channel: n("status"), next_within_ms: None }, "")
    }

    /// A public update that says when the next one comes, in minutes.
    pub(super) fn public_until(self, at: i64, next: Option<u32>) -> Self {
        let next_within_ms = next.map(|minutes| minutes * 60_000);
        self.put(at, EventKind::PublicUpdate { channel: n("status"), next_within_ms }, "")
    }

    pub(super) fn stand_down(self, at: i64) -> Self {
        self.put(at, EventKind::StoodDown {}, "")
    }

    pub(super) fn report(self, at: i64, duty: &str, fields: &[&str], preliminary: &[&str]) -> Self {
        let names = |words: &[&str]| words.iter().map(|word| n(word)).collect();
        let kind = EventKind::ReportDelivered {
            duty: n(duty),
            fields: names(fields),
            preliminary: names(preliminary),
            channels: vec![n("urgent")],
        };
        self.put(at, kind, "")
    }

    pub(super) fn timeline(&self) -> Timeline {
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.at);
        for (event, id) in events.iter_mut().zip(1..) {
            event.id = id;
        }
        Timeline { header: self.header.clone(), events }
    }

    pub(super) fn card(&self) -> Scorecard {
        score::score(&self.timeline(), &pack(), &[])
    }

    pub(super) fn measure(&self, name: &str) -> MeasureResult {
        self.card().measures.into_iter().find(|measure| *measure.name == *name).unwrap()
    }

    pub(super) fn rating(&self, name: &str) -> Rating {
        self.measure(name).rating
    }

    /// Minutes from the start.
    pub(super) fn milestone(&self, name: &str) -> Option<i64> {
        let card = self.card();
        let found = card.milestones.iter().find(|milestone| milestone.name == name).unwrap();
        found.at.map(|at| (at - START).ms() / 60_000)
    }

    pub(super) fn step(&self, id: &str, on: Option<&str>) -> StepResult {
        let card = self.card();
        let is = |step: &&StepResult| *step.step == *id && step.on.as_deref() == on;
        card.steps.iter().find(is).unwrap_or_else(|| panic!("no step {id}")).clone()
    }

    pub(super) fn adherence(&self) -> Rating {
        let (timeline, pack) = (self.timeline(), pack());
        let card = score::score(&timeline, &pack, &[]);
        score::explain(&timeline, &pack, &card, "adherence").unwrap().rating.unwrap()
    }
}
