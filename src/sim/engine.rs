//! The engine: time, the queue, and the two halves it drives, world and crew.

use super::act::{Act, Detail, Draft, Output, RespondAct, RunOptions};
use super::crew::{Crew, CrewPlan};
use super::desk::{Condition, Desk, Objection, StepAt};
use super::queue::{EventQueue, Token};
use super::rng::Streams;
use super::world::{Baseline, World, WorldPlan};
use crate::model::{Name, Pack, Preset, Ref, Scenario, System};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Everything about a drill that does not change from trial to trial, compiled once: names
/// resolved to indices, streams named, tables prepared.
#[derive(Debug, Clone)]
pub struct Blueprint {
    pub(super) world: WorldPlan,
    pub(super) crew: CrewPlan,
    pub(super) endex: SimDuration,
}

impl Blueprint {
    /// Compiles a drill. The inputs were checked at load, so nothing can be refused here.
    ///
    /// # Panics
    /// When an input names something that does not exist, which loading refuses.
    pub fn new(
        system: &System,
        scenario: &Scenario,
        pack: &Pack,
        preset: &Preset,
        baseline: Baseline,
    ) -> Self {
        Self {
            world: WorldPlan::new(system, scenario, preset, baseline),
            crew: CrewPlan::new(system, scenario, pack, preset),
            endex: scenario.endex,
        }
    }

    /// The steady baseline that all trials share.
    pub fn baseline(&self) -> &Baseline {
        self.world.baseline()
    }
}

/// What world and crew need of the engine while they handle something.
pub(super) struct Ctx<'a> {
    /// The instant being handled.
    pub(super) now: SimTime,
    /// When the exercise started.
    pub(super) start: SimTime,
    pub(super) queue: &'a mut EventQueue,
    pub(super) streams: &'a Streams,
    pub(super) out: &'a mut Vec<Output>,
    pub(super) options: &'a RunOptions,
}

impl Ctx<'_> {
    /// Writes an event that everybody can know at once.
    pub(super) fn emit(&mut self, kind: EventKind, about: Vec<Ref>, by: Option<Ref>) {
        self.emit_known(kind, about, by, self.now);
    }

    /// Writes an event that responders can know from `known_at` on.
    pub(super) fn emit_known(
        &mut self,
        kind: EventKind,
        about: Vec<Ref>,
        by: Option<Ref>,
        known_at: SimTime,
    ) {
        let known_at = known_at.max(self.now);
        self.out.push(Output::Event(Draft { at: self.now, known_at, kind, about, by, note: None }));
    }

    /// Adds a text for people to the last event, under [`Detail::Full`] only; `text` is not
    /// called otherwise.
    pub(super) fn note(&mut self, text: impl FnOnce() -> Name) {
        if self.options.detail == Detail::Full
            && let Some(Output::Event(draft)) = self.out.last_mut()
        {
            draft.note = Some(text());
        }
    }

    /// Sets a timer.
    pub(super) fn after(&mut self, delay: SimDuration, token: Token) {
        let delay = delay.max(SimDuration::ZERO);
        self.queue.push(self.now + delay, token);
    }
}

/// What the world tells the crew, inside one instant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WorldNote {
    /// Users or tasks began to suffer from the state of this entity.
    ImpactBegan(Ref),
    /// They no longer do.
    ImpactEnded(Ref),
    /// An inject reached the responders.
    Injected(usize),
}

/// Tags below this belong to the world, the others to the crew.
pub(super) const FIRST_CREW_TAG: u8 = 128;

/// One run of a drill.
#[derive(Debug)]
pub struct Sim<'b> {
    blueprint: &'b Blueprint,
    options: RunOptions,
    streams: Streams,
    queue: EventQueue,
    now: SimTime,
    world: World,
    crew: Crew,
    out: Vec<Output>,
    stopped: bool,
}

impl<'b> Sim<'b> {
    /// A run at its start.
    pub fn new(blueprint: &'b Blueprint, options: RunOptions) -> Self {
        let streams = Streams::new(options.seed);
        let mut sim = Self {
            blueprint,
            now: options.start,
            queue: EventQueue::default(),
            world: World::new(&blueprint.world),
            crew: Crew::new(&blueprint.crew),
            streams,
            options,
            out: Vec::new(),
            stopped: false,
        };
        sim.with(|world, crew, ctx, blueprint| {
            world.start(&blueprint.world, ctx);
            crew.start(blueprint, world, ctx);
        });
        sim
    }

    /// When something happens next; `None` once the run has stopped.
    pub fn next_at(&self) -> Option<SimTime> {
        if self.stopped {
            return None;
        }
        if !self.out.is_empty() {
            return Some(self.now);
        }
        let end = self.end();
        Some(self.queue.next_at().map_or(end, |at| at.min(end)))
    }

    /// Moves time to `to` and appends what happened. Time never goes back. A run ends at its
    /// ENDEX, or when its last duty is done.
    pub fn advance(&mut self, to: SimTime, outputs: &mut Vec<Output>) {
        while !self.stopped {
            let Some(at) = self.queue.next_at().filter(|at| *at <= to && *at < self.end()) else {
                break;
            };
            let Some((_, token)) = self.queue.pop() else {
                break;
            };
            self.now = at;
            self.with(|world, crew, ctx, blueprint| {
                if token.tag() < FIRST_CREW_TAG {
                    world.on_timer(token, &blueprint.world, ctx);
                } else {
                    crew.on_timer(token, blueprint, world, ctx);
                }
            });
            if self.crew.done(&self.world) {
                self.stop("done");
            }
            if !self.out.is_empty() {
                break;
            }
        }
        if !self.stopped && self.out.is_empty() {
            // Nothing happens until then, and acts applied next belong to that instant.
            self.now = self.now.max(to.min(self.end()));
        }
        if !self.stopped && to >= self.end() && self.out.is_empty() {
            self.now = self.end();
            self.stop("endex");
        }
        outputs.append(&mut self.out);
    }

    /// Applies what alerts, policies or live responders decided, at the present instant.
    pub fn apply(&mut self, act: &Act) {
        if self.stopped {
            return;
        }
        self.with(|world, crew, ctx, blueprint| crew.apply(act, blueprint, world, ctx));
    }

    /// A person takes the seat of `role`; whether there is such a role. To be called before time
    /// moves: from then on nothing is decided for the role.
    pub fn sit(&mut self, role: &Name) -> bool {
        self.crew.sit(role, &self.blueprint.crew)
    }

    /// What whoever has the seat of `role` knows of the role's own work.
    pub fn desk(&mut self, role: &Name) -> Option<Desk> {
        let mut desk = None;
        self.with(|world, crew, ctx, blueprint| {
            desk = crew.desk(role, blueprint, world, ctx);
        });
        desk
    }

    /// Diagnoses of the person at the seat whose evidence is in, in order.
    pub fn diagnosed(&self) -> &[StepAt] {
        self.crew.diagnosed()
    }

    /// How `about` fares now to whoever tries it.
    pub fn condition(&self, about: &Ref) -> Condition {
        self.world.condition(about)
    }

    /// Why `role` cannot do `what` at the present instant; `None` when it can.
    pub fn objection(&mut self, role: &Name, what: &RespondAct) -> Option<Objection> {
        let mut objection = None;
        self.with(|world, crew, ctx, blueprint| {
            objection = crew.objection(role, what, blueprint, world, ctx);
        });
        objection
    }

    /// Ends the exercise at the present instant, for `reason` (`endex` or `abort`).
    pub fn halt(&mut self, reason: &str) {
        if !self.stopped {
            self.stop(reason);
        }
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Gauges recorded so far, under [`Detail::Full`].
    pub fn gauges(&self) -> &[super::world::Gauge] {
        self.world.gauges()
    }

    /// What agents recorded locally and when it was replayed, under [`Detail::Full`].
    pub fn local_records(&self) -> &[super::world::LocalRecord] {
        self.world.local_records()
    }

    fn end(&self) -> SimTime {
        self.options.start + self.blueprint.endex
    }

    fn stop(&mut self, reason: &str) {
        self.stopped = true;
        let reason = Name::from(reason);
        let kind = EventKind::Stopped { reason };
        let (at, known_at) = (self.now, self.now);
        self.out.push(Output::Event(Draft {
            at,
            known_at,
            kind,
            about: Vec::new(),
            by: None,
            note: None,
        }));
    }

    fn with(&mut self, act: impl FnOnce(&mut World, &mut Crew, &mut Ctx<'_>, &'b Blueprint)) {
        let blueprint = self.blueprint;
        let mut ctx = Ctx {
            now: self.now,
            start: self.options.start,
            queue: &mut self.queue,
            streams: &self.streams,
            out: &mut self.out,
            options: &self.options,
        };
        act(&mut self.world, &mut self.crew, &mut ctx, blueprint);
        while let Some(note) = self.world.take_note() {
            self.crew.on_note(&note, blueprint, &mut self.world, &mut ctx);
        }
    }
}
