//! Users' SQL expressions: parsed by DuckDB, checked node by node, and written anew.
//!
//! What runs is never the user's text: the parsed expression is printed from a closed list of
//! kinds and functions, over the stream's own columns, so that nothing else can reach a query.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use duckdb::Connection;
use serde_json::Value;

use super::error::Error;
use super::printer::Printer;
pub(super) use super::printer::{Conjunct, column};
use super::wall::lock_down;
use crate::diag::Diagnostic;

/// Longest expression.
const MAX_BYTES: usize = 10_000;

/// The expression over the columns `known` as SQL that may run.
///
/// # Errors
/// What is no expression, or has a part that is not allowed; the message names it.
pub(super) fn checked(text: &str, known: &[String]) -> Result<String, Error> {
    let printed = Printer { known }.print(&parsed(text)?, 0);
    printed.map_err(|why| refused(text, why))
}

/// The same of a condition, as conditions that must all hold.
///
/// # Errors
/// As [`checked`].
pub(super) fn conjuncts(text: &str, known: &[String]) -> Result<Vec<Conjunct>, Error> {
    let mut parts = Vec::new();
    let printed = Printer { known }.conjuncts(&parsed(text)?, 0, &mut parts);
    printed.map_err(|why| refused(text, why))?;
    Ok(parts)
}

/// The one expression that `text` is, parsed.
fn parsed(text: &str) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(refused(text, format!("has more than {MAX_BYTES} bytes")));
    }
    if !closes_its_own(text) {
        return Err(refused(text, "closes a bracket that it did not open".to_owned()));
    }
    let tree = serialized(&format!("SELECT ({}\n)", grouped(text)))?;
    let mut tree: Value = serde_json::from_str(&tree).unwrap_or_default();
    if tree["error"].as_bool() != Some(false) {
        let why = tree["error_message"].as_str().unwrap_or("it cannot be parsed");
        return Err(refused(text, format!("is no SQL expression: {why}")));
    }
    let node = &tree["statements"][0]["node"];
    let empty = |key: &str| node[key].as_array().is_none_or(Vec::is_empty);
    let plain = tree["statements"].as_array().is_some_and(|all| all.len() == 1)
        && node["type"] == "SELECT_NODE"
        && node["from_table"]["type"] == "EMPTY"
        && node["select_list"].as_array().is_some_and(|list| list.len() == 1)
        && node["where_clause"].is_null()
        && node["having"].is_null()
        && node["qualify"].is_null()
        && node["sample"].is_null()
        && empty("group_expressions")
        && empty("modifiers")
        && node["cte_map"]["map"].as_array().is_none_or(Vec::is_empty);
    if !plain {
        return Err(refused(text, "is more than one expression".to_owned()));
    }
    Ok(tree["statements"][0]["node"]["select_list"][0].take())
}

thread_local! {
    /// The parser in use. It is only borrowed here: an instance that lived on until the end of the
    /// thread would be closed while the program ends, when what DuckDB needs for that is gone.
    static IN_USE: RefCell<Weak<Connection>> = const { RefCell::new(Weak::new()) };
}

/// Where expressions are parsed: an instance of its own that can reach no file. Opening it takes
/// longer than parsing hundreds of expressions, so whoever has many holds one meanwhile.
pub(super) struct Parser(Rc<Connection>);

/// The parser that somebody on this thread holds, or a new one.
pub(super) fn parser() -> Result<Parser, Error> {
    IN_USE.with_borrow_mut(|known| {
        if let Some(db) = known.upgrade() {
            return Ok(Parser(db));
        }
        let db = Connection::open_in_memory()?;
        lock_down(&db, &[])?;
        let db = Rc::new(db);
        *known = Rc::downgrade(&db);
        Ok(Parser(db))
    })
}

/// The parsed statement as JSON.
fn serialized(sql: &str) -> Result<String, Error> {
    let Parser(db) = parser()?;
    Ok(db.query_row("SELECT json_serialize_sql(?::VARCHAR)", [sql], |row| row.get(0))?)
}

/// Whether no bracket closes that the text did not open: it stands in brackets of its own, and
/// `a) or (b` would be an expression there.
fn closes_its_own(text: &str) -> bool {
    let (mut depth, mut quote) = (0usize, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    true
}

/// The same text with `column->>'key'` in brackets: without them DuckDB lets AND bind closer than
/// the arrow, so that `a->>'b' = 'c' AND a->>'d' = 'e'` would mean something else.
fn grouped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    // Where the last name begins in `out`; the arrow must follow it.
    let mut name: Option<usize> = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = match first {
            '\'' | '"' => quoted_length(rest, first),
            _ if inside(first) => rest.find(|c| !inside(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        if let Some(start) = name
            && let Some(after) = rest.strip_prefix("->>")
        {
            let key = after.trim_start();
            let length = if key.starts_with('\'') { quoted_length(key, '\'') } else { 0 };
            if length > 0 {
                out.insert(start, '(');
                out.push_str("->>");
                out.push_str(&key[..length]);
                out.push(')');
                (rest, name) = (&key[length..], None);
                continue;
            }
        }
        if first == '"' || (inside(first) && !first.is_numeric()) {
            name = Some(out.len());
        } else if !first.is_whitespace() {
            name = None;
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The length of the text in quotes at the begin of `text`; a doubled quote does not end it.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            continue;
        }
        if chars.peek().is_some_and(|(_, next)| *next == quote) {
            chars.next();
        } else {
            return at + 1;
        }
    }
    text.len()
}

fn refused(text: &str, why: String) -> Error {
    let shown: String = text.chars().take(200).collect();
    let help = "allowed are the stream's columns, constants, comparisons, AND, OR, NOT, IN, \
                BETWEEN, IS NULL, CASE, CAST, LIKE, arithmetic and simple text functions";
    let diagnostic = Diagnostic::error("expression::refused", format!("`{shown}` {why}"));
    Error::Refused(diagnostic.help(help).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<String, String> {
        let known = ["status".to_owned(), "path".to_owned()];
        checked(text, &known).map_err(|error| error.to_string())
    }

    #[test]
    fn conditions_are_written_anew() {
        assert_eq!(
            check("status < 500 and path like '/a%'").unwrap(),
            "((\"status\" < 500) AND (\"path\" ~~ '/a%'))"
        );
        assert_eq!(check("status between 1 and 2.50").unwrap(), "(\"status\" BETWEEN 1 AND 2.50)");
        assert_eq!(check("upper(path) in ('A''B')").unwrap(), "(upper(\"path\") IN ('A''B'))");
        assert_eq!(
            check("status::integer = -1").unwrap(),
            "(TRY_CAST(\"status\" AS INTEGER) = -1)"
        );
    }

    #[test]
    fn a_text_closes_no_bracket_that_it_did_not_open() {
        assert!(check("status < 500) or (1 = 1").unwrap_err().contains("closes a bracket"));
        assert!(check("(status < 500) or (path = ')')").is_ok());
        assert!(check("\"path\" = ')(' and (status = 1)").is_ok());
    }

    #[test]
    fn conditions_that_must_all_hold_are_told_apart() {
        let known = ["status".to_owned(), "path".to_owned()];
        let parts = conjuncts("path = '/a' and (status < 500 and \"PATH\" = '/a')", &known);
        let is = Conjunct::Is { column: "\"path\"".to_owned(), text: "/a".to_owned() };
        assert_eq!(parts.unwrap(), [is, Conjunct::Sql("(\"status\" < 500)".to_owned())]);
        let one = conjuncts("status < 500 or path = '/a'", &known).unwrap();
        assert_eq!(one.len(), 1, "{one:?}");
        assert!(conjuncts("path = '/a' and getenv('HOME') = ''", &known).is_err());
    }

    #[test]
    fn a_label_is_reached_before_anything_is_compared() {
        assert_eq!(
            check("path->>'a' = 'b' and not path->>'c' like '5%'").unwrap(),
            "(((\"path\" ->> 'a') = 'b') AND (NOT ((\"path\" ->> 'c') ~~ '5%')))"
        );
        let same = |text: &str| assert_eq!(grouped(text), text);
        same("x = 'a->>''b' or status < 500");
        assert_eq!(grouped("\"a b\" ->> 'k''l' = 'v'"), "(\"a b\" ->>'k''l') = 'v'");
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "1); DROP TABLE s_access; --",
            "status < 500) FROM s_access, (SELECT 1",
            "(SELECT 1)",
            "1, 2",
            "read_text('/etc/passwd') = ''",
            "getenv('HOME') = ''",
            "count(*) > 1",
            "stats = 1",
            "other.status = 1",
            "*",
            "random() < 0.5",
            "",
            "status <",
            "status = ANY (SELECT 1)",
            "1 FROM read_csv('/etc/passwd')",
            "row_number() over () = 1",
            "status IN (SELECT 1)",
            "current_setting('threads') = 1",
            "$1 = 1",
            "[1,2][1] = 1",
            "1 LIMIT 1",
            "status = 1 ORDER BY 1",
            "path::BLOB = 1",
        ] {
            assert!(check(bad).is_err(), "{bad} -> {:?}", check(bad));
        }
    }
}
