//! The rhythm of public updates: whoever posts one sets a timer for the next.
//!
//! A pack that measures the longest gap between updates makes them a duty until users are well
//! again. The timer rings while there is still time to write; the update is then the next thing
//! its role does, and late only where other work, fatigue or a slow text comes between.
//!
//! Each update says when the next one comes. While an outage goes on and nothing changes, that is
//! as far ahead as the pack lets it be announced; when something changed it is the usual time.

use super::carry::Cargo;
use super::state::{Crew, Scene, tag};
use super::work::{WorkState, capacity};
use crate::model::{Lengthening, Measure, Name, Pack, StepEffect, StepTime};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// The timer rings when this share of the time allowed is over.
const RINGS_AT: f64 = 0.55;
/// An update that follows another takes this share of a first one: only what changed is new.
const FOLLOW_UP: f64 = 0.5;
/// An update that no channel carried is tried again after this long.
const AGAIN: SimDuration = SimDuration::from_minutes(2);

/// Nothing changes while no declaration, no degraded mode and no repair ended in this time: own
/// judgement.
const STEADY: SimDuration = SimDuration::from_hours(1);

/// How far apart public updates may be at a severity.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    usual: SimDuration,
    lengthens: Vec<Lengthening>,
}

/// How far apart the pack allows public updates to be, by rank of severity.
pub(super) fn intervals(pack: &Pack) -> Vec<Option<Interval>> {
    let public = |measure: &&Measure| measure.cadence && measure.to == "first_external";
    let measure = pack.measures.iter().find(public);
    let interval = |level: &Name| {
        let Measure { targets, lengthens, .. } = measure?;
        Some(Interval { usual: targets.get(level)?.within, lengthens: lengthens.clone() })
    };
    pack.severities.iter().map(|severity| interval(&severity.level)).collect()
}

/// Where the rhythm stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Rhythm {
    /// Work whose step posts, and so says who writes and where.
    work: Option<usize>,
    /// Updates so far; a timer of an earlier one is void.
    posts: u32,
    /// When the first was posted.
    first: Option<SimTime>,
    /// The timer rang.
    due: bool,
    /// Who writes at present.
    writer: Option<usize>,
}

impl Crew {
    /// Writes that an update of `work` is out on `channel`, and sets the timer for the next, which
    /// it announces.
    pub(super) fn posted(
        &mut self,
        work: usize,
        by: usize,
        channel: usize,
        scene: &mut Scene<'_, '_>,
    ) {
        let first = *self.rhythm.first.get_or_insert(scene.now());
        self.rhythm.work = Some(work);
        self.rhythm.posts += 1;
        self.rhythm.due = false;
        let declared = self.incident.declared.as_ref().map(|(rank, ..)| *rank);
        let rank = declared.or(self.incident.severity);
        let interval = rank.and_then(|rank| scene.plan.update_gaps.get(rank)?.as_ref());
        let next = interval.filter(|_| self.incident.mitigated.is_none()).map(|interval| {
            let Interval { usual, lengthens } = interval;
            let longest = SimDuration::from_ms(i64::MAX);
            let ahead = if self.is_steady(scene) { longest } else { *usual };
            let next = Measure::gap_allowed(lengthens, *usual, scene.now() - first, Some(ahead));
            // The time to write it does not grow with the time to the next.
            scene.after(
                next - usual.scale(1.0 - RINGS_AT),
                tag::UPDATE,
                self.rhythm.posts as usize,
            );
            next
        });
        let channel = scene.plan.channels[channel].name.clone();
        let next_within_ms = next.and_then(|next| u32::try_from(next.ms()).ok());
        let by = Some(scene.role(by));
        scene.emit(EventKind::PublicUpdate { channel, next_within_ms }, Vec::new(), by);
    }

    /// Whether nothing changed lately that users would want to hear of.
    fn is_steady(&self, scene: &Scene<'_, '_>) -> bool {
        let lately = |at: SimTime| scene.now() - at < STEADY;
        let declared = self.incident.declared.as_ref().is_some_and(|(_, at, _)| lately(*at));
        let changes = |work: &super::work::Work| {
            let step = &scene.plan.playbooks[work.playbook].steps[work.step];
            let effects = [
                StepEffect::AutoRecover,
                StepEffect::Degrade,
                StepEffect::Recover,
                StepEffect::RepairData,
                StepEffect::Restore,
            ];
            effects.contains(&step.effect) && work.state == WorkState::Done && lately(work.ended)
        };
        !declared && !self.works.iter().any(changes)
    }

    /// The timer rings.
    pub(super) fn update_due(&mut self, posts: usize, scene: &mut Scene<'_, '_>) {
        self.rhythm.due |= posts == self.rhythm.posts as usize;
        self.dispatch(scene);
    }

    /// Begins to write when an update is due and its writer is free.
    pub(super) fn write_update(&mut self, scene: &mut Scene<'_, '_>) {
        let Some(work) = self.rhythm.work.filter(|_| self.rhythm.due) else {
            return;
        };
        if self.incident.mitigated.is_some() || self.rhythm.writer.is_some() {
            return;
        }
        let step = self.step(work, scene);
        let posts = |work: &super::work::Work| {
            let step = &scene.plan.playbooks[work.playbook].steps[work.step];
            step.effect == StepEffect::PublicUpdate
                && matches!(work.state, WorkState::Working | WorkState::Sending)
        };
        let by = self.performer(step.role);
        let free = |by: &usize| self.members[*by].busy < capacity(*by, scene);
        let Some(by) = by.filter(free).filter(|_| !self.works.iter().any(posts)) else {
            return;
        };
        if !self.runs_by_itself(step.role) {
            return;
        }
        self.rhythm.writer = Some(by);
        self.members[by].busy += 1;
        let usual = match step.time {
            StepTime::Median(median) => median,
            StepTime::Share { .. } => SimDuration::from_minutes(3),
        };
        let name = scene.plan.streams.update.nth(u64::from(self.rhythm.posts));
        let mut stream = scene.ctx.streams.stream(name);
        let time = stream.lognormal_time(usual.scale(FOLLOW_UP), scene.plan.figures.step_sigma);
        let factor = self.factor(work, scene);
        scene.after(time.scale(factor), tag::WRITTEN, work);
    }

    /// The text is written and goes out on the channels of its step.
    pub(super) fn update_written(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let Some(by) = self.rhythm.writer.take() else {
            return;
        };
        self.members[by].busy = self.members[by].busy.saturating_sub(1);
        self.rhythm.due = false;
        for channel in self.step(work, scene).channels.iter().copied() {
            self.carry(Cargo::Update { work }, channel, by, scene);
        }
        self.dispatch(scene);
    }

    /// An update arrived on a channel, or on none.
    pub(super) fn update_landed(
        &mut self,
        work: usize,
        by: usize,
        channel: Option<usize>,
        scene: &mut Scene<'_, '_>,
    ) {
        let Some(channel) = channel else {
            scene.after(AGAIN, tag::UPDATE, self.rhythm.posts as usize);
            return;
        };
        self.posted(work, by, channel, scene);
    }

    /// Nothing is wrong: nobody is owed an update.
    pub(super) fn stop_timer(&mut self) {
        self.rhythm.posts += 1;
        self.rhythm.first = None;
        self.rhythm.due = false;
    }
}
