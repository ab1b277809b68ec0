//! Parameters of a scenario: chosen by `--set`, filled in for `$name`.

use super::decode::{Cx, Fields};
use super::node::{Node, Spanned};
use super::symbols::{Space, choices};
use crate::diag::{Diagnostic, Span};
use crate::model::{Name, Parameter, Text};

const PARAMETER: Space = Space::new("parameter", "scenario::unknown-parameter");

/// Whether `c` may stand in the name of a parameter.
fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The file's parameters with the values of `set`, the first value where `set` names none. A
/// file with `broken` syntax may have lost parameters, so `set` is not held against it.
pub(crate) fn choose(
    cx: &Cx<'_>,
    tree: &Spanned<Node>,
    set: &[(String, String)],
    broken: bool,
) -> Vec<(Parameter, Name)> {
    let mut chosen = Vec::new();
    let Node::Table(table) = &tree.value else {
        return chosen;
    };
    if let Some((_, node)) = table.get("parameter") {
        let Node::Array(elements) = &node.value else {
            cx.wrong_type("`parameter`", node, "tables, one `[[parameter]]` each");
            return chosen;
        };
        for element in elements {
            let Some(fields) = cx.fields(element, "parameter") else {
                continue;
            };
            let parameter = parameter(&fields);
            let value = value(&fields, &parameter, set);
            chosen.push((parameter, value));
        }
    }
    choose_control(cx, &mut chosen, set);
    if !broken {
        refuse_unknown(cx, &chosen, set);
    }
    chosen
}

/// The parameter that every scenario has: `control=on` withdraws what fails, so that the same
/// drill shows what its responders and policies do when nothing is wrong.
pub(crate) const CONTROL: &str = "control";

/// Adds the parameter when it is set, so that drills without it stay what they were.
fn choose_control(cx: &Cx<'_>, chosen: &mut Vec<(Parameter, Name)>, set: &[(String, String)]) {
    let taken = chosen.iter().any(|(parameter, _)| parameter.name == *CONTROL);
    let Some((_, wanted)) = set.iter().rev().find(|(key, _)| key == CONTROL && !taken) else {
        return;
    };
    let values: Vec<Name> = ["off", "on"].map(Name::from).to_vec();
    let Some(value) = values.iter().find(|value| *value == wanted.as_str()).cloned() else {
        let message = format!("parameter `{CONTROL}` cannot be `{wanted}`");
        let diagnostic = Diagnostic::error("scenario::unknown-value", message);
        cx.push(diagnostic.in_file(cx.source).help("allowed: `off`, `on`"));
        return;
    };
    let title = Text {
        en: Name::from("Control run: what fails is withdrawn"),
        ja: Name::from("対照実行：障害を発生させない"),
    };
    chosen.push((Parameter { name: Name::from(CONTROL), values, title }, value));
}

/// Whether this is a control run.
pub(crate) fn is_control(parameters: &[(Parameter, Name)]) -> bool {
    parameters.iter().any(|(parameter, value)| parameter.name == *CONTROL && *value == *"on")
}

fn parameter(fields: &Fields<'_>) -> Parameter {
    let name = fields.define("name", PARAMETER);
    let starts = name.is_empty() || name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts || !name.chars().all(in_name) {
        let message = format!("`{name}` cannot be written as `$name`");
        let span = fields.span_of("name");
        let bad = fields.cx.at("decode::bad-name", message, span, "not a parameter's name");
        fields.cx.push(bad.help("use letters, digits and `_`, a letter first"));
    }
    fields.need("values");
    let mut values: Vec<Name> = Vec::new();
    for (value, span) in fields.names("values") {
        if values.contains(&value) {
            let message = format!("`{value}` is offered twice");
            fields.cx.error("decode::duplicate", message, span, "again");
        }
        values.push(value);
    }
    if values.is_empty() && fields.table.get("values").is_some() {
        let message = format!("parameter `{name}` has no values");
        fields.error("decode::empty", message, "values", "nothing here");
    }
    Parameter { name, values, title: fields.text("title") }
}

fn value(fields: &Fields<'_>, parameter: &Parameter, set: &[(String, String)]) -> Name {
    let default = parameter.values.first().cloned().unwrap_or_else(|| Name::from(""));
    // Of a key given twice the last one counts, as with other options.
    let Some((_, wanted)) = set.iter().rev().find(|(key, _)| parameter.name == *key.as_str())
    else {
        return default;
    };
    if let Some(value) = parameter.values.iter().find(|value| *value == wanted.as_str()) {
        return value.clone();
    }
    let message = format!("parameter `{}` cannot be `{wanted}`", parameter.name);
    let span = fields.span_of("values");
    let diagnostic = fields.cx.at("scenario::unknown-value", message, span, "allowed values");
    let allowed: Vec<&str> = parameter.values.iter().map(Name::as_str).collect();
    let help = format!("allowed: {}", quoted(&allowed));
    let near = crate::diag::did_you_mean(wanted, allowed.iter().copied());
    let help = near.map_or(help.clone(), |near| format!("did you mean `{near}`? {help}"));
    fields.cx.push(diagnostic.help(help));
    default
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn refuse_unknown(cx: &Cx<'_>, chosen: &[(Parameter, Name)], set: &[(String, String)]) {
    let known: Vec<&str> = chosen.iter().map(|(parameter, _)| parameter.name.as_str()).collect();
    for (key, _) in set {
        if known.contains(&key.as_str()) {
            continue;
        }
        let message = format!("the scenario has no parameter `{key}`");
        let diagnostic = Diagnostic::error("scenario::unknown-parameter", message);
        let help = match known.is_empty() {
            true => "it has no parameters at all".to_owned(),
            false => choices(key, &known),
        };
        cx.push(diagnostic.in_file(cx.source).help(help));
    }
}

/// Replaces `$name` in all strings but those of the parameters themselves; `$$` is one `$`. Parts
/// whose `if` does not hold afterwards are left out.
pub(crate) fn fill_in(cx: &Cx<'_>, tree: &mut Spanned<Node>, parameters: &[(Parameter, Name)]) {
    if let Node::Table(table) = &mut tree.value {
        for (key, value) in &mut table.entries {
            if key.value != "parameter" {
                fill_node(cx, value, parameters);
            }
        }
        for (_, value) in table.entries.iter_mut().filter(|(key, _)| PARTS.contains(&&*key.value)) {
            if let Node::Array(elements) = &mut value.value {
                elements.retain(is_chosen);
            }
        }
    }
}

/// What a parameter can leave out, by `if`.
const PARTS: [&str; 4] = ["fault", "inject", "failure", "likeness"];

/// A part with `if = "none"` is left out, and so is one with `if = "A=B"` where A is not B; either
/// comes about by a parameter.
fn is_chosen(part: &Spanned<Node>) -> bool {
    let Node::Table(table) = &part.value else {
        return true;
    };
    let Some(Node::String(condition)) = table.get("if").map(|(_, node)| &node.value) else {
        return true;
    };
    condition.split_once('=').map_or(condition != "none", |(one, other)| one == other)
}

fn fill_node(cx: &Cx<'_>, node: &mut Spanned<Node>, parameters: &[(Parameter, Name)]) {
    match &mut node.value {
        Node::String(text) if text.contains('$') => {
            *text = fill_text(cx, text, node.span, parameters);
        }
        Node::Array(elements) => {
            elements.iter_mut().for_each(|element| fill_node(cx, element, parameters));
        }
        Node::Table(table) => {
            table.entries.iter_mut().for_each(|(_, value)| fill_node(cx, value, parameters));
        }
        _ => {}
    }
}

fn fill_text(cx: &Cx<'_>, text: &str, span: Span, parameters: &[(Parameter, Name)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            filled.push('$');
            rest = after;
            continue;
        }
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            filled.push('$');
            continue;
        }
        match parameters.iter().find(|(parameter, _)| parameter.name == *name) {
            Some((_, value)) => filled.push_str(value),
            None => {
                let known: Vec<&str> = parameters.iter().map(|(p, _)| p.name.as_str()).collect();
                let message = format!("there is no parameter `{name}`");
                let code = "scenario::unknown-parameter";
                let diagnostic = cx.at(code, message, span, format!("`${name}` is used here"));
                cx.push(diagnostic.help(choices(name, &known)));
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}
