//! Recorded incidents written by hand as TOML.

use serde_json::{Map, Number, Value};

use super::decode::{Cx, Loaded};
use super::node::{Node, Spanned, Table};
use crate::diag::{Diagnostics, SourceText, Span};
use crate::model::Text;
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
    let mut pairs = Vec::new();
    for (key, node) in &table.entries {
        if key.value != "event" {
            let (text, pair) = either(cx, &key.value, node);
            header.insert(key.value.clone(), text);
            pairs.extend(pair);
        }
    }
    let header = take(cx, header_from_map(&header), table, span);
    let mut events_of = |elements: &[Spanned<Node>]| events(cx, elements, &mut pairs);
    let events = match table.get("event").map(|(_, node)| node) {
        None => Vec::new(),
        Some(Spanned { value: Node::Array(elements), .. }) => events_of(elements),
        Some(node) => {
            cx.wrong_type("`event`", node, "tables, one `[[event]]` each");
            Vec::new()
        }
    };
    let mut header = header?;
    for pair in pairs {
        if !header.texts.contains(&pair) {
            header.texts.push(pair);
        }
    }
    Some(Timeline { header, events })
}

fn events(cx: &Cx<'_>, elements: &[Spanned<Node>], pairs: &mut Vec<Text>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (id, element) in (1u32..).zip(elements.iter().take(MAX_EVENTS)) {
        let Node::Table(table) = &element.value else {
            cx.wrong_type("this event", element, "a table");
            continue;
        };
        let mut map = Map::new();
        map.insert("id".to_owned(), id.into());
        for (key, node) in &table.entries {
            if key.value == "note" {
                let (text, pair) = either(cx, &key.value, node);
                map.insert(key.value.clone(), text);
                pairs.extend(pair);
                continue;
            }
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

/// A title or a note, in one language or as `{ en = "...", ja = "..." }`; the timeline itself
/// holds the English one.
fn either(cx: &Cx<'_>, key: &str, node: &Spanned<Node>) -> (Value, Option<Text>) {
    if !matches!(key, "title" | "note") || !matches!(node.value, Node::Table(_)) {
        return (value(cx, node), None);
    }
    let Some(fields) = cx.fields(node, "text") else { return (Value::Null, None) };
    let text = Text { en: fields.line("en"), ja: fields.line("ja") };
    (Value::from(text.en.as_str()), Some(text))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Catalog, Kind};

    fn is_japanese(text: &str) -> bool {
        text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
    }

    #[test]
    fn every_embedded_incident_speaks_both_languages() {
        let catalog = Catalog::new(None);
        let listed = catalog.titles(Kind::Timeline);
        assert!(listed.len() >= 8);
        for one in listed {
            let timeline = catalog.timeline(&one.name).unwrap().value;
            let header = &timeline.header;
            let notes = timeline.events.iter().filter_map(|event| event.note.as_ref());
            for text in notes.chain([&header.title]) {
                let both = header.text(text);
                assert!(is_japanese(&both.ja), "`{text}` in {} lacks Japanese", one.name);
                assert!(!is_japanese(&both.en), "`{text}` in {}", one.name);
            }
            assert_eq!(one.title.unwrap(), header.text(&header.title));
        }
    }

    #[test]
    fn texts_may_be_in_both_languages_and_go_through_jsonl() {
        let file = |title: &str, note: &str| {
            format!(
                "schema = \"drill.timeline/1\"\ntitle = {title}\nzone = \"UTC\"\n\
                 start = \"2026-01-01T00:00:00Z\"\nend = \"2026-01-01T01:00:00Z\"\n\
                 [[event]]\nat = \"2026-01-01T00:00:00Z\"\nkind = \"joined\"\nnote = {note}\n"
            )
        };
        let read = |text: String| timeline_toml(&SourceText::new("t.toml", text));
        let both = "{ en = \"stopped\", ja = \"停止\" }";
        let timeline = read(file("\"one\"", both)).unwrap().value;
        assert_eq!(timeline.events[0].note.as_deref(), Some("stopped"));
        let mut bytes = Vec::new();
        crate::timeline::write_jsonl(&timeline, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let again = crate::timeline::read_jsonl(&SourceText::new("t.jsonl", text)).unwrap();
        assert_eq!(again, timeline);
        assert_eq!(again.header.text(&"stopped".into()).ja, "停止");
        for wrong in ["{ en = \"one\" }", "{ en = \"one\", ja = \"x\", de = \"eins\" }", "7"] {
            assert!(read(file(wrong, both)).is_err(), "{wrong}");
            assert!(read(file("\"one\"", wrong)).is_err(), "{wrong}");
        }
    }
}
