//! What is done once more: repairs that did not hold, and the checks that follow them.

use super::state::{Crew, Scene};
use super::work::{Work, WorkState};
use crate::model::{ForEach, StepEffect};
use crate::units::SimDuration;

impl Crew {
    /// Recovery that did not hold is tried again: while verification waits and a known target
    /// still suffers long after its recovery step ended, that step is opened once more.
    pub(super) fn reopen_repairs(&mut self, scene: &mut Scene<'_, '_>) {
        const PATIENCE: SimDuration = SimDuration::from_minutes(10);
        /// Nobody does the same again and again: each time in vain doubles the patience.
        const DOUBLINGS_MAX: u32 = 5;
        let waiting = self.blocked_since.is_some_and(|since| scene.now() - since >= PATIENCE);
        if !waiting || self.incident.resolved.is_some() {
            return;
        }
        self.learn_failed(scene);
        self.expand(scene);
        self.reopen_stale_checks(scene);
        for work in 0..self.works.len() {
            let step = self.step(work, scene);
            let agent = scene.plan.agent_of(self.works[work].target).is_some();
            let repairs = step.effect == StepEffect::Recover
                || (agent && step.effect == StepEffect::ActivateBackup);
            let Work { state, target, ended, attempt, playbook, .. } = self.works[work];
            let over = matches!(state, WorkState::Done | WorkState::Skipped);
            let patience = PATIENCE * (1 << attempt.saturating_sub(1).min(DOUBLINGS_MAX));
            if !repairs || !over || attempt == 0 || scene.now() - ended < patience {
                continue;
            }
            let suffers = match target {
                0 => {
                    self.known_targets(ForEach::Once, scene).iter().any(|t| self.suffers(*t, scene))
                }
                target => self.suffers(target, scene),
            };
            if suffers && self.incident.active.contains(&playbook) {
                self.works[work].state = WorkState::Waiting;
                self.reopen_checks(target, scene);
            }
        }
    }

    /// What was checked before users were well again says nothing of what came back with them.
    fn reopen_stale_checks(&mut self, scene: &Scene<'_, '_>) {
        let Some(since) = scene.ground.sli_ok_since().filter(|_| !scene.ground.settled()) else {
            return;
        };
        for work in 0..self.works.len() {
            let Work { state, ended, .. } = self.works[work];
            if self.is_check_asked(work, scene) && state == WorkState::Done && ended < since {
                self.works[work].state = WorkState::Waiting;
            }
        }
    }

    /// What is recovered once more has its data checked once more.
    fn reopen_checks(&mut self, target: usize, scene: &Scene<'_, '_>) {
        for work in 0..self.works.len() {
            let of = &self.works[work];
            let about = of.target == 0 || target == 0 || of.target == target;
            let over = matches!(of.state, WorkState::Done | WorkState::Skipped);
            if about && over && self.is_check_asked(work, scene) {
                self.works[work].state = WorkState::Waiting;
                self.works[work].not_before = None;
            }
        }
    }

    /// Whether a work is a check of data that a playbook being worked asks for, also where it was
    /// done under one that another took the place of.
    fn is_check_asked(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let step = self.step(work, scene);
        let asks = |playbook: &usize| {
            scene.plan.playbooks[*playbook].steps.iter().any(|other| other.id == step.id)
        };
        step.effect == StepEffect::CheckData && self.incident.active.iter().any(asks)
    }

    /// A repair that was left out, as data were sound, is needed after all.
    pub(super) fn reopen_data_repair(&mut self, service: usize, scene: &Scene<'_, '_>) {
        for work in 0..self.works.len() {
            let effect = self.step(work, scene).effect;
            let of = &mut self.works[work];
            let repairs = matches!(effect, StepEffect::Restore | StepEffect::RepairData);
            if repairs && of.target == 1 + service && of.state == WorkState::Skipped {
                of.state = WorkState::Waiting;
            }
        }
    }
}
