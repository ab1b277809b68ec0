//! Counters, histograms and recorded ratios: slices against a naive count, and against Prometheus
//! where its samples are aligned, so that it extrapolates nothing.

#![expect(clippy::unwrap_used, reason = "the whole file is tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use drill::model::{Aggregate, Indicator, Name, Query, SliceBlock};
use drill::store::Streams;
use drill::units::{SimDuration, SimTime};

use crate::draw::Draw;
use crate::env::TestEnv;

const PROMTOOL: &str = "/usr/bin/promtool";
const MINUTE: i64 = 60_000;
/// Where the tests' clocks begin: no row may lie before 1990.
const EPOCH: i64 = 29_000_000 * MINUTE;

/// One sample: instant in ms, metric, labels, value.
#[derive(Clone)]
struct Sample {
    at: i64,
    name: &'static str,
    labels: String,
    value: f64,
}

fn query(metric: &str, filter: Option<&str>) -> Query {
    Query {
        source: Name::from("drill"),
        stream: Name::from("m"),
        metric: Some(Name::from(metric)),
        filter: filter.map(str::to_owned),
        value: None,
        aggregate: Aggregate::Last,
        fields: Vec::new(),
    }
}

fn requests(part_is_bad: bool, filter: &str) -> Indicator {
    Indicator::Ratio {
        counter: true,
        part_is_bad,
        part: query("requests_total", Some(filter)),
        total: query("requests_total", None),
    }
}

fn lines(samples: &[Sample]) -> String {
    let mut text = String::new();
    for Sample { at, name, labels, value } in samples {
        let labels = labels.replace('"', "\\\"");
        writeln!(
            text,
            r#"{{"ts":"{}","name":"{name}","value":{value:?},"labels":"{labels}"}}"#,
            SimTime::from_ms(EPOCH + *at)
        )
        .unwrap();
    }
    text
}

/// A workspace whose stream `m` holds the samples.
fn workspace(samples: &[Sample]) -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    env.file("m.jsonl", lines(samples));
    env.ok(&["data", "ingest", "m.jsonl", "--stream", "m"]);
    env
}

fn slices(env: &TestEnv, indicator: &Indicator, range: (i64, i64)) -> SliceBlock {
    let range = (SimTime::from_ms(EPOCH + range.0), SimTime::from_ms(EPOCH + range.1));
    let streams = Streams::of_workspace(env.path());
    streams.slices_many(&[indicator], range, SimDuration::from_ms(MINUTE)).unwrap().remove(0)
}

/// Three series scraped about every 15 s over half an hour, each with its own offset, restarts,
/// missing samples; nobody is scraped for six minutes.
fn scrapes(seed: u64) -> Vec<Sample> {
    let mut draw = Draw::of(seed);
    let mut samples = Vec::new();
    for (number, code) in ["200", "404", "500"].into_iter().enumerate() {
        let offset = draw.below(15_000) as i64;
        let mut value = draw.below(1000);
        for scrape in 0..120 {
            value += draw.below(9);
            if draw.below(40) == 0 {
                value = draw.below(4);
            }
            let at = 1_000_000 * MINUTE + offset + scrape * 15_000 + draw.below(900) as i64;
            if (60..84).contains(&scrape) || draw.below(12) == 0 {
                continue;
            }
            let labels = format!(r#"{{"code":"{code}","pod":"p{number}"}}"#);
            samples.push(Sample { at, name: "requests_total", labels, value: value as f64 });
        }
    }
    // What other metrics hold, and what is no reading, does not count.
    let labels = r#"{"code":"500"}"#.to_owned();
    let other = Sample { at: 1_000_001 * MINUTE, name: "other_total", labels, value: 9.0 };
    samples.extend([other.clone(), Sample { value: -3.0, name: "requests_total", ..other }]);
    samples
}

/// `(good, total)` per slice of a minute, by walking each series.
fn naive(samples: &[Sample], good: &str) -> BTreeMap<i64, (u32, u32)> {
    let mut series: BTreeMap<&str, Vec<(i64, f64)>> = BTreeMap::new();
    for sample in samples.iter().filter(|s| s.name == "requests_total" && s.value >= 0.0) {
        series.entry(&sample.labels).or_default().push((sample.at, sample.value));
    }
    let mut counts: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (labels, mut readings) in series {
        readings.sort_by_key(|(at, _)| *at);
        for pair in readings.windows(2) {
            let ((_, before), (at, now)) = (pair[0], pair[1]);
            let growth = if now >= before { now - before } else { now } as u32;
            // The slice whose end is the first minute at or after the sample.
            let slice = (at + MINUTE - 1).div_euclid(MINUTE) - 1;
            let count = counts.entry(slice).or_default();
            count.1 += growth;
            if labels.contains(good) {
                count.0 += growth;
            }
        }
    }
    counts
}

#[test]
fn counters_grow_as_a_naive_count_says() {
    for seed in 1..=6 {
        let samples = scrapes(seed);
        let env = workspace(&samples);
        let first = samples.iter().map(|s| s.at).min().unwrap();
        let last = samples.iter().map(|s| s.at).max().unwrap();
        let found = slices(&env, &requests(false, "labels->>'code' = '200'"), (first, last + 1));
        let wanted = naive(&samples, "\"200\"");
        let begin = (found.start.ms() - EPOCH) / MINUTE;
        let mut total = 0;
        for (index, present) in found.present.iter().enumerate() {
            let count = wanted.get(&(begin + index as i64)).copied();
            let got = (found.good[index], found.total[index]);
            assert_eq!(got, count.unwrap_or_default(), "seed {seed}, slice {index}");
            assert_eq!(*present, count.is_some(), "seed {seed}, slice {index}");
            total += got.1;
        }
        assert_eq!(total, wanted.values().map(|count| count.1).sum::<u32>(), "nothing is lost");
        let holes = found.present.iter().filter(|present| !**present).count();
        assert!((5..=6).contains(&holes), "seed {seed}: {holes} holes");
        let bad = slices(
            &env,
            &requests(true, "labels->>'code' != '200' and labels->>'pod' like 'p%'"),
            (first, last + 1),
        );
        assert_eq!((bad.good, bad.total), (found.good, found.total));
    }
}

#[test]
fn a_growth_over_a_gap_stays_where_it_is_seen() {
    let labels = "{}".to_owned();
    let sample = |minute: i64, value: f64| Sample {
        at: minute * MINUTE,
        name: "requests_total",
        labels: labels.clone(),
        value,
    };
    // Scraped at the end of each minute; minutes 4 to 6 are missing, minute 9 is a reset.
    let readings =
        [(0, 7.0), (1, 10.0), (2, 10.0), (3, 15.0), (7, 55.0), (8, 60.0), (9, 2.0), (10, 2.5)];
    let samples: Vec<Sample> = readings.iter().map(|(at, v)| sample(*at, *v)).collect();
    let env = workspace(&samples);
    let found = slices(&env, &requests(false, "true"), (0, 10 * MINUTE + 1));
    assert_eq!(found.total, [3, 0, 5, 0, 0, 0, 40, 5, 2, 0]);
    let missing = [false, false, false, true, true, true, false, false, false, false];
    assert_eq!(found.present, missing.map(|missing| !missing));
}

/// `increase` over aligned samples without gaps extrapolates nothing.
#[test]
fn prometheus_sees_the_same_growth() {
    if !Path::new(PROMTOOL).exists() {
        eprintln!("skipped: there is no {PROMTOOL}");
        return;
    }
    let mut draw = Draw::of(77);
    let (mut samples, mut input) = (Vec::new(), String::new());
    for code in ["200", "500"] {
        let (mut value, mut values) = (0, String::new());
        for minute in 0..=120 {
            value = if draw.below(20) == 0 { draw.below(3) } else { value + draw.below(30) };
            write!(values, "{value} ").unwrap();
            let labels = format!(r#"{{"code":"{code}"}}"#);
            let at = minute * MINUTE;
            samples.push(Sample { at, name: "requests_total", labels, value: value as f64 });
        }
        let series = format!("requests_total{{code=\"{code}\"}}");
        writeln!(input, "  - {{series: '{series}', values: '{values}'}}").unwrap();
    }
    let env = workspace(&samples);
    let indicator = requests(true, "labels->>'code' like '5%'");
    let found = slices(&env, &indicator, (0, 120 * MINUTE + 1));
    assert_eq!(found.total.len(), 120);
    let mut asked = String::new();
    for (index, (good, total)) in found.good.iter().zip(&found.total).enumerate() {
        let wanted = [("requests_total", *total), ("requests_total{code=\"500\"}", total - good)];
        for (series, value) in wanted {
            writeln!(
                asked,
                "  - {{eval_time: {}m, expr: 'sum(increase({series}[1m]))', \
                 exp_samples: [{{labels: '{{}}', value: {value}}}]}}",
                index + 1
            )
            .unwrap();
        }
    }
    let test = format!(
        "evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{input}  \
         promql_expr_test:\n{asked}"
    );
    let path = env.file("growth.yml", test);
    let output = Command::new(PROMTOOL).args(["test", "rules"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
}

fn spec(indicator: &str, objective: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: api\nspec:\n  service: api\n  \
         indicator:\n    metadata: {{name: api}}\n    spec:\n{indicator}  timeWindow:\n  - \
         {{duration: 30d, isRolling: true}}\n  budgetingMethod: Occurrences\n  objectives:\n  - \
         {objective}\n"
    )
}

/// The buckets of a histogram, every 15 s: of each ten requests six are below 0.1, two more below
/// 0.5, one more below 1.
fn buckets() -> Vec<Sample> {
    let mut samples = Vec::new();
    for scrape in 0..=80 {
        for (le, share) in [("0.1", 6), ("0.5", 8), ("1.0", 9), ("+Inf", 10)] {
            let labels = format!(r#"{{"le":"{le}","route":"/"}}"#);
            let value = f64::from(scrape * share);
            let at = i64::from(scrape) * 15_000;
            samples.push(Sample { at, name: "latency_seconds_bucket", labels, value });
        }
    }
    samples
}

const LATENCY: &str = "      thresholdMetric:\n        metricSource:\n          type: drill\n          \
                       spec: {stream: m, metric: latency_seconds}\n";

fn level(env: &TestEnv) -> (f64, i64) {
    let ran = env.ok(&["slo", "status", "--spec", "slo.yaml", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let slo = &document["slos"][0];
    (slo["sli"].as_f64().unwrap(), slo["total"].as_i64().unwrap())
}

#[test]
fn a_latency_is_judged_at_the_bounds_of_its_histogram() {
    let env = workspace(&buckets());
    let put = |op: &str, value: &str| {
        let objective = format!("{{target: 0.9, op: {op}, value: {value}}}");
        env.file("slo.yaml", spec(LATENCY, &objective));
    };
    put("lte", "0.5");
    assert_eq!(level(&env), (0.8, 800));
    put("gt", "0.1");
    assert_eq!(level(&env), (0.4, 800));
    // Spelled otherwise in the samples, which a number does not mind.
    put("lte", "1");
    assert_eq!(level(&env), (0.9, 800));
    put("lte", "0.3");
    let status = ["slo", "status", "--spec", "slo.yaml"];
    let ran = env.run(&status);
    assert_eq!(ran.code, 2);
    let lint = env.run(&["slo", "lint", "--spec", "slo.yaml"]);
    assert_eq!(lint.code, 1, "{}", lint.stderr);
    put("lt", "0.5");
    let strict = env.run(&status);
    assert_eq!(strict.code, 2);
    let good = "      ratioMetric:\n        counter: true\n        good:\n          metricSource:\n            \
                type: drill\n            spec: {stream: m, metric: latency_seconds_bucket, where: \
                \"labels->>'le' = '0.3'\"}\n        total:\n          metricSource:\n            type: \
                drill\n            spec: {stream: m, metric: latency_seconds_bucket, where: \
                \"labels->>'le' = '+Inf'\"}\n";
    env.file("slo.yaml", spec(good, "{target: 0.9}"));
    let named = env.run(&status);
    env.file("slo.yaml", spec(&good.replace("0.3", "0.5"), "{target: 0.9}"));
    assert_eq!(level(&env), (0.8, 800));
    env.file(
        "slo.yaml",
        spec(&good.replace("latency_seconds_bucket", "latency_second"), "{target: 0.9}"),
    );
    let unknown = env.run(&status);
    let shown = [&ran.stderr, &lint.stdout, &strict.stderr, &named.stderr, &unknown.stderr];
    insta::assert_snapshot!("counters_bounds", shown.map(String::as_str).join("\n"));
}

#[test]
fn a_recorded_ratio_weighs_every_slice_alike() {
    let value = |minute: i64| if minute < 30 { 0.9995 } else { 0.5 };
    let percent = |by: f64| -> Vec<Sample> {
        let one = |minute: i64| Sample {
            at: minute * MINUTE,
            name: "api:success:ratio1m",
            labels: "{}".to_owned(),
            value: value(minute) * by,
        };
        (1..=40).map(one).collect()
    };
    let raw = "      ratioMetric:\n        rawType: success\n        raw:\n          metricSource:\n            \
               type: drill\n            spec: {stream: m, metric: \"api:success:ratio1m\"}\n";
    let env = workspace(&percent(1.0));
    env.file("slo.yaml", spec(raw, "{target: 0.9}"));
    let (sli, _) = level(&env);
    assert!((sli - (29.0 * 0.9995 + 11.0 * 0.5) / 40.0).abs() < 1e-9, "{sli}");
    env.file("slo.yaml", spec(&raw.replace("success\n", "failure\n"), "{target: 0.9}"));
    assert!((level(&env).0 - (1.0 - sli)).abs() < 1e-9);
    let env = workspace(&percent(100.0));
    env.file("slo.yaml", spec(raw, "{target: 0.9}"));
    let refused = env.run(&["slo", "status", "--spec", "slo.yaml"]);
    assert_eq!(refused.code, 2);
    let lint = env.run(&["slo", "lint", "--spec", "slo.yaml", "--format", "json"]);
    assert_eq!(lint.code, 1);
    assert!(lint.stdout.contains("slo::percent-for-ratio"), "{}", lint.stdout);
    insta::assert_snapshot!("counters_percent", refused.stderr);
    let by = raw.replace("ratio1m\"}", "ratio1m\", value: value / 100}");
    env.file("slo.yaml", spec(&by, "{target: 0.9}"));
    assert!((level(&env).0 - sli).abs() < 1e-9);
}

#[test]
fn counters_that_contradict_each_other_are_told() {
    let labels = |code: &str| format!(r#"{{"code":"{code}"}}"#);
    let mut samples = Vec::new();
    for minute in 0..10 {
        let at = minute * MINUTE;
        let sample = |name, value| Sample { at, name, labels: labels("1"), value };
        samples.push(sample("all_total", 10.0 * minute as f64));
        let extra = if minute >= 5 { 30.0 } else { 0.0 };
        samples.push(sample("failed_total", minute as f64 + extra));
        if minute == 7 {
            samples.push(sample("all_total", -1.0));
        }
    }
    let env = workspace(&samples);
    let bad = "      ratioMetric:\n        counter: true\n        bad:\n          metricSource:\n            \
               type: drill\n            spec: {stream: m, metric: failed_total}\n        total:\n          \
               metricSource:\n            type: drill\n            spec: {stream: m, metric: all_total}\n";
    env.file("slo.yaml", spec(bad, "{target: 0.5}"));
    let lint = env.run(&["slo", "lint", "--spec", "slo.yaml"]);
    assert_eq!(lint.code, 1);
    insta::assert_snapshot!("counters_contradict", lint.stdout);
}
