//! Capabilities, hard gates and the overall rating.

use super::adherence::rule;
use super::card::{CapabilityResult, Correctness, MeasureResult, Overall, Rating};
use super::facts::Facts;
use super::plan::mark;
use super::severity::{Mistakes, Wrong};
use crate::model::{Capability, Gate, Name, Pack, Source, Violation};
use crate::timeline::EventId;
use crate::units::SimDuration;

/// The pseudo-measure that stands for the sequence check.
pub const ADHERENCE: &str = "adherence";

/// Worth of a rating, 0 to 1; `None` when not observable.
pub(super) fn worth(rating: Rating) -> Option<f64> {
    match rating {
        Rating::P => Some(1.0),
        Rating::S => Some(0.8),
        Rating::M => Some(0.4),
        Rating::U => Some(0.0),
        Rating::NotObservable => None,
    }
}

/// The capabilities that drills of `frequency` evaluate; without a known frequency, all.
fn applies(capability: &Capability, frequency: Option<&Name>) -> bool {
    let known = frequency.filter(|frequency| **frequency != "any");
    match (&capability.frequency, known) {
        (Some(of), Some(frequency)) => of == frequency,
        _ => true,
    }
}

/// Rates the capabilities. The weight of those that were not observable is spread over the
/// rest. The second value is the share of the weight that was observable, 0 to 1.
pub(super) fn capabilities(
    pack: &Pack,
    frequency: Option<&Name>,
    measures: &[MeasureResult],
    adherence: Rating,
) -> (Vec<CapabilityResult>, f64) {
    let rating_of = |name: &Name| {
        let measure = measures.iter().find(|measure| measure.name == *name);
        match measure {
            Some(measure) => measure.rating,
            None if *name == ADHERENCE => adherence,
            None => Rating::NotObservable,
        }
    };
    let mut results: Vec<CapabilityResult> = pack
        .capabilities
        .iter()
        .filter(|capability| applies(capability, frequency))
        .map(|capability| {
            let tasks = capability.measures.iter().map(|name| (name.clone(), rating_of(name)));
            let tasks: Vec<(Name, Rating)> = tasks.collect();
            let worths: Vec<f64> = tasks.iter().filter_map(|(_, rating)| worth(*rating)).collect();
            let seen = tasks.iter().map(|(_, rating)| *rating);
            let worst = seen.filter(|rating| *rating != Rating::NotObservable).max();
            let mean = worths.iter().sum::<f64>() / worths.len().max(1) as f64;
            CapabilityResult {
                name: capability.name.clone(),
                title: capability.title.clone(),
                rating: worst.unwrap_or(Rating::NotObservable),
                points: (!worths.is_empty()).then_some(mean),
                weight: capability.weight.max(0.0),
                tasks,
            }
        })
        .collect();
    let all: f64 = results.iter().map(|result| result.weight).sum();
    let seen = results.iter().filter(|result| result.points.is_some());
    let observable: f64 = seen.map(|result| result.weight).sum();
    for result in &mut results {
        let share = if observable > 0.0 { result.weight / observable * 100.0 } else { 0.0 };
        result.weight = result.points.map_or(0.0, |_| share);
        result.points = result.points.map(|mean| mean * share);
    }
    (results, if all > 0.0 { observable / all } else { 0.0 })
}

/// Points and rating: P from 90, S from 75, M from 50, else U; never better than M once a gate
/// has failed.
pub(super) fn overall(
    capabilities: &[CapabilityResult],
    observable: f64,
    source: Source,
    gates: Vec<(Name, Vec<EventId>)>,
) -> Overall {
    let sum: f64 = capabilities.iter().filter_map(|capability| capability.points).sum();
    // Sums of shares may end up a hair beside the bound.
    let sum = (sum * 1e9).round() / 1e9;
    let points = (observable >= 0.5).then_some(sum.clamp(0.0, 100.0));
    rated(points, source, gates)
}

/// The verdict on a record without an incident: P when nobody was alarmed, U when one was
/// declared; pages or needless work alone are worth an M.
pub(super) fn quiet(
    mistakes: &Correctness,
    source: Source,
    gates: Vec<(Name, Vec<EventId>)>,
) -> Overall {
    let alarmed = mistakes.false_pages + mistakes.false_actions;
    let points = match (mistakes.false_declarations, alarmed) {
        (0, 0) => 100.0,
        (0, _) => 40.0,
        _ => 0.0,
    };
    let mut overall = rated(Some(points), source, gates);
    if overall.rating == Some(Rating::U) && mistakes.false_declarations == 0 {
        overall.rating = Some(Rating::M);
    }
    overall
}

fn rated(points: Option<f64>, source: Source, gates: Vec<(Name, Vec<EventId>)>) -> Overall {
    let by_points = points.map(|points| match points {
        p if p >= 90.0 => Rating::P,
        p if p >= 75.0 => Rating::S,
        p if p >= 50.0 => Rating::M,
        _ => Rating::U,
    });
    let capped =
        by_points.map(|rating| if gates.is_empty() { rating } else { rating.max(Rating::M) });
    let reason = match (source, points) {
        (Source::Simulated, _) => Some("simulated"),
        (_, None) => Some("less than half of the weight was observable"),
        _ => None,
    };
    Overall { points, rating: capped.filter(|_| reason.is_none()), reason, gates }
}

/// The gates of the pack that failed, with their events.
pub(super) fn gates(
    facts: &Facts<'_>,
    violations: &[Violation],
    mistakes: &Mistakes,
    wrong: &Wrong,
) -> Vec<(Name, Vec<EventId>)> {
    let by_rule = |keep: &dyn Fn(&Violation) -> bool| -> Option<Vec<EventId>> {
        let mut kept = violations.iter().filter(|v| keep(v)).peekable();
        kept.peek()?;
        Some(kept.flat_map(|violation| violation.evidence.iter().copied()).collect())
    };
    let destructive = |v: &Violation| {
        *v.rule == *rule::NO_BACKUP
            || *v.rule == *rule::NO_APPROVAL
            || v.rule.contains("destructive")
    };
    let secret = |v: &Violation| v.rule.contains("secret") || v.rule.contains("customer-data");
    let failed = |gate: &Gate| match gate {
        Gate::NoAck => no_ack(facts),
        Gate::WrongSeverity => {
            (wrong.far > SimDuration::from_minutes(15)).then(|| wrong.far_evidence.clone())
        }
        Gate::Destructive => by_rule(&destructive),
        Gate::FalseMitigation => {
            (!mistakes.mitigations.is_empty()).then(|| mistakes.mitigations.clone())
        }
        Gate::SecretPosted => by_rule(&secret),
        Gate::PolicyFailed => (!facts.fallbacks.is_empty()).then(|| facts.fallbacks.clone()),
        Gate::Unsafe => by_rule(&|v| v.unsafe_action && !destructive(v) && !secret(v)),
    };
    let pairs = facts.plan.gates.iter().map(|gate| (gate, failed(gate)));
    pairs.filter_map(|(gate, ids)| Some((Name::from(gate.as_str()), ids?))).collect()
}

/// Nobody acknowledged, although a page went out or should have. A record that never says who
/// acknowledged cannot tell.
fn no_ack(facts: &Facts<'_>) -> Option<Vec<EventId>> {
    let wanted = !facts.pages.is_empty()
        || (facts.plan.expected_pages && facts.marks[mark::FAULT_START].is_some());
    let failed = facts.marks[mark::ACKED].is_none()
        && wanted
        && !facts.plan.expect_nothing
        && facts.plan.source != Source::Recorded;
    failed.then(|| facts.pages.iter().map(|event| event.id).collect())
}
