//! From a script that failed to a diagnostic with place, remedy and call chain.

use rhai::{Engine, EvalAltResult, Position};

use super::compile::lowercase_first;
use super::host::HostError;
use super::place::Scripts;
use crate::diag::{Diagnostic, did_you_mean};

/// Calls shown of a chain; a recursion shows its innermost ones.
const CHAIN_MAX: usize = 6;

/// What went wrong while `entry` ran.
pub(super) fn diagnose(
    engine: &Engine,
    scripts: &Scripts,
    entry: &str,
    error: &EvalAltResult,
) -> Diagnostic {
    let mut chain = vec![entry.to_owned()];
    let mut inner = error;
    while let EvalAltResult::ErrorInFunctionCall(name, _, cause, position) = inner {
        let name = if name.starts_with("anon$") { "closure" } else { name };
        let from = scripts.place(*position);
        let from = from.map_or_else(String::new, |place| format!(" (called at {})", place.text()));
        chain.push(format!("{name}{from}"));
        inner = cause;
    }
    let position = inner.position();
    let (code, message, help) = explain(engine, inner);
    let message = format!("`{entry}` failed: {message}");
    let mut diagnostic = scripts.label(Diagnostic::error(code, message), position, "fails here");
    diagnostic.help = with_chain(help, &chain);
    diagnostic
}

/// The remedy, with the chain of calls where there is one.
fn with_chain(help: Option<String>, chain: &[String]) -> Option<String> {
    if chain.len() < 2 {
        return help;
    }
    let shown = if chain.len() > CHAIN_MAX {
        let last = chain[chain.len() - CHAIN_MAX + 1..].join(" > ");
        format!("{} > ... > {last}", chain[0])
    } else {
        chain.join(" > ")
    };
    let calls = format!("call chain: {shown}");
    Some(help.map_or_else(|| calls.clone(), |help| format!("{help}; {calls}")))
}

type Explained = (&'static str, String, Option<String>);

fn explain(engine: &Engine, error: &EvalAltResult) -> Explained {
    use EvalAltResult as E;
    match error {
        E::ErrorTooManyOperations(_) => (
            "policy::too-many-operations",
            format!("more than {} operations", engine.max_operations()),
            Some("does a loop never end?".into()),
        ),
        E::ErrorStackOverflow(_) => (
            "policy::too-many-calls",
            format!("calls nest deeper than {}", engine.max_call_levels()),
            Some("does a function call itself without end?".into()),
        ),
        E::ErrorTooManyVariables(_) => (
            "policy::too-many-variables",
            format!("more than {} variables", engine.max_variables()),
            None,
        ),
        E::ErrorDataTooLarge(what, _) => (
            "policy::too-large",
            format!("{} is over the limit", large_thing(what)),
            Some(format!(
                "limits: {} bytes of text, {} items, {} properties",
                engine.max_string_size(),
                engine.max_array_size(),
                engine.max_map_size()
            )),
        ),
        E::ErrorRuntime(value, _) => match value.read_lock::<HostError>() {
            Some(error) => ("policy::misuse", error.message.clone(), error.help.clone()),
            None if value.is_unit() => ("policy::thrown", "the script threw".into(), None),
            None => ("policy::thrown", format!("the script threw `{value}`"), None),
        },
        E::ErrorArithmetic(text, _) => ("policy::arithmetic", lowercase_first(text), None),
        E::ErrorFunctionNotFound(signature, _) => no_function(signature),
        E::ErrorDotExpr(text, _) => unknown_property(engine, text),
        E::ErrorPropertyNotFound(name, _) => {
            ("policy::unknown-property", format!("the map has no property `{name}`"), None)
        }
        E::ErrorMismatchDataType(wanted, got, _) | E::ErrorMismatchOutputType(wanted, got, _) => {
            let (wanted, got) = (type_word(wanted), type_word(got));
            ("policy::wrong-type", format!("expected {wanted}, got {got}"), None)
        }
        E::ErrorArrayBounds(len, index, _) => {
            ("policy::out-of-bounds", format!("there is no item {index} in a list of {len}"), None)
        }
        E::ErrorFor(_) => ("policy::wrong-type", "`for` needs a list or a range".into(), None),
        other => {
            let mut plain = other.to_string();
            let at = other.position();
            if at != Position::NONE {
                plain = plain.replace(&format!(" ({at})"), "");
            }
            ("policy::failed", lowercase_first(&plain), None)
        }
    }
}

/// What rhai calls "Size of array/BLOB", and so on.
fn large_thing(what: &str) -> &'static str {
    let what = what.to_lowercase();
    if what.contains("string") {
        "a text, or all texts in one list or map,"
    } else if what.contains("map") {
        "a map"
    } else {
        "a list"
    }
}

/// `+ (i64, &str | ImmutableString | String)` in words of the language.
fn no_function(signature: &str) -> Explained {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ")"));
    let types: Vec<_> = types
        .trim_end_matches(')')
        .split(", ")
        .filter(|word| !word.is_empty())
        .map(type_word)
        .collect();
    let name = name.trim();
    let code = "policy::unknown-function";
    let of = types.join(" and ");
    if let Some(property) = name.strip_prefix("get$") {
        return ("policy::unknown-property", format!("{of} has no property `{property}`"), None);
    }
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let message = if types.is_empty() {
        format!("there is no function `{name}`")
    } else if is_word {
        format!("`{name}` does not take {}", types.join(", "))
    } else {
        format!("`{name}` is not defined for {of}")
    };
    (code, message, None)
}

/// `Unknown property 'x' - a getter is not registered for type 'service'`.
fn unknown_property(engine: &Engine, text: &str) -> Explained {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let (Some(property), Some(kind)) = (quoted.next(), quoted.next()) else {
        return ("policy::unknown-property", lowercase_first(text), None);
    };
    let message = format!("{} has no property `{property}`", type_word(kind));
    let of_kind = engine.collect_fn_metadata(
        None,
        |info| {
            let name = info.metadata.name.strip_prefix("get$")?;
            Some(name.to_owned())
        },
        false,
    );
    let near = did_you_mean(property, of_kind.iter().map(String::as_str));
    let help = match near {
        Some(near) if near == property => {
            Some(format!("other views have `{property}`; is this the right one?"))
        }
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => None,
    };
    ("policy::unknown-property", message, help)
}

/// A type as a rule author would call it.
pub(super) fn type_word(name: &str) -> String {
    let name = name.split(" | ").next().unwrap_or(name);
    match name.trim_start_matches('&').trim_start_matches("mut ") {
        "i64" => "a whole number".into(),
        "f64" => "a number".into(),
        "bool" => "a truth value".into(),
        "str" | "string" | "ImmutableString" | "String" => "a text".into(),
        "array" | "Array" => "a list".into(),
        "map" | "Map" => "a map".into(),
        "()" => "nothing".into(),
        "Fn" => "a function".into(),
        other => format!("`{}`", other.rsplit(':').next().unwrap_or(other)),
    }
}
