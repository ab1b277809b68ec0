//! The report of rule tests: text, JSON (`drill.ruletest/1`) and JUnit.

use std::fmt::Write;

use serde_json::{Value, json};

use super::lang::{Lang, Words};
use super::phrase;
use super::xml::escape;
use crate::workbench::{Outcome, TestReport};

/// Width of a rule in the text report.
const WIDTH: usize = 80;

/// Writing to a string does not fail.
const INFALLIBLE: &str = "invariant: writing to a string does not fail";

/// For terminals: what did not pass, then the totals.
pub fn ruletest_text(report: &TestReport, lang: Lang) -> String {
    let words = Words::new(lang);
    let mut out = String::new();
    for case in &report.cases {
        if case.outcome == Outcome::Pass {
            continue;
        }
        let (word, place) = (case.outcome.as_str(), format!("{}:{}", case.file, case.line));
        writeln!(out, "{word:<5} {place} {}", case.name).expect(INFALLIBLE);
        for line in case.message.lines() {
            let line = phrase::say(&[], line, words);
            for (nth, part) in wrap(&line, WIDTH - 8).into_iter().enumerate() {
                let indent = if nth == 0 { "      " } else { "        " };
                writeln!(out, "{indent}{part}").expect(INFALLIBLE);
            }
        }
    }
    let totals = &report.totals;
    let counts = [totals.passed, totals.failed, totals.skipped, totals.errored];
    let [passed, failed, skipped, errored] = counts.map(|n| n.to_string());
    let args = [
        ("pack", report.pack.as_str()),
        ("passed", &passed),
        ("failed", &failed),
        ("skipped", &skipped),
        ("errored", &errored),
    ];
    writeln!(out, "{}", words.f("ruletest-totals", &args)).expect(INFALLIBLE);
    out
}

/// Lines of at most `width` columns, broken at spaces where there are any.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let mut lines = vec![line[..indent].to_owned()];
    let mut used = indent;
    for (nth, word) in line[indent..].split(' ').enumerate() {
        let wide = unicode_width::UnicodeWidthStr::width(word);
        if nth > 0 && used + 1 + wide > width {
            lines.push(String::new());
            used = 0;
        } else if nth > 0 {
            used += 1;
            if let Some(last) = lines.last_mut() {
                last.push(' ');
            }
        }
        used += wide;
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
    }
    lines
}

/// The document `drill.ruletest/1`.
pub fn ruletest_json(report: &TestReport) -> Value {
    let cases = report.cases.iter().map(|case| {
        json!({
            "file": case.file,
            "line": case.line,
            "name": case.name,
            "outcome": case.outcome.as_str(),
            "message": case.message,
            "rules": case.rules,
            "rows": case.rows,
        })
    });
    json!({
        "schema": "drill.ruletest/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "pack": report.pack,
        "totals": {
            "passed": report.totals.passed,
            "failed": report.totals.failed,
            "skipped": report.totals.skipped,
            "errored": report.totals.errored,
        },
        "cases": cases.collect::<Vec<_>>(),
    })
}

/// JUnit XML, one test suite per pack.
pub fn ruletest_junit(report: &TestReport) -> String {
    let totals = &report.totals;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(
        out,
        "<testsuites><testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" \
         skipped=\"{}\">",
        escape(&report.pack),
        report.cases.len(),
        totals.failed,
        totals.errored,
        totals.skipped
    )
    .expect(INFALLIBLE);
    for case in &report.cases {
        write!(
            out,
            "  <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
            escape(&case.file),
            escape(&case.name),
            escape(&case.file),
            case.line
        )
        .expect(INFALLIBLE);
        let first = escape(case.message.lines().next().unwrap_or(""));
        let all = escape(&case.message);
        let inner = match case.outcome {
            Outcome::Pass => None,
            Outcome::Fail => Some(format!("<failure message=\"{first}\">{all}</failure>")),
            Outcome::Error => Some(format!("<error message=\"{first}\">{all}</error>")),
            Outcome::Skip => Some(format!("<skipped message=\"{first}\"/>")),
        };
        match inner {
            Some(inner) => writeln!(out, ">{inner}</testcase>").expect(INFALLIBLE),
            None => writeln!(out, "/>").expect(INFALLIBLE),
        }
    }
    out.push_str("</testsuite></testsuites>\n");
    out
}
