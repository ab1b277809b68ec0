//! Response times beside their targets, and which of them have no value and why.

use super::case::Case;
use super::doc::{Block, Cell, Column, Table, Tone};
use super::lang::Words;
use super::results::{dash, rating_cell, reason, span_cell};
use crate::score::{MeasureResult, MilestoneState, Rating};

/// The table of response times with its notes.
pub(super) fn measures(case: &Case<'_>, words: Words) -> Vec<Block> {
    let told: Vec<&MeasureResult> = case.card.measures.iter().filter(|m| told(case, m)).collect();
    let mut notes: Vec<Cell> = Vec::new();
    if !told.is_empty() {
        notes.push(Cell::toned(chance_note(case, words), Tone::Muted));
    }
    if told.iter().any(|m| m.target_assumed && m.target.is_some()) {
        notes.push(Cell::toned(words.t("target-assumed"), Tone::Muted));
    }
    if told.iter().any(|m| m.target.is_none()) {
        notes.push(Cell::toned(words.t("target-none"), Tone::Muted));
    }
    notes.extend(told.iter().flat_map(|m| flags(m, words)));
    notes.extend(missing(case, words).into_iter().map(|text| Cell::toned(text, Tone::Muted)));
    let table = Table {
        caption: words.t("measures-heading"),
        columns: vec![
            Column::left(words.t("column-rating")).mark(),
            Column::flex(words.t("column-measure")).main(),
            Column::flex(words.t("column-from-to")).wide(),
            Column::right(words.t("column-value")),
            Column::right(words.t("column-target")),
            Column::right(words.t("column-floor")),
            Column::right(words.t("column-chance")),
            Column::right(words.t("column-place")),
        ],
        rows: told.iter().map(|m| row(case, m, words)).collect(),
    };
    vec![Block::Table { table }, Block::List { items: notes }]
}

/// Whether a measure says something: it has a value, or its target was missed without one.
pub(super) fn told(case: &Case<'_>, m: &MeasureResult) -> bool {
    case.applies(m) && (m.value.is_some() || m.rating != Rating::NotObservable)
}

fn row(case: &Case<'_>, m: &MeasureResult, words: Words) -> Vec<Cell> {
    let band = case.band_of(&m.name);
    let chance = band.and_then(|b| b.met).filter(|(_, of)| *of > 0);
    let chance =
        chance.map_or_else(dash, |(k, n)| Cell::new(words.percent(f64::from(k) / f64::from(n))));
    let place = band.and_then(|b| b.place);
    let place = place.map_or_else(dash, |place| Cell::new(format!("p{:.0}", place * 100.0)));
    let ends = [("from", case.end(&m.from, words)), ("to", case.end(&m.to, words))];
    let cadence = case.pack.measures.iter().any(|known| known.name == m.name && known.cadence);
    let key = if cadence { "from-to-cadence" } else { "from-to" };
    let ends = words.f(key, &[(ends[0].0, &ends[0].1), (ends[1].0, &ends[1].1)]);
    let rating = match m.target {
        None => dash(),
        Some(_) => rating_cell(m.rating),
    };
    let value =
        m.value.map_or_else(|| words.t("not-reached"), |value| words.span_against(value, m.target));
    vec![
        rating,
        Cell::new(words.text(&m.title)),
        Cell::toned(ends, Tone::Muted),
        Cell::new(value),
        target_cell(m, words),
        span_cell(m.floor, words),
        chance,
        place,
    ]
}

/// A target, starred where it is the pack author's choice.
fn target_cell(m: &MeasureResult, words: Words) -> Cell {
    let mark = if m.target_assumed { "*" } else { "" };
    m.target.map_or_else(dash, |target| Cell::new(format!("{}{mark}", words.span(target))))
}

fn chance_note(case: &Case<'_>, words: Words) -> String {
    let Some(band) = case.band else {
        return words.t("chance-none");
    };
    let n = band.trials.to_string();
    match case.band_seeds() {
        Some((first, last)) => {
            let (first, last) = (first.to_string(), last.to_string());
            words.f("chance-note-seeds", &[("n", &n), ("first", &first), ("last", &last)])
        }
        None => words.f("chance-note", &[("n", &n)]),
    }
}

/// What must be said about the rating of one measure.
fn flags(m: &MeasureResult, words: Words) -> Vec<Cell> {
    let flags = [(m.below_floor, "measure-below-floor"), (m.straddles, "measure-straddles")];
    let said = flags.into_iter().filter(|(flag, _)| *flag).map(|(_, key)| {
        let (title, what) = (words.text(&m.title), words.t(key));
        let text = words.f("measure-note", &[("title", &title), ("what", &what)]);
        Cell::toned(text, Tone::Poor)
    });
    said.collect()
}

/// Measures without a value, those of one cause on one line: first what could not be told, then
/// what does not apply at all.
fn missing(case: &Case<'_>, words: Words) -> Vec<String> {
    let mut causes: Vec<(String, Vec<String>)> = Vec::new();
    let mut idle: Vec<String> = Vec::new();
    for m in case.card.measures.iter().filter(|m| !told(case, m)) {
        let title = words.text(&m.title);
        if !blind(case, m) {
            idle.push(title);
            continue;
        }
        let why = why_no_value(case, m, words);
        match causes.iter_mut().find(|(known, _)| *known == why) {
            Some((_, titles)) => titles.push(title),
            None => causes.push((why, vec![title])),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (why, titles) in causes {
        let titles = words.titles(&titles);
        lines.push(words.f("measure-note", &[("title", &titles), ("what", &why)]));
    }
    if !idle.is_empty() {
        lines.push(words.f("not-applicable", &[("titles", &words.titles(&idle))]));
    }
    lines
}

/// Whether a measure that has its place in this incident could not be told.
pub(super) fn blind(case: &Case<'_>, m: &MeasureResult) -> bool {
    m.rating == Rating::NotObservable
        && m.value.is_none()
        && case.applies(m)
        && !case.calm()
        && !m.has_no_place()
}

/// Why a measure has no value, from its ends.
fn why_no_value(case: &Case<'_>, measure: &MeasureResult, words: Words) -> String {
    for end in [&measure.from, &measure.to] {
        let name = case.end(end, words);
        let Some(milestone) = case.milestone(end) else {
            continue;
        };
        match milestone.state {
            MilestoneState::Observed => {}
            MilestoneState::NotReached => return words.f("no-value-reached", &[("end", &name)]),
            MilestoneState::NotObservable => {
                return words.f("no-value-observable", &[("end", &name)]);
            }
        }
    }
    match &measure.reason {
        Some(why) => words.f("no-value-because", &[("why", &reason(Some(why), words))]),
        None => words.f("no-value-event", &[("end", &case.end(&measure.to, words))]),
    }
}
