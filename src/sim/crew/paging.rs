//! Escalation: who is paged when, how often, and who comes next.
//!
//! A page is tried `attempts_per_person_n` times, each on every channel of the step, with
//! `escalation_timeout_min` between; then the next person of the role, then the next level.
//! The chance that an attempt is answered rests on all of its channels: with `k` of `n`
//! delivered it is `1 - (1 - p)^(k/n)`.

use super::carry::{Cargo, PageStage};
use super::figures::Answer;
use super::responder::Responder;
use super::state::{Crew, Scene, tag};
use crate::model::Escalation;
use crate::timeline::{EventKind, MessagePurpose};
use crate::units::{SimDuration, SimTime};

/// The time an escalation asks for is a deadline after detection. One of at most this long leaves
/// at once; a longer one is held back until half of it has passed, in case the incident is over
/// before, and leaves at once when it is asked for later than that.
const AT_ONCE: SimDuration = SimDuration::from_minutes(15);

/// How often the whole chain is paged again when nobody answers.
const ROUNDS: u32 = 3;

/// An escalation asked for.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    level: u32,
    role: usize,
    channels: Vec<usize>,
    started: bool,
    /// The response it belonged to was ended.
    over: bool,
    /// Who pages, where a person does.
    by: Option<usize>,
}

/// A page to one person.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Index of the escalation.
    planned: usize,
    person: u32,
    attempt: u32,
    round: u32,
    pub(super) acked: bool,
    closed: bool,
    pub(super) delivered: bool,
    answer: Option<SimTime>,
}

impl Crew {
    pub(super) fn plan_escalations(&mut self, steps: &[Escalation], scene: &mut Scene<'_, '_>) {
        for step in steps {
            let Some(role) = scene.plan.role(&step.role) else {
                continue;
            };
            if self.is_planned(step.level, role) {
                continue;
            }
            let channels = step.channels.iter().filter_map(|name| scene.plan.channel(name));
            let channels = channels.collect();
            let detected = self.incident.detected.unwrap_or(scene.now());
            let wait =
                if step.within <= AT_ONCE { SimDuration::ZERO } else { step.within.scale(0.5) };
            let due = (detected + wait).max(scene.now());
            self.plan_escalation(step.level, role, channels, due, scene);
        }
    }

    fn is_planned(&self, level: u32, role: usize) -> bool {
        let same = |known: &Planned| !known.over && known.level == level && known.role == role;
        self.planned.iter().any(same)
    }

    fn plan_escalation(
        &mut self,
        level: u32,
        role: usize,
        channels: Vec<usize>,
        due: SimTime,
        scene: &mut Scene<'_, '_>,
    ) {
        self.planned.push(Planned { level, role, channels, started: false, over: false, by: None });
        scene.after(due - scene.now(), tag::ESCALATE, self.planned.len() - 1);
    }

    /// A step of a playbook starts an escalation level, unless it runs already: on the level's
    /// channels, or on those that the step names.
    pub(super) fn start_level(
        &mut self,
        number: u32,
        channels: &[usize],
        scene: &mut Scene<'_, '_>,
    ) {
        let plan = scene.plan;
        let Some(level) = plan.levels.iter().find(|level| level.number == number) else {
            return;
        };
        let channels = if channels.is_empty() { &level.channels } else { channels };
        for &role in &level.to {
            let waiting =
                |known: &Planned| !known.over && known.level == number && known.role == role;
            match self.planned.iter().position(waiting) {
                Some(index) => {
                    if !self.planned[index].started {
                        self.planned[index].channels = channels.to_vec();
                    }
                    self.escalate_now(index, scene);
                }
                None => {
                    let now = scene.now();
                    self.plan_escalation(number, role, channels.to_vec(), now, scene);
                }
            }
        }
    }

    /// An escalation is due.
    pub(super) fn escalate_now(&mut self, index: usize, scene: &mut Scene<'_, '_>) {
        let over = self.incident.resolved.is_some() || self.planned[index].over;
        if self.planned[index].started || over || !self.may_start(index, scene) {
            return;
        }
        self.planned[index].started = true;
        self.page(index, 1, 1, scene);
    }

    /// A level that only a human may start waits for a human.
    fn may_start(&self, index: usize, scene: &Scene<'_, '_>) -> bool {
        let number = self.planned[index].level;
        let level = scene.plan.levels.iter().find(|level| level.number == number);
        let human = |(role, member): (usize, &super::state::Member)| {
            scene.plan.roles[role].human && member.engaged.is_some()
        };
        !level.is_some_and(|level| level.human_only) || self.members.iter().enumerate().any(human)
    }

    fn page(&mut self, planned: usize, person: u32, round: u32, scene: &mut Scene<'_, '_>) {
        self.pages.push(Page {
            planned,
            person,
            attempt: 0,
            round,
            acked: false,
            closed: false,
            delivered: false,
            answer: None,
        });
        self.attempt(self.pages.len() - 1, scene);
    }

    fn attempt(&mut self, page: usize, scene: &mut Scene<'_, '_>) {
        self.pages[page].attempt += 1;
        let (attempt, planned) = (self.pages[page].attempt, self.pages[page].planned);
        let by = self.sender(planned, scene);
        for i in 0..self.planned[planned].channels.len() {
            let channel = self.planned[planned].channels[i];
            self.carry(Cargo::Page { page, attempt }, channel, by, scene);
        }
        let arg = page * 64 + attempt as usize % 64;
        scene.after(scene.plan.figures.timeout, tag::TIMEOUT, arg);
    }

    /// The role that starts an escalation.
    fn sender(&self, planned: usize, scene: &Scene<'_, '_>) -> usize {
        if let Some(by) = self.planned[planned].by {
            return by;
        }
        let number = self.planned[planned].level;
        let level = scene.plan.levels.iter().find(|level| level.number == number);
        level.and_then(|level| level.from).unwrap_or(self.planned[planned].role)
    }

    pub(super) fn page_event(
        &mut self,
        page: usize,
        attempt: u32,
        channel: usize,
        stage: PageStage,
        scene: &mut Scene<'_, '_>,
    ) {
        let planned = &self.planned[self.pages[page].planned];
        let (level, about) = (planned.level, vec![scene.role(planned.role)]);
        // Until its role takes part, the alerting sends a page by itself.
        let sender = self.sender(self.pages[page].planned, scene);
        let by = self.members[sender].engaged.map(|_| scene.role(sender));
        // Where a person has the sender's seat, what was planned for it is sent by the alerting.
        let by = by.filter(|_| planned.by.is_some() || self.seated != Some(sender));
        let channel = scene.plan.channels[channel].name.clone();
        let page = page as u32 + 1;
        let kind = match stage {
            PageStage::Sent => EventKind::PageSent { page, channel, attempt, level },
            PageStage::Delivered => EventKind::PageDelivered { page, channel, attempt },
            PageStage::Failed => EventKind::PageFailed { page, channel, attempt },
        };
        scene.emit(kind, about, by);
    }

    /// A page arrived on one of its channels: when, if at all, will it be answered?
    pub(super) fn page_arrived(
        &mut self,
        page: usize,
        attempt: u32,
        draw: u64,
        scene: &mut Scene<'_, '_>,
    ) {
        self.pages[page].delivered = true;
        let planned = &self.planned[self.pages[page].planned];
        let (role, channels) = (planned.role, planned.channels.len().max(1));
        let simulated = self.members[role].responder.is_simulated();
        if self.pages[page].acked || !simulated || !can_answer(role, scene) {
            return;
        }
        let answer = self.answer_of(role, scene);
        let p = 1.0 - libm::pow(1.0 - answer.p.clamp(0.0, 1.0), 1.0 / channels as f64);
        let name = scene.plan.roles[role].ack.nth(draw * 8 + u64::from(attempt));
        let mut stream = scene.ctx.streams.stream(name);
        if !stream.chance(p) {
            return;
        }
        let delay = stream.lognormal_time(answer.median, answer.sigma);
        let at = scene.now() + delay.min(scene.plan.figures.timeout);
        if self.pages[page].answer.is_none_or(|known| at < known) {
            self.pages[page].answer = Some(at);
            scene.after(at - scene.now(), tag::ACK, page);
        }
    }

    /// How a role answers at this hour.
    pub(super) fn answer_of(&self, role: usize, scene: &Scene<'_, '_>) -> Answer {
        let figures = &scene.plan.figures;
        if !scene.plan.roles[role].human {
            figures.ack_agent
        } else if scene.plan.off_hours(scene.now()) {
            figures.ack_night
        } else {
            figures.ack_work
        }
    }

    pub(super) fn page_answered(&mut self, page: usize, scene: &mut Scene<'_, '_>) {
        let over = self.planned[self.pages[page].planned].over;
        if self.pages[page].answer == Some(scene.now()) && !over {
            self.acknowledge(page, scene);
        }
    }

    /// The role paged acknowledges.
    pub(super) fn acknowledge(&mut self, page: usize, scene: &mut Scene<'_, '_>) {
        if std::mem::replace(&mut self.pages[page].acked, true) {
            return;
        }
        let role = self.planned[self.pages[page].planned].role;
        let by = Some(scene.role(role));
        let number = Some(page as u32 + 1);
        scene.emit(EventKind::Acknowledged { page: number }, Vec::new(), by);
        self.incident.acked.get_or_insert(scene.ctx.now);
        self.engage(role, scene);
    }

    /// The pages of a role that are delivered and not answered.
    pub(super) fn open_pages(&self, role: usize) -> impl Iterator<Item = usize> {
        let open = move |page: &Page| {
            !page.acked && page.delivered && self.planned[page.planned].role == role
        };
        (0..self.pages.len()).filter(move |page| open(&self.pages[*page]))
    }

    /// A person pages a role on the channels of its level, whatever was planned before.
    pub(super) fn page_by_hand(&mut self, role: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let plan = scene.plan;
        let Some(level) = plan.levels.iter().find(|level| level.to.contains(&role)) else {
            return;
        };
        let same =
            |known: &Planned| !known.over && known.level == level.number && known.role == role;
        let index = self.planned.iter().position(same).unwrap_or_else(|| {
            let (number, channels) = (level.number, level.channels.clone());
            self.planned.push(Planned {
                level: number,
                role,
                channels,
                started: false,
                over: false,
                by: Some(by),
            });
            self.planned.len() - 1
        });
        self.planned[index].started = true;
        self.planned[index].by = Some(by);
        self.page(index, 1, 1, scene);
    }

    /// The oldest page of a role that is delivered and not answered.
    pub(super) fn open_page(&self, role: usize) -> Option<usize> {
        let open =
            |page: &Page| !page.acked && page.delivered && self.planned[page.planned].role == role;
        self.pages.iter().position(open)
    }

    /// Whether a role is being paged at present.
    pub(super) fn is_paged(&self, role: usize) -> bool {
        let open =
            |page: &Page| !page.acked && !page.closed && self.planned[page.planned].role == role;
        self.pages.iter().any(open)
    }

    /// A page was not answered in time.
    pub(super) fn page_timeout(&mut self, page: usize, attempt: u32, scene: &mut Scene<'_, '_>) {
        let state = &self.pages[page];
        let role = self.planned[state.planned].role;
        let over = self.planned[state.planned].over;
        let stale = over || state.closed || state.attempt % 64 != attempt;
        if state.acked || stale || self.incident.resolved.is_some() {
            return;
        }
        if self.members[role].engaged.is_some() {
            // Somebody of the role already takes part; one more answer changes nothing.
            self.pages[page].closed = true;
            return;
        }
        if state.attempt < scene.plan.figures.attempts {
            self.attempt(page, scene);
            return;
        }
        let (planned, person, round) = (state.planned, state.person, state.round);
        self.pages[page].closed = true;
        if person < scene.plan.roles[role].people {
            self.page(planned, person + 1, round, scene);
            return;
        }
        self.give_up(role, scene);
        self.next_level(planned, scene);
        if round < ROUNDS {
            self.page(planned, 1, round + 1, scene);
        }
    }

    /// Nobody of a role answered: the next level is told.
    fn next_level(&mut self, planned: usize, scene: &mut Scene<'_, '_>) {
        let number = self.planned[planned].level + 1;
        let plan = scene.plan;
        let Some(level) = plan.levels.iter().find(|level| level.number == number) else {
            return;
        };
        if level.human_only {
            return;
        }
        for &role in &level.to {
            if !self.is_planned(number, role) {
                let now = scene.now();
                self.plan_escalation(number, role, level.channels.clone(), now, scene);
            }
        }
    }

    /// Ends every escalation of a response that is called off.
    pub(super) fn call_off(&mut self) {
        for planned in &mut self.planned {
            planned.over = true;
        }
    }

    /// Somebody outside tells a role what was noticed; it answers as it would a page.
    pub(super) fn tell(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let member = &self.members[role];
        if member.engaged.is_some() || member.missing || member.call.is_some() {
            return;
        }
        let able = can_answer(role, scene);
        self.expect_answer(role, able, scene);
    }

    /// A role takes part from now on.
    pub(super) fn engage(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let now = scene.now();
        if self.members[role].engaged.is_some() {
            return;
        }
        let member = &mut self.members[role];
        member.engaged = Some(now);
        member.missing &= member.responder != Responder::Live;
        member.fresh = now;
        member.stand_in = None;
        let me = scene.role(role);
        scene.emit(EventKind::Joined {}, Vec::new(), Some(me.clone()));
        let kind = EventKind::RoleTaken { role: me.name.clone() };
        scene.emit(kind, Vec::new(), Some(me));
        self.appoint_stand_ins(scene);
        self.await_shift(role, scene);
        // Escalations that only a human may start were waiting for one.
        for index in 0..self.planned.len() {
            let human_only = scene
                .plan
                .levels
                .iter()
                .any(|level| level.number == self.planned[index].level && level.human_only);
            if human_only && scene.plan.roles[role].human {
                self.escalate_now(index, scene);
            }
        }
        let think = scene.plan.figures.think;
        let mut stream = scene.ctx.streams.stream(scene.plan.roles[role].think);
        let pause = stream.lognormal_time(think, scene.plan.figures.step_sigma);
        scene.after(pause, tag::WAKE, 0);
    }

    /// A role is given up; another stands in for it.
    pub(super) fn give_up(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        self.members[role].missing = true;
        self.appoint_stand_ins(scene);
        scene.after(SimDuration::ZERO, tag::WAKE, 0);
    }

    /// Gives the work of roles nobody answers for to whoever takes part, people first.
    fn appoint_stand_ins(&mut self, scene: &mut Scene<'_, '_>) {
        let takes_part = |crew: &Self, role: usize| {
            crew.members[role].engaged.is_some() && crew.members[role].responder.is_simulated()
        };
        let roles = 0..self.members.len();
        let human = roles.clone().find(|r| takes_part(self, *r) && scene.plan.roles[*r].human);
        let Some(stand_in) = human.or_else(|| roles.clone().find(|r| takes_part(self, *r))) else {
            return;
        };
        for role in roles {
            let member = &mut self.members[role];
            let open = member.engaged.is_none() && member.stand_in.is_none();
            let works = scene.plan.roles[role].works;
            let waits = member.responder != Responder::Scripted;
            if works && member.missing && open && waits {
                member.stand_in = Some(stand_in);
                let kind = EventKind::RoleTaken { role: scene.plan.roles[role].me.name.clone() };
                let by = Some(scene.role(stand_in));
                scene.emit(kind, Vec::new(), by);
            }
        }
    }

    /// A colleague asks a role that has work and does not take part yet.
    pub(super) fn call_in(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let member = &self.members[role];
        if member.engaged.is_some() || member.missing || member.call.is_some() {
            return;
        }
        if self.is_paged(role) || self.members.iter().all(|member| member.engaged.is_none()) {
            return;
        }
        // Nobody calls in the name of a person.
        let here =
            |role: &usize| self.members[*role].engaged.is_some() && self.seated != Some(*role);
        if let Some(caller) = (0..self.members.len()).find(here) {
            self.call_from(role, caller, scene);
        }
    }

    /// `caller` asks a role to take part.
    pub(super) fn call_from(&mut self, role: usize, caller: usize, scene: &mut Scene<'_, '_>) {
        let plan = scene.plan;
        let levels = plan.levels.iter().find(|level| level.to.contains(&role));
        // Whom no level reaches is called by what he can be reached by.
        let reach = levels.map_or(&plan.roles[role].reach, |level| &level.channels);
        let fallback = reach.iter().flat_map(|channel| &plan.channels[*channel].fallback);
        let works = |channel: &&usize| scene.ground.tool_works(plan.channels[**channel].tool);
        let channel = reach.iter().chain(fallback).find(works).copied();
        let answers = can_answer(role, scene) && (channel.is_some() || plan.channels.is_empty());
        if let Some(channel) = channel {
            let channel = plan.channels[channel].name.clone();
            let kind = EventKind::MessageSent { channel, purpose: MessagePurpose::Request };
            let (about, by) = (vec![scene.role(role)], Some(scene.role(caller)));
            scene.emit(kind, about, by);
        }
        self.expect_answer(role, answers, scene);
    }

    fn expect_answer(&mut self, role: usize, able: bool, scene: &mut Scene<'_, '_>) {
        // A person answers by itself; here only the time is up.
        let able = able && self.members[role].responder != Responder::Live;
        let (delay, answers) = self.call_delay(role, able, scene);
        let member = &mut self.members[role];
        member.calls += 1;
        member.call = Some((scene.ctx.now + delay, answers));
        scene.after(delay, tag::CALL, role);
    }

    fn call_delay(
        &self,
        role: usize,
        can_answer: bool,
        scene: &Scene<'_, '_>,
    ) -> (SimDuration, bool) {
        let (figures, answer) = (&scene.plan.figures, self.answer_of(role, scene));
        let calls = u64::from(self.members[role].calls);
        let mut stream = scene.ctx.streams.stream(scene.plan.roles[role].call.nth(calls));
        let attempts = i64::from(figures.attempts);
        for attempt in 0..attempts {
            if can_answer && stream.chance(answer.p) {
                let delay = stream.lognormal_time(answer.median, answer.sigma);
                return (figures.timeout * attempt + delay.min(figures.timeout), true);
            }
        }
        (figures.timeout * attempts, false)
    }

    pub(super) fn call_over(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let Some((at, answers)) = self.members[role].call else {
            return;
        };
        if at != scene.now() {
            return;
        }
        self.members[role].call = None;
        let scripted = self.members[role].responder == Responder::Scripted;
        if self.members[role].engaged.is_some() || scripted {
            return;
        }
        if answers {
            self.engage(role, scene);
        } else {
            self.give_up(role, scene);
        }
    }
}

/// Whether anybody of a role can answer at all: not when it was removed from play, and not when
/// all agents that fill it are hung.
fn can_answer(role: usize, scene: &Scene<'_, '_>) -> bool {
    let plan = &scene.plan.roles[role];
    let works = |agent: &usize| {
        let entity = &scene.plan.entities[scene.plan.services + agent];
        !scene.ground.impaired(&entity.about)
    };
    !scene.is_removed(role) && (plan.agents.is_empty() || plan.agents.iter().any(works))
}
