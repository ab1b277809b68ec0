//! Parsed expressions printed anew, from a closed list of kinds and functions.

use serde_json::Value;

use super::workspace::{literal, quote};
use crate::diag::did_you_mean;

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
/// Deepest nesting of an expression.
const MAX_DEPTH: usize = 200;

/// One of several conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conjunct {
    /// The value of a column, given as SQL, is this text.
    Is { column: String, text: String },
    /// Another condition.
    Sql(String),
}

/// The column of `known` that a name means: the very name, or one that differs in case only.
pub(super) fn column<'k>(known: &'k [String], name: &str) -> Option<&'k String> {
    let exact = known.iter().find(|column| *column == name);
    let same = |column: &&String| column.to_lowercase() == name.to_lowercase();
    exact.or_else(|| known.iter().find(same))
}

/// Prints over the columns `known`.
pub(super) struct Printer<'a> {
    pub(super) known: &'a [String],
}

impl Printer<'_> {
    /// The condition as conditions that must all hold, of which each may be asked for itself: a
    /// conjunction is true where all of its parts are, and nowhere else.
    pub(super) fn conjuncts(
        &self,
        node: &Value,
        depth: usize,
        parts: &mut Vec<Conjunct>,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("is nested too deep".to_owned());
        }
        let both = (node["class"].as_str(), node["type"].as_str());
        if both == (Some("CONJUNCTION"), Some("CONJUNCTION_AND")) {
            let children = node["children"].as_array().map_or(&[][..], Vec::as_slice);
            return children.iter().try_for_each(|one| self.conjuncts(one, depth + 1, parts));
        }
        let one = match self.comparison_with_text(node, both) {
            Some((column, text)) => Conjunct::Is { column, text },
            None => Conjunct::Sql(self.print(node, depth)?),
        };
        if !parts.contains(&one) {
            parts.push(one);
        }
        Ok(())
    }

    /// The column and the text of `column = 'text'`.
    fn comparison_with_text(
        &self,
        node: &Value,
        both: (Option<&str>, Option<&str>),
    ) -> Option<(String, String)> {
        let (column, value) = (&node["left"], &node["right"]);
        let plain = both == (Some("COMPARISON"), Some("COMPARE_EQUAL"))
            && column["class"] == "COLUMN_REF"
            && value["class"] == "CONSTANT"
            && value["value"]["is_null"] != true
            && value["value"]["type"]["id"] == "VARCHAR";
        if !plain {
            return None;
        }
        let column = self.column(&column["column_names"]).ok()?;
        let text = value["value"]["value"].as_str().filter(|text| !text.contains('\0'))?;
        Some((column, text.to_owned()))
    }

    pub(super) fn print(&self, node: &Value, depth: usize) -> Result<String, String> {
        if depth > MAX_DEPTH {
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
        column(self.known, &name).map(|column| quote(column)).ok_or_else(|| {
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
        (Value::String(text), "VARCHAR") if !text.contains('\0') => Ok(literal(text)),
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
