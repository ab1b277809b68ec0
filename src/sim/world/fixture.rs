//! A small system for the tests of the world, and a rig that plays the world alone.

use crate::model::{
    Agent, ContentHash, DegradedMode, Dependency, DependencyKind, Environment, Fault, FaultEffect,
    FaultEnd, Mode, Name, Preset, Provenance, Ref, Scenario, Service, Shape, SliKind, SloSpec,
    Store, System, SystemSlo, Text, Tool, ToolKind, When,
};
use crate::sim::act::{Detail, Draft, Output, RunOptions};
use crate::sim::engine::{Ctx, WorldNote};
use crate::sim::queue::EventQueue;
use crate::sim::rng::Streams;
use crate::sim::world::{Baseline, World, WorldPlan};
use crate::timeline::EventKind;
use crate::units::{Seed, SimDuration, SimTime};

fn text(en: &str) -> Text {
    Text { en: Name::from(en), ja: Name::from(en) }
}

/// A Monday morning in Tokyo, half way through a minute.
pub(super) fn start() -> SimTime {
    "2026-10-05T10:00:30+09:00".parse().unwrap()
}

pub(super) fn minutes(n: i64) -> SimDuration {
    SimDuration::from_minutes(n)
}

fn dep(on: &str, kind: DependencyKind, calls: f64, attempts: u32) -> Dependency {
    Dependency { on: Name::from(on), kind, calls, attempts, retry_budget: false }
}

fn mode(name: &str, runs_on: &str, keeps: f64, development_only: bool) -> DegradedMode {
    DegradedMode {
        name: Name::from(name),
        title: text(name),
        runs_on: Name::from(runs_on),
        keeps,
        exercised: true,
        development_only,
    }
}

fn service(name: &str, rate: f64, depends_on: Vec<Dependency>) -> Service {
    Service {
        name: Name::from(name),
        title: text(name),
        rate_per_min: rate,
        capacity_per_min: 1600.0,
        error_ratio: 0.0002,
        p50: SimDuration::from_ms(50),
        p95: SimDuration::from_ms(200),
        latency_threshold: SimDuration::from_ms(800),
        depends_on,
        impact: text("impact"),
        degraded: Vec::new(),
    }
}

fn slo(name: &str, service: &str, sli: SliKind, target: &str) -> SystemSlo {
    let window = SimDuration::from_hours(720);
    SystemSlo { spec: SloSpec::new(name, service, target.parse().unwrap(), window), sli }
}

fn agent(name: &str, backup: Option<&str>) -> Agent {
    Agent {
        name: Name::from(name),
        title: text(name),
        tasks_per_hour: 6.0,
        tokens_per_hour: 60_000.0,
        heartbeat: minutes(1),
        backup: backup.map(Name::from),
        blocks_development: false,
    }
}

fn tool(name: &str, kind: ToolKind, needs: &[&str]) -> Tool {
    Tool {
        name: Name::from(name),
        title: text(name),
        kind,
        needs: needs.iter().map(|n| Name::from(*n)).collect(),
        fallback: Vec::new(),
        exercised: false,
    }
}

/// `front` calls `user` hard for half of its requests, four attempts each, and `review` softly;
/// `user` needs the store `user-db`. Tools: `chat` needs `net`, `board` needs `front`.
pub(super) fn system() -> System {
    use DependencyKind::{Hard, Soft};
    let front = vec![dep("user", Hard, 0.5, 4), dep("review", Soft, 1.0, 1)];
    let mut user = service("user", 300.0, vec![dep("user-db", Hard, 1.0, 1)]);
    user.degraded = vec![mode("guest", "front", 0.9, false), mode("bypass", "front", 1.0, true)];
    let store = Store {
        name: Name::from("user-db"),
        title: text("db"),
        backup_every: SimDuration::from_hours(24),
        backup_at: SimDuration::ZERO,
    };
    System {
        name: Name::from("test"),
        title: text("test"),
        zone: "Asia/Tokyo".parse().unwrap(),
        environment: Environment::Production,
        budget_spent_at_start: 0.2,
        daily_swing: 0.3,
        services: vec![service("front", 600.0, front), user, service("review", 100.0, Vec::new())],
        stores: vec![store],
        agents: vec![agent("dev", Some("spare")), agent("spare", None)],
        tools: vec![
            tool("chat", ToolKind::Chat, &["net"]),
            tool("net", ToolKind::Internet, &[]),
            tool("board", ToolKind::StatusPage, &["front"]),
            tool("dash", ToolKind::Dashboard, &[]),
            tool("todo", ToolKind::Coordination, &[]),
        ],
        roles: Vec::new(),
        slos: vec![
            slo("front-ok", "front", SliKind::Availability, "0.999"),
            slo("front-fast", "front", SliKind::Latency, "0.99"),
            slo("user-ok", "user", SliKind::Availability, "0.999"),
            slo("review-ok", "review", SliKind::Availability, "0.999"),
        ],
        hash: ContentHash(0),
    }
}

pub(super) fn fault(name: &str, at: i64, on: &str, effect: FaultEffect, amount: f64) -> Fault {
    Fault {
        name: Name::from(name),
        at: minutes(at),
        on: on.parse().unwrap(),
        effect,
        amount,
        shape: Shape::Step,
        over: SimDuration::ZERO,
        end: FaultEnd::Recovery,
        root: true,
    }
}

pub(super) fn scenario(faults: Vec<Fault>) -> Scenario {
    Scenario {
        name: Name::from("test"),
        title: text("test"),
        summary: text("test"),
        system: Name::from("test"),
        pack: Name::from("test"),
        frequency: Name::from("any"),
        mode: Mode::Evaluate,
        when: When::Work,
        start: start(),
        endex: SimDuration::from_hours(48),
        objectives: Vec::new(),
        parameters: Vec::new(),
        faults,
        injects: Vec::new(),
        failures: Vec::new(),
        likeness: None,
        shows: Vec::new(),
        absent: Vec::new(),
        script: Vec::new(),
        expect: crate::model::Expectation {
            severity: None,
            playbook: None,
            first_actions: Vec::new(),
            required_steps: Vec::new(),
        },
        abort: Vec::new(),
        hash: ContentHash(0),
    }
}

pub(super) fn preset() -> Preset {
    Preset {
        name: Name::from("none"),
        title: text("none"),
        tables: Vec::new(),
        correlation: 0.0,
        correlation_provenance: Provenance::Assumed { reason: Name::from("test") },
        knobs: Vec::new(),
        hash: ContentHash(0),
    }
}

/// The world alone, without a crew.
pub(super) struct Rig {
    pub(super) plan: WorldPlan,
    pub(super) world: World,
    pub(super) out: Vec<Output>,
    pub(super) notes: Vec<(SimTime, WorldNote)>,
    pub(super) now: SimTime,
    queue: EventQueue,
    streams: Streams,
    options: RunOptions,
}

impl Rig {
    pub(super) fn new(system: &System, scenario: &Scenario, seed: u64, detail: Detail) -> Self {
        let baseline = Baseline::draw(system, start(), SimDuration::from_hours(1));
        let plan = WorldPlan::new(system, scenario, &preset(), baseline);
        Self::of(plan, seed, detail)
    }

    pub(super) fn of(plan: WorldPlan, seed: u64, detail: Detail) -> Self {
        let mut rig = Self {
            world: World::new(&plan),
            plan,
            out: Vec::new(),
            notes: Vec::new(),
            now: start(),
            queue: EventQueue::default(),
            streams: Streams::new(Seed(seed)),
            options: RunOptions {
                seed: Seed(seed),
                start: start(),
                mode: Mode::Evaluate,
                without: Vec::new(),
                detail,
            },
        };
        rig.with(|world, plan, ctx| world.start(plan, ctx));
        rig
    }

    pub(super) fn with<T>(
        &mut self,
        act: impl FnOnce(&mut World, &WorldPlan, &mut Ctx<'_>) -> T,
    ) -> T {
        let mut ctx = Ctx {
            now: self.now,
            start: start(),
            queue: &mut self.queue,
            streams: &self.streams,
            out: &mut self.out,
            options: &self.options,
        };
        let result = act(&mut self.world, &self.plan, &mut ctx);
        while let Some(note) = self.world.take_note() {
            self.notes.push((self.now, note));
        }
        result
    }

    /// Plays to `offset` after the start.
    pub(super) fn to(&mut self, offset: SimDuration) {
        let until = start() + offset;
        while let Some(at) = self.queue.next_at().filter(|at| *at <= until) {
            let (_, token) = self.queue.pop().unwrap();
            self.now = at;
            self.with(|world, plan, ctx| world.on_timer(token, plan, ctx));
        }
        self.now = until;
    }

    pub(super) fn idle(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Draft> {
        self.out.iter().filter_map(|output| match output {
            Output::Event(draft) => Some(draft),
            Output::Slice { .. } => None,
        })
    }

    /// `(offset, about, what)` of every event, in words.
    pub(super) fn story(&self) -> Vec<String> {
        let line = |draft: &Draft| {
            let about = draft.about.first().map_or_else(String::new, Ref::to_string);
            let kind = match &draft.kind {
                EventKind::ServiceState { state, mode } => {
                    format!("{} {}", state.as_str(), mode.as_deref().unwrap_or(""))
                        .trim()
                        .to_owned()
                }
                EventKind::Observation { signal, value } => {
                    format!("{} {}", signal.as_str(), value.0)
                }
                EventKind::SliBreached { slo } | EventKind::SliRecovered { slo } => {
                    format!("{} {slo}", draft.kind.word())
                }
                other => other.word().to_owned(),
            };
            format!("{} {about} {kind}", (draft.at - start()))
        };
        self.events().map(line).collect()
    }

    /// Share of good events in the slices of SLO `slo` that end within the offsets.
    pub(super) fn good_share(&self, slo: usize, from: i64, to: i64) -> Option<f64> {
        let (mut good, mut total) = (0u64, 0u64);
        for output in &self.out {
            if let Output::Slice { slo: of, end, slice } = output {
                let inside = *end > start() + minutes(from) && *end <= start() + minutes(to);
                if *of == slo && inside {
                    good += u64::from(slice.good);
                    total += u64::from(slice.total);
                }
            }
        }
        (total > 0).then(|| good as f64 / total as f64)
    }
}
