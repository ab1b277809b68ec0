//! Scoring of small timelines: laws.

use proptest::prelude::*;

use super::fixture::{START, Story, n, pack};
use crate::model::{DetectionSource, ServiceState, Source, Trigger};
use crate::score::{MILESTONES, Rating, ScorePlan, Span, explain, score, trial_score};
use crate::timeline::EventKind;
use crate::units::SimDuration;

const SERVICES: [&str; 3] = ["users", "movies", "actors"];
const STEPS: [(&str, &str); 7] = [
    ("outage", "identify"),
    ("outage", "auto"),
    ("outage", "verify"),
    ("several", "degrade"),
    ("several", "recover"),
    ("several", "restore"),
    ("several", "nonsense"),
];

fn any_event(story: Story, at: i64, what: u8, which: usize) -> Story {
    let service = SERVICES[which % 3];
    let about = format!("service:{service}");
    let (playbook, step) = STEPS[which % STEPS.len()];
    let about = if which.is_multiple_of(2) { about } else { String::new() };
    let level = ["critical", "high", "low", "absurd"][which % 4];
    match what {
        0 => story.fault(at, service),
        1 => story.breach(at, service),
        2 => story.recovery(at, service),
        3 => story.alert(at, service),
        4 => story.finding(at, Trigger::ALL[which % Trigger::ALL.len()], DetectionSource::Human),
        5 => story.ack(at),
        6 => story.declare(at, level),
        7 => story.begin(at, playbook, step, &about),
        8 => story.done(at, playbook, step, &about),
        9 => story.failed(at, playbook, step, &about),
        10 => story.skip(at, playbook, step, if which > 4 { "why" } else { "" }, &about),
        11 => story.public(at).uncertain(which as i64),
        12 => story.report(at, "immediate", &["time", "absurd"], &["impact"]),
        13 => story.put(at, EventKind::MitigatedClaimed {}, ""),
        14 => story.put(at, EventKind::ResolvedClaimed {}, ""),
        15 => story.put(at, EventKind::Hypothesis {}, &about),
        16 => story.put(at, EventKind::Hint { step: Some(n(step)) }, ""),
        17 => {
            story.put(at, EventKind::ServiceState { state: ServiceState::Up, mode: None }, &about)
        }
        18 => story.put(at, EventKind::RoleTaken { role: n("ic") }, ""),
        19 => story.put(at, EventKind::ApprovalGiven { what: n(step) }, ""),
        20 => story.put(at, EventKind::FaultCleared { fault: n(service) }, ""),
        _ => story.message(at),
    }
}

fn any_story() -> impl Strategy<Value = Story> {
    let events = prop::collection::vec((0i64..130, 0u8..22, 0usize..12), 0..50);
    (events, 0usize..3, any::<bool>(), 0i64..140).prop_map(|(events, source, nothing, end)| {
        let mut story = Story::new().source(Source::ALL[source]).end(end);
        story.header.expect_nothing = nothing && source == 1;
        for (at, what, which) in events {
            story = any_event(story, at, what, which);
        }
        story
    })
}

fn ordered(rating: Rating) -> Option<Rating> {
    (rating != Rating::NotObservable).then_some(rating)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_timeline_has_a_scorecard(story in any_story()) {
        let (timeline, pack) = (story.timeline(), pack());
        let card = score(&timeline, &pack, &[]);
        prop_assert!(card.overall.points.is_none_or(|points| (0.0..=100.0).contains(&points)));
        prop_assert_eq!(card.milestones.len(), 15);
        let sum: f64 = card.capabilities.iter().map(|c| c.weight).sum();
        prop_assert!(sum == 0.0 || (sum - 100.0).abs() < 1e-9);
        let names = card.measures.iter().map(|measure| &*measure.name);
        for name in names.chain(MILESTONES).chain(["adherence", "duty:final", "step:service"]) {
            prop_assert!(explain(&timeline, &pack, &card, name).is_ok());
        }
    }

    #[test]
    fn trials_and_single_scores_agree(story in any_story()) {
        let (timeline, pack) = (story.timeline(), pack());
        let card = score(&timeline, &pack, &[]);
        let plan = ScorePlan::new(&pack, &timeline.header);
        let span = Span { start: timeline.header.start, end: timeline.header.end };
        let trial = trial_score(&timeline.events, span, &plan);
        let origin = card.milestones[0].at.unwrap_or(START);
        for (milestone, mark) in card.milestones.iter().zip(&trial.milestones) {
            prop_assert_eq!(milestone.state, mark.state);
            if let Some(at) = milestone.at {
                prop_assert_eq!(Some(at - origin), mark.offset);
            }
        }
        for (measure, value) in card.measures.iter().zip(&trial.measures) {
            prop_assert_eq!(measure.value, value.value);
            prop_assert_eq!(measure.target, value.target);
            if measure.rating == Rating::P {
                prop_assert_eq!(value.met, Some(true));
            }
        }
    }

    #[test]
    fn delay_never_improves_a_rating(ack in 0i64..20, report in 0i64..20, by in 0i64..60) {
        let story = |ack, report, recovery| {
            Story::new()
                .fault(0, "users")
                .breach(0, "users")
                .finding(0, Trigger::ServiceOutage, DetectionSource::Alert)
                .ack(ack)
                .done(ack, "outage", "identify", "")
                .done(report, "outage", "health", "")
                .report(report, "immediate", &["time"], &["impact"])
                .recovery(recovery, "users")
                .card()
        };
        let (early, late) = (story(ack, report, 20), story(ack + by, report, 20 + by));
        for (before, after) in early.measures.iter().zip(&late.measures) {
            if let (Some(before), Some(after)) = (ordered(before.rating), ordered(after.rating)) {
                prop_assert!(before <= after);
            }
        }
    }
}

#[test]
fn ten_thousand_trials_take_seconds() {
    // Not a benchmark: catches a scorer that became quadratic. Counts work, reads no clock.
    let mut story = super::stories::good();
    for at in 0..250 {
        story = story.message(at % 100);
    }
    let (timeline, pack) = (story.timeline(), pack());
    let plan = ScorePlan::new(&pack, &timeline.header);
    let span = Span { start: START, end: START + SimDuration::from_hours(2) };
    let first = trial_score(&timeline.events, span, &plan);
    for _ in 0..10_000 {
        assert_eq!(trial_score(&timeline.events, span, &plan), first);
    }
}
