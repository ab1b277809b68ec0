//! Scoring of small timelines: adherence.

use super::fixture::{Story, n, pack};
use super::stories::good;
use crate::model::{DetectionSource, Source, Trigger, Violation};
use crate::score::{Rating, StepOutcome, score};
use crate::timeline::{EventKind, RequiredStep};

fn several() -> Story {
    Story::new()
        .fault(0, "users")
        .fault(0, "movies")
        .finding(1, Trigger::MultiService, DetectionSource::Alert)
        .done(2, "several", "degrade", "service:users")
        .done(3, "several", "degrade", "service:movies")
}

fn rules(story: &Story) -> Vec<String> {
    story.card().violations.iter().map(|violation| violation.rule.to_string()).collect()
}

#[test]
fn steps_in_order_and_in_time_are_done() {
    let story = good();
    assert_eq!(story.step("health", None).outcome, StepOutcome::Done);
    let auto = story.step("auto", None);
    assert_eq!((auto.outcome, auto.failed_attempts), (StepOutcome::Done, 1), "it was tried");
    assert_eq!(story.adherence(), Rating::P);
    assert!(rules(&story).is_empty());
}

#[test]
fn late_early_skipped_and_excused_steps() {
    let base = || Story::new().finding(0, Trigger::ServiceOutage, DetectionSource::Alert);
    let late = base().done(16, "outage", "identify", "");
    assert_eq!(late.step("identify", None).outcome, StepOutcome::Late);
    let early = base().done(2, "outage", "health", "").done(5, "outage", "identify", "");
    assert_eq!(early.step("health", None).outcome, StepOutcome::OutOfOrder);
    assert_eq!(early.step("identify", None).outcome, StepOutcome::Done);
    assert_eq!(base().step("identify", None).outcome, StepOutcome::Skipped);
    assert_eq!(base().end(10).step("identify", None).outcome, StepOutcome::Censored);
    let excused = base().skip(2, "outage", "identify", "the alert names it", "");
    assert_eq!(excused.step("identify", None).outcome, StepOutcome::Justified);
    let silent = base().skip(2, "outage", "identify", " ", "");
    assert_eq!(silent.step("identify", None).outcome, StepOutcome::Skipped);
    assert_eq!(base().adherence(), Rating::U, "critical steps left out");
}

#[test]
fn deviations_lower_the_sequence_check() {
    let without = |id: &str| {
        let mut story = good();
        story.events.retain(
            |event| !matches!(&event.kind, EventKind::StepDone { step, .. } if **step == *id),
        );
        story
    };
    assert_eq!(without("dependants").adherence(), Rating::S);
    assert_eq!(without("identify").adherence(), Rating::U);
    let excused = without("identify").skip(4, "outage", "identify", "known already", "");
    assert_eq!(excused.adherence(), Rating::S, "a reason typed at the time");
    let hint = good().put(5, EventKind::Hint { step: None }, "");
    assert_eq!(hint.adherence(), Rating::S);
}

#[test]
fn recovery_follows_the_priority() {
    let right = several().begin(5, "several", "recover", "service:users").begin(
        6,
        "several",
        "recover",
        "service:movies",
    );
    assert!(rules(&right).is_empty(), "{:?}", rules(&right));
    let wrong = several()
        .begin(5, "several", "recover", "service:movies")
        .done(8, "several", "recover", "service:movies")
        .begin(9, "several", "recover", "service:users")
        .done(12, "several", "recover", "service:users");
    assert_eq!(rules(&wrong), ["recovery-out-of-rank"]);
    assert_eq!(wrong.step("recover", Some("movies")).outcome, StepOutcome::OutOfOrder);
    let why = "waits for the supplier";
    let excused = wrong.clone().skip(4, "several", "recover", why, "service:users");
    assert!(rules(&excused).is_empty(), "a reason typed before");
    let after = wrong.skip(6, "several", "recover", why, "service:users");
    assert_eq!(rules(&after).len(), 1, "a reason typed afterwards");
}

#[test]
fn equal_ranks_and_later_failures_are_free() {
    let base = || {
        Story::new().fault(0, "actors").fault(0, "scenes").finding(
            1,
            Trigger::MultiService,
            DetectionSource::Alert,
        )
    };
    let either = base().begin(3, "several", "degrade", "service:scenes").begin(
        4,
        "several",
        "degrade",
        "service:actors",
    );
    assert!(rules(&either).is_empty());
    let later = base().begin(3, "several", "degrade", "service:scenes").fault(9, "users").begin(
        10,
        "several",
        "degrade",
        "service:users",
    );
    assert!(rules(&later).is_empty(), "nobody could have passed it over");
}

#[test]
fn a_phase_ends_before_the_next_begins() {
    let story = several().begin(2, "several", "recover", "service:users").done(
        9,
        "several",
        "recover",
        "service:users",
    );
    assert_eq!(story.step("recover", Some("users")).outcome, StepOutcome::OutOfOrder);
    let story = several().begin(3, "several", "recover", "service:users").done(
        9,
        "several",
        "recover",
        "service:users",
    );
    assert_eq!(story.step("recover", Some("users")).outcome, StepOutcome::Done);
}

#[test]
fn several_services_take_the_place_of_one() {
    let story = several()
        .finding(1, Trigger::ServiceOutage, DetectionSource::Alert)
        .done(2, "outage", "verify", "");
    let card = story.card();
    assert!(card.steps.iter().all(|step| *step.playbook == *"several"));
    assert!(story.step("verify", None).at.is_some(), "done under one id, done");
    let ladder = story.measure("ladder");
    assert_eq!(ladder.reason.unwrap(), "the procedure for several services took its place");
}

#[test]
fn a_service_that_came_back_with_another_needed_no_step() {
    use crate::model::ServiceState::{Down, Up};
    let state = |state| EventKind::ServiceState { state, mode: None };
    let story = several()
        .put(1, state(Down), "service:scenes")
        .put(9, state(Up), "service:scenes")
        .put(1, state(Down), "service:actors");
    let on: Vec<_> = story.card().steps.iter().filter_map(|step| step.on.clone()).collect();
    assert!(!on.contains(&n("scenes")));
    assert!(on.contains(&n("actors")), "still failed at the end");
}

#[test]
fn destruction_needs_backup_and_approval() {
    let restore = || several().begin(10, "several", "restore", "");
    assert_eq!(rules(&restore()), ["destructive-without-approval", "destructive-without-backup"]);
    assert_eq!(restore().adherence(), Rating::U);
    let approval = EventKind::ApprovalGiven { what: n("restore") };
    let safe = restore().done(8, "several", "backup", "").put(9, approval.clone(), "");
    assert!(rules(&safe).is_empty());
    let late = restore().done(11, "several", "backup", "").put(9, approval, "");
    assert_eq!(rules(&late), ["destructive-without-backup"]);
    let gates: Vec<_> = late.card().overall.gates.iter().map(|(gate, _)| gate.clone()).collect();
    assert!(gates.contains(&n("destructive")), "{gates:?}");
}

#[test]
fn what_script_and_check_both_find_counts_once() {
    let story = several().begin(10, "several", "restore", "").done(8, "several", "backup", "");
    let timeline = story.timeline();
    let found = score(&timeline, &pack(), &[]).violations;
    let again = score(&timeline, &pack(), &found);
    assert_eq!(again.violations, found);
    let other = Violation {
        rule: n("work-during-pause"),
        message: n("deployed"),
        evidence: vec![1],
        unsafe_action: false,
    };
    assert_eq!(score(&timeline, &pack(), &[other]).violations.len(), found.len() + 1);
}

#[test]
fn a_record_is_only_held_to_what_it_names() {
    let story = Story::new()
        .source(Source::Recorded)
        .finding(0, Trigger::ServiceOutage, DetectionSource::Human)
        .done(5, "outage", "health", "");
    assert_eq!(story.card().steps.len(), 1);
    let mut required = story.clone();
    let step = RequiredStep { playbook: n("outage"), step: n("identify") };
    required.header.required_steps = vec![step];
    assert_eq!(required.step("identify", None).outcome, StepOutcome::Skipped);
}
