//! What is done instead: while a tool is lost, after data are gone, when somebody has got in.

use super::state::{Crew, Scene, tag};
use super::work::{Work, WorkState};
use crate::model::{Number, Ref, SignalKind, StepEffect, Trigger};
use crate::timeline::EventKind;
use crate::units::SimDuration;

/// A repeated step is begun when this share of the gap allowed is over.
const REPEATS_AT: f64 = 0.9;
/// Traffic below this share of what is expected is seen by whoever tries a service.
const LITTLE_TRAFFIC: f64 = 0.5;

impl Crew {
    /// The tools that the incident of a work's playbook is about.
    fn tools_of(&self, work: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        let trigger = scene.plan.playbooks[self.works[work].playbook].trigger;
        let about = |tool: &usize| {
            let of = scene.plan.tool_triggers[*tool];
            // Without a way out, whatever is outside is lost with it.
            of == trigger || (trigger == Trigger::Internet && of == Trigger::CodeHost)
        };
        (0..scene.plan.tools).filter(about).collect()
    }

    /// Whether what the playbook's tool carried is carried by nothing.
    fn is_lost(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        self.tools_of(work, scene).iter().any(|tool| scene.ground.tool_lost(*tool))
    }

    /// Whether the tool itself does not work, carried or not.
    pub(super) fn tool_is_out(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        self.tools_of(work, scene).iter().any(|tool| !scene.ground.tool_works(*tool))
    }

    /// Whether a last resort is needed: nothing before it helped.
    pub(super) fn is_needed(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let trigger = scene.plan.playbooks[self.works[work].playbook].trigger;
        match trigger {
            Trigger::AgentQuality | Trigger::AgentHang => !self.agents_work(work, scene),
            _ => self.is_lost(work, scene),
        }
    }

    /// Whether it is known that nothing outside can be reached.
    pub(super) fn no_way_out(&self, scene: &Scene<'_, '_>) -> bool {
        let playbooks = &scene.plan.playbooks;
        self.incident.active.iter().any(|active| playbooks[*active].trigger == Trigger::Internet)
    }

    fn cover(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for tool in self.tools_of(work, scene) {
            scene.ground.cover_tool(tool, scene.ctx);
        }
    }

    /// Moves what a lost tool carried to the first channel of the step that works.
    pub(super) fn switch(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let by = self.works[work].by;
        self.works[work].state = WorkState::Sending;
        self.works[work].open = 1;
        self.carry_switch(work, by, scene);
    }

    /// A switch ended on a channel, or on none.
    pub(super) fn switched_to(
        &mut self,
        work: usize,
        channel: Option<usize>,
        scene: &mut Scene<'_, '_>,
    ) {
        if self.works[work].state != WorkState::Sending {
            return;
        }
        self.works[work].open = 0;
        match channel {
            Some(channel) => {
                self.works[work].carried.push(channel);
                self.cover(work, scene);
                self.complete(work, scene);
            }
            None => {
                let by = Some(scene.role(self.works[work].by));
                self.skip(work, Some(scene.plan.words.no_carrier.clone()), by, scene);
            }
        }
        self.dispatch(scene);
    }

    /// Sets the timer of a step that is done again and again.
    pub(super) fn await_repeat(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        if let (StepEffect::Progress, Some(every)) = (step.effect, step.every) {
            scene.after(every.scale(REPEATS_AT), tag::REPEAT, work);
        }
    }

    /// Time to do a step once more, unless the incident is over.
    pub(super) fn repeat(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        if self.incident.resolved.is_some() || self.works[work].state != WorkState::Done {
            return;
        }
        self.works[work].state = WorkState::Waiting;
        self.works[work].not_before = None;
        self.dispatch(scene);
    }

    /// Development goes on with local copies.
    pub(super) fn work_locally(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        scene.ground.work_locally(scene.ctx.now);
        self.cover(work, scene);
        self.complete(work, scene);
    }

    /// Replays the local records; an attempt that the scenario makes fail takes a part of them.
    pub(super) fn replay(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let Work { target, attempt, .. } = self.works[work];
        let named = self.step(work, scene).failing_attempts(target);
        if let Some((_, text)) = named.filter(|(attempts, _)| attempt <= *attempts) {
            scene.ground.replay(true, scene.ctx);
            self.fail(work, scene.plan.figures.think, || text.clone(), scene);
            return;
        }
        scene.ground.replay(false, scene.ctx);
        self.complete(work, scene);
    }

    /// Cuts the intruder off from everything known to be touched.
    pub(super) fn contain(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for service in self.services_of(work, scene) {
            scene.ground.contain(service, scene.ctx);
        }
        self.complete(work, scene);
    }

    /// Restores a service's data, and tells what is gone with it.
    pub(super) fn restore(&mut self, work: usize, service: usize, scene: &mut Scene<'_, '_>) {
        let Some(gone) = scene.ground.restore_data(service, scene.ctx) else {
            return;
        };
        self.state_span(work, SignalKind::DataLossMs, gone, service, scene);
    }

    /// After a check that passed: how long the restore took until its data were found sound.
    pub(super) fn tell_restored(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for service in self.services_of(work, scene) {
            let restored = |other: &&Work| {
                let step = &scene.plan.playbooks[other.playbook].steps[other.step];
                step.effect == StepEffect::Restore
                    && other.state == WorkState::Done
                    && (other.target == 0 || other.target == 1 + service)
            };
            if let Some(began) = self.works.iter().find(restored).map(|restore| restore.began) {
                let took = scene.now() - began;
                if !std::mem::replace(&mut self.incident.restore_told[service], true) {
                    self.state_span(work, SignalKind::RestoreMs, took, service, scene);
                }
            }
        }
    }

    fn state_span(
        &self,
        work: usize,
        signal: SignalKind,
        span: SimDuration,
        service: usize,
        scene: &mut Scene<'_, '_>,
    ) {
        let about = scene.plan.entities[service].about.clone();
        let by = Some(scene.role(self.works[work].by));
        let kind = EventKind::Observation { signal, value: Number(span.ms() as f64) };
        scene.emit(kind, vec![about], by);
    }

    /// Whoever judges the impact sees what no probe sees: data that are gone, a way in.
    pub(super) fn learn_hidden(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let mut lost = false;
        for service in 0..scene.plan.services {
            let gone = scene.ground.data_loss(service, scene.ctx.now).is_some();
            lost |= gone;
            self.incident.known[1 + service] |= gone || scene.ground.exposed(service);
        }
        if lost && !std::mem::replace(&mut self.incident.loss_told, true) {
            let kind = EventKind::Observation { signal: SignalKind::DataLost, value: Number(1.0) };
            let by = Some(scene.role(self.works[work].by));
            scene.emit(kind, vec![scene.plan.system.clone()], by);
        }
    }

    /// Without dashboards, whoever tries a service sees how little arrives there.
    pub(super) fn tell_traffic(&mut self, by: &Ref, scene: &mut Scene<'_, '_>) {
        for service in 0..scene.plan.services {
            let ratio = scene.ground.traffic_ratio(service);
            if ratio > LITTLE_TRAFFIC || std::mem::replace(&mut self.incident.told[service], true) {
                continue;
            }
            let signal = SignalKind::TrafficRatio;
            let kind = EventKind::Observation { signal, value: Number(ratio) };
            let about = scene.plan.entities[service].about.clone();
            scene.emit(kind, vec![about], Some(by.clone()));
        }
    }
}
