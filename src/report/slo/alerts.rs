//! `drill slo alerts`.

use serde_json::{Map, Value, json};

use super::figures::{cell, minute, put, put_instant, put_number, share};
use crate::assess::SloAlert;
use crate::model::Governed;
use crate::report::doc::{Cell, Column, Doc, Table, Tone};
use crate::report::json::pretty;
use crate::report::lang::{Lang, Words};
use crate::report::text::{self, Style};
use crate::report::{csv, markdown};
use crate::slo::Known;
use crate::units::{SimDuration, SimTime, Zone};

/// For a terminal or a pipe.
pub fn slo_alerts_text(alerts: &[SloAlert], zone: Zone, lang: Lang, style: Style) -> String {
    text::render(&doc(alerts, zone, Words::new(lang)), style)
}

/// As Markdown.
pub fn slo_alerts_markdown(alerts: &[SloAlert], zone: Zone, lang: Lang) -> String {
    markdown::render(&doc(alerts, zone, Words::new(lang)))
}

fn doc(alerts: &[SloAlert], zone: Zone, words: Words) -> Doc {
    let fired = alerts.iter().filter(|alert| alert.episode.firing_at.is_ok()).count();
    let open = alerts
        .iter()
        .filter(|alert| alert.episode.firing_at.is_ok() && alert.episode.resolved_at.is_err())
        .count();
    let (fired, open) = (fired.to_string(), open.to_string());
    let lead = words
        .f("slo-alerts-lead", &[("fired", &fired), ("open", &open), ("zone", &zone.to_string())]);
    let title = words.t("slo-alerts-title");
    let mut doc = Doc { lang: words.lang.as_str(), title, lead, blocks: Vec::new() };
    if !alerts.is_empty() {
        doc.table(table(alerts, zone, words));
    }
    doc.note(words.t("slo-alerts-hindsight"));
    doc
}

/// The table of alerts; also part of the periodic reports.
pub(in crate::report) fn table(alerts: &[SloAlert], zone: Zone, words: Words) -> Table {
    let row = |alert: &SloAlert| {
        let episode = &alert.episode;
        let at = |at: Known<SimTime>| cell(at, |at| minute(at, zone).into());
        let tone = if *alert.severity == *"page" { Tone::Bad } else { Tone::Poor };
        vec![
            Cell::new(alert.slo.to_string()),
            Cell::new(alert.tier.to_string()),
            Cell::badge(alert.severity.to_string(), tone),
            at(episode.firing_at),
            at(episode.resolved_at),
            cell(episode.time_to_detect, |span: SimDuration| words.span(span).into()),
            cell(episode.budget_spent_at_firing, |spent| share(spent).into()),
        ]
    };
    Table {
        caption: words.t("slo-alerts-title"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")),
            Column::left(words.t("slo-column-tier")),
            Column::left(words.t("slo-column-severity")),
            Column::left(words.t("slo-column-firing")),
            Column::left(words.t("slo-column-resolved")),
            Column::right(words.t("slo-column-detect")),
            Column::right(words.t("slo-column-spent")),
        ],
        rows: alerts.iter().map(row).collect(),
    }
}

fn governed(governed: Option<Governed>) -> Value {
    governed.map_or(Value::Null, |governed| json!(governed))
}

/// `drill.alerts/1`.
pub fn slo_alerts_json(alerts: &[SloAlert], zone: Zone) -> String {
    let one = |alert: &SloAlert| {
        let episode = &alert.episode;
        let mut object = Map::new();
        object.insert("slo".into(), json!(alert.slo));
        object.insert("tier".into(), json!(alert.tier));
        object.insert("severity".into(), json!(alert.severity));
        object.insert("pending_at".into(), json!(episode.pending_at.rfc3339(zone)));
        put_instant(&mut object, "firing_at", episode.firing_at, zone);
        put_instant(&mut object, "resolved_at", episode.resolved_at, zone);
        put_number(&mut object, "budget_spent_at_firing", episode.budget_spent_at_firing);
        object.insert("governed_by".into(), governed(episode.governed_by));
        let ms = |span: SimDuration| json!(span.ms());
        put(&mut object, "time_to_detect_ms", episode.time_to_detect, ms);
        put(&mut object, "time_to_reset_ms", episode.time_to_reset, ms);
        Value::Object(object)
    };
    pretty(&json!({
        "schema": "drill.alerts/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "evaluated": "hindsight",
        "alerts": alerts.iter().map(one).collect::<Vec<_>>(),
    }))
}

/// One row per alert.
pub fn slo_alerts_csv(alerts: &[SloAlert], zone: Zone) -> String {
    let header = [
        "slo",
        "tier",
        "severity",
        "pending_at",
        "firing_at",
        "resolved_at",
        "budget_spent_at_firing",
        "governed_by",
    ];
    let at = |at: Known<SimTime>| at.map_or_else(|_| String::new(), |at| at.rfc3339(zone));
    let rows = alerts.iter().map(|alert| {
        let episode = &alert.episode;
        [
            alert.slo.to_string(),
            alert.tier.to_string(),
            alert.severity.to_string(),
            episode.pending_at.rfc3339(zone),
            at(episode.firing_at),
            at(episode.resolved_at),
            episode.budget_spent_at_firing.map_or_else(|_| String::new(), |s| s.to_string()),
            governed(episode.governed_by).as_str().unwrap_or_default().to_owned(),
        ]
    });
    csv::render(&header, rows)
}
