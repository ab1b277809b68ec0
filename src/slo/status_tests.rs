//! What a status, its corrections, its episodes and its explanation say, by example.

use super::{
    AlertSource, Denominator, Explanation, Part, Reason, Record, Silencing, SloState, Status,
    StatusOptions, Value, any_bad, burn_down, compare, corrections_of, episodes, explain,
    explain_alert, explained_fields, replay_alerts, status, weighted,
};
use crate::model::{
    BudgetingMethod, Calendar, CalendarUnit, Correction, CorrectionEffect, NoData, Period,
    SliceBlock, SloSpec, Tier,
};
use crate::units::{SimDuration, SimTime, Zone};

const MINUTE: SimDuration = SimDuration::from_minutes(1);
const HOUR: SimDuration = SimDuration::from_hours(1);

fn block(slices: usize, slice: impl Fn(usize) -> (u32, u32)) -> SliceBlock {
    SliceBlock {
        start: SimTime::from_minute(29_000_040),
        step: MINUTE,
        good: (0..slices).map(|index| slice(index).0).collect(),
        total: (0..slices).map(|index| slice(index).1).collect(),
        present: vec![true; slices],
    }
}

fn spec(target: &str, window: SimDuration) -> SloSpec {
    SloSpec::new("checkout", "checkout", target.parse().unwrap(), window)
}

const NOW: StatusOptions =
    StatusOptions { as_of: None, denominator: Denominator::Elapsed, newest: None };

fn look(spec: &SloSpec, block: &SliceBlock) -> Status {
    status(spec, block, &[], NOW)
}

fn at(block: &SliceBlock, slice: i64) -> SimTime {
    block.start + MINUTE * slice
}

fn maintenance(
    block: &SliceBlock,
    first: i64,
    slices: i64,
    effect: CorrectionEffect,
) -> Correction {
    Correction {
        name: "maintenance".into(),
        start: at(block, first).local(Zone::UTC).naive_local(),
        duration: MINUTE * slices,
        rule: None,
        zone: Zone::UTC,
        effect,
        slos: Vec::new(),
        silence: false,
    }
}

#[test]
fn the_three_methods_differ_as_they_should() {
    // 50 busy good minutes, 10 quiet minutes with half of the events bad.
    let block = block(60, |index| if index < 50 { (100, 100) } else { (1, 2) });
    let shown = compare(&spec("0.9", HOUR), &block, &[], NOW);
    let levels: Vec<f64> = shown.methods.iter().map(|c| c.status.sli.unwrap()).collect();
    assert_eq!(levels, [5010.0 / 5020.0, 50.0 / 60.0, 55.0 / 60.0]);
    // Five-minute ratios: 50 of 0, four that mix both, six of 0.5.
    let sloth = shown.sloth.sli.unwrap();
    let bad = [1.0 / 402.0, 2.0 / 304.0, 3.0 / 206.0, 4.0 / 108.0];
    let expected = 1.0 - (bad.iter().sum::<f64>() + 6.0 * 0.5) / 60.0;
    assert!((sloth - expected).abs() < 1e-12, "{sloth} {expected}");
    assert!((shown.sloth.sli_error.unwrap() - (expected - levels[0])).abs() < 1e-12);
}

#[test]
fn budgets_have_two_denominators() {
    let calendar = Calendar {
        unit: CalendarUnit::Day,
        count: 1,
        start: "2025-01-01T00:00:00".parse().unwrap(),
        zone: Zone::UTC,
    };
    let spec = SloSpec {
        period: Period::Calendar(calendar),
        method: BudgetingMethod::Timeslices { target: "0.9".parse().unwrap(), window: MINUTE },
        ..spec("0.9", HOUR)
    };
    // Two hours from midnight on, 6 bad minutes.
    let mut block = block(120, |index| if index < 6 { (0, 10) } else { (10, 10) });
    block.start = "2025-02-20T00:00:00Z".parse().unwrap();
    let elapsed = look(&spec, &block);
    assert_eq!(elapsed.budget.total_bad_allowed, Ok(12.0));
    assert_eq!(elapsed.budget.remaining_ratio, Ok(0.5));
    assert_eq!(elapsed.budget.remaining_ms, Ok(6 * 60_000));
    let options = StatusOptions { denominator: Denominator::FullPeriod, ..NOW };
    let full = status(&spec, &block, &[], options);
    assert_eq!(full.budget.total_bad_allowed, Ok(144.0));
    assert_eq!(full.budget.consumed_ratio, Ok(6.0 / 144.0));
    // 6 of the last hour's minutes would be bad in none: no exhaustion before midnight.
    assert_eq!(full.forecast[0].exhausted_at, Err(Reason::PeriodEndsFirst));
    assert_eq!((full.coverage, full.state), (Ok(1.0), SloState::Ok));
}

#[test]
fn what_ages_out_of_a_rolling_window_returns() {
    // An incident at the begin of the window takes 80 % of the budget and is about to age out.
    let spec = spec("0.9", HOUR * 6);
    let calm = block(360, |index| if index < 29 { (0, 10) } else { (10, 10) });
    let status = look(&spec, &calm);
    assert_eq!(status.forecast[0].exhausted_at, Err(Reason::NeverAtThisRate));
    assert!((status.forecast[0].returned.unwrap() - 29.0 / 36.0).abs() < 1e-12);
    // With the last hour at 2.5 times the budget it lasts until all has aged out, and longer.
    let burning = block(360, |index| match index {
        0..20 => (0, 10),
        300.. => (9 - u32::from(index % 2 == 0), 10),
        _ => (10, 10),
    });
    let status = look(&spec, &burning);
    let found = status.forecast[0].exhausted_at.unwrap();
    assert!(found > status.as_of + MINUTE * 100, "{found}");
}

#[test]
fn corrections_drop_or_excuse_and_show_both() {
    let block = block(60, |index| if (10..20).contains(&index) { (0, 10) } else { (10, 10) });
    let spec = spec("0.9", HOUR);
    let found = |effect, method| {
        let spec = SloSpec { method, ..spec.clone() };
        let status = status(&spec, &block, &[maintenance(&block, 10, 5, effect)], NOW);
        let before = status.before_corrections.unwrap();
        assert_eq!(before.sli, Ok(50.0 / 60.0));
        assert_eq!(status.coverage, Ok(1.0));
        (status.sli.unwrap(), status.good, status.total, status.slices.excluded)
    };
    let slices = BudgetingMethod::Timeslices { target: "1".parse().unwrap(), window: MINUTE };
    use CorrectionEffect::{Drop, Good};
    assert_eq!(found(Drop, BudgetingMethod::Occurrences), (500.0 / 550.0, 500, 550, 5));
    assert_eq!(found(Good, BudgetingMethod::Occurrences), (550.0 / 600.0, 550, 600, 0));
    assert_eq!(found(Drop, slices), (50.0 / 55.0, 500, 550, 5));
    assert_eq!(found(Good, slices), (55.0 / 60.0, 550, 600, 0));
}

#[test]
fn alerts_are_silent_only_where_it_is_wanted() {
    let block = block(120, |index| if (60..80).contains(&index) { (0, 10) } else { (10, 10) });
    let tier = Tier::new(MINUTE * 30, MINUTE * 5, "2".parse().unwrap(), "page");
    let spec = SloSpec { tiers: vec![tier], ..spec("0.9", HOUR) };
    let mut known = maintenance(&block, 60, 20, CorrectionEffect::Drop);
    let alerts = |correction: &Correction| {
        let spans =
            corrections_of(&spec, &block, std::slice::from_ref(correction), Silencing::Only);
        replay_alerts(&spec, &block, &spans)
    };
    let loud = alerts(&known);
    assert_eq!(loud.len(), 2);
    let record = Record::new(&spec, &block, &[]);
    let list = episodes(&spec, &record, &loud);
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].source, AlertSource::Tier(0));
    // 7 of 30 slices are the first above 0.2.
    assert_eq!(list[0].firing_at, Ok(at(&block, 67)));
    assert_eq!(list[0].time_to_detect, Ok(MINUTE * 7));
    assert_eq!(list[0].time_to_reset, Ok(MINUTE * 4));
    let tree = explain_alert(&spec, &record, &list[0]);
    assert_eq!(tree.inputs[0].value, Value::Number(7.0 / 3.0));
    known.silence = true;
    assert!(alerts(&known).is_empty());
}

#[test]
fn a_long_freeze_is_an_alert() {
    let mut block = block(240, |_| (10, 10));
    block.present[100..120].fill(false);
    let tier = Tier::new(MINUTE * 30, MINUTE * 5, "2".parse().unwrap(), "page");
    let spec = SloSpec { tiers: vec![tier], ..spec("0.9", HOUR) };
    let record = Record::new(&spec, &block, &[]);
    let list = episodes(&spec, &record, &replay_alerts(&spec, &block, &[]));
    assert_eq!(list.len(), 1, "{list:#?}");
    assert_eq!(list[0].source, AlertSource::NoData);
    // The fourth missing slice leaves 26 of 30; more than five minutes later is the tenth.
    assert_eq!(list[0].pending_at, at(&block, 104));
    assert_eq!(list[0].firing_at, Ok(at(&block, 110)));
    // 27 measured again: 20 missing slices have left all but 3.
    assert_eq!(list[0].resolved_at, Ok(at(&block, 147)));
    let quiet = SloSpec { alert_when_no_data: false, ..spec };
    assert!(replay_alerts(&quiet, &block, &[]).is_empty());
}

#[test]
fn composites_weigh_or_take_the_worst() {
    let fine = block(60, |_| (10, 10));
    let poor = block(60, |index| if index < 6 { (5, 10) } else { (10, 10) });
    let (a, b) = (spec("0.9", HOUR), spec("0.99", HOUR));
    let mut dark = poor.clone();
    dark.present.fill(false);
    let (good, bad, none) =
        (Record::new(&a, &fine, &[]), Record::new(&b, &poor, &[]), Record::new(&b, &dark, &[]));
    let part = |spec, record, weight| Part { spec, record, weight };
    let parts = [part(&a, &good, 1.0), part(&b, &bad, 3.0), part(&b, &none, 96.0)];
    let whole = weighted(&parts, "0.95".parse().unwrap(), at(&fine, 60));
    assert_eq!(whole.sli, Ok(1.0 - 0.75 * (1.0 - 0.95)));
    assert_eq!((whole.met, whole.parts[2].share), (Ok(true), 0.0));
    let together = any_bad(&parts).unwrap();
    assert_eq!(together.good.iter().sum::<u32>(), 54);
    assert!(together.present.iter().all(|present| *present));
    let nothing = weighted(&parts[2..], "0.95".parse().unwrap(), at(&fine, 60));
    assert_eq!(nothing.sli, Err(Reason::NoData));
}

#[test]
fn every_field_explains_itself() {
    let block = block(90, |index| if index == 70 { (4, 10) } else { (10, 10) });
    let spec = spec("0.99", HOUR);
    let status = look(&spec, &block);
    let record = Record::new(&spec, &block, &[]);
    for field in explained_fields(&status) {
        let tree = explain(&spec, &record, &status, &field).unwrap();
        assert!(!tree.formula.is_empty(), "{field}");
    }
    let tree = explain(&spec, &record, &status, "budget.consumed_ratio").unwrap();
    assert_eq!(tree.value, Value::Number(1.0));
    let worst = &tree.slices.unwrap().worst;
    assert_eq!((worst.len(), worst[0].start, worst[0].good), (1, at(&block, 70), 4));
    let Explanation { inputs, .. } = explain(&spec, &record, &status, "burn_rates.1h").unwrap();
    assert_eq!(inputs[0].value, Value::Number(6.0));
    assert_eq!(explain(&spec, &record, &status, "burn_rates.2h"), None);
    assert_eq!(status.state, SloState::Exhausted);
    assert_eq!(status.met, Ok(true), "exactly spent is exhausted and still met");
}

#[test]
fn an_instant_after_the_record_is_missing_data() {
    let block = block(60, |_| (10, 10));
    let as_of = Some(at(&block, 90));
    let late = status(&spec("0.9", HOUR), &block, &[], StatusOptions { as_of, ..NOW });
    assert_eq!((late.coverage, late.slices.missing), (Ok(0.5), 30));
    assert_eq!((late.state, late.sli), (SloState::NoData, Ok(1.0)));
    let early = Some(at(&block, 30));
    let early = status(&spec("0.9", HOUR), &block, &[], StatusOptions { as_of: early, ..NOW });
    assert_eq!((early.total, early.coverage), (300, Ok(0.5)));
    let bad = SloSpec { no_data: NoData::Bad, ..spec("0.9", HOUR) };
    let late = status(&bad, &block, &[], StatusOptions { as_of, ..NOW });
    assert_eq!((late.sli, late.state), (Ok(0.5), SloState::Exhausted));
}

#[test]
fn a_burn_down_falls_in_an_incident() {
    let block = block(120, |index| if (60..66).contains(&index) { (0, 10) } else { (10, 10) });
    let spec = spec("0.9", HOUR);
    let record = Record::new(&spec, &block, &[]);
    let span = (at(&block, 60), at(&block, 120));
    let line = burn_down(&spec, &record, span, Denominator::Elapsed, 61);
    let left: Vec<f64> = line.iter().map(|point| point.remaining_ratio.unwrap()).collect();
    assert_eq!((left.len(), left[0], left[3], left[6]), (61, 1.0, 0.5, 0.0));
    assert_eq!(line[60].at, at(&block, 120));
}

#[test]
fn budgets_are_signed() {
    let spent = look(&spec("0.999", MINUTE), &block(1, |_| (997, 1000)));
    assert!((spent.budget.consumed_ratio.unwrap() - 3.0).abs() < 1e-12);
    assert!((spent.budget.remaining_ratio.unwrap() + 2.0).abs() < 1e-12);
    assert_eq!((spent.met, spent.sli), (Ok(false), Ok(0.997)));
    assert_eq!(spent.state, SloState::Exhausted);
}

#[test]
fn exactly_spent_is_exhausted_and_still_met() {
    let edge = look(&spec("0.9995", MINUTE), &block(1, |_| (1999, 2000)));
    assert_eq!(edge.budget.remaining_ratio, Ok(0.0));
    assert_eq!((edge.met, edge.state), (Ok(true), SloState::Exhausted));
}

#[test]
fn what_is_undefined_stays_undefined() {
    let empty = look(&spec("0.999", MINUTE), &block(1, |_| (0, 0)));
    assert_eq!((empty.sli, empty.met), (Err(Reason::NoEvents), Err(Reason::NoEvents)));
    assert_eq!(empty.budget.remaining_ratio, Err(Reason::NoEvents));
    assert!(empty.burn_rates.iter().all(|rate| rate.value.is_err()));
    let perfect = look(&spec("1", MINUTE), &block(1, |_| (9, 10)));
    assert_eq!(perfect.budget.consumed_ratio, Err(Reason::NoBudget));
    assert_eq!(perfect.met, Ok(false));
}
