//! Drills over time, in all forms.

use serde_json::{Value, json};

use super::actions::{self, KeptActions};
use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::{number, pretty, span};
use super::lang::{Lang, Words};
use super::results::{dash, span_cell};
use super::text::{self, Style};
use super::{csv, due, markdown};
use crate::assess::{DueDrills, MIN_DRILLS, PastGroup, PastMeasure, Share, Trend};
use crate::units::Zone;

/// What a workspace remembers.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Drills that can be compared with one another.
    pub groups: &'a [PastGroup],
    /// Rows of the history that could not be read.
    pub unreadable: u32,
    /// Drills listed of each group.
    pub last: usize,
    /// Drills that are due each month and each quarter.
    pub due: &'a [DueDrills],
    /// What was to be improved.
    pub actions: KeptActions<'a>,
}

/// For a terminal or a pipe.
pub fn history_text(past: &Past<'_>, lang: Lang, style: Style) -> String {
    text::render(&doc(past, Words::new(lang)), style)
}

/// As Markdown.
pub fn history_markdown(past: &Past<'_>, lang: Lang) -> String {
    markdown::render(&doc(past, Words::new(lang)))
}

/// As `drill.history/1`, ending in a line feed.
pub fn history_json(past: &Past<'_>) -> String {
    let share = |share: &Share| {
        json!({"met": share.met, "of": share.of,
            "ci": share.ci.map(|(low, high)| [number(low), number(high)])})
    };
    let measure = |m: &PastMeasure| {
        json!({"name": m.name, "met": m.all.met, "of": m.all.of,
            "ci": m.all.ci.map(|(low, high)| [number(low), number(high)]),
            "p50_ms": span(m.median), "early": share(&m.early), "late": share(&m.late),
            "trend": m.trend.as_str()})
    };
    let group = |group: &PastGroup| {
        let drills = group.drills.iter().map(|drill| {
            json!({"at": drill.at.rfc3339(Zone::UTC), "seed": drill.seed,
                "points": drill.points.map(number), "rating": drill.rating,
                "trace_hash": drill.trace_hash})
        });
        let points = group.points.map(|points| {
            let half = |(median, ci): (f64, (f64, f64))| {
                json!({"p50": number(median), "p50_ci": [number(ci.0), number(ci.1)]})
            };
            json!({"p50": number(points.median), "early": points.halves.map(|h| half(h[0])),
                "late": points.halves.map(|h| half(h[1])), "trend": points.trend.as_str()})
        });
        json!({"scenario": group.scenario, "pack": group.pack, "source": group.source,
            "split": group.split.map(|split| json!({"before": split.before.rfc3339(Zone::UTC),
                "after": split.after.rfc3339(Zone::UTC)})),
            "responders": group.responders, "n": group.drills.len(),
            "repeated": group.repeated, "pack_versions": group.pack_versions, "points": points,
            "measures": group.measures.iter().map(measure).collect::<Vec<Value>>(),
            "drills": drills.collect::<Vec<Value>>()})
    };
    pretty(&json!({"schema": "drill.history/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "min_drills": MIN_DRILLS, "unreadable": past.unreadable,
        "due": due::due_json(past.due),
        "actions": actions::actions_json(&past.actions),
        "groups": past.groups.iter().map(group).collect::<Vec<Value>>()}))
}

/// One row per drill.
pub fn history_csv(past: &Past<'_>) -> String {
    let header = [
        "scenario",
        "pack",
        "source",
        "responders",
        "at",
        "seed",
        "points",
        "rating",
        "trace_hash",
    ];
    let rows = past.groups.iter().flat_map(|group| {
        group.drills.iter().map(|drill| {
            [
                group.scenario.clone(),
                group.pack.clone(),
                group.source.clone(),
                group.responders.clone(),
                drill.at.rfc3339(Zone::UTC),
                drill.seed.to_string(),
                drill.points.map_or_else(String::new, |points| format!("{points:.1}")),
                drill.rating.clone().unwrap_or_default(),
                drill.trace_hash.clone(),
            ]
        })
    });
    csv::render(&header, rows)
}

fn doc(past: &Past<'_>, words: Words) -> Doc {
    let Past { groups, unreadable, last, .. } = *past;
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.t("history-title"),
        lead: words.f("history-lead", &[("n", &MIN_DRILLS.to_string())]),
        blocks: Vec::new(),
    };
    if groups.is_empty() {
        doc.paragraph(words.t("history-none"));
    }
    due::regular(past.due, words, &mut doc);
    actions::open_actions(&past.actions, words, &mut doc);
    for one in groups {
        group(one, last, words, &mut doc);
    }
    if unreadable > 0 {
        doc.note(words.f("history-unreadable", &[("n", &unreadable.to_string())]));
    }
    doc
}

fn group(group: &PastGroup, last: usize, words: Words, doc: &mut Doc) {
    let who = match group.responders.is_empty() {
        true => words.word("source", &group.source),
        false => {
            let source = words.word("source", &group.source);
            let args = [("source", source.as_str()), ("name", group.responders.as_str())];
            words.f("head-responders-plain", &args)
        }
    };
    let title = [("scenario", group.scenario.as_str()), ("pack", &group.pack), ("who", &who)];
    doc.heading(words.f("history-group", &title));
    let n = group.drills.len().to_string();
    let mut facts = vec![words.f("history-n", &[("n", &n)])];
    if group.repeated > 0 {
        facts.push(words.f("history-repeated", &[("n", &group.repeated.to_string())]));
    }
    if group.pack_versions > 1 {
        facts.push(words.f("history-packs", &[("n", &group.pack_versions.to_string())]));
    }
    if let Some(points) = &group.points {
        let (median, word) = (format!("{:.1}", points.median), trend_word(points.trend, words));
        facts.push(words.f("history-points", &[("median", &median), ("trend", &word)]));
    }
    if group.source == "simulated" {
        facts.push(words.t("history-simulated"));
    }
    if let Some(split) = group.split {
        let (before, after) = (split.before.rfc3339(Zone::UTC), split.after.rfc3339(Zone::UTC));
        let args = [("before", before.as_str()), ("after", &after)];
        facts.push(words.f("history-split", &args));
    }
    doc.list(facts.into_iter().map(Cell::new).collect());
    if !group.measures.is_empty() {
        let of = if group.split.is_some() { periods } else { measures };
        doc.table(of(group, words));
    }
    if last > 0 {
        doc.table(drills(group, last, words));
    }
}

fn share(share: &Share, words: Words) -> Cell {
    if share.of == 0 {
        return dash();
    }
    let ratio = words.percent(f64::from(share.met) / f64::from(share.of));
    Cell::new(format!("{} / {} ({ratio})", share.met, share.of))
}

fn interval(share: &Share, words: Words) -> Cell {
    share.ci.map_or_else(dash, |(low, high)| {
        Cell::new(format!("{} – {}", words.percent(low), words.percent(high)))
    })
}

/// The two periods beside one another, each with its interval.
fn periods(group: &PastGroup, words: Words) -> Table {
    let row = |m: &PastMeasure| {
        vec![
            Cell::new(m.name.clone()),
            share(&m.early, words),
            interval(&m.early, words),
            share(&m.late, words),
            interval(&m.late, words),
            trend_cell(m.trend, words),
        ]
    };
    Table {
        caption: words.t("measures-heading"),
        columns: vec![
            Column::flex(words.t("column-measure")).main(),
            Column::right(words.t("column-before")),
            Column::right(words.t("column-ci")),
            Column::right(words.t("column-after")),
            Column::right(words.t("column-ci")),
            Column::left(words.t("column-trend")),
        ],
        rows: group.measures.iter().map(row).collect(),
    }
}

fn measures(group: &PastGroup, words: Words) -> Table {
    let row = |m: &PastMeasure| {
        vec![
            Cell::new(m.name.clone()),
            share(&m.all, words),
            interval(&m.all, words),
            share(&m.early, words),
            share(&m.late, words),
            span_cell(m.median, words),
            trend_cell(m.trend, words),
        ]
    };
    Table {
        caption: words.t("measures-heading"),
        columns: vec![
            Column::flex(words.t("column-measure")).main(),
            Column::right(words.t("column-met")),
            Column::right(words.t("column-ci")),
            Column::right(words.t("column-early")).wide(),
            Column::right(words.t("column-late")).wide(),
            Column::right(words.t("column-p50")),
            Column::left(words.t("column-trend")),
        ],
        rows: group.measures.iter().map(row).collect(),
    }
}

fn trend_word(trend: Trend, words: Words) -> String {
    words.word("trend", trend.as_str())
}

/// An arrow only where a change is claimed.
fn trend_cell(trend: Trend, words: Words) -> Cell {
    let word = trend_word(trend, words);
    match trend {
        Trend::Better => Cell::toned(format!("↑ {word}"), Tone::Good),
        Trend::Worse => Cell::toned(format!("↓ {word}"), Tone::Bad),
        _ => Cell::toned(word, Tone::Muted),
    }
}

fn drills(group: &PastGroup, last: usize, words: Words) -> Table {
    let first = group.drills.len().saturating_sub(last);
    let row = |drill: &crate::assess::PastDrill| {
        let points = drill.points.map(|points| Cell::new(format!("{points:.1}")));
        vec![
            Cell::new(drill.at.rfc3339(Zone::UTC)),
            Cell::new(drill.seed.to_string()),
            points.unwrap_or_else(dash),
            drill.rating.as_ref().map_or_else(dash, |rating| Cell::new(rating.clone())),
            Cell::toned(drill.trace_hash.chars().take(8).collect::<String>(), Tone::Muted),
        ]
    };
    Table {
        caption: words.t("history-title"),
        columns: vec![
            Column::left(words.t("period-column-held")).main(),
            Column::right(words.t("head-seed")),
            Column::right(words.t("column-points")),
            Column::left(words.t("column-rating")),
            Column::left(words.t("column-trace")),
        ],
        rows: group.drills[first..].iter().map(row).collect(),
    }
}
