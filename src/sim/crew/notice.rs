//! Who sees that something is wrong, and when.
//!
//! Four sources watch each entity: users and peer agents report, a person looks, each at the
//! exponential rate of the preset; the periodic health check sees what is wrong when its next
//! turn comes. A source writes one finding per entity, and another when the entity was well again
//! in between.

use super::plan::CrewPlan;
use super::state::{Crew, Scene, tag};
use crate::model::{DetectionSource, EntityKind, InjectKind, Ref};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

const SOURCES: [DetectionSource; 4] = [
    DetectionSource::UserReport,
    DetectionSource::PeerAgent,
    DetectionSource::Human,
    DetectionSource::HealthCheck,
];

/// What was well for this long and fails again is noticed again; what flickers faster is the same
/// failure. Own judgement: twice the five minutes for which a recovery must hold.
const WELL: SimDuration = SimDuration::from_minutes(10);

/// What is being noticed.
#[derive(Debug)]
pub(super) struct Notices {
    /// When each source would notice each entity.
    due: Vec<[Option<SimTime>; 4]>,
    /// Which sources already did.
    told: Vec<[bool; 4]>,
    /// Since when an entity has been well, after it was hit.
    well: Vec<Option<SimTime>>,
    /// How often an entity was hit, to draw anew each time.
    hits: Vec<u64>,
    /// Offset of the health check's turns from the start.
    phase: SimDuration,
    false_reports: u64,
}

impl Notices {
    pub(super) fn new(entities: usize) -> Self {
        Self {
            due: vec![[None; 4]; entities],
            told: vec![[false; 4]; entities],
            well: vec![None; entities],
            hits: vec![0; entities],
            phase: SimDuration::ZERO,
            false_reports: 0,
        }
    }

    /// Whether somebody may still notice something.
    pub(super) fn pending(&self) -> bool {
        self.due.iter().zip(&self.told).any(|(due, told)| {
            let first = told.iter().all(|told| !told);
            first && due.iter().any(Option::is_some)
        })
    }
}

impl Crew {
    pub(super) fn start_noticing(&mut self, scene: &mut Scene<'_, '_>) {
        let mut stream = scene.ctx.streams.stream(scene.plan.streams.check_phase);
        self.notices.phase = scene.plan.check_every.scale(stream.uniform());
        self.next_false_report(scene);
    }

    pub(super) fn impact_began(&mut self, about: &Ref, scene: &mut Scene<'_, '_>) {
        let Some(entity) = scene.plan.entity(about) else {
            return;
        };
        self.notices.hits[entity] += 1;
        // What comes back after it was well for a while is news again.
        let well = self.notices.well[entity].take();
        if well.is_some_and(|since| scene.now() - since >= WELL) {
            self.notices.told[entity] = [false; 4];
        }
        for source in 0..SOURCES.len() {
            if self.notices.told[entity][source] {
                continue;
            }
            let Some(delay) = self.notice_delay(entity, source, scene) else {
                continue;
            };
            self.notices.due[entity][source] = Some(scene.now() + delay);
            scene.after(delay, tag::NOTICE, entity * SOURCES.len() + source);
        }
    }

    pub(super) fn impact_ended(&mut self, about: &Ref, scene: &mut Scene<'_, '_>) {
        if let Some(entity) = scene.plan.entity(about) {
            self.notices.due[entity] = [None; 4];
            self.notices.well[entity] = Some(scene.now());
        }
        self.dispatch(scene);
    }

    /// How long until a source notices an entity; `None` when it never does.
    fn notice_delay(&self, entity: usize, source: usize, s: &Scene<'_, '_>) -> Option<SimDuration> {
        let plan = s.plan;
        let kind = plan.entities[entity].about.kind;
        let rate = match SOURCES[source] {
            DetectionSource::UserReport if kind == EntityKind::Service => {
                plan.figures.user_report_per_h
            }
            DetectionSource::PeerAgent if plan.agents > 0 => plan.figures.peer_report_per_h,
            DetectionSource::Human if self.looker(s).is_some() => plan.figures.human_look_per_h,
            DetectionSource::HealthCheck => return self.next_check(s),
            _ => 0.0,
        };
        if rate <= 0.0 {
            return None;
        }
        let name = plan.entities[entity].streams[source].nth(self.notices.hits[entity]);
        let hours = s.ctx.streams.stream(name).exponential(1.0 / rate);
        Some(SimDuration::from_hours(1).scale(hours))
    }

    /// Time to the next turn of the health check, if somebody is there to do it.
    fn next_check(&self, s: &Scene<'_, '_>) -> Option<SimDuration> {
        let every = s.plan.check_every.ms();
        let checker = s.plan.checker?;
        // A person checks when it looks.
        if every <= 0 || s.is_removed(checker) || self.seated == Some(checker) {
            return None;
        }
        let since = (s.now() - (s.ctx.start + self.notices.phase)).ms();
        Some(SimDuration::from_ms(every - since.rem_euclid(every)))
    }

    /// The first person of the team in play; outsiders do not look by themselves.
    fn looker(&self, s: &Scene<'_, '_>) -> Option<usize> {
        let looks = |role: &usize| s.plan.roles[*role].human && !s.plan.roles[*role].external;
        let free = |role: &usize| !s.is_removed(*role) && self.seated != Some(*role);
        (0..s.plan.roles.len()).filter(looks).find(free)
    }

    pub(super) fn notice(&mut self, arg: usize, scene: &mut Scene<'_, '_>) {
        let (entity, source) = (arg / SOURCES.len(), arg % SOURCES.len());
        if self.notices.due[entity][source] != Some(scene.now()) {
            return;
        }
        self.notices.due[entity][source] = None;
        if scene.ground.impaired(&scene.plan.entities[entity].about) {
            self.report_finding(entity, SOURCES[source], scene);
        }
    }

    /// Writes a finding of a person or a peer, once per source and entity.
    pub(super) fn report_finding(
        &mut self,
        entity: usize,
        source: DetectionSource,
        scene: &mut Scene<'_, '_>,
    ) {
        let finder = match source {
            DetectionSource::HealthCheck => scene.plan.checker,
            DetectionSource::Human => self.looker(scene),
            _ => None,
        };
        self.finding_by(entity, source, finder, scene);
    }

    /// Writes a finding of `finder`, once per source and entity.
    pub(super) fn finding_by(
        &mut self,
        entity: usize,
        source: DetectionSource,
        finder: Option<usize>,
        scene: &mut Scene<'_, '_>,
    ) {
        let index = SOURCES.iter().position(|known| *known == source).unwrap_or(0);
        if std::mem::replace(&mut self.notices.told[entity][index], true) {
            return;
        }
        let found = &scene.plan.entities[entity];
        let trigger = scene.plan.words.triggers[found.trigger as usize].clone();
        let (rule, about) = (found.rule.clone(), found.about.clone());
        let kind = EventKind::Finding { rule, source, trigger: trigger.clone() };
        let by = finder.map(|role| scene.role(role));
        scene.emit(kind, vec![about.clone()], by);
        self.found(&about, &trigger, scene);
        // Who sees it himself needs no page to begin.
        if let Some(role) = finder.filter(|role| self.members[*role].responder.is_simulated()) {
            self.engage(role, scene);
        } else if let Some(role) = scene.plan.checker.filter(|role| finder != Some(*role)) {
            // Users and peers tell whoever checks the health of the system.
            self.tell(role, scene);
        }
        self.dispatch(scene);
    }

    fn next_false_report(&mut self, scene: &mut Scene<'_, '_>) {
        let rate = scene.plan.figures.false_report_per_h;
        if rate > 0.0 && scene.plan.services > 0 {
            let name = scene.plan.streams.false_report.nth(self.notices.false_reports);
            let hours = scene.ctx.streams.stream(name).exponential(1.0 / rate);
            scene.after(SimDuration::from_hours(1).scale(hours), tag::FALSE_REPORT, 0);
        }
    }

    /// Somebody reports a service although nothing is wrong anywhere.
    pub(super) fn false_report(&mut self, scene: &mut Scene<'_, '_>) {
        let name = scene.plan.streams.false_report.nth(self.notices.false_reports);
        self.notices.false_reports += 1;
        let service = {
            let mut stream = scene.ctx.streams.stream(name);
            stream.bits();
            stream.below(scene.plan.services)
        };
        if self.incident.active.is_empty() && nothing_wrong(scene.plan, scene) {
            self.incident.only_false = true;
            self.notices.told[service][0] = false;
            self.report_finding(service, DetectionSource::UserReport, scene);
            self.notices.told[service][0] = false;
        }
        self.next_false_report(scene);
    }

    /// An inject reached the responders.
    pub(super) fn injected(&mut self, inject: usize, scene: &mut Scene<'_, '_>) {
        let Some(lead) = scene.plan.leads.get(inject) else {
            return;
        };
        match lead.kind {
            InjectKind::RedHerring => self.incident.red_herring = Some(lead.about.clone()),
            InjectKind::Observation => {
                self.incident.observed |= scene.ground.is_root(&lead.about);
            }
            InjectKind::News => {
                let Some(entity) = scene.plan.entity(&lead.about) else {
                    return;
                };
                let source = match lead.about.kind {
                    EntityKind::Service => DetectionSource::UserReport,
                    _ => DetectionSource::PeerAgent,
                };
                self.report_finding(entity, source, scene);
            }
        }
    }

    /// Whether somebody said that a tool does not work.
    pub(super) fn is_told(&self, tool: usize, scene: &Scene<'_, '_>) -> bool {
        let entity = scene.plan.services + scene.plan.agents + tool;
        self.notices.told[entity].iter().any(|told| *told)
    }

    /// Whoever sends and sees that the tool is down has noticed it.
    pub(super) fn saw_tool_down(&mut self, tool: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let entity = scene.plan.services + scene.plan.agents + tool;
        let told = self.notices.told[entity].iter().any(|told| *told);
        if told || scene.ground.tool_works(tool) {
            return;
        }
        if self.seated == Some(by) {
            self.finding_by(entity, DetectionSource::Human, Some(by), scene);
            return;
        }
        let human = scene.plan.roles[by].human;
        let source = if human { DetectionSource::Human } else { DetectionSource::PeerAgent };
        self.report_finding(entity, source, scene);
    }

    /// Whether dashboards can be used; a system without any is not worse off than usual.
    pub(super) fn has_dashboard(&self, scene: &Scene<'_, '_>) -> bool {
        let mut dashboards = scene.plan.dashboards.iter().peekable();
        dashboards.peek().is_none() || dashboards.any(|tool| scene.ground.tool_works(*tool))
    }
}

/// Whether no entity is impaired at all.
pub(super) fn nothing_wrong(plan: &CrewPlan, scene: &Scene<'_, '_>) -> bool {
    plan.entities.iter().all(|entity| !scene.ground.impaired(&entity.about))
}
