//! Scoring of small timelines: measures.

use super::fixture::{Story, n};
use super::stories::good;
use crate::model::{DetectionSource, Source, Trigger};
use crate::score::{Rating, TargetSource, explain, score};
use crate::timeline::EventKind;

fn acked(at: i64) -> Story {
    Story::new().finding(0, Trigger::ServiceOutage, DetectionSource::Alert).ack(at)
}

#[test]
fn ratings_follow_the_target() {
    let cases = [(0, Rating::P), (5, Rating::P), (6, Rating::M), (7, Rating::M), (8, Rating::U)];
    for (at, rating) in cases {
        assert_eq!(acked(at).rating("notify"), rating, "{at} min");
    }
    let found = acked(6).measure("notify");
    assert_eq!(found.rule, "5m < 6m <= 1.5 x 5m: target missed by half or less");
    assert_eq!(found.evidence.len(), 2);
}

#[test]
fn what_was_not_reached_is_censored_before_its_target() {
    let story = |end| Story::new().finding(0, Trigger::Minor, DetectionSource::Human).end(end);
    assert_eq!(story(4).rating("notify"), Rating::NotObservable);
    assert_eq!(story(5).rating("notify"), Rating::U);
    assert_eq!(story(60).measure("notify").value, None);
    assert_eq!(story(60).rating("mitigate"), Rating::NotObservable, "its start was not reached");
    assert_eq!(story(60).source(Source::Recorded).rating("notify"), Rating::NotObservable);
}

#[test]
fn values_may_be_negative() {
    let story = Story::new()
        .finding(1, Trigger::ServiceOutage, DetectionSource::Human)
        .fault(0, "users")
        .breach(4, "users");
    let found = story.measure("detect");
    assert_eq!(found.value.unwrap().minutes(), -3.0);
    assert_eq!(found.rating, Rating::P);
}

#[test]
fn uncertainty_gives_the_worse_rating() {
    let found = acked(4).uncertain(2).measure("notify");
    assert!(found.straddles);
    assert_eq!(found.rating, Rating::M);
    let sure = acked(2).uncertain(2).measure("notify");
    assert!(!sure.straddles && sure.rating == Rating::P);
}

#[test]
fn a_target_below_its_floor_is_not_the_teams() {
    let story = Story::new().fault(0, "users").breach(1, "users").alert(9, "users").finding(
        10,
        Trigger::ServiceOutage,
        DetectionSource::Alert,
    );
    let found = story.measure("detect");
    assert_eq!(found.floor.unwrap().minutes(), 8.0);
    assert!(found.below_floor);
    assert_eq!(found.rating, Rating::NotObservable);
    assert!(!good().measure("detect").below_floor);
    assert_eq!(good().measure("detect").floor.unwrap().minutes(), 2.0);
}

#[test]
fn the_severity_decides_the_target() {
    let mut story = acked(5);
    story.header.expected_severity = None;
    assert_eq!(story.rating("notify"), Rating::NotObservable, "no severity, no target");
    assert_eq!(story.clone().declare(9, "critical").rating("notify"), Rating::P);
    let low = story.declare(9, "low").measure("notify");
    assert_eq!(low.target, None);
    assert_eq!(low.reason.as_deref(), Some("no target at severity low"));
}

#[test]
fn cadence_is_the_largest_gap_until_mitigation() {
    let base = || Story::new().fault(0, "users").breach(0, "users").declare(5, "critical");
    let gaps = base().public(10).public(20).public(45).recovery(50, "users");
    assert_eq!(gaps.measure("updates").value.unwrap().minutes(), 25.0);
    assert_eq!(gaps.rating("updates"), Rating::M);
    let silent = base().public(10).recovery(90, "users");
    assert_eq!(silent.measure("updates").value.unwrap().minutes(), 80.0, "silence counts");
    let quick = base().recovery(7, "users").public(10);
    assert_eq!(quick.rating("updates"), Rating::NotObservable);
    assert_eq!(base().recovery(7, "users").rating("updates"), Rating::NotObservable);
}

#[test]
fn an_announced_longer_gap_counts_as_met_and_silence_does_not() {
    let base = || Story::new().fault(0, "users").breach(0, "users").declare(5, "critical");
    // Every 15 minutes for two hours, then one update that says when the next comes, or does not.
    let hours = |announced: Option<u32>, back: i64| {
        let story = (0..9).fold(base(), |story, i| story.public(10 + 15 * i));
        let story = story.public_until(145, announced).public(200).end(400);
        story.recovery(back, "users")
    };
    let met = hours(Some(60), 210);
    assert_eq!(met.rating("updates"), Rating::P, "{:?}", met.measure("updates"));
    assert_eq!(met.measure("updates").target.unwrap().minutes(), 60.0);
    assert!(met.measure("updates").rule.ends_with("the update before announced it"));
    assert_eq!(hours(None, 210).rating("updates"), Rating::U, "silence");
    assert_eq!(hours(Some(40), 210).rating("updates"), Rating::M, "55 minutes where 40 were said");
    let far = hours(Some(600), 210).measure("updates");
    assert_eq!(far.target.unwrap().minutes(), 60.0, "no further ahead than the pack allows");
    // In the first two hours nothing longer is allowed, whatever is said.
    let early = base().public(10).public_until(20, Some(60)).public(75).recovery(80, "users");
    assert_eq!(early.rating("updates"), Rating::U);
    let last = hours(Some(60), 300);
    assert_eq!(last.rating("updates"), Rating::U, "after the last update nobody said anything");
}

#[test]
fn what_was_answered_before_a_stand_down_belongs_to_no_incident() {
    let story = Story::new()
        .finding(1, Trigger::ServiceOutage, DetectionSource::UserReport)
        .stand_down(5)
        .fault(40, "users")
        .breach(40, "users")
        .finding(44, Trigger::ServiceOutage, DetectionSource::Alert);
    assert_eq!(story.measure("detect").value.unwrap().minutes(), 4.0);
}

#[test]
fn a_rung_ends_with_its_last_step() {
    assert_eq!(good().measure("ladder").value.unwrap().minutes(), 9.0);
    assert_eq!(good().rating("ladder"), Rating::P);
    let mut story = good();
    let is = |kind: &EventKind, id: &str| matches!(kind, EventKind::StepDone { step, .. } if **step == *id);
    story.events.retain(|event| !is(&event.kind, "dependants"));
    assert_eq!(story.measure("ladder").value, None);
    assert_eq!(story.rating("ladder"), Rating::S, "one step that is not critical");
    story.events.retain(|event| !is(&event.kind, "health"));
    assert_eq!(story.rating("ladder"), Rating::M, "two of them");
    story.events.retain(|event| !is(&event.kind, "identify"));
    assert_eq!(story.rating("ladder"), Rating::U, "a critical one");
    let excused = story
        .skip(4, "outage", "identify", "known already", "")
        .skip(4, "outage", "health", "known already", "")
        .skip(4, "outage", "dependants", "no dependants", "");
    assert_eq!(excused.rating("ladder"), Rating::S, "with reasons typed at the time");
    let other = Story::new().finding(0, Trigger::MultiService, DetectionSource::Alert);
    assert_eq!(other.rating("ladder"), Rating::NotObservable);
}

#[test]
fn the_time_of_a_rung_counts_from_the_finding_that_calls_for_it() {
    let story = Story::new()
        .fault(0, "users")
        .breach(0, "users")
        .finding(1, Trigger::Minor, DetectionSource::Human)
        .finding(30, Trigger::ServiceOutage, DetectionSource::Alert)
        .done(33, "outage", "identify", "")
        .done(35, "outage", "health", "")
        .done(37, "outage", "auto", "")
        .done(38, "outage", "dependants", "");
    assert_eq!(story.measure("detect").value.unwrap().minutes(), 1.0);
    assert_eq!(story.measure("ladder").value.unwrap().minutes(), 8.0);
    assert_eq!(story.rating("ladder"), Rating::P);
}

#[test]
fn reports_count_when_complete() {
    let base = || Story::new().finding(0, Trigger::Minor, DetectionSource::Human);
    let whole = base().report(4, "immediate", &["time"], &["impact"]);
    assert_eq!(whole.rating("immediate"), Rating::P, "preliminary is allowed");
    let card = whole.card();
    assert_eq!(card.duties[0].preliminary, [n("impact")]);
    let part = base().report(4, "immediate", &["impact"], &[]);
    assert_eq!(part.rating("immediate"), Rating::M);
    assert_eq!(part.card().duties[0].missing, [n("time")]);
    let never = base().report(4, "immediate", &["impact"], &["time"]);
    assert_eq!(never.card().duties[0].missing, [n("time")], "this one may not be preliminary");
    let later = part.report(6, "immediate", &["time"], &[]);
    assert_eq!(later.measure("immediate").value.unwrap().minutes(), 6.0, "fields add up");
    assert_eq!(base().rating("immediate"), Rating::U);
}

#[test]
fn hints_lower_what_they_helped() {
    let hint = |step: Option<&str>| EventKind::Hint { step: step.map(n) };
    assert_eq!(acked(4).put(2, hint(None), "").rating("notify"), Rating::S);
    let twice = acked(4).put(2, hint(None), "").put(3, hint(None), "");
    assert_eq!(twice.rating("notify"), Rating::M);
    assert_eq!(acked(4).put(5, hint(None), "").rating("notify"), Rating::P, "too late to help");
    assert_eq!(acked(4).put(2, hint(Some("health")), "").rating("notify"), Rating::P);
    assert_eq!(good().put(6, hint(Some("health")), "").rating("ladder"), Rating::S);
}

#[test]
fn explanations_hold_the_arithmetic() {
    let (timeline, pack) = (good().timeline(), super::fixture::pack());
    let card = score(&timeline, &pack, &[]);
    let found = explain(&timeline, &pack, &card, "notify").unwrap();
    assert_eq!(found.rule, "2m <= 5m: target met");
    assert_eq!(found.target.unwrap().1, TargetSource::Assumed);
    let lines: Vec<_> = found.events.iter().map(|event| event.text.as_str()).collect();
    let finding = "finding rule=rule source=alert trigger=service_outage about service:users";
    assert_eq!(lines, [&format!("{finding} by role:pm"), "acknowledged by role:pm"]);
    let rung = explain(&timeline, &pack, &card, "step:service").unwrap();
    assert_eq!(rung.parts.len(), 4);
    let names =
        ["adherence", "duty:final", "step:verify", "mitigated", "detection", "duty:immediate"];
    for name in names {
        assert_eq!(explain(&timeline, &pack, &card, name).unwrap().name, name);
    }
    let wrong = explain(&timeline, &pack, &card, "notifi").unwrap_err();
    assert_eq!(wrong.did_you_mean.as_deref(), Some("notify"));
    let wrong = explain(&timeline, &pack, &card, "duty:imediate").unwrap_err();
    assert_eq!(wrong.did_you_mean.as_deref(), Some("duty:immediate"));
    assert_eq!(explain(&timeline, &pack, &card, "zzzzzz").unwrap_err().did_you_mean, None);
}

#[test]
fn telling_somebody_has_worked_once_they_answer() {
    let told = Story::new()
        .finding(0, Trigger::MultiService, DetectionSource::Alert)
        .begin(1, "several", "tell", "")
        .done(2, "several", "tell", "");
    let answered = |story: Story, at: i64, role: &str| story.by(at, EventKind::Joined {}, role);
    assert_eq!(told.measure("told").value, None, "sending is not hearing");
    let late = answered(told.clone(), 9, "lead").measure("told");
    assert_eq!(late.value.unwrap().minutes(), 9.0);
    assert_eq!(late.evidence.len(), 3, "the answer is among the evidence");
    let early = answered(told.clone(), 1, "lead").measure("told");
    assert_eq!(early.value.unwrap().minutes(), 2.0, "who was there before had still to be told");
    assert_eq!(answered(told.clone(), 9, "agents").measure("told").value, None);
    let silent = told.source(Source::Recorded).measure("told");
    assert_eq!(silent.value.unwrap().minutes(), 2.0, "a record without answers cannot tell");
}

#[test]
fn nothing_is_told_to_the_public_where_only_an_agent_fails() {
    let breached = EventKind::SliBreached { slo: n("tasks") };
    let agent = Story::new()
        .put(1, breached, "agent:backend")
        .finding(3, Trigger::AgentHang, DetectionSource::Alert)
        .declare(5, "critical");
    let updates = agent.measure("updates");
    assert_eq!(updates.rating, Rating::NotObservable);
    assert!(updates.reason.unwrap().starts_with("no service was hit"));
    let both = agent.breach(20, "users").measure("updates");
    assert_eq!(both.reason.as_deref(), Some("there was no first update"));
}
