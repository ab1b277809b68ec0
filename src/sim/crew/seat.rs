//! What a person at the seat of a role does.
//!
//! Talking takes no time of its own: the person's thinking and typing did. Steps take the time
//! and have the effects of simulated ones, and nothing holds them back: order is scored
//! afterwards. What a person says that the procedure asks for as a step counts as that step.

use super::super::act::RespondAct;
use super::carry::Cargo;
use super::plan::CrewPlan;
use super::responder::{Responder, find_step, find_target};
use super::state::{Crew, Scene, tag};
use super::work::{Approval, WorkState};
use crate::model::{DetectionSource, EntityKind, Name, Ref, ServiceState, StepEffect};
use crate::timeline::{EventKind, MessagePurpose};

/// Where the streams of replies begin, beyond those of calls.
const REPLIES: u64 = 1 << 20;

impl Crew {
    /// A person takes the seat of a role; whether there is such a role.
    pub(in crate::sim) fn sit(&mut self, role: &Name, plan: &CrewPlan) -> bool {
        self.seated = plan.role(role);
        if let Some(role) = self.seated {
            self.members[role].responder = Responder::Live;
        }
        self.seated.is_some()
    }

    /// A person or a recording acts.
    pub(super) fn respond(&mut self, role: &Name, what: &RespondAct, scene: &mut Scene<'_, '_>) {
        let Some(role) = scene.plan.role(role) else {
            return;
        };
        self.members[role].responder = Responder::Live;
        match what {
            RespondAct::Look { about } => self.look_at(role, about.as_ref(), scene),
            RespondAct::Hint { step } => {
                scene.emit(EventKind::Hint { step: step.clone() }, Vec::new(), None);
            }
            // The answer to a page makes its role take part by itself.
            RespondAct::Acknowledge { page } => self.answer_page(role, *page, scene),
            _ => {
                self.engage(role, scene);
                self.act_at_seat(role, what, scene);
            }
        }
        self.dispatch(scene);
    }

    fn act_at_seat(&mut self, role: usize, what: &RespondAct, scene: &mut Scene<'_, '_>) {
        match what {
            RespondAct::Declare { level } => {
                if let Some(rank) = scene.plan.rank(level) {
                    self.declare_by_word(rank, role, scene);
                }
            }
            RespondAct::Suspect { about } => self.suspect(role, about, scene),
            RespondAct::Page { role: other } => self.page_at_seat(role, other, scene),
            RespondAct::Ask { role: other } => self.ask(role, other, scene),
            RespondAct::Say { channel, text } => self.say(role, channel, text, scene),
            RespondAct::Post { text } => self.post(role, text, scene),
            RespondAct::HandOver { to } => self.give_seat(role, to, scene),
            RespondAct::ClaimMitigated => self.say_it_is_over(role, true, scene),
            RespondAct::ClaimResolved => self.say_it_is_over(role, false, scene),
            RespondAct::RollBack { on, option } => self.roll_back(role, on, option, scene),
            RespondAct::Step { step, on }
            | RespondAct::Skip { step, on, .. }
            | RespondAct::AskFor { step, on }
            | RespondAct::AskApproval { step, on }
            | RespondAct::Approve { step, on } => {
                if let (Some(step), Some(target)) = (find_step(step, scene), find_target(on, scene))
                {
                    self.act_on_step(role, step, target, what, scene);
                }
            }
            RespondAct::Join
            | RespondAct::Acknowledge { .. }
            | RespondAct::Look { .. }
            | RespondAct::Hint { .. } => {}
        }
    }

    fn act_on_step(
        &mut self,
        role: usize,
        step: usize,
        target: usize,
        what: &RespondAct,
        scene: &mut Scene<'_, '_>,
    ) {
        match what {
            RespondAct::Skip { reason, .. } => {
                let works = self.works_of(step, target, scene);
                self.leave_out(role, works, reason.clone(), scene);
            }
            RespondAct::AskFor { .. } => {
                for work in self.works_of(step, target, scene) {
                    self.ask_for(role, work, scene);
                }
            }
            RespondAct::AskApproval { .. } => {
                for work in self.works_of(step, target, scene) {
                    if self.works[work].approval == Approval::NotAsked {
                        self.ask_approval(work, role, scene);
                    }
                }
            }
            RespondAct::Approve { .. } => {
                for work in self.find_works(step, target, scene) {
                    if self.works[work].approval == Approval::Asked {
                        self.works[work].open = 1 + role as u32;
                        self.approve(work, scene);
                    }
                }
            }
            _ => self.begin_at_will(role, step, target, scene),
        }
    }

    /// The works of a step on a target, or on all; without any, one outside the procedure.
    pub(super) fn works_of(
        &mut self,
        step: usize,
        target: usize,
        scene: &Scene<'_, '_>,
    ) -> Vec<usize> {
        let works = self.find_works(step, target, scene);
        if !works.is_empty() {
            return works;
        }
        self.improvise(step, target, scene).into_iter().collect()
    }

    fn answer_page(&mut self, role: usize, page: Option<u32>, scene: &mut Scene<'_, '_>) {
        let asked = page.and_then(|page| (page as usize).checked_sub(1));
        let own = self.open_pages(role).find(|open| asked.is_none_or(|asked| asked == *open));
        if let Some(page) = own {
            self.acknowledge(page, scene);
        }
    }

    /// A word is enough to declare, to raise the severity and to lower it.
    fn declare_by_word(&mut self, rank: usize, role: usize, scene: &mut Scene<'_, '_>) {
        match &self.incident.declared {
            Some((declared, ..)) if *declared < rank => {
                let by = Some(scene.role(role));
                self.incident.declared = Some((rank, scene.now(), by.clone()));
                let level = scene.plan.severities[rank].clone();
                let kind = EventKind::SeverityChanged { level, reasons: Vec::new() };
                scene.emit(kind, vec![scene.plan.system.clone()], by);
            }
            _ => self.declare(rank, role, scene),
        }
    }

    /// What the person said already is done when the procedure asks for it as a step.
    pub(super) fn settle(&mut self, scene: &mut Scene<'_, '_>) {
        let Some(role) = self.seated else { return };
        let live = self.members[role].responder == Responder::Live;
        if !live || self.members[role].engaged.is_none() {
            return;
        }
        for work in 0..self.works.len() {
            let step = self.step(work, scene);
            if step.role != role || self.works[work].state != WorkState::Waiting {
                continue;
            }
            let said = match step.effect {
                StepEffect::Declare => self.incident.declared.is_some(),
                StepEffect::Diagnose => self.incident.aim.is_some(),
                StepEffect::ClaimMitigated => self.incident.mitigated.is_some(),
                StepEffect::ClaimResolved => self.incident.resolved.is_some(),
                _ => false,
            };
            if said {
                self.start_work(work, role, scene);
                self.complete(work, scene);
            }
        }
    }

    fn page_at_seat(&mut self, role: usize, other: &Name, scene: &mut Scene<'_, '_>) {
        let Some(other) = scene.plan.role(other) else { return };
        self.page_by_hand(other, role, scene);
        let level = scene.plan.levels.iter().find(|level| level.to.contains(&other));
        let number = level.map(|level| level.number);
        for work in 0..self.works.len() {
            let step = self.step(work, scene);
            let asked = step.effect == StepEffect::Escalate && step.level == number;
            if asked && step.role == role && self.works[work].state == WorkState::Waiting {
                self.start_work(work, role, scene);
                self.complete(work, scene);
            }
        }
    }

    /// Asks a colleague how it stands: who takes part answers as soon as it reads messages.
    fn ask(&mut self, role: usize, other: &Name, scene: &mut Scene<'_, '_>) {
        let Some(other) = scene.plan.role(other) else { return };
        if self.members[other].engaged.is_none() {
            self.members[other].missing = false;
            self.call_from(other, role, scene);
            return;
        }
        self.request(role, other, scene);
        self.questions += 1;
        let answer = self.answer_of(other, scene);
        let name = scene.plan.roles[other].call.nth(REPLIES + self.questions);
        let mut stream = scene.ctx.streams.stream(name);
        if stream.chance(answer.p) {
            let delay = stream.lognormal_time(answer.median, answer.sigma);
            scene.after(delay.min(scene.plan.figures.timeout), tag::REPLY, other);
        }
    }

    fn request(&mut self, role: usize, other: usize, scene: &mut Scene<'_, '_>) {
        if let Some(channel) = self.channel_to(other, scene) {
            let channel = scene.plan.channels[channel].name.clone();
            let kind = EventKind::MessageSent { channel, purpose: MessagePurpose::Request };
            let (about, by) = (vec![scene.role(other)], Some(scene.role(role)));
            scene.emit(kind, about, by);
        }
    }

    /// The first channel of a role's escalation level that works, or of their fallbacks.
    fn channel_to(&self, role: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        let plan = scene.plan;
        let level = plan.levels.iter().find(|level| level.to.contains(&role))?;
        let fallback = level.channels.iter().flat_map(|c| &plan.channels[*c].fallback);
        let works = |channel: &&usize| scene.ground.tool_works(plan.channels[**channel].tool);
        level.channels.iter().chain(fallback).find(works).copied()
    }

    /// A colleague answers.
    pub(super) fn reply(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let Some(seat) = self.seated else { return };
        let Some(channel) = self.channel_to(role, scene) else { return };
        let channel = scene.plan.channels[channel].name.clone();
        let kind = EventKind::MessageSent { channel, purpose: MessagePurpose::Update };
        let (about, by) = (vec![scene.role(seat)], Some(scene.role(role)));
        scene.emit(kind, about, by);
    }

    /// A colleague is asked for a step: it begins at once when its role is free, in spite of the
    /// order, and else when its turn comes.
    fn ask_for(&mut self, role: usize, work: usize, scene: &mut Scene<'_, '_>) {
        let other = self.step(work, scene).role;
        self.request(role, other, scene);
        if self.can_repeat(work, scene) || self.works[work].state == WorkState::Skipped {
            self.works[work].state = WorkState::Waiting;
        }
        if self.works[work].state == WorkState::Waiting && other != role {
            self.works[work].not_before = None;
            self.try_begin(work, scene);
        }
    }

    fn say(&mut self, role: usize, channel: &Name, text: &Name, scene: &mut Scene<'_, '_>) {
        let Some(index) = scene.plan.channel(channel) else { return };
        let (tool, channel) = (scene.plan.channels[index].tool, channel.clone());
        let purpose = self.purpose();
        let by = Some(scene.role(role));
        if scene.ground.tool_works(tool) {
            scene.emit(EventKind::MessageSent { channel, purpose }, Vec::new(), by);
            scene.ctx.note(|| text.clone());
        } else {
            scene.emit(EventKind::MessageFailed { channel, purpose }, Vec::new(), by);
            scene.ctx.note(|| text.clone());
            self.saw_tool_down(tool, role, scene);
        }
    }

    /// The work that a public update of `role` is written for: one the procedure waits for, else
    /// one that was posted before.
    pub(super) fn post_work(&self, role: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        let posts = |work: &usize| self.step(*work, scene).effect == StepEffect::PublicUpdate;
        let waits = |work: &usize| self.works[*work].state == WorkState::Waiting;
        let mine = |work: &usize| self.step(*work, scene).role == role;
        let all = || (0..self.works.len()).filter(posts);
        all().filter(waits).find(mine).or_else(|| all().find(waits)).or_else(|| all().next_back())
    }

    fn post(&mut self, role: usize, text: &Name, scene: &mut Scene<'_, '_>) {
        let improvised = || {
            let steps = scene.plan.playbooks.iter().flat_map(|playbook| &playbook.steps);
            let mut posts = steps.filter(|step| step.effect == StepEffect::PublicUpdate);
            posts.next().map(|step| step.id)
        };
        let work = match self.post_work(role, scene) {
            Some(work) => Some(work),
            None => improvised().and_then(|id| self.improvise(id, 0, scene)),
        };
        let Some(work) = work else { return };
        if self.works[work].state == WorkState::Waiting {
            self.works[work].forced = true;
            self.start_work(work, role, scene);
            scene.ctx.note(|| text.clone());
            self.time_over(work, scene);
            return;
        }
        for channel in self.step(work, scene).channels.iter().copied() {
            self.carry(Cargo::Update { work }, channel, role, scene);
        }
    }

    /// A role is handed over: to a colleague of the same role, who goes on as simulated, or to
    /// another role, which stands in.
    fn give_seat(&mut self, role: usize, to: &Name, scene: &mut Scene<'_, '_>) {
        let Some(to) = scene.plan.role(to) else { return };
        let me = scene.role(role);
        let kind = EventKind::HandedOver { what: me.name.clone(), to: scene.role(to) };
        scene.emit(kind, Vec::new(), Some(me.clone()));
        if to == role {
            self.members[role].responder = Responder::Simulated;
            self.members[role].fresh = scene.now();
            self.pass_on_judging(role, scene);
            return;
        }
        let member = &mut self.members[role];
        (member.engaged, member.missing, member.stand_in) = (None, true, Some(to));
        let by = Some(scene.role(to));
        scene.emit(EventKind::RoleTaken { role: me.name }, Vec::new(), by);
        self.pass_on_judging(to, scene);
    }

    /// Opens the dashboards, or tries something: what is wrong with it is found.
    fn look_at(&mut self, role: usize, about: Option<&Ref>, scene: &mut Scene<'_, '_>) {
        let plan = scene.plan;
        let Some(about) = about else {
            if !self.has_dashboard(scene) {
                for tool in plan.dashboards.iter().copied() {
                    self.saw_tool_down(tool, role, scene);
                }
            }
            return;
        };
        let Some(entity) = plan.entity(about) else { return };
        if about.kind == EntityKind::Tool {
            self.saw_tool_down(entity - plan.services - plan.agents, role, scene);
            return;
        }
        if let Some(service) = plan.service_of(entity + 1) {
            self.tell_state(service, role, scene);
        }
        if scene.ground.impaired(about) {
            let checks = plan.checker == Some(role);
            let source = if checks { DetectionSource::HealthCheck } else { DetectionSource::Human };
            self.finding_by(entity, source, Some(role), scene);
        }
    }

    /// Without dashboards, the state of a service is known from whoever tries it.
    fn tell_state(&mut self, service: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let untold = scene.ground.service_failed(service) && !self.incident.told[service];
        if self.has_dashboard(scene) || !untold {
            return;
        }
        self.incident.told[service] = true;
        let kind = EventKind::ServiceState { state: ServiceState::Down, mode: None };
        let about = scene.plan.entities[service].about.clone();
        let by = Some(scene.role(by));
        scene.emit(kind, vec![about], by);
    }

    /// The recovery step that goes back to an earlier version of a service: one not done yet,
    /// else the last one, else one outside the procedure.
    pub(super) fn recovery_of(&self, target: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        let recovers = |work: &usize| {
            self.step(*work, scene).effect == StepEffect::Recover
                && matches!(self.works[*work].target, t if t == target || t == 0)
        };
        let waits = |work: &usize| !self.works[*work].state.is_over();
        let all = || (0..self.works.len()).filter(recovers);
        all().find(waits).or_else(|| all().next_back())
    }

    fn roll_back(&mut self, role: usize, on: &Name, option: &Name, scene: &mut Scene<'_, '_>) {
        let Some(target) = find_target(&Some(on.clone()), scene) else { return };
        let work = self.recovery_of(target, scene).or_else(|| {
            let steps = scene.plan.playbooks.iter().flat_map(|playbook| &playbook.steps);
            let id = steps.into_iter().find(|step| step.effect == StepEffect::Recover)?.id;
            self.improvise(id, target, scene)
        });
        let Some(work) = work else { return };
        if matches!(self.works[work].state, WorkState::Working | WorkState::Sending) {
            return;
        }
        self.works[work].forced = true;
        self.works[work].back_to = Some(option.clone());
        self.begin_work(work, role, scene);
    }

    /// A recovery step that went back to an earlier version has ended.
    pub(super) fn rolled_back(&mut self, work: usize, succeeded: bool, scene: &mut Scene<'_, '_>) {
        let Some(option) = self.works[work].back_to.take() else { return };
        let by = Some(scene.role(self.works[work].by));
        let about = scene.plan.about(self.works[work].target);
        scene.emit(EventKind::Rollback { option, succeeded }, about, by);
    }

    /// Whether doing a step again can change something.
    pub(super) fn can_repeat(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let again = matches!(
            self.step(work, scene).effect,
            StepEffect::Observe
                | StepEffect::Assess
                | StepEffect::Diagnose
                | StepEffect::Degrade
                | StepEffect::AutoRecover
                | StepEffect::Recover
                | StepEffect::HandOver
                | StepEffect::ActivateBackup
                | StepEffect::Backup
                | StepEffect::Restore
                | StepEffect::CheckData
                | StepEffect::RepairData
                | StepEffect::Verify
                | StepEffect::Message
        );
        let over = matches!(self.works[work].state, WorkState::Done | WorkState::Dropped);
        over && again && self.seated.is_some()
    }
}
