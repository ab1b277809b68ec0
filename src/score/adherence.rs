//! The sequence check: what the procedure demanded, in its order, beside what was done.

use super::card::{DutyResult, Rating, StepOutcome, StepResult};
use super::facts::Facts;
use super::steps::{self, Judged};
use crate::model::{Name, Pack, Source, StepEffect, Violation};
use crate::timeline::EventId;

/// Rules of the sequence check; a pack's scripts have rules of their own.
pub(super) mod rule {
    pub(crate) const RANK: &str = "recovery-out-of-rank";
    pub(crate) const UNVERIFIED: &str = "resolved-before-verified";
    pub(crate) const NO_BACKUP: &str = "destructive-without-backup";
    pub(crate) const NO_APPROVAL: &str = "destructive-without-approval";
}

/// Judges every instance once.
pub(super) fn judge_all(facts: &Facts<'_>) -> Vec<Judged> {
    (0..facts.steps.instances.len()).map(|i| steps::judge(facts, i)).collect()
}

/// The steps in procedure order.
pub(super) fn results(facts: &Facts<'_>, pack: &Pack, judged: &[Judged]) -> Vec<StepResult> {
    let pairs = facts.steps.instances.iter().zip(judged);
    let result = |(instance, judged): (&steps::Instance<'_>, &Judged)| {
        let plan = &facts.plan.steps[instance.step];
        let playbook = &pack.playbooks[plan.playbook];
        let marks = [instance.first_start, instance.done, instance.skipped.map(|(mark, _)| mark)];
        let failed = instance.last_failed.filter(|_| instance.done.is_none());
        let before = judged.before.and_then(|i| facts.steps.instances[i].settled());
        let marks = marks.into_iter().chain([failed, before]);
        StepResult {
            playbook: playbook.id.clone(),
            step: plan.id.clone(),
            on: instance.on.cloned(),
            title: playbook.steps[plan.step].title.clone(),
            outcome: judged.outcome,
            critical: plan.critical,
            at: instance.done.map(|mark| mark.at),
            failed_attempts: instance.failed_attempts,
            due: judged.due,
            evidence: sorted(marks.flatten().map(|mark| mark.event).collect()),
        }
    };
    pairs.map(result).collect()
}

fn sorted(mut ids: Vec<EventId>) -> Vec<EventId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn violation(
    rule: &str,
    message: String,
    evidence: Vec<EventId>,
    unsafe_action: bool,
) -> Violation {
    Violation {
        rule: Name::from(rule),
        message: Name::from(message),
        evidence: sorted(evidence),
        unsafe_action,
    }
}

/// The rules broken, by the order of the events that show them.
pub(super) fn violations(facts: &Facts<'_>) -> Vec<Violation> {
    let mut all = out_of_rank(facts);
    all.extend(unverified(facts));
    all.extend(destructive(facts));
    all.sort_by(|a, b| (&a.evidence, &a.rule).cmp(&(&b.evidence, &b.rule)));
    all
}

/// Adds what the pack's script found. A script may know a rule of the sequence check by the same
/// name; what both found with an event in common counts once.
pub(super) fn merge(mut found: Vec<Violation>, script: &[Violation]) -> Vec<Violation> {
    let own = found.len();
    for violation in script {
        let mut same = found[..own].iter().filter(|known| known.rule == violation.rule);
        if !same.any(|known| known.evidence.iter().any(|id| violation.evidence.contains(id))) {
            found.push(violation.clone());
        }
    }
    found
}

/// A recovery step that began before the same step began for a failed service that comes first,
/// without a reason typed before.
fn out_of_rank(facts: &Facts<'_>) -> Vec<Violation> {
    let instances = &facts.steps.instances;
    let mut all = Vec::new();
    for than in instances {
        let passed: Vec<_> =
            instances.iter().filter(|other| steps::passed_over(facts, other, than)).collect();
        let (Some(service), Some(begun), false) = (than.on, than.first_begun(), passed.is_empty())
        else {
            continue;
        };
        let names: Vec<&str> = passed.iter().filter_map(|other| other.on).map(|n| &**n).collect();
        let step = &facts.plan.steps[than.step].id;
        let message = format!("{step} of {service} began before that of {}", names.join(", "));
        let later = passed.iter().filter_map(|other| other.first_begun()).map(|mark| mark.event);
        let evidence = later.chain([begun.event]).collect();
        all.push(violation(rule::RANK, message, evidence, false));
    }
    all
}

/// `resolved` claimed before every verification was done, or before users were no longer
/// affected.
fn unverified(facts: &Facts<'_>) -> Vec<Violation> {
    let mut all = Vec::new();
    for claim in &facts.resolved_claims {
        let open = facts.verified(claim);
        let names: Vec<String> = open
            .iter()
            .map(|i| {
                let instance = &facts.steps.instances[*i];
                let on = instance.on.map(|on| format!(" of {on}")).unwrap_or_default();
                format!("{}{on}", facts.plan.steps[instance.step].id)
            })
            .collect();
        let message = if !open.is_empty() {
            format!("resolved was claimed before: {}", names.join(", "))
        } else if facts.sli.bad_at(claim.at) {
            "resolved was claimed while an SLI was outside its SLO".to_owned()
        } else {
            continue;
        };
        all.push(violation(rule::UNVERIFIED, message, vec![claim.event], false));
    }
    all
}

/// A destructive step needs a backup done before it begins, and an approval given before.
fn destructive(facts: &Facts<'_>) -> Vec<Violation> {
    let mut all = Vec::new();
    for instance in &facts.steps.instances {
        let step = &facts.plan.steps[instance.step];
        let begun = instance.first_start.or(instance.begun());
        let (true, Some(begun)) = (step.destructive, begun) else {
            continue;
        };
        let on = instance.on.map(|on| format!(" of {on}")).unwrap_or_default();
        let backup = facts.steps.instances.iter().any(|other| {
            facts.plan.steps[other.step].effect == StepEffect::Backup
                && (other.on.is_none() || instance.on.is_none() || other.on == instance.on)
                && other.done.is_some_and(|done| done.at <= begun.at)
        });
        if !backup {
            let message = format!("{}{on} began without a backup before it", step.id);
            all.push(violation(rule::NO_BACKUP, message, vec![begun.event], true));
        }
        let approved =
            facts.approvals.iter().any(|(what, given)| **what == step.id && given.at <= begun.at);
        if !approved {
            let message = format!("{}{on} began without an approval", step.id);
            all.push(violation(rule::NO_APPROVAL, message, vec![begun.event], true));
        }
    }
    all
}

/// Whether the need for such a step depends on what is found: there may be nothing to repair, no
/// degraded mode, nothing that carries, or nothing wrong any more. Left out with a reason, it is no deviation.
pub(super) fn depends(effect: StepEffect) -> bool {
    use StepEffect::{
        ActivateBackup, AutoRecover, Degrade, HandOver, Recover, RepairData, Restore, Switch,
    };
    matches!(
        effect,
        ActivateBackup | AutoRecover | Degrade | HandOver | Recover | RepairData | Restore | Switch
    )
}

/// The sequence check as a rating with its arithmetic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adherence {
    pub rating: Rating,
    pub rule: String,
    pub evidence: Vec<EventId>,
}

/// U with a critical step left out or an unsafe action; else M with two or more faults, S with
/// one, with a reason typed for a deviation, or with a hint; else P. A step out of rank is one
/// fault, not two. N/O where nothing was due.
pub(super) fn rate(facts: &Facts<'_>, judged: &[Judged], violations: &[Violation]) -> Adherence {
    let (mut done, mut late, mut order, mut skipped) = (0u32, 0u32, 0u32, 0u32);
    let (mut justified, mut needless, mut critical) = (0u32, 0u32, 0u32);
    let mut evidence = Vec::new();
    for (instance, judged) in facts.steps.instances.iter().zip(judged) {
        let step = &facts.plan.steps[instance.step];
        match judged.outcome {
            StepOutcome::Done => done += 1,
            StepOutcome::Late => late += 1,
            StepOutcome::OutOfOrder => order += 1,
            StepOutcome::Justified if step.depends() => needless += 1,
            StepOutcome::Justified => justified += 1,
            StepOutcome::Skipped => {
                skipped += 1;
                critical += u32::from(step.critical);
            }
            StepOutcome::Censored => continue,
        }
        if !matches!(judged.outcome, StepOutcome::Done) {
            let marks = [instance.begun(), instance.done, instance.skipped.map(|(mark, _)| mark)];
            evidence.extend(marks.into_iter().flatten().map(|mark| mark.event));
        }
    }
    let broken = violations.iter().filter(|v| *v.rule != *rule::RANK).count();
    let dangerous = violations.iter().filter(|v| v.unsafe_action).count();
    evidence.extend(violations.iter().flat_map(|violation| &violation.evidence));
    let faults = (late + order + skipped) as usize + broken;
    let hints = facts.hints.len();
    let all = done + late + order + skipped + justified + needless;
    let rating = match faults {
        _ if all == 0 && violations.is_empty() => Rating::NotObservable,
        _ if critical > 0 || dangerous > 0 => Rating::U,
        2.. => Rating::M,
        _ if hints >= 2 => Rating::M,
        1 => Rating::S,
        _ if justified > 0 || hints == 1 => Rating::S,
        _ => Rating::P,
    };
    let rule = format!(
        "{done} of {all} steps done in order and in time; {late} late, {order} out of order, \
         {skipped} left out ({critical} critical), {justified} left out with a reason, \
         {needless} left out as there was no need; {broken} other violations ({dangerous} unsafe), {hints} hints"
    );
    Adherence { rating, rule, evidence: sorted(evidence) }
}

/// The reports due, in the pack's order.
pub(super) fn duties(facts: &Facts<'_>, pack: &Pack) -> Vec<DutyResult> {
    let applying = |i: &usize| {
        let recorded = facts.plan.source == Source::Recorded;
        let seen = !facts.duties[*i].events.is_empty();
        seen || facts.duty_applies(*i) && !facts.plan.expect_nothing && !recorded
    };
    let result = |i: usize| {
        let (plan, facts_of) = (&facts.plan.duties[i], &facts.duties[i]);
        let from = plan.from.and_then(|from| facts.marks[from]);
        let missing = plan.fields.iter().zip(&facts_of.have).filter(|(_, have)| !**have);
        let preliminary = plan.fields.iter().zip(&facts_of.preliminary).filter(|(_, is)| **is);
        DutyResult {
            duty: plan.id.clone(),
            title: pack.duties[i].title.clone(),
            due: from.map(|from| from.at + plan.within),
            at: facts_of.complete.map(|mark| mark.at),
            missing: missing.map(|((field, _), _)| field.clone()).collect(),
            preliminary: preliminary.map(|((field, _), _)| field.clone()).collect(),
            evidence: sorted(
                facts_of.events.iter().copied().chain(from.map(|m| m.event)).collect(),
            ),
        }
    };
    (0..facts.duties.len()).filter(applying).map(result).collect()
}
