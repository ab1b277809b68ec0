//! What a calibration fitted, how well, and what stayed assumed.

use serde_json::{Value, json};

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::{number, pretty};
use super::lang::{Lang, Words};
use super::markdown;
use super::results::dash;
use super::text::{self, Style};
use crate::assess::{Calibration, FitTest, Fitted, Kept, KeptReason, MIN_ANSWERED, MIN_RECORDS};

/// For a terminal or a pipe; `file` is where the preset was written, if it was.
pub fn calibration_text(
    found: &Calibration,
    file: Option<&str>,
    lang: Lang,
    style: Style,
) -> String {
    text::render(&doc(found, file, Words::new(lang)), style)
}

/// As Markdown.
pub fn calibration_markdown(found: &Calibration, file: Option<&str>, lang: Lang) -> String {
    markdown::render(&doc(found, file, Words::new(lang)))
}

/// As `drill.calibration/1`, ending in a line feed.
pub fn calibration_json(found: &Calibration, file: &str) -> String {
    let test = |test: &Option<FitTest>| match test {
        Some(test) => json!({"distance": number(test.distance),
            "critical": number(test.critical), "rejected": test.rejected()}),
        None => Value::Null,
    };
    let fitted = found.fitted.iter().map(|f| {
        let figures = f.figures.iter().map(
            |(name, before, now)| json!({"name": name, "before": number(*before), "now": number(*now)}),
        );
        json!({"input": f.input, "n": f.n, "censored": f.censored, "form": test(&f.form),
            "assumed_before": test(&f.before), "measured_to": f.measured_to.map(number),
            "figures": figures.collect::<Vec<_>>()})
    });
    let kept = found.kept.iter().map(|kept| match kept.why {
        KeptReason::TooFew { n, ended } => {
            json!({"input": kept.input, "why": "too_few", "n": n, "ended": ended})
        }
        KeptReason::NotInRecords => json!({"input": kept.input, "why": "not_in_records"}),
    });
    let left_out: serde_json::Map<String, Value> =
        found.left_out.iter().map(|(why, n)| (why.as_str().to_owned(), json!(n))).collect();
    let (assumed, of) = found.preset.assumed();
    pretty(&json!({"schema": "drill.calibration/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "preset": found.preset.name, "base": found.base, "file": file,
        "zone": found.zone.to_string(), "records": found.records, "incidents": found.incidents,
        "left_out": left_out, "needed": {"waits": MIN_RECORDS, "ended": MIN_ANSWERED},
        "responder_inputs": {"assumed": assumed, "of": of},
        "fitted": fitted.collect::<Vec<_>>(), "kept": kept.collect::<Vec<_>>()}))
}

fn doc(found: &Calibration, file: Option<&str>, words: Words) -> Doc {
    let name = found.preset.name.to_string();
    let (records, incidents) = (found.records.to_string(), found.incidents.to_string());
    let (assumed, of) = found.preset.assumed();
    let (assumed, of) = (assumed.to_string(), of.to_string());
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("calibrate-title", &[("name", &name)]),
        lead: words.f("calibrate-lead", &[("incidents", &incidents), ("records", &records)]),
        blocks: Vec::new(),
    };
    if !found.fitted.is_empty() {
        doc.heading(words.t("calibrate-fitted"));
        doc.table(fitted(found, words));
        doc.note(words.t("calibrate-note"));
    }
    doc.heading(words.t("calibrate-kept"));
    let base = found.base.to_string();
    let (n, ended) = (MIN_RECORDS.to_string(), MIN_ANSWERED.to_string());
    doc.note(words.f("calibrate-kept-note", &[("base", &base), ("n", &n), ("ended", &ended)]));
    doc.list(kept(found, words));
    if !found.left_out.is_empty() {
        doc.heading(words.t("calibrate-left-out"));
        let line = |(why, n): &(crate::assess::LeftOut, u32)| {
            let text = words.word("left-out", why.as_str());
            Cell::new(words.f("calibrate-counted", &[("n", &n.to_string()), ("what", &text)]))
        };
        doc.list(found.left_out.iter().map(line).collect());
    }
    if let Some(file) = file {
        let args = [("file", file), ("assumed", &assumed), ("of", &of)];
        doc.paragraph(words.f("calibrate-wrote", &args));
        doc.paragraph(words.f("calibrate-next", &[("file", file)]));
    }
    doc
}

fn fitted(found: &Calibration, words: Words) -> Table {
    let row = |f: &Fitted| {
        let figures = f.figures.iter().map(|(name, before, now)| {
            let (before, now) = (before.to_string(), now.to_string());
            let args = [("name", short(name)), ("before", &before), ("now", &now)];
            words.f("calibrate-figure", &args)
        });
        let n = match f.censored {
            0 => f.n.to_string(),
            censored => words.f(
                "calibrate-censored",
                &[("n", &f.n.to_string()), ("censored", &censored.to_string())],
            ),
        };
        vec![
            Cell::new(words.word("calibrated", &f.input)),
            Cell::new(n),
            Cell::new(words.list(figures)),
            tested(f, words),
        ]
    };
    Table {
        caption: words.t("calibrate-fitted"),
        columns: vec![
            Column::left(words.t("column-input")).main(),
            Column::right(words.t("column-n")),
            Column::flex(words.t("column-was-is")),
            Column::soft(words.t("column-fit-test")),
        ],
        rows: found.fitted.iter().map(row).collect(),
    }
}

/// `median_min` of `ack_work_median_min`: the row says whose.
fn short(name: &str) -> &str {
    let rest = name.strip_prefix("ack_").and_then(|rest| rest.split_once('_'));
    rest.map_or(name, |(_, figure)| figure)
}

fn tested(f: &Fitted, words: Words) -> Cell {
    let said = |test: &FitTest, fits: &str, off: &str| {
        let args =
            [("d", format!("{:.2}", test.distance)), ("limit", format!("{:.2}", test.critical))];
        let key = if test.rejected() { off } else { fits };
        words.f(key, &[(args[0].0, &args[0].1), (args[1].0, &args[1].1)])
    };
    let form = f.form.as_ref().map(|test| said(test, "calibrate-form-fits", "calibrate-form-off"));
    let before =
        f.before.as_ref().map(|test| said(test, "calibrate-before-fits", "calibrate-before-off"));
    let tail = f
        .measured_to
        .filter(|to| *to < 1.0)
        .map(|to| words.f("calibrate-tail", &[("p", &format!("p{:.0}", to * 100.0))]));
    let parts: Vec<String> = form.into_iter().chain(before).chain(tail).collect();
    match parts.is_empty() {
        true => dash(),
        // A form that the data reject is still the one that the model draws from.
        false => {
            let off = f.form.is_some_and(|test| test.rejected()) && f.measured_to.is_none();
            Cell::toned(words.list(parts), if off { Tone::Poor } else { Tone::Muted })
        }
    }
}

fn kept(found: &Calibration, words: Words) -> Vec<Cell> {
    let (few, none): (Vec<&Kept>, Vec<&Kept>) =
        found.kept.iter().partition(|kept| matches!(kept.why, KeptReason::TooFew { .. }));
    let mut lines: Vec<Cell> = Vec::new();
    for kept in few {
        if let KeptReason::TooFew { n, ended } = kept.why {
            let input = words.word("calibrated", &kept.input);
            let (n, ended) = (n.to_string(), ended.to_string());
            let args = [("input", input.as_str()), ("n", &n), ("ended", &ended)];
            lines.push(Cell::new(words.f("calibrate-too-few", &args)));
        }
    }
    if !none.is_empty() {
        let inputs: Vec<String> =
            none.iter().map(|kept| words.word("calibrated", &kept.input)).collect();
        let text = words.f("calibrate-none", &[("inputs", &words.titles(&inputs))]);
        lines.push(Cell::toned(text, Tone::Muted));
    }
    lines.push(Cell::toned(words.t("calibrate-rest"), Tone::Muted));
    lines
}
