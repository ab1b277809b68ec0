//! A recorded incident, explained: what is known, how well, from where, and what is not.

use super::case::Case;
use super::doc::{Cell, Column, Doc, Table, Tone};
use super::lang::Words;
use super::{results, story};
use crate::model::Pack;
use crate::score::Scorecard;
use crate::timeline::{Event, Timeline};
use crate::units::SimDuration;

pub(super) fn incident(
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    words: Words,
    doc: &mut Doc,
) {
    let case = Case::of_scored(timeline, pack, card);
    let header = &timeline.header;
    let mut rows = vec![
        (words.t("head-start"), Cell::new(header.start.rfc3339(header.zone))),
        (words.t("head-end"), Cell::new(header.end.rfc3339(header.zone))),
        (words.t("head-pack"), Cell::new(pack.name.to_string())),
    ];
    if !header.sources.is_empty() {
        let sources = words.list(header.sources.iter().map(|source| source.as_str()));
        rows.push((words.t("head-sources"), Cell::new(sources)));
    }
    if !header.not_published.is_empty() {
        let names = header.not_published.iter().map(|name| words.word("milestone", name));
        rows.push((words.t("show-not-published"), Cell::new(words.list(names))));
    }
    doc.facts(rows);
    doc.heading(words.t("milestones-heading"));
    doc.table(results::milestones(&case, words));
    doc.heading(words.t("story-heading"));
    doc.note(words.t("show-incident-note"));
    doc.table(Table {
        caption: words.t("story-heading"),
        columns: vec![
            Column::left(words.t("column-clock")).when(),
            Column::right(words.t("column-uncertain")),
            Column::flex(words.t("column-what")).main(),
            Column::soft(words.t("column-note")).aside(),
        ],
        rows: timeline.events.iter().map(|event| row(&case, words, event)).collect(),
    });
}

fn row(case: &Case<'_>, words: Words, event: &Event) -> Vec<Cell> {
    let (what, _) = story::sentence_of(case, words, event);
    let open = event.uncertainty.filter(|open| *open > SimDuration::ZERO);
    let open = open.map_or_else(results::dash, |open| Cell::new(format!("± {}", words.span(open))));
    vec![
        Cell::toned(case.clock(event.at), Tone::Muted),
        open,
        Cell::new(what),
        Cell::toned(
            event.note.as_ref().map_or_else(String::new, |note| case.say(note, words)),
            Tone::Muted,
        ),
    ]
}
