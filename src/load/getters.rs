//! Typed getters of single values: names, texts, numbers, durations, words.

use std::str::FromStr;

use super::decode::Fields;
use super::node::{Node, Spanned};
use super::symbols::choices;
use crate::diag::Span;
use crate::model::{Name, Text};
use crate::units::{SimDuration, SimTime};

/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Longest text for people, in characters.
const MAX_TEXT: usize = 4000;
/// Longest duration of any file.
const MAX_DURATION: SimDuration = SimDuration::from_hours(24 * 3660);

/// A range of numbers.
#[derive(Clone, Copy)]
pub(crate) struct Within {
    /// Least number.
    pub(crate) from: f64,
    /// Greatest number.
    pub(crate) to: f64,
    /// How messages call it.
    pub(crate) words: &'static str,
}

/// A share.
pub(crate) const SHARE: Within = Within { from: 0.0, to: 1.0, words: "a number from 0 to 1" };
/// Anything that is counted or measured.
pub(crate) const NOT_NEGATIVE: Within =
    Within { from: 0.0, to: 1e12, words: "a number that is not negative" };
/// Rates and capacities.
pub(crate) const POSITIVE: Within = Within { from: 1e-9, to: 1e12, words: "a number above 0" };

impl<'a> Fields<'a> {
    /// The characters of `node`, or a note that it is no string.
    pub(crate) fn string(
        &self,
        what: &str,
        node: &'a Spanned<Node>,
        wanted: &str,
    ) -> Option<&'a str> {
        if let Node::String(text) = &node.value {
            return Some(text);
        }
        self.cx.wrong_type(what, node, wanted);
        None
    }

    /// A string that `T` parses; its error says what is wrong.
    pub(crate) fn parse_node<T>(
        &self,
        what: &str,
        node: &'a Spanned<Node>,
        wanted: &str,
    ) -> Option<T>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        let text = match &node.value {
            // TOML has dates of its own; they are as good as the same in quotes.
            Node::Datetime(text) => text,
            _ => self.string(what, node, wanted)?,
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("{what}: {error}");
                let bad = self.cx.at("decode::bad-value", message, node.span, "not valid");
                self.cx.push(bad.help(format!("write {wanted}")));
                None
            }
        }
    }

    /// A required value that is parsed from a string.
    pub(crate) fn parse<T>(&self, key: &'static str, wanted: &str) -> Option<T>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.parse_node(&format!("`{key}`"), self.need(key)?, wanted)
    }

    fn name_node(&self, what: &str, node: &'a Spanned<Node>) -> Name {
        let Some(text) = self.string(what, node, "a name in quotes") else {
            return Name::from("");
        };
        let wrong = if text.is_empty() {
            Some("is empty".to_owned())
        } else if text.chars().count() > MAX_NAME {
            Some(format!("has more than {MAX_NAME} characters"))
        } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Some("has a blank in it".to_owned())
        } else {
            None
        };
        match wrong {
            None => Name::from(text),
            Some(wrong) => {
                let message = format!("{what} {wrong}");
                self.cx.error("decode::bad-name", message, node.span, "not a name");
                Name::from("")
            }
        }
    }

    /// A required name: no blanks, at most 100 characters.
    pub(crate) fn name(&self, key: &'static str) -> Name {
        let node = self.need(key);
        node.map_or_else(|| Name::from(""), |node| self.name_node(&format!("`{key}`"), node))
    }

    /// A name that may be left out.
    pub(crate) fn name_optional(&self, key: &'static str) -> Option<Name> {
        self.get(key).map(|node| self.name_node(&format!("`{key}`"), node))
    }

    /// Names with their places; none when left out.
    pub(crate) fn names(&self, key: &'static str) -> Vec<(Name, Span)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let elements = self.elements(key, node, "names");
        let what = format!("each of `{key}`");
        elements.iter().map(|e| (self.name_node(&what, e), e.span)).collect()
    }

    fn line_node(&self, what: &str, node: &'a Spanned<Node>) -> Name {
        let Some(text) = self.string(what, node, "a text in quotes") else {
            return Name::from("");
        };
        if text.trim().is_empty() {
            self.cx.error("decode::empty", format!("{what} is empty"), node.span, "nothing here");
        } else if text.chars().count() > MAX_TEXT {
            let message = format!("{what} has more than {MAX_TEXT} characters");
            self.cx.error("decode::too-long", message, node.span, "too long");
        }
        Name::from(text)
    }

    /// A required text in one language.
    pub(crate) fn line(&self, key: &'static str) -> Name {
        let node = self.need(key);
        node.map_or_else(|| Name::from(""), |node| self.line_node(&format!("`{key}`"), node))
    }

    /// The same, where it may be left out.
    pub(crate) fn line_optional(&self, key: &'static str) -> Option<Name> {
        self.get(key).map(|node| self.line_node(&format!("`{key}`"), node))
    }

    /// Texts in one language; none when left out.
    pub(crate) fn lines(&self, key: &'static str) -> Vec<Name> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let what = format!("each of `{key}`");
        let elements = self.elements(key, node, "texts");
        elements.iter().map(|element| self.line_node(&what, element)).collect()
    }

    fn text_node(&self, node: &'a Spanned<Node>) -> Text {
        if let Node::String(_) = node.value {
            let message = "a text is wanted in both languages";
            let wrong = self.cx.at("decode::wrong-type", message, node.span, "a string");
            self.cx.push(wrong.help("write `{ en = \"...\", ja = \"...\" }`"));
        } else if let Some(fields) = self.cx.fields(node, "text") {
            return Text { en: fields.line("en"), ja: fields.line("ja") };
        }
        Text { en: Name::from(""), ja: Name::from("") }
    }

    /// A required text in both languages.
    pub(crate) fn text(&self, key: &'static str) -> Text {
        let nothing = || Text { en: Name::from(""), ja: Name::from("") };
        self.need(key).map_or_else(nothing, |node| self.text_node(node))
    }

    /// A text in both languages, where it is there.
    pub(crate) fn text_optional(&self, key: &'static str) -> Option<Text> {
        self.get(key).map(|node| self.text_node(node))
    }

    /// Texts in both languages; none when left out.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Text> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let elements = self.elements(key, node, "texts `{ en, ja }`");
        elements.iter().map(|element| self.text_node(element)).collect()
    }

    /// The number in `node`, within a range; the range's least number when it is not one.
    pub(crate) fn number_node(&self, what: &str, node: &Spanned<Node>, within: Within) -> f64 {
        let number = match node.value {
            Node::Integer(number) => number as f64,
            Node::Float(number) => number,
            _ => {
                self.cx.wrong_type(what, node, within.words);
                return within.from;
            }
        };
        if number >= within.from && number <= within.to {
            return number;
        }
        let message = format!("{what} is {number}, wanted {}", within.words);
        self.cx.error("decode::out-of-range", message, node.span, "out of range");
        within.from
    }

    /// A required number.
    pub(crate) fn number(&self, key: &'static str, within: Within) -> f64 {
        let node = self.need(key);
        node.map_or(within.from, |node| self.number_node(&format!("`{key}`"), node, within))
    }

    /// A number that may be left out.
    pub(crate) fn number_or(&self, key: &'static str, within: Within, default: f64) -> f64 {
        let node = self.get(key);
        node.map_or(default, |node| self.number_node(&format!("`{key}`"), node, within))
    }

    /// The whole number in `node`, from `from` to `to`.
    pub(crate) fn count_node(&self, what: &str, node: &Spanned<Node>, from: u32, to: u32) -> u32 {
        let Node::Integer(number) = node.value else {
            self.cx.wrong_type(what, node, "a whole number");
            return from;
        };
        match u32::try_from(number) {
            Ok(count) if (from..=to).contains(&count) => count,
            _ => {
                let message = format!("{what} is {number}, wanted {from} to {to}");
                self.cx.error("decode::out-of-range", message, node.span, "out of range");
                from
            }
        }
    }

    /// A whole number that may be left out.
    pub(crate) fn count_optional(&self, key: &'static str, from: u32, to: u32) -> Option<u32> {
        let node = self.get(key)?;
        Some(self.count_node(&format!("`{key}`"), node, from, to))
    }

    /// A required whole number.
    pub(crate) fn count(&self, key: &'static str, from: u32, to: u32) -> u32 {
        let node = self.need(key);
        node.map_or(from, |node| self.count_node(&format!("`{key}`"), node, from, to))
    }

    /// Whole numbers; none when left out.
    pub(crate) fn counts(&self, key: &'static str, from: u32, to: u32) -> Vec<u32> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let what = format!("each of `{key}`");
        let elements = self.elements(key, node, "whole numbers");
        elements.iter().map(|e| self.count_node(&what, e, from, to)).collect()
    }

    /// A flag that may be left out.
    pub(crate) fn flag(&self, key: &'static str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(Spanned { value: Node::Bool(flag), .. }) => *flag,
            Some(node) => {
                self.cx.wrong_type(&format!("`{key}`"), node, "`true` or `false`");
                default
            }
        }
    }

    /// The duration in `node`, not negative and at most ten years.
    pub(crate) fn duration_node(&self, what: &str, node: &'a Spanned<Node>) -> SimDuration {
        let wanted = "a duration such as \"90s\", \"5m\", \"1h30m\" or \"7d\"";
        let parsed: Option<SimDuration> = self.parse_node(what, node, wanted);
        let Some(duration) = parsed else {
            return SimDuration::ZERO;
        };
        if duration < SimDuration::ZERO || duration > MAX_DURATION {
            let message = format!("{what} is {duration}, wanted 0s to {MAX_DURATION}");
            self.cx.error("decode::out-of-range", message, node.span, "out of range");
            return SimDuration::ZERO;
        }
        duration
    }

    /// A required duration.
    pub(crate) fn duration(&self, key: &'static str) -> SimDuration {
        let node = self.need(key);
        node.map_or(SimDuration::ZERO, |node| self.duration_node(&format!("`{key}`"), node))
    }

    /// A required duration above zero.
    pub(crate) fn duration_positive(&self, key: &'static str) -> SimDuration {
        let before = self.cx.mistakes();
        let duration = self.duration(key);
        if duration == SimDuration::ZERO && self.cx.mistakes() == before {
            let message = format!("`{key}` is 0s, wanted more");
            self.error("decode::out-of-range", message, key, "out of range");
        }
        duration
    }

    /// A duration that may be left out.
    pub(crate) fn duration_optional(&self, key: &'static str) -> Option<SimDuration> {
        self.get(key).map(|node| self.duration_node(&format!("`{key}`"), node))
    }

    /// A required instant.
    pub(crate) fn instant(&self, key: &'static str) -> SimTime {
        let wanted = "an instant such as \"2026-10-05T10:00:00+09:00\"";
        self.parse(key, wanted).unwrap_or_default()
    }

    /// A calendar date `YYYY-MM-DD`.
    pub(crate) fn date(&self, key: &'static str) -> Name {
        let node = self.need(key);
        node.map_or_else(|| Name::from(""), |node| self.date_node(key, node))
    }

    /// A calendar date that may be left out.
    pub(crate) fn date_optional(&self, key: &'static str) -> Option<Name> {
        self.get(key).map(|node| self.date_node(key, node))
    }

    fn date_node(&self, key: &str, node: &'a Spanned<Node>) -> Name {
        let what = format!("`{key}`");
        let date: Option<chrono::NaiveDate> =
            self.parse_node(&what, node, "a date such as \"2026-10-05\"");
        date.map_or_else(|| Name::from(""), |date| Name::from(date.to_string()))
    }

    /// The word in `node` out of a closed set.
    pub(crate) fn word_node<T: Copy>(
        &self,
        what: &str,
        node: &'a Spanned<Node>,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        let words: Vec<&str> = all.iter().map(|value| word(*value)).collect();
        let text = self.string(what, node, &format!("one of {}", words.join(", ")))?;
        let found = all.iter().copied().find(|value| word(*value) == text);
        if found.is_none() {
            let message = format!("{what} cannot be `{text}`");
            let unknown = self.cx.at("decode::unknown-word", message, node.span, "unknown word");
            self.cx.push(unknown.help(choices(text, &words)));
        }
        found
    }

    /// A required word out of a closed set.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> T {
        let node = self.need(key);
        let found = node.and_then(|node| self.word_node(&format!("`{key}`"), node, all, word));
        found.unwrap_or(all[0])
    }

    /// A word out of a closed set that may be left out.
    pub(crate) fn word_optional<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        self.word_node(&format!("`{key}`"), self.get(key)?, all, word)
    }

    /// One of `words`, with the first as the default when `key` may be left out.
    pub(crate) fn choice(&self, key: &'static str, words: &[&'static str]) -> Name {
        Name::from(self.word(key, words, |word| word))
    }

    /// One of `words`, or nothing.
    pub(crate) fn choice_optional(
        &self,
        key: &'static str,
        words: &[&'static str],
    ) -> Option<Name> {
        self.word_optional(key, words, |word| word).map(Name::from)
    }
}
