//! Rules whose alerts are those of the replay, and the unit test that asks for them.

use std::fmt::Write as _;

use super::yaml::{Stands, alert_keys, alert_name, comment, condition, quoted, rule, series};
use crate::model::{AlertState, AlertTransition, SliceBlock, SloSpec};
use crate::slo::{Gauges, gauges, must_agree, no_gauges, tier_rule};
use crate::units::SimDuration;

/// A recorded series of one SLO with the alerts of its replay.
#[derive(Debug, Clone, Copy)]
pub struct OracleSeries<'a> {
    /// The objective.
    pub spec: &'a SloSpec,
    /// Its slices.
    pub block: &'a SliceBlock,
    /// What the replay of its tiers gives, without the alert on missing data.
    pub transitions: &'a [AlertTransition],
}

const GAUGES: [&str; 4] =
    ["drill_slice_bad", "drill_slice_total", "drill_slice_events", "drill_slice_failures"];

/// The rules of `specs` on base slices of `step`. An SLO or a tier of which there are none is
/// named in a comment with the reason.
pub fn oracle_rules(specs: &[&SloSpec], step: SimDuration) -> String {
    let mut text = format!(
        "# Written by drill {}. These rules reach the states of `drill slo alerts`: one sample of\n\
         # drill_slice_bad, drill_slice_total (and, for guards, drill_slice_events and\n\
         # drill_slice_failures) per slice, stamped at its end; whole numbers; no freezing.\n\
         groups:\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut any = false;
    for spec in specs {
        if let Some(reason) = no_gauges(spec, step) {
            writeln!(text, "# {}: {}.", comment(&spec.name), reason.en)
                .expect("invariant: writing to a string never fails");
            continue;
        }
        let rules = rules_of(spec, step);
        if rules.lines().any(|line| line.starts_with("  - ")) {
            any = true;
            text += &format!("- name: {}\n  interval: {step}\n  rules:\n", quoted(&spec.name));
        }
        text += &rules;
    }
    if any { text } else { text.replacen("groups:\n", "groups: []\n", 1) }
}

fn rules_of(spec: &SloSpec, step: SimDuration) -> String {
    let [bad, total, events, failures] = GAUGES.map(|gauge| series(gauge, &spec.name));
    let stands = Stands { bad, total, events, failures };
    let mut text = String::new();
    for (index, tier) in spec.tiers.iter().enumerate() {
        let name = alert_name(spec, index);
        match tier_rule(spec, tier, step) {
            Some(compiled) => {
                let expression = condition(&stands, tier, &compiled, |_, _| String::new());
                let head = format!("alert: {}", quoted(&name));
                text += &rule(&head, &expression, &alert_keys(spec, tier));
            }
            None => {
                text += &format!("# {}: even all events bad do not reach it.\n", comment(&name))
            }
        }
    }
    text
}

/// The unit test of all `series` against the rules in `rule_file`. SLOs without rules are left
/// out, and so are the instants at which the replay is frozen, or was and may still differ.
pub fn oracle_test(rule_file: &str, series: &[OracleSeries<'_>]) -> String {
    let step = series.first().map_or(SimDuration::from_minutes(1), |one| one.block.step);
    let mut text = format!(
        "# Written by drill {}: the states that `drill slo alerts` found in recorded slices.\n\
         rule_files: [{}]\nevaluation_interval: {step}\ntests:\n",
        env!("CARGO_PKG_VERSION"),
        quoted(rule_file)
    );
    for one in series {
        match gauges(one.spec, one.block) {
            Ok(gauges) => text += &test_of(one, &gauges),
            Err(reason) => {
                text += &format!("# {}: {}.\n", comment(&one.spec.name), reason.en);
            }
        }
    }
    text
}

fn test_of(one: &OracleSeries<'_>, gauges: &Gauges) -> String {
    let (name, step) = (&one.spec.name, one.block.step);
    let mut text = format!("- name: {}\n  interval: {step}\n  input_series:\n", quoted(name));
    let values = [&gauges.bad, &gauges.total, &gauges.events, &gauges.failures];
    for (gauge, values) in GAUGES.iter().zip(values) {
        let selector = quoted(&series(gauge, name));
        text += &format!("  - {{series: {selector}, values: '{}'}}\n", samples(values));
    }
    let (alerts, states) = asked(one);
    for (key, lines) in [("alert_rule_test", alerts), ("promql_expr_test", states)] {
        match lines.is_empty() {
            true => text += &format!("  {key}: []\n"),
            false => text += &format!("  {key}:\n{lines}"),
        }
    }
    text
}

/// Nothing at the begin of the first slice, then one sample at the end of each.
fn samples(values: &[Option<u64>]) -> String {
    let mut text = String::from("_");
    for value in values {
        match value {
            Some(value) => text += &format!(" {value}"),
            None => text.push_str(" _"),
        }
    }
    text
}

/// What is asked of each tier: whether it fires, and its state through `ALERTS`, which alone
/// shows what is pending.
fn asked(one: &OracleSeries<'_>) -> (String, String) {
    let (mut alerts, mut samples) = (String::new(), String::new());
    let step = one.block.step;
    let agree = must_agree(one.spec, one.block, one.transitions);
    for (index, (tier, agree)) in one.spec.tiers.iter().zip(agree).enumerate() {
        let name = quoted(&alert_name(one.spec, index));
        if tier_rule(one.spec, tier, step).is_none() {
            continue;
        }
        let (slo, severity) = (quoted(&one.spec.name), quoted(&tier.severity));
        let tier_name = quoted(&tier.name());
        let labels = format!("slo: {slo}, tier: {tier_name}, severity: {severity}");
        let states = states(one, index);
        for (at, state) in states.iter().enumerate() {
            if !agree[at] || !is_asked(&states, at) {
                continue;
            }
            let time = step * i64::try_from(at).unwrap_or(0);
            let fires = match state {
                Some("firing") => format!("[{{exp_labels: {{{labels}}}}}]"),
                _ => "[]".to_owned(),
            };
            alerts +=
                &format!("  - {{eval_time: {time}, alertname: {name}, exp_alerts: {fires}}}\n");
            let found = state.map_or("[]".to_owned(), |state| {
                let metric = format!(
                    "ALERTS{{alertname={name}, alertstate=\"{state}\", severity={severity}, \
                     slo={slo}, tier={tier_name}}}"
                );
                format!("[{{labels: {}, value: 1}}]", quoted(&metric))
            });
            let expr = quoted(&format!("ALERTS{{alertname={name}}}"));
            samples += &format!("  - {{eval_time: {time}, expr: {expr}, exp_samples: {found}}}\n");
        }
    }
    (alerts, samples)
}

/// The state of a tier at the begin of the record and at the end of every slice.
fn states(one: &OracleSeries<'_>, tier: usize) -> Vec<Option<&'static str>> {
    let mut state = None;
    let mut own = one.transitions.iter().filter(|t| t.tier == tier).peekable();
    (0..=one.block.good.len())
        .map(|at| {
            let end = one.block.start + one.block.step * i64::try_from(at).unwrap_or(i64::MAX);
            while let Some(transition) = own.next_if(|t| t.at <= end) {
                state = match transition.state {
                    AlertState::Pending => Some("pending"),
                    AlertState::Firing => Some("firing"),
                    AlertState::Resolved => None,
                };
            }
            state
        })
        .collect()
}

/// Every slice of a short series; of a long one those around each change, and now and then one.
fn is_asked(states: &[Option<&str>], at: usize) -> bool {
    let near = &states[at.saturating_sub(2)..(at + 2).min(states.len())];
    states.len() < 1000 || at.is_multiple_of(211) || near.iter().any(|state| *state != near[0])
}
