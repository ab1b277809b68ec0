//! A loop around the crew, and a world that does as it is told.

use super::fixture;
use crate::model::*;
use crate::sim::act::{Act, Detail, Draft, Output, RunOptions};
use crate::sim::crew::ground::Ground;
use crate::sim::crew::plan::CrewPlan;
use crate::sim::crew::state::{Crew, Scene};
use crate::sim::engine::{Ctx, WorldNote};
use crate::sim::queue::EventQueue;
use crate::sim::rng::Streams;
use crate::timeline::EventKind;
use crate::units::{Seed, SimDuration, SimTime};

/// Three services that are down until they are recovered.
pub(super) struct Stub {
    pub(super) failed: Vec<bool>,
    pub(super) tools: Vec<bool>,
    pub(super) damaged: Vec<bool>,
    ok_since: Option<SimTime>,
}

impl Stub {
    fn service(&self, about: &Ref) -> Option<usize> {
        let known = ["user", "movie", "review"];
        known.iter().position(|service| about.name == *service)
    }
}

impl Ground for Stub {
    fn tool_works(&self, tool: usize) -> bool {
        self.tools[tool]
    }
    fn is_root(&self, about: &Ref) -> bool {
        self.service(about) == Some(0)
    }
    fn service_failed(&self, service: usize) -> bool {
        self.failed[service]
    }
    fn agent_works(&self, _agent: usize) -> bool {
        false
    }
    fn recovering(&self, _service: usize) -> bool {
        false
    }
    fn impaired(&self, about: &Ref) -> bool {
        self.service(about).is_some_and(|service| self.failed[service])
    }
    fn try_recover(&mut self, service: usize, ctx: &mut Ctx<'_>) -> usize {
        let was = std::mem::replace(&mut self.failed[service], false);
        if self.failed.iter().all(|failed| !failed) {
            self.ok_since.get_or_insert(ctx.now);
        }
        usize::from(was)
    }
    fn recover_agent(&mut self, _agent: usize, _ctx: &mut Ctx<'_>) -> usize {
        0
    }
    fn recover_tool(&mut self, tool: usize, _ctx: &mut Ctx<'_>) -> usize {
        self.tools[tool] = true;
        1
    }
    fn hand_over(&mut self, _agent: usize, _ctx: &mut Ctx<'_>) {}
    fn activate_backup(&mut self, _agent: usize, _ctx: &mut Ctx<'_>) -> bool {
        true
    }
    fn degrade(&mut self, _service: usize, _ctx: &mut Ctx<'_>) -> usize {
        1
    }
    fn restore_data(&mut self, service: usize, _ctx: &mut Ctx<'_>) -> Option<SimDuration> {
        self.damaged[service] = false;
        None
    }
    fn data_loss(&self, _service: usize, _now: SimTime) -> Option<SimDuration> {
        None
    }
    fn exposed(&self, _service: usize) -> bool {
        false
    }
    fn contain(&mut self, _service: usize, _ctx: &mut Ctx<'_>) {}
    fn traffic_ratio(&self, _service: usize) -> f64 {
        1.0
    }
    fn tool_lost(&self, tool: usize) -> bool {
        !self.tools[tool]
    }
    fn cover_tool(&mut self, _tool: usize, _ctx: &mut Ctx<'_>) {}
    fn work_locally(&mut self, _now: SimTime) {}
    fn replay(&mut self, _breaks: bool, _ctx: &mut Ctx<'_>) {}
    fn replayed(&self) -> bool {
        true
    }
    fn repair_data(&mut self, service: usize, _ctx: &mut Ctx<'_>) {
        self.damaged[service] = false;
    }
    fn data_consistent(&self, service: usize) -> bool {
        !self.damaged[service]
    }
    fn sli_ok_since(&self) -> Option<SimTime> {
        self.ok_since
    }
    fn settled(&self) -> bool {
        self.damaged.iter().all(|damaged| !damaged)
    }
}

/// A run of the crew alone.
pub(super) struct Rig {
    plan: CrewPlan,
    pub(super) crew: Crew,
    pub(super) world: Stub,
    queue: EventQueue,
    streams: Streams,
    options: RunOptions,
    now: SimTime,
    out: Vec<Output>,
}

impl Rig {
    pub(super) fn new(seed: u64, scenario: &Scenario, preset: &Preset) -> Self {
        Self::at(fixture::monday(), seed, scenario, preset, &[])
    }

    /// On another system than the fixture's.
    pub(super) fn on(system: &System, seed: u64, scenario: &Scenario, preset: &Preset) -> Self {
        let plan = CrewPlan::new(system, scenario, &fixture::pack(), preset);
        Self::of(plan, fixture::monday(), seed, &[])
    }

    pub(super) fn at(
        start: SimTime,
        seed: u64,
        scenario: &Scenario,
        preset: &Preset,
        without: &[&str],
    ) -> Self {
        let plan = CrewPlan::new(&fixture::system(), scenario, &fixture::pack(), preset);
        Self::of(plan, start, seed, without)
    }

    fn of(plan: CrewPlan, start: SimTime, seed: u64, without: &[&str]) -> Self {
        let options = RunOptions {
            seed: Seed(seed),
            start,
            mode: Mode::Evaluate,
            without: without.iter().map(|role| Name::from(*role)).collect(),
            detail: Detail::Trial,
        };
        let crew = Crew::new(&plan);
        let world = Stub {
            failed: vec![true; 3],
            tools: vec![true; 4],
            damaged: vec![false; 3],
            ok_since: None,
        };
        let (queue, streams) = (EventQueue::default(), Streams::new(options.seed));
        let mut rig =
            Self { plan, crew, world, queue, streams, options, now: start, out: Vec::new() };
        rig.with(|crew, scene| crew.begin(scene));
        rig
    }

    pub(super) fn with(&mut self, act: impl FnOnce(&mut Crew, &mut Scene<'_, '_>)) {
        let mut ctx = Ctx {
            now: self.now,
            start: self.options.start,
            queue: &mut self.queue,
            streams: &self.streams,
            out: &mut self.out,
            options: &self.options,
        };
        let mut scene = Scene { plan: &self.plan, ground: &mut self.world, ctx: &mut ctx };
        act(&mut self.crew, &mut scene);
    }

    /// All three services are found failed, it is critical, and the PM is to be told.
    pub(super) fn alarm(&mut self) {
        let system = Ref::new(EntityKind::System, &Name::from("small"));
        let finding = Finding {
            rule: Name::from("several"),
            about: system,
            trigger: Name::from("multi_service"),
            source: DetectionSource::Alert,
        };
        let step = Escalation {
            level: 1,
            role: Name::from("pm"),
            channels: vec![Name::from("urgent"), Name::from("mail")],
            within: SimDuration::ZERO,
        };
        self.apply(&Act::Findings(vec![finding]));
        self.apply(&Act::Severity(Some(Name::from("critical"))));
        self.apply(&Act::Escalate(vec![step]));
    }

    pub(super) fn apply(&mut self, act: &Act) {
        self.with(|crew, scene| crew.act(act, scene));
    }

    pub(super) fn impact(&mut self, service: &str) {
        let note = WorldNote::ImpactBegan(Ref::service(&Name::from(service)));
        self.with(|crew, scene| crew.world_note(&note, scene));
    }

    pub(super) fn impact_ends(&mut self, service: &str) {
        let note = WorldNote::ImpactEnded(Ref::service(&Name::from(service)));
        self.with(|crew, scene| crew.world_note(&note, scene));
    }

    /// Runs until `span` after the start, and is there then.
    pub(super) fn wait(&mut self, span: SimDuration) {
        self.run(span);
        self.now = self.now.max(self.options.start + span);
    }

    /// Runs for `span` or until the last duty is done.
    pub(super) fn run(&mut self, span: SimDuration) {
        let end = self.options.start + span;
        while let Some(at) = self.queue.next_at().filter(|at| *at <= end) {
            let Some((_, token)) = self.queue.pop() else {
                break;
            };
            assert!(at >= self.now, "time went back");
            self.now = at;
            self.with(|crew, scene| crew.timer(token, scene));
            if self.crew.is_done() {
                break;
            }
        }
    }

    pub(super) fn events(&self) -> Vec<&Draft> {
        let drafts = self.out.iter().filter_map(|output| match output {
            Output::Event(draft) => Some(draft),
            Output::Slice { .. } => None,
        });
        drafts.collect()
    }

    /// Minutes from the start to the first event of a kind.
    pub(super) fn first(&self, wanted: impl Fn(&EventKind) -> bool) -> Option<f64> {
        let event = self.events().into_iter().find(|event| wanted(&event.kind))?;
        Some((event.at - self.options.start).minutes())
    }

    pub(super) fn count(&self, word: &str) -> usize {
        self.events().iter().filter(|event| event.kind.word() == word).count()
    }
}
