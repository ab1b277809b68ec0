//! What the person at a seat sees of its own work, and what cannot be done now.

use super::super::act::RespondAct;
use super::super::desk::{Desk, Objection, StepAt};
use super::super::engine::{Blueprint, Ctx};
use super::super::world::World;
use super::responder::{find_step, find_target};
use super::state::{Crew, Scene};
use super::work::{Approval, WorkState, capacity};
use crate::model::{ForEach, Name, StepEffect};

impl Crew {
    /// What lies on the desk of a role; `None` for an unknown one.
    pub(in crate::sim) fn desk(
        &mut self,
        role: &Name,
        b: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
    ) -> Option<Desk> {
        let role = b.crew.role(role)?;
        let mut desk = None;
        self.on_scene(b, world, ctx, |crew, scene| desk = Some(crew.desk_of(role, scene)));
        desk
    }

    /// Why a role cannot do something now.
    pub(in crate::sim) fn objection(
        &mut self,
        role: &Name,
        what: &RespondAct,
        b: &Blueprint,
        world: &mut World,
        ctx: &mut Ctx<'_>,
    ) -> Option<Objection> {
        let role = b.crew.role(role)?;
        let mut objection = None;
        self.on_scene(b, world, ctx, |crew, scene| objection = crew.objects(role, what, scene));
        objection
    }

    fn desk_of(&self, role: usize, scene: &Scene<'_, '_>) -> Desk {
        let member = &self.members[role];
        let all = 0..self.works.len();
        let under_way = |work: &usize| {
            let work = &self.works[*work];
            let under_way = matches!(work.state, WorkState::Working | WorkState::Sending);
            work.by == role && under_way && !work.judging
        };
        let judging = |work: &usize| self.works[*work].by == role && self.works[*work].judging;
        let decides = scene.plan.deciders.contains(&role);
        let asked = |work: &usize| {
            let work = &self.works[*work];
            decides && work.approval == Approval::Asked && work.open == 0
        };
        let next = |work: &usize| {
            let mine = self.step(*work, scene).role == role;
            mine && self.works[*work].state == WorkState::Waiting && self.is_next(*work, scene)
        };
        let list = |wanted: &dyn Fn(&usize) -> bool| {
            all.clone().filter(wanted).map(|work| self.step_at(work, scene)).collect()
        };
        Desk {
            joined: member.engaged,
            stand_in: member.stand_in.map(|role| scene.role(role)),
            capacity: capacity(role, scene),
            doing: list(&under_way),
            judging: list(&judging),
            pages: self.open_pages(role).map(|page| page as u32 + 1).collect(),
            approvals: list(&asked),
            next: list(&next),
            told: scene.plan.checker == Some(role),
            decides,
            dashboards: self.has_dashboard(scene),
        }
    }

    pub(super) fn step_at(&self, work: usize, scene: &Scene<'_, '_>) -> StepAt {
        let step = self.step(work, scene);
        let about = scene.plan.about(self.works[work].target);
        StepAt {
            playbook: scene.plan.playbooks[self.works[work].playbook].id.clone(),
            step: scene.plan.steps[step.id].0.clone(),
            on: about.first().map(|about| about.name.clone()),
        }
    }

    fn objects(&self, role: usize, what: &RespondAct, scene: &Scene<'_, '_>) -> Option<Objection> {
        match what {
            RespondAct::Acknowledge { page } => self.no_page(role, *page),
            RespondAct::Join => {
                self.members[role].engaged.is_some().then_some(Objection::HereAlready)
            }
            RespondAct::Declare { level } => {
                let same = self.incident.declared.as_ref().map(|(rank, ..)| *rank);
                let same = same.is_some() && same == scene.plan.rank(level);
                same.then_some(Objection::DeclaredAlready)
            }
            RespondAct::ClaimMitigated => {
                self.incident.mitigated.is_some().then_some(Objection::SaidAlready)
            }
            RespondAct::ClaimResolved => {
                self.incident.resolved.is_some().then_some(Objection::SaidAlready)
            }
            RespondAct::Page { role: other } => self.no_paging(role, other, scene),
            RespondAct::Ask { role: other } => self.no_asking(role, other, scene),
            RespondAct::HandOver { to } => self.no_handing_over(role, to, scene),
            RespondAct::Post { .. } => {
                let mut steps = scene.plan.playbooks.iter().flat_map(|playbook| &playbook.steps);
                let any = steps.any(|step| step.effect == StepEffect::PublicUpdate);
                (!any).then_some(Objection::NothingPublic)
            }
            RespondAct::RollBack { on, .. } => self.no_rollback(role, on, scene),
            RespondAct::Step { step, on } => self.no_step(role, step, on, scene),
            RespondAct::AskFor { step, on }
            | RespondAct::AskApproval { step, on }
            | RespondAct::Approve { step, on }
            | RespondAct::Skip { step, on, .. } => self.no_talk(what, step, on, scene),
            RespondAct::Suspect { .. }
            | RespondAct::Say { .. }
            | RespondAct::Look { .. }
            | RespondAct::Hint { .. } => None,
        }
    }

    fn no_page(&self, role: usize, page: Option<u32>) -> Option<Objection> {
        let mut open = self.open_pages(role).peekable();
        match page {
            None => open.peek().is_none().then_some(Objection::NoPage),
            Some(page) => {
                (!open.any(|open| open as u32 + 1 == page)).then_some(Objection::NotYourPage)
            }
        }
    }

    fn no_asking(&self, role: usize, other: &Name, scene: &Scene<'_, '_>) -> Option<Objection> {
        let other = scene.plan.role(other)?;
        if other == role {
            return Some(Objection::Yourself);
        }
        if self.members[other].engaged.is_some() {
            return None;
        }
        let called = self.members[other].call.is_some().then_some(Objection::AskedAlready);
        self.is_paged(other).then_some(Objection::PagedAlready).or(called)
    }

    fn no_paging(&self, role: usize, other: &Name, scene: &Scene<'_, '_>) -> Option<Objection> {
        let other = scene.plan.role(other)?;
        if other == role {
            return Some(Objection::Yourself);
        }
        let level = scene.plan.levels.iter().find(|level| level.to.contains(&other));
        let Some(level) = level else {
            return Some(Objection::NoLevel);
        };
        if level.human_only && !scene.plan.roles[role].human {
            return Some(Objection::HumanOnly);
        }
        if self.members[other].engaged.is_some() {
            return Some(Objection::HereAlready);
        }
        self.is_paged(other).then_some(Objection::PagedAlready)
    }

    fn no_handing_over(&self, role: usize, to: &Name, s: &Scene<'_, '_>) -> Option<Objection> {
        let to = s.plan.role(to)?;
        if self.members[role].engaged.is_none() {
            return Some(Objection::NotHere);
        }
        if to == role {
            return (s.plan.roles[role].people < 2).then_some(Objection::NoColleague);
        }
        self.members[to].engaged.is_none().then_some(Objection::NotHere)
    }

    fn no_rollback(&self, role: usize, on: &Name, scene: &Scene<'_, '_>) -> Option<Objection> {
        let target = find_target(&Some(on.clone()), scene);
        let Some(target) = target.filter(|target| scene.plan.service_of(*target).is_some()) else {
            return Some(Objection::WrongTarget);
        };
        let mut steps = scene.plan.playbooks.iter().flat_map(|playbook| &playbook.steps);
        if !steps.any(|step| step.effect == StepEffect::Recover) {
            return Some(Objection::NothingToRecover);
        }
        let under_way = |work: &usize| {
            matches!(self.works[*work].state, WorkState::Working | WorkState::Sending)
        };
        let work = self.recovery_of(target, scene).filter(under_way);
        let busy = || self.too_busy(role, scene);
        work.map(|work| Objection::UnderWay(self.step_at(work, scene))).or_else(busy)
    }

    fn too_busy(&self, role: usize, scene: &Scene<'_, '_>) -> Option<Objection> {
        if self.members[role].busy < capacity(role, scene) {
            return None;
        }
        Some(Objection::Busy(self.desk_of(role, scene).doing))
    }

    /// A target that was not named and has to be, or that does not fit.
    fn no_target(&self, id: usize, target: usize, scene: &Scene<'_, '_>) -> Option<Objection> {
        // Playbooks share step ids; those being worked say what the step is made for.
        let playbooks = &scene.plan.playbooks;
        let order = self.incident.active.iter().copied().chain(0..playbooks.len());
        let mut steps = order.flat_map(|playbook| &playbooks[playbook].steps);
        let each = steps.find(|step| step.id == id).map_or(ForEach::Once, |step| step.each);
        let service = scene.plan.service_of(target).is_some();
        let fits = match each {
            ForEach::Once => target == 0,
            ForEach::FailedService => target == 0 || service,
            ForEach::FailedAgent => target == 0 || !service,
        };
        if !fits {
            return Some(Objection::WrongTarget);
        }
        if each == ForEach::Once || target != 0 {
            return None;
        }
        let known = self.known_targets(each, scene);
        let known = if known.is_empty() {
            (1..scene.plan.targets())
                .filter(|t| scene.plan.service_of(*t).is_some() == (each == ForEach::FailedService))
                .collect()
        } else {
            known
        };
        let name = |target: usize| scene.plan.entities[target - 1].about.name.clone();
        (known.len() != 1).then(|| Objection::NameTarget(known.into_iter().map(name).collect()))
    }

    fn no_step(
        &self,
        role: usize,
        step: &Name,
        on: &Option<Name>,
        scene: &Scene<'_, '_>,
    ) -> Option<Objection> {
        let (id, target) = (find_step(step, scene)?, find_target(on, scene)?);
        if let Some(objection) = self.no_target(id, target, scene) {
            return Some(objection);
        }
        for work in self.find_works(id, target, scene) {
            let at = || self.step_at(work, scene);
            match self.works[work].state {
                WorkState::Working | WorkState::Sending => return Some(Objection::UnderWay(at())),
                WorkState::Done if !self.can_repeat(work, scene) => {
                    return Some(Objection::DoneAlready(at()));
                }
                _ => {}
            }
        }
        self.too_busy(role, scene)
    }

    fn no_talk(
        &self,
        what: &RespondAct,
        step: &Name,
        on: &Option<Name>,
        scene: &Scene<'_, '_>,
    ) -> Option<Objection> {
        let (id, target) = (find_step(step, scene)?, find_target(on, scene)?);
        let works = self.find_works(id, target, scene);
        let approval = |wanted: Approval| works.iter().any(|w| self.works[*w].approval == wanted);
        match what {
            RespondAct::Approve { .. } => {
                let me_asked = approval(Approval::Asked);
                let nothing = if approval(Approval::Given) {
                    Objection::AskedAlready
                } else {
                    Objection::NotAsked
                };
                (!me_asked).then_some(nothing)
            }
            RespondAct::AskApproval { .. } if !works.is_empty() => {
                (!approval(Approval::NotAsked)).then_some(Objection::AskedAlready)
            }
            RespondAct::Skip { .. } => {
                let over = works.iter().find(|work| self.works[**work].state.is_over())?;
                let mut all = works.iter().map(|work| &self.works[*work]);
                let waits = all.any(|work| work.state == WorkState::Waiting || work.judging);
                (!waits).then(|| Objection::DoneAlready(self.step_at(*over, scene)))
            }
            _ => self.no_target(id, target, scene),
        }
    }
}
