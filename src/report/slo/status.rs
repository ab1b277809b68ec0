//! `drill slo status`.

use serde_json::{Map, Value, json};

use super::figures::{
    budget_cell, burn, cell, level, minute, put, put_instant, put_number, share, state_cell,
    words_of,
};
use crate::assess::{SloComposite, SloStatus};
use crate::model::{BudgetingMethod, Origin, Period};
use crate::report::doc::{Cell, Column, Doc, Table, Tone};
use crate::report::json::{number, pretty};
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};
use crate::report::{csv, markdown};
use crate::slo::{Denominator, Known, SloState};
use crate::units::{SimDuration, SimTime, Zone};

/// For a terminal or a pipe.
pub fn slo_status_text(
    slos: &[SloStatus],
    composites: &[SloComposite],
    zone: Zone,
    lang: Lang,
    style: Style,
) -> String {
    text::render(&doc(slos, composites, zone, Words::new(lang)), style)
}

/// As Markdown.
pub fn slo_status_markdown(
    slos: &[SloStatus],
    composites: &[SloComposite],
    zone: Zone,
    lang: Lang,
) -> String {
    markdown::render(&doc(slos, composites, zone, Words::new(lang)))
}

/// How many objectives are met, of those that can be judged.
pub(in crate::report) fn attained(slos: &[SloStatus]) -> (usize, usize) {
    let known = slos.iter().filter(|slo| slo.status.state != SloState::NoData);
    let judged = known.filter_map(|slo| slo.status.met.ok());
    judged.fold((0, 0), |(met, of), yes| (met + usize::from(yes), of + 1))
}

fn last_instant(slos: &[SloStatus]) -> Option<SimTime> {
    slos.iter().map(|slo| slo.status.as_of).max()
}

fn doc(slos: &[SloStatus], composites: &[SloComposite], zone: Zone, words: Words) -> Doc {
    let (met, of) = attained(slos);
    let lead = words.f(
        "slo-status-lead",
        &[
            ("at", &last_instant(slos).map_or_else(|| words.t("unknown"), |at| minute(at, zone))),
            ("zone", &zone.to_string()),
            ("met", &met.to_string()),
            ("of", &of.to_string()),
        ],
    );
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("slo-status-title"),
        lead,
        blocks: Vec::new(),
    };
    doc.table(table(slos, words));
    let doubts = doubts(slos, zone, words);
    if !doubts.is_empty() {
        doc.list(doubts);
    }
    if !composites.is_empty() {
        doc.heading(words.t("slo-composites"));
        doc.table(composite_table(composites, words));
    }
    doc
}

/// The table of all objectives; also part of the periodic reports.
pub(in crate::report) fn table(slos: &[SloStatus], words: Words) -> Table {
    let row = |slo: &SloStatus| {
        let rate = |window: SimDuration| {
            let found = slo.status.burn_rates.iter().find(|rate| rate.window == window);
            found.map_or_else(|| Cell::new(""), |rate| cell(rate.value, |rate| burn(rate).into()))
        };
        vec![
            Cell::new(slo.spec.name.to_string()),
            cell(slo.status.sli, |sli| level(sli).into()),
            Cell::new(level(slo.spec.target.as_f64())),
            budget_cell(slo.status.budget.remaining_ratio),
            rate(SimDuration::from_hours(1)),
            rate(SimDuration::from_hours(6)),
            state_cell(slo.status.state, words),
        ]
    };
    Table {
        caption: words.t("slo-status-title"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")),
            Column::right(words.t("slo-column-sli")),
            Column::right(words.t("slo-column-target")),
            Column::right(words.t("slo-column-budget")),
            Column::right(words.t("slo-column-burn-1h")),
            Column::right(words.t("slo-column-burn-6h")),
            Column::left(words.t("slo-column-state")),
        ],
        rows: slos.iter().map(row).collect(),
    }
}

/// What a reader must know before he quotes a figure, one line each.
fn doubts(slos: &[SloStatus], zone: Zone, words: Words) -> Vec<Cell> {
    let mut lines = Vec::new();
    for slo in slos {
        let status = &slo.status;
        let name = slo.spec.name.to_string();
        if status.state == SloState::NoData {
            let why = match (status.silent, status.coverage) {
                (Some(silent), _) => {
                    words.f("slo-doubt-silent", &[("silent", &words.span(silent))])
                }
                (None, Ok(coverage)) if status.sli.is_ok() => {
                    let key = match status.firing.is_empty() {
                        true => "slo-doubt-coverage",
                        false => "slo-doubt-coverage-firing",
                    };
                    words.f(key, &[("share", &share(coverage))])
                }
                _ => words_of(status.sli, words, level),
            };
            lines.push(words.f("slo-doubt", &[("slo", &name), ("why", &why)]));
        } else if let Some(at) = status.forecast.iter().find_map(|f| f.exhausted_at.ok()) {
            let basis = status.forecast.iter().find(|f| f.exhausted_at.is_ok());
            let basis = basis.map_or(SimDuration::ZERO, |f| f.basis);
            let (at, basis) = (minute(at, zone), words.span(basis));
            let why = words.f("slo-doubt-forecast", &[("at", &at), ("basis", &basis)]);
            lines.push(words.f("slo-doubt", &[("slo", &name), ("why", &why)]));
        }
        if let Some(before) = &status.before_corrections {
            let sli = words_of(before.sli, words, level);
            let why = words.f("slo-doubt-corrected", &[("sli", &sli)]);
            lines.push(words.f("slo-doubt", &[("slo", &name), ("why", &why)]));
        }
    }
    let count = |origin| slos.iter().filter(|slo| slo.origin == origin).count();
    let (derived, assumed) = (count(Origin::Derived), count(Origin::Assumed));
    if derived + assumed > 0 {
        let (derived, assumed) = (derived.to_string(), assumed.to_string());
        lines.push(words.f("slo-origins", &[("derived", &derived), ("assumed", &assumed)]));
    }
    lines.into_iter().map(|line| Cell::toned(line, Tone::Muted)).collect()
}

fn composite_table(composites: &[SloComposite], words: Words) -> Table {
    let row = |composite: &SloComposite| {
        let met = cell(composite.met, |met| {
            let (key, tone) = if met { ("slo-met", Tone::Good) } else { ("slo-missed", Tone::Bad) };
            Cell::badge(words.t(key), tone)
        });
        let parts = composite
            .parts
            .iter()
            .map(|part| format!("{} {}", part.name, words_of(part.sli, words, level)));
        vec![
            Cell::new(composite.name.to_string()),
            cell(composite.sli, |sli| level(sli).into()),
            budget_cell(composite.remaining_ratio),
            met,
            Cell::toned(words.list(parts), Tone::Muted),
        ]
    };
    Table {
        caption: words.t("slo-composites"),
        columns: vec![
            Column::left(words.t("slo-column-slo")),
            Column::right(words.t("slo-column-sli")),
            Column::right(words.t("slo-column-budget")),
            Column::left(words.t("slo-column-state")),
            Column::flex(words.t("slo-column-parts")),
        ],
        rows: composites.iter().map(row).collect(),
    }
}

pub(in crate::report) const fn method_word(method: BudgetingMethod) -> &'static str {
    match method {
        BudgetingMethod::Occurrences => "occurrences",
        BudgetingMethod::Timeslices { .. } => "timeslices",
        BudgetingMethod::RatioTimeslices { .. } => "ratio_timeslices",
    }
}

/// `drill.slo/1`.
pub fn slo_status_json(slos: &[SloStatus], composites: &[SloComposite], zone: Zone) -> String {
    let as_of = last_instant(slos).map(|at| at.rfc3339(zone));
    pretty(&json!({
        "schema": "drill.slo/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "as_of": as_of,
        "slos": slos.iter().map(|slo| slo_json(slo, zone)).collect::<Vec<_>>(),
        "composites": composites.iter().map(composite_json).collect::<Vec<_>>(),
    }))
}

/// One element of `slos`.
pub(in crate::report) fn slo_json(slo: &SloStatus, zone: Zone) -> Value {
    let status = &slo.status;
    let mut object = Map::new();
    object.insert("name".into(), json!(slo.spec.name));
    object.insert("title".into(), json!(slo.title));
    object.insert("service".into(), json!(slo.service));
    object.insert("origin".into(), json!(slo.origin));
    object.insert("as_of".into(), json!(status.as_of.rfc3339(zone)));
    object.insert("method".into(), json!(method_word(slo.spec.method)));
    object.insert("target".into(), number(slo.spec.target.as_f64()));
    object.insert("window".into(), window_json(slo, zone));
    object.insert("good".into(), json!(status.good));
    object.insert("total".into(), json!(status.total));
    object.insert("slices".into(), json!(status.slices));
    put_number(&mut object, "coverage", status.coverage);
    put_number(&mut object, "sli", status.sli);
    put(&mut object, "met", status.met, |met| json!(met));
    object.insert("budget".into(), budget_json(slo));
    let rates = status.burn_rates.iter().map(|rate| {
        let mut one = Map::new();
        one.insert("window_ms".into(), json!(rate.window.ms()));
        put_number(&mut one, "value", rate.value);
        one.insert("is_covered".into(), json!(rate.is_covered));
        Value::Object(one)
    });
    object.insert("burn_rates".into(), rates.collect());
    let forecast = status.forecast.iter().map(|forecast| {
        let mut one = Map::new();
        one.insert("basis_ms".into(), json!(forecast.basis.ms()));
        put_instant(&mut one, "exhausted_at", forecast.exhausted_at, zone);
        put_number(&mut one, "returned_ratio", forecast.returned);
        Value::Object(one)
    });
    object.insert("forecast".into(), forecast.collect());
    if let Some(before) = &status.before_corrections {
        let mut one = Map::new();
        put_number(&mut one, "sli", before.sli);
        put_number(&mut one, "remaining_ratio", before.remaining_ratio);
        one.insert("good".into(), json!(before.good));
        one.insert("total".into(), json!(before.total));
        object.insert("before_corrections".into(), Value::Object(one));
    }
    let firing = status.firing.iter().map(|tier| slo.spec.tiers[*tier].name());
    object.insert("firing".into(), firing.collect());
    object.insert("state".into(), json!(status.state));
    if let Some(silent) = status.silent {
        object.insert("silent_ms".into(), json!(silent.ms()));
    }
    Value::Object(object)
}

fn window_json(slo: &SloStatus, zone: Zone) -> Value {
    let (kind, zone) = match slo.spec.period {
        Period::Rolling(_) => ("rolling", zone),
        Period::Calendar(calendar) => ("calendar", calendar.zone),
    };
    let mut one = Map::new();
    let bounds = slo.status.window;
    put_instant(&mut one, "from", bounds.map(|bounds| bounds.from), zone);
    put_instant(&mut one, "to", bounds.map(|bounds| bounds.to), zone);
    one.insert("kind".into(), json!(kind));
    one.insert("zone".into(), json!(zone.to_string()));
    Value::Object(one)
}

fn budget_json(slo: &SloStatus) -> Value {
    let budget = &slo.status.budget;
    let mut one = Map::new();
    let denominator = match budget.denominator {
        Denominator::Elapsed => "elapsed",
        Denominator::FullPeriod => "full_period",
    };
    one.insert("denominator".into(), json!(denominator));
    put_number(&mut one, "remaining_ratio", budget.remaining_ratio);
    put_number(&mut one, "consumed_ratio", budget.consumed_ratio);
    put_number(&mut one, "total_bad_allowed", budget.total_bad_allowed);
    put_number(&mut one, "bad", budget.bad);
    put_number(&mut one, "remaining_bad", budget.remaining_bad);
    put(&mut one, "remaining_ms", budget.remaining_ms, |ms| json!(ms));
    one.insert("remaining_ms_is_approximate".into(), json!(budget.is_time_approximate));
    Value::Object(one)
}

fn composite_json(composite: &SloComposite) -> Value {
    let mut object = Map::new();
    object.insert("name".into(), json!(composite.name));
    object.insert("rule".into(), json!(composite.rule));
    put_number(&mut object, "sli", composite.sli);
    put(&mut object, "met", composite.met, |met| json!(met));
    put_number(&mut object, "remaining_ratio", composite.remaining_ratio);
    let parts = composite.parts.iter().map(|part| {
        let mut one = Map::new();
        one.insert("name".into(), json!(part.name));
        one.insert("share".into(), number(part.share));
        put_number(&mut one, "sli", part.sli);
        Value::Object(one)
    });
    object.insert("parts".into(), parts.collect());
    Value::Object(object)
}

/// One row per objective.
pub fn slo_status_csv(slos: &[SloStatus], zone: Zone) -> String {
    let header = [
        "slo",
        "as_of",
        "method",
        "target",
        "good",
        "total",
        "coverage",
        "sli",
        "budget_remaining_ratio",
        "budget_bad_allowed",
        "budget_bad",
        "state",
    ];
    let text = |value: Known<f64>| value.map_or_else(|_| String::new(), |value| value.to_string());
    let rows = slos.iter().map(|slo| {
        let status = &slo.status;
        [
            slo.spec.name.to_string(),
            status.as_of.rfc3339(zone),
            method_word(slo.spec.method).to_owned(),
            slo.spec.target.to_string(),
            status.good.to_string(),
            status.total.to_string(),
            text(status.coverage),
            text(status.sli),
            text(status.budget.remaining_ratio),
            text(status.budget.total_bad_allowed),
            text(status.budget.bad),
            json!(status.state).as_str().unwrap_or_default().to_owned(),
        ]
    });
    csv::render(&header, rows)
}
