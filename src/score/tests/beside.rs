//! Two timelines side by side.

use super::fixture::Story;
use crate::model::{DetectionSource, Source, Trigger};
use crate::score::{BesideMeasure, Verdict, beside};
use crate::units::SimDuration;

fn story(detected: i64, declared: i64) -> Story {
    Story::new()
        .source(Source::Recorded)
        .breach(0, "users")
        .finding(detected, Trigger::ServiceOutage, DetectionSource::Alert)
        .declare(declared, "critical")
}

fn verdict(one: &Story, other: &Story, measure: &str) -> BesideMeasure {
    let found = beside(&one.card(), &other.card());
    found.into_iter().find(|found| *found.name == *measure).unwrap()
}

#[test]
fn times_are_faster_slower_or_the_same() {
    let (one, other) = (story(2, 10), story(5, 10));
    assert_eq!(verdict(&one, &other, "detect").verdict, Verdict::Faster);
    assert_eq!(verdict(&other, &one, "detect").verdict, Verdict::Slower);
    assert_eq!(verdict(&one, &one, "detect").verdict, Verdict::Same);
    let by = verdict(&one, &other, "detect").difference();
    assert_eq!(by, Some(SimDuration::from_minutes(-3)));
}

#[test]
fn a_difference_within_the_uncertainty_is_not_told() {
    let inexact = Story::new()
        .source(Source::Recorded)
        .breach(0, "users")
        .uncertain(2)
        .finding(5, Trigger::ServiceOutage, DetectionSource::Alert)
        .uncertain(1);
    let found = verdict(&story(2, 10), &inexact, "detect");
    assert_eq!(found.verdict, Verdict::TooClose);
    assert_eq!(found.uncertainty, SimDuration::from_minutes(3));
    assert_eq!(verdict(&story(1, 10), &inexact, "detect").verdict, Verdict::Faster);
}

#[test]
fn what_one_cannot_tell_is_unknown_but_never_reached_is_slower() {
    let (known, silent) = (story(2, 10), Story::new().source(Source::Recorded));
    assert_eq!(verdict(&known, &silent, "detect").verdict, Verdict::Unknown);
    // A drill that ended without mitigation did not merely fail to say so.
    let never = Story::new().fault(0, "users").breach(0, "users");
    let mended = story(2, 10).recovery(30, "users");
    assert_eq!(verdict(&never, &mended, "mitigate").verdict, Verdict::Slower);
    assert_eq!(verdict(&mended, &never, "mitigate").verdict, Verdict::Faster);
}
