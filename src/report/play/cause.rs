//! What the person took for the cause, and whether it was.

use super::super::case::Case;
use super::super::doc::{Cell, Tone};
use super::super::lang::Words;
use crate::exercise::play::Played;
use crate::model::{Name, Ref};
use crate::timeline::{Event, EventKind as K};

/// One line per suspicion of the person: right, wrong, or right and late.
pub(super) fn suspicions(case: &Case<'_>, played: &Played, words: Words) -> Vec<Cell> {
    let events = &case.timeline.events;
    let named = events.iter().filter(|event| matches!(event.kind, K::Hypothesis {}));
    let roots = roots(events);
    let is_right = |event: &Event| event.about.iter().any(|about| roots.contains(&about));
    let mut first: Option<&Event> = None;
    let mut cells = Vec::new();
    for event in named {
        let mine = event.by.as_ref().is_some_and(|by| by.name == played.role);
        let right = is_right(event);
        if mine {
            cells.push(line(case, event, (right, first), &roots, words));
        }
        if right {
            first.get_or_insert(event);
        }
    }
    if cells.is_empty() && !roots.is_empty() {
        let text = words.f("cause-never", &[("cause", &names(case, &roots, words))]);
        cells.push(Cell::toned(text, Tone::Poor));
    }
    cells
}

/// What really was the cause; empty where nobody wrote it down.
fn roots(events: &[Event]) -> Vec<&Ref> {
    let root = |event: &&Event| matches!(event.kind, K::FaultInjected { root: true, .. });
    let mut roots: Vec<&Ref> = events.iter().filter(root).flat_map(|event| &event.about).collect();
    roots.sort();
    roots.dedup();
    roots
}

fn names(case: &Case<'_>, roots: &[&Ref], words: Words) -> String {
    words.list(roots.iter().map(|about| case.title(about, words)))
}

fn line(
    case: &Case<'_>,
    event: &Event,
    (right, first): (bool, Option<&Event>),
    roots: &[&Ref],
    words: Words,
) -> Cell {
    let at = case.offset(event.at, words);
    let about = words.list(event.about.iter().map(|about| case.title(about, words)));
    let cause = names(case, roots, words);
    let who = |event: &Event| {
        let somebody = || Ref::role(&Name::from("unknown"));
        case.title(&event.by.clone().unwrap_or_else(somebody), words)
    };
    let mitigated = case.card.milestones.iter().find(|mark| mark.name == "mitigated");
    let mitigated = mitigated.and_then(|mark| mark.at).filter(|at| *at <= event.at);
    let (key, tone, other) = match (roots.is_empty(), right, first) {
        (true, ..) => ("cause-unknown", Tone::Unknown, String::new()),
        (_, false, _) => ("cause-wrong", Tone::Bad, String::new()),
        (_, true, Some(first)) if first.by != event.by => ("cause-second", Tone::Fair, who(first)),
        _ if mitigated.is_some() => ("cause-late", Tone::Fair, String::new()),
        _ => ("cause-right", Tone::Good, String::new()),
    };
    let args = [("at", at.as_str()), ("about", &about), ("cause", &cause), ("who", &other)];
    Cell::toned(words.f(key, &args), tone)
}
