//! A system of three services, two agents and four tools, with one staged playbook.

use crate::model::*;
use crate::units::{SimDuration, SimTime, Zone};

fn name(text: &str) -> Name {
    Name::from(text)
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| name(text)).collect()
}

fn text(text: &str) -> Text {
    Text { en: name(text), ja: name(text) }
}

fn minutes(n: i64) -> SimDuration {
    SimDuration::from_minutes(n)
}

/// Monday 2026-10-05, 10:00 in Tokyo.
pub(super) fn monday() -> SimTime {
    "2026-10-05T10:00:00+09:00".parse().unwrap()
}

fn service(of: &str) -> Service {
    Service {
        name: name(of),
        title: text(of),
        rate_per_min: 100.0,
        capacity_per_min: 200.0,
        error_ratio: 0.0,
        p50: SimDuration::from_ms(50),
        p95: SimDuration::from_ms(200),
        latency_threshold: SimDuration::from_ms(500),
        depends_on: Vec::new(),
        impact: text("none"),
        degraded: Vec::new(),
    }
}

fn agent(of: &str) -> Agent {
    Agent {
        name: name(of),
        title: text(of),
        tasks_per_hour: 5.0,
        tokens_per_hour: 1000.0,
        heartbeat: minutes(1),
        backup: None,
        blocks_development: true,
    }
}

fn tool(of: &str, kind: ToolKind) -> Tool {
    let (needs, fallback) = (Vec::new(), Vec::new());
    Tool { name: name(of), title: text(of), kind, needs, fallback, exercised: true }
}

fn role(of: &str, kind: RoleKind, people: u32, agents: &[&str]) -> Role {
    Role {
        name: name(of),
        title: text(of),
        kind,
        people,
        hours: Hours::Always,
        agents: names(agents),
        reach: Vec::new(),
    }
}

pub(super) fn system() -> System {
    System {
        name: name("small"),
        title: text("small"),
        zone: "Asia/Tokyo".parse::<Zone>().unwrap(),
        environment: Environment::Staging,
        budget_spent_at_start: 0.0,
        daily_swing: 0.0,
        services: ["user", "movie", "review"].map(service).to_vec(),
        stores: Vec::new(),
        agents: ["a1", "a2"].map(agent).to_vec(),
        tools: vec![
            tool("chat", ToolKind::Chat),
            tool("mail", ToolKind::Mail),
            tool("code", ToolKind::CodeHost),
            tool("board", ToolKind::Dashboard),
        ],
        roles: vec![
            role("agents", RoleKind::Agent, 2, &["a1", "a2"]),
            role("pm", RoleKind::Human, 1, &[]),
            role("lead", RoleKind::Human, 2, &[]),
        ],
        slos: Vec::new(),
        hash: ContentHash(0),
    }
}

/// A step that takes two minutes; the callers change what matters to them.
fn step(id: &str, role: &str, effect: StepEffect, after: &[&str]) -> Step {
    Step {
        id: name(id),
        title: text(id),
        role: name(role),
        effect,
        time: StepTime::Median(minutes(2)),
        after: names(after),
        wait_for: None,
        for_each: ForEach::Once,
        rung: None,
        phase: None,
        channels: Vec::new(),
        duty: None,
        level: None,
        critical: true,
        destructive: false,
        runbook: false,
        last_resort: false,
        action_kind: None,
    }
}

fn phased(id: &str, effect: StepEffect, after: &[&str], phase: u32) -> Step {
    let step = step(id, "agents", effect, after);
    Step { for_each: ForEach::FailedService, phase: Some(phase), ..step }
}

fn report(id: &str, after: &[&str], wait_for: Option<&str>) -> Step {
    let step = step(&format!("report-{id}"), "pm", StepEffect::Report, after);
    Step { duty: Some(name(id)), wait_for: wait_for.map(name), ..step }
}

fn playbook() -> Playbook {
    use StepEffect as E;
    let phase = |number| Phase { number, title: text("phase") };
    let share = StepTime::Share { stage: Stage::Fix, share: 1.0 };
    Playbook {
        id: name("multi"),
        title: text("multi"),
        trigger: Trigger::MultiService,
        rungs: Vec::new(),
        phases: vec![phase(1), phase(2), phase(3)],
        steps: vec![
            step("assess", "pm", E::Assess, &[]),
            step("declare", "pm", E::Declare, &["assess"]),
            report("immediate", &["assess"], None),
            step("call-in", "pm", E::Assemble, &["declare"]),
            Step { channels: names(&["urgent"]), ..step("tell", "pm", E::Message, &["declare"]) },
            step("diagnose", "agents", E::Diagnose, &["assess"]),
            phased("start", E::AutoRecover, &["assess"], 1),
            Step { time: share, ..phased("restore", E::Recover, &["diagnose", "start"], 2) },
            step("mitigated", "pm", E::ClaimMitigated, &["restore"]),
            phased("check-data", E::CheckData, &["restore"], 3),
            step("backup", "agents", E::Backup, &["restore"]),
            Step {
                destructive: true,
                ..phased("repair-data", E::RepairData, &["check-data", "backup"], 3)
            },
            step("verify", "agents", E::Verify, &["repair-data"]),
            step("resolved", "pm", E::ClaimResolved, &["verify", "mitigated"]),
            report("final", &[], Some("resolved")),
            Step {
                action_kind: Some(name("monitoring")),
                ..step("act", "pm", E::FileAction, &["resolved"])
            },
        ],
    }
}

fn channel(of: &str, tool: &str, fallback: &[&str]) -> Channel {
    Channel {
        name: name(of),
        address: name(of),
        title: None,
        tool: name(tool),
        fallback: names(fallback),
        delay: None,
    }
}

fn duty(id: &str, from: &str, within: SimDuration) -> Duty {
    let channels = [(name("critical"), names(&["urgent", "mail"]))];
    let field =
        |id: &str, may_be_preliminary| Field { id: name(id), title: text(id), may_be_preliminary };
    Duty {
        id: name(id),
        title: text(id),
        from: name(from),
        within,
        audience: Audience::Internal,
        fields: vec![field("symptoms", false), field("root_cause", true)],
        channels: channels.into_iter().collect(),
    }
}

pub(super) fn pack() -> Pack {
    let level = |level, to: &str| EscalationLevel {
        level,
        title: text("level"),
        from: name("agents"),
        to: names(&[to]),
        channels: names(&["urgent", "mail"]),
        human_only: false,
    };
    let priority = |service: &str, rank| Priority { service: name(service), rank };
    Pack {
        name: name("pack"),
        title: text("pack"),
        version: name("1"),
        date: name("2026-01-01"),
        next_review: None,
        documents: Vec::new(),
        severities: ["critical", "high"]
            .map(|level| Severity {
                level: name(level),
                title: text(level),
                respond_within: None,
                pages: true,
            })
            .to_vec(),
        fallback_severity: name("critical"),
        channels: vec![
            channel("urgent", "chat", &["issues"]),
            channel("mail", "mail", &[]),
            channel("issues", "code", &[]),
        ],
        levels: vec![level(1, "pm"), level(2, "lead")],
        duties: vec![
            duty("immediate", "detected", minutes(5)),
            duty("final", "resolved", SimDuration::from_hours(24)),
        ],
        priorities: vec![priority("user", 1), priority("movie", 2), priority("review", 3)],
        playbooks: vec![playbook()],
        measures: Vec::new(),
        capabilities: Vec::new(),
        gates: Vec::new(),
        health_check_every: SimDuration::from_hours(1),
        decisions: Vec::new(),
        texts: Vec::new(),
        scripts: Vec::new(),
        hash: ContentHash(0),
    }
}

pub(super) fn scenario() -> Scenario {
    let on = |of: &str| Ref::new(EntityKind::Service, &name(of));
    Scenario {
        name: name("scenario"),
        title: text("scenario"),
        summary: text("scenario"),
        system: name("small"),
        pack: name("pack"),
        frequency: name("any"),
        mode: Mode::Evaluate,
        when: When::Work,
        start: monday(),
        endex: SimDuration::from_hours(72),
        objectives: Vec::new(),
        parameters: Vec::new(),
        faults: ["user", "movie", "review"]
            .map(|of| Fault {
                name: name(of),
                at: SimDuration::ZERO,
                on: on(of),
                effect: FaultEffect::Down,
                amount: 1.0,
                shape: Shape::Step,
                over: SimDuration::ZERO,
                end: FaultEnd::Recovery,
                root: true,
            })
            .to_vec(),
        injects: Vec::new(),
        failures: Vec::new(),
        likeness: None,
        shows: Vec::new(),
        absent: Vec::new(),
        script: Vec::new(),
        expect: Expectation {
            severity: Some(name("critical")),
            playbook: None,
            first_actions: Vec::new(),
            required_steps: Vec::new(),
        },
        abort: Vec::new(),
        hash: ContentHash(0),
    }
}

/// A failure of the `restore` step on a service.
pub(super) fn failure(on: &str, attempts: u32) -> StepFailure {
    let text = text("refused");
    StepFailure { step: name("restore"), on: Some(name(on)), attempts, text }
}

/// A scripted act of the PM.
pub(super) fn cue(at: i64, step: &str) -> Cue {
    Cue { at: minutes(at), role: name("pm"), step: name(step), on: None }
}

const VALUES: [(&str, f64); 27] = [
    ("ack_agent_median_s", 20.0),
    ("ack_agent_p", 0.97),
    ("ack_night_median_min", 4.0),
    ("ack_night_p", 0.7),
    ("ack_night_sigma", 1.0),
    ("ack_work_median_min", 1.5),
    ("ack_work_p", 0.9),
    ("ack_work_sigma", 0.8),
    ("attempts_per_person_n", 3.0),
    ("auto_recover_p", 0.0),
    ("chat_delay_s", 2.0),
    ("dashboard_lost_factor", 1.8),
    ("escalation_timeout_min", 5.0),
    ("fallback_exercised_delay_min", 3.0),
    ("fallback_exercised_p", 1.0),
    ("fallback_unexercised_delay_min", 15.0),
    ("fallback_unexercised_p", 0.6),
    ("fatigue_after_h", 8.0),
    ("fatigue_factor", 1.25),
    ("handoff_max_min", 15.0),
    ("handoff_min_min", 10.0),
    ("mail_delay_s", 30.0),
    ("night_factor", 1.5),
    ("runbook_factor", 0.6),
    ("step_sigma", 0.5),
    ("think_median_s", 60.0),
    ("wrong_hypothesis_p", 0.3),
];

/// A preset with `changes`; knobs named nowhere are 0.
pub(super) fn preset(changes: &[(&str, f64)]) -> Preset {
    let assumed = || Provenance::Assumed { reason: name("test") };
    let find = |list: &[(&str, f64)], knob: &str| {
        list.iter().find(|(known, _)| *known == knob).map(|(_, value)| *value)
    };
    let knob = |(knob, _): &(&str, &str)| Knob {
        name: name(knob),
        value: find(changes, knob).or(find(&VALUES, knob)).unwrap_or(0.0),
        provenance: assumed(),
    };
    let table = |stage, knots: [f64; 7]| QuantileTable {
        stage,
        knots: [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0].into_iter().zip(knots).collect(),
        scale: 1.0,
        provenance: assumed(),
    };
    Preset {
        name: name("preset"),
        title: text("preset"),
        tables: vec![
            table(Stage::Detection, [0.0, 1.0, 4.0, 8.0, 20.0, 43.0, 200.0]),
            table(Stage::Identification, [0.0, 8.0, 21.0, 36.0, 120.0, 255.0, 600.0]),
            table(Stage::Fix, [1.0, 25.0, 52.0, 98.0, 231.0, 606.0, 1500.0]),
        ],
        correlation: 0.49,
        correlation_provenance: assumed(),
        knobs: KNOBS.iter().map(knob).collect(),
        hash: ContentHash(0),
    }
}
