//! Imported SLOs as OpenSLO YAML.

use std::fmt::Write as _;

use super::imported::{Imported, ImportedMetric};
use crate::model::Tier;
use crate::units::SimDuration;

/// Longest display name and longest description of OpenSLO.
const LONGEST: (usize, usize) = (63, 1050);

/// OpenSLO v1 of the SLOs, one document each, in their order.
pub fn openslo_yaml(slos: &[Imported]) -> String {
    let documents: Vec<String> = slos.iter().map(document).collect();
    documents.join("---\n")
}

/// Lines of YAML.
struct Lines {
    text: String,
}

impl Lines {
    fn line(&mut self, depth: usize, words: &str) {
        self.text.extend(std::iter::repeat_n(' ', 2 * depth));
        self.text.push_str(words);
        self.text.push('\n');
    }

    /// A key with a text; texts of several lines become a block.
    fn pair(&mut self, depth: usize, key: &str, value: &str) {
        let block = value.contains('\n')
            && !value.starts_with([' ', '\n'])
            && !value.ends_with('\n')
            && !value.chars().any(|c| c.is_control() && c != '\n');
        if !block {
            self.line(depth, &format!("{}: {}", scalar(key), scalar(value)));
            return;
        }
        self.line(depth, &format!("{}: |-", scalar(key)));
        for line in value.lines() {
            if line.is_empty() {
                self.text.push('\n');
            } else {
                self.line(depth + 1, line);
            }
        }
    }
}

/// A text in quotes, unless nothing in it could mean anything else.
pub(in crate::load) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if first && text.chars().all(plain) && !words.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                write!(quoted, "\\u{:04x}", u32::from(c))
                    .expect("invariant: writing to a string never fails");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A rolling window in the largest unit of OpenSLO that says it in one number.
pub(in crate::load) fn length(period: SimDuration) -> String {
    let minutes = period.ms() / 60_000;
    let units = [(1440, "d"), (60, "h"), (1, "m")];
    let unit = units.into_iter().find(|(unit, _)| minutes % unit == 0);
    unit.map_or_else(String::new, |(unit, word)| format!("{}{word}", minutes / unit))
}

fn document(slo: &Imported) -> String {
    let mut yaml = Lines { text: String::new() };
    yaml.line(
        0,
        &format!(
            "# {} in {}. How its alerts are routed is not carried over.",
            scalar(&slo.id),
            slo.tool
        ),
    );
    yaml.line(0, "apiVersion: openslo/v1");
    yaml.line(0, "kind: SLO");
    yaml.line(0, "metadata:");
    yaml.pair(1, "name", &slo.name);
    if slo.id != slo.name && slo.id.chars().count() <= LONGEST.0 {
        yaml.pair(1, "displayName", &slo.id);
    }
    yaml.line(1, "annotations:");
    yaml.pair(2, "drill/tiers", &tiers(slo));
    for (key, value) in &slo.labels {
        yaml.pair(2, key, value);
    }
    yaml.line(0, "spec:");
    if let Some(description) = &slo.description {
        let cut: String = description.chars().take(LONGEST.1).collect();
        yaml.pair(1, "description", cut.trim());
    }
    yaml.pair(1, "service", &slo.service);
    yaml.line(1, "indicator:");
    yaml.line(2, "metadata:");
    yaml.pair(3, "name", &slo.name);
    yaml.line(2, "spec:");
    yaml.line(3, "ratioMetric:");
    match &slo.metric {
        ImportedMetric::Ratio { counter, part_is_bad, part, total } => {
            yaml.line(4, &format!("counter: {counter}"));
            source(&mut yaml, if *part_is_bad { "bad" } else { "good" }, part);
            source(&mut yaml, "total", total);
        }
        ImportedMetric::FailureRatio(query) => {
            yaml.line(4, "rawType: failure");
            source(&mut yaml, "raw", query);
        }
    }
    yaml.line(1, "timeWindow:");
    yaml.line(2, &format!("- duration: {}", length(slo.period)));
    yaml.line(3, "isRolling: true");
    yaml.line(1, "budgetingMethod: Occurrences");
    yaml.line(1, "objectives:");
    yaml.line(2, &format!("- targetPercent: {}", slo.percent));
    yaml.text
}

fn source(yaml: &mut Lines, key: &str, fields: &[(String, String)]) {
    yaml.line(4, &format!("{key}:"));
    yaml.line(5, "metricSource:");
    yaml.line(6, "type: Prometheus");
    yaml.line(6, "spec:");
    for (key, value) in fields {
        yaml.pair(7, key, value);
    }
}

fn tiers(slo: &Imported) -> String {
    match slo.preset {
        Some(preset) => preset.as_str().to_owned(),
        None if slo.tiers.is_empty() => "none".to_owned(),
        None => slo.tiers.iter().map(Tier::written).collect::<Vec<_>>().join("; "),
    }
}
