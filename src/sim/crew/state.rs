//! The changing part of the crew, and its four entry points.

use super::super::act::Act;
use super::super::desk::StepAt;
use super::super::engine::{Blueprint, Ctx, WorldNote};
use super::super::queue::Token;
use super::super::world::World;
use super::cadence::Rhythm;
use super::carry::Transit;
use super::figures::Stages;
use super::ground::{Ground, Grounded};
use super::notice::Notices;
use super::paging::{Page, Planned};
use super::plan::CrewPlan;
use super::responder::Responder;
use super::work::Work;
use crate::model::{Name, Ref};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// What the timers of the crew mean; the argument is an index.
pub(super) mod tag {
    /// A source may notice an entity: `entity * 4 + source`.
    pub(in super::super) const NOTICE: u8 = 128;
    /// A report although nothing is wrong.
    pub(in super::super) const FALSE_REPORT: u8 = 129;
    /// A planned escalation is due.
    pub(in super::super) const ESCALATE: u8 = 130;
    /// A page was not answered in time: `page * 64 + attempt`.
    pub(in super::super) const TIMEOUT: u8 = 131;
    /// A message arrives, or not, or a fallback is ready.
    pub(in super::super) const TRANSIT: u8 = 132;
    /// A page is answered.
    pub(in super::super) const ACK: u8 = 133;
    /// Look for work.
    pub(in super::super) const WAKE: u8 = 134;
    /// A step's time is over.
    pub(in super::super) const WORK: u8 = 135;
    /// Look whether the world is ready for a step.
    pub(in super::super) const POLL: u8 = 136;
    /// An agent answers the call to assemble: `work * 64 + agent`.
    pub(in super::super) const ANSWER: u8 = 137;
    /// An approval is given.
    pub(in super::super) const APPROVE: u8 = 138;
    /// A scripted act.
    pub(in super::super) const CUE: u8 = 139;
    /// A colleague who was called in answers, or is given up.
    pub(in super::super) const CALL: u8 = 140;
    /// A hand-over is over.
    pub(in super::super) const HANDOFF: u8 = 141;
    /// The next public update is due.
    pub(in super::super) const UPDATE: u8 = 142;
    /// A public update is written.
    pub(in super::super) const WRITTEN: u8 = 143;
    /// A shift is over.
    pub(in super::super) const SHIFT: u8 = 144;
    /// A step that is done again and again is due.
    pub(in super::super) const REPEAT: u8 = 145;
    /// A colleague answers the person at the seat: its role.
    pub(in super::super) const REPLY: u8 = 146;
}

/// Everything a part of the crew needs while it handles something.
pub(super) struct Scene<'a, 'c> {
    pub(super) plan: &'a CrewPlan,
    pub(super) ground: &'a mut dyn Ground,
    pub(super) ctx: &'a mut Ctx<'c>,
}

impl Scene<'_, '_> {
    pub(super) fn now(&self) -> SimTime {
        self.ctx.now
    }

    pub(super) fn emit(&mut self, kind: EventKind, about: Vec<Ref>, by: Option<Ref>) {
        self.ctx.emit(kind, about, by);
    }

    pub(super) fn after(&mut self, delay: SimDuration, tag: u8, arg: usize) {
        // 24 bits of argument hold far more than the events a run may have.
        let arg = u32::try_from(arg).unwrap_or(u32::MAX) & 0x00ff_ffff;
        self.ctx.after(delay, Token::new(tag, arg));
    }

    pub(super) fn role(&self, role: usize) -> Ref {
        self.plan.roles[role].me.clone()
    }

    /// Whether a role was removed from play.
    pub(super) fn is_removed(&self, role: usize) -> bool {
        self.ctx.options.without.contains(&self.plan.roles[role].me.name)
    }
}

/// The state of one role.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) responder: Responder,
    /// Since when it takes part.
    pub(super) engaged: Option<SimTime>,
    /// Since when the person on duty works, for fatigue.
    pub(super) fresh: SimTime,
    /// Steps it works on now.
    pub(super) busy: u32,
    /// Nobody answered for it.
    pub(super) missing: bool,
    /// Who does its work instead.
    pub(super) stand_in: Option<usize>,
    /// When a colleague's call will be answered or given up, and which of the two.
    pub(super) call: Option<(SimTime, bool)>,
    pub(super) calls: u32,
}

/// What the crew knows of the incident.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) stages: Option<Stages>,
    pub(super) detected: Option<SimTime>,
    pub(super) acked: Option<SimTime>,
    /// Rank that the policy decided last.
    pub(super) severity: Option<usize>,
    /// Rank declared, when, and by whom.
    pub(super) declared: Option<(usize, SimTime, Option<Ref>)>,
    pub(super) mitigated: Option<SimTime>,
    pub(super) resolved: Option<SimTime>,
    /// Playbooks being worked.
    pub(super) active: Vec<usize>,
    /// Target columns known to be hit.
    pub(super) known: Vec<bool>,
    /// Services whose failure people found by trying them.
    pub(super) told: Vec<bool>,
    /// Somebody saw that data are lost.
    pub(super) loss_told: bool,
    /// Services of which it was said how long their restore took.
    pub(super) restore_told: Vec<bool>,
    /// Every finding so far was a report although nothing was wrong.
    pub(super) only_false: bool,
    pub(super) cause_known: bool,
    /// What the person at the seat took for the cause last.
    pub(super) aim: Option<Ref>,
    pub(super) assessed: bool,
    pub(super) planned: bool,
    pub(super) acted: bool,
    pub(super) diagnoses: u64,
    pub(super) red_herring: Option<Ref>,
    pub(super) observed: bool,
    pub(super) delivered: Vec<bool>,
    pub(super) actions: usize,
    /// Share of the fix and of the identification that is behind or under way.
    pub(super) taken: [f64; 3],
}

impl Incident {
    pub(super) fn new(plan: &CrewPlan) -> Self {
        Self {
            stages: None,
            detected: None,
            acked: None,
            severity: None,
            declared: None,
            mitigated: None,
            resolved: None,
            active: Vec::new(),
            known: vec![false; plan.targets()],
            told: vec![false; plan.services],
            loss_told: false,
            restore_told: vec![false; plan.services],
            only_false: false,
            cause_known: false,
            aim: None,
            assessed: false,
            planned: false,
            acted: false,
            diagnoses: 0,
            red_herring: None,
            observed: false,
            delivered: vec![false; plan.duties.len()],
            actions: 0,
            taken: [0.0; 3],
        }
    }
}

/// The changing part of the crew.
#[derive(Debug)]
pub(in crate::sim) struct Crew {
    pub(super) now: SimTime,
    pub(super) last_news: SimTime,
    pub(super) members: Vec<Member>,
    pub(super) incident: Incident,
    pub(super) notices: Notices,
    pub(super) planned: Vec<Planned>,
    pub(super) pages: Vec<Page>,
    pub(super) transits: Vec<Transit>,
    pub(super) in_transit: usize,
    pub(super) works: Vec<Work>,
    /// Work by step id and target column, plus one; 0 for none.
    pub(super) slots: Vec<u32>,
    /// Channels that people already switched to.
    pub(super) switched: Vec<bool>,
    pub(super) rhythm: Rhythm,
    pub(super) polling: bool,
    pub(super) blocked_since: Option<SimTime>,
    /// The role whose seat a person has.
    pub(super) seated: Option<usize>,
    /// Questions asked from the seat.
    pub(super) questions: u64,
    /// Diagnoses from the seat whose evidence is in.
    pub(super) diagnosed: Vec<StepAt>,
}

impl Crew {
    pub(in crate::sim) fn new(plan: &CrewPlan) -> Self {
        let member = |role: &super::plan::Role| Member {
            responder: Responder::of(role),
            engaged: None,
            fresh: SimTime::default(),
            busy: 0,
            missing: false,
            stand_in: None,
            call: None,
            calls: 0,
        };
        Self {
            now: SimTime::default(),
            last_news: SimTime::default(),
            members: plan.roles.iter().map(member).collect(),
            incident: Incident::new(plan),
            notices: Notices::new(plan.entities.len()),
            planned: Vec::new(),
            pages: Vec::new(),
            transits: Vec::new(),
            in_transit: 0,
            works: Vec::new(),
            slots: vec![0; plan.steps.len() * plan.targets()],
            switched: vec![false; plan.channels.len()],
            rhythm: Rhythm::default(),
            polling: false,
            blocked_since: None,
            seated: None,
            questions: 0,
            diagnosed: Vec::new(),
        }
    }

    pub(in crate::sim) fn start(&mut self, b: &Blueprint, world: &mut World, ctx: &mut Ctx<'_>) {
        self.on_scene(b, world, ctx, |crew, scene| crew.begin(scene));
    }

    pub(in crate::sim) fn on_timer(
        &mut self,
        token: Token,
        b: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
    ) {
        self.on_scene(b, world, ctx, |crew, scene| crew.timer(token, scene));
    }

    pub(in crate::sim) fn on_note(
        &mut self,
        note: &WorldNote,
        b: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
    ) {
        self.on_scene(b, world, ctx, |crew, scene| crew.world_note(note, scene));
    }

    pub(in crate::sim) fn apply(
        &mut self,
        act: &Act,
        b: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
    ) {
        self.on_scene(b, world, ctx, |crew, scene| crew.act(act, scene));
    }

    /// Whether the last duty is done and nothing more can come.
    pub(in crate::sim) fn done(&self, _world: &World) -> bool {
        self.is_done()
    }

    pub(super) fn on_scene(
        &mut self,
        blueprint: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
        act: impl FnOnce(&mut Self, &mut Scene<'_, '_>),
    ) {
        let plan = &blueprint.world;
        let mut ground = Grounded { world, plan };
        let plan = &blueprint.crew;
        act(self, &mut Scene { plan, ground: &mut ground, ctx });
    }

    /// The start of the exercise.
    pub(super) fn begin(&mut self, scene: &mut Scene<'_, '_>) {
        self.now = scene.now();
        self.last_news = scene.now() + scene.plan.last_offset;
        self.start_noticing(scene);
        for (cue, plan) in scene.plan.cues.iter().enumerate() {
            scene.after(plan.at, tag::CUE, cue);
        }
    }

    /// A timer of the crew.
    pub(super) fn timer(&mut self, token: Token, scene: &mut Scene<'_, '_>) {
        self.now = scene.now();
        let arg = token.arg() as usize;
        match token.tag() {
            tag::NOTICE => self.notice(arg, scene),
            tag::FALSE_REPORT => self.false_report(scene),
            tag::ESCALATE => self.escalate_now(arg, scene),
            tag::TIMEOUT => self.page_timeout(arg / 64, (arg % 64) as u32, scene),
            tag::TRANSIT => self.transit(arg, scene),
            tag::ACK => self.page_answered(arg, scene),
            tag::WAKE => self.dispatch(scene),
            tag::WORK => self.time_over(arg, scene),
            tag::POLL => self.poll(scene),
            tag::ANSWER => self.agent_answers(arg / 64, arg % 64, scene),
            tag::APPROVE => self.approve(arg, scene),
            tag::CUE => self.cue(arg, scene),
            tag::CALL => self.call_over(arg, scene),
            tag::HANDOFF => self.handoff_over(arg, scene),
            tag::UPDATE => self.update_due(arg, scene),
            tag::WRITTEN => self.update_written(arg, scene),
            tag::SHIFT => self.shift_over(arg, scene),
            tag::REPEAT => self.repeat(arg, scene),
            tag::REPLY => self.reply(arg, scene),
            _ => {}
        }
    }

    /// News of the world.
    pub(super) fn world_note(&mut self, note: &WorldNote, scene: &mut Scene<'_, '_>) {
        self.now = scene.now();
        match note {
            WorldNote::ImpactBegan(about) => self.impact_began(about, scene),
            WorldNote::ImpactEnded(about) => self.impact_ended(about, scene),
            WorldNote::Injected(inject) => self.injected(*inject, scene),
        }
    }

    /// What alerts, policies and live responders decided.
    pub(super) fn act(&mut self, act: &Act, scene: &mut Scene<'_, '_>) {
        self.now = scene.now();
        match act {
            // Alerts reach people through findings and escalations only.
            Act::Alert(_) => {}
            Act::Findings(findings) => {
                for finding in findings {
                    self.found(&finding.about, &finding.trigger, scene);
                }
                self.dispatch(scene);
            }
            Act::Severity(level) => self.severity_decided(level.as_ref(), scene),
            Act::Escalate(steps) => self.plan_escalations(steps, scene),
            Act::Respond { role, what } => self.respond(role, what, scene),
        }
    }

    fn severity_decided(&mut self, level: Option<&Name>, scene: &mut Scene<'_, '_>) {
        let rank = level.and_then(|level| scene.plan.rank(level));
        // The most severe decision so far counts: what recovers before it is declared was that bad.
        self.incident.severity = match (rank, self.incident.severity) {
            (Some(new), Some(old)) => Some(new.min(old)),
            (new, old) => new.or(old),
        };
        let raised = |declared: usize| rank.filter(|rank| *rank < declared);
        // What a person declared only a person changes.
        let seat = self.seated.map(|role| scene.role(role));
        if let Some((declared, at, by)) = &mut self.incident.declared
            && (seat.is_none() || *by != seat)
            && let Some(rank) = raised(*declared)
        {
            (*declared, *at) = (rank, scene.ctx.now);
            let (level, reasons) = (scene.plan.severities[rank].clone(), Vec::new());
            let kind = EventKind::SeverityChanged { level, reasons };
            let by = by.clone();
            scene.emit(kind, vec![scene.plan.system.clone()], by);
        }
        self.dispatch(scene);
    }
}
