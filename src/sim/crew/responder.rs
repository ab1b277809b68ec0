//! Who decides for a role: the simulation, a script, or a person.
//!
//! The rest of the crew asks [`Responder::is_simulated`] before it acts for a role by itself.
//! Scripts act by [`Cue`](crate::model::Cue)s at their time; people and recordings by
//! [`Act::Respond`](super::super::act::Act), at once (see `seat`). Steps begun by either take the
//! time and have the effects of simulated ones, but nothing holds them back: order is scored
//! afterwards.

use super::plan::Role;
use super::state::{Crew, Scene};
use super::work::WorkState;
use crate::model::{Name, Ref};

/// Who decides for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Responder {
    /// Draws of the preset.
    Simulated,
    /// The scenario's script, by the clock.
    Scripted,
    /// A person or a recording, from taking its seat or from its first act on.
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

    /// Whether the work of a role is done without its script or its person: by the simulation, or
    /// by who stands in while the person does not take part. A person who is there is asked for
    /// nothing and waited for.
    pub(super) fn runs_by_itself(&self, role: usize) -> bool {
        match self.members[role].responder {
            Responder::Simulated => true,
            Responder::Scripted => false,
            Responder::Live => self.members[role].engaged.is_none(),
        }
    }

    /// Begins a step because somebody wants to, whatever the order says. Without a target a step
    /// made for each begins on every target known.
    pub(super) fn begin_at_will(
        &mut self,
        role: usize,
        id: usize,
        target: usize,
        s: &mut Scene<'_, '_>,
    ) {
        self.engage(role, s);
        let works: Vec<usize> = match self.find_works(id, target, s) {
            works if works.is_empty() => self.improvise(id, target, s).into_iter().collect(),
            works => works,
        };
        for work in works {
            let again = self.can_repeat(work, s);
            if matches!(self.works[work].state, WorkState::Waiting | WorkState::Skipped) || again {
                self.works[work].forced = true;
                self.begin_work(work, role, s);
            }
        }
    }

    /// Leaves a step out on the targets it was not begun on.
    pub(super) fn leave_out(
        &mut self,
        role: usize,
        works: Vec<usize>,
        why: Option<Name>,
        s: &mut Scene<'_, '_>,
    ) {
        for work in works {
            let judging = std::mem::take(&mut self.works[work].judging);
            if judging || self.works[work].state == WorkState::Waiting {
                let by = Some(s.role(role));
                self.skip(work, why.clone(), by, s);
            }
        }
    }

    pub(super) fn find_works(&self, id: usize, target: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        let targets = if target == 0 { 0..scene.plan.targets() } else { target..target + 1 };
        targets.filter_map(|target| self.work_of(id, target, scene)).collect()
    }

    /// A step that no active playbook asked for yet, from the first playbook that has it.
    pub(super) fn improvise(
        &mut self,
        id: usize,
        target: usize,
        scene: &Scene<'_, '_>,
    ) -> Option<usize> {
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

pub(super) fn find_step(step: &Name, scene: &Scene<'_, '_>) -> Option<usize> {
    scene.plan.steps.iter().position(|(name, _)| name == step)
}

/// The target column of a name; column 0 without one, nothing for an unknown name.
pub(super) fn find_target(on: &Option<Name>, scene: &Scene<'_, '_>) -> Option<usize> {
    let Some(name) = on else { return Some(0) };
    let named = |about: &Ref| about.name == *name;
    (1..scene.plan.targets()).find(|target| named(&scene.plan.entities[target - 1].about))
}
