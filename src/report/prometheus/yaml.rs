//! What both kinds of rules are written with.

use crate::model::{Comparator, SloSpec, Tier};
use crate::slo::TierRule;
use crate::units::SimDuration;

/// A text in double quotes, as YAML and PromQL read it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text on one line of a comment.
pub(super) fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The selector of a series of `slo`.
pub(super) fn series(metric: &str, slo: &str) -> String {
    format!("{metric}{{slo={}}}", quoted(slo))
}

/// The range that holds the samples of `(t - window, t]`: one second less, because ranges of
/// Prometheus 2 are closed on both sides.
pub(super) fn range(window: SimDuration) -> SimDuration {
    let second = SimDuration::from_secs(1);
    if window > second { window - second } else { window - SimDuration::from_ms(1) }
}

/// The name of a tier's alert: unique in its SLO.
pub(super) fn alert_name(spec: &SloSpec, index: usize) -> String {
    let name = spec.tiers[index].name();
    let twice = spec.tiers.iter().filter(|tier| tier.name() == name).count() > 1;
    let number = if twice { format!("#{}", index + 1) } else { String::new() };
    format!("{}:{name}{number}", spec.name)
}

/// The gauges that a rule stands on.
pub(super) struct Stands {
    pub(super) bad: String,
    pub(super) total: String,
    pub(super) events: String,
    pub(super) failures: String,
}

/// The condition of a tier, in lines; `guard` is added to each window.
pub(super) fn condition(
    stands: &Stands,
    tier: &Tier,
    rule: &TierRule,
    guard: impl Fn(SimDuration, bool) -> String,
) -> String {
    let op = if rule.comparator == Comparator::Above { ">" } else { ">=" };
    let (scale, limit) = (rule.scale, rule.limit);
    let window = |span: SimDuration, is_long: bool| {
        let range = range(span);
        let (bad, total) = (&stands.bad, &stands.total);
        format!(
            "(\n  sum_over_time({bad}[{range}]) * {scale}\n    {op} sum_over_time({total}[{range}]) * \
             {limit}\n  and sum_over_time({total}[{range}]) > 0{}\n)",
            guard(span, is_long)
        )
    };
    let long = range(rule.long);
    let mut text = format!("{}\nand {}", window(rule.long, true), window(rule.short, false));
    for (series, least) in
        [(&stands.events, tier.min_events), (&stands.failures, tier.min_failures)]
    {
        if least > 0 {
            text += &format!("\nand sum_over_time({series}[{long}]) >= {least}");
        }
    }
    text
}

/// A rule of a group: its head, its expression as a block, its other keys.
pub(super) fn rule(head: &str, expression: &str, keys: &[(&str, String)]) -> String {
    let mut text = format!("  - {head}\n    expr: |-\n");
    for line in expression.lines() {
        text += &format!("      {line}\n");
    }
    for (key, value) in keys {
        text += &format!("    {key}: {value}\n");
    }
    text
}

/// The keys of a tier's alert.
pub(super) fn alert_keys(spec: &SloSpec, tier: &Tier) -> Vec<(&'static str, String)> {
    let labels = format!(
        "{{slo: {}, tier: {}, severity: {}}}",
        quoted(&spec.name),
        quoted(&tier.name()),
        quoted(&tier.severity)
    );
    vec![
        ("for", tier.hold_for.to_string()),
        ("keep_firing_for", tier.keep_firing_for.to_string()),
        ("labels", labels),
    ]
}
