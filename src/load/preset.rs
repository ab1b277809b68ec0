//! Responder presets: quantile tables and knobs with their provenance.

use super::decode::{Cx, Fields, Loaded};
use super::getters::{NOT_NEGATIVE, POSITIVE, SHARE, Within};
use super::node::{Node, Spanned};
use super::symbols::{Space, choices};
use crate::diag::{Diagnostics, SourceText};
use crate::model::{ContentHash, KNOBS, Knob, Name, Preset, Provenance, QuantileTable, Stage};

const KNOB: Space = Space::new("knob", "preset::unknown-knob");
const STAGES: [Stage; 3] = [Stage::Detection, Stage::Identification, Stage::Fix];

/// The word of a stage in files.
pub(crate) fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Detection => "detection",
        Stage::Identification => "identification",
        Stage::Fix => "fix",
    }
}

/// A stage named by `key`.
pub(crate) fn stage(fields: &Fields<'_>, key: &'static str) -> Stage {
    fields.word(key, &STAGES, stage_word)
}

/// A responder preset from its file's text.
///
/// # Errors
/// All mistakes of the file, among them knobs of the documented list that are missing, doubled
/// or unknown, and tables that do not ascend from probability 0 to 1.
pub fn preset(source: &SourceText) -> Result<Loaded<Preset>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "preset").map(|fields| decode(&fields));
    cx.finish(value)
}

fn decode(fields: &Fields<'_>) -> Preset {
    fields.choice("schema", &["drill.preset/1"]);
    let (correlation, correlation_provenance) = match fields.sub("correlation", "correlation") {
        None => (0.0, no_provenance()),
        Some(sub) => {
            let within = Within { from: -0.99, to: 0.99, words: "a number from -0.99 to 0.99" };
            (sub.number("value", within), provenance(&sub))
        }
    };
    let tables: Vec<QuantileTable> =
        fields.some_tables("table", "table").iter().map(table).collect();
    for wanted in STAGES {
        let count = tables.iter().filter(|table| table.stage == wanted).count();
        if count != 1 {
            let message = format!("stage `{}` has {count} tables, wanted one", stage_word(wanted));
            fields.error("preset::stages", message, "table", "one table per stage");
        }
    }
    let mut knobs: Vec<Knob> = fields.some_tables("knob", "knob").iter().map(knob).collect();
    let missing: Vec<String> = KNOBS
        .iter()
        .filter(|(name, _)| knobs.iter().all(|knob| knob.name != *name))
        .map(|(name, meaning)| format!("`{name}` ({meaning})"))
        .collect();
    if !missing.is_empty() {
        let message = format!("{} of {} knobs are missing", missing.len(), KNOBS.len());
        let diagnostic = fields.cx.at("preset::missing-knob", message, fields.span, "incomplete");
        fields.cx.push(diagnostic.help(format!("add {}", missing.join(", "))));
    }
    knobs.sort_by(|a, b| a.name.cmp(&b.name));
    Preset {
        name: fields.name("name"),
        title: fields.text("title"),
        tables,
        correlation,
        correlation_provenance,
        knobs,
        hash: ContentHash::of(fields.cx.source.text.as_bytes()),
    }
}

fn knob(fields: &Fields<'_>) -> Knob {
    let name = fields.define("name", KNOB);
    let known: Vec<&str> = KNOBS.iter().map(|(name, _)| *name).collect();
    if !name.is_empty() && !known.contains(&name.as_str()) {
        let message = format!("there is no knob `{name}`");
        let span = fields.span_of("name");
        let diagnostic = fields.cx.at("preset::unknown-knob", message, span, "unknown knob");
        fields.cx.push(diagnostic.help(choices(&name, &known)));
    }
    let within = match name.rsplit('_').next() {
        Some("p") => SHARE,
        Some("factor") => POSITIVE,
        // The logarithm of a median is taken.
        _ if name.contains("_median_") => POSITIVE,
        Some("n") => Within { from: 1.0, to: 100.0, words: "a number from 1 to 100" },
        _ => NOT_NEGATIVE,
    };
    Knob { value: fields.number("value", within), provenance: provenance(fields), name }
}

fn table(fields: &Fields<'_>) -> QuantileTable {
    QuantileTable {
        stage: stage(fields, "stage"),
        knots: knots(fields),
        scale: fields.number_or("scale", POSITIVE, 1.0),
        provenance: provenance(fields),
    }
}

fn knots(fields: &Fields<'_>) -> Vec<(f64, f64)> {
    let Some(node) = fields.need("knots") else {
        return Vec::new();
    };
    let elements = fields.elements("knots", node, "knots `[probability, minutes]`");
    let mut knots: Vec<(f64, f64)> = Vec::with_capacity(elements.len());
    for element in elements {
        let Some(knot) = knot(fields, element) else {
            return knots;
        };
        if let Some((p, minutes)) = knots.last()
            && (knot.0 <= *p || knot.1 < *minutes)
        {
            let message = "knots must ascend in probability and must not fall in minutes";
            fields.cx.error("preset::not-ascending", message, element.span, "out of order");
        }
        knots.push(knot);
    }
    let ends = (knots.first().map(|knot| knot.0), knots.last().map(|knot| knot.0));
    if knots.len() < 2 || ends != (Some(0.0), Some(1.0)) {
        let message = "knots must begin at probability 0 and end at 1".to_owned();
        fields.error("preset::open-ended", message, "knots", "does not span 0 to 1");
    }
    knots
}

fn knot(fields: &Fields<'_>, node: &Spanned<Node>) -> Option<(f64, f64)> {
    match &node.value {
        Node::Array(pair) if pair.len() == 2 => Some((
            fields.number_node("the probability", &pair[0], SHARE),
            fields.number_node("the minutes", &pair[1], NOT_NEGATIVE),
        )),
        _ => {
            fields.cx.wrong_type("a knot", node, "`[probability, minutes]`");
            None
        }
    }
}

fn no_provenance() -> Provenance {
    Provenance::Assumed { reason: Name::from("") }
}

/// Exactly one of `measured`, `cited`, `assumed`.
fn provenance(fields: &Fields<'_>) -> Provenance {
    let mut found = Vec::new();
    if let Some(sub) = fields.sub_optional("measured", "measurement") {
        found.push(Provenance::Measured {
            n: sub.count("n", 1, u32::MAX),
            source: sub.line("source"),
        });
    }
    if let Some(sub) = fields.sub_optional("cited", "citation") {
        let source = sub.line("source");
        found.push(Provenance::Cited { source });
    }
    if let Some(sub) = fields.sub_optional("assumed", "assumption") {
        let reason = sub.line("reason");
        found.push(Provenance::Assumed { reason });
    }
    if found.len() != 1 {
        let message = format!("this {} names {} sources, wanted one", fields.what, found.len());
        let label = "where does the figure come from?";
        let diagnostic = fields.cx.at("preset::provenance", message, fields.span, label);
        fields.cx.push(diagnostic.help(
            "give `measured = { n, source }`, `cited = { source }` or `assumed = { reason }`",
        ));
    }
    found.pop().unwrap_or_else(no_provenance)
}
