//! Playbooks with their names resolved to indices.

use super::super::rng::StreamName;
use super::plan::{Index, Milestone};
use crate::model::{ForEach, Name, Pack, Scenario, Stage, StepEffect, StepTime, Trigger};
use crate::units::SimDuration;

/// A step. Steps with one id in several playbooks share a global id, so that what was done
/// under one playbook counts under the next.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Global id.
    pub(super) id: usize,
    pub(super) role: usize,
    pub(super) effect: StepEffect,
    pub(super) time: StepTime,
    /// Global ids.
    pub(super) after: Vec<usize>,
    pub(super) wait_for: Milestone,
    pub(super) each: ForEach,
    pub(super) phase: Option<u32>,
    pub(super) channels: Vec<usize>,
    pub(super) duty: Option<usize>,
    pub(super) level: Option<u32>,
    pub(super) critical: bool,
    pub(super) destructive: bool,
    pub(super) runbook: bool,
    pub(super) last_resort: bool,
    /// The longest gap that the pack allows between two times it is done.
    pub(super) every: Option<SimDuration>,
    pub(super) action_kind: Option<Name>,
    /// Failures on purpose as `(target column, or 0 for any, attempts, text)`.
    pub(super) failures: Vec<(usize, u32, Name)>,
}

impl Step {
    /// Attempts that fail on purpose on this target.
    pub(super) fn failing_attempts(&self, target: usize) -> Option<(u32, &Name)> {
        let here = |(on, ..): &&(usize, u32, Name)| *on == 0 || *on == target;
        self.failures.iter().find(here).map(|(_, attempts, text)| (*attempts, text))
    }

    /// Whether simulated people may forget it: not when the response cannot end without it, and
    /// not when a deadline reminds them.
    pub(super) fn can_be_forgotten(&self) -> bool {
        let essential = matches!(
            self.effect,
            StepEffect::Recover
                | StepEffect::Declare
                | StepEffect::Verify
                | StepEffect::Restore
                | StepEffect::RepairData
                | StepEffect::ClaimMitigated
                | StepEffect::ClaimResolved
                | StepEffect::Switch
                | StepEffect::WorkLocally
                | StepEffect::Replay
                | StepEffect::Contain
        );
        !self.critical && !essential && self.duty.is_none()
    }

    /// The stage it takes a share of.
    pub(super) fn share(&self) -> Option<(Stage, f64)> {
        match self.time {
            StepTime::Share { stage, share } => Some((stage, share)),
            StepTime::Median(_) => None,
        }
    }
}

/// A playbook.
#[derive(Debug, Clone)]
pub(super) struct Playbook {
    pub(super) id: Name,
    pub(super) trigger: Trigger,
    pub(super) steps: Vec<Step>,
}

/// Every step id of a pack once, with the stream of its times.
pub(super) fn step_ids(pack: &Pack) -> Vec<(Name, StreamName)> {
    let mut ids: Vec<(Name, StreamName)> = Vec::new();
    for step in pack.playbooks.iter().flat_map(|playbook| &playbook.steps) {
        if ids.iter().all(|(name, _)| *name != step.id) {
            ids.push((step.id.clone(), StreamName::of(&format!("step:{}", step.id))));
        }
    }
    ids
}

/// Resolves all playbooks of the pack.
pub(super) fn playbooks(
    index: &Index<'_>,
    scenario: &Scenario,
    ids: &[(Name, StreamName)],
) -> Vec<Playbook> {
    let resolve = |playbook: &crate::model::Playbook| Playbook {
        id: playbook.id.clone(),
        trigger: playbook.trigger,
        steps: playbook.steps.iter().map(|s| step(index, scenario, ids, s)).collect(),
    };
    index.pack.playbooks.iter().map(resolve).collect()
}

fn step(
    index: &Index<'_>,
    scenario: &Scenario,
    ids: &[(Name, StreamName)],
    step: &crate::model::Step,
) -> Step {
    let id = |name: &Name| {
        ids.iter()
            .position(|(known, _)| known == name)
            .expect("invariant: loading refuses unknown steps")
    };
    let failures = scenario.failures.iter().filter(|failure| failure.step == step.id);
    let failure = |failure: &crate::model::StepFailure| {
        (index.target(failure.on.as_ref()), failure.attempts, failure.text.en.clone())
    };
    let duty = |name: &Name| index.pack.duties.iter().position(|duty| duty.id == *name);
    Step {
        id: id(&step.id),
        role: index.role(&step.role),
        effect: step.effect,
        time: step.time,
        after: step.after.iter().map(id).collect(),
        wait_for: Milestone::named(step.wait_for.as_ref()),
        each: step.for_each,
        phase: step.phase,
        channels: index.channels(&step.channels),
        duty: step.duty.as_ref().and_then(duty),
        level: step.level,
        critical: step.critical,
        destructive: step.destructive,
        runbook: step.runbook,
        last_resort: step.last_resort,
        every: every(index.pack, &step.id),
        action_kind: step.action_kind.clone(),
        failures: failures.map(failure).collect(),
    }
}

/// The shortest gap that a measure allows between two times that a step is done.
fn every(pack: &Pack, step: &Name) -> Option<SimDuration> {
    let of = |measure: &&crate::model::Measure| {
        measure.cadence && measure.to.strip_prefix("step:") == Some(step.as_str())
    };
    let gaps = pack.measures.iter().filter(of).flat_map(|measure| measure.targets.values());
    gaps.map(|target| target.within).min()
}

/// Whether a playbook for `a` makes one for `b` needless.
pub(super) fn supersedes(a: Trigger, b: Trigger) -> bool {
    match a {
        Trigger::MultiService => matches!(b, Trigger::ServiceOutage | Trigger::Minor),
        Trigger::ServiceOutage => b == Trigger::Minor,
        Trigger::AgentHang => b == Trigger::AgentQuality,
        Trigger::DataLoss | Trigger::Security => {
            matches!(b, Trigger::ServiceOutage | Trigger::Minor)
        }
        Trigger::Internet => {
            matches!(b, Trigger::Communication | Trigger::CodeHost | Trigger::Coordination)
        }
        _ => false,
    }
}
