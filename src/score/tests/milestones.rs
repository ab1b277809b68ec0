//! Scoring of small timelines: milestones.

use super::fixture::{Story, n};
use super::stories::good;
use crate::model::{DetectionSource, Source, Trigger};
use crate::score::{MilestoneState, Rating};
use crate::timeline::EventKind;

#[test]
fn a_good_response_reaches_all_fifteen() {
    let card = good().card();
    let at: Vec<_> = card
        .milestones
        .iter()
        .map(|m| m.at.map(|at| (at - super::fixture::START).ms() / 60_000))
        .collect();
    let wanted = [0, 1, 3, 3, 4, 5, 6, 6, 6, 8, 13, 20, 36, 80, 90].map(Some);
    assert_eq!(at, wanted);
    assert_eq!(card.milestones[3].source, Some(DetectionSource::Alert));
    assert!(card.milestones.iter().all(|m| m.evidence.is_some() && m.reason.is_none()));
}

#[test]
fn a_person_may_detect_before_any_alert() {
    let story = Story::new()
        .fault(0, "users")
        .breach(1, "users")
        .finding(2, Trigger::ServiceOutage, DetectionSource::UserReport)
        .alert(9, "users");
    let card = story.card();
    assert_eq!(story.milestone("detected"), Some(2));
    assert_eq!(card.milestones[3].source, Some(DetectionSource::UserReport));
    assert_eq!(story.measure("detect").floor, None, "no floor where nobody waited for the alert");
}

#[test]
fn alerts_about_others_make_nothing_detectable() {
    let story = Story::new().fault(0, "users").breach(1, "users").alert(2, "billing");
    assert_eq!(story.milestone("detectable"), None);
    assert_eq!(story.alert(4, "users").milestone("detectable"), Some(4));
}

#[test]
fn mitigation_must_hold() {
    let base = Story::new().fault(0, "users").breach(1, "users").recovery(20, "users");
    assert_eq!(base.milestone("mitigated"), Some(20));
    let relapse = base.clone().breach(40, "users");
    assert_eq!(relapse.milestone("mitigated"), None, "bad again at the end");
    let again = relapse.clone().recovery(50, "users");
    assert_eq!(again.milestone("mitigated"), Some(50), "a relapse moves it");
    let separate = base.clone().fault(39, "movies").breach(40, "movies");
    assert_eq!(separate.milestone("mitigated"), Some(20), "another fault is another incident");
    let brief = base.clone().end(24);
    assert_eq!(brief.milestone("mitigated"), None, "4 good minutes are not 5");
    let both = Story::new().breach(1, "users").breach(2, "movies").recovery(9, "users");
    assert_eq!(both.milestone("mitigated"), None, "one SLI is still bad");
}

#[test]
fn resolution_needs_mitigation_and_verification() {
    let claim = |story: Story, at| story.put(at, EventKind::ResolvedClaimed {}, "");
    let base = Story::new()
        .fault(0, "users")
        .breach(1, "users")
        .finding(2, Trigger::ServiceOutage, DetectionSource::Alert)
        .recovery(20, "users");
    let early = claim(base.clone(), 30);
    assert_eq!(early.milestone("resolved"), None);
    assert_eq!(&*early.card().violations[0].rule, "resolved-before-verified");
    let late = claim(base.clone().done(29, "outage", "verify", ""), 30);
    assert_eq!(late.milestone("resolved"), Some(30));
    assert!(late.card().violations.is_empty());
    let bad = claim(base.done(9, "outage", "verify", ""), 10);
    assert_eq!(bad.milestone("resolved"), None, "claimed while the SLI was bad");
    assert_eq!(bad.card().violations.len(), 1);
}

#[test]
fn roles_are_filled_when_all_called_in_are_there() {
    let role = EventKind::RoleTaken { role: n("scribe") };
    let base = Story::new().declare(5, "critical").put(7, role, "");
    assert_eq!(base.milestone("roles_filled"), Some(7));
    let command = base.clone().put(9, EventKind::RoleTaken { role: n("commander") }, "");
    assert_eq!(command.milestone("roles_filled"), Some(9), "the command counts, not the scribe");
    let called = base.finding(1, Trigger::MultiService, DetectionSource::Alert);
    assert_eq!(called.milestone("roles_filled"), None, "its playbook calls everybody in");
    assert_eq!(called.done(15, "several", "assemble", "").milestone("roles_filled"), Some(15));
}

#[test]
fn what_is_missing_says_why() {
    let state = |story: Story| story.card().milestones[5].state;
    let base = Story::new().fault(0, "users").breach(1, "users");
    assert_eq!(state(base.clone()), MilestoneState::NotReached);
    assert_eq!(state(base.clone().source(Source::Recorded)), MilestoneState::NotObservable);
    let mut nothing = Story::new();
    nothing.header.expect_nothing = true;
    nothing.header.expected_severity = None;
    assert_eq!(state(nothing.clone()), MilestoneState::NotObservable);
    assert!(nothing.card().milestones.iter().all(|milestone| milestone.reason.is_some()));
    assert_eq!(nothing.card().overall.points, Some(100.0), "nobody was alarmed");
}

#[test]
fn only_the_root_is_a_correct_hypothesis() {
    let wrong = good().put(9, EventKind::Hypothesis {}, "service:movies");
    assert_eq!(wrong.milestone("correct_hypothesis"), Some(13));
    assert_eq!(wrong.card().correctness.wrong_hypotheses, 1);
    assert_eq!(good().card().correctness.wrong_hypotheses, 0);
}

#[test]
fn events_after_the_end_are_no_part_of_the_record() {
    assert_eq!(good().end(30).milestone("resolved"), None);
}

#[test]
fn what_a_source_did_not_publish_is_unknown_and_never_missed() {
    let story = Story::new()
        .source(Source::Recorded)
        .fault(0, "users")
        .breach(1, "users")
        .finding(2, Trigger::ServiceOutage, DetectionSource::Alert)
        .begin(90, "service", "assess", "")
        .declare(91, "critical")
        .public(92)
        .recovery(95, "users");
    assert_eq!(story.rating("detect"), Rating::P);
    assert_eq!(story.milestone("first_external"), Some(92));
    let silent = story.not_published(&["detected", "first_external", "first_action", "updates"]);
    let card = silent.card();
    for name in ["detected", "first_external"] {
        let found = card.milestones.iter().find(|milestone| milestone.name == name).unwrap();
        assert_eq!(found.state, MilestoneState::NotObservable, "{name}");
        assert_eq!((found.at, found.source), (None, None), "{name}");
    }
    assert_eq!(silent.milestone("mitigated"), Some(95), "the rest is as it was");
    for measure in &card.measures {
        let ends = [&*measure.from, &*measure.to];
        if ends.iter().any(|end| ["detected", "first_external", "first_action"].contains(end)) {
            assert_eq!(measure.rating, Rating::NotObservable, "{}", measure.name);
            assert_eq!(measure.value, None, "{}", measure.name);
        }
    }
}

#[test]
fn gaps_between_notices_are_unknown_where_not_all_were_published() {
    let story = Story::new()
        .source(Source::Recorded)
        .breach(0, "users")
        .declare(1, "critical")
        .public(2)
        .public(80)
        .recovery(90, "users");
    let gap = |story: &Story| story.measure("updates").value;
    assert_eq!(gap(&story), Some(crate::units::SimDuration::from_minutes(78)));
    assert_eq!(gap(&story.not_published(&["updates"])), None);
}
