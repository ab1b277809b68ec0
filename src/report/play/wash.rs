//! The hot wash: what happened, beside when the person at the seat knew it and what was typed.

use super::super::case::Case;
use super::super::doc::{Block, Cell, Column, Doc, Table, Tone};
use super::super::lang::{Lang, Words};
use super::super::story::{Weight, sentence_of, weight};
use super::super::text::{self, Style};
use super::AfterAction;
use super::cause;
use crate::exercise::play::{Played, Typed, verb_of};
use crate::timeline::{Event, EventKind as K};
use crate::units::{SimDuration, SimTime};

/// Rows of the table in text.
const SHORT: usize = 70;
/// Rows of the table in the longer forms.
const LONG: usize = 1000;

/// One row before it is put into words.
enum Row<'a> {
    Event(&'a Event),
    Typed(&'a Typed),
}

impl Row<'_> {
    fn at(&self) -> SimTime {
        match self {
            Self::Event(event) => event.at,
            Self::Typed(typed) => typed.at,
        }
    }
}

/// What is of no use to look back on: what only looked, or let time pass.
fn idle(typed: &Typed) -> bool {
    const IDLE: [&str; 9] =
        ["status", "look", "runbook", "log", "help", "skip", "wait", "pause", "quit"];
    verb_of(&typed.line).is_some_and(|verb| IDLE.contains(&verb.word))
}

fn rows<'a>(case: &Case<'a>, played: &'a Played, whole: bool) -> Vec<Row<'a>> {
    let least = if whole { Weight::Detail } else { Weight::Headline };
    let wanted = |event: &&Event| {
        let weight = weight(&event.kind);
        let late = !matches!(event.kind, K::StepDone { .. }) || whole || mine(event, played);
        weight >= least && late
    };
    let events = case.timeline.events.iter().filter(wanted).map(Row::Event);
    let typed = played.typed.iter().filter(|typed| whole || typed.taken && !idle(typed));
    let mut rows: Vec<Row<'a>> = events.chain(typed.map(Row::Typed)).collect();
    // What was typed stands before what it brought about.
    rows.sort_by_key(|row| (row.at(), matches!(row, Row::Event(_))));
    rows
}

fn mine(event: &Event, played: &Played) -> bool {
    event.by.as_ref().is_some_and(|by| by.name == played.role)
}

/// When the person knew of an event.
fn knew(case: &Case<'_>, played: &Played, event: &Event, words: Words) -> Cell {
    if event.kind.is_ground_truth() {
        return Cell::toned(words.t("wash-never-truth"), Tone::Truth);
    }
    let seen = played.seen.iter().find(|(id, _)| *id == event.id);
    match seen {
        Some((_, at)) if *at - event.at < SimDuration::from_secs(1) => {
            Cell::toned(words.t("wash-at-once"), Tone::Good)
        }
        Some((_, at)) => Cell::toned(case.offset(*at, words), Tone::Poor),
        None => Cell::toned(words.t("wash-not-told"), Tone::Muted),
    }
}

fn table(
    case: &Case<'_>,
    played: &Played,
    words: Words,
    whole: bool,
    most: usize,
) -> (Table, usize) {
    let mut rows = rows(case, played, whole);
    let left = rows.len().saturating_sub(most);
    rows.truncate(most);
    let row = |row: &Row<'_>| match row {
        Row::Event(event) => {
            let (what, who) = sentence_of(case, words, event);
            let tone = if event.kind.is_ground_truth() { Tone::Truth } else { Tone::Plain };
            vec![
                Cell::toned(case.offset(event.at, words), Tone::Muted),
                Cell::toned(words.f("play-said", &[("who", &who), ("what", &what)]), tone),
                knew(case, played, event, words),
            ]
        }
        Row::Typed(typed) => {
            let key = if typed.taken { "wash-typed" } else { "wash-typed-in-vain" };
            let tone = if typed.taken { Tone::Fair } else { Tone::Poor };
            vec![
                Cell::toned(case.offset(typed.at, words), Tone::Muted),
                Cell::toned(words.f(key, &[("line", &typed.line)]), tone),
                Cell::new(""),
            ]
        }
    };
    let table = Table {
        caption: words.t("wash-heading"),
        columns: vec![
            Column::right(words.t("column-minute")).when(),
            Column::flex(words.t("column-what")).main(),
            Column::left(words.t("wash-column-knew")),
        ],
        rows: rows.iter().map(row).collect(),
    };
    (table, left)
}

/// The blocks of the hot wash, under a heading of its own.
pub(super) fn blocks(case: &Case<'_>, played: &Played, words: Words) -> Vec<Block> {
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: String::new(),
        lead: String::new(),
        blocks: Vec::new(),
    };
    doc.heading(words.t("wash-heading"));
    doc.note(words.t("wash-note"));
    doc.facts(clocks(case, played, words));
    let (short, left) = table(case, played, words, false, SHORT);
    doc.blocks.push(Block::TextOnly { blocks: vec![Block::Table { table: short }] });
    if left > 0 {
        let text = words.f("wash-left", &[("n", &left.to_string())]);
        let more = Block::Paragraph { text, tone: Tone::Muted };
        doc.blocks.push(Block::TextOnly { blocks: vec![more] });
    }
    let (long, _) = table(case, played, words, true, LONG);
    doc.blocks.push(Block::Longer { blocks: vec![Block::Table { table: long }] });
    let suspicions = cause::suspicions(case, played, words);
    if !suspicions.is_empty() {
        doc.heading(words.t("cause-heading"));
        doc.list(suspicions);
    }
    if case.timeline.header.scenario.is_none() {
        doc.heading(words.t("wash-unshown"));
        doc.paragraph(words.t("wash-unshown-note"));
    }
    if !played.recorded.is_empty() {
        doc.heading(words.t("wash-recorded"));
        doc.note(words.t("wash-recorded-note"));
        doc.list(recorded(case, played, words));
    }
    doc.blocks
}

/// What the role did when it really happened.
fn recorded(case: &Case<'_>, played: &Played, words: Words) -> Vec<Cell> {
    let line = |event: &Event| {
        let (what, who) = sentence_of(case, words, event);
        let said = words.f("play-said", &[("who", &who), ("what", &what)]);
        let at = case.offset(event.at, words);
        Cell::new(words.f("wash-recorded-line", &[("at", &at), ("what", &said)]))
    };
    played.recorded.iter().take(LONG).map(line).collect()
}

/// How the time went: thinking at the pace of the clock, waiting skipped.
fn clocks(case: &Case<'_>, played: &Played, words: Words) -> Vec<(String, Cell)> {
    let all = case.timeline.header.end - case.start();
    let waited = played.typed.iter().fold(SimDuration::ZERO, |sum, typed| sum + typed.waited);
    let taken = played.typed.iter().filter(|typed| typed.taken).count();
    let lines = played.typed.len().to_string();
    let args = [("taken", taken.to_string()), ("lines", lines)];
    let typed = words.f("wash-lines-value", &[("taken", &args[0].1), ("lines", &args[1].1)]);
    vec![
        (words.t("wash-lasted"), Cell::new(words.span(all))),
        (words.t("wash-thought"), Cell::new(words.span(all - waited))),
        (words.t("wash-waited"), Cell::new(words.span(waited))),
        (words.t("wash-lines"), Cell::new(typed)),
    ]
}

/// The hot wash for a terminal.
pub fn hot_wash_text(result: &AfterAction<'_>, lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let case = result.case();
    let doc = Doc {
        lang: lang.as_str(),
        title: words.t("wash-title"),
        lead: String::new(),
        blocks: result.played.map_or_else(Vec::new, |played| blocks(&case, played, words)),
    };
    text::render(&doc, style)
}
