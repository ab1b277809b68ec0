//! `drill slo lint`.

use serde_json::{Map, Value, json};

use crate::assess::SloLint;
use crate::report::doc::{Cell, Doc, Tone};
use crate::report::json::{number, pretty};
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};
use crate::slo::{Figure, Lint, LintLevel};
use crate::units::Zone;

/// Whether any finding is an error.
pub fn slo_lint_failed(slos: &[SloLint]) -> bool {
    slos.iter().flat_map(|slo| &slo.found).any(|lint| lint.level == LintLevel::Error)
}

/// For a terminal or a pipe.
pub fn slo_lint_text(slos: &[SloLint], lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let count = |level| {
        let all = slos.iter().flat_map(|slo| &slo.found);
        all.filter(|lint| lint.level == level).count().to_string()
    };
    let (errors, warnings) = (count(LintLevel::Error), count(LintLevel::Warning));
    let of = slos.len().to_string();
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("slo-lint-title"),
        lead: words
            .f("slo-lint-lead", &[("errors", &errors), ("warnings", &warnings), ("of", &of)]),
        blocks: Vec::new(),
    };
    for slo in slos.iter().filter(|slo| !slo.found.is_empty()) {
        doc.heading(format!("{} ({}:{})", slo.slo, slo.place.0, slo.place.1));
        let item = |lint: &Lint| {
            let (key, tone) = match lint.level {
                LintLevel::Error => ("slo-lint-error", Tone::Bad),
                LintLevel::Warning => ("slo-lint-warning", Tone::Poor),
            };
            Cell::toned(
                format!("{}: {} [{}]", words.t(key), words.text(&lint.text), lint.code),
                tone,
            )
        };
        doc.list(slo.found.iter().map(item).collect());
    }
    text::render(&doc, style)
}

/// `drill.slo-lint/1`.
pub fn slo_lint_json(slos: &[SloLint]) -> String {
    let figure = |figure: &Figure| match figure {
        Figure::Count(count) => json!(count),
        Figure::Number(value) => number(*value),
        Figure::Span(span) => json!(span.ms()),
        Figure::Instant(at) => json!(at.rfc3339(Zone::UTC)),
        Figure::Name(name) => json!(name),
    };
    let finding = |slo: &SloLint, lint: &Lint| {
        let key = |name: &str, value: &Figure| match value {
            Figure::Span(_) => format!("{name}_ms"),
            _ => name.to_owned(),
        };
        let figures: Map<String, Value> =
            lint.figures.iter().map(|(name, value)| (key(name, value), figure(value))).collect();
        json!({
            "slo": slo.slo, "file": slo.place.0, "line": slo.place.1, "code": lint.code,
            "level": lint.level, "message": lint.text.en, "figures": figures,
        })
    };
    let all = slos.iter().flat_map(|slo| slo.found.iter().map(move |lint| finding(slo, lint)));
    pretty(&json!({
        "schema": "drill.slo-lint/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "failed": slo_lint_failed(slos),
        "findings": all.collect::<Vec<_>>(),
    }))
}
