//! Ratings of response times.

use super::card::{MeasureResult, Rating, StepOutcome};
use super::facts::{Facts, Mark};
use super::plan::{End, PlanMeasure, mark};
use super::reading::{self, Reading, Shown};
use super::steps::Judged;
use crate::model::{Measure, Pack, StepEffect};
use crate::units::SimDuration;

/// Rates every measure of the pack. `judged` belongs to the steps' instances.
pub(super) fn measures(facts: &Facts<'_>, pack: &Pack, judged: &[Judged]) -> Vec<MeasureResult> {
    let pairs = pack.measures.iter().zip(&facts.plan.measures);
    pairs.map(|(source, plan)| measure(facts, pack, source, plan, judged)).collect()
}

fn measure(
    facts: &Facts<'_>,
    pack: &Pack,
    source: &Measure,
    plan: &PlanMeasure,
    judged: &[Judged],
) -> MeasureResult {
    let reading = reading::read(facts, plan);
    let floor = reading::floor(facts, plan);
    let target = reading.target.map(|target| target.within);
    let below_floor = target.zip(floor).is_some_and(|(target, floor)| target < floor);
    let value = match reading.shown {
        Shown::Value(value) => Some(value),
        Shown::Censored(_) | Shown::Missing(_) => None,
    };
    let mut rated = rate(&reading, &missing_target(facts, pack));
    if reading.announced {
        rated.rule.push_str("; the update before announced it");
    }
    steps_lower(facts, plan, judged, &reading, &mut rated);
    duty_lower(facts, plan, &reading, &mut rated);
    hints_lower(facts, plan, &reading, &mut rated);
    if below_floor && matches!(rated.rating, Rating::M | Rating::U) {
        let floor = floor.unwrap_or_default().human();
        rated.rule.push_str(&format!("; the tools allow {floor} at the earliest: not rated"));
        rated.rating = Rating::NotObservable;
        rated.reason.get_or_insert_with(|| "the target lies below its floor".to_owned());
    }
    MeasureResult {
        name: source.name.clone(),
        title: source.title.clone(),
        from: source.from.clone(),
        to: source.to.clone(),
        value,
        target,
        target_assumed: reading.target.is_some_and(|target| target.assumed),
        floor,
        rating: rated.rating,
        below_floor,
        straddles: rated.straddles,
        evidence: evidence(facts, plan, &reading),
        rule: rated.rule,
        reason: rated.reason,
    }
}

/// A rating on its way.
struct Rated {
    rating: Rating,
    straddles: bool,
    rule: String,
    reason: Option<String>,
}

impl Rated {
    fn lower_to(&mut self, rating: Rating, because: &str) {
        if self.rating < rating {
            self.rating = rating;
            self.rule.push_str("; ");
            self.rule.push_str(because);
        }
    }
}

fn missing_target(facts: &Facts<'_>, pack: &Pack) -> String {
    match facts.severity {
        _ if facts.plan.expect_nothing => reading::why::NOTHING_EXPECTED.to_owned(),
        Some(rank) => format!("no target at severity {}", pack.severities[rank].level),
        None => "no severity is known, so no target applies".to_owned(),
    }
}

/// P within the target, M within 1.5 times the target, else U (`scoring`, rubric).
pub(super) fn base(value: SimDuration, target: SimDuration) -> Rating {
    if value <= target {
        Rating::P
    } else if i128::from(value.ms()) * 2 <= i128::from(target.ms()) * 3 {
        Rating::M
    } else {
        Rating::U
    }
}

fn rate(reading: &Reading, no_target: &str) -> Rated {
    let unrated = |rule: String, reason: &str| Rated {
        rating: Rating::NotObservable,
        straddles: false,
        rule,
        reason: Some(reason.to_owned()),
    };
    let Some(target) = reading.target.map(|target| target.within) else {
        return match reading.shown {
            Shown::Value(value) => unrated(format!("{}: not rated", value.human()), no_target),
            Shown::Censored(after) => {
                let rule = format!("not reached in {}: not rated", after.human());
                unrated(rule, reading::why::NOT_REACHED)
            }
            Shown::Missing(reason) => unrated("no value: not rated".to_owned(), reason),
        };
    };
    match reading.shown {
        Shown::Missing(reason) => unrated(format!("no value, target {}", target.human()), reason),
        Shown::Censored(after) if after < target => {
            let rule = format!(
                "the record ends after {}, before the target of {} had passed",
                after.human(),
                target.human()
            );
            unrated(rule, reading::why::NOT_REACHED)
        }
        Shown::Censored(after) => Rated {
            rating: Rating::U,
            straddles: false,
            rule: format!("not done in {}, target {}", after.human(), target.human()),
            reason: Some(reading::why::NOT_REACHED.to_owned()),
        },
        Shown::Value(value) => rate_value(value, reading.uncertainty, target),
    }
}

fn rate_value(value: SimDuration, uncertainty: SimDuration, target: SimDuration) -> Rated {
    let worst = value + uncertainty;
    let rating = base(worst, target);
    let straddles = rating != base(value - uncertainty, target);
    let (mut shown, mut limit) = (value.human(), target.human());
    if shown == limit && value != target {
        (shown, limit) = (value.to_string(), target.to_string());
    }
    if uncertainty > SimDuration::ZERO {
        shown = format!("{shown} +{}", uncertainty.human());
    }
    let mut rule = match rating {
        Rating::P => format!("{shown} <= {limit}: target met"),
        Rating::M => format!("{limit} < {shown} <= 1.5 x {limit}: target missed by half or less"),
        _ => format!("{shown} > 1.5 x {limit}: target missed"),
    };
    if straddles {
        rule.push_str("; the uncertainty straddles a limit, so the worse rating is given");
    }

    Rated { rating, straddles, rule, reason: None }
}

/// The steps of a rung lower the rating of its measure: one that was late, out of order or
/// left out allows S, two allow M, a critical one left out is U. One left out with a reason
/// typed at the time allows S.
fn steps_lower(
    facts: &Facts<'_>,
    plan: &PlanMeasure,
    judged: &[Judged],
    reading: &Reading,
    rated: &mut Rated,
) {
    let End::Steps(steps) = &plan.to else { return };
    let (mut faults, mut justified, mut critical) = (0u32, false, false);
    let mut unheard = false;
    let mut last_done = reading.from;
    for (instance, judged) in facts.steps.instances.iter().zip(judged) {
        if !steps.contains(&instance.step) {
            continue;
        }
        unheard |= instance.done.is_some_and(|done| facts.heard(instance.step, done).is_none());
        last_done = last_done.zip(instance.done).map(|(a, b)| a.later(b)).or(last_done);
        match judged.outcome {
            StepOutcome::Late | StepOutcome::OutOfOrder => faults += 1,
            StepOutcome::Skipped => {
                faults += 1;
                critical |= facts.plan.steps[instance.step].critical;
            }
            StepOutcome::Justified => {
                justified |= !facts.plan.steps[instance.step].depends();
            }
            StepOutcome::Done | StepOutcome::Censored => {}
        }
    }
    let partly = matches!(reading.shown, Shown::Censored(_))
        && !critical
        && !unheard
        && rated.rating == Rating::U
        && reading.to.is_none();
    if partly {
        part_done(facts, steps, reading, last_done, rated);
    }
    match faults {
        _ if critical => rated.lower_to(Rating::U, "a critical step was left out"),
        0 if justified => rated.lower_to(Rating::S, "a step was left out with a reason"),
        0 => {}
        1 => rated.lower_to(Rating::S, "one step was late, out of order or left out"),
        _ => rated.lower_to(Rating::M, "two or more steps were late, out of order or left out"),
    }
}

/// A rung of which only steps that are not critical were left out is rated by the rest, if that
/// is at least half and met the target: S with one left out, M with more.
fn part_done(
    facts: &Facts<'_>,
    steps: &[usize],
    reading: &Reading,
    last_done: Option<Mark>,
    rated: &mut Rated,
) {
    let of = || facts.steps.instances.iter().filter(|i| steps.contains(&i.step));
    let done = of().filter(|i| i.done.is_some()).count();
    let open = of().filter(|i| i.done.is_none() && !i.justified()).count();
    let (Some(from), Some(last), Some(target)) = (reading.from, last_done, reading.target) else {
        return;
    };
    if done >= open && base(last.at + last.uncertainty - from.at, target.within) == Rating::P {
        rated.rating = if open == 1 { Rating::S } else { Rating::M };
        rated.rule = format!("{done} of {} steps done within the target", done + open);
    }
}

/// A report that came in time with at most half of its fields missing rates M.
fn duty_lower(facts: &Facts<'_>, plan: &PlanMeasure, reading: &Reading, rated: &mut Rated) {
    let (End::Duty(duty), Rating::U, None) = (&plan.to, rated.rating, reading.to) else {
        return;
    };
    let duty = &facts.duties[*duty];
    let missing = duty.have.iter().filter(|have| !**have).count();
    let (Some(from), Some(last), Some(target)) = (reading.from, duty.last, reading.target) else {
        return;
    };
    if missing * 2 <= duty.have.len() && last.at - from.at <= target.within {
        rated.rating = Rating::M;
        rated.rule = format!("delivered in time, {missing} of {} fields missing", duty.have.len());
    }
}

/// A hint given while the measure ran allows S, two or more allow M. A hint about a step counts
/// where the measure ends with that step or with what the step brings about.
fn hints_lower(facts: &Facts<'_>, plan: &PlanMeasure, reading: &Reading, rated: &mut Rated) {
    let Some(from) = reading.from else { return };
    let to = reading.to.map_or(facts.span.end, |to| to.at);
    let helped = |step: Option<&crate::model::Name>| {
        let Some(step) = step else { return true };
        facts.plan.steps.iter().enumerate().any(|(i, known)| {
            known.id == *step
                && match &plan.to {
                    End::Steps(steps) => steps.contains(&i),
                    End::Duty(duty) => known.duty == Some(*duty),
                    End::FirstAction => true,
                    End::Milestone(milestone) => brings(known.effect) == Some(*milestone),
                    End::Signal(_) | End::Unknown => false,
                }
        })
    };
    let hints = facts
        .hints
        .iter()
        .filter(|(step, mark)| mark.at >= from.at && mark.at <= to && helped(*step));
    match hints.count() {
        0 => {}
        1 => rated.lower_to(Rating::S, "with a hint"),
        _ => rated.lower_to(Rating::M, "with help of the facilitator"),
    }
}

/// The milestone that a step of this kind brings about.
fn brings(effect: StepEffect) -> Option<usize> {
    Some(match effect {
        StepEffect::Declare => mark::DECLARED,
        StepEffect::Assemble => mark::ROLES_FILLED,
        StepEffect::Message => mark::FIRST_INTERNAL,
        StepEffect::PublicUpdate => mark::FIRST_EXTERNAL,
        StepEffect::Diagnose => mark::CORRECT_HYPOTHESIS,
        StepEffect::AutoRecover | StepEffect::Recover | StepEffect::Restore => mark::MITIGATED,
        StepEffect::Verify | StepEffect::ClaimResolved => mark::RESOLVED,
        StepEffect::FileAction => mark::ACTIONS_FILED,
        _ => return None,
    })
}

fn evidence(facts: &Facts<'_>, plan: &PlanMeasure, reading: &Reading) -> Vec<u32> {
    let mut ids: Vec<u32> =
        [reading.from, reading.to].into_iter().flatten().map(|mark| mark.event).collect();
    match &plan.to {
        End::Steps(steps) => {
            let of = facts.steps.instances.iter().filter(|i| steps.contains(&i.step));
            let heard = of.clone().filter_map(|i| facts.heard(i.step, i.done?));
            ids.extend(of.filter_map(|i| i.settled()).chain(heard).map(|mark| mark.event));
        }
        End::Duty(duty) => ids.extend(&facts.duties[*duty].events),
        _ => {}
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}
