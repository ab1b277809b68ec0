//! The head of a report: everything a run is a function of.

use super::case::Case;
use super::doc::{Cell, Tone};
use super::lang::Words;
use crate::model::{Name, Preset, Source};

/// The name and value of each input.
pub(super) fn facts(case: &Case<'_>, words: Words) -> Vec<(String, Cell)> {
    let header = &case.timeline.header;
    let mut rows: Vec<(String, Cell)> = Vec::new();
    let mut add = |key: &str, value: String| rows.push((words.t(key), Cell::new(value)));
    let unknown = || words.t("unknown");
    let name = |name: &Option<Name>| name.as_ref().map(ToString::to_string);

    if let Some(scenario) = name(&header.scenario) {
        add("head-scenario", scenario);
    }
    if let Some(likeness) = name(&header.likeness) {
        add("head-likeness", likeness);
    }
    let parameters = header.parameters.iter();
    let parameters: Vec<String> = parameters.map(|(k, v)| format!("{k}={v}")).collect();
    if !parameters.is_empty() {
        add("head-parameters", parameters.join(" "));
    }
    let environment = header.environment.map_or("unknown", |e| e.as_str());
    let environment = words.word("environment", environment);
    let system = name(&header.system).unwrap_or_else(unknown);
    add(
        "head-system",
        words.f("head-system-value", &[("system", &system), ("environment", &environment)]),
    );
    let pack = name(&header.pack).unwrap_or_else(|| case.pack.name.to_string());
    let hash = name(&header.pack_hash).unwrap_or_else(|| case.pack.hash.to_string());
    let version = case.pack.version.as_str();
    add("head-pack", words.f("head-pack-value", &[("pack", &pack), ("version", version)]));
    add("head-pack-hash", hash);
    if let Some(inputs) = name(&header.inputs_hash) {
        add("head-inputs-hash", inputs);
    }
    add("head-responders", responders(case, words));
    add("head-mode", words.word("mode", header.mode.as_str()));
    add("head-seed", header.seed.map_or_else(|| words.t("none"), |seed| seed.to_string()));
    add("head-start", header.start.rfc3339(header.zone));
    add("head-end", header.end.rfc3339(header.zone));
    let version = name(&header.drill_version).unwrap_or_else(|| env!("CARGO_PKG_VERSION").into());
    add("head-version", version);
    add("head-events", case.timeline.events.len().to_string());
    add("head-trace", case.trace_hash.to_string());
    if !header.sources.is_empty() {
        add("head-sources", words.list(header.sources.iter().map(|s| s.as_str())));
    }
    rows
}

fn responders(case: &Case<'_>, words: Words) -> String {
    let header = &case.timeline.header;
    let name = header.responders.as_ref().map_or("", |name| name.as_str());
    let source = words.word("source", header.source.as_str());
    match (header.source, header.assumed_inputs) {
        (Source::Simulated | Source::Live, Some((n, of))) => {
            let (n, of) = (n.to_string(), of.to_string());
            let args = [("source", source.as_str()), ("name", name), ("n", &n), ("of", &of)];
            words.f("head-responders-assumed", &args)
        }
        _ if name.is_empty() || name == header.source.as_str() => source,
        _ => words.f("head-responders-plain", &[("source", &source), ("name", name)]),
    }
}

/// Where each figure of the responder model comes from, assumed ones first.
pub(super) fn provenance(preset: &Preset, words: Words) -> Vec<Vec<Cell>> {
    use crate::model::Provenance as P;
    let stage = |stage| match stage {
        crate::model::Stage::Detection => "stage-detection",
        crate::model::Stage::Identification => "stage-identification",
        crate::model::Stage::Fix => "stage-fix",
    };
    let tables = preset.tables.iter().map(|t| (words.t(stage(t.stage)), None, &t.provenance));
    let correlation =
        (words.t("preset-correlation"), Some(preset.correlation), &preset.correlation_provenance);
    let knobs = preset.knobs.iter();
    let knobs = knobs.map(|k| (k.name.to_string(), Some(k.value), &k.provenance));
    let mut all: Vec<_> = tables.chain([correlation]).chain(knobs).collect();
    all.sort_by_key(|(_, _, p)| match p {
        P::Assumed { .. } => 0,
        P::Cited { .. } => 1,
        P::Measured { .. } => 2,
    });
    let row = |(name, value, provenance): (String, Option<f64>, &P)| {
        let (kind, tone, why) = match provenance {
            P::Measured { n, source } => {
                let n = n.to_string();
                let why = words.f("provenance-rows", &[("source", source), ("n", &n)]);
                ("provenance-measured", Tone::Good, why)
            }
            P::Cited { source } => ("provenance-cited", Tone::Fair, source.to_string()),
            P::Assumed { reason } => ("provenance-assumed", Tone::Poor, reason.to_string()),
        };
        let value = value.map_or_else(|| words.t("preset-table"), |v| format!("{v}"));
        vec![Cell::new(name), Cell::new(value), Cell::toned(words.t(kind), tone), Cell::new(why)]
    };
    all.into_iter().map(row).collect()
}
