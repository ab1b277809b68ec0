//! How a message travels: by its channel, or by the fallbacks of the channel.
//!
//! A channel whose tool is down fails at once, and the sender tries the fallbacks in the pack's
//! order: switching takes time and may not work, unless the team already switched to that
//! channel in this incident. A message that is lost on the way is lost silently for a page (the
//! next attempt repeats it) and is sent again by a fallback otherwise.

use super::state::{Crew, Scene, tag};
use crate::timeline::{EventKind, MessagePurpose};
use crate::units::SimDuration;

/// What travels.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cargo {
    /// An attempt of a page.
    Page { page: usize, attempt: u32 },
    /// A message of a step.
    Message { work: usize, purpose: MessagePurpose },
    /// A report or a public update of a step; its own event is written on arrival.
    Post { work: usize },
    /// The move of what a lost tool carried to the channels of a step.
    Switch { work: usize },
    /// A further public update, in the name of the step that posted the first.
    Update { work: usize },
}

/// One message under way.
#[derive(Debug, Clone)]
pub(super) struct Transit {
    cargo: Cargo,
    by: usize,
    /// The channel it was meant for.
    origin: usize,
    /// The channel it is on.
    channel: usize,
    next_fallback: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Arrives,
    Lost,
    Switching { works: bool },
}

impl Crew {
    /// Sends `cargo` on `channel`.
    pub(super) fn carry(
        &mut self,
        cargo: Cargo,
        channel: usize,
        by: usize,
        scene: &mut Scene<'_, '_>,
    ) {
        let transit = Transit {
            cargo,
            by,
            origin: channel,
            channel,
            next_fallback: 0,
            state: State::Arrives,
        };
        self.transits.push(transit);
        self.in_transit += 1;
        self.hand_in(self.transits.len() - 1, scene);
    }

    /// Gives a message to the tool of its present channel.
    fn hand_in(&mut self, index: usize, scene: &mut Scene<'_, '_>) {
        let Transit { cargo, by, channel, .. } = self.transits[index];
        let plan = &scene.plan.channels[channel];
        if !scene.ground.tool_works(plan.tool) {
            if let Cargo::Page { page, attempt } = cargo {
                self.page_event(page, attempt, channel, PageStage::Sent, scene);
            }
            self.failed_event(index, scene);
            scene.ctx.note(|| format!("{} does not work", plan.name).into());
            self.saw_tool_down(plan.tool, by, scene);
            self.next_channel(index, scene);
            return;
        }
        match cargo {
            Cargo::Page { page, attempt } => {
                self.page_event(page, attempt, channel, PageStage::Sent, scene);
            }
            Cargo::Message { work, .. } | Cargo::Switch { work } => {
                let purpose = match cargo {
                    Cargo::Message { purpose, .. } => purpose,
                    _ => MessagePurpose::Notice,
                };
                let kind = EventKind::MessageSent { channel: plan.name.clone(), purpose };
                let about = scene.plan.about(self.works[work].target);
                let by = Some(scene.role(by));
                scene.emit(kind, about, by);
            }
            Cargo::Post { .. } | Cargo::Update { .. } => {}
        }
        let delivery = scene.plan.figures.delivery(plan.kind);
        let mut stream = scene.ctx.streams.stream(plan.stream.nth(index as u64));
        let (min, max) = plan.delay_s.unwrap_or((delivery.min_s, delivery.max_s));
        let delay = stream.between(min, max.max(min));
        let lost = stream.chance(delivery.fail_p);
        self.transits[index].state = if lost { State::Lost } else { State::Arrives };
        scene.after(SimDuration::from_secs(1).scale(delay), tag::TRANSIT, index);
    }

    /// A message arrives, is lost, or its fallback is ready.
    pub(super) fn transit(&mut self, index: usize, scene: &mut Scene<'_, '_>) {
        let Transit { cargo, channel, state, .. } = self.transits[index];
        match (state, cargo) {
            (State::Arrives, _) => self.landed(index, Some(channel), scene),
            (State::Lost, Cargo::Page { .. }) => {
                self.failed_event(index, scene);
                self.landed(index, None, scene);
            }
            (State::Lost, _) => {
                self.failed_event(index, scene);
                self.next_channel(index, scene);
            }
            (State::Switching { works: true }, _) => {
                self.switched[channel] = true;
                self.hand_in(index, scene);
            }
            (State::Switching { works: false }, _) => {
                self.failed_event(index, scene);
                scene.ctx.note(|| "the fallback could not be used".into());
                self.next_channel(index, scene);
            }
        }
    }

    /// Tries the channels of a switch, one after the other.
    pub(super) fn carry_switch(&mut self, work: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let channel = self.step(work, scene).channels[0];
        let cargo = Cargo::Switch { work };
        let state = State::Arrives;
        let transit = Transit { cargo, by, origin: channel, channel, next_fallback: 0, state };
        self.transits.push(transit);
        self.in_transit += 1;
        self.next_channel(self.transits.len() - 1, scene);
    }

    /// Turns to the next fallback, or gives up.
    fn next_channel(&mut self, index: usize, scene: &mut Scene<'_, '_>) {
        let origin = self.transits[index].origin;
        let instead = match self.transits[index].cargo {
            Cargo::Switch { work } => &self.step(work, scene).channels,
            _ => &scene.plan.channels[origin].fallback,
        };
        // Nobody tries what is known to be down; who does not know finds out by trying.
        let mut next = self.transits[index].next_fallback;
        while instead.get(next).is_some_and(|channel| self.is_known_down(*channel, scene)) {
            next += 1;
        }
        let Some(&channel) = instead.get(next) else {
            self.landed(index, None, scene);
            return;
        };
        let figures = scene.plan.figures.fallback(scene.plan.channels[channel].exercised);
        let name = scene.plan.streams.fallback.nth((index * 16 + next) as u64);
        let mut stream = scene.ctx.streams.stream(name);
        let (works, delay) = if self.switched[channel] {
            (true, SimDuration::from_secs(10))
        } else {
            let works = stream.chance(figures.p);
            (works, stream.lognormal_time(figures.delay, scene.plan.figures.step_sigma))
        };
        let transit = &mut self.transits[index];
        transit.channel = channel;
        transit.next_fallback = next + 1;
        transit.state = State::Switching { works };
        scene.after(delay, tag::TRANSIT, index);
    }

    /// Whether everybody knows that a channel carries nothing: somebody said so of its tool, or
    /// the way out is lost.
    fn is_known_down(&self, channel: usize, scene: &Scene<'_, '_>) -> bool {
        let tool = scene.plan.channels[channel].tool;
        let known = self.is_told(tool, scene) || self.no_way_out(scene);
        known && !scene.ground.tool_works(tool)
    }

    fn landed(&mut self, index: usize, channel: Option<usize>, scene: &mut Scene<'_, '_>) {
        self.in_transit -= 1;
        match self.transits[index].cargo {
            Cargo::Page { page, attempt } => {
                if let Some(channel) = channel {
                    self.page_event(page, attempt, channel, PageStage::Delivered, scene);
                    self.page_arrived(page, attempt, index as u64, scene);
                }
            }
            Cargo::Message { work, .. } | Cargo::Post { work } => {
                self.message_landed(work, channel, scene);
            }
            Cargo::Switch { work } => self.switched_to(work, channel, scene),
            Cargo::Update { work } => {
                self.update_landed(work, self.transits[index].by, channel, scene);
            }
        }
    }

    fn failed_event(&mut self, index: usize, scene: &mut Scene<'_, '_>) {
        let Transit { cargo, channel, by, .. } = self.transits[index];
        let name = scene.plan.channels[channel].name.clone();
        match cargo {
            Cargo::Page { page, attempt } => {
                self.page_event(page, attempt, channel, PageStage::Failed, scene);
            }
            Cargo::Message { purpose, .. } => {
                let by = Some(scene.role(by));
                scene.emit(EventKind::MessageFailed { channel: name, purpose }, Vec::new(), by);
            }
            Cargo::Post { .. } | Cargo::Update { .. } | Cargo::Switch { .. } => {
                let purpose = match cargo {
                    Cargo::Switch { .. } => MessagePurpose::Notice,
                    _ => MessagePurpose::Update,
                };
                let by = Some(scene.role(by));
                scene.emit(EventKind::MessageFailed { channel: name, purpose }, Vec::new(), by);
            }
        }
    }
}

/// Which event of a page.
#[derive(Debug, Clone, Copy)]
pub(super) enum PageStage {
    Sent,
    Delivered,
    Failed,
}
