//! A strict, fast reader of one JSON object per line, which keeps numbers as they are written.

use std::borrow::Cow;

/// Deepest nesting.
pub(super) const MAX_DEPTH: usize = 128;

/// A value of a row, in any text format.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// An object or an array as it is written.
    Json(&'a str),
    /// A number that neither 64 bits nor a finite float hold.
    Huge(&'a str),
}

/// Where and why a text is no JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Byte of the line, from 0.
    pub(super) at: usize,
    pub(super) why: &'static str,
}

impl Wrong {
    /// The character of `line` at which it is, from 1.
    pub(super) fn character(&self, line: &str) -> usize {
        line.get(..self.at).map_or(self.at, |before| before.chars().count()) + 1
    }
}

/// Calls `each` with the keys and values of the object in `line`, in their order.
pub(super) fn object<'a>(
    line: &'a str,
    mut each: impl FnMut(Cow<'a, str>, Value<'a>),
) -> Result<(), Wrong> {
    let mut scanner = Scanner { text: line, at: 0 };
    scanner.blank();
    scanner.expect(b'{', "not a JSON object")?;
    scanner.blank();
    if !scanner.take(b'}') {
        loop {
            scanner.blank();
            let key = scanner.string()?;
            scanner.blank();
            scanner.expect(b':', "`:` is missing")?;
            let value = scanner.value(1)?;
            each(key, value);
            scanner.blank();
            if scanner.take(b'}') {
                break;
            }
            scanner.expect(b',', "`,` or `}` is missing")?;
        }
    }
    scanner.blank();
    if scanner.at < line.len() {
        return Err(scanner.wrong("something follows the object"));
    }
    Ok(())
}

/// Reads forward over JSON.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn wrong(&self, why: &'static str) -> Wrong {
        Wrong { at: self.at, why }
    }

    pub(super) fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn blank(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), Wrong> {
        if self.take(byte) { Ok(()) } else { Err(self.wrong(why)) }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Wrong> {
        self.blank();
        match self.peek() {
            b'"' => self.string().map(Value::Text),
            b'{' | b'[' => {
                let start = self.at;
                self.nested(depth)?;
                Ok(Value::Json(&self.text[start..self.at]))
            }
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    pub(super) fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Wrong> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.wrong("an unknown word"))
    }

    fn nested(&mut self, depth: usize) -> Result<(), Wrong> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("nested more than 128 deep"));
        }
        let close = if self.peek() == b'{' { b'}' } else { b']' };
        self.at += 1;
        self.blank();
        if self.take(close) {
            return Ok(());
        }
        loop {
            self.blank();
            if close == b'}' {
                self.string()?;
                self.blank();
                self.expect(b':', "`:` is missing")?;
            }
            self.value(depth + 1)?;
            self.blank();
            if self.take(close) {
                return Ok(());
            }
            self.expect(b',', "`,` or a closing bracket is missing")?;
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        self.at - start
    }

    pub(super) fn number(&mut self) -> Result<Value<'a>, Wrong> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek() == b'0';
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(self.wrong("not a number"));
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            if self.digits() == 0 {
                return Err(self.wrong("digits are missing"));
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            whole = false;
            self.at += 1;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.wrong("digits are missing"));
            }
        }
        Ok(number(&self.text[start..self.at], whole))
    }

    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Wrong> {
        self.expect(b'"', "a string is missing")?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        loop {
            self.at += plain(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
                }
                Some(b'\\') => return self.escaped(start),
                Some(0..=31) => return Err(self.wrong("a control character in a string")),
                Some(_) => self.at += 1,
                None => return Err(self.wrong("the string is not closed")),
            }
        }
    }

    /// The rest of a string with escapes, which the standard reader decodes.
    fn escaped(&mut self, start: usize) -> Result<Cow<'a, str>, Wrong> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(self.wrong("the string is not closed")),
            }
        }
        if self.at >= bytes.len() {
            return Err(self.wrong("the string is not closed"));
        }
        self.at += 1;
        let quoted = &self.text[start - 1..self.at];
        serde_json::from_str::<String>(quoted)
            .map(Cow::Owned)
            .map_err(|_| Wrong { at: start, why: "a wrong escape in a string" })
    }
}

/// How many bytes from the start are neither a quote, a backslash nor a control character, told
/// eight at a time; a lower bound, since what is left is looked at one by one.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut count = 0;
    for chunk in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("invariant: eight bytes"));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special = zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | control;
        if special != 0 {
            // The lowest mark is never a false one, as a borrow only reaches higher bytes.
            return count + special.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count
}

/// The value of a number's text.
pub(super) fn number(text: &str, whole: bool) -> Value<'_> {
    if whole {
        return text.parse().map_or(Value::Huge(text), Value::Int);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::Huge(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<String, Wrong> {
        let mut text = String::new();
        object(line, |key, value| text += &format!("{key}={value:?} "))?;
        Ok(text)
    }

    #[test]
    fn values_are_kept_as_written() {
        let line = r#" {"a":1,"b":-2.5e3,"c":"x\u00e9","d":[1,{"e":null}],"f":99999999999999999999,"g":1e999,"h":true} "#;
        assert_eq!(
            read(line).unwrap(),
            "a=Int(1) b=Float(-2500.0) c=Text(\"xé\") d=Json(\"[1,{\\\"e\\\":null}]\") \
             f=Huge(\"99999999999999999999\") g=Huge(\"1e999\") h=Bool(true) "
        );
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for bad in [
            "",
            "[]",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":NaN}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"x}",
            "{\"a\":\"\\",
            "{\"a\":\"\\q\"}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":tru}",
            "{\"a\":[1,]}",
            "{\"a\":1e}",
            "{\"a\":-}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(read(&deep).unwrap_err().why, "nested more than 128 deep");
    }
}
