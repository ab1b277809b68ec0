//! Getters of the OpenSLO vocabulary: names, exact decimals, durations, keys without a value.

use crate::diag::Diagnostic;
use crate::load::decode::Fields;
use crate::load::node::{Node, Spanned};
use crate::model::{CalendarUnit, Name};
use crate::units::SimDuration;

/// Longest name, RFC 1123.
const MAX_NAME: usize = 63;
/// Longest description, as the specification has it.
const MAX_DESCRIPTION: usize = 1050;
/// Longest display name, as the SDK has it.
const MAX_DISPLAY_NAME: usize = 63;

/// A unit of an OpenSLO duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LengthUnit {
    Minute,
    Hour,
    Calendar(CalendarUnit),
}

/// An OpenSLO duration: one number, one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) count: u32,
    pub(crate) unit: LengthUnit,
}

impl Length {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match &text[digits..] {
            "m" => LengthUnit::Minute,
            "h" => LengthUnit::Hour,
            "d" => LengthUnit::Calendar(CalendarUnit::Day),
            "w" => LengthUnit::Calendar(CalendarUnit::Week),
            "M" => LengthUnit::Calendar(CalendarUnit::Month),
            "Q" => LengthUnit::Calendar(CalendarUnit::Quarter),
            "Y" => LengthUnit::Calendar(CalendarUnit::Year),
            "" if digits > 0 => return Err("it has no unit"),
            _ if text.starts_with('-') => return Err("it is negative"),
            _ => return Err("it is not one number and one unit"),
        };
        let count: u32 = match text[..digits].parse() {
            Ok(count) if count <= 1_000_000 => count,
            Ok(_) => return Err("it is too long"),
            Err(_) if digits == 0 => return Err("it has no number"),
            Err(_) => return Err("it is too long"),
        };
        let length = Self { count, unit };
        let longest = SimDuration::from_hours(24 * 36_600);
        if length.nominal() > longest { Err("it is longer than 100 years") } else { Ok(length) }
    }

    /// Its length, a month of 30 days, a quarter of 90 and a year of 365, as the SDK counts them.
    pub(crate) fn nominal(self) -> SimDuration {
        let minutes = match self.unit {
            LengthUnit::Minute => 1,
            LengthUnit::Hour => 60,
            LengthUnit::Calendar(CalendarUnit::Day) => 1440,
            LengthUnit::Calendar(CalendarUnit::Week) => 7 * 1440,
            LengthUnit::Calendar(CalendarUnit::Month) => 30 * 1440,
            LengthUnit::Calendar(CalendarUnit::Quarter) => 90 * 1440,
            LengthUnit::Calendar(CalendarUnit::Year) => 365 * 1440,
        };
        SimDuration::from_minutes(minutes * i64::from(self.count))
    }
}

/// What an OpenSLO file says in words or leaves out without a mistake.
impl<'a> Fields<'a> {
    /// The value of `key`; a key without a value is as good as none.
    pub(crate) fn present(&self, key: &'static str) -> Option<&'a Spanned<Node>> {
        self.get(key).filter(|node| node.value != Node::Null)
    }

    /// The value of `key`; its absence is a mistake.
    pub(crate) fn wanted(&self, key: &'static str) -> Option<&'a Spanned<Node>> {
        let found = self.present(key);
        if found.is_none() {
            self.missing(key);
        }
        found
    }

    /// The characters with which `node` is written.
    pub(crate) fn written(&self, node: &Spanned<Node>) -> &'a str {
        self.cx.source.text.get(node.span.start..node.span.end).unwrap_or_default()
    }

    /// The text of `key`, which is not empty.
    pub(crate) fn some_text(&self, key: &'static str) -> Option<Spanned<Name>> {
        let node = self.wanted(key)?;
        let text = self.string(&format!("`{key}`"), node, "a text")?;
        if text.trim().is_empty() {
            self.cx.error("openslo::empty", format!("`{key}` is empty"), node.span, "empty");
            return None;
        }
        Some(Spanned { value: Name::from(text), span: node.span })
    }

    /// A text of at most so many characters that may be left out.
    fn short_text(&self, key: &'static str, longest: usize) -> Option<Name> {
        let node = self.present(key)?;
        let text = self.string(&format!("`{key}`"), node, "a text")?;
        let long = text.chars().count();
        if long > longest {
            let message = format!("`{key}` has {long} characters, at most {longest} are allowed");
            self.cx.error("openslo::too-long", message, node.span, "too long");
        }
        (!text.is_empty()).then(|| Name::from(text))
    }

    /// The `description`, which may be left out.
    pub(crate) fn description(&self) -> Option<Name> {
        self.short_text("description", MAX_DESCRIPTION)
    }

    /// The `displayName`, which may be left out.
    pub(crate) fn display_name(&self) -> Option<Name> {
        self.short_text("displayName", MAX_DISPLAY_NAME)
    }

    /// The name in `node`: letters, digits and dashes. Capitals are allowed, with a warning.
    pub(crate) fn label(&self, key: &str, node: &'a Spanned<Node>) -> Option<Spanned<Name>> {
        let text = self.string(&format!("`{key}`"), node, "a name")?;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let wrong = if text.is_empty() {
            Some("is empty".to_owned())
        } else if text.len() > MAX_NAME {
            Some(format!("has {} characters, at most {MAX_NAME} are allowed", text.chars().count()))
        } else if !text.bytes().all(letters) {
            Some("has other characters than letters, digits and `-`".to_owned())
        } else if text.starts_with('-') || text.ends_with('-') {
            Some("begins or ends with `-`".to_owned())
        } else {
            None
        };
        if let Some(wrong) = wrong {
            let message = format!("`{key}` {wrong}");
            let bad = self.cx.at("openslo::bad-name", message, node.span, "not a name");
            self.cx.push(bad.help("names are RFC 1123 labels, such as `checkout-availability`"));
            return None;
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = format!("`{key}` has capital letters, which not every tool accepts");
            let doubtful = Diagnostic::warning("openslo::capitals", message);
            let doubtful = doubtful.at(self.cx.source, node.span, "capitals");
            self.cx
                .push(doubtful.help(format!("`{}` works everywhere", text.to_ascii_lowercase())));
        }
        Some(Spanned { value: Name::from(text), span: node.span })
    }

    /// A reference by name, which may be left out.
    pub(crate) fn reference_to(&self, key: &'static str) -> Option<Spanned<Name>> {
        self.label(key, self.present(key)?)
    }

    /// The reader of the mapping `key`, if it is there.
    pub(crate) fn mapping(&self, key: &'static str, what: &'static str) -> Option<Fields<'a>> {
        self.cx.fields(self.present(key)?, what)
    }

    /// The reader of the mapping `key`, which must be there and hold something.
    pub(crate) fn some_mapping(&self, key: &'static str, what: &'static str) -> Option<Fields<'a>> {
        let node = self.wanted(key)?;
        if let Node::Table(table) = &node.value
            && table.entries.is_empty()
        {
            let message = format!("`{key}` is empty, it needs at least one entry");
            self.cx.error("openslo::empty", message, node.span, "nothing here");
            return None;
        }
        self.cx.fields(node, what)
    }

    /// The elements of the list `key`; none when it is left out.
    pub(crate) fn list(&self, key: &'static str, of: &str) -> &'a [Spanned<Node>] {
        self.present(key).map_or(&[], |node| self.elements(key, node, of))
    }

    /// The flag `key`, if it is there.
    pub(crate) fn flag_optional(&self, key: &'static str) -> Option<bool> {
        let node = self.present(key)?;
        if let Node::Bool(flag) = node.value {
            return Some(flag);
        }
        self.cx.wrong_type(&format!("`{key}`"), node, "`true` or `false`");
        None
    }

    /// The digits of the number in `node`, cut from the text: `0.9990` stays what it is.
    pub(crate) fn digits(&self, key: &str, node: &Spanned<Node>) -> Option<&'a str> {
        if !matches!(node.value, Node::Integer(_) | Node::Float(_)) {
            self.cx.wrong_type(&format!("`{key}`"), node, "a number such as 0.999, without quotes");
            return None;
        }
        let text = self.written(node);
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let decimal = unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if decimal && unsigned.len() < 60 {
            return Some(text);
        }
        let message = format!("`{key}` is written `{text}`, wanted plain decimal digits");
        let bad = self.cx.at("openslo::decimal", message, node.span, "not a plain decimal");
        let help = "write digits with at most one point, such as 14.4: exact decimals are cut \
                    from the text, so neither exponents nor aliases can stand for them";
        self.cx.push(bad.help(help));
        None
    }

    /// The duration in `node`.
    pub(crate) fn length(&self, key: &str, node: &Spanned<Node>) -> Option<Length> {
        let text = match &node.value {
            Node::String(text) => text.as_str(),
            // `1` alone is a number to YAML and a duration without a unit to its author.
            Node::Integer(_) | Node::Float(_) => self.written(node),
            _ => {
                self.cx.wrong_type(&format!("`{key}`"), node, "a duration such as 28d");
                return None;
            }
        };
        match Length::parse(text) {
            Ok(length) => Some(length),
            Err(wrong) => {
                let message = format!("`{key}` is `{text}`: {wrong}");
                let bad = self.cx.at("openslo::duration", message, node.span, "not a duration");
                self.cx.push(bad.help(
                    "write one number and one of m (minute), h, d, w, M (month), Q, Y, such as 28d",
                ));
                None
            }
        }
    }

    /// The duration `key` above zero, if it is there.
    pub(crate) fn length_above_zero(&self, key: &'static str) -> Option<Length> {
        let node = self.present(key)?;
        let length = self.length(key, node)?;
        if length.count == 0 {
            let message = format!("`{key}` is `{}`, wanted more than nothing", self.written(node));
            self.cx.error("openslo::duration", message, node.span, "no time at all");
            return None;
        }
        Some(length)
    }

    /// One of `words` in `key`, if it is there.
    pub(crate) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        self.word_node(&format!("`{key}`"), self.present(key)?, all, word)
    }

    /// A warning at the value of `key`.
    pub(crate) fn doubt(&self, code: &'static str, message: String, key: &str, label: &str) {
        let doubtful = Diagnostic::warning(code, message);
        self.cx.push(doubtful.at(self.cx.source, self.span_of(key), label));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_one_number_and_one_unit() {
        let hours =
            |text: &str| Length::parse(text).map(|length| length.nominal().minutes() / 60.0);
        assert_eq!(hours("28d"), Ok(672.0));
        assert_eq!(hours("1m"), Ok(1.0 / 60.0));
        assert_eq!(hours("1M"), Ok(720.0));
        assert_eq!(hours("1Y"), Ok(8760.0));
        for bad in ["", "1", "m", "-1m", "1h30m", "1 d", "1D", "101Y", "99999999999d", "１d"] {
            assert!(hours(bad).is_err(), "{bad}");
        }
    }
}
