//! Recorded incidents written by hand as TOML.

use serde_json::{Map, Number, Value};

use super::decode::{Cx, Loaded};
use super::node::{Node, Spanned, Table};
use crate::diag::{Diagnostics, SourceText, Span};
use crate::timeline::{
    Event, MAX_EVENTS, Mistake, Timeline, check_order, event_from_map, header_from_map,
};
use crate::units::SimDuration;

/// A timeline from TOML: the keys of the header, then `[[event]]` tables in the order of time.
/// Ids are given in that order and may be left out; `uncertainty` is a duration.
///
/// # Errors
/// All mistakes, as for the JSONL form.
pub fn timeline_toml(source: &SourceText) -> Result<Loaded<Timeline>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = match &tree.value {
        Node::Table(table) => decode(&cx, table, tree.span),
        _ => None,
    };
    cx.finish(value)
}

fn decode(cx: &Cx<'_>, table: &Table, span: Span) -> Option<Timeline> {
    let mut header = Map::new();
    for (key, node) in &table.entries {
        if key.value != "event" {
            header.insert(key.value.clone(), value(cx, node));
        }
    }
    let header = take(cx, header_from_map(&header), table, span);
    let events = match table.get("event").map(|(_, node)| node) {
        None => Vec::new(),
        Some(Spanned { value: Node::Array(elements), .. }) => events(cx, elements),
        Some(node) => {
            cx.wrong_type("`event`", node, "tables, one `[[event]]` each");
            Vec::new()
        }
    };
    let header = header?;
    Some(Timeline { header, events })
}

fn events(cx: &Cx<'_>, elements: &[Spanned<Node>]) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (id, element) in (1u32..).zip(elements.iter().take(MAX_EVENTS)) {
        let Node::Table(table) = &element.value else {
            cx.wrong_type("this event", element, "a table");
            continue;
        };
        let mut map = Map::new();
        map.insert("id".to_owned(), id.into());
        for (key, node) in &table.entries {
            let (key, value) = event_entry(cx, &key.value, node);
            map.insert(key, value);
        }
        let Some(event) = take(cx, event_from_map(&map), table, element.span) else {
            continue;
        };
        // Broken events leave gaps in the list; an id counts from the place in the file.
        let previous = events.last().cloned().map(|previous| Event { id: id - 1, ..previous });
        let known = previous.is_some() || id == 1;
        if let Some(mistake) = check_order(&event, previous.as_ref()).filter(|_| known) {
            report(cx, mistake, table, element.span);
        }
        events.push(event);
    }
    events
}

/// `uncertainty = "5m"` is `uncertainty_ms = 300000`; the rest is as written.
fn event_entry(cx: &Cx<'_>, key: &str, node: &Spanned<Node>) -> (String, Value) {
    let Node::String(text) = &node.value else {
        return (key.to_owned(), value(cx, node));
    };
    if key != "uncertainty" {
        return (key.to_owned(), value(cx, node));
    }
    match text.parse::<SimDuration>() {
        Ok(length) if length >= SimDuration::ZERO => {
            ("uncertainty_ms".to_owned(), length.ms().into())
        }
        Ok(_) => {
            let message = "`uncertainty` is negative";
            cx.error("decode::out-of-range", message, node.span, "out of range");
            ("uncertainty_ms".to_owned(), 0.into())
        }
        Err(error) => {
            cx.error(
                "decode::bad-value",
                format!("`uncertainty`: {error}"),
                node.span,
                "not valid",
            );
            ("uncertainty_ms".to_owned(), 0.into())
        }
    }
}

/// A node as JSON. A number that JSON cannot hold is a mistake.
fn value(cx: &Cx<'_>, node: &Spanned<Node>) -> Value {
    match &node.value {
        Node::String(text) | Node::Datetime(text) => Value::from(text.as_str()),
        Node::Integer(number) => Value::from(*number),
        Node::Float(number) => match Number::from_f64(*number) {
            Some(number) => Value::Number(number),
            None => {
                let message = format!("{number} is not a finite number");
                cx.error("decode::out-of-range", message, node.span, "out of range");
                Value::from(0)
            }
        },
        Node::Bool(flag) => Value::from(*flag),
        Node::Null => Value::Null,
        Node::Array(elements) => elements.iter().map(|element| value(cx, element)).collect(),
        Node::Table(table) => {
            let entries = table.entries.iter();
            entries.map(|(key, node)| (key.value.clone(), value(cx, node))).collect()
        }
    }
}

fn take<T>(cx: &Cx<'_>, result: Result<T, Vec<Mistake>>, table: &Table, span: Span) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(mistakes) => {
            mistakes.into_iter().for_each(|mistake| report(cx, mistake, table, span));
            None
        }
    }
}

fn report(cx: &Cx<'_>, mistake: Mistake, table: &Table, span: Span) {
    let entry = mistake.key.as_deref().and_then(|key| {
        let written = if key == "uncertainty_ms" { "uncertainty" } else { key };
        table.get(key).or_else(|| table.get(written))
    });
    let span = match entry {
        Some((key, _)) if mistake.code == "decode::unknown-key" => key.span,
        Some((_, node)) => node.span,
        None => span,
    };
    let mut diagnostic = cx.at(mistake.code, mistake.message, span, "here");
    diagnostic.help = mistake.help;
    cx.push(diagnostic);
}
