//! The manual of the seat: what can be typed.

use super::super::lang::Lang;
use super::line::Lines;
use crate::exercise::play::{VERBS, Verb};

/// How a command is written.
pub(super) fn usage(verb: &Verb) -> String {
    format!("{} {}", verb.word, verb.usage).trim_end().to_owned()
}

/// The manual of one command, or of all.
pub(super) fn write(lines: &mut Lines<'_>, verb: Option<&Verb>) {
    let words = lines.words;
    let Some(verb) = verb else {
        for verb in &VERBS {
            let what = words.word("play-help", verb.word);
            // Who reads Japanese may type it, too.
            let own = verb.also.iter().find(|word| !word.is_ascii());
            let own = own.filter(|_| words.lang == Lang::Ja);
            let what = own.map_or_else(|| what.clone(), |own| format!("{own}：{what}"));
            lines.beside(2, 36, &usage(verb), &what);
        }
        lines.wide(2, &words.t("play-help-marks"));
        return;
    };
    lines.wide(2, &usage(verb));
    lines.wide(4, &words.word("play-help", verb.word));
    let also = words.list(verb.also);
    if !also.is_empty() {
        lines.wide(4, &words.f("play-help-also", &[("words", &also)]));
    }
}
