//! Users' SQL expressions: parsed by DuckDB, checked node by node, and written anew.
//!
//! What runs is never the user's text: the parsed expression is printed from a closed list of
//! kinds and functions, over the stream's own columns, so that nothing else can reach a query.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use duckdb::Connection;
use serde_json::Value;

use super::error::Error;
use super::wall::lock_down;
#[cfg(test)]
use super::workspace::quote;
use crate::diag::{Diagnostic, did_you_mean};

/// Functions without side effects, whose results depend on their arguments only.
const FUNCTIONS: [&str; 34] = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "||",
    "~~",
    "!~~",
    "~~*",
    "!~~*",
    "->>",
    "abs",
    "round",
    "floor",
    "ceil",
    "greatest",
    "least",
    "lower",
    "upper",
    "length",
    "trim",
    "starts_with",
    "ends_with",
    "contains",
    "prefix",
    "suffix",
    "substring",
    "substr",
    "left",
    "right",
    "split_part",
    "regexp_matches",
    "json_extract_string",
];
/// Types that a value can be cast to.
const TYPES: [&str; 6] = ["BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP"];
/// Longest expression.
const MAX_BYTES: usize = 10_000;

/// What a name in an expression stands for: SQL, or `None` for no column of the stream.
pub(super) type Columns<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The expression as SQL that may run.
///
/// # Errors
/// What is no expression, or has a part that is not allowed; the message names it.
pub(super) fn checked(text: &str, columns: Columns<'_>, known: &[String]) -> Result<String, Error> {
    if text.len() > MAX_BYTES {
        return Err(refused(text, format!("has more than {MAX_BYTES} bytes")));
    }
    let tree = serialized(&format!("SELECT ({}\n)", grouped(text)))?;
    let tree: Value = serde_json::from_str(&tree).unwrap_or_default();
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
    let printer = Printer { columns, known };
    printer.print(&node["select_list"][0], 0).map_err(|why| refused(text, why))
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

struct Printer<'a> {
    columns: Columns<'a>,
    known: &'a [String],
}

impl Printer<'_> {
    fn print(&self, node: &Value, depth: usize) -> Result<String, String> {
        if depth > 200 {
            return Err("is nested too deep".to_owned());
        }
        let child = |key: &str| self.print(&node[key], depth + 1);
        let kind = node["type"].as_str().unwrap_or("");
        match node["class"].as_str().unwrap_or("") {
            "CONSTANT" => constant(&node["value"]),
            "COLUMN_REF" => self.column(&node["column_names"]),
            "COMPARISON" => {
                let operator = match kind {
                    "COMPARE_EQUAL" => "=",
                    "COMPARE_NOTEQUAL" => "<>",
                    "COMPARE_LESSTHAN" => "<",
                    "COMPARE_GREATERTHAN" => ">",
                    "COMPARE_LESSTHANOREQUALTO" => "<=",
                    "COMPARE_GREATERTHANOREQUALTO" => ">=",
                    "COMPARE_DISTINCT_FROM" => "IS DISTINCT FROM",
                    "COMPARE_NOT_DISTINCT_FROM" => "IS NOT DISTINCT FROM",
                    _ => return Err(not_allowed(kind)),
                };
                Ok(format!("({} {operator} {})", child("left")?, child("right")?))
            }
            "CONJUNCTION" => {
                let word = if kind == "CONJUNCTION_AND" { " AND " } else { " OR " };
                Ok(format!("({})", self.children(node, depth)?.join(word)))
            }
            "BETWEEN" => Ok(format!(
                "({} BETWEEN {} AND {})",
                child("input")?,
                child("lower")?,
                child("upper")?
            )),
            "OPERATOR" => self.operator(kind, node, depth),
            "FUNCTION" => self.function(node, depth),
            "CASE" => self.case(node, depth),
            "CAST" => {
                let to = node["cast_type"]["id"].as_str().unwrap_or("");
                if !TYPES.contains(&to) || !node["cast_type"]["type_info"].is_null() {
                    return Err(format!("casts to `{to}`, which is not allowed"));
                }
                // A value that is not of the type is unknown; it ends no query.
                Ok(format!("TRY_CAST({} AS {to})", child("child")?))
            }
            other => Err(not_allowed(other)),
        }
    }

    fn children(&self, node: &Value, depth: usize) -> Result<Vec<String>, String> {
        let children = node["children"].as_array().map_or(&[][..], Vec::as_slice);
        children.iter().map(|child| self.print(child, depth + 1)).collect()
    }

    fn operator(&self, kind: &str, node: &Value, depth: usize) -> Result<String, String> {
        let parts = self.children(node, depth)?;
        match (kind, parts.as_slice()) {
            ("OPERATOR_NOT", [one]) => Ok(format!("(NOT {one})")),
            ("OPERATOR_IS_NULL", [one]) => Ok(format!("({one} IS NULL)")),
            ("OPERATOR_IS_NOT_NULL", [one]) => Ok(format!("({one} IS NOT NULL)")),
            ("COMPARE_IN", [one, many @ ..]) if !many.is_empty() => {
                Ok(format!("({one} IN ({}))", many.join(", ")))
            }
            ("COMPARE_NOT_IN", [one, many @ ..]) if !many.is_empty() => {
                Ok(format!("({one} NOT IN ({}))", many.join(", ")))
            }
            ("OPERATOR_COALESCE", [_, ..]) => Ok(format!("coalesce({})", parts.join(", "))),
            _ => Err(not_allowed(kind)),
        }
    }

    fn function(&self, node: &Value, depth: usize) -> Result<String, String> {
        let name = node["function_name"].as_str().unwrap_or("").to_lowercase();
        let schema = node["schema"].as_str().unwrap_or("");
        let orders = node["order_bys"]["orders"].as_array().is_none_or(Vec::is_empty);
        let plain = schema.is_empty() && node["filter"].is_null() && orders;
        if !FUNCTIONS.contains(&name.as_str()) || !plain || node["distinct"] == true {
            return Err(format!("calls `{name}`, which is not allowed"));
        }
        let parts = self.children(node, depth)?;
        if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Ok(format!("{name}({})", parts.join(", ")));
        }
        match parts.as_slice() {
            [one] if name == "-" || name == "+" => Ok(format!("({name} {one})")),
            [left, right] => Ok(format!("({left} {name} {right})")),
            _ => Err(format!("calls `{name}` with {} values", parts.len())),
        }
    }

    fn case(&self, node: &Value, depth: usize) -> Result<String, String> {
        let mut text = "(CASE".to_owned();
        for check in node["case_checks"].as_array().map_or(&[][..], Vec::as_slice) {
            let when = self.print(&check["when_expr"], depth + 1)?;
            let then = self.print(&check["then_expr"], depth + 1)?;
            text += &format!(" WHEN {when} THEN {then}");
        }
        let otherwise = self.print(&node["else_expr"], depth + 1)?;
        Ok(format!("{text} ELSE {otherwise} END)"))
    }

    fn column(&self, names: &Value) -> Result<String, String> {
        let names: Vec<&str> =
            names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let name = names.join(".");
        (self.columns)(&name).ok_or_else(|| {
            let known = self.known.iter().map(String::as_str);
            let near = did_you_mean(&name, known);
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            format!("names `{name}`, which is no column of the stream{hint}")
        })
    }
}

fn not_allowed(kind: &str) -> String {
    format!("has a part of kind `{}`, which is not allowed", kind.to_lowercase())
}

fn constant(value: &Value) -> Result<String, String> {
    if value["is_null"] == true {
        return Ok("NULL".to_owned());
    }
    match (&value["value"], value["type"]["id"].as_str().unwrap_or("")) {
        (Value::String(text), "VARCHAR") if !text.contains('\0') => {
            Ok(format!("'{}'", text.replace('\'', "''")))
        }
        (Value::Bool(flag), "BOOLEAN") => Ok(flag.to_string()),
        (Value::Number(number), "INTEGER" | "BIGINT" | "DOUBLE") => Ok(number.to_string()),
        (Value::Number(number), "DECIMAL") => {
            let scale = value["type"]["type_info"]["scale"].as_u64();
            let scale = scale.and_then(|scale| usize::try_from(scale).ok());
            let scale =
                scale.filter(|scale| *scale <= 18).ok_or("has a number that is too long")?;
            let digits = number.as_u64().ok_or("has a number that is too long")?.to_string();
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, part) = digits.split_at(digits.len() - scale);
            Ok(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
        }
        (_, kind) => Err(format!("has a constant of type `{}`", kind.to_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<String, String> {
        let known = ["status".to_owned(), "path".to_owned()];
        let columns = |name: &str| known.contains(&name.to_owned()).then(|| quote(name));
        checked(text, &columns, &known).map_err(|error| error.to_string())
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
