//! The steps that a procedure demanded, beside what was done.

use super::card::StepOutcome;
use super::facts::{Facts, Mark};
use super::plan::{PlanStep, ScorePlan, mark, supersedes};
use crate::model::{EntityKind, ForEach, Name, Ref, ServiceState, Source, StepEffect};
use crate::units::SimTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActKind {
    Started,
    Done,
    Failed,
    Skipped { reason: bool },
}

/// Something that was done about a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepAct<'a> {
    pub step: usize,
    pub on: Option<&'a Name>,
    pub kind: ActKind,
    pub mark: Mark,
}

/// A step for one target, or once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Instance<'a> {
    pub step: usize,
    pub on: Option<&'a Name>,
    pub first_start: Option<Mark>,
    /// Start of the attempt that succeeded, or of the last one.
    pub start: Option<Mark>,
    /// First success. A try to recover automatically that failed has been made all the same:
    /// the procedure asks for the try.
    pub done: Option<Mark>,
    pub first_failed: Option<Mark>,
    pub last_failed: Option<Mark>,
    pub failed_attempts: u32,
    /// Left out, with a reason typed at the time or without.
    pub skipped: Option<(Mark, bool)>,
}

impl Instance<'_> {
    /// When nobody had to wait for it any longer: done, or left out with a reason.
    pub(super) fn settled(&self) -> Option<Mark> {
        self.done.or(self.skipped.filter(|(_, reason)| *reason).map(|(mark, _)| mark))
    }

    pub(super) fn begun(&self) -> Option<Mark> {
        self.start.or(self.done)
    }

    /// When it was begun for the first time.
    pub(super) fn first_begun(&self) -> Option<Mark> {
        self.first_start.or(self.done)
    }

    /// Whether a reason for leaving it out had been typed by `at`.
    fn excused(&self, at: SimTime) -> bool {
        self.skipped.is_some_and(|(said, reason)| reason && said.at <= at)
    }

    /// Left out with a reason typed at the time, and not done later.
    pub(super) fn justified(&self) -> bool {
        self.done.is_none() && self.skipped.is_some_and(|(_, reason)| reason)
    }

    fn apply(&mut self, act: &StepAct<'_>) {
        match act.kind {
            ActKind::Started if self.done.is_none() => {
                self.first_start.get_or_insert(act.mark);
                self.start = Some(act.mark);
            }
            ActKind::Done => {
                self.done.get_or_insert(act.mark);
            }
            ActKind::Failed if self.done.is_none() => {
                self.failed_attempts += 1;
                self.first_failed.get_or_insert(act.mark);
                self.last_failed = Some(act.mark);
            }
            // A reason for leaving out what has been done explains nothing.
            ActKind::Skipped { reason } if self.done.is_none() => {
                let known = self.skipped.is_some_and(|(_, reason)| reason);
                if !known {
                    self.skipped = Some((act.mark, reason));
                }
            }
            ActKind::Started | ActKind::Failed | ActKind::Skipped { .. } => {}
        }
    }
}

/// All instances, in the order of the pack's steps.
#[derive(Debug, Default)]
pub(super) struct Steps<'a> {
    pub instances: Vec<Instance<'a>>,
    /// Playbooks that applied, by index.
    pub started: Vec<bool>,
    /// Playbooks that another one took the place of.
    pub superseded: Vec<bool>,
    /// Steps that claimed the end: playbook and instant.
    pub claims: Vec<(usize, SimTime)>,
}

impl PlanStep {
    /// The target among `about`, where the step is made for each.
    pub(super) fn target<'a>(&self, about: &'a [Ref]) -> Option<&'a Name> {
        let kind = match self.for_each {
            ForEach::Once => return None,
            ForEach::FailedService => EntityKind::Service,
            ForEach::FailedAgent => EntityKind::Agent,
        };
        about.iter().find(|about| about.kind == kind).map(|about| &about.name)
    }
}

impl<'a> Steps<'a> {
    pub(super) fn new(facts: &Facts<'a>, acts: &[StepAct<'a>]) -> Self {
        let plan = facts.plan;
        let mut steps = Self {
            instances: Vec::new(),
            started: vec![false; plan.playbooks.len()],
            superseded: vec![false; plan.playbooks.len()],
            claims: Vec::new(),
        };
        for (p, playbook) in plan.playbooks.iter().enumerate() {
            let found = facts.findings.iter().any(|(t, _)| *t == Some(playbook.trigger));
            let acted = acts.iter().any(|act| playbook.steps.contains(&act.step));
            steps.started[p] = acted || playbook.required || found;
        }
        for (p, playbook) in plan.playbooks.iter().enumerate() {
            steps.superseded[p] = plan
                .playbooks
                .iter()
                .zip(&steps.started)
                .any(|(other, on)| *on && supersedes(other.trigger, playbook.trigger));
        }
        for (p, playbook) in plan.playbooks.iter().enumerate() {
            if !steps.started[p] || steps.superseded[p] {
                continue;
            }
            let services = services(facts, acts, p);
            let agents = agents(facts, acts, p);
            for index in playbook.steps.clone() {
                let acted = |on: Option<&Name>| {
                    acts.iter().any(|act| act.step == index && (act.on == on || act.on.is_none()))
                };
                // A record is not complete: only what it names, or must name, is looked at.
                let all = plan.source != Source::Recorded;
                let wanted = |on| all || plan.steps[index].required || acted(on);
                let mut add = |on: Option<&'a Name>| {
                    if wanted(on) {
                        steps.instances.push(Instance::new(index, on));
                    }
                };
                match plan.steps[index].for_each {
                    ForEach::Once => add(None),
                    ForEach::FailedService => services.iter().for_each(|name| add(Some(name))),
                    ForEach::FailedAgent => agents.iter().for_each(|name| add(Some(name))),
                }
            }
        }
        for act in acts {
            let step = &plan.steps[act.step];
            if act.kind == ActKind::Done && step.effect == StepEffect::ClaimResolved {
                steps.claims.push((step.playbook, act.mark.at));
            }
            let on = |known: &&mut Instance<'_>| {
                plan.steps[known.step].shared == plan.steps[act.step].shared
                    && (act.on.is_none() || known.on == act.on)
            };
            steps.instances.iter_mut().filter(on).for_each(|known| known.apply(act));
        }
        for instance in &mut steps.instances {
            if plan.steps[instance.step].effect == StepEffect::AutoRecover {
                instance.done = instance.done.or(instance.last_failed);
            }
        }
        steps
    }

    /// Instances whose step has `effect`.
    pub(super) fn with_effect<'s>(
        &'s self,
        plan: &'s ScorePlan,
        effect: StepEffect,
    ) -> impl Iterator<Item = &'s Instance<'a>> {
        let has = move |known: &&Instance<'_>| {
            let step = &plan.steps[known.step];
            step.effect == effect
        };
        self.instances.iter().filter(has)
    }
}

impl<'a> Instance<'a> {
    fn new(step: usize, on: Option<&'a Name>) -> Self {
        Self {
            step,
            on,
            first_start: None,
            start: None,
            done: None,
            first_failed: None,
            last_failed: None,
            failed_attempts: 0,
            skipped: None,
        }
    }
}

/// The services a playbook's steps are made for: those its responders took on, those hit by a
/// fault themselves, and those still failed at the end. A service that failed because of
/// another and came back with it needed no step of its own. Where nothing tells, those that a
/// finding for this playbook names.
fn services<'a>(facts: &Facts<'a>, acts: &[StepAct<'a>], playbook: usize) -> Vec<&'a Name> {
    let mut names = acted_on(facts, acts, playbook, ForEach::FailedService);
    let mut add = |name: &'a Name| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for (i, (service, state, _)) in facts.states.iter().enumerate() {
        let is =
            |state: ServiceState| matches!(state, ServiceState::Down | ServiceState::Overloaded);
        let back = |state: ServiceState| matches!(state, ServiceState::Up | ServiceState::Degraded);
        let faulted = facts.faults.iter().any(|fault| fault.about.contains(service));
        let later = || {
            let mut later = facts.states[i + 1..].iter();
            later.any(|(other, state, _)| other == service && back(*state))
        };
        if is(*state) && (faulted || !later()) {
            add(&service.name);
        }
    }
    if facts.states.is_empty() {
        targets_of_findings(facts, playbook, EntityKind::Service, &mut add);
    }
    names.sort_by_key(|name| (facts.plan.priority(name), *name));
    names
}

/// The agents a playbook's steps are made for: taken on, hit by a fault, or found.
fn agents<'a>(facts: &Facts<'a>, acts: &[StepAct<'a>], playbook: usize) -> Vec<&'a Name> {
    let mut names = acted_on(facts, acts, playbook, ForEach::FailedAgent);
    let mut add = |name: &'a Name| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let faulted = facts.faults.iter().flat_map(|fault| &fault.about);
    faulted.filter(|about| about.kind == EntityKind::Agent).for_each(|about| add(&about.name));
    targets_of_findings(facts, playbook, EntityKind::Agent, &mut add);
    names.sort();
    names
}

fn acted_on<'a>(
    facts: &Facts<'a>,
    acts: &[StepAct<'a>],
    playbook: usize,
    each: ForEach,
) -> Vec<&'a Name> {
    let mut names = Vec::new();
    for act in acts {
        let Some(on) = act.on.filter(|on| !names.contains(on)) else {
            continue;
        };
        let shared = facts.plan.steps[act.step].shared;
        let mut of = facts.plan.steps[facts.plan.playbooks[playbook].steps.clone()].iter();
        if of.any(|step| step.shared == shared && step.for_each == each) {
            names.push(on);
        }
    }
    names
}

fn targets_of_findings<'a>(
    facts: &Facts<'a>,
    playbook: usize,
    kind: EntityKind,
    add: &mut impl FnMut(&'a Name),
) {
    let trigger = facts.plan.playbooks[playbook].trigger;
    for (_, event) in facts.findings.iter().filter(|(known, _)| *known == Some(trigger)) {
        event.about.iter().filter(|about| about.kind == kind).for_each(|about| add(&about.name));
    }
}

/// What became of an instance, and when it was due.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub outcome: StepOutcome,
    pub due: Option<SimTime>,
    /// The step that should have come before, as index into the instances.
    pub before: Option<usize>,
}

/// Judges instance `index`; see [`StepOutcome`].
pub(super) fn judge(facts: &Facts<'_>, index: usize) -> Judged {
    let instance = &facts.steps.instances[index];
    let step = &facts.plan.steps[instance.step];
    let due = step.due.and_then(|(from, within)| {
        let from = match step.duty {
            Some(_) => facts.marks[from],
            None => facts.clock(instance.step, from),
        };
        Some(from?.at + within)
    });
    let before = out_of_order(facts, index);
    let outcome = match instance.done {
        Some(_) if before.is_some() => StepOutcome::OutOfOrder,
        Some(done) if due.is_some_and(|due| done.at > due) => StepOutcome::Late,
        Some(_) => StepOutcome::Done,
        None => match instance.skipped {
            Some((_, true)) => StepOutcome::Justified,
            Some((_, false)) => StepOutcome::Skipped,
            None if was_due(facts, index, due) => StepOutcome::Skipped,
            None => StepOutcome::Censored,
        },
    };
    Judged { outcome, due, before }
}

/// Whether a step that was not done should have been before the record ended: its deadline has
/// passed, or, where it has none, the response went on past it.
fn was_due(facts: &Facts<'_>, index: usize, due: Option<SimTime>) -> bool {
    let instance = &facts.steps.instances[index];
    let step = &facts.plan.steps[instance.step];
    if let Some(due) = due {
        return facts.span.end >= due;
    }
    if step.due.is_some() || step.wait_for.is_some_and(|wait| facts.marks[wait].is_none()) {
        return false;
    }
    let finished = facts.stopped.is_some_and(|(reason, _)| *reason == "done");
    let resolved = facts.marks[mark::RESOLVED].is_some() && step.wait_for != Some(mark::RESOLVED);
    finished
        || resolved
        || facts.steps.instances.iter().any(|later| {
            later.done.is_some() && facts.plan.steps[later.step].after.contains(&instance.step)
        })
}

/// The instance that had to be done before `index` began and was done only later. A step never
/// done is a fault of its own and not held against those that follow it.
fn out_of_order(facts: &Facts<'_>, index: usize) -> Option<usize> {
    let instances = &facts.steps.instances;
    let instance = &instances[index];
    let begun = instance.begun()?;
    instance.done?;
    let step = &facts.plan.steps[instance.step];
    let repairs = matches!(step.effect, StepEffect::Restore | StepEffect::RepairData);
    let needed = |other: &Instance<'_>| {
        let plan = &facts.plan.steps[other.step];
        let same = other.on == instance.on || plan.for_each != step.for_each;
        let phases = plan.phase.zip(step.phase).filter(|_| plan.playbook == step.playbook);
        let phase = phases.is_some_and(|(before, mine)| before < mine);
        // Nobody waits for a target that was not hit yet.
        let hit =
            other.on == instance.on || other.on.is_none_or(|on| had_failed(facts, on, begun.at));
        hit && ((step.after.contains(&other.step) && same) || phase)
    };
    let settled = |other: &Instance<'_>| {
        // A check that found damage has done what a repair waits for.
        let checks = matches!(
            facts.plan.steps[other.step].effect,
            StepEffect::CheckData | StepEffect::Verify
        );
        let found = other.first_failed.filter(|_| checks && repairs);
        [found, other.settled()].into_iter().flatten().map(|mark| mark.at).min()
    };
    (0..instances.len()).find(|i| {
        let other = &instances[*i];
        let late = settled(other).is_some_and(|at| at > begun.at);
        *i != index
            && ((late && needed(other) && !other.excused(begun.at))
                || passed_over(facts, other, instance))
    })
}

/// Whether a target had been hit by `at`, as far as the record tells.
fn had_failed(facts: &Facts<'_>, target: &Name, at: SimTime) -> bool {
    let states = facts.states.iter().filter(|(known, _, _)| known.name == *target);
    let failed = states
        .filter(|(_, state, _)| matches!(state, ServiceState::Down | ServiceState::Overloaded));
    let faults = facts.faults.iter().filter(|fault| fault.about.iter().any(|r| r.name == *target));
    let mut hits = failed.map(|(_, _, at)| *at).chain(faults.map(|fault| fault.at)).peekable();
    hits.peek().is_none() || hits.any(|hit| hit <= at)
}

/// Whether `than`, a recovery step of one service, began before the same step of a failed
/// service that comes first in the pack's order, and no reason for it was typed before.
pub(super) fn passed_over(facts: &Facts<'_>, other: &Instance<'_>, than: &Instance<'_>) -> bool {
    use StepEffect::{AutoRecover, Degrade, Recover, RepairData, Restore};
    let step = &facts.plan.steps[than.step];
    if other.step != than.step
        || step.for_each != ForEach::FailedService
        || !matches!(step.effect, AutoRecover | Degrade | Recover | RepairData | Restore)
    {
        return false;
    }
    let (Some(first), Some(second), Some(begun)) = (other.on, than.on, than.first_begun()) else {
        return false;
    };
    facts.plan.priority(first) < facts.plan.priority(second)
        && other.first_begun().is_none_or(|other| other.at > begun.at)
        && !other.excused(begun.at)
        && failed_before(facts, first, begun.at)
}

/// Whether `service` had failed by `begun` and was not up again: one that fails
/// later, or came back by itself, was not passed over.
fn failed_before(facts: &Facts<'_>, service: &Name, begun: SimTime) -> bool {
    let mut seen = facts.states.iter().filter(|(known, _, _)| known.name == *service).peekable();
    if seen.peek().is_some() {
        let mut failed = false;
        for (_, state, _) in seen.filter(|(_, _, at)| *at <= begun) {
            failed = match state {
                ServiceState::Down | ServiceState::Overloaded => true,
                ServiceState::Up => false,
                ServiceState::Degraded | ServiceState::Recovering => failed,
            };
        }
        return failed;
    }
    let mut hit = facts
        .faults
        .iter()
        .filter(|fault| fault.about.iter().any(|about| about.name == *service))
        .peekable();
    hit.peek().is_none() || hit.any(|fault| fault.at <= begun)
}
