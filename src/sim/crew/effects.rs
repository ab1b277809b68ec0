//! What doing a step changes.

use super::notice::nothing_wrong;
use super::state::{Crew, Scene, tag};
use super::work::{Work, WorkState};
use crate::model::{ForEach, Name, Ref, ServiceState, StepEffect};
use crate::timeline::EventKind;
use crate::units::SimDuration;

/// A fallback or a backup that does not work is tried this often.
const FALLBACK_ATTEMPTS: u32 = 2;
/// What failed is looked at again after this long.
const AGAIN: SimDuration = SimDuration::from_minutes(2);

impl Crew {
    /// The time of a step is over: it takes effect.
    pub(super) fn time_over(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        if self.works[work].state != WorkState::Working {
            return;
        }
        match self.step(work, scene).effect {
            StepEffect::Observe | StepEffect::Assess => self.look(work, scene),
            StepEffect::Diagnose => self.diagnose(work, scene),
            StepEffect::Declare => self.declare_step(work, scene),
            StepEffect::Assemble
            | StepEffect::Request
            | StepEffect::Message
            | StepEffect::Report
            | StepEffect::PublicUpdate => self.send(work, scene),
            StepEffect::Escalate => self.escalate_step(work, scene),
            StepEffect::Degrade => self.degrade(work, scene),
            StepEffect::AutoRecover => self.auto_recover(work, scene),
            StepEffect::Recover => self.recover(work, scene),
            StepEffect::HandOver => self.hand_over(work, scene),
            StepEffect::ActivateBackup => self.activate_backup(work, scene),
            StepEffect::Restore | StepEffect::RepairData => self.mend_data(work, scene),
            StepEffect::CheckData => self.check_data(work, scene),
            StepEffect::Verify => self.verify(work, scene),
            StepEffect::ClaimMitigated | StepEffect::ClaimResolved => self.claim(work, scene),
            StepEffect::FileAction => self.file_action(work, scene),
            StepEffect::Plan => {
                self.incident.planned = true;
                self.complete(work, scene);
            }
            StepEffect::Switch => self.switch(work, scene),
            StepEffect::Progress => self.send(work, scene),
            StepEffect::WorkLocally => self.work_locally(work, scene),
            StepEffect::Replay => self.replay(work, scene),
            StepEffect::Contain => self.contain(work, scene),
            StepEffect::PauseWork
            | StepEffect::ResumeWork
            | StepEffect::Backup
            | StepEffect::Preserve => {
                self.complete(work, scene);
            }
        }
        self.dispatch(scene);
    }

    /// A step is done.
    pub(super) fn complete(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        self.works[work].state = WorkState::Done;
        self.works[work].ended = scene.now();
        self.incident.acted = true;
        self.release(work);
        let Work { playbook, attempt, by, target, .. } = self.works[work];
        let step = self.step(work, scene);
        let kind = EventKind::StepDone {
            step: scene.plan.steps[step.id].0.clone(),
            playbook: scene.plan.playbooks[playbook].id.clone(),
            phase: step.phase,
            attempt,
        };
        let by = Some(scene.role(by));
        scene.emit(kind, scene.plan.about(target), by);
        self.await_repeat(work, scene);
    }

    /// A step fails and is tried again after `retry`.
    pub(super) fn fail(
        &mut self,
        work: usize,
        retry: SimDuration,
        why: impl FnOnce() -> Name,
        scene: &mut Scene<'_, '_>,
    ) {
        self.works[work].ended = scene.now();
        self.release(work);
        let Work { playbook, attempt, by, target, .. } = self.works[work];
        let step = self.step(work, scene);
        let kind = EventKind::StepFailed {
            step: scene.plan.steps[step.id].0.clone(),
            playbook: scene.plan.playbooks[playbook].id.clone(),
            phase: step.phase,
            attempt,
        };
        let by = Some(scene.role(by));
        scene.emit(kind, scene.plan.about(target), by);
        scene.ctx.note(why);
        self.works[work].state = WorkState::Waiting;
        self.works[work].not_before = Some(scene.now() + retry);
        scene.after(retry, tag::WAKE, 0);
    }

    /// A step is left out, with a reason or without.
    pub(super) fn skip(
        &mut self,
        work: usize,
        reason: Option<Name>,
        by: Option<Ref>,
        scene: &mut Scene<'_, '_>,
    ) {
        self.works[work].state = WorkState::Skipped;
        self.works[work].ended = scene.now();
        self.release(work);
        let Work { playbook, target, .. } = self.works[work];
        let step = scene.plan.steps[self.step(work, scene).id].0.clone();
        let playbook = scene.plan.playbooks[playbook].id.clone();
        let kind = EventKind::StepSkipped { step, playbook, reason };
        scene.emit(kind, scene.plan.about(target), by);
    }

    pub(super) fn release(&mut self, work: usize) {
        let Work { by, holds_role, .. } = self.works[work];
        if holds_role {
            self.works[work].holds_role = false;
            self.members[by].busy = self.members[by].busy.saturating_sub(1);
        }
    }

    /// Leaves out what is plainly needless, with the reason. True when it did.
    pub(super) fn skip_needless(&mut self, work: usize, scene: &mut Scene<'_, '_>) -> bool {
        let step = self.step(work, scene);
        let words = &scene.plan.words;
        let targets = self.services_of(work, scene);
        let reason = match step.effect {
            _ if step.last_resort && !self.is_needed(work, scene) => &words.carried,
            StepEffect::Degrade if targets.iter().all(|s| scene.plan.modes[*s].is_none()) => {
                &words.no_mode
            }
            StepEffect::Degrade if targets.iter().all(|s| !self.suffers(1 + *s, scene)) => {
                &words.nothing_wrong
            }
            StepEffect::Recover | StepEffect::HandOver | StepEffect::ActivateBackup
                if step.each == ForEach::FailedAgent && self.agents_work(work, scene) =>
            {
                &words.nothing_wrong
            }
            StepEffect::RepairData | StepEffect::Restore
                if targets.iter().all(|s| scene.ground.data_consistent(*s)) =>
            {
                &words.nothing_to_repair
            }
            _ => return false,
        };
        let by = Some(scene.role(step.role));
        self.skip(work, Some(reason.clone()), by, scene);
        scene.after(SimDuration::ZERO, tag::WAKE, 0);
        true
    }

    /// The services a work is about: its target, or all that are known to be hit.
    pub(super) fn services_of(&self, work: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        match self.works[work].target {
            0 => {
                let known = self.known_targets(ForEach::FailedService, scene);
                known.into_iter().filter_map(|target| scene.plan.service_of(target)).collect()
            }
            target => scene.plan.service_of(target).into_iter().collect(),
        }
    }

    /// Whether all agents that a work is about work again by themselves.
    pub(super) fn agents_work(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let agents = self.agents_of(work, scene);
        !agents.is_empty() && agents.iter().all(|agent| scene.ground.agent_works(*agent))
    }

    /// The agents a work is about.
    fn agents_of(&self, work: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        match self.works[work].target {
            0 => {
                let known = self.known_targets(ForEach::FailedAgent, scene);
                known.into_iter().filter_map(|target| scene.plan.agent_of(target)).collect()
            }
            target => scene.plan.agent_of(target).into_iter().collect(),
        }
    }

    fn look(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        self.incident.assessed = true;
        self.complete(work, scene);
        self.learn_failed(scene);
        self.learn_hidden(work, scene);
        self.tell_states(work, scene);
        self.expand(scene);
        self.stand_down_if_nothing(self.works[work].by, scene);
    }

    /// Without dashboards, what people find by trying the services themselves is the first that
    /// anybody knows of their state.
    fn tell_states(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        if self.has_dashboard(scene) {
            return;
        }
        let by = scene.role(self.works[work].by);
        self.tell_traffic(&by, scene);
        for service in 0..scene.plan.services {
            if !scene.ground.service_failed(service) || self.incident.told[service] {
                continue;
            }
            self.incident.told[service] = true;
            let kind = EventKind::ServiceState { state: ServiceState::Down, mode: None };
            let about = scene.plan.entities[service].about.clone();
            scene.emit(kind, vec![about], Some(by.clone()));
        }
    }

    fn declare_step(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let rank = self.incident.severity;
        match rank {
            Some(rank) => self.declare(rank, self.works[work].by, scene),
            None if self.incident.declared.is_some() => {}
            None => {
                self.fail(work, AGAIN, || "no severity is decided".into(), scene);
                return;
            }
        }
        self.complete(work, scene);
    }

    /// An incident is declared, once; later a higher level is a change.
    pub(super) fn declare(&mut self, rank: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let by = Some(scene.role(by));
        let level = scene.plan.severities[rank].clone();
        let kind = match &self.incident.declared {
            Some((declared, ..)) if *declared <= rank => return,
            Some(_) => EventKind::SeverityChanged { level, reasons: Vec::new() },
            None => EventKind::Declared { level },
        };
        self.incident.declared = Some((rank, scene.now(), by.clone()));
        scene.emit(kind, vec![scene.plan.system.clone()], by);
    }

    /// A declaration that waits for a severity is needless once nothing is wrong any more.
    pub(super) fn drop_needless_declaration(&mut self, scene: &mut Scene<'_, '_>) {
        if self.can_declare() || !nothing_wrong(scene.plan, scene) {
            return;
        }
        for work in 0..self.works.len() {
            let declares = self.step(work, scene).effect == StepEffect::Declare;
            if declares && self.works[work].state == WorkState::Waiting {
                let reason = Some(scene.plan.words.nothing_wrong.clone());
                let by = Some(scene.role(self.step(work, scene).role));
                self.skip(work, reason, by, scene);
            }
        }
    }

    fn escalate_step(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        if let Some(level) = step.level {
            self.start_level(level, &step.channels, scene);
        }
        self.complete(work, scene);
    }

    /// Time to switch to the degraded modes, which were rehearsed or not.
    pub(super) fn switch_time(&self, work: usize, scene: &Scene<'_, '_>) -> SimDuration {
        if self.step(work, scene).effect != StepEffect::Degrade {
            return SimDuration::ZERO;
        }
        let fallback = scene.plan.figures.fallback(self.is_rehearsed(work, scene));
        let mut stream = scene.ctx.streams.stream(self.recovery_stream(work, scene));
        stream.bits();
        stream.lognormal_time(fallback.delay, scene.plan.figures.step_sigma)
    }

    fn is_rehearsed(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let services = self.services_of(work, scene);
        services.iter().all(|service| scene.plan.modes[*service].unwrap_or(true))
    }

    fn recovery_stream(&self, work: usize, scene: &Scene<'_, '_>) -> crate::sim::StreamName {
        let Work { target, attempt, .. } = self.works[work];
        let id = self.step(work, scene).id;
        let nth = (id * 65_536 + target * 64) as u64 + u64::from(attempt);
        scene.plan.streams.recovery.nth(nth)
    }

    fn degrade(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let fallback = scene.plan.figures.fallback(self.is_rehearsed(work, scene));
        let works = scene.ctx.streams.stream(self.recovery_stream(work, scene)).chance(fallback.p);
        let mut modes = 0;
        if works {
            for service in self.services_of(work, scene) {
                modes += scene.ground.degrade(service, scene.ctx);
            }
        }
        if modes > 0 {
            self.complete(work, scene);
            return;
        }
        let services = self.services_of(work, scene);
        let well = services.iter().all(|service| !self.suffers(1 + *service, scene));
        let words = &scene.plan.words;
        // None came up although they were switched on: there is none that may run here.
        let reason = match (well, works) {
            (true, _) => &words.nothing_wrong,
            (false, true) => &words.no_mode,
            (false, false) => &words.no_switch,
        };
        let why = || "the degraded mode could not be switched on".into();
        self.fail_or_leave(work, works || well, reason, why, scene);
    }

    /// A step that does not work is tried again, then left out with the reason.
    fn fail_or_leave(
        &mut self,
        work: usize,
        hopeless: bool,
        reason: &Name,
        why: impl FnOnce() -> Name,
        scene: &mut Scene<'_, '_>,
    ) {
        if !hopeless && self.works[work].attempt < FALLBACK_ATTEMPTS {
            self.fail(work, AGAIN, why, scene);
            return;
        }
        let by = Some(scene.role(self.works[work].by));
        self.skip(work, Some(reason.clone()), by, scene);
    }

    /// Whether the scenario makes recovery of this target fail on purpose, still.
    fn must_fail(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let Work { target, playbook, .. } = self.works[work];
        scene.plan.playbooks[playbook].steps.iter().any(|step| {
            let failing = step.failing_attempts(target).map_or(0, |(attempts, _)| attempts);
            let other = self.work_of(step.id, target, scene).or(self.work_of(step.id, 0, scene));
            let tried = other.map_or(0, |other| self.works[other].attempt);
            // The attempt under way counts among those that fail.
            failing > 0 && (tried < failing || (tried == failing && other == Some(work)))
        })
    }

    /// Runs the automatic recovery. The step is done when it ran, whether it helped or not: what
    /// it did not clear is left to the steps after it. One that the scenario makes fail by name
    /// fails and is tried again.
    fn auto_recover(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let Work { target, attempt, .. } = self.works[work];
        let named = self.step(work, scene).failing_attempts(target);
        if let Some((_, text)) = named.filter(|(attempts, _)| attempt <= *attempts) {
            self.fail(work, AGAIN, || text.clone(), scene);
            return;
        }
        let mut stream = scene.ctx.streams.stream(self.recovery_stream(work, scene));
        let works = stream.chance(scene.plan.figures.auto_recover_p);
        if works && !self.must_fail(work, scene) {
            self.clear(work, scene);
            self.complete(work, scene);
            return;
        }
        self.complete(work, scene);
        let about = scene.plan.about(target);
        scene.ctx.note(|| {
            let what = about.first().map_or("the fault", |about| about.name.as_str());
            format!("automatic recovery did not clear {what}").into()
        });
    }

    fn recover(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let Work { target, attempt, .. } = self.works[work];
        let named = self.step(work, scene).failing_attempts(target);
        if let Some((_, text)) = named.filter(|(attempts, _)| attempt <= *attempts) {
            let pause = scene.plan.figures.think;
            self.rolled_back(work, false, scene);
            self.fail(work, pause, || text.clone(), scene);
            return;
        }
        if self.is_astray(work, scene) {
            self.rolled_back(work, false, scene);
            let aim =
                self.incident.aim.as_ref().map_or_else(|| Name::from(""), |aim| aim.name.clone());
            let why = || format!("the repair was aimed at {aim}, and nothing changed").into();
            self.fail(work, scene.plan.figures.think, why, scene);
            return;
        }
        let cleared = self.clear(work, scene);
        self.rolled_back(work, cleared > 0, scene);
        self.incident.planned = true;
        self.complete(work, scene);
    }

    /// Clears the faults of the work's targets; how many there were.
    fn clear(&mut self, work: usize, scene: &mut Scene<'_, '_>) -> usize {
        let mut cleared = 0;
        let agents_only = self.step(work, scene).each == ForEach::FailedAgent;
        if !agents_only {
            for service in self.services_of(work, scene) {
                cleared += scene.ground.try_recover(service, scene.ctx);
            }
        }
        for agent in self.agents_of(work, scene) {
            cleared += scene.ground.recover_agent(agent, scene.ctx);
        }
        // Tools are no targets of their own: whoever recovers as a whole recovers them too.
        for tool in 0..scene.plan.tools {
            if self.works[work].target == 0 && !scene.ground.tool_works(tool) {
                cleared += scene.ground.recover_tool(tool, scene.ctx);
            }
        }
        cleared
    }

    fn hand_over(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for agent in self.agents_of(work, scene) {
            scene.ground.hand_over(agent, scene.ctx);
            let about = scene.plan.entities[scene.plan.services + agent].about.clone();
            let role = || scene.plan.roles[scene.plan.agent_role[agent]].me.clone();
            let to = scene.plan.takes_over[agent].clone().unwrap_or_else(role);
            let kind = EventKind::HandedOver { what: about.name.clone(), to };
            let by = Some(scene.role(self.works[work].by));
            scene.emit(kind, vec![about], by);
        }
        self.complete(work, scene);
    }

    fn activate_backup(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let (mut works, mut any) = (true, false);
        for agent in self.agents_of(work, scene) {
            any = true;
            works &= scene.ground.activate_backup(agent, scene.ctx);
        }
        if works || !any {
            self.complete(work, scene);
            return;
        }
        let reason = &scene.plan.words.no_backup;
        self.fail_or_leave(work, false, reason, || reason.clone(), scene);
    }

    fn mend_data(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let Work { target, attempt, .. } = self.works[work];
        let named = self.step(work, scene).failing_attempts(target);
        if let Some((_, text)) = named.filter(|(attempts, _)| attempt <= *attempts) {
            self.fail(work, scene.plan.figures.think, || text.clone(), scene);
            return;
        }
        let restore = self.step(work, scene).effect == StepEffect::Restore;
        for service in self.services_of(work, scene) {
            if restore {
                self.restore(work, service, scene);
            } else {
                scene.ground.repair_data(service, scene.ctx);
            }
        }
        self.complete(work, scene);
        // The check that found the damage is made again at once.
        let target = self.works[work].target;
        for other in 0..self.works.len() {
            let check = self.step(other, scene).effect == StepEffect::CheckData;
            if check && self.works[other].target == target {
                self.works[other].not_before = None;
            }
        }
    }

    /// A check fails while data are damaged, and is made again after the repair.
    fn check_data(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let services: Vec<usize> = match self.works[work].target {
            0 => (0..scene.plan.services).collect(),
            _ => self.services_of(work, scene),
        };
        let damaged = |service: &usize| !scene.ground.data_consistent(*service);
        let damaged: Vec<usize> = services.into_iter().filter(damaged).collect();
        if damaged.is_empty() && scene.ground.replayed() {
            self.complete(work, scene);
            self.tell_restored(work, scene);
        } else {
            for service in damaged {
                self.incident.known[1 + service] = true;
                self.reopen_data_repair(service, scene);
            }
            self.expand(scene);
            let pause = SimDuration::from_minutes(5);
            self.fail(work, pause, || "data are not consistent".into(), scene);
        }
    }

    fn verify(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        if self.is_verified(scene) {
            self.complete(work, scene);
        } else {
            self.fail(work, AGAIN, || "not stable yet".into(), scene);
        }
    }

    /// A role claims that users are well again, or that all is over, unless somebody did before.
    pub(super) fn say_it_is_over(
        &mut self,
        role: usize,
        mitigated: bool,
        scene: &mut Scene<'_, '_>,
    ) {
        let (at, kind) = if mitigated {
            (&mut self.incident.mitigated, EventKind::MitigatedClaimed {})
        } else {
            (&mut self.incident.resolved, EventKind::ResolvedClaimed {})
        };
        if at.is_none() {
            *at = Some(scene.now());
            let by = Some(scene.role(role));
            scene.emit(kind, vec![scene.plan.system.clone()], by);
        }
    }

    /// Simulated people claim only what dashboards show; a script or a person may be wrong.
    fn claim(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let mitigated = self.step(work, scene).effect == StepEffect::ClaimMitigated;
        let good =
            if mitigated { scene.ground.sli_ok_since().is_some() } else { self.is_verified(scene) };
        if !good && !self.works[work].forced {
            self.fail(work, AGAIN, || "it is not over yet".into(), scene);
            return;
        }
        self.say_it_is_over(self.works[work].by, mitigated, scene);
        self.complete(work, scene);
    }

    fn file_action(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        let words = &scene.plan.words;
        let next = self.incident.actions.min(words.actions.len().saturating_sub(1));
        self.incident.actions += 1;
        if let (Some(action), Some(kind)) = (words.actions.get(next), &step.action_kind) {
            let kind = EventKind::ActionFiled {
                action: action.clone(),
                action_kind: kind.clone(),
                owner: Some(scene.plan.roles[step.role].me.name.clone()),
                due: scene.plan.due(scene.now()),
            };
            let by = Some(scene.role(self.works[work].by));
            scene.emit(kind, Vec::new(), by);
        }
        self.complete(work, scene);
    }
}
