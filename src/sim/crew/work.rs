//! Who does which step when: the order of a playbook, the roles' time, and how long steps take.

use super::plan::Milestone;
use super::procedure::Step;
use super::state::{Crew, Scene, tag};
use crate::model::{ForEach, Name, Stage, StepEffect, StepTime};
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Where a work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkState {
    Waiting,
    Working,
    /// Its messages or calls are under way.
    Sending,
    Done,
    /// Left out, or forgotten.
    Skipped,
    /// Its playbook was superseded.
    Dropped,
}

impl WorkState {
    /// Nothing more comes of it.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Dropped)
    }
}

/// Whether a destructive step may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approval {
    NotAsked,
    Asked,
    Given,
}

/// A step on a target.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) playbook: usize,
    pub(super) step: usize,
    pub(super) target: usize,
    pub(super) state: WorkState,
    pub(super) attempt: u32,
    /// Not before this instant.
    pub(super) not_before: Option<SimTime>,
    /// When its last attempt began.
    pub(super) began: SimTime,
    pub(super) ended: SimTime,
    /// The role that does it.
    pub(super) by: usize,
    /// It counts among the steps its role works on.
    pub(super) holds_role: bool,
    pub(super) approval: Approval,
    /// Messages or answers it still waits for.
    pub(super) open: u32,
    /// Channels that carried it.
    pub(super) carried: Vec<usize>,
    /// Its share of a stage is taken.
    pub(super) share_taken: bool,
    /// A cue or a person began it, so what people would forget or wait for does not apply.
    pub(super) forced: bool,
    /// It goes back to this version.
    pub(super) back_to: Option<Name>,
    /// Its evidence is in, and it waits for what the person takes for the cause.
    pub(super) judging: bool,
}

impl Work {
    pub(super) fn new(playbook: usize, step: usize, target: usize) -> Self {
        Self {
            playbook,
            step,
            target,
            state: WorkState::Waiting,
            attempt: 0,
            not_before: None,
            began: SimTime::default(),
            ended: SimTime::default(),
            by: 0,
            holds_role: false,
            approval: Approval::NotAsked,
            open: 0,
            carried: Vec::new(),
            share_taken: false,
            forced: false,
            back_to: None,
            judging: false,
        }
    }
}

/// The order within one playbook at this instant.
#[derive(Debug, Clone, Copy)]
struct Gate {
    phase: u32,
    rank: u32,
}

/// How often people look whether the world is ready for their step.
const POLL: SimDuration = SimDuration::from_minutes(1);

impl Crew {
    pub(super) fn step<'a>(&self, work: usize, scene: &Scene<'a, '_>) -> &'a Step {
        let work = &self.works[work];
        &scene.plan.playbooks[work.playbook].steps[work.step]
    }

    /// Begins every step that can begin now.
    pub(super) fn dispatch(&mut self, scene: &mut Scene<'_, '_>) {
        if self.incident.active.is_empty() {
            return;
        }
        self.settle(scene);
        self.write_update(scene);
        let gates = self.gates(scene);
        let mut ready: Vec<(u32, u32, usize)> = Vec::new();
        let mut blocked = false;
        for work in 0..self.works.len() {
            if self.works[work].state != WorkState::Waiting || !self.in_order(work, &gates, scene) {
                continue;
            }
            if !self.world_allows(work, scene) {
                blocked = true;
                continue;
            }
            let step = self.step(work, scene);
            let urgent = u32::from(step.duty.is_none());
            ready.push((urgent, self.rank(work, scene), work));
        }
        ready.sort_unstable();
        for (_, _, work) in ready {
            self.try_begin(work, scene);
        }
        if blocked && !self.polling {
            self.polling = true;
            self.blocked_since.get_or_insert(scene.ctx.now);
            scene.after(POLL, tag::POLL, 0);
        }
        if !blocked {
            self.blocked_since = None;
        }
    }

    /// Looks again at what waits for the world.
    pub(super) fn poll(&mut self, scene: &mut Scene<'_, '_>) {
        self.polling = false;
        self.drop_needless_declaration(scene);
        self.reopen_repairs(scene);
        self.dispatch(scene);
    }

    /// The present phase of each playbook, and the rank of recovery inside it.
    fn gates(&self, scene: &Scene<'_, '_>) -> Vec<Gate> {
        let mut gates = vec![Gate { phase: u32::MAX, rank: u32::MAX }; scene.plan.playbooks.len()];
        for (index, work) in self.works.iter().enumerate() {
            if let Some(phase) = self.step(index, scene).phase.filter(|_| !work.state.is_over()) {
                let gate = &mut gates[work.playbook];
                gate.phase = gate.phase.min(phase);
            }
        }
        for (index, work) in self.works.iter().enumerate() {
            let here = self.step(index, scene).phase == Some(gates[work.playbook].phase);
            if !here || work.state.is_over() || scene.plan.service_of(work.target).is_none() {
                continue;
            }
            // Priority is about who is turned to first: a step that could begin, or failed and is
            // tried again, holds the next service back; one under way, or waiting for another,
            // does not.
            if work.state == WorkState::Waiting && self.predecessors_done(index, scene) {
                let rank = self.rank(index, scene);
                let gate = &mut gates[work.playbook];
                gate.rank = gate.rank.min(rank);
            }
        }
        gates
    }

    pub(super) fn rank(&self, work: usize, scene: &Scene<'_, '_>) -> u32 {
        let service = scene.plan.service_of(self.works[work].target);
        service.map_or(0, |service| scene.plan.ranks[service])
    }

    /// Whether the playbook's order lets a work begin now.
    pub(super) fn is_next(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        self.in_order(work, &self.gates(scene), scene)
    }

    /// Whether the playbook's order lets a work begin.
    fn in_order(&self, work: usize, gates: &[Gate], scene: &Scene<'_, '_>) -> bool {
        let step = self.step(work, scene);
        let gate = gates[self.works[work].playbook];
        if let Some(phase) = step.phase {
            if phase > gate.phase {
                return false;
            }
            let service = scene.plan.service_of(self.works[work].target).is_some();
            if service && (self.rank(work, scene) > gate.rank || self.passes_over(work, scene)) {
                return false;
            }
        }
        self.works[work].not_before.is_none_or(|at| at <= scene.now())
            && (step.wait_for == Milestone::Mitigated
                || self.milestone(step.wait_for, scene.ctx.start).is_some())
            && self.predecessors_done(work, scene)
    }

    /// Whether the same step of a service that comes first has not begun yet.
    fn passes_over(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let Work { playbook, step, .. } = self.works[work];
        let mine = self.rank(work, scene);
        (0..self.works.len()).any(|other| {
            let known = &self.works[other];
            (known.playbook, known.step) == (playbook, step)
                && known.state == WorkState::Waiting
                && known.attempt == 0
                && self.rank(other, scene) < mine
        })
    }

    fn predecessors_done(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let Step { after, effect, .. } = self.step(work, scene);
        let Work { playbook, target, .. } = self.works[work];
        let repairs = matches!(effect, StepEffect::Restore | StepEffect::RepairData);
        after.iter().all(|id| self.is_behind(*id, playbook, target, repairs, scene))
    }

    /// Whether step `id` is behind, for `target` where it is made for each. Without any target a
    /// step is behind when what comes before it is.
    fn is_behind(
        &self,
        id: usize,
        playbook: usize,
        target: usize,
        repairs: bool,
        scene: &Scene<'_, '_>,
    ) -> bool {
        let behind = |work: usize| {
            let work = &self.works[work];
            // A check that found damage has done what a repair waits for.
            let found = repairs && work.attempt > 0 && work.state == WorkState::Waiting;
            work.state.is_over() || found
        };
        if let Some(work) = self.work_of(id, target, scene).or(self.work_of(id, 0, scene)) {
            return behind(work);
        }
        let mut any = false;
        for other in 1..scene.plan.targets() {
            if let Some(work) = self.work_of(id, other, scene) {
                any = true;
                if target == 0 && !behind(work) {
                    return false;
                }
            }
        }
        if any {
            return true;
        }
        let step = scene.plan.playbooks[playbook].steps.iter().find(|step| step.id == id);
        step.is_none_or(|step| {
            let before = |id: &usize| self.is_behind(*id, playbook, target, repairs, scene);
            step.after.iter().all(before)
        })
    }

    /// Whether the state of the world lets a work begin.
    fn world_allows(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let step = self.step(work, scene);
        if step.wait_for == Milestone::Mitigated && !self.is_mitigated(scene) {
            return false;
        }
        match step.effect {
            StepEffect::Declare => self.can_declare(),
            // Nobody draws up a plan before it is known how bad it is and has been said.
            StepEffect::Plan => self.can_declare() || !self.declaration_waits(scene),
            StepEffect::ClaimMitigated => {
                self.incident.mitigated.is_some() || scene.ground.sli_ok_since().is_some()
            }
            StepEffect::Verify => self.is_verified(scene),
            StepEffect::ClaimResolved => self.is_verified(scene) && !self.checks_open(scene),
            StepEffect::Replay => !self.tool_is_out(work, scene),
            // What a check found is repaired before it is checked again.
            StepEffect::CheckData => !self.repair_open(work, scene),
            _ => true,
        }
    }

    fn declaration_waits(&self, scene: &Scene<'_, '_>) -> bool {
        (0..self.works.len()).any(|work| {
            self.works[work].state == WorkState::Waiting
                && self.step(work, scene).effect == StepEffect::Declare
        })
    }

    /// Somebody said that users are no longer affected, or dashboards have shown it for long
    /// enough.
    fn is_mitigated(&self, scene: &Scene<'_, '_>) -> bool {
        const HELD: SimDuration = SimDuration::from_minutes(5);
        let held = |since: SimTime| scene.now() - since >= HELD;
        self.incident.mitigated.is_some() || scene.ground.sli_ok_since().is_some_and(held)
    }

    pub(super) fn can_declare(&self) -> bool {
        self.incident.severity.is_some() || self.incident.declared.is_some()
    }

    /// The role that does the work of `role`: itself, or who stands in.
    pub(super) fn performer(&self, role: usize) -> Option<usize> {
        if self.members[role].engaged.is_some() {
            return Some(role);
        }
        self.members[role].stand_in
    }

    pub(super) fn try_begin(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        if !self.runs_by_itself(step.role) {
            return;
        }
        let Some(by) = self.performer(step.role) else {
            self.call_in(step.role, scene);
            return;
        };
        if self.members[by].busy >= capacity(by, scene) || self.waits_for_deadline(work, scene) {
            return;
        }
        if self.is_forgotten(work, scene) {
            self.works[work].state = WorkState::Skipped;
            scene.after(SimDuration::ZERO, tag::WAKE, 0);
            return;
        }
        if self.skip_needless(work, scene) || self.hand_over_shift(by, scene) {
            return;
        }
        if step.destructive && self.works[work].approval != Approval::Given {
            self.ask_approval(work, by, scene);
            return;
        }
        let first = self.report_before(work, scene).unwrap_or(work);
        self.begin_work(first, by, scene);
    }

    /// Who has a report due while a long step would keep him busy writes it first.
    fn report_before(&mut self, work: usize, scene: &Scene<'_, '_>) -> Option<usize> {
        const LONG: SimDuration = SimDuration::from_minutes(15);
        let step = self.step(work, scene);
        let StepTime::Median(time) = step.time else { return None };
        if step.duty.is_some() || time < LONG {
            return None;
        }
        let busy_until = scene.now() + time;
        let due = |other: &usize| {
            let Work { state, attempt, not_before, .. } = self.works[*other];
            let report = self.step(*other, scene);
            report.duty.is_some()
                && report.role == step.role
                && state == WorkState::Waiting
                && attempt == 0
                && not_before.is_some_and(|at| at <= busy_until)
                && self.predecessors_done(*other, scene)
        };
        let report = (0..self.works.len()).find(due)?;
        self.works[report].not_before = Some(scene.now());
        Some(report)
    }

    /// A step that nothing reminds of may be forgotten.
    fn is_forgotten(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let step = self.step(work, scene);
        let Work { attempt, target, .. } = self.works[work];
        if attempt > 0 || !step.can_be_forgotten() {
            return false;
        }
        let nth = (step.id * 4096 + target) as u64;
        let mut stream = scene.ctx.streams.stream(scene.plan.streams.skip.nth(nth));
        stream.chance(scene.plan.figures.skip_p)
    }

    /// Begins a work now.
    pub(super) fn begin_work(&mut self, work: usize, by: usize, scene: &mut Scene<'_, '_>) {
        self.members[by].busy += 1;
        self.works[work].holds_role = true;
        self.start_work(work, by, scene);
        let time = self.time_of(work, scene);
        scene.after(time, tag::WORK, work);
    }

    /// Writes that a work begins.
    pub(super) fn start_work(&mut self, work: usize, by: usize, scene: &mut Scene<'_, '_>) {
        let state = &mut self.works[work];
        state.state = WorkState::Working;
        state.began = scene.ctx.now;
        state.attempt += 1;
        state.by = by;
        state.carried.clear();
        let (attempt, target, playbook) = (state.attempt, state.target, state.playbook);
        let step = self.step(work, scene);
        let kind = EventKind::StepStarted {
            step: scene.plan.steps[step.id].0.clone(),
            playbook: scene.plan.playbooks[playbook].id.clone(),
            phase: step.phase,
            attempt,
        };
        let by = Some(scene.role(by));
        scene.emit(kind, scene.plan.about(target), by);
    }

    /// How long a step takes.
    ///
    /// A share of a stage is counted from detection: the step ends when its share, with those
    /// before it, of the drawn duration is over, so that the whole keeps the measured
    /// distribution however long paging took and whether targets are mended one by one or side
    /// by side; it never takes less than a quarter of its share.
    /// The measured durations contain runbooks, so `runbook_factor` is for the other steps only.
    fn time_of(&mut self, work: usize, scene: &mut Scene<'_, '_>) -> SimDuration {
        let step = self.step(work, scene);
        let factor = self.factor(work, scene);
        let sigma = scene.plan.figures.step_sigma;
        let name = scene.plan.steps[step.id].1;
        let nth = (self.works[work].target * 64) as u64 + u64::from(self.works[work].attempt);
        let mut stream = scene.ctx.streams.stream(name.nth(nth));
        let time = match step.time {
            StepTime::Median(median) => {
                let runbook = if step.runbook { scene.plan.figures.runbook_factor } else { 1.0 };
                stream.lognormal_time(median, sigma).scale(factor * runbook)
            }
            StepTime::Share { stage, share } => self.share_time(work, stage, share, factor, scene),
        };
        time + self.switch_time(work, scene)
    }

    fn share_time(
        &mut self,
        work: usize,
        stage: Stage,
        share: f64,
        factor: f64,
        scene: &Scene<'_, '_>,
    ) -> SimDuration {
        let each = self.step(work, scene).each;
        let split = match each {
            ForEach::Once => 1,
            _ => self.known_targets(each, scene).len().max(1),
        };
        let share = share / split as f64;
        let whole = self.incident.stages.map_or(SimDuration::ZERO, |stages| stages.of(stage));
        let natural = whole.scale(share * factor);
        if std::mem::replace(&mut self.works[work].share_taken, true) {
            // Doing it again is extra: the stage has no time left for it.
            return natural.scale(0.5);
        }
        let taken = &mut self.incident.taken[stage as usize];
        *taken = (*taken + share).min(1.0);
        let detected = self.incident.detected.unwrap_or(scene.now());
        let end = detected + whole.scale(*taken * factor);
        (end - scene.now()).max(natural.scale(0.25))
    }

    /// Night, fatigue, lost dashboards.
    pub(super) fn factor(&self, work: usize, scene: &Scene<'_, '_>) -> f64 {
        let (figures, by) = (&scene.plan.figures, self.works[work].by);
        let mut factor = 1.0;
        if scene.plan.roles[by].human {
            if scene.plan.off_hours(scene.now()) {
                factor *= figures.night_factor;
            }
            if scene.now() - self.members[by].fresh > figures.fatigue_after {
                factor *= figures.fatigue_factor;
            }
        }
        let looks = matches!(
            self.step(work, scene).effect,
            StepEffect::Diagnose | StepEffect::Observe | StepEffect::Assess
        );
        if looks && !self.has_dashboard(scene) {
            factor *= figures.dashboard_lost_factor;
        }
        factor
    }

    /// A duty with a deadline of hours is written close to it; one of some minutes once the
    /// cause is known or half of its time is over.
    fn waits_for_deadline(&mut self, work: usize, scene: &mut Scene<'_, '_>) -> bool {
        let Some(duty) = self.step(work, scene).duty else {
            return false;
        };
        if self.works[work].attempt > 0 || self.works[work].not_before.is_some() {
            return false;
        }
        let duty = &scene.plan.duties[duty];
        let Some(from) = self.milestone(duty.from, scene.ctx.start) else {
            return duty.from != Milestone::Start;
        };
        let mut stream = scene.ctx.streams.stream(duty.stream);
        let at = if duty.within >= SimDuration::from_hours(4) {
            from + duty.within.scale(stream.lognormal(0.75, 0.25))
        } else if duty.within > SimDuration::from_minutes(10) && !self.incident.cause_known {
            from + duty.within.scale(stream.between(0.4, 0.7))
        } else {
            return false;
        };
        if at <= scene.now() {
            return false;
        }
        self.works[work].not_before = Some(at);
        scene.after(at - scene.now(), tag::WAKE, 0);
        true
    }
}

/// Steps that a role can work on at the same time: one per agent, one for people.
pub(super) fn capacity(role: usize, scene: &Scene<'_, '_>) -> u32 {
    let role = &scene.plan.roles[role];
    if role.human { 1 } else { (role.agents.len() as u32).max(1) }
}
