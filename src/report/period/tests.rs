//! A small fixed record of two services, in all forms.

use super::*;
use crate::assess::{
    Contributor, PeriodError, PeriodKind, PeriodReport, PeriodSources, Series, View, period_report,
};
use crate::model::{
    Aggregate, Correction, CorrectionEffect, Indicator, Name, NoData, ObjectiveDefinition, Origin,
    Query, SliceBlock, SloSpec, Tier,
};
use crate::report::{Color, Lang, Style};
use crate::slo::Denominator;
use crate::units::{SimDuration, SimTime, Zone};

const ZONE: &str = "Europe/Berlin";

fn zone() -> Zone {
    ZONE.parse().unwrap()
}

/// Three weeks of 5-minute slices up to the end of a week with 167 hours: a steady trickle of
/// errors, more of them in the last week, one outage, one hole.
fn series(name: &str, every: usize, is_worse: bool) -> Series {
    let start: SimTime = "2026-03-09T00:00:00+01:00".parse().unwrap();
    let end: SimTime = "2026-03-30T00:00:00+02:00".parse().unwrap();
    let len = usize::try_from((end - start).ms() / 300_000).unwrap();
    let last_week = 14 * 288;
    let mut block = SliceBlock {
        start,
        step: SimDuration::from_minutes(5),
        good: vec![100; len],
        total: vec![100; len],
        present: vec![true; len],
    };
    for at in 0..len {
        let worse = is_worse && at >= last_week;
        let bad = u32::from(at % every == 0) + if worse { u32::from(at % 3 == 0) } else { 0 };
        block.good[at] = 100 - bad;
        let outage = is_worse && (last_week + 600..last_week + 612).contains(&at);
        if outage {
            block.good[at] = 20;
        }
        if (last_week + 900..last_week + 906).contains(&at) {
            (block.good[at], block.total[at], block.present[at]) = (0, 0, false);
        }
    }
    let query = Query {
        source: Name::from("drill"),
        stream: Name::from("access"),
        metric: None,
        filter: None,
        value: None,
        aggregate: Aggregate::Count,
        fields: Vec::new(),
    };
    let window = SimDuration::from_hours(14 * 24);
    let spec = SloSpec {
        tiers: Tier::google_30d(),
        no_data: NoData::Gap,
        ..SloSpec::new(name, "shop", "0.99".parse().unwrap(), window)
    };
    Series {
        slo: Name::from(name),
        title: Name::from(name),
        service: Name::from("shop"),
        origin: Origin::Stated,
        objective: ObjectiveDefinition {
            spec,
            indicator: Indicator::Ratio {
                counter: false,
                part_is_bad: false,
                part: query.clone(),
                total: query,
            },
            weight: None,
        },
        block,
        place: (Name::from("shop.yaml"), 1),
    }
}

fn report(kind: PeriodKind, label: &str) -> Result<PeriodReport, PeriodError> {
    let all = [series("checkout", 7, true), series("search", 11, false)];
    let correction = Correction {
        name: Name::from("database upgrade"),
        start: "2026-03-24T02:00:00".parse().unwrap(),
        duration: SimDuration::from_hours(1),
        rule: None,
        zone: zone(),
        effect: CorrectionEffect::Drop,
        slos: vec![Name::from("search")],
        silence: false,
    };
    let view =
        View { as_of: None, denominator: Denominator::Elapsed, corrections: vec![correction] };
    let contributor = Contributor {
        slo: "checkout".into(),
        column: "route".to_owned(),
        value: Some("/pay".to_owned()),
        bad: 960,
        share: 0.75,
    };
    let sources =
        PeriodSources { contributors: Some(vec![contributor]), ..PeriodSources::default() };
    period_report(&all, &view, kind.named(label, zone()).unwrap(), sources)
}

fn weekly() -> PeriodReport {
    report(PeriodKind::Weekly, "2026-W13").unwrap()
}

fn plain() -> Style {
    Style { width: 80, color: Color::Off }
}

#[test]
fn weekly_report_in_both_languages() {
    let report = weekly();
    for lang in Lang::ALL {
        let word = lang.as_str();
        insta::assert_snapshot!(format!("weekly_{word}_text"), period_text(&report, lang, plain()));
        insta::assert_snapshot!(format!("weekly_{word}_md"), period_markdown(&report, lang));
    }
    insta::assert_snapshot!("weekly_csv", period_csv(&report));
}

#[test]
fn weekly_json() {
    let mut report = weekly();
    for slo in &mut report.slos {
        slo.burn_down.truncate(3);
    }
    insta::assert_snapshot!("weekly_json", period_json(&report));
}

#[test]
fn a_month_that_is_not_over_says_so() {
    let report = report(PeriodKind::Monthly, "2026-03").unwrap();
    let text = period_text(&report, Lang::En, plain());
    insta::assert_snapshot!("monthly_en_text", text);
    assert!(matches!(self::report(PeriodKind::Monthly, "2026-05"), Err(PeriodError::Outside(_))));
}

#[test]
fn every_line_fits_and_every_picture_is_a_file() {
    let report = weekly();
    for lang in Lang::ALL {
        for line in period_text(&report, lang, plain()).lines() {
            assert!(crate::report::text::columns(line) <= 80, "{line}");
        }
        let files = period_files(&report, lang);
        let names: Vec<&str> = files.iter().map(|file| file.0.as_str()).collect();
        assert!(names.iter().all(|name| name.starts_with("weekly_20260323")), "{names:?}");
        let text = |ending: &str| {
            let found = files.iter().find(|file| file.0.ends_with(ending)).unwrap();
            String::from_utf8(found.1.clone()).unwrap()
        };
        for name in names.iter().filter(|name| name.ends_with(".svg")) {
            assert!(text(".md").contains(name), "{name}");
        }
        assert_eq!(text(".html").matches("<svg").count(), 2);
        assert!(!text(".html").contains("http://") || text(".html").contains("www.w3.org"));
        assert_eq!(period_files(&weekly(), lang), files, "the same bytes each time");
    }
}

/// A report of sixty services, of which some are well.
fn many() -> PeriodReport {
    let mut all: Vec<Series> = (0..60)
        .map(|at| series(&format!("service-{at:02}"), if at % 3 == 0 { 900 } else { 7 }, at == 1))
        .collect();
    // Without the hole there is no alert on missing data.
    for one in all.iter_mut().step_by(3) {
        let block = &mut one.block;
        for at in 0..block.present.len() {
            if !block.present[at] {
                (block.good[at], block.total[at], block.present[at]) = (100, 100, true);
            }
        }
    }
    let view = View { as_of: None, denominator: Denominator::Elapsed, corrections: Vec::new() };
    let span = PeriodKind::Weekly.named("2026-W13", zone()).unwrap();
    period_report(&all, &view, span, PeriodSources::default()).unwrap()
}

#[test]
fn of_many_slos_those_are_shown_that_ask_for_a_look_and_all_are_counted() {
    let report = many();
    let listed = choice::slos(&report);
    let well = 60 - listed.len();
    assert!(well > 0 && !listed.is_empty(), "{well}");
    for slo in report
        .slos
        .iter()
        .filter(|slo| slo.status.status.met != Ok(true) || &*slo.status.spec.name == "service-01")
    {
        let name = &slo.status.spec.name;
        assert!(listed.iter().any(|one| one.status.spec.name == *name), "{name} is not well");
    }
    let text = period_text(&report, Lang::En, plain());
    assert!(text.contains(&format!("Not listed here but in the JSON and CSV forms: {well} SLOs")));
    assert!(text.lines().count() < 250, "{}", text.lines().count());
    assert_eq!(period_csv(&report).lines().count(), 61);
    let json: serde_json::Value = serde_json::from_str(&period_json(&report)).unwrap();
    assert_eq!(json["slos"].as_array().unwrap().len(), 60);
    let drawn = choice::drawn(&report);
    assert!(drawn.len() == 24 && drawn.contains(&1), "{drawn:?}");
    let left = |at: usize| {
        let remaining = report.slos[at].status.status.budget.remaining_ratio;
        remaining.unwrap_or(f64::INFINITY)
    };
    let most = drawn.iter().map(|at| left(*at)).fold(f64::NEG_INFINITY, f64::max);
    assert!((0..60).filter(|at| !drawn.contains(at)).all(|at| left(at) >= most));
}
