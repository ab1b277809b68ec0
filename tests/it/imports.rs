//! Sloth and Pyrra specs: verdicts, windows and factors as those tools print them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drill::diag::{Diagnostics, Severity, SourceText};
use drill::load::{self, Imported};
use drill::model::{Indicator, Period, Tier, TierPreset};
use drill::units::{BurnRate, SimDuration};

use crate::openslo::table;

/// Where drill differs on purpose, and why.
const DIFFERS: [(&str, &str); 2] = [
    (
        "valid/example-plugin-getting-started.yaml",
        "an SLI plugin is code, which drill does not run",
    ),
    ("valid/integration-sli-plugin.yaml", "an SLI plugin is code, which drill does not run"),
];

fn folder(tool: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(tool)
}

fn source(tool: &str, file: &str) -> SourceText {
    SourceText::new(file, fs::read_to_string(folder(tool).join(file)).unwrap())
}

fn days(days: i64) -> SimDuration {
    SimDuration::from_hours(24 * days)
}

/// The period that Sloth was started with for a case.
fn period(file: &str) -> SimDuration {
    days(if file.contains("28d") { 28 } else { 30 })
}

fn imported(tool: &str, file: &str) -> Result<load::Loaded<Vec<Imported>>, Diagnostics> {
    let period = (tool == "sloth").then(|| period(file));
    load::import_for(&source(tool, file), period)
}

/// The last word of the field that a reason names.
fn field(reason: &str) -> &str {
    let path = reason.split(": ").next().unwrap();
    let last = path.rsplit('.').next().unwrap();
    last.split('[').next().unwrap()
}

#[test]
fn verdicts_are_those_of_the_tools() {
    let mut wrong = Vec::new();
    let mut checked = BTreeMap::new();
    for tool in ["sloth", "pyrra"] {
        for case in table(&folder(tool).join("cases.csv")) {
            let (file, reason) = (case["file"].as_str(), case["reason"].as_str());
            let differs = DIFFERS.iter().any(|(known, _)| tool == "sloth" && *known == file);
            let accept = match case["verdict"].as_str() {
                // OpenSLO v1alpha and catalogues of windows are no specs of Sloth's own.
                _ if file.starts_with("other/openslo") || file.starts_with("windows") => false,
                "valid" => !differs,
                _ => false,
            };
            *checked.entry((tool, accept)).or_insert(0) += 1;
            match imported(tool, file) {
                Ok(_) if accept => {}
                Ok(_) => wrong.push(format!("{tool} {file} is accepted ({reason})")),
                Err(found) if accept => wrong.push(format!("{tool} {file} is refused:\n{found}")),
                Err(found) => {
                    let errors = found.list.iter().filter(|f| f.severity == Severity::Error);
                    let shown: Vec<String> = errors.map(|found| found.to_string()).collect();
                    let named = case["verdict"] != "invalid"
                        || file.contains("wrong-yaml")
                        || file.contains("unknown-sli-plugin")
                        || shown
                            .iter()
                            .any(|shown| shown.contains(&format!("`{}`", field(reason))));
                    if !named {
                        wrong.push(format!("{tool} {file}: `{reason}` is told as\n{shown:#?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} disagreements\n{}", wrong.len(), wrong.join("\n\n"));
    let counts: Vec<String> =
        checked.iter().map(|((tool, accept), n)| format!("{tool} {accept} {n}")).collect();
    assert_eq!(counts.join(", "), "pyrra false 22, pyrra true 29, sloth false 25, sloth true 18");
}

/// The SLOs of a file by their ids in the tool.
fn by_id(tool: &str, file: &str) -> BTreeMap<String, Imported> {
    let loaded = imported(tool, file).unwrap_or_else(|found| panic!("{file}: {found}"));
    loaded.value.into_iter().map(|slo| (slo.id.to_string(), slo)).collect()
}

#[test]
fn sloths_tiers_are_those_of_its_golden_rules() {
    let mut seen = 0;
    for row in table(&folder("sloth").join("expected.csv")) {
        let file = row["file"].as_str();
        if DIFFERS.iter().any(|(known, _)| *known == file) || file.contains("v1alpha") {
            continue;
        }
        let slo = &by_id("sloth", file)[&row["slo"]];
        let duration = |key: &str| row[key].parse::<SimDuration>().unwrap();
        let tier = slo.tiers.iter().find(|tier| tier.long == duration("long")).unwrap();
        assert_eq!((tier.short, &*tier.severity), (duration("short"), row["severity"].as_str()));
        // The golden rules print the factor in binary floating point.
        let golden: f64 = row["factor"].parse().unwrap();
        assert!((tier.factor.as_f64() - golden).abs() < 1e-12, "{file} {golden}");
        let (budget, whole) = slo.target.budget();
        let exact: BurnRate = row["exact_budget"].parse().unwrap();
        assert_eq!(BurnRate::new(budget, whole), exact, "{file}");
        seen += 1;
    }
    assert_eq!(seen, 64);
}

#[test]
fn sloths_catalogues_are_the_presets() {
    for (file, period) in [("windows/google-28d.yaml", 28), ("windows/google-30d.yaml", 30)] {
        let (documents, _) = load::parse_yaml(&source("sloth", file));
        let load::Node::Table(top) = &documents[0].value else { panic!("{file}") };
        let load::Node::Table(spec) = &top.get("spec").unwrap().1.value else { panic!("{file}") };
        let mut tiers = Vec::new();
        for severity in ["page", "ticket"] {
            let load::Node::Table(both) = &spec.get(severity).unwrap().1.value else { panic!() };
            for speed in ["quick", "slow"] {
                let load::Node::Table(row) = &both.get(speed).unwrap().1.value else { panic!() };
                let window = |key: &str| match &row.get(key).unwrap().1.value {
                    load::Node::String(text) => text.parse::<SimDuration>().unwrap(),
                    other => panic!("{other:?}"),
                };
                let load::Node::Integer(percent) = row.get("errorBudgetPercent").unwrap().1.value
                else {
                    panic!("{file}")
                };
                let windows = (window("longWindow"), window("shortWindow"));
                tiers
                    .push(Tier::spending(percent as u64, days(period), windows, severity).unwrap());
            }
        }
        assert_eq!(TierPreset::Sloth.tiers(days(period)).unwrap(), tiers, "{file}");
    }
}

#[test]
fn pyrras_tiers_are_those_of_its_tables() {
    let mut seen = 0;
    for row in table(&folder("pyrra").join("expected.csv")) {
        let slo = &by_id("pyrra", &row["file"])[&row["slo"]];
        let index: usize = row["tier"].parse().unwrap();
        let tier = &slo.tiers[index - 1];
        let duration = |key: &str| row[key].replace("1w", "7d").parse::<SimDuration>().unwrap();
        let wanted = Tier {
            hold_for: duration("for"),
            ..Tier::new(
                duration("long"),
                duration("short"),
                row["factor"].parse().unwrap(),
                row["severity"].as_str(),
            )
        };
        assert_eq!(*tier, wanted, "{} {}", row["file"], row["slo"]);
        let (budget, whole) = slo.target.budget();
        let threshold = BurnRate::new(tier.factor.num() * budget, tier.factor.den() * whole);
        assert_eq!(threshold, row["threshold_exact"].parse().unwrap(), "{}", row["file"]);
        seen += 1;
    }
    assert_eq!(seen, 104);
}

#[test]
fn what_is_written_is_read_again() {
    let mut seen = 0;
    for tool in ["sloth", "pyrra"] {
        for case in table(&folder(tool).join("cases.csv")) {
            let Ok(loaded) = imported(tool, &case["file"]) else {
                continue;
            };
            let yaml = load::openslo_yaml(&loaded.value);
            let read = load::openslo(&[SourceText::new("written.yaml", yaml.as_str())]);
            let read = read.unwrap_or_else(|found| panic!("{found}\n{yaml}"));
            assert!(read.warnings.list.is_empty(), "{}\n{yaml}", read.warnings);
            for (slo, read) in loaded.value.iter().zip(&read.value) {
                let objective = &read.objectives[0];
                assert_eq!(
                    (&slo.name, &slo.service, slo.target, Period::Rolling(slo.period), &slo.tiers),
                    (
                        &read.name,
                        &read.service,
                        objective.spec.target,
                        objective.spec.period,
                        &objective.spec.tiers
                    ),
                    "{yaml}"
                );
                let query = match &objective.indicator {
                    Indicator::Ratio { part, .. } => part,
                    Indicator::Raw { query, .. } | Indicator::Threshold { query, .. } => query,
                };
                let fields = match &slo.metric {
                    load::ImportedMetric::Ratio { part, .. } => part,
                    load::ImportedMetric::FailureRatio(fields) => fields,
                };
                assert_eq!(&query.fields, fields, "{yaml}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 60);
}

#[test]
fn an_imported_file_looks_like_this() {
    let yaml = |tool: &str, file: &str| load::openslo_yaml(&imported(tool, file).unwrap().value);
    insta::assert_snapshot!("import_sloth", yaml("sloth", "valid/integration-base-28d.yaml"));
    insta::assert_snapshot!("import_pyrra", yaml("pyrra", "valid/prometheus-probe-success.yaml"));
}
