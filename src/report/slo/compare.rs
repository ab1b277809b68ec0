//! `drill slo compare`.

use serde_json::{Map, Value, json};

use super::figures::{budget_cell, cell, level, put_number, share, state_cell};
use super::status::method_word;
use crate::assess::{SloComparison, TargetColumn};
use crate::report::doc::{Cell, Column, Doc, Table};
use crate::report::json::{number, pretty};
use crate::report::lang::{Lang, Words};
use crate::report::markdown;
use crate::report::text::{self, Style};

/// For a terminal or a pipe.
pub fn slo_compare_text(slos: &[SloComparison], lang: Lang, style: Style) -> String {
    text::render(&doc(slos, Words::new(lang)), style)
}

/// As Markdown.
pub fn slo_compare_markdown(slos: &[SloComparison], lang: Lang) -> String {
    markdown::render(&doc(slos, Words::new(lang)))
}

fn doc(slos: &[SloComparison], words: Words) -> Doc {
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("slo-compare-title"),
        lead: String::new(),
        blocks: Vec::new(),
    };
    for slo in slos {
        doc.heading(slo.name.to_string());
        doc.table(methods(slo, words));
        if let Ok(error) = slo.methods.sloth.sli_error {
            doc.note(words.f("slo-compare-sloth", &[("error", &format!("{error:+.6}"))]));
        }
        if slo.targets.len() > 1 {
            doc.table(targets(slo, words));
        }
    }
    doc
}

fn methods(slo: &SloComparison, words: Words) -> Table {
    let mut rows: Vec<Vec<Cell>> = slo
        .methods
        .methods
        .iter()
        .map(|column| {
            vec![
                Cell::new(words.word("slo-method", method_word(column.spec.method))),
                cell(column.status.sli, |sli| level(sli).into()),
                budget_cell(column.status.budget.remaining_ratio),
                state_cell(column.status.state, words),
            ]
        })
        .collect();
    let sloth = &slo.methods.sloth;
    rows.push(vec![
        Cell::new(words.t("slo-method-sloth")),
        cell(sloth.sli, |sli| level(sli).into()),
        budget_cell(sloth.remaining_ratio),
        Cell::new(""),
    ]);
    Table {
        caption: words.t("slo-compare-methods"),
        columns: vec![
            Column::flex(words.t("slo-column-method")),
            Column::right(words.t("slo-column-sli")),
            Column::right(words.t("slo-column-budget")),
            Column::left(words.t("slo-column-state")),
        ],
        rows,
    }
}

fn targets(slo: &SloComparison, words: Words) -> Table {
    let row = |target: &TargetColumn| {
        let column = &target.column;
        vec![
            Cell::new(level(column.spec.target.as_f64())),
            budget_cell(column.status.budget.remaining_ratio),
            cell(column.status.budget.consumed_ratio, |spent| share(spent).into()),
            Cell::new(target.alerts.0.to_string()),
            Cell::new(target.alerts.1.to_string()),
            state_cell(column.status.state, words),
        ]
    };
    Table {
        caption: words.t("slo-compare-targets"),
        columns: vec![
            Column::right(words.t("slo-column-target")),
            Column::right(words.t("slo-column-budget")),
            Column::right(words.t("slo-column-consumed")),
            Column::right(words.t("slo-column-pages")),
            Column::right(words.t("slo-column-tickets")),
            Column::left(words.t("slo-column-state")),
        ],
        rows: slo.targets.iter().map(row).collect(),
    }
}

/// `drill.slo-compare/1`.
pub fn slo_compare_json(slos: &[SloComparison]) -> String {
    let one = |slo: &SloComparison| {
        let method = |column: &crate::slo::Column| {
            let mut object = Map::new();
            object.insert("method".into(), json!(method_word(column.spec.method)));
            put_number(&mut object, "sli", column.status.sli);
            put_number(&mut object, "remaining_ratio", column.status.budget.remaining_ratio);
            object.insert("state".into(), json!(column.status.state));
            Value::Object(object)
        };
        let target = |target: &TargetColumn| {
            let status = &target.column.status;
            let mut object = Map::new();
            object.insert("target".into(), number(target.column.spec.target.as_f64()));
            put_number(&mut object, "remaining_ratio", status.budget.remaining_ratio);
            object.insert("pages".into(), json!(target.alerts.0));
            object.insert("tickets".into(), json!(target.alerts.1));
            object.insert("state".into(), json!(status.state));
            Value::Object(object)
        };
        let mut sloth = Map::new();
        put_number(&mut sloth, "sli", slo.methods.sloth.sli);
        put_number(&mut sloth, "remaining_ratio", slo.methods.sloth.remaining_ratio);
        put_number(&mut sloth, "sli_error", slo.methods.sloth.sli_error);
        json!({
            "name": slo.name,
            "methods": slo.methods.methods.iter().map(method).collect::<Vec<_>>(),
            "sloth_30d_approximation": sloth,
            "targets": slo.targets.iter().map(target).collect::<Vec<_>>(),
        })
    };
    pretty(&json!({
        "schema": "drill.slo-compare/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "slos": slos.iter().map(one).collect::<Vec<_>>(),
    }))
}
