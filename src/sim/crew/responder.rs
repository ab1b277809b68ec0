//! Who decides for a role: the simulation, a script, or a person.
//!
//! The rest of the crew asks [`Responder::is_simulated`] before it acts for a role by itself.
//! Scripts act by [`Cue`](crate::model::Cue)s at their time; people and recordings by
//! [`Act::Respond`](super::super::act::Act), at once. Steps begun by either take the time and
//! have the effects of simulated ones, but nothing holds them back: order is scored afterwards.

use super::super::act::RespondAct;
use super::plan::Role;
use super::state::{Crew, Scene};
use super::work::WorkState;
use crate::model::{Name, Ref};
use crate::timeline::EventKind;

/// Who decides for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Responder {
    /// Draws of the preset.
    Simulated,
    /// The scenario's script, by the clock.
    Scripted,
    /// A person or a recording, from its first act on.
    Live,
}

impl Responder {
    /// Who decides for `role` at the start.
    pub(super) fn of(role: &Role) -> Self {
        if role.scripted { Self::Scripted } else { Self::Simulated }
    }

    /// Whether the simulation answers pages and begins steps for it.
    pub(super) fn is_simulated(self) -> bool {
        self == Self::Simulated
    }
}

impl Crew {
    /// A scripted act: answers the oldest open page, then does the step.
    pub(super) fn cue(&mut self, cue: usize, scene: &mut Scene<'_, '_>) {
        let cue = &scene.plan.cues[cue];
        if scene.is_removed(cue.role) {
            return;
        }
        if let Some(page) = self.open_page(cue.role) {
            self.acknowledge(page, scene);
        }
        if let Some(step) = cue.step {
            self.begin_at_will(cue.role, step, cue.target, scene);
        }
        self.dispatch(scene);
    }

    /// A person or a recording acts.
    pub(super) fn respond(&mut self, role: &Name, what: &RespondAct, scene: &mut Scene<'_, '_>) {
        let Some(role) = scene.plan.role(role) else {
            return;
        };
        self.members[role].responder = Responder::Live;
        match what {
            RespondAct::Acknowledge { page } => {
                let asked = page.and_then(|page| (page as usize).checked_sub(1));
                let asked = asked.filter(|page| *page < self.pages.len());
                if let Some(page) = asked.or_else(|| self.open_page(role)) {
                    self.acknowledge(page, scene);
                }
            }
            RespondAct::Declare { level } => {
                if let Some(rank) = scene.plan.rank(level) {
                    self.declare(rank, role, scene);
                }
            }
            RespondAct::Step { step, on } => {
                let (Some(step), Some(target)) = (find_step(step, scene), find_target(on, scene))
                else {
                    return;
                };
                self.begin_at_will(role, step, target, scene);
            }
            RespondAct::Skip { step, reason } => {
                if let Some(step) = find_step(step, scene) {
                    self.leave_out(role, step, reason.clone(), scene);
                }
            }
            RespondAct::Suspect { about } => {
                self.incident.cause_known |= scene.ground.is_root(about);
                let by = Some(scene.role(role));
                scene.emit(EventKind::Hypothesis {}, vec![about.clone()], by);
            }
        }
        self.dispatch(scene);
    }

    /// Begins a step because somebody wants to, whatever the order says. Without a target a step
    /// made for each begins on every target known.
    fn begin_at_will(&mut self, role: usize, id: usize, target: usize, s: &mut Scene<'_, '_>) {
        self.engage(role, s);
        let works: Vec<usize> = match self.find_works(id, target, s) {
            works if works.is_empty() => self.improvise(id, target, s).into_iter().collect(),
            works => works,
        };
        for work in works {
            if matches!(self.works[work].state, WorkState::Waiting | WorkState::Skipped) {
                self.works[work].forced = true;
                self.begin_work(work, role, s);
            }
        }
    }

    /// Leaves a step out on every target it was not begun on.
    fn leave_out(&mut self, role: usize, id: usize, why: Option<Name>, s: &mut Scene<'_, '_>) {
        for work in self.find_works(id, 0, s) {
            if self.works[work].state == WorkState::Waiting {
                let by = Some(s.role(role));
                self.skip(work, why.clone(), by, s);
            }
        }
    }

    fn find_works(&self, id: usize, target: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        let targets = if target == 0 { 0..scene.plan.targets() } else { target..target + 1 };
        targets.filter_map(|target| self.work_of(id, target, scene)).collect()
    }

    /// A step that no active playbook asked for yet, from the first playbook that has it.
    fn improvise(&mut self, id: usize, target: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        let playbooks = &scene.plan.playbooks;
        let active = self.incident.active.iter().copied();
        let mut order = active.chain(0..playbooks.len());
        let found = order.find_map(|playbook| {
            let mut steps = playbooks[playbook].steps.iter();
            steps.position(|step| step.id == id).map(|step| (playbook, step))
        });
        found.map(|(playbook, step)| self.add_work(playbook, step, target, scene))
    }
}

fn find_step(step: &Name, scene: &Scene<'_, '_>) -> Option<usize> {
    scene.plan.steps.iter().position(|(name, _)| name == step)
}

/// The target column of a name; column 0 without one, nothing for an unknown name.
fn find_target(on: &Option<Name>, scene: &Scene<'_, '_>) -> Option<usize> {
    let Some(name) = on else { return Some(0) };
    let named = |about: &Ref| about.name == *name;
    (1..scene.plan.targets()).find(|target| named(&scene.plan.entities[target - 1].about))
}
