//! The questions after the end.

use super::super::case::Case;
use super::super::lang::{Lang, Words};
use super::super::results::letter;
use super::super::text::{Style, clean, wrap};
use crate::exercise::play::{Area, Field, Improvement, Misanswer};

/// What went wrong, in a sentence.
pub(super) fn area(case: &Case<'_>, area: &Area, words: Words) -> String {
    let card = case.card;
    match area {
        Area::Gate(gate) => {
            let gate = words.word("gate", gate);
            words.f("after-gate", &[("gate", &gate)])
        }
        Area::Measure(name) => {
            let Some(m) = card.measures.iter().find(|m| m.name == *name) else {
                return name.to_string();
            };
            let title = words.text(&m.title);
            let value = m.value.map_or_else(|| words.t("not-reached"), |value| words.span(value));
            let target = m.target.map_or_else(|| words.t("none"), |target| words.span(target));
            let args = [
                ("title", title.as_str()),
                ("value", &value),
                ("target", &target),
                ("rating", letter(m.rating)),
            ];
            words.f("after-measure", &args)
        }
        Area::Duty(id) => {
            let duty = case.duty(id, words);
            let result = card.duties.iter().find(|duty| duty.duty == *id);
            let missing = result.map_or(&[][..], |duty| &duty.missing);
            let fields = words.list(missing.iter().map(|field| case.field(id, field, words)));
            words.f("after-duty", &[("duty", &duty), ("fields", &fields)])
        }
        Area::Step(index) => {
            let Some(step) = card.steps.get(*index) else { return words.t("unknown") };
            let mut title = words.text(&step.title);
            if let Some(on) = &step.on {
                title = words.f("story-about", &[("about", on), ("what", &title)]);
            }
            words.f("after-step", &[("step", &title)])
        }
        Area::Violation(index) => match card.violations.get(*index) {
            Some(violation) => case.say(&violation.message, words),
            None => words.t("unknown"),
        },
    }
}

/// What is asked, ready for an answer on the same line. `place` is which area of how many.
pub fn play_question(
    result: &super::AfterAction<'_>,
    improvement: &Improvement,
    field: Field,
    place: (usize, usize),
    lang: Lang,
    style: Style,
) -> String {
    let words = Words::new(lang);
    let case = result.case();
    let mut out = String::new();
    if field == Field::Action {
        let what = area(&case, &improvement.area, words);
        let (n, of) = (place.0.to_string(), place.1.to_string());
        let text = words.f("after-ask", &[("n", &n), ("of", &of), ("what", &what)]);
        let kinds = result.pack.action_kinds();
        let kinds = words.list(kinds.iter().map(|kind| kind.as_str()));
        // Once is enough to know how a kind is typed.
        let hint = (place.0 == 1 && !kinds.is_empty())
            .then(|| words.f("after-ask-kind", &[("kinds", &kinds)]));
        for text in std::iter::once(text).chain(hint) {
            for line in wrap(&clean(&text), style.width) {
                out.push_str(&line);
                out.push('\n');
            }
        }
    }
    let key = match field {
        Field::Action => "after-ask-action",
        Field::Element => "after-ask-element",
        Field::Owner => "after-ask-owner",
        Field::Due => "after-ask-due",
    };
    out.push_str("  ");
    out.push_str(&words.t(key));

    out.push(' ');
    out
}

/// How a game that was left goes on.
pub fn play_go_on(folder: &str, lang: Lang) -> String {
    Words::new(lang).f("play-go-on", &[("folder", folder)])
}

/// Why an answer was not taken.
pub fn play_misanswer(wrong: &Misanswer, lang: Lang) -> String {
    let words = Words::new(lang);
    let text = match wrong {
        Misanswer::Element(Some(near)) => words.f("play-near", &[("near", near)]),
        Misanswer::Element(None) => words.t("after-not-element"),
        Misanswer::Date => words.t("after-not-date"),
        Misanswer::Past => words.t("after-past"),
    };
    format!("  {text}\n")
}
