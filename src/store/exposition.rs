//! What the text forms of metrics share: names, numbers, labels, instants, faults.

use std::borrow::Cow;

/// What a fault of a text spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultScope {
    /// Nothing that is kept: a blank line.
    Nothing,
    /// Its own line only, which is refused.
    Line,
    /// What other lines mean; the whole text is refused.
    Text,
}

/// A rule of its form that a text breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// What it spoils.
    pub scope: FaultScope,
    /// What is wrong.
    pub reason: String,
}

pub(super) type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// One sample as its line says it.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub(super) name: &'a str,
    /// In the order of the line, without `__name__`.
    pub(super) labels: Labels<'a>,
    pub(super) value: f64,
    /// The instant as it is written.
    pub(super) at: Option<&'a str>,
    pub(super) exemplar: bool,
}

/// How labels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelStyle {
    /// No blanks, no comma at the end; an unknown escape stands for itself.
    Openmetrics,
    /// Blanks anywhere, a comma at the end; unknown escapes are wrong.
    Prometheus,
    /// A comma and a blank, Go's escapes: the dumps of a Prometheus database.
    Go,
}

/// Reads forward over a line.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn run(&mut self, first: impl Fn(u8) -> bool, more: impl Fn(u8) -> bool) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        if !bytes.first().is_some_and(|byte| first(*byte)) {
            return None;
        }
        let len = bytes.iter().position(|byte| !more(*byte)).unwrap_or(bytes.len());
        let (found, rest) = self.rest.split_at(len);
        self.rest = rest;
        Some(found)
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub(super) fn metric_name(&mut self) -> Option<&'a str> {
        let first = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b':';
        self.run(first, |b| first(b) || b.is_ascii_digit())
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`.
    pub(super) fn label_name(&mut self) -> Option<&'a str> {
        let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
        self.run(first, |b| first(b) || b.is_ascii_digit())
    }

    /// Everything before the next blank.
    pub(super) fn word(&mut self) -> &'a str {
        let len = self.rest.find([' ', '\t']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        word
    }

    /// The labels after `{`, up to and with `}`.
    pub(super) fn labels(&mut self, style: LabelStyle) -> Result<Labels<'a>, String> {
        let mut labels = Labels::new();
        let loose = style == LabelStyle::Prometheus;
        loop {
            if loose {
                self.blanks();
            }
            // A closing brace ends the labels at their start, or after a comma where that is fine.
            if (labels.is_empty() || loose) && self.take("}") {
                break;
            }
            let name = self.label_name().ok_or("a label's name is wrong or missing")?;
            if loose {
                self.blanks();
            }
            if !self.take("=") {
                return Err(format!("`=` is missing after the label `{name}`"));
            }
            if loose {
                self.blanks();
            }
            if !self.take("\"") {
                return Err(format!("the value of the label `{name}` is not in quotes"));
            }
            let value = self.quoted(style)?;
            if labels.iter().any(|(known, _)| known == name) {
                return Err(format!("the label `{name}` is there twice"));
            }
            labels.push((Cow::Borrowed(name), value));
            if loose {
                self.blanks();
            }
            if self.take("}") {
                break;
            }
            if !self.take(",") {
                return Err(format!("`,` or `}}` is missing after the label `{name}`"));
            }
            if style == LabelStyle::Go && !self.take(" ") {
                return Err("a blank is missing between labels".to_owned());
            }
        }
        Ok(labels)
    }

    /// A value up to its closing quote.
    fn quoted(&mut self, style: LabelStyle) -> Result<Cow<'a, str>, String> {
        let end = self.rest.find(['"', '\\']).ok_or("a label's value is not closed")?;
        if self.rest.as_bytes()[end] == b'"' {
            let value = &self.rest[..end];
            self.rest = &self.rest[end + 1..];
            return Ok(Cow::Borrowed(value));
        }
        let mut text = String::new();
        loop {
            let at = self.rest.find(['"', '\\']).ok_or("a label's value is not closed")?;
            text.push_str(&self.rest[..at]);
            let quote = self.rest.as_bytes()[at] == b'"';
            self.rest = &self.rest[at + 1..];
            if quote {
                return Ok(Cow::Owned(text));
            }
            self.escape(style, &mut text)?;
        }
    }

    fn escape(&mut self, style: LabelStyle, text: &mut String) -> Result<(), String> {
        let escaped = self.rest.chars().next().ok_or("a label's value is not closed")?;
        self.rest = &self.rest[escaped.len_utf8()..];
        match (escaped, style) {
            ('\\' | '"', _) => text.push(escaped),
            ('n', _) => text.push('\n'),
            (other, LabelStyle::Openmetrics) => text.extend(['\\', other]),
            ('t', LabelStyle::Go) => text.push('\t'),
            ('r', LabelStyle::Go) => text.push('\r'),
            ('a', LabelStyle::Go) => text.push('\u{7}'),
            ('b', LabelStyle::Go) => text.push('\u{8}'),
            ('f', LabelStyle::Go) => text.push('\u{c}'),
            ('v', LabelStyle::Go) => text.push('\u{b}'),
            ('u', LabelStyle::Go) => text.push(self.code_point(4)?),
            ('U', LabelStyle::Go) => text.push(self.code_point(8)?),
            // Below 0x80 a byte is a character; above, it was no UTF-8 in the first place.
            ('x', LabelStyle::Go) => match self.code_point(2)? {
                c if c.is_ascii() => text.push(c),
                _ => text.push(char::REPLACEMENT_CHARACTER),
            },
            (other, _) => return Err(format!("`\\{other}` is no escape")),
        }
        Ok(())
    }

    fn code_point(&mut self, digits: usize) -> Result<char, String> {
        let wrong = || "a wrong escape in a label's value".to_owned();
        let hex = self.rest.get(..digits).ok_or_else(wrong)?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        self.rest = &self.rest[digits..];
        u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).ok_or_else(wrong)
    }
}

/// A number as both forms write it: decimal, `Inf` or `NaN` in any case. Hexadecimal and
/// underscores are no numbers, and neither is what no finite float holds.
pub(super) fn real(text: &str) -> Result<f64, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word);
    if is("inf") || is("infinity") {
        let minus = text.starts_with('-');
        return Ok(if minus { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    let wrong = || format!("`{}` is no number", super::table::excerpt(text));
    if !is_decimal(unsigned) {
        return Err(wrong());
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(format!("`{}` does not fit 64 bits", super::table::excerpt(text))),
        Err(_) => Err(wrong()),
    }
}

fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && digits(text)
    });
    exponent && whole.len() + fraction.len() > 0 && digits(whole) && digits(fraction)
}

/// Seconds as millionths of millionths, exact to there; `None` for what is no number of seconds or
/// beyond 10^25 of them.
pub(super) fn picoseconds(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_decimal(unsigned) {
        return None;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = 0i128;
    let mut power = exponent.checked_add(12)?;
    for byte in whole.trim_start_matches('0').bytes() {
        digits = digits.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    for byte in fraction.bytes().take(18) {
        digits = digits.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        power -= 1;
    }
    let scale = 10i128.checked_pow(power.unsigned_abs().min(38))?;
    let size = if power >= 0 { digits.checked_mul(scale)? } else { digits / scale };
    let limit = 10i128.pow(37);
    (size < limit).then_some(if text.starts_with('-') { -size } else { size })
}

/// The labels as the column keeps them: sorted, values as texts, none that is empty, since an
/// empty label is one that is not there.
pub(super) fn labels_json(labels: &Labels<'_>) -> String {
    let mut pairs: Vec<(&str, &str)> =
        labels.iter().map(|(name, value)| (&**name, &**value)).collect();
    pairs.sort_unstable();
    let mut json = Vec::with_capacity(32 * pairs.len() + 2);
    json.push(b'{');
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        if json.len() > 1 {
            json.push(b',');
        }
        push_text(&mut json, name);
        json.push(b':');
        push_text(&mut json, value);
    }
    json.push(b'}');
    String::from_utf8(json).expect("invariant: made of texts")
}

/// A text as JSON.
pub(super) fn push_text(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("invariant: a text is JSON, and memory takes it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for (text, want) in
            [("1", 1.0), ("+1.5e3", 1500.0), ("0001", 1.0), (".5", 0.5), ("1.", 1.0)]
        {
            assert_eq!(real(text), Ok(want), "{text}");
        }
        assert_eq!(real("-inf"), Ok(f64::NEG_INFINITY));
        assert!(real("NaN").unwrap().is_nan());
        for bad in ["", ".", "e5", "1e", "0x1", "1_000", "--1", "1e999", "inf1", "+nan", "１"] {
            assert!(real(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(picoseconds("0.0000000001"), Some(100));
        assert_eq!(picoseconds("-1.1"), Some(-1_100_000_000_000));
        assert_eq!(picoseconds("1.5e3"), Some(1_500_000_000_000_000));
        assert_eq!(picoseconds("1e-400"), Some(0));
        for bad in ["1e400", "Inf", "1.1.1", "1z", "", "1e99999999999"] {
            assert_eq!(picoseconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn labels_are_sorted_and_texts() {
        let read = |text: &'static str, style| {
            Cursor { rest: text }.labels(style).map(|labels| labels_json(&labels))
        };
        let strict = LabelStyle::Openmetrics;
        let want = r#"{"a":"q\"\n\\z","b":"1"}"#;
        assert_eq!(read(r#"b="1",a="q\"\n\z",c=""}"#, strict).unwrap(), want);
        assert!(read(r#"b="1", a="2"}"#, strict).is_err());
        assert!(read(r#"b="1",}"#, strict).is_err());
        assert_eq!(read("b = \"1\" , }", LabelStyle::Prometheus).unwrap(), r#"{"b":"1"}"#);
        assert!(read(r#"b="\z"}"#, LabelStyle::Prometheus).is_err());
        assert_eq!(
            read(r#"b="\x41\u00e9\t", c="2"}"#, LabelStyle::Go).unwrap(),
            "{\"b\":\"Aé\\t\",\"c\":\"2\"}"
        );
        assert!(read(r#"b="1",b="2"}"#, strict).is_err());
    }
}
