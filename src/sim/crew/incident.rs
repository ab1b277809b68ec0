//! Which playbooks are worked, and on which targets.
//!
//! A finding names a trigger; its playbook is worked beside the others unless one of them
//! supersedes it (`multi_service` over `service_outage`). Steps that were done under a
//! superseded playbook count under the next one when they have the same id.

use super::notice::nothing_wrong;
use super::plan::Milestone;
use super::procedure::supersedes;
use super::state::{Crew, Incident, Scene};
use super::work::{Work, WorkState};
use crate::model::{EntityKind, ForEach, Name, Ref, StepEffect, Trigger};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

impl Crew {
    /// The crew learns of a finding.
    pub(super) fn found(&mut self, about: &Ref, trigger: &Name, scene: &mut Scene<'_, '_>) {
        let now = scene.now();
        self.incident.detected.get_or_insert(now);
        self.last_news = self.last_news.max(now);
        if self.incident.stages.is_none() {
            let mut stream = scene.ctx.streams.stream(scene.plan.streams.stages);
            self.incident.stages = Some(scene.plan.figures.stages(&mut stream));
        }
        let impaired = scene.ground.impaired(about);
        self.incident.only_false &= !impaired && about.kind == EntityKind::Service;
        if impaired && scene.ground.sli_ok_since().is_none() {
            self.open_again(scene);
        }
        if impaired {
            self.declare_after_all(scene);
        }
        match about.kind {
            EntityKind::System => self.learn_failed(scene),
            _ => self.learn_hit(about, scene),
        }
        if let Some(trigger) = Trigger::from_word(trigger) {
            self.open_playbook(trigger, scene);
        }
        self.expand(scene);
    }

    /// Whoever looks sees whether the service named failed itself. While another one is down,
    /// its suffering is impact and gets no recovery of its own.
    fn learn_hit(&mut self, about: &Ref, scene: &Scene<'_, '_>) {
        let Some(entity) = scene.plan.entity(about) else { return };
        let mut services = 0..scene.plan.services;
        let victim = about.kind == EntityKind::Service
            && !scene.plan.service_of(entity + 1).is_some_and(|s| scene.ground.service_failed(s))
            && services.any(|service| scene.ground.service_failed(service));
        if victim {
            self.learn_failed(scene);
        } else {
            self.learn(entity + 1);
        }
    }

    fn learn(&mut self, target: usize) {
        if let Some(known) = self.incident.known.get_mut(target) {
            *known = true;
        }
    }

    /// Looks at the health probes: services they see failed are known from then on.
    pub(super) fn learn_failed(&mut self, scene: &Scene<'_, '_>) {
        for service in 0..scene.plan.services {
            if scene.ground.service_failed(service) {
                self.learn(1 + service);
            }
        }
    }

    fn open_playbook(&mut self, trigger: Trigger, scene: &Scene<'_, '_>) {
        let playbooks = &scene.plan.playbooks;
        let Some(new) = playbooks.iter().position(|playbook| playbook.trigger == trigger) else {
            return;
        };
        let active = &self.incident.active;
        let covered = |known: &usize| supersedes(playbooks[*known].trigger, trigger);
        if active.contains(&new) || active.iter().any(covered) {
            return;
        }
        let old = |known: &usize| supersedes(trigger, playbooks[*known].trigger);
        let dropped: Vec<usize> = active.iter().copied().filter(old).collect();
        for playbook in dropped {
            self.drop_playbook(playbook, scene);
        }
        self.incident.active.push(new);
    }

    /// What has not begun under a playbook is no longer asked for.
    fn drop_playbook(&mut self, playbook: usize, scene: &Scene<'_, '_>) {
        self.incident.active.retain(|known| *known != playbook);
        for work in &mut self.works {
            if work.playbook == playbook && work.state == WorkState::Waiting {
                work.state = WorkState::Dropped;
                let id = scene.plan.playbooks[playbook].steps[work.step].id;
                self.slots[id * scene.plan.targets() + work.target] = 0;
            }
        }
    }

    /// Makes the work of every active playbook for every target known.
    pub(super) fn expand(&mut self, scene: &Scene<'_, '_>) {
        for i in 0..self.incident.active.len() {
            let playbook = self.incident.active[i];
            let begun = self.begun_phase(playbook, scene);
            for step in 0..scene.plan.playbooks[playbook].steps.len() {
                let plan = &scene.plan.playbooks[playbook].steps[step];
                // A phase that is over stays over; what fails later joins the present one.
                if plan.each != ForEach::Once && plan.phase.is_some_and(|phase| phase < begun) {
                    continue;
                }
                let targets = match plan.each {
                    ForEach::Once => 0..1,
                    ForEach::FailedService => 1..1 + scene.plan.services,
                    ForEach::FailedAgent => 1 + scene.plan.services..scene.plan.targets(),
                };
                for target in targets {
                    if target == 0 || self.incident.known[target] {
                        self.add_work(playbook, step, target, scene);
                    }
                }
            }
        }
    }

    /// Adds a work unless one with its step id and target exists; its index.
    pub(super) fn add_work(
        &mut self,
        playbook: usize,
        step: usize,
        target: usize,
        scene: &Scene<'_, '_>,
    ) -> usize {
        let id = scene.plan.playbooks[playbook].steps[step].id;
        let slot = &mut self.slots[id * scene.plan.targets() + target];
        if *slot == 0 {
            self.works.push(Work::new(playbook, step, target));
            *slot = self.works.len() as u32;
        }
        *slot as usize - 1
    }

    /// The work of a step id on a target.
    pub(super) fn work_of(&self, id: usize, target: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        (self.slots[id * scene.plan.targets() + target] as usize).checked_sub(1)
    }

    /// The highest phase of a playbook that has begun; 0 for none.
    fn begun_phase(&self, playbook: usize, scene: &Scene<'_, '_>) -> u32 {
        let begun = |work: &&Work| work.playbook == playbook && work.attempt > 0;
        let phase = |work: &Work| scene.plan.playbooks[playbook].steps[work.step].phase;
        self.works.iter().filter(begun).filter_map(phase).max().unwrap_or(0)
    }

    /// When a milestone was reached, as the crew knows it.
    pub(super) fn milestone(&self, milestone: Milestone, start: SimTime) -> Option<SimTime> {
        match milestone {
            Milestone::Start => Some(start),
            Milestone::Detected => self.incident.detected,
            Milestone::Acked => self.incident.acked,
            Milestone::Declared => self.incident.declared.as_ref().map(|(_, at, _)| *at),
            Milestone::Mitigated => self.incident.mitigated,
            Milestone::Resolved => self.incident.resolved,
        }
    }

    /// After somebody looked: a report that was wrong ends the response.
    pub(super) fn stand_down_if_nothing(&mut self, by: usize, scene: &mut Scene<'_, '_>) {
        let declared = self.incident.declared.is_some();
        if !self.incident.only_false || declared || !nothing_wrong(scene.plan, scene) {
            return;
        }
        let (about, by) = (vec![scene.plan.system.clone()], Some(scene.role(by)));
        scene.emit(EventKind::StoodDown {}, about, by);
        for work in &mut self.works {
            if work.state == WorkState::Waiting {
                work.state = WorkState::Dropped;
            }
        }
        self.slots.fill(0);
        self.incident = Incident::new(scene.plan);
        self.call_off();
        self.stop_timer();
        for member in &mut self.members {
            member.engaged = None;
            member.missing = false;
            member.stand_in = None;
            member.call = None;
        }
    }

    /// A declaration that was left out because nothing was wrong any more is made when it comes
    /// back.
    fn declare_after_all(&mut self, scene: &Scene<'_, '_>) {
        if self.incident.declared.is_some() {
            return;
        }
        for work in 0..self.works.len() {
            let Work { playbook, state, attempt, .. } = self.works[work];
            let left_out = state == WorkState::Skipped && attempt == 0;
            let step = self.step(work, scene);
            let declares = step.effect == StepEffect::Declare && self.runs_by_itself(step.role);
            if declares && left_out && self.incident.active.contains(&playbook) {
                self.works[work].state = WorkState::Waiting;
            }
        }
    }

    /// What is found after somebody said that users are well, or that it is over, opens the
    /// incident again: claims and checks are made once more, and users are told until then.
    fn open_again(&mut self, scene: &mut Scene<'_, '_>) {
        if self.incident.mitigated.is_none() && self.incident.resolved.is_none() {
            return;
        }
        (self.incident.mitigated, self.incident.resolved) = (None, None);
        for work in 0..self.works.len() {
            let again = matches!(
                self.step(work, scene).effect,
                StepEffect::Recover
                    | StepEffect::Verify
                    | StepEffect::ClaimMitigated
                    | StepEffect::ClaimResolved
            );
            let Work { playbook, state, .. } = self.works[work];
            if again && state == WorkState::Done && self.incident.active.contains(&playbook) {
                self.works[work].state = WorkState::Waiting;
                self.works[work].not_before = None;
            }
        }
    }

    /// Whether every duty of every playbook is done and nothing more can come.
    pub(super) fn is_done(&self) -> bool {
        let over = |work: &Work| work.state.is_over();
        let worked = self.works.iter().any(|work| work.state == WorkState::Done);
        let quiet = self.now > self.last_news && self.in_transit == 0;
        !self.incident.active.is_empty()
            && worked
            && quiet
            && self.works.iter().all(over)
            && !self.notices.pending()
    }

    /// Targets known to be hit among services, or among agents.
    pub(super) fn known_targets(&self, each: ForEach, scene: &Scene<'_, '_>) -> Vec<usize> {
        let agents_from = 1 + scene.plan.services;
        let wanted = |target: &usize| match each {
            ForEach::Once => true,
            ForEach::FailedService => *target < agents_from,
            ForEach::FailedAgent => *target >= agents_from,
        };
        let known = |target: &usize| self.incident.known[*target];
        (1..scene.plan.targets()).filter(known).filter(wanted).collect()
    }

    /// Whether a target is seen to need a recovery: by probes of services, by answers of agents.
    /// One that recovers already is left to work off its backlog.
    pub(super) fn suffers(&self, target: usize, scene: &Scene<'_, '_>) -> bool {
        let impaired = scene.ground.impaired(&scene.plan.entities[target - 1].about);
        scene.plan.service_of(target).map_or(impaired, |service| {
            scene.ground.service_failed(service) || impaired && !scene.ground.recovering(service)
        })
    }

    /// Whether some data are still to be checked, or to be checked again.
    pub(super) fn checks_open(&self, scene: &Scene<'_, '_>) -> bool {
        let open = |index: usize| {
            let work = &self.works[index];
            self.step(index, scene).effect == StepEffect::CheckData
                && !work.state.is_over()
                && self.incident.active.contains(&work.playbook)
        };
        (0..self.works.len()).any(open)
    }

    /// Whether a check found damage that is not repaired yet.
    pub(super) fn repair_open(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let Work { attempt, target, playbook, .. } = self.works[work];
        let open = |index: usize| {
            let repair = &self.works[index];
            let effect = self.step(index, scene).effect;
            matches!(effect, StepEffect::RepairData | StepEffect::Restore)
                && (repair.target, repair.playbook) == (target, playbook)
                && !repair.state.is_over()
        };
        attempt > 0 && (0..self.works.len()).any(open)
    }

    /// Since when the world has been good for long enough to verify a recovery.
    pub(super) fn is_verified(&self, scene: &Scene<'_, '_>) -> bool {
        const HELD: SimDuration = SimDuration::from_minutes(5);
        let good = scene.ground.sli_ok_since();
        good.is_some_and(|since| scene.now() - since >= HELD) && scene.ground.settled()
    }
}
