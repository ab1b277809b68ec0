//! A pack compiled for scoring: names become numbers once, not once per trial.

use crate::model::MILESTONES;
use crate::model::{
    Audience, ForEach, Gate, Lengthening, Measure, Name, Pack, SignalKind, Source, Step,
    StepEffect, Target, Trigger,
};
use crate::timeline::Header;
use crate::units::SimDuration;

/// Position of each milestone in [`MILESTONES`].
pub(super) mod mark {
    pub(crate) const FAULT_START: usize = 0;
    pub(crate) const IMPACT_START: usize = 1;
    pub(crate) const DETECTABLE: usize = 2;
    pub(crate) const DETECTED: usize = 3;
    pub(crate) const PAGE_DELIVERED: usize = 4;
    pub(crate) const ACKED: usize = 5;
    pub(crate) const DECLARED: usize = 6;
    pub(crate) const ROLES_FILLED: usize = 7;
    pub(crate) const FIRST_INTERNAL: usize = 8;
    pub(crate) const FIRST_EXTERNAL: usize = 9;
    pub(crate) const CORRECT_HYPOTHESIS: usize = 10;
    pub(crate) const MITIGATED: usize = 11;
    pub(crate) const RESOLVED: usize = 12;
    pub(crate) const REPORT_DELIVERED: usize = 13;
    pub(crate) const ACTIONS_FILED: usize = 14;
}

/// One end of a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Index into [`MILESTONES`].
    Milestone(usize),
    /// First acknowledgement or step begun.
    FirstAction,
    /// Index into the pack's duties.
    Duty(usize),
    /// All steps of a rung, or all steps of one id; indices into [`ScorePlan::steps`].
    Steps(Vec<usize>),
    /// The span that an observation states.
    Signal(SignalKind),
    /// The pack names something that does not exist; `load` refuses that.
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct PlanMeasure {
    pub from: End,
    pub to: End,
    pub cadence: bool,
    pub lengthens: Vec<Lengthening>,
    /// By severity rank.
    pub targets: Vec<Option<Target>>,
}

#[derive(Debug, Clone)]
pub(super) struct PlanStep {
    pub id: Name,
    /// Index of the first step with this id: what was done of it under one playbook counts under
    /// every other.
    pub shared: usize,
    /// Index into the pack's playbooks.
    pub playbook: usize,
    /// Index into the playbook's steps.
    pub step: usize,
    pub effect: StepEffect,
    pub for_each: ForEach,
    pub after: Vec<usize>,
    pub phase: Option<u32>,
    /// Milestone and time allowed, of the step's rung or else of its duty.
    pub due: Option<(usize, SimDuration)>,
    pub duty: Option<usize>,
    pub wait_for: Option<usize>,
    pub critical: bool,
    pub destructive: bool,
    /// Only asked for when nothing before it helped.
    pub last_resort: bool,
    /// Roles that it tells: it has worked once one of them answers.
    pub tells: Vec<Name>,
    /// The header names it.
    pub required: bool,
}

#[derive(Debug, Clone)]
pub(super) struct PlanPlaybook {
    pub trigger: Trigger,
    /// Range into [`ScorePlan::steps`].
    pub steps: std::ops::Range<usize>,
    /// The header names one of its steps.
    pub required: bool,
}

#[derive(Debug, Clone)]
pub(super) struct PlanDuty {
    pub id: Name,
    pub from: Option<usize>,
    pub within: SimDuration,
    pub external: bool,
    pub fields: Vec<(Name, bool)>,
    /// By severity rank; `None` where the duty does not apply. Each entry is a channel with
    /// everything that may carry its messages instead.
    pub channels: Vec<Option<Vec<Vec<Name>>>>,
}

/// A pack and the unchanging part of a header, compiled once for many trials.
#[derive(Debug, Clone)]
pub struct ScorePlan {
    pub(super) source: Source,
    /// What a recorded incident does not tell, by the names of the header's `not_published`.
    pub(super) hidden: Vec<Name>,
    pub(super) expect_nothing: bool,
    /// Rank of the expected severity.
    pub(super) expected: Option<usize>,
    /// Level names by rank, most severe first.
    pub(super) levels: Vec<Name>,
    pub(super) priorities: Vec<(Name, u32)>,
    pub(super) playbooks: Vec<PlanPlaybook>,
    pub(super) steps: Vec<PlanStep>,
    /// `(step, playbook, index into steps)`, ascending.
    lookup: Vec<(Name, Name, usize)>,
    pub(super) duties: Vec<PlanDuty>,
    /// The duty behind the milestone `report_delivered`.
    pub(super) final_duty: Option<usize>,
    pub(super) measures: Vec<PlanMeasure>,
    /// Signals that measures read.
    pub(super) signals: Vec<SignalKind>,
    pub(super) gates: Vec<Gate>,
    /// Whether the expected severity, where known, pages somebody.
    pub(super) expected_pages: bool,
}

impl PlanStep {
    /// Whether the need for it depends on what is found: left out with a reason, it is no
    /// deviation.
    pub(super) fn depends(&self) -> bool {
        self.last_resort || super::adherence::depends(self.effect)
    }
}

impl ScorePlan {
    /// Compiles `pack` for timelines that share `header`'s source, expectations and required
    /// steps. Instants are not part of the plan.
    pub fn new(pack: &Pack, header: &Header) -> Self {
        let (playbooks, steps) = steps(pack, header);
        let mut lookup: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(i, s)| (s.id.clone(), pack.playbooks[s.playbook].id.clone(), i))
            .collect();
        lookup.sort();
        let expected = header.expected_severity.as_ref().and_then(|level| pack.rank(level));
        let resolved = pack.duties.iter().rposition(|duty| duty.from == "resolved");
        Self {
            source: header.source,
            hidden: header.not_published.clone(),
            expect_nothing: header.expect_nothing,
            expected,
            levels: pack.severities.iter().map(|severity| severity.level.clone()).collect(),
            priorities: pack.priorities.iter().map(|p| (p.service.clone(), p.rank)).collect(),
            signals: pack.measures.iter().filter_map(|m| signal(&m.to)).collect(),
            measures: pack.measures.iter().map(|m| measure(pack, &steps, m)).collect(),
            duties: duties(pack),
            final_duty: resolved.or(pack.duties.len().checked_sub(1)),
            gates: pack.gates.clone(),
            expected_pages: expected.is_some_and(|rank| pack.severities[rank].pages),
            playbooks,
            steps,
            lookup,
        }
    }

    /// Index of a step.
    pub(super) fn step(&self, playbook: &str, step: &str) -> Option<usize> {
        let key = (step, playbook);
        let found = self.lookup.binary_search_by(|(s, p, _)| (&**s, &**p).cmp(&key));
        found.ok().map(|i| self.lookup[i].2)
    }

    /// Rank of a severity level, 0 being the most severe.
    pub(super) fn rank(&self, level: &str) -> Option<usize> {
        self.levels.iter().position(|known| &**known == level)
    }

    /// Index of a duty.
    pub(super) fn duty(&self, id: &str) -> Option<usize> {
        self.duties.iter().position(|duty| &*duty.id == id)
    }

    /// Recovery rank of a service; services without one come last, in any order.
    pub(super) fn priority(&self, service: &str) -> u32 {
        let known = self.priorities.iter().find(|(name, _)| &**name == service);
        known.map_or(u32::MAX, |(_, rank)| *rank)
    }
}

pub(super) fn milestone(name: &str) -> Option<usize> {
    MILESTONES.iter().position(|known| *known == name)
}

fn steps(pack: &Pack, header: &Header) -> (Vec<PlanPlaybook>, Vec<PlanStep>) {
    let (mut playbooks, mut all) = (Vec::new(), Vec::new());
    for (p, playbook) in pack.playbooks.iter().enumerate() {
        let first = all.len();
        let index = |id: &Name| playbook.steps.iter().position(|s| s.id == *id).map(|i| first + i);
        let mut any_required = false;
        for (s, step) in playbook.steps.iter().enumerate() {
            let rung = step.rung.as_ref();
            let rung = rung.and_then(|id| playbook.rungs.iter().find(|rung| rung.id == *id));
            let duty = step.duty.as_ref();
            let duty = duty.and_then(|id| pack.duties.iter().position(|duty| duty.id == *id));
            let due = rung.map(|rung| (&rung.from, rung.within));
            let due = due.or(duty.map(|d| (&pack.duties[d].from, pack.duties[d].within)));
            let required = header
                .required_steps
                .iter()
                .any(|required| required.playbook == playbook.id && required.step == step.id);
            any_required |= required;
            let shared = all.iter().position(|known: &PlanStep| known.id == step.id);
            all.push(PlanStep {
                id: step.id.clone(),
                shared: shared.unwrap_or(all.len()),
                playbook: p,
                step: s,
                effect: step.effect,
                for_each: step.for_each,
                after: step.after.iter().filter_map(index).collect(),
                phase: step.phase,
                due: due.and_then(|(from, within)| Some((milestone(from)?, within))),
                duty,
                wait_for: step.wait_for.as_ref().and_then(|name| milestone(name)),
                critical: step.critical,
                destructive: step.destructive,
                last_resort: step.last_resort,
                tells: told(pack, step),
                required,
            });
        }
        playbooks.push(PlanPlaybook {
            trigger: playbook.trigger,
            steps: first..all.len(),
            required: any_required,
        });
    }
    (playbooks, all)
}

/// The roles that a step of escalation tells.
fn told(pack: &Pack, step: &Step) -> Vec<Name> {
    let level = step.level.filter(|_| step.effect == StepEffect::Escalate);
    let level = level.and_then(|number| pack.levels.iter().find(|level| level.level == number));
    level.map_or_else(Vec::new, |level| level.to.clone())
}

fn duties(pack: &Pack) -> Vec<PlanDuty> {
    let carriers = |name: &Name| {
        let mut carriers = vec![name.clone()];
        let mut next = 0;
        while next < carriers.len() {
            let channel = pack.channel(&carriers[next]);
            for fallback in channel.into_iter().flat_map(|channel| &channel.fallback) {
                if !carriers.contains(fallback) {
                    carriers.push(fallback.clone());
                }
            }
            next += 1;
        }
        carriers
    };
    let duty = |duty: &crate::model::Duty| PlanDuty {
        id: duty.id.clone(),
        from: milestone(&duty.from),
        within: duty.within,
        external: duty.audience == Audience::External,
        fields: duty.fields.iter().map(|f| (f.id.clone(), f.may_be_preliminary)).collect(),
        channels: pack
            .severities
            .iter()
            .map(|severity| {
                let channels = duty.channels.get(&severity.level)?;
                Some(channels.iter().map(carriers).collect())
            })
            .collect(),
    };
    pack.duties.iter().map(duty).collect()
}

fn end(pack: &Pack, steps: &[PlanStep], name: &str) -> End {
    if name == "first_action" {
        return End::FirstAction;
    }
    if let Some(index) = milestone(name) {
        return End::Milestone(index);
    }
    if let Some(id) = name.strip_prefix("duty:") {
        let index = pack.duties.iter().position(|duty| &*duty.id == id);
        return index.map_or(End::Unknown, End::Duty);
    }
    if let Some(word) = name.strip_prefix("signal:") {
        return SignalKind::from_word(word).map_or(End::Unknown, End::Signal);
    }
    let Some(id) = name.strip_prefix("step:") else {
        return End::Unknown;
    };
    let found = step_indices(pack, steps, id);
    if found.is_empty() { End::Unknown } else { End::Steps(found) }
}

fn signal(end: &Name) -> Option<SignalKind> {
    end.strip_prefix("signal:").and_then(SignalKind::from_word)
}

/// The steps of rung `id`, or else all steps with that id.
fn step_indices(pack: &Pack, steps: &[PlanStep], id: &str) -> Vec<usize> {
    let chosen = |keep: &dyn Fn(&PlanStep) -> bool| -> Vec<usize> {
        (0..steps.len()).filter(|i| keep(&steps[*i])).collect()
    };
    let rung = chosen(&|step| {
        let source = &pack.playbooks[step.playbook].steps[step.step];
        source.rung.as_ref().is_some_and(|rung| &**rung == id)
    });
    if rung.is_empty() { chosen(&|step| &*step.id == id) } else { rung }
}

fn measure(pack: &Pack, steps: &[PlanStep], measure: &Measure) -> PlanMeasure {
    let target = |level: &Name| measure.targets.get(level).copied();
    PlanMeasure {
        from: end(pack, steps, &measure.from),
        to: end(pack, steps, &measure.to),
        cadence: measure.cadence,
        lengthens: measure.lengthens.clone(),
        targets: pack.severities.iter().map(|severity| target(&severity.level)).collect(),
    }
}

/// Whether a procedure for `a` takes the place of one for `b`: what it demands is more.
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
