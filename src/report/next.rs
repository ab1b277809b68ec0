//! What to do next: each finding of a scorecard as one thing to do.

use super::case::Case;
use super::doc::{Cell, Tone};
use super::lang::Words;
use super::measures;
use super::results::{ids, letter, outcome_word};
use crate::score::{MeasureResult, Rating, StepOutcome};

const MOST: usize = 12;

/// Missed targets that could be met, the worst rating first, then the largest miss.
pub(super) fn missed<'a>(case: &Case<'a>) -> Vec<&'a MeasureResult> {
    let wanted = |m: &&MeasureResult| {
        matches!(m.rating, Rating::M | Rating::U) && measures::told(case, m) && !m.below_floor
    };
    let over = |m: &MeasureResult| {
        let (value, target) = (m.value?.ms(), m.target?.ms());
        Some(value.saturating_mul(100) / target.max(1))
    };
    let mut missed: Vec<&MeasureResult> = case.card.measures.iter().filter(wanted).collect();
    missed.sort_by_key(|m| std::cmp::Reverse((m.rating, over(m).unwrap_or(i64::MAX))));
    missed
}

/// The most serious first: gates, missed targets, steps, duties, the design, then the exercise.
pub(super) fn items(case: &Case<'_>, words: Words) -> Vec<Cell> {
    let mut items: Vec<Cell> = Vec::new();
    if case.calm() {
        let c = &case.card.correctness;
        if c.false_alarms() > 0 {
            items.push(Cell::toned(words.t("next-false-alarm"), Tone::Bad));
        }
        items.push(Cell::new(words.t("next-calm")));
        return items;
    }
    let mut add = |text: String, tone: Tone| items.push(Cell::toned(text, tone));
    for (gate, evidence) in &case.card.overall.gates {
        let gate = words.word("gate", gate);
        let args = [("gate", gate.as_str()), ("events", &ids(evidence))];
        add(words.f("next-gate", &args), Tone::Bad);
    }
    for m in missed(case) {
        let tone = if m.rating == Rating::U { Tone::Bad } else { Tone::Poor };
        let title = words.text(&m.title);
        let args = [("title", title.as_str()), ("name", &m.name), ("rating", letter(m.rating))];
        add(words.f("next-measure", &args), tone);
    }
    for step in &case.card.steps {
        let wanted = match step.outcome {
            StepOutcome::Skipped => true,
            StepOutcome::Late | StepOutcome::OutOfOrder => step.critical,
            StepOutcome::Done | StepOutcome::Justified | StepOutcome::Censored => false,
        };
        if wanted {
            let mut title = words.text(&step.title);
            if let Some(on) = &step.on {
                title = words.f("story-about", &[("about", on), ("what", &title)]);
            }
            let word = words.word("step", outcome_word(step.outcome).0);
            let tone = if step.critical { Tone::Bad } else { Tone::Poor };
            add(words.f("next-step", &[("step", &title), ("outcome", &word)]), tone);
        }
    }
    for duty in case.card.duties.iter().filter(|d| !d.missing.is_empty()) {
        let fields = duty.missing.iter().map(|id| case.field(&duty.duty, id, words));
        let fields = words.list(fields);
        let title = words.text(&duty.title);
        add(words.f("next-duty", &[("duty", &title), ("fields", &fields)]), Tone::Poor);
    }
    for m in case.card.measures.iter().filter(|m| m.below_floor) {
        add(words.f("next-floor", &[("title", &words.text(&m.title))]), Tone::Poor);
    }
    let blind: Vec<String> = case
        .card
        .measures
        .iter()
        .filter(|m| m.target.is_some() && measures::blind(case, m))
        .map(|m| words.text(&m.title))
        .collect();
    if !blind.is_empty() {
        add(words.f("next-blind", &[("titles", &words.list(blind))]), Tone::Muted);
    }
    let left = items.len().saturating_sub(MOST);
    items.truncate(MOST);
    if left > 0 {
        let left = left.to_string();
        items.push(Cell::toned(words.f("next-more", &[("n", &left)]), Tone::Muted));
    }
    if items.is_empty() {
        items.push(Cell::toned(words.t("next-nothing"), Tone::Good));
    }
    items.extend(further(case, words).into_iter().map(|text| Cell::toned(text, Tone::Muted)));
    items
}

/// What can be done with any drill: set it beside a published incident, hold it with people.
fn further(case: &Case<'_>, words: Words) -> Vec<String> {
    let likeness = case.timeline.header.likeness.as_ref();
    let beside = likeness.map(|incident| words.f("next-likeness", &[("incident", incident)]));
    let people = case.simulated().then(|| words.t("next-people"));
    beside.into_iter().chain(people).collect()
}
