//! Reports: which fields the crew can fill, and which channels carried it.

use super::carry::Cargo;
use super::plan::Needs;
use super::state::{Crew, Scene};
use super::work::WorkState;
use crate::model::StepEffect;
use crate::timeline::{EventKind, MessagePurpose};
use crate::units::SimDuration;

/// A message that no channel carried is tried again after this long.
const AGAIN: SimDuration = SimDuration::from_minutes(10);

impl Crew {
    /// Sends what a step has to send on all of its channels; without any it is done at once.
    pub(super) fn send(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        let by = self.works[work].by;
        let delivered = step.duty.is_some_and(|duty| self.incident.delivered[duty]);
        let channels = self.channels_of(work, scene);
        if channels.is_empty() || delivered {
            self.sent(work, scene);
            return;
        }
        let cargo = match step.effect {
            StepEffect::Report | StepEffect::PublicUpdate => Cargo::Post { work },
            StepEffect::Assemble => Cargo::Message { work, purpose: MessagePurpose::Convene },
            StepEffect::Request => Cargo::Message { work, purpose: MessagePurpose::Request },
            StepEffect::Message if step.duty.is_some() => Cargo::Post { work },
            StepEffect::Progress => Cargo::Message { work, purpose: MessagePurpose::Update },
            _ => Cargo::Message { work, purpose: self.purpose() },
        };
        self.works[work].state = WorkState::Sending;
        self.works[work].open = channels.len() as u32;
        for channel in channels {
            self.carry(cargo, channel, by, scene);
        }
    }

    pub(super) fn purpose(&self) -> MessagePurpose {
        if self.incident.declared.is_some() || self.incident.acted {
            MessagePurpose::Update
        } else {
            MessagePurpose::Notice
        }
    }

    /// The step's own channels, else those of its duty at the present severity.
    fn channels_of(&self, work: usize, scene: &Scene<'_, '_>) -> Vec<usize> {
        let step = self.step(work, scene);
        if !step.channels.is_empty() {
            return step.channels.clone();
        }
        let Some(duty) = step.duty else {
            return self.default_channels(step.effect, scene);
        };
        let declared = self.incident.declared.as_ref().map(|(rank, ..)| *rank);
        let rank = declared.or(self.incident.severity);
        let channels = rank.and_then(|rank| scene.plan.duties[duty].channels.get(rank));
        channels.cloned().unwrap_or_default()
    }

    /// A call to assemble goes out where agents are told.
    fn default_channels(&self, effect: StepEffect, scene: &Scene<'_, '_>) -> Vec<usize> {
        if effect != StepEffect::Assemble {
            return Vec::new();
        }
        let told = |level: &&super::plan::Level| {
            level.to.iter().any(|role| !scene.plan.roles[*role].agents.is_empty())
        };
        let level = scene.plan.levels.iter().find(told);
        level.map_or_else(Vec::new, |level| level.channels.clone())
    }

    /// One channel of a step's message is through, on its own or a fallback, or given up.
    pub(super) fn message_landed(
        &mut self,
        work: usize,
        channel: Option<usize>,
        scene: &mut Scene<'_, '_>,
    ) {
        let state = &mut self.works[work];
        state.open = state.open.saturating_sub(1);
        if let Some(channel) = channel.filter(|channel| !state.carried.contains(channel)) {
            state.carried.push(channel);
        }
        if state.open > 0 || state.state != WorkState::Sending {
            return;
        }
        if self.works[work].carried.is_empty() {
            self.fail(work, AGAIN, || "no channel carried it".into(), scene);
            self.dispatch(scene);
            return;
        }
        self.sent(work, scene);
    }

    /// What a step had to send is out.
    fn sent(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        match step.effect {
            StepEffect::Assemble | StepEffect::Request => {
                self.await_agents(work, scene);
                return;
            }
            StepEffect::PublicUpdate => self.post_public(work, scene),
            _ => {}
        }
        if let Some(duty) = step.duty {
            self.deliver(work, duty, scene);
        }
        self.complete(work, scene);
        self.dispatch(scene);
    }

    fn post_public(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for i in 0..self.works[work].carried.len() {
            let (by, channel) = (self.works[work].by, self.works[work].carried[i]);
            self.posted(work, by, channel, scene);
        }
    }

    /// Writes the report with what is known now.
    fn deliver(&mut self, work: usize, duty: usize, scene: &mut Scene<'_, '_>) {
        if std::mem::replace(&mut self.incident.delivered[duty], true) {
            return;
        }
        let plan = &scene.plan.duties[duty];
        let (mut fields, mut preliminary) = (Vec::new(), Vec::new());
        for (field, needs, may_be_preliminary) in &plan.fields {
            if self.knows(*needs) {
                fields.push(field.clone());
            } else if *may_be_preliminary {
                fields.push(field.clone());
                preliminary.push(field.clone());
            }
        }
        let carried = self.works[work].carried.iter();
        let channels = carried.map(|c| scene.plan.channels[*c].name.clone()).collect();
        let duty = plan.id.clone();
        let by = Some(scene.role(self.works[work].by));
        let kind = EventKind::ReportDelivered { duty, fields, preliminary, channels };
        scene.emit(kind, Vec::new(), by);
    }

    fn knows(&self, needs: Needs) -> bool {
        let incident = &self.incident;
        match needs {
            Needs::Nothing => true,
            Needs::Cause => incident.cause_known,
            Needs::Impact => incident.assessed,
            Needs::Plan => incident.planned || incident.mitigated.is_some(),
            Needs::Action => incident.acted,
        }
    }
}
