//! Conditions on labels as PromQL matchers.

/// A word, a text in quotes or a sign of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 8] = ["->>", "<>", "!=", "==", "=", "(", ")", ","];

/// The matchers of a condition that joins comparisons of labels with texts by AND: `=`, `!=`,
/// LIKE and IN. `labels->>'code'` and `code` both mean the label `code`.
///
/// # Errors
/// What of the condition no matcher says.
pub(super) fn matchers(condition: &str) -> Result<Vec<String>, String> {
    let tokens = tokens(condition)?;
    let mut rest = tokens.as_slice();
    let mut found = Vec::new();
    if word(rest, "true") && rest.len() == 1 {
        return Ok(found);
    }
    loop {
        let (matcher, after) = comparison(rest)?;
        found.push(matcher);
        match after {
            [] => return Ok(found),
            more if word(more, "and") => rest = &more[1..],
            [other, ..] => return Err(format!("{} is no matcher", shown(other))),
        }
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Text(text) => format!("'{text}'"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

fn word(tokens: &[Token], wanted: &str) -> bool {
    matches!(tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let mut value = String::new();
            let mut chars = rest.char_indices().skip(1).peekable();
            let end = loop {
                match chars.next() {
                    None => return Err("an unterminated quote".to_owned()),
                    Some((_, c))
                        if c == first && chars.peek().is_some_and(|(_, c)| *c == first) =>
                    {
                        value.push(c);
                        chars.next();
                    }
                    Some((at, c)) if c == first => break at + 1,
                    Some((_, c)) => value.push(c),
                }
            };
            tokens.push(if first == '"' { Token::Word(value) } else { Token::Text(value) });
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(format!("`{first}` is no part of a matcher"));
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// A label in front of `tokens`, in brackets or not.
fn label(tokens: &[Token]) -> Result<(String, &[Token]), String> {
    match tokens {
        [Token::Sign("("), inside @ ..] => match label(inside)? {
            (name, [Token::Sign(")"), after @ ..]) => Ok((name, after)),
            _ => Err("more than a label stands in brackets".to_owned()),
        },
        [Token::Word(column), Token::Sign("->>"), Token::Text(name), after @ ..]
            if column == "labels" =>
        {
            Ok((name.clone(), after))
        }
        [Token::Word(name), after @ ..] => Ok((name.clone(), after)),
        [other, ..] => Err(format!("{} is no label", shown(other))),
        [] => Err("a label is missing".to_owned()),
    }
}

fn comparison(tokens: &[Token]) -> Result<(String, &[Token]), String> {
    let (name, rest) = label(tokens)?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`{name}` is no label of Prometheus"));
    }
    let made = |op: &str, value: &str| format!("{name}{op}{}", super::yaml::quoted(value));
    let (negated, rest) = if word(rest, "not") { (true, &rest[1..]) } else { (false, rest) };
    match rest {
        [Token::Sign("=" | "=="), Token::Text(value), after @ ..] if !negated => {
            Ok((made("=", value), after))
        }
        [Token::Sign("!=" | "<>"), Token::Text(value), after @ ..] if !negated => {
            Ok((made("!=", value), after))
        }
        [_, Token::Text(pattern), after @ ..] if word(rest, "like") => {
            Ok((made(if negated { "!~" } else { "=~" }, &like(pattern)), after))
        }
        [_, Token::Sign("("), list @ ..] if word(rest, "in") => {
            let (values, after) = texts(list)?;
            Ok((made(if negated { "!~" } else { "=~" }, &values.join("|")), after))
        }
        _ => Err(format!("the comparison of `{name}` is none that a matcher says")),
    }
}

/// Texts separated by commas up to a closing bracket, as parts of a regular expression.
fn texts(tokens: &[Token]) -> Result<(Vec<String>, &[Token]), String> {
    let mut values = Vec::new();
    let mut rest = tokens;
    loop {
        match rest {
            [Token::Text(value), Token::Sign(","), after @ ..] => {
                values.push(escaped(value));
                rest = after;
            }
            [Token::Text(value), Token::Sign(")"), after @ ..] => {
                values.push(escaped(value));
                return Ok((values, after));
            }
            _ => return Err("a list holds more than texts".to_owned()),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A pattern of LIKE as a regular expression, which Prometheus anchors at both ends.
fn like(pattern: &str) -> String {
    pattern
        .split_inclusive(['%', '_'])
        .map(|part| match part.chars().last() {
            Some('%') => format!("{}.*", escaped(&part[..part.len() - 1])),
            Some('_') => format!("{}.", escaped(&part[..part.len() - 1])),
            _ => escaped(part),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_become_matchers() {
        let check = |condition: &str, wanted: &str| {
            assert_eq!(matchers(condition).unwrap().join(","), wanted, "{condition}");
        };
        check("labels->>'code' = '200'", r#"code="200""#);
        check("(labels ->> 'code') like '5%' AND job <> 'a''b'", r#"code=~"5.*",job!="a'b""#);
        check("code not in ('4.4', '500')", r#"code!~"4\\.4|500""#);
        check("true", "");
        for other in ["code >= '500'", "a = 1", "a = 'b' or c = 'd'", "", "a = 'b", "f(a) = 'b'"] {
            assert!(matchers(other).is_err(), "{other}");
        }
    }
}
