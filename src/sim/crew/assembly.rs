//! Calling everybody in, and asking for approvals.

use super::state::{Crew, Scene, tag};
use super::work::{Approval, WorkState};
use crate::model::StepEffect;
use crate::timeline::{EventKind, MessagePurpose};
use crate::units::SimDuration;

/// Where nobody may decide, everybody who could is asked again after this long.
const ASK_AGAIN: SimDuration = SimDuration::from_minutes(30);

impl Crew {
    /// Every agent answers for itself, or does not; the step ends with the last answer, or when
    /// the attempts are used up.
    pub(super) fn await_agents(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let figures = &scene.plan.figures;
        let cap = figures.timeout * i64::from(figures.attempts);
        let (mut last, mut all) = (SimDuration::ZERO, true);
        let attempt = self.works[work].attempt as usize;
        self.works[work].state = WorkState::Sending;
        if self.step(work, scene).effect == StepEffect::Request {
            self.mention_agents(work, scene);
        }
        for agent in 0..scene.plan.agents {
            let nth = (attempt * 64 + agent) as u64;
            let mut stream = scene.ctx.streams.stream(scene.plan.streams.assembly.nth(nth));
            let role = scene.plan.agent_role[agent];
            let entity = &scene.plan.entities[scene.plan.services + agent];
            let able = !scene.is_removed(role) && !scene.ground.impaired(&entity.about);
            let mut answered = false;
            for attempt in 0..i64::from(figures.attempts) {
                if able && !answered && stream.chance(figures.ack_agent.p) {
                    let delay =
                        stream.lognormal_time(figures.ack_agent.median, figures.ack_agent.sigma);
                    let delay = figures.timeout * attempt + delay.min(figures.timeout);
                    last = last.max(delay);
                    answered = true;
                    scene.after(delay, tag::ANSWER, work * 64 + agent % 64);
                }
            }
            all &= answered;
        }
        // The end has an argument beyond every agent's.
        scene.after(if all { last } else { cap }, tag::ANSWER, work * 64 + 63);
    }

    /// Asks each agent by name, where the request got through first.
    fn mention_agents(&self, work: usize, scene: &mut Scene<'_, '_>) {
        let Some(channel) = self.works[work].carried.first().copied() else { return };
        for agent in 0..scene.plan.agents {
            let about = scene.plan.entities[scene.plan.services + agent].about.clone();
            let channel = scene.plan.channels[channel].name.clone();
            let kind = EventKind::MessageSent { channel, purpose: MessagePurpose::Request };
            let by = Some(scene.role(self.works[work].by));
            scene.emit(kind, vec![about], by);
        }
    }

    pub(super) fn agent_answers(&mut self, work: usize, agent: usize, scene: &mut Scene<'_, '_>) {
        if agent == 63 || agent >= scene.plan.agents {
            if self.works[work].state == WorkState::Sending {
                self.complete(work, scene);
                self.dispatch(scene);
            }
            return;
        }
        let me = scene.plan.entities[scene.plan.services + agent].about.clone();
        let carried = self.works[work].carried.first().copied();
        if let Some(channel) = carried {
            let channel = scene.plan.channels[channel].name.clone();
            let purpose = MessagePurpose::Confirmation;
            scene.emit(EventKind::MessageSent { channel, purpose }, Vec::new(), Some(me.clone()));
        }
        let role = scene.plan.agent_role[agent];
        let name = scene.plan.roles[role].me.name.clone();
        scene.emit(EventKind::RoleTaken { role: name }, Vec::new(), Some(me));
        if self.members[role].responder.is_simulated()
            && scene.plan.roles[role].agents.contains(&agent)
        {
            self.engage(role, scene);
        }
    }

    /// The human to decide: one who takes part, else the first in the order of escalation who
    /// was not given up. That somebody is not there is learned by calling in vain.
    fn decider(&self, scene: &Scene<'_, '_>) -> Option<usize> {
        let deciders = || scene.plan.deciders.iter().copied();
        let here = deciders().find(|role| self.members[*role].engaged.is_some());
        here.or_else(|| deciders().find(|role| !self.members[*role].missing))
    }

    /// Nobody who may decide answered: all of them are tried again later.
    fn ask_later(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        for role in scene.plan.deciders.iter().copied() {
            self.members[role].missing = false;
        }
        self.works[work].not_before = Some(scene.now() + ASK_AGAIN);
        scene.after(ASK_AGAIN, tag::WAKE, 0);
    }

    /// Asks a human for the approval of a destructive step.
    pub(super) fn ask_approval(&mut self, work: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let plan = scene.plan;
        if self.works[work].approval == Approval::NotAsked {
            // A decision is put to everybody once more, also to who did not answer pages.
            plan.deciders.iter().for_each(|role| self.members[*role].missing = false);
        }
        let Some(approver) = self.decider(scene) else {
            self.ask_later(work, scene);
            return;
        };
        if self.works[work].approval == Approval::NotAsked {
            self.works[work].approval = Approval::Asked;
            self.works[work].by = by;
            let what = plan.steps[self.step(work, scene).id].0.clone();
            let about = plan.about(self.works[work].target);
            let by = Some(scene.role(by));
            scene.emit(EventKind::ApprovalAsked { what }, about, by);
            if self.members[approver].engaged.is_some() {
                self.expect_approval(work, approver, scene);
                return;
            }
        }
        if self.members[approver].engaged.is_none() {
            self.call_in(approver, scene);
        } else if self.works[work].open == 0 {
            self.expect_approval(work, approver, scene);
        }
    }

    fn expect_approval(&mut self, work: usize, approver: usize, scene: &mut Scene<'_, '_>) {
        if !self.members[approver].responder.is_simulated() {
            return;
        }
        let answer = self.answer_of(approver, scene);
        let mut stream = scene.ctx.streams.stream(scene.plan.streams.approval.nth(work as u64));
        let mut delay = stream.lognormal_time(answer.median, answer.sigma);
        if scene.plan.roles[approver].external {
            let (min, max) = scene.plan.figures.handoff_min;
            delay += SimDuration::from_minutes(1).scale(stream.between(min, max.max(min)));
        }
        // `open` marks that an answer is on its way; the approver is told by argument.
        self.works[work].open = 1 + approver as u32;
        scene.after(delay, tag::APPROVE, work);
    }

    pub(super) fn approve(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let approver = self.works[work].open.saturating_sub(1) as usize;
        self.works[work].open = 0;
        self.works[work].approval = Approval::Given;
        let what = scene.plan.steps[self.step(work, scene).id].0.clone();
        let by = Some(scene.role(approver));
        let about = scene.plan.about(self.works[work].target);
        scene.emit(EventKind::ApprovalGiven { what }, about, by);
        self.dispatch(scene);
    }
}
