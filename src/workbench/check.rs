//! What was expected against what came out.

use super::ruletest::Answers;
use crate::model::{Decision, Escalation, Expect, ExpectedStep, Finding, Hold, Name, Violation};

/// A line for each expectation that does not hold, each with what came out instead.
pub(super) fn differences(expect: &Expect, answers: &Answers) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(decision) = &answers.decision {
        severity(expect, decision, &mut lines);
    }
    if let Some(found) = &answers.findings {
        findings(expect, found, &mut lines);
    }
    if let Some(given) = &answers.steps {
        steps(expect, given, &mut lines);
    }
    if let Some(broken) = &answers.violations {
        violations(expect, broken, &mut lines);
    }
    if let Some(given) = &answers.holds {
        holds(expect, given, &mut lines);
    }
    lines
}

fn differ(lines: &mut Vec<String>, what: &str, expected: &str, got: &str) {
    lines.push(format!("{what}: expected {expected}, got {got}"));
}

/// Names in a list, or `nothing`.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn severity(expect: &Expect, decision: &Decision, lines: &mut Vec<String>) {
    let word = |level: &Option<Name>| level.as_ref().map_or("none", Name::as_str).to_owned();
    if let Some(expected) = &expect.severity
        && *expected != decision.level
    {
        let (expected, got) = (word(expected), word(&decision.level));
        differ(lines, "severity", &format!("`{expected}`"), &format!("`{got}`"));
    }
    let given = || listed(decision.reasons.iter().map(ToString::to_string));
    for reason in &expect.reasons {
        if !decision.reasons.contains(reason) {
            differ(lines, "reason", &format!("`{reason}`"), &given());
        }
    }
    for reason in &expect.no_reasons {
        if decision.reasons.contains(reason) {
            differ(lines, "reason", &format!("no `{reason}`"), &given());
        }
    }
}

fn findings(expect: &Expect, found: &[Finding], lines: &mut Vec<String>) {
    let given = || listed(found.iter().map(|f| format!("{} {}", f.rule, f.about)));
    for (rule, about) in &expect.findings {
        let same = |f: &Finding| f.rule == *rule && about.as_ref().is_none_or(|a| *a == f.about);
        if !found.iter().any(same) {
            let about = about.as_ref().map_or(String::new(), |about| format!(" {about}"));
            differ(lines, "finding", &format!("`{rule}{about}`"), &given());
        }
    }
    for rule in &expect.no_findings {
        if found.iter().any(|f| f.rule == *rule) {
            differ(lines, "finding", &format!("no `{rule}`"), &given());
        }
    }
}

fn matches(expected: &ExpectedStep, step: &Escalation) -> bool {
    let same_channels = |channels: &Vec<Name>| {
        channels.len() == step.channels.len()
            && channels.iter().all(|channel| step.channels.contains(channel))
    };
    expected.level == step.level
        && expected.role.as_ref().is_none_or(|role| *role == step.role)
        && expected.channels.as_ref().is_none_or(same_channels)
        && expected.within.is_none_or(|within| within == step.within)
}

fn steps(expect: &Expect, given: &[Escalation], lines: &mut Vec<String>) {
    let all = || {
        listed(given.iter().map(|s| {
            let channels = s.channels.join("+");
            format!("level {} to {} on {channels} within {}", s.level, s.role, s.within)
        }))
    };
    for expected in &expect.steps {
        if given.iter().any(|step| matches(expected, step)) {
            continue;
        }
        let mut text = format!("level {}", expected.level);
        if let Some(role) = &expected.role {
            text += &format!(" to {role}");
        }
        if let Some(channels) = &expected.channels {
            text += &format!(" on {}", channels.join("+"));
        }
        if let Some(within) = expected.within {
            text += &format!(" within {within}");
        }
        differ(lines, "step", &format!("`{text}`"), &all());
    }
    for level in &expect.no_levels {
        if given.iter().any(|step| step.level == *level) {
            differ(lines, "step", &format!("no level {level}"), &all());
        }
    }
    let uses = |channel: &Name| given.iter().any(|step| step.channels.contains(channel));
    for channel in expect.channels.iter().filter(|channel| !uses(channel)) {
        differ(lines, "channel", &format!("`{channel}`"), &all());
    }
    for channel in expect.no_channels.iter().filter(|channel| uses(channel)) {
        differ(lines, "channel", &format!("no `{channel}`"), &all());
    }
}

fn violations(expect: &Expect, broken: &[Violation], lines: &mut Vec<String>) {
    let given = || listed(broken.iter().map(|v| v.rule.to_string()));
    let has = |rule: &Name| broken.iter().any(|violation| violation.rule == *rule);
    for rule in expect.violations.iter().filter(|rule| !has(rule)) {
        differ(lines, "violation", &format!("`{rule}`"), &given());
    }
    for rule in expect.no_violations.iter().filter(|rule| has(rule)) {
        differ(lines, "violation", &format!("no `{rule}`"), &given());
    }
}

fn holds(expect: &Expect, given: &[Hold], lines: &mut Vec<String>) {
    let shown = |hold: &Hold| match &hold.slo {
        Some(slo) => format!("{} {slo}", hold.rule),
        None => hold.rule.to_string(),
    };
    let all = || listed(given.iter().map(shown));
    for (rule, slo) in &expect.holds {
        let same = |hold: &Hold| hold.rule == *rule && (slo.is_none() || hold.slo == *slo);
        if !given.iter().any(same) {
            let about = slo.as_ref().map_or(String::new(), |slo| format!(" {slo}"));
            differ(lines, "hold", &format!("`{rule}{about}`"), &all());
        }
    }
    for rule in expect.no_holds.iter().filter(|rule| given.iter().any(|h| h.rule == **rule)) {
        differ(lines, "hold", &format!("no `{rule}`"), &all());
    }
}
