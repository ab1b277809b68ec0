//! The after-action report in HSEEP form, of an exercise or of an incident: overview, cause,
//! evaluation, capabilities with strengths and areas for improvement, the improvement plan, and of
//! a game the hot wash.

use super::super::case::Case;
use super::super::doc::{Block, Cell, Column, Doc, Table, Tone};
use super::super::lang::{Lang, Words};
use super::super::results;
use super::super::text::{self, Style};
use super::super::{html, markdown};
use super::question::area;
use super::{analysis, wash};
use crate::exercise::Drill;
use crate::exercise::play::{Improvement, Played};
use crate::model::{Action, Name, Pack, Scenario, Source, System};
use crate::score::{CapabilityResult, Rating, Scorecard};
use crate::timeline::{EventKind as K, Timeline};

/// An exercise or an incident that was scored.
pub struct AfterAction<'a> {
    /// What the person did, in a game.
    pub played: Option<&'a Played>,
    /// The areas for improvement, with what was answered about them.
    pub plan: &'a [Improvement],
    /// Actions that the workspace keeps of this drill.
    pub actions: &'a [Action],
    /// The drill; `None` for a recording.
    pub drill: Option<&'a Drill>,
    /// The system, where it is known and there is no drill.
    pub system: Option<&'a System>,
    /// The scenario, where it is known and there is no drill.
    pub scenario: Option<&'a Scenario>,
    /// The timeline.
    pub timeline: &'a Timeline,
    /// The pack.
    pub pack: &'a Pack,
    /// The scorecard.
    pub card: &'a Scorecard,
}

impl<'a> AfterAction<'a> {
    /// Of a drill.
    pub fn of_drill(drill: &'a Drill, played: &'a Played) -> Self {
        Self {
            played: Some(played),
            plan: &played.plan,
            actions: &[],
            drill: Some(drill),
            system: None,
            scenario: None,
            timeline: &drill.timeline,
            pack: &drill.pack,
            card: &drill.scorecard,
        }
    }

    /// Of a recording.
    pub fn of_record(
        timeline: &'a Timeline,
        pack: &'a Pack,
        card: &'a Scorecard,
        played: &'a Played,
    ) -> Self {
        let (plan, actions) = (&*played.plan, &[][..]);
        let (drill, system, scenario) = (None, None, None);
        Self { played: Some(played), plan, actions, drill, system, scenario, timeline, pack, card }
    }

    pub(super) fn case(&self) -> Case<'a> {
        match self.drill {
            Some(drill) => Case::of_drill(drill),
            None => Case {
                system: self.system,
                scenario: self.scenario,
                ..Case::of_scored(self.timeline, self.pack, self.card)
            },
        }
    }
}

fn doc(result: &AfterAction<'_>, words: Words) -> Doc {
    let case = result.case();
    let header = &result.timeline.header;
    let title = case
        .scenario
        .map_or_else(|| words.text(&header.text(&header.title)), |s| words.text(&s.title));
    let key = if result.played.is_some() { "after-title" } else { "post-mortem-title" };
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f(key, &[("title", &title)]),
        lead: case.scenario.map_or_else(String::new, |s| words.text(&s.summary)),
        blocks: Vec::new(),
    };
    let key = if result.played.is_some() { "after-overview" } else { "post-mortem-overview" };
    doc.heading(words.t(key));
    doc.facts(overview(&case, result.played, words));
    if let Some(scenario) = case.scenario.filter(|scenario| !scenario.objectives.is_empty()) {
        doc.paragraph(words.t("after-objectives"));
        doc.list(scenario.objectives.iter().map(|text| Cell::new(words.text(text))).collect());
    }
    if !case.calm() {
        analysis::cause(&case, words, &mut doc);
        analysis::evaluation(&case, words, &mut doc);
    }
    doc.heading(words.t("after-capabilities"));
    doc.note(words.t("after-capabilities-note"));
    for capability in &result.card.capabilities {
        one_capability(&case, capability, result.plan, words, &mut doc);
    }
    let whole: Vec<&Improvement> =
        result.plan.iter().filter(|one| one.capability.is_none()).collect();
    if !whole.is_empty() {
        doc.blocks.push(Block::Heading { level: 3, text: words.t("after-whole") });
        doc.list(whole.iter().map(|one| Cell::new(area(&case, &one.area, words))).collect());
    }
    doc.heading(words.t("after-plan"));
    plan(&case, result.plan, words, &mut doc);
    if !case.calm() {
        let (played, kept) = (result.played, result.actions);
        analysis::kinds(&case, played, result.plan, kept, words, &mut doc);
    }
    if let Some(played) = result.played {
        doc.blocks.extend(wash::blocks(&case, played, words));
    }
    doc
}

fn overview(case: &Case<'_>, played: Option<&Played>, words: Words) -> Vec<(String, Cell)> {
    let header = &case.timeline.header;
    let preset = header.responders.as_ref().map_or_else(|| words.t("none"), ToString::to_string);
    let others = match case.scenario {
        Some(_) => Cell::new(words.f("after-others-value", &[("preset", &preset)])),
        None => Cell::new(words.t("after-others-recorded")),
    };
    let points = case.card.overall.points;
    let points = points.map_or_else(|| words.t("unknown"), |points| format!("{points:.1} / 100"));
    let rating = case.card.overall.rating.map_or_else(results::dash, results::rating_cell);
    let mode = words.word("mode", header.mode.as_str());
    let lasted = words.span(header.end - header.start);
    let clock = case.clock(header.start);
    let zone = header.zone.to_string();
    let helped = |event: &&crate::timeline::Event| matches!(event.kind, K::Hint { .. });
    let hints = case.timeline.events.iter().filter(helped).count();
    let key = match header.source {
        Source::Recorded => "post-mortem-held",
        _ => "after-held",
    };
    let mut rows = vec![
        (words.t(key), Cell::new(format!("{clock} {zone}"))),
        (words.t("after-lasted"), Cell::new(lasted)),
    ];
    if let Some(played) = played {
        rows.extend([
            (words.t("after-mode"), Cell::new(mode)),
            (words.t("after-seat"), Cell::new(case.role(&played.role, words))),
            (words.t("after-taken"), taken(case, played, words)),
            (words.t("after-others"), others),
            (words.t("after-hints"), Cell::new(hints.to_string())),
        ]);
    } else {
        let source = words.word("source", header.source.as_str());
        rows.push((words.t("head-responders"), Cell::new(source)));
    }
    rows.extend([(words.t("after-rating"), rating), (words.t("after-points"), Cell::new(points))]);
    rows
}

/// When the person took part, or who stood in.
fn taken(case: &Case<'_>, played: &Played, words: Words) -> Cell {
    let me = |by: &crate::model::Ref| by.name == played.role;
    let joined = |event: &&crate::timeline::Event| {
        matches!(event.kind, K::Joined {}) && event.by.as_ref().is_some_and(me)
    };
    if let Some(event) = case.timeline.events.iter().find(joined) {
        return Cell::new(case.offset(event.at, words));
    }
    let stood_in = case.timeline.events.iter().find_map(|event| match &event.kind {
        K::RoleTaken { role } if *role == played.role => event.by.as_ref(),
        _ => None,
    });
    let text = match stood_in {
        Some(by) => words.f("after-stood-in", &[("who", &case.title(by, words))]),
        None => words.t("after-never"),
    };
    Cell::toned(text, Tone::Bad)
}

/// Strengths are tasks done to their target; the others are areas for improvement.
fn one_capability(
    case: &Case<'_>,
    capability: &CapabilityResult,
    plan: &[Improvement],
    words: Words,
    doc: &mut Doc,
) {
    let title = words.text(&capability.title);
    let rating = results::letter(capability.rating);
    let args = [("title", title.as_str()), ("rating", rating)];
    doc.blocks.push(Block::Heading { level: 3, text: words.f("after-capability", &args) });
    if capability.rating == Rating::NotObservable {
        doc.note(words.t("after-not-observed"));
        return;
    }
    let task = |name: &Name| {
        let measure = case.card.measures.iter().find(|measure| measure.name == *name);
        measure.map_or_else(
            || words.word("task", name),
            |measure| {
                let title = words.text(&measure.title);
                let value = measure.value.map(|value| words.span_against(value, measure.target));
                let target = measure.target.map(|target| words.span(target));
                match (value, target) {
                    (Some(value), Some(target)) => {
                        let args =
                            [("title", title.as_str()), ("value", &value), ("target", &target)];
                        words.f("after-task", &args)
                    }
                    _ => title,
                }
            },
        )
    };
    let of = |good: bool| {
        let wanted = move |(_, rating): &&(Name, Rating)| match rating {
            Rating::P | Rating::S => good,
            Rating::M | Rating::U => !good,
            Rating::NotObservable => false,
        };
        capability.tasks.iter().filter(wanted)
    };
    let mut items: Vec<Cell> = Vec::new();
    for (name, rating) in of(true) {
        let args = [("what", task(name)), ("rating", results::letter(*rating).to_owned())];
        let text = words.f("after-strength", &[("what", &args[0].1), ("rating", &args[1].1)]);
        items.push(Cell::toned(text, Tone::Good));
    }
    for (name, rating) in of(false) {
        let args = [("what", task(name)), ("rating", results::letter(*rating).to_owned())];
        let text = words.f("after-weakness", &[("what", &args[0].1), ("rating", &args[1].1)]);
        items.push(Cell::toned(text, Tone::Poor));
    }
    for one in plan.iter().filter(|one| one.capability.as_ref() == Some(&capability.name)) {
        if !matches!(one.area, crate::exercise::play::Area::Measure(_)) {
            let what = area(case, &one.area, words);
            items.push(Cell::toned(words.f("after-also", &[("what", &what)]), Tone::Poor));
        }
    }
    doc.list(items);
}

fn plan(case: &Case<'_>, plan: &[Improvement], words: Words, doc: &mut Doc) {
    if plan.is_empty() {
        doc.paragraph(words.t("after-plan-empty"));
        return;
    }
    doc.note(words.t("after-plan-note"));
    let open = |text: Option<String>| {
        text.map_or_else(|| Cell::toned(words.t("after-open"), Tone::Unknown), Cell::new)
    };
    let row = |one: &Improvement| {
        let element = one.element.map(|element| words.word("after-element", element.as_str()));
        vec![
            Cell::new(area(case, &one.area, words)),
            open(one.action.clone()),
            open(element),
            open(one.owner.clone()),
            open(one.due.map(|due| due.to_string())),
        ]
    };
    doc.table(Table {
        caption: words.t("after-plan"),
        columns: vec![
            Column::flex(words.t("after-column-area")).main(),
            Column::flex(words.t("after-column-action")),
            Column::right(words.t("after-column-element")),
            Column::soft(words.t("after-column-owner")),
            Column::right(words.t("after-column-due")),
        ],
        rows: plan.iter().map(row).collect(),
    });
}

/// The after-action report for a terminal.
pub fn after_action_text(result: &AfterAction<'_>, lang: Lang, style: Style) -> String {
    text::render(&doc(result, Words::new(lang)), style)
}

/// The after-action report as Markdown.
pub fn after_action_markdown(result: &AfterAction<'_>, lang: Lang) -> String {
    markdown::render(&doc(result, Words::new(lang)))
}

/// The after-action report as one self-contained HTML page.
pub fn after_action_html(result: &AfterAction<'_>, lang: Lang) -> String {
    let words = Words::new(lang);
    html::render(&doc(result, words), words)
}
