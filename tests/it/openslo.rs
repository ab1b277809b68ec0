//! OpenSLO: 274 published verdicts, references, and mutations that must not panic.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use drill::diag::{Diagnostic, Diagnostics, Severity, SourceText, Span};
use drill::load::{self, Catalog, Kind, Node, Spanned};
use drill::model::{
    Aggregate, BudgetingMethod, Calendar, CalendarUnit, Composite, CompositeRule, Indicator,
    NoData, Origin, Period, SloDefinition, ThresholdOp, Tier,
};
use drill::units::SimDuration;

use crate::bad_files::{files, mutated, mutations};

/// drill's decisions on the cases where the SDK and the specification's text differ.
const DISPUTED: [(&str, bool, &str); 12] = [
    ("alertcondition-spec-condition-alertafter-0w", true, "no delay, as if it were left out"),
    ("alertcondition-spec-condition-lookbackwindow-0w", false, "a window of no time holds nothing"),
    (
        "oslo-old-v1-alert-policy-alert-policy",
        true,
        "capitals: the text asks for at least RFC 1123",
    ),
    ("oslo-old-v1-data-source-data-source", true, "capitals, with a warning"),
    (
        "oslo-old-v1-slo-slo-composite-indicatorref-rolling-no-alerts",
        true,
        "capitals, with a warning",
    ),
    ("oslo-old-v1-slo-slo-indicatorref-calendar-no-alerts", true, "capitals, with a warning"),
    ("oslo-old-v1-slo-slo-indicatorref-rolling-no-alerts", true, "capitals, with a warning"),
    ("sdkfile-decode-v1-slos", true, "no timeWindow: 30 days rolling, with a warning"),
    ("sdkfile-encode-v1-slo-2", true, "no timeWindow: 30 days rolling, with a warning"),
    (
        "spec-examples-budgeting-method-timeslices-slo",
        false,
        "`op` on a ratio is a warning; but a calendar period of `1m` is one minute, not a month",
    ),
    ("spec-readme-yaml13", true, "capitals, with a warning"),
    ("spec-readme-yaml17", true, "capitals, with a warning"),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The rows of a CSV file with a header: column names to values.
pub(crate) fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut rows = text.lines().map(cells);
    let head = rows.next().unwrap();
    rows.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

/// The cells of one line; a quoted cell doubles the quotes in it.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        let cell = cells.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}

fn checked(path: &Path) -> Diagnostics {
    let (kind, found) = load::check(path, &Catalog::new(None));
    assert_eq!(kind, Some(Kind::Slo), "{}", path.display());
    found
}

/// The bytes of the value at `path` (`spec.objectives[0].target`), or of as much of the path as
/// there is.
fn place(document: &Spanned<Node>, path: &str) -> Span {
    let mut at = document;
    for step in path.split('.') {
        let (key, index) = step.split_once('[').map_or((step, None), |(key, index)| {
            (key, index.trim_end_matches(']').parse::<usize>().ok())
        });
        let Node::Table(table) = &at.value else { return at.span };
        let Some((_, value)) = table.get(key) else { return at.span };
        at = value;
        if let (Node::Array(elements), Some(index)) = (&at.value, index) {
            at = &elements[index];
        }
    }
    at.span
}

/// Whether a diagnostic is about the field that a reason names: the field's own name is in the
/// message, or a label lies within the field.
fn is_about(found: &Diagnostic, documents: &[Spanned<Node>], path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let last = last.split('[').next().unwrap_or(last);
    let spans = documents.iter().map(|document| place(document, path));
    let mut within = spans.flat_map(|span| {
        found
            .labels
            .iter()
            .map(move |label| label.span.start >= span.start && label.span.end <= span.end)
    });
    found.message.contains(last) || within.any(|within| within)
}

#[test]
fn every_published_verdict_is_drills_verdict() {
    let root = folder("openslo");
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    for case in table(&root.join("cases.csv")) {
        let (file, verdict) = (case["file"].as_str(), case["verdict"].as_str());
        let found = checked(&root.join(file));
        let errors: Vec<_> =
            found.list.iter().filter(|found| found.severity == Severity::Error).collect();
        *counts.entry(verdict.to_owned()).or_insert(0) += 1;
        let name = file.rsplit('/').next().unwrap().split('.').next().unwrap();
        let other = file.starts_with("other/v1alpha") || file.starts_with("other/v2alpha");
        if other {
            let version = if file.contains("v1alpha") { "v1alpha" } else { "v2alpha" };
            let told = errors.iter().all(|found| found.code == "openslo::version");
            let named = errors.iter().all(|found| found.message.contains(version));
            if errors.is_empty() || !told || !named {
                wrong.push(format!("{file}: another version is not told apart:\n{found}"));
            }
            continue;
        }
        let accepted = match verdict {
            // Files with references are read as such below.
            "left-as-is" | "unresolved-reference" => continue,
            "valid" | "resolves" => true,
            "invalid" => false,
            "disputed" => DISPUTED.iter().find(|(known, ..)| *known == name).unwrap().1,
            _ => panic!("verdict {verdict} of {file}"),
        };
        if accepted != errors.is_empty() {
            wrong.push(format!("{file} is {verdict} ({}), drill says:\n{found}", case["reason"]));
        } else if verdict == "invalid" {
            let text = fs::read_to_string(root.join(file)).unwrap();
            let (documents, _) = load::parse_yaml(&SourceText::new(file, text));
            for reason in case["reason"].split("; ") {
                let field = reason.split(": ").next().unwrap().split(" and ").next().unwrap();
                if !errors.iter().any(|found| is_about(found, &documents, field)) {
                    wrong.push(format!("{file}: nothing about `{field}` ({reason}):\n{found}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} disagreements\n{}", wrong.len(), wrong.join("\n\n"));
    let counts: Vec<_> = counts.iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
    let wanted = "2 decodes, 12 disputed, 156 invalid, 1 left-as-is, 1 resolves, \
                  2 unresolved-reference, 1 unstated, 99 valid";
    assert_eq!(counts.join(", "), wanted);
}

fn together(names: &[&str]) -> Result<load::Loaded<Vec<SloDefinition>>, Diagnostics> {
    let read = |name: &&str| {
        let text = fs::read_to_string(folder("openslo").join(name)).unwrap();
        SourceText::new(*name, text)
    };
    let sources: Vec<SourceText> = names.iter().map(read).collect();
    load::openslo(&sources)
}

fn tiers(slo: &SloDefinition) -> Vec<String> {
    slo.objectives[0].spec.tiers.iter().map(Tier::written).collect()
}

#[test]
fn references_are_looked_up_in_all_files() {
    let slos = together(&["other/references/v1_slo.yaml"]).unwrap();
    let names: Vec<&str> = slos.value.iter().map(|slo| &*slo.name).collect();
    assert_eq!(names, ["my-slo-1", "my-slo-2"]);
    assert_eq!(tiers(&slos.value[0]).len(), 4, "no policy: google-30d");
    // Of the two conditions the one with `lte` cannot be evaluated.
    assert_eq!(tiers(&slos.value[1]), ["page 1h/5m 2 for=5m"]);
    let codes: Vec<&str> = slos.warnings.list.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["openslo::condition-op"]);
    let missing = |file: &str| -> Vec<String> {
        let found = together(&[file]).unwrap_err().list;
        let found = found.iter().filter(|found| found.code == "openslo::unresolved");
        found.map(|found| found.message.clone()).collect()
    };
    assert_eq!(
        missing("other/references/v1_slo_invalid_target.yaml"),
        [
            "there is no AlertNotificationTarget `devs-email-notification` in the files given together"
        ]
    );
    assert_eq!(missing("other/references/v1_slo_invalid_sli.yaml").len(), 1);
    assert_eq!(missing("other/references/custom_config.yaml").len(), 5);
    // What one file lacks another may have.
    let split = ["valid/oslo-old-v1-multi-doc0.yaml", "valid/oslo-old-v1-multi-doc1.yaml"];
    assert!(together(&split[..1]).is_err());
    let slos = together(&split).unwrap().value;
    assert!(
        matches!(&slos[0].objectives[0].indicator, Indicator::Threshold { op: ThresholdOp::Gte, value, query } if value == "10" && query.source == "CloudWatch")
    );
    let twice = ["valid/oslo-old-v1-multi.yaml", split[1]];
    let found = together(&twice).unwrap_err();
    assert_eq!(found.list[0].code, "openslo::duplicate", "{found}");
}

/// The one SLO of a spec, of which the tests below state only what matters to them.
fn one(annotations: &str, spec: &str) -> SloDefinition {
    let text = format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: one\n  annotations: {{{annotations}}}\n\
         spec:\n  service: shop\n{spec}"
    );
    let loaded = load::openslo(&[SourceText::new("one.yaml", text)]);
    loaded.unwrap_or_else(|found| panic!("{found}")).value.remove(0)
}

const RATIO: &str = "  indicator:
    metadata: {name: i}
    spec:
      ratioMetric:
        good: {metricSource: {type: drill, spec: {stream: access, where: \"status < 500\"}}}
        total: {metricSource: {type: drill, spec: {stream: access}}}
";
const ROLLING: &str = "  timeWindow: [{duration: 28d, isRolling: true}]\n";

#[test]
fn targets_are_the_digits_of_the_file() {
    let target = |text: &str| {
        let spec =
            format!("{RATIO}{ROLLING}  budgetingMethod: Occurrences\n  objectives: [{{{text}}}]\n");
        one("", &spec).objectives[0].spec.target.budget()
    };
    assert_eq!(target("target: 0.9990"), (1, 1000));
    assert_eq!(target("targetPercent: 99.99"), (1, 10_000));
    assert_eq!(target("target: 0.999999999"), (1, 1_000_000_000));
    assert_eq!(target("targetPercent: 95"), (5, 100));
}

#[test]
fn periods_and_methods_are_told_apart() {
    let objectives = "  objectives: [{target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 10m}]\n";
    let spec = |window: &str, method: &str| {
        let text =
            format!("{RATIO}  timeWindow: [{window}]\n  budgetingMethod: {method}\n{objectives}");
        one("", &text).objectives.remove(0).spec
    };
    let calendar =
        "{duration: 2Q, calendar: {startTime: 2022-01-01 12:00:00, timeZone: Asia/Tokyo}}";
    let slices = spec(calendar, "Timeslices");
    assert_eq!(
        slices.period,
        Period::Calendar(Calendar {
            unit: CalendarUnit::Quarter,
            count: 2,
            start: "2022-01-01T12:00:00".parse().unwrap(),
            zone: "Asia/Tokyo".parse().unwrap(),
        })
    );
    let window = SimDuration::from_minutes(10);
    let target = "0.95".parse().unwrap();
    assert_eq!(slices.method, BudgetingMethod::Timeslices { target, window });
    let ratio = spec("{duration: 1w, isRolling: true}", "RatioTimeslices");
    assert_eq!(ratio.period, Period::Rolling(SimDuration::from_hours(168)));
    assert_eq!(ratio.method, BudgetingMethod::RatioTimeslices { window });
    // No policy: google-30d with the factors that its shares of the budget have in a week.
    let factors: Vec<String> = ratio.tiers.iter().map(|tier| tier.factor.exact()).collect();
    assert_eq!(factors, ["3.36", "1.4", "0.7", "7/30"]);
}

#[test]
fn drills_annotations_say_what_openslo_cannot() {
    let rest = format!(
        "{RATIO}{ROLLING}  budgetingMethod: Occurrences\n  objectives: [{{target: 0.9}}]\n"
    );
    let notes = "drill/no-data: hold, drill/origin: assumed, drill/alert-when-no-data: 'false', \
                 drill/tiers: 'page 1h/5m 14.4 for=2m min-events=10; ticket 3d/6h 14/15 op=gte keep=5m'";
    let slo = one(notes, &rest);
    let spec = &slo.objectives[0].spec;
    assert_eq!(
        (slo.no_data, spec.no_data, slo.origin),
        (NoData::Hold, NoData::Hold, Origin::Assumed)
    );
    assert!(!spec.alert_when_no_data);
    assert_eq!(
        tiers(&slo),
        ["page 1h/5m 14.4 for=2m min-events=10", "ticket 3d/6h 14/15 op=gte keep=5m"]
    );
    assert_eq!(tiers(&one("drill/tiers: sloth", &rest))[3], "ticket 3d/6h 14/15");
    assert!(tiers(&one("drill/tiers: none", &rest)).is_empty());
}

#[test]
fn a_condition_becomes_a_tier() {
    let tier = |notes: &str, lookback: &str, policy: &str| {
        let text = format!(
            "{RATIO}{ROLLING}  budgetingMethod: Occurrences\n  objectives: [{{target: 0.9}}]\n  \
             alertPolicies:\n  - kind: AlertPolicy\n    metadata: {{name: p}}\n    spec:\n      {policy}\n      \
             notificationTargets: [{{kind: AlertNotificationTarget, metadata: {{name: t}}, spec: {{target: mail}}}}]\n      \
             conditions:\n      - kind: AlertCondition\n        metadata: {{name: c, annotations: {{{notes}}}}}\n        \
             spec: {{severity: warning, condition: {{kind: burnrate, op: gte, threshold: 2.50, lookbackWindow: {lookback}}}}}\n"
        );
        let slo = one("", &text);
        (tiers(&slo), slo.objectives[0].spec.alert_when_no_data)
    };
    let written = |lookback: &str| tier("", lookback, "alertWhenBreaching: true").0.remove(0);
    assert_eq!(written("1h"), "warning 1h/5m 2.5 op=gte");
    assert_eq!(written("1d"), "warning 1d/2h 2.5 op=gte");
    assert_eq!(written("30m"), "warning 30m/3m 2.5 op=gte", "halves go up");
    assert_eq!(written("5m"), "warning 5m/1m 2.5 op=gte", "at least one base slice");
    let notes = "drill/short-window: 10m, drill/keep: 1m, drill/min-failures: '3'";
    let (own, when_no_data) = tier(notes, "1h", "alertWhenNoData: false");
    assert_eq!(own, ["warning 1h/10m 2.5 op=gte keep=1m min-failures=3"]);
    assert!(!when_no_data);
    assert!(tier("", "1h", "alertWhenBreaching: false").0.is_empty());
}

#[test]
fn objectives_with_indicators_of_their_own_are_a_composite() {
    let objective = |name: &str, target: &str| {
        let source = "{metricSource: {type: drill, spec: {stream: s, metric: m}}}";
        format!(
            "  - displayName: {name}\n    target: {target}\n    op: lt\n    value: 0.50\n    compositeWeight: 2\n    \
             indicator: {{metadata: {{name: i}}, spec: {{thresholdMetric: {source}}}}}\n"
        )
    };
    let spec = |targets: [&str; 2]| {
        let (a, b) = (objective("a", targets[0]), objective("b", targets[1]));
        format!("{ROLLING}  budgetingMethod: Occurrences\n  objectives:\n{a}{b}")
    };
    let slo = one("", &spec(["0.9", "0.9"]));
    let names: Vec<&str> = slo.objectives.iter().map(|objective| &*objective.spec.name).collect();
    assert_eq!(names, ["one/a", "one/b"]);
    let target = "0.9".parse().unwrap();
    assert_eq!(slo.composite, Some(Composite { rule: CompositeRule::Weighted, target }));
    let Indicator::Threshold { query, op: ThresholdOp::Lt, value } = &slo.objectives[0].indicator
    else {
        panic!("{:?}", slo.objectives[0].indicator)
    };
    assert_eq!((query.aggregate, value.as_str()), (Aggregate::Mean, "0.50"));
    assert_eq!(one("", &spec(["0.9", "0.8"])).composite, None, "which target would it have");
    let notes = "drill/composite: any-bad, drill/composite-target: '0.85'";
    let target = "0.85".parse().unwrap();
    let wanted = Some(Composite { rule: CompositeRule::AnyBad, target });
    assert_eq!(one(notes, &spec(["0.9", "0.8"])).composite, wanted);
}

#[test]
fn the_catalogues_that_are_compiled_in_say_what_they_hold() {
    let catalog = Catalog::new(None);
    let titles: Vec<String> = catalog
        .titles(Kind::Slo)
        .into_iter()
        .map(|listed| format!("{}: {}", listed.name, listed.title.unwrap().en))
        .collect();
    insta::assert_snapshot!(titles.join("\n"), @r"
    context-optimization: 19 SLOs of context-optimization
    orchestrator-cc: 5 SLOs of orchestrator-cc
    web-access: 2 SLOs of web
    ");
    for name in catalog.names(Kind::Slo) {
        let loaded = catalog.slos(&[&name]).unwrap();
        assert!(loaded.warnings.list.is_empty(), "{}", loaded.warnings);
    }
}

#[test]
fn no_mutation_of_a_case_makes_the_reader_panic() {
    let texts: Vec<String> = files(&folder("openslo"))
        .into_iter()
        .chain(files(&folder("sloth")))
        .chain(files(&folder("pyrra")))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "json"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for n in 0..mutations() {
        // An odd step visits all texts before it repeats one.
        let text = mutated(&texts[(n * 37 % texts.len() as u64) as usize], n);
        let source = SourceText::new("mutated.yaml", text.as_str());
        let read = catch_unwind(AssertUnwindSafe(|| {
            let found = [
                load::openslo(std::slice::from_ref(&source)).err().unwrap_or_default(),
                load::import(&source).map(|loaded| loaded.warnings).unwrap_or_else(|found| found),
            ];
            for diagnostic in found.iter().flat_map(|found| &found.list) {
                for label in &diagnostic.labels {
                    let text = diagnostic
                        .source
                        .as_ref()
                        .unwrap()
                        .text
                        .get(label.span.start..label.span.end);
                    assert!(text.is_some(), "{diagnostic}");
                }
                let _ = diagnostic.to_string();
            }
        }));
        assert!(read.is_ok(), "mutation {n} panics:\n{text}");
    }
}
