//! As much of PromQL as tells a plain selector from anything else.

/// A plain selector: `name{label="value"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) name: String,
    /// Label, operator, value.
    pub(super) matchers: Vec<(String, &'static str, String)>,
}

/// The operators of matchers; the longer ones first, as one begins the other.
const OPERATORS: [&str; 4] = ["=~", "!~", "!=", "="];

/// The selector `text`, or what is wrong with it.
pub(super) fn selector(text: &str) -> Result<Selector, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty");
    }
    let (name, mut rest) = identifier(text, true);
    rest = rest.trim_start();
    let mut matchers = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        loop {
            if let Some(after) = rest.strip_prefix('}') {
                rest = after.trim_start();
                break;
            }
            let (matcher, after) = matcher(rest)?;
            matchers.push(matcher);
            rest = after.trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start(),
                None if rest.starts_with('}') => {}
                None if rest.is_empty() => return Err("ends inside the braces"),
                None => return Err("has something other than `,` between its matchers"),
            }
        }
    }
    if name.is_empty() && matchers.is_empty() {
        return Err("is not a metric");
    }
    match rest.chars().next() {
        None => Ok(Selector { name: name.to_owned(), matchers }),
        Some('}') => Err("has a stray closing brace"),
        Some('(') => Err("is a function or an aggregation, where a plain selector is needed"),
        Some('[') => Err("has a range, where a plain selector is needed"),
        Some(_) => Err("is an expression, where a plain selector is needed"),
    }
}

/// The leading identifier and the rest; names of metrics may hold colons.
fn identifier(text: &str, colons: bool) -> (&str, &str) {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
    let end = text.find(|c: char| !inside(c)).unwrap_or(text.len());
    let end = if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end };
    text.split_at(end)
}

type Matcher = (String, &'static str, String);

fn matcher(text: &str) -> Result<(Matcher, &str), &'static str> {
    if text.is_empty() {
        return Err("ends inside the braces");
    }
    let (label, rest) = identifier(text, false);
    if label.is_empty() {
        return Err("has a matcher without a label");
    }
    let rest = rest.trim_start();
    let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator));
    let operator = operator.ok_or("has a matcher without `=`, `!=`, `=~` or `!~`")?;
    let (value, rest) = quoted(rest[operator.len()..].trim_start())?;
    Ok(((label.to_owned(), operator, value), rest))
}

/// A quoted text, its escapes left as they are except those of quotes and backslashes.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let quote = quote.ok_or("has a matcher whose value is not in quotes")?;
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((value, &text[at + 1..]));
        }
        if c == '\\' && quote != '`' {
            match chars.next() {
                Some((_, escaped @ ('\\' | '"' | '\''))) => value.push(escaped),
                Some((_, escaped)) => value.extend(['\\', escaped]),
                None => break,
            }
        } else {
            value.push(c);
        }
    }
    Err("has an unterminated quote")
}

/// What is wrong with the brackets and quotes of an expression.
pub(super) fn balanced(text: &str) -> Result<(), &'static str> {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' | '\'' | '`' => {
                rest = quoted(rest)?.1;
                continue;
            }
            '#' => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after);
                continue;
            }
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(c) => {
                return Err("has a closing bracket without its opening one");
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    if open.is_empty() { Ok(()) } else { Err("has an opening bracket without its closing one") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_selectors_are_told_from_expressions() {
        let read = selector(r#"a:b_total{le="0.5", code=~'5..|\'x',} "#).unwrap();
        assert_eq!(read.name, "a:b_total");
        assert_eq!(read.matchers[1], ("code".into(), "=~", "5..|'x".into()));
        assert!(selector(r#"{job="a"}"#).is_ok() && selector("up").is_ok());
        let bad = |text: &str| selector(text).unwrap_err();
        assert_eq!(bad("foo{"), "ends inside the braces");
        assert_eq!(bad("foo}"), "has a stray closing brace");
        assert_eq!(bad("$$$"), "is not a metric");
        assert_eq!(bad(r#"foo{foo="bar'}"#), "has an unterminated quote");
        assert!(bad("sum(foo)").contains("plain selector"));
        assert!(bad("a / b").contains("plain selector"));
        assert!(bad("foo{a=\"b\" c=\"d\"}").contains("between"));
        for text in ["1a", "", "{}", "a[5m]", "a{b}", "a{=\"c\"}", "a{b=\"\\", "a{b=c}", "題"] {
            assert!(selector(text).is_err(), "{text}");
        }
    }

    #[test]
    fn brackets_are_counted_outside_of_quotes() {
        assert!(balanced(r#"sum(rate(a{b=")"}[5m])) # )"#).is_ok());
        for text in ["sum(", "a)", "a{b=\"c}", "(]"] {
            assert!(balanced(text).is_err(), "{text}");
        }
    }
}
