//! Each mechanism of the responder model moves results the way that experience says.

use super::fixture::{monday, preset, scenario};
use super::rig::Rig;
use crate::model::{Escalation, Name, Scenario};
use crate::sim::act::Act;
use crate::timeline::EventKind;
use crate::units::SimDuration;

const RUNS: u64 = 400;

fn escalation(level: u32, role: &str, channels: &[&str]) -> Escalation {
    Escalation {
        level,
        role: Name::from(role),
        channels: channels.iter().map(|channel| Name::from(*channel)).collect(),
        within: SimDuration::ZERO,
    }
}

fn acked(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Acknowledged { .. })
}

/// How many of the runs are acknowledged within five minutes when `pages` go out at once, with
/// chat and its fallback working or not.
fn answered(pages: &[Escalation], chat: bool) -> usize {
    let hit = |seed: &u64| {
        let changes = [("ack_work_p", 0.7), ("ack_work_median_min", 2.0)];
        let mut rig = Rig::new(*seed, &scenario(), &preset(&changes));
        (rig.world.tools[0], rig.world.tools[2]) = (chat, chat);
        rig.apply(&Act::Escalate(pages.to_vec()));
        rig.run(SimDuration::from_minutes(5));
        rig.first(acked).is_some_and(|at| at <= 5.0)
    };
    (0..RUNS).filter(hit).count()
}

#[test]
fn a_second_person_paged_in_parallel_raises_answers_within_five_minutes() {
    let one = [escalation(1, "pm", &["urgent", "mail"])];
    let both = [one[0].clone(), escalation(2, "lead", &["urgent", "mail"])];
    let (one, both) = (answered(&one, true), answered(&both, true));
    // One answers with 0.7 and, of those, nine in ten within five minutes; two with 0.91.
    assert!(both > one + 40, "{both} of {RUNS} against {one}");
}

#[test]
fn a_lost_first_channel_lowers_answers_within_five_minutes() {
    let page = [escalation(1, "pm", &["urgent", "mail"])];
    let (with, without) = (answered(&page, true), answered(&page, false));
    assert!(without + 40 < with, "{without} of {RUNS} against {with}");
    let second_only = answered(&[escalation(1, "pm", &["mail"])], false);
    assert!(second_only > without, "{second_only}: one channel of one is all that was asked for");
}

/// Medians, in minutes, of the first event of each kind that `wanted` names.
fn medians(wanted: &[&dyn Fn(&EventKind) -> bool], play: &dyn Fn(u64) -> Rig) -> Vec<f64> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); wanted.len()];
    for seed in 0..101 {
        let rig = play(seed);
        for (times, wanted) in times.iter_mut().zip(wanted) {
            times.push(rig.first(wanted).unwrap_or(1e9));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

fn done(step: &'static str) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::StepDone { step: done, .. } if *done == step)
}

fn begun(step: &'static str) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::StepStarted { step: begun, .. } if *begun == step)
}

#[test]
fn dead_dashboards_slow_diagnosis() {
    // The same seeds draw the same wrong tracks, so only the factor differs.
    let diagnosis = |board: bool| {
        let play = move |seed: u64| {
            let mut rig = Rig::new(seed, &scenario(), &preset(&[]));
            rig.world.tools[3] = board;
            rig.alarm();
            rig.run(SimDuration::from_hours(12));
            rig
        };
        let (begun, done) = (begun("diagnose"), done("diagnose"));
        let times = medians(&[&begun, &done], &play);
        times[1] - times[0]
    };
    let (with, without) = (diagnosis(true), diagnosis(false));
    assert!(without > with * 1.4, "{without} min without dashboards, {with} min with them");
}

#[test]
fn night_slows_everything() {
    let night = "2026-10-06T02:00:00+09:00".parse().unwrap();
    let times = |start| {
        let play = move |seed: u64| {
            let mut rig = Rig::at(start, seed, &scenario(), &preset(&[]), &[]);
            rig.alarm();
            rig.run(SimDuration::from_hours(72));
            rig
        };
        let (assessed, declared) = (done("assess"), done("declare"));
        let (diagnosed, restored) = (done("diagnose"), done("restore"));
        let mitigated = |kind: &EventKind| matches!(kind, EventKind::MitigatedClaimed {});
        let by_people = |kind: &EventKind| acked(kind);
        medians(&[&by_people, &assessed, &declared, &diagnosed, &restored, &mitigated], &play)
    };
    let (day, night) = (times(monday()), times(night));
    // Agents find the cause and mend at any hour; what people do before and after takes longer.
    let names = ["acknowledged", "assessed", "declared", "diagnosed", "restored", "mitigated"];
    for ((name, day), night) in names.iter().zip(&day).zip(&night) {
        let margin = if ["diagnosed", "restored"].contains(name) { 0.0 } else { 1.0 };
        assert!(*night >= day + margin, "{name}: {night} min at night, {day} min by day");
    }
    assert!(night[2] > day[2] * 1.2, "declared after {} min at night, {} by day", night[2], day[2]);
}

#[test]
fn a_fallback_exercised_lately_is_faster_and_fails_less() {
    // Chat is down, so pages on `urgent` go by its fallback, the code host.
    let arrived = |exercised: bool| {
        let play = move |seed: u64| {
            let mut system = super::fixture::system();
            system.tools[2].exercised = exercised;
            let mut rig = Rig::on(&system, seed, &scenario(), &preset(&[]));
            rig.world.tools[0] = false;
            rig.apply(&Act::Escalate(vec![escalation(1, "pm", &["urgent"])]));
            rig.run(SimDuration::from_hours(2));
            rig
        };
        let carried = |kind: &EventKind| matches!(kind, EventKind::PageDelivered { channel, .. } if *channel == "issues");
        let first_try = (0..RUNS)
            .filter(|seed| {
                let rig = play(*seed);
                rig.first(carried).is_some_and(|at| at <= 16.0)
            })
            .count();
        (medians(&[&carried], &play)[0], first_try)
    };
    let ((fast, often), (slow, seldom)) = (arrived(true), arrived(false));
    assert!(fast + 5.0 < slow, "{fast} min exercised, {slow} min not");
    assert!(often > seldom + 100, "{often} against {seldom} of {RUNS} by the first try");
}

/// A control: without the mechanism there is no difference.
#[test]
fn a_factor_of_one_changes_nothing() {
    let play = |scenario: &Scenario, board: bool| {
        let mut rig = Rig::new(7, scenario, &preset(&[("dashboard_lost_factor", 1.0)]));
        rig.world.tools[3] = board;
        rig.alarm();
        rig.run(SimDuration::from_hours(12));
        rig.first(done("diagnose"))
    };
    assert_eq!(play(&scenario(), true), play(&scenario(), false));
}
