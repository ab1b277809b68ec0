//! Scoring of small timelines: capabilities.

use super::fixture::{Story, n};
use super::stories::good;
use crate::model::{DecisionKind, DetectionSource, Source, Trigger};
use crate::score::Rating;
use crate::timeline::EventKind;

fn gates(story: &Story) -> Vec<String> {
    story.card().overall.gates.iter().map(|(gate, _)| gate.to_string()).collect()
}

#[test]
fn the_worst_task_rates_a_capability() {
    let card = good().card();
    let detection = &card.capabilities[0];
    assert_eq!((detection.rating, detection.points), (Rating::P, Some(40.0)));
    let mut story = good();
    for event in &mut story.events {
        if matches!(event.kind, EventKind::Acknowledged { .. }) {
            event.at = event.at + crate::units::SimDuration::from_minutes(30);
        }
    }
    let detection = &story.card().capabilities[0];
    assert_eq!((detection.rating, detection.points), (Rating::U, Some(20.0)));
}

#[test]
fn unobservable_weight_is_spread() {
    let story = Story::new().finding(0, Trigger::Minor, DetectionSource::Human).ack(1).report(
        2,
        "immediate",
        &["time", "impact"],
        &[],
    );
    let card = story.card();
    let weights: Vec<f64> = card.capabilities.iter().map(|c| c.weight).collect();
    assert!((weights[0] - 200.0 / 3.0).abs() < 1e-9, "{weights:?}");
    assert_eq!(weights[1], 0.0);
    assert_eq!(card.overall.points, Some(100.0));
    assert_eq!(card.overall.rating, Some(Rating::P));
}

#[test]
fn less_than_half_observable_gives_no_points() {
    let story = Story::new().report(2, "immediate", &["time", "impact"], &[]);
    let card = story.finding(0, Trigger::Minor, DetectionSource::Human).end(4).card();
    assert_eq!(card.overall.points, None);
    assert_eq!(card.overall.reason, Some("less than half of the weight was observable"));
}

#[test]
fn simulated_responders_are_not_rated() {
    let overall = good().source(Source::Simulated).card().overall;
    assert!(overall.points.is_some());
    assert_eq!((overall.rating, overall.reason), (None, Some("simulated")));
}

#[test]
fn gates_cap_the_rating() {
    assert!(gates(&good()).is_empty());
    assert_eq!(good().card().overall.rating, Some(Rating::P));
    let early = good().put(10, EventKind::MitigatedClaimed {}, "");
    assert_eq!(gates(&early), ["false_mitigation"]);
    assert_eq!(early.card().overall.rating, Some(Rating::M));
    assert_eq!(early.card().correctness.false_mitigations, 1);
}

#[test]
fn silence_fails_a_gate() {
    let mut story = good();
    story.events.retain(|event| !matches!(event.kind, EventKind::Acknowledged { .. }));
    assert_eq!(gates(&story), ["no_ack"]);
    assert!(gates(&story.source(Source::Recorded)).is_empty());
}

#[test]
fn wrong_severity_weighs_time() {
    let changed = |level: &str| EventKind::SeverityChanged { level: n(level), reasons: Vec::new() };
    let one = good().put(7, changed("high"), "");
    assert!(gates(&one).is_empty(), "one level off");
    assert_eq!(one.card().severity.wrong.minutes(), 29.0);
    let two = good().put(7, changed("medium"), "");
    assert_eq!(gates(&two), ["wrong_severity"]);
    let brief = good().put(7, changed("medium"), "").put(20, changed("critical"), "");
    assert!(gates(&brief).is_empty(), "13 min are not over 15");
    assert_eq!(brief.card().severity.wrong.minutes(), 13.0);
    assert_eq!(brief.card().severity.history.len(), 3);
}

#[test]
fn false_alarms_are_counted() {
    let page = |page| EventKind::PageSent { page, channel: n("urgent"), attempt: 1, level: 1 };
    let mut quiet = Story::new().put(5, page(1), "").declare(6, "high");
    quiet.header.expect_nothing = true;
    quiet.header.expected_severity = None;
    let correctness = quiet.card().correctness;
    assert_eq!((correctness.false_pages, correctness.false_declarations), (1, 1));
    assert_eq!(good().card().correctness.false_pages, 0);
    let early = Story::new().put(5, page(1), "").fault(9, "users").put(10, page(2), "");
    assert_eq!(early.card().correctness.false_pages, 1);
}

#[test]
fn a_quiet_day_is_judged_by_its_false_alarms() {
    let page = |page| EventKind::PageSent { page, channel: n("urgent"), attempt: 1, level: 1 };
    let verdict = |mut quiet: Story| {
        quiet.header.expect_nothing = true;
        quiet.header.expected_severity = None;
        let card = quiet.card();
        assert!(!card.incident);
        (card.overall.points, card.overall.rating)
    };
    assert_eq!(verdict(Story::new()), (Some(100.0), Some(Rating::P)));
    assert_eq!(verdict(Story::new().put(5, page(1), "")), (Some(40.0), Some(Rating::M)));
    let busy = Story::new().begin(5, "outage", "identify", "");
    assert_eq!(verdict(busy), (Some(40.0), Some(Rating::M)), "work for nothing");
    let declared = Story::new().put(5, page(1), "").declare(6, "high");
    assert_eq!(verdict(declared), (Some(0.0), Some(Rating::U)));
    assert!(good().card().incident);
}

#[test]
fn a_policy_that_fails_caps_the_rating() {
    let decision = |fallback| EventKind::Decision {
        function: DecisionKind::Severity,
        level: Some(n("critical")),
        reasons: Vec::new(),
        fallback,
    };
    assert!(gates(&good().put(3, decision(false), "")).is_empty());
    let failed = good().put(3, decision(true), "");
    assert_eq!(gates(&failed), ["policy_failed"]);
    assert_eq!(failed.card().overall.rating, Some(Rating::M));
    assert_eq!(failed.card().correctness.failed_decisions, 1);
}

#[test]
fn a_whole_scorecard() {
    insta::assert_debug_snapshot!(good().card());
}
