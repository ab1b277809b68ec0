//! Rankings of the values of a column.

use serde_json::{Value, json};

use super::csv;
use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::{number, pretty};
use super::lang::{Lang, Words};
use super::text::{self, Style};
use crate::assess::{Measured, Top, TopRow};
use crate::units::Zone;

/// The ranking as a table.
pub fn top_text(top: &Top, lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let total = top.total.to_string();
    let values = top.values.to_string();
    let (title, lead) = match &top.column {
        Some(column) => (
            words.f("top-title", &[("column", column), ("stream", &top.stream)]),
            words.f("top-lead", &[("total", &total), ("values", &values)]),
        ),
        None => (
            words.f("top-title-rows", &[("stream", &top.stream)]),
            words.f("top-lead-rows", &[("total", &total)]),
        ),
    };
    let mut doc = Doc { lang: lang.as_str(), title: title.clone(), lead, blocks: Vec::new() };
    if let Some([first, second]) = top.spans {
        let at = |at: crate::units::SimTime| at.rfc3339(Zone::UTC);
        doc.note(words.f(
            "top-spans",
            &[
                ("before-from", &at(first.0)),
                ("before-to", &at(first.1)),
                ("after-from", &at(second.0)),
                ("after-to", &at(second.1)),
            ],
        ));
    }
    if top.rows.is_empty() {
        doc.paragraph(words.t("data-nothing"));
        return text::render(&doc, style);
    }
    let shown = Shown::new(top);
    let left = |name: &str| matches!(name, "at" | "value");
    let columns = shown.columns().into_iter().map(|name| {
        let title = words.word("top-column", name);
        match name {
            "value" => Column::flex(title),
            _ if left(name) => Column::left(title),
            _ => Column::right(title),
        }
    });
    let cell = |(name, value): (&str, Value)| match value {
        Value::Null if name == "value" => Cell::toned(words.t("top-none"), Tone::Muted),
        Value::Null => Cell::new("-"),
        Value::Number(n) if name == "share" => {
            Cell::new(words.percent(n.as_f64().unwrap_or_default()))
        }
        Value::Number(n) if n.is_f64() => {
            Cell::new(format!("{:.2}", n.as_f64().unwrap_or_default()))
        }
        Value::Number(n) if name == "change" => {
            Cell::new(format!("{:+}", n.as_i64().unwrap_or_default()))
        }
        Value::String(word) => Cell::new(word),
        other => Cell::new(other.to_string()),
    };
    let rows = top
        .rows
        .iter()
        .map(|row| shown.columns().into_iter().zip(shown.row(row)).map(cell).collect::<Vec<_>>());
    doc.table(Table { caption: title, columns: columns.collect(), rows: rows.collect() });
    text::render(&doc, style)
}

/// `drill.top/1`.
pub fn top_json(top: &Top) -> String {
    let shown = Shown::new(top);
    let rows = top.rows.iter().map(|row| {
        let names = shown.columns().into_iter().map(str::to_owned);
        Value::Object(names.zip(shown.row(row)).collect())
    });
    let spans = top.spans.map(|spans| {
        let span = |(from, to): (crate::units::SimTime, crate::units::SimTime)| {
            json!({"from": from.rfc3339(Zone::UTC), "to": to.rfc3339(Zone::UTC)})
        };
        let [before, after] = spans.map(span);
        json!({"before": before, "after": after})
    });
    pretty(&json!({
        "schema": "drill.top/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "stream": top.stream,
        "column": top.column,
        "total": top.total,
        "values": top.values,
        "spans": spans,
        "top": rows.collect::<Vec<_>>(),
    }))
}

/// The columns as a header, then the rows; a row without a value says so.
pub fn top_csv(top: &Top) -> String {
    let shown = Shown::new(top);
    let cell = |(name, value): (&str, Value)| match value {
        Value::Null if name == "value" => "(none)".to_owned(),
        Value::Null => String::new(),
        Value::String(word) => word,
        other => other.to_string(),
    };
    let rows = top.rows.iter().map(|row| {
        shown.columns().into_iter().zip(shown.row(row)).map(cell).collect::<Vec<String>>()
    });
    csv::render(&shown.columns(), rows)
}

/// Which columns a ranking has.
struct Shown {
    at: bool,
    value: bool,
    compared: bool,
    measured: bool,
    total: u64,
}

impl Shown {
    fn new(top: &Top) -> Self {
        Self {
            at: top.rows.iter().any(|row| row.at.is_some()),
            value: top.column.is_some(),
            compared: top.spans.is_some(),
            measured: top.rows.iter().any(|row| row.measured.is_some()),
            total: top.total,
        }
    }

    fn columns(&self) -> Vec<&'static str> {
        let mut columns = Vec::new();
        if self.at {
            columns.push("at");
        }
        if self.value {
            columns.push("value");
        }
        match self.compared {
            true => columns.extend(["before", "after", "change"]),
            false => columns.extend(["count", "share"]),
        }
        if self.measured {
            columns.extend(["mean", "p95", "max"]);
        }
        columns
    }

    fn row(&self, row: &TopRow) -> Vec<Value> {
        let mut values = Vec::new();
        if self.at {
            values.push(row.at.map_or(Value::Null, |at| json!(at.rfc3339(Zone::UTC))));
        }
        if self.value {
            values.push(json!(row.value));
        }
        if self.compared {
            let before = row.before.unwrap_or(0);
            let change = i128::from(row.count) - i128::from(before);
            values.extend([json!(before), json!(row.count), json!(change as i64)]);
        } else {
            let share = row.count as f64 / self.total as f64;
            values.extend([json!(row.count), number(share)]);
        }
        if self.measured {
            let of = |pick: fn(&Measured) -> f64| {
                row.measured.as_ref().map_or(Value::Null, |found| number(pick(found)))
            };
            values.extend([of(|m| m.mean), of(|m| m.p95), of(|m| m.max)]);
        }
        values
    }
}
