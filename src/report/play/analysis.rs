//! What a post-mortem adds to the ratings: why it happened, how the response is to be judged, and
//! what is done about it, by kind.
//!
//! **Invariant**: a judgement that only people can make is left open; nothing is made up for it.

use super::super::case::Case;
use super::super::doc::{Block, Cell, Column, Doc, Table, Tone};
use super::super::lang::Words;
use super::super::measures::told;
use super::super::results::{self, dash, rating_cell};
use crate::exercise::play::{Improvement, Played};
use crate::model::{Action, Name, Ref, Source};
use crate::score::MeasureResult;
use crate::timeline::EventKind as K;

/// Milestones that end detection and the first response.
const DETECTION: [&str; 6] =
    ["detectable", "detected", "page_delivered", "acked", "first_action", "first_internal"];
/// Milestones that end escalation and decisions.
const DECISIONS: [&str; 4] = ["declared", "roles_filled", "first_external", "correct_hypothesis"];

fn heading(doc: &mut Doc, words: Words, key: &str) {
    doc.blocks.push(Block::Heading { level: 3, text: words.t(key) });
}

/// Root cause, contributing factors, and whether it could have been prevented.
pub(super) fn cause(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("cause-heading"));
    heading(doc, words, "cause-root");
    doc.list(root(case, words));
    heading(doc, words, "cause-factors");
    doc.list(factors(case, words));
    heading(doc, words, "cause-prevent");
    doc.list(prevention(case, words));
}

/// The faults of a timeline: those that are root causes, or the others.
fn faults(case: &Case<'_>, words: Words, roots: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for event in &case.timeline.events {
        let K::FaultInjected { effect, root, .. } = &event.kind else { continue };
        if *root == roots {
            let about = words.list(event.about.iter().map(|about| case.title(about, words)));
            let effect = words.word("effect", effect.as_str());
            let at = case.offset(event.at, words);
            let args = [("about", about.as_str()), ("effect", &effect), ("at", &at)];
            let text = words.f("cause-fault", &args);
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

fn roots<'a>(case: &'a Case<'_>) -> Vec<&'a Ref> {
    let root = |event: &'a crate::timeline::Event| match &event.kind {
        K::FaultInjected { root: true, .. } => &*event.about,
        _ => &[],
    };
    case.timeline.events.iter().flat_map(root).collect()
}

fn root(case: &Case<'_>, words: Words) -> Vec<Cell> {
    let mut items: Vec<Cell> = faults(case, words, true)
        .into_iter()
        .map(|text| Cell::toned(words.f("cause-true", &[("fault", &text)]), Tone::Truth))
        .collect();
    let truth = roots(case);
    let mut last: Option<&crate::timeline::Event> = None;
    for event in case.timeline.events.iter().filter(|event| matches!(event.kind, K::Hypothesis {}))
    {
        last = Some(event);
    }
    if let Some(event) = last {
        let about = words.list(event.about.iter().map(|about| case.title(about, words)));
        let unknown = || words.t("who-unknown");
        let by = event.by.as_ref().map_or_else(unknown, |by| case.title(by, words));
        let at = case.offset(event.at, words);
        let args = [("about", about.as_str()), ("by", &by), ("at", &at)];
        let (key, tone) = match event.about.iter().any(|about| truth.contains(&about)) {
            _ if truth.is_empty() => ("cause-thought", Tone::Plain),
            true => ("cause-thought-right", Tone::Good),
            false => ("cause-thought-wrong", Tone::Bad),
        };
        items.push(Cell::toned(words.f(key, &args), tone));
    }
    if items.is_empty() || truth.is_empty() {
        items.push(open(case, words, "cause-root-open"));
    }
    items
}

/// What made it longer or worse, as far as the timeline shows it.
fn factors(case: &Case<'_>, words: Words) -> Vec<Cell> {
    let mut items: Vec<String> = faults(case, words, false);
    let mut count = |key: &str, n: usize| {
        if n > 0 {
            items.push(words.f(key, &[("n", &n.to_string())]));
        }
    };
    let events = &case.timeline.events;
    let of = |wanted: fn(&K) -> bool| events.iter().filter(|event| wanted(&event.kind)).count();
    count(
        "cause-lost-messages",
        of(|kind| matches!(kind, K::MessageFailed { .. } | K::PageFailed { .. })),
    );
    count("cause-failed-steps", of(|kind| matches!(kind, K::StepFailed { .. })));
    let correct = &case.card.correctness;
    count("cause-wrong-hypotheses", correct.wrong_hypotheses as usize);
    count("cause-false-mitigations", correct.false_mitigations as usize);
    let wrong = case.card.severity.wrong;
    if wrong.ms() > 0 {
        items.push(words.f("cause-wrong-severity", &[("span", &words.span(wrong))]));
    }
    let violations = case.card.violations.iter();
    items.extend(violations.map(|violation| case.say(&violation.message, words)));
    if items.is_empty() {
        return vec![Cell::toned(words.t("cause-factors-none"), Tone::Muted)];
    }
    items.into_iter().map(Cell::new).collect()
}

/// What there was to see before users were hit; the judgement is people's.
fn prevention(case: &Case<'_>, words: Words) -> Vec<Cell> {
    let mut items: Vec<Cell> = Vec::new();
    let impact = case.reached("impact_start");
    if let Some((fault, impact)) = case.reached("fault_start").zip(impact) {
        let span = words.span(impact - fault);
        let key = if impact > fault { "cause-lead" } else { "cause-no-lead" };
        items.push(Cell::new(words.f(key, &[("span", &span)])));
    }
    if let Some(impact) = impact {
        let sign = case.timeline.events.iter().find(|event| {
            event.known_at < impact
                && matches!(event.kind, K::AlertFiring { .. } | K::Finding { .. })
        });
        items.push(Cell::new(match sign {
            Some(event) => words.f("cause-sign", &[("span", &words.span(impact - event.known_at))]),
            None => words.t("cause-no-sign"),
        }));
    }
    items.push(open(case, words, "cause-prevent-open"));
    items
}

/// What is left for people, with the role that leads the response.
fn open(case: &Case<'_>, words: Words, key: &str) -> Cell {
    let steps = case.pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
    let lead = steps.into_iter().find(|step| step.effect == crate::model::StepEffect::Report);
    let who = lead.map_or_else(|| words.t("who-unknown"), |step| case.role(&step.role, words));
    Cell::toned(words.f(key, &[("role", &who)]), Tone::Unknown)
}

/// The response times by what they judge: detection, decisions, recovery.
pub(super) fn evaluation(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("evaluation-heading"));
    let group = |m: &MeasureResult| match &*m.to {
        "actions_filed" | "report_delivered" => 3,
        to if to.starts_with("duty:") && *m.from == *"resolved" => 3,
        to if DETECTION.contains(&to) || to.starts_with("duty:") && *m.from == *"detected" => 0,
        to if DECISIONS.contains(&to) => 1,
        _ => 2,
    };
    let keys = ["evaluation-detection", "evaluation-decisions", "evaluation-recovery"];
    for (index, key) in keys.iter().enumerate() {
        heading(doc, words, key);
        let own = case.card.measures.iter().filter(|m| told(case, m) && group(m) == index);
        let rows: Vec<Vec<Cell>> = own.map(|m| measured(m, words)).collect();
        match rows.is_empty() {
            true => doc.note(words.t("after-not-observed")),
            false => doc.table(Table {
                caption: words.t(key),
                columns: vec![
                    Column::left(words.t("column-rating")).mark(),
                    Column::flex(words.t("column-measure")).main(),
                    Column::right(words.t("column-value")),
                    Column::right(words.t("column-target")),
                ],
                rows,
            }),
        }
    }
    if !case.card.steps.is_empty() {
        doc.paragraph(
            words.f("evaluation-steps", &[("counts", &results::step_counts(case, words))]),
        );
    }
}

fn measured(m: &MeasureResult, words: Words) -> Vec<Cell> {
    let value = m.value.map(|value| words.span_against(value, m.target));
    vec![
        if m.target.is_some() { rating_cell(m.rating) } else { dash() },
        Cell::new(words.text(&m.title)),
        Cell::new(value.unwrap_or_else(|| words.t("not-reached"))),
        m.target.map_or_else(dash, |target| Cell::new(words.span(target))),
    ]
}

/// One action with its kind.
struct Filed {
    kind: Option<String>,
    text: String,
    owner: Option<String>,
    due: Option<String>,
}

/// The actions by the kinds that the pack knows. A kind without an action says so.
pub(super) fn kinds(
    case: &Case<'_>,
    played: Option<&Played>,
    plan: &[Improvement],
    kept: &[Action],
    words: Words,
    doc: &mut Doc,
) {
    let filed = filed(case, played, plan, kept, words);
    let known = case.pack.action_kinds();
    if known.is_empty() && filed.is_empty() {
        return;
    }
    doc.blocks.push(Block::Heading { level: 3, text: words.t("kinds-heading") });
    let unset = |text: &Option<String>| {
        text.clone().map_or_else(|| Cell::toned(words.t("after-open"), Tone::Unknown), Cell::new)
    };
    let row = |kind: &str, one: &Filed| {
        let (owner, due) = (unset(&one.owner), unset(&one.due));
        vec![Cell::new(kind), Cell::new(one.text.clone()), owner, due]
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for kind in &known {
        let title = words.word("action", kind);
        let own: Vec<&Filed> =
            filed.iter().filter(|one| one.kind.as_deref() == Some(kind.as_str())).collect();
        if own.is_empty() {
            let none = Cell::toned(words.t("kinds-none"), Tone::Bad);
            rows.push(vec![Cell::new(title.clone()), none, dash(), dash()]);
        }
        rows.extend(own.into_iter().map(|one| row(&title, one)));
    }
    let known = |one: &&Filed| {
        one.kind.as_ref().is_some_and(|kind| known.iter().any(|known| known.as_str() == kind))
    };
    let rest = filed.iter().filter(|one| !known(one));
    rows.extend(rest.map(|one| row(&words.t("kinds-other"), one)));
    doc.table(Table {
        caption: words.t("kinds-heading"),
        columns: vec![
            Column::left(words.t("kinds-column-kind")),
            Column::flex(words.t("after-column-action")).main(),
            Column::soft(words.t("after-column-owner")),
            Column::left(words.t("after-column-due")),
        ],
        rows,
    });
}

/// Actions of the timeline, of the person's plan and of the workspace. What simulated people filed
/// beside a person binds nobody and is left out.
fn filed(
    case: &Case<'_>,
    played: Option<&Played>,
    plan: &[Improvement],
    kept: &[Action],
    words: Words,
) -> Vec<Filed> {
    let live = case.timeline.header.source == Source::Live;
    let mine = |by: Option<&Ref>| {
        !live || by.zip(played).is_some_and(|(by, played)| by.name == played.role)
    };
    let title = |action: &Name, kind: &Name| {
        let steps = case.pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
        let step = steps.into_iter().find(|step| step.action_kind.as_ref() == Some(kind));
        match step {
            Some(step) => format!("{action}: {}", words.text(&step.title)),
            None => action.to_string(),
        }
    };
    let mut all: Vec<Filed> = Vec::new();
    for event in &case.timeline.events {
        if let K::ActionFiled { action, action_kind, owner, due } = &event.kind
            && mine(event.by.as_ref())
        {
            all.push(Filed {
                kind: Some(action_kind.to_string()),
                text: title(action, action_kind),
                owner: owner.as_ref().map(|owner| case.role(owner, words)),
                due: due.as_ref().map(ToString::to_string),
            });
        }
    }
    all.extend(plan.iter().filter_map(|one| {
        Some(Filed {
            kind: one.kind.as_ref().map(ToString::to_string),
            text: one.action.clone()?,
            owner: one.owner.clone(),
            due: one.due.map(|due| due.to_string()),
        })
    }));
    all.extend(kept.iter().map(|one| Filed {
        kind: one.kind.clone(),
        text: match &one.closed {
            Some((on, by)) => {
                let args = [("text", one.text.as_str()), ("on", &on.to_string()), ("by", by)];
                words.f("kinds-closed", &args)
            }
            None => format!("{}: {}", one.id(), one.text),
        },
        owner: one.owner.clone(),
        due: one.due.map(|due| due.to_string()),
    }));
    all
}
