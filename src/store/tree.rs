//! JSON as a tree whose nodes know where they stand, for documents that hold many rows.

use std::borrow::Cow;

use super::json::{MAX_DEPTH, Scanner, Value, Wrong};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'a> {
    /// Byte of the text, from 0.
    pub(super) at: usize,
    pub(super) what: What<'a>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What<'a> {
    /// Anything but an object or an array.
    Plain(Value<'a>),
    Array(Vec<Node<'a>>),
    /// In the order of the text; no key is there twice.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// The value at the start of `text` after blanks, and where it ends.
pub(super) fn value(text: &str, from: usize) -> Result<(Node<'_>, usize), Wrong> {
    let mut scanner = Scanner { text, at: from };
    let node = node(&mut scanner, 1)?;
    scanner.blank();
    Ok((node, scanner.at))
}

/// The one value that `text` is.
pub(super) fn whole(text: &str) -> Result<Node<'_>, Wrong> {
    let (node, end) = value(text, 0)?;
    if end < text.len() {
        return Err(Wrong { at: end, why: "something follows the value" });
    }
    Ok(node)
}

fn node<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Node<'a>, Wrong> {
    scanner.blank();
    let at = scanner.at;
    let what = match scanner.peek() {
        b'{' => What::Object(object(scanner, depth)?),
        b'[' => What::Array(array(scanner, depth)?),
        b'"' => What::Plain(Value::Text(scanner.string()?)),
        b't' => What::Plain(scanner.word("true", Value::Bool(true))?),
        b'f' => What::Plain(scanner.word("false", Value::Bool(false))?),
        b'n' => What::Plain(scanner.word("null", Value::Null)?),
        b'-' | b'0'..=b'9' => What::Plain(scanner.number()?),
        _ => return Err(scanner.wrong("a value is missing")),
    };
    Ok(Node { at, what })
}

fn array<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Vec<Node<'a>>, Wrong> {
    if depth >= MAX_DEPTH {
        return Err(scanner.wrong("nested more than 128 deep"));
    }
    scanner.at += 1;
    let mut items = Vec::new();
    scanner.blank();
    if scanner.take(b']') {
        return Ok(items);
    }
    loop {
        items.push(node(scanner, depth + 1)?);
        scanner.blank();
        if scanner.take(b']') {
            return Ok(items);
        }
        scanner.expect(b',', "`,` or `]` is missing")?;
    }
}

type Pairs<'a> = Vec<(Cow<'a, str>, Node<'a>)>;

fn object<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Pairs<'a>, Wrong> {
    if depth >= MAX_DEPTH {
        return Err(scanner.wrong("nested more than 128 deep"));
    }
    scanner.at += 1;
    let mut pairs = Pairs::new();
    scanner.blank();
    if scanner.take(b'}') {
        return Ok(pairs);
    }
    loop {
        scanner.blank();
        let key = scanner.string()?;
        scanner.blank();
        scanner.expect(b':', "`:` is missing")?;
        pairs.push((key, node(scanner, depth + 1)?));
        scanner.blank();
        if scanner.take(b'}') {
            break;
        }
        scanner.expect(b',', "`,` or `}` is missing")?;
    }
    once(pairs)
}

/// The pairs, if no key comes twice.
fn once(pairs: Pairs<'_>) -> Result<Pairs<'_>, Wrong> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| pairs[*a].0.cmp(&pairs[*b].0));
    let twice = order.windows(2).find(|two| pairs[two[0]].0 == pairs[two[1]].0);
    match twice {
        Some(two) => Err(Wrong { at: pairs[two[1]].1.at, why: "the key is there twice" }),
        None => Ok(pairs),
    }
}

impl<'a> Node<'a> {
    /// The value under a key, written `likeThis` or `like_this`, as Protocol Buffers allow both.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        let What::Object(pairs) = &self.what else { return None };
        let same = |found: &str| {
            let plain = |text: &str| -> String {
                text.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
            };
            found == key || (found.contains('_') && plain(found) == plain(key))
        };
        let found = pairs.iter().find(|(found, _)| same(found)).map(|(_, node)| node);
        found.filter(|node| node.what != What::Plain(Value::Null))
    }

    /// The items under a key; none when it is not there or no array.
    pub(super) fn items(&self, key: &str) -> &[Node<'a>] {
        match self.get(key).map(|node| &node.what) {
            Some(What::Array(items)) => items,
            _ => &[],
        }
    }

    pub(super) fn pairs(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match &self.what {
            What::Object(pairs) => pairs,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.what {
            What::Plain(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text under a key.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    /// A whole number, as a number or as a text: JSON writes 64 bits so.
    pub(super) fn whole(&self) -> Option<i128> {
        match &self.what {
            What::Plain(Value::Int(n)) => Some(i128::from(*n)),
            What::Plain(Value::Text(text)) => text.parse().ok(),
            What::Plain(Value::Huge(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number, or one of the three that JSON writes as texts.
    pub(super) fn number(&self) -> Option<f64> {
        match &self.what {
            What::Plain(Value::Int(n)) => Some(*n as f64),
            What::Plain(Value::Float(n)) => Some(*n),
            What::Plain(Value::Text(text)) => super::exposition::real(text).ok(),
            What::Plain(Value::Huge(text)) => {
                text.parse().ok().filter(|number: &f64| number.is_finite())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_place() {
        let node = whole(r#" {"a_b": [1, {"c": "x"}], "n": null}"#).unwrap();
        let items = node.items("aB");
        assert_eq!((items[0].at, items[0].whole()), (10, Some(1)));
        assert_eq!(items[1].text_of("c"), Some("x"));
        assert!(node.get("n").is_none() && node.get("ab").is_some());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for bad in ["", "{", "[1,", "{} {}", r#"{"a":1,"a":2}"#, "nul", "[1 2]", "{\"a\":NaN}"] {
            assert!(whole(bad).is_err(), "{bad}");
        }
        let deep = "[".repeat(5000);
        assert_eq!(whole(&deep).unwrap_err().why, "nested more than 128 deep");
    }
}
