//! What an import has in common, whatever tool it was written for.

use crate::load::decode::{Cx, Fields};
use crate::load::node::{Node, Spanned};
use crate::load::openslo::fits_annotation_key;
use crate::model::{Name, Tier, TierPreset};
use crate::units::{Objective, SimDuration};

/// Longest name of an OpenSLO object.
const MAX_NAME: usize = 63;

/// Where an imported SLI comes from; each query is the fields of a metric source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportedMetric {
    /// Good or bad events over all events.
    Ratio {
        /// Whether the values are counters that only grow.
        counter: bool,
        /// Whether `part` counts bad events.
        part_is_bad: bool,
        /// Good or bad events.
        part: Vec<(String, String)>,
        /// All events.
        total: Vec<(String, String)>,
    },
    /// The ratio of failures itself.
    FailureRatio(Vec<(String, String)>),
}

/// One SLO of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The tool, `Sloth` or `Pyrra`.
    pub tool: &'static str,
    /// Its name there.
    pub id: Name,
    /// Its name in OpenSLO: an RFC 1123 label made of `id`.
    pub name: Name,
    /// The service it is about.
    pub service: Name,
    /// What it is for.
    pub description: Option<Name>,
    /// Labels and annotations that OpenSLO can carry.
    pub labels: Vec<(String, String)>,
    /// The target in percent, as it is written.
    pub percent: String,
    /// The target.
    pub target: Objective,
    /// The rolling period of the budget.
    pub period: SimDuration,
    /// What it is computed from.
    pub metric: ImportedMetric,
    /// The set of tiers by name, when `tiers` is just that.
    pub preset: Option<TierPreset>,
    /// When the tool would alert; none where its alerts are switched off.
    pub tiers: Vec<Tier>,
}

/// An RFC 1123 label made of `id`. One that had to be cut ends with a hash of the whole.
pub(super) fn label_of(id: &str) -> Name {
    let mut label = String::with_capacity(id.len());
    for c in id.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            label.push(c);
        } else if !label.ends_with('-') && !label.is_empty() {
            label.push('-');
        }
    }
    let mut label = label.trim_end_matches('-').to_owned();
    if label.is_empty() || label.len() > MAX_NAME {
        let hash = xxhash_rust::xxh3::xxh3_64(id.as_bytes()) >> 32;
        label.truncate(MAX_NAME - 9);
        let kept = label.trim_end_matches('-');
        let kept = if kept.is_empty() { "slo" } else { kept };
        label = format!("{kept}-{hash:08x}");
    }
    Name::from(label)
}

/// A target in percent, above 0 and below 100, as its text and exactly.
pub(super) fn percent(cx: &Cx<'_>, key: &str, node: &Spanned<Node>) -> Option<(String, Objective)> {
    let text = match &node.value {
        Node::String(text) => text.trim().to_owned(),
        Node::Integer(_) | Node::Float(_) => {
            cx.source.text.get(node.span.start..node.span.end).unwrap_or_default().to_owned()
        }
        _ => {
            cx.wrong_type(&format!("`{key}`"), node, "a percentage such as 99.9");
            return None;
        }
    };
    let wrong = match Objective::from_percent(&text) {
        Ok(target) if target.budget().0 > 0 => return Some((text, target)),
        Ok(_) => {
            format!("`{key}` is {text}, which leaves no budget: OpenSLO has targets below 100 %")
        }
        Err(crate::units::RatioError::TooPrecise(_)) => {
            format!("`{key}` is {text}, as a ratio more than 9 decimal places")
        }
        Err(_) => format!("`{key}` is {text}, it must be above 0 and below 100"),
    };
    cx.error("import::target", wrong, node.span, "not a target");
    None
}

/// Labels of `key` that OpenSLO can carry as annotations; the others are left out silently, as
/// they say nothing about the objective.
pub(super) fn labels(fields: &Fields<'_>, key: &'static str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    if let Some(Node::Table(table)) = fields.present(key).map(|node| &node.value) {
        for (key, node) in &table.entries {
            let text = match &node.value {
                Node::String(text) => text.clone(),
                Node::Integer(_) | Node::Float(_) | Node::Bool(_) => {
                    fields.written(node).to_owned()
                }
                _ => continue,
            };
            if fits_annotation_key(&key.value) && !key.value.starts_with("drill/") {
                labels.push((key.value.clone(), text));
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_becomes_a_label() {
        let check = |id: &str, wanted: &str| assert_eq!(&*label_of(id), wanted, "{id}");
        check("myservice-requests-availability", "myservice-requests-availability");
        check("test-svc-test.slo-0_1", "test-svc-test-slo-0-1");
        check("__A  b__", "a-b");
        check("日本", "slo-2c17fb83");
        let long = label_of(&format!("{}-x", "a".repeat(53)));
        assert_eq!(&*long, &format!("{}-x", "a".repeat(53)));
        let cut = [label_of(&"b".repeat(64)), label_of(&"b".repeat(65))];
        assert!(cut[0].len() == 63 && cut[1].len() == 63 && cut[0] != cut[1]);
    }
}
