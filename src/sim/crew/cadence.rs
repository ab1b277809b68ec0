//! The rhythm of public updates: whoever posts one sets a timer for the next.
//!
//! A pack that measures the longest gap between updates makes them a duty until users are well
//! again. The timer rings while there is still time to write; the update is then the next thing
//! its role does, and late only where other work, fatigue or a slow text comes between.

use super::carry::Cargo;
use super::state::{Crew, Scene, tag};
use super::work::{WorkState, capacity};
use crate::model::{Measure, Name, Pack, StepEffect, StepTime};
use crate::timeline::EventKind;
use crate::units::SimDuration;

/// The timer rings when this share of the time allowed is over.
const RINGS_AT: f64 = 0.55;
/// An update that follows another takes this share of a first one: only what changed is new.
const FOLLOW_UP: f64 = 0.5;
/// An update that no channel carried is tried again after this long.
const AGAIN: SimDuration = SimDuration::from_minutes(2);

/// The longest gap that the pack allows between public updates, by rank of severity.
pub(super) fn gaps(pack: &Pack) -> Vec<Option<SimDuration>> {
    let public = |measure: &&Measure| measure.cadence && measure.to == "first_external";
    let measure = pack.measures.iter().find(public);
    let gap = |level: &Name| Some(measure?.targets.get(level)?.within);
    pack.severities.iter().map(|severity| gap(&severity.level)).collect()
}

/// Where the rhythm stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Rhythm {
    /// Work whose step posts, and so says who writes and where.
    work: Option<usize>,
    /// Updates so far; a timer of an earlier one is void.
    posts: u32,
    /// The timer rang.
    due: bool,
    /// Who writes at present.
    writer: Option<usize>,
}

impl Crew {
    /// An update is out: sets the timer for the next.
    pub(super) fn set_timer(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        self.rhythm.work = Some(work);
        self.rhythm.posts += 1;
        self.rhythm.due = false;
        let declared = self.incident.declared.as_ref().map(|(rank, ..)| *rank);
        let rank = declared.or(self.incident.severity);
        let gap = rank.and_then(|rank| scene.plan.update_gaps.get(rank).copied().flatten());
        if let Some(gap) = gap.filter(|_| self.incident.mitigated.is_none()) {
            scene.after(gap.scale(RINGS_AT), tag::UPDATE, self.rhythm.posts as usize);
        }
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
        let channel = scene.plan.channels[channel].name.clone();
        let by = Some(scene.role(by));
        scene.emit(EventKind::PublicUpdate { channel }, Vec::new(), by);
        self.set_timer(work, scene);
    }

    /// Nothing is wrong: nobody is owed an update.
    pub(super) fn stop_timer(&mut self) {
        self.rhythm.posts += 1;
        self.rhythm.due = false;
    }
}
