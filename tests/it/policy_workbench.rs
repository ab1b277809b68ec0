//! Rule tests: passed, failed with the difference and the trace, skipped, not judged.

use drill::diag::{Diagnostics, SourceText, Span};
use drill::model::{Expect, Given, RuleCase, RuleTests};
use drill::report::{Lang, ruletest_json, ruletest_junit, ruletest_text};
use drill::workbench::{TestReport, run_tests};

use super::policy_fixture::{SHIPPED, down, facts, pack, setup};

fn case(name: &str, service: &str, expect: Expect) -> RuleCase {
    let mut facts = facts();
    facts.services = vec![down(service, 5)];
    RuleCase {
        name: name.into(),
        span: Span::new(0, 1),
        rows: vec!["CIN-001".into()],
        given: Given::Facts(Box::new(facts)),
        expect,
        skip: None,
    }
}

fn report() -> TestReport {
    let severity = |level: &str| Expect {
        severity: Some(Some(level.into())),
        findings: vec![("service-failed".into(), None)],
        ..Expect::default()
    };
    let mut skipped = case("later <&> \"soon\"", "user-service", severity("high"));
    skipped.skip = Some("not decided".into());
    let cases = vec![
        case("one service is high", "user-service", severity("high")),
        case("one service is low", "user-service", severity("low")),
        case("expects nothing", "user-service", Expect::default()),
        case("unknown service", "user-servce", severity("high")),
        skipped,
    ];
    let tests =
        [RuleTests { source: SourceText::new("severity.test.toml", "x"), pack: None, cases }];
    run_tests(&pack(&SHIPPED), &setup(), &tests, &|_| Err(Diagnostics::default()))
}

#[test]
fn outcomes_are_told_apart() {
    let report = report();
    let totals = &report.totals;
    assert_eq!((totals.passed, totals.failed, totals.skipped, totals.errored), (1, 1, 1, 2));
    assert!(!report.holds());
    insta::assert_snapshot!(ruletest_text(&report, Lang::En));
}

#[test]
fn reports_for_programs_are_well_formed() {
    let report = report();
    assert_eq!(ruletest_json(&report)["totals"]["errored"], 2);
    let junit = ruletest_junit(&report);
    assert!(junit.contains("name=\"later &lt;&amp;&gt; &quot;soon&quot;\""));
    assert!(!junit.contains("<&>"));
}
