//! Events and headers as flat maps of keys, the form that JSONL and TOML timelines share.
//!
//! Reading collects every mistake of a map with the key it is about, so that each format can
//! point at its own text.

use serde_json::{Map, Value};

use super::attributes::{Attribute, AttributeType, KINDS};
use super::event::{Event, EventKind};
use super::header::{HEADER_KEYS, Header};
use crate::diag::did_you_mean;
use crate::model::{Name, Ref};
use crate::units::{SimDuration, SimTime, Zone};

/// Keys that every event may have.
pub(crate) const EVENT_KEYS: [&str; 8] =
    ["id", "at", "known_at", "kind", "about", "by", "uncertainty_ms", "note"];
/// Longest text of an event, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// A mistake in a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The key it is about; `None` is the whole map.
    pub key: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// Lowercase fragment.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
}

/// Reads one map and notes its mistakes.
pub(super) struct Reader<'m> {
    pub(super) map: &'m Map<String, Value>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    pub(super) fn note(&mut self, key: Option<&str>, code: &'static str, message: String) {
        self.mistakes.push(Mistake { key: key.map(str::to_owned), code, message, help: None });
    }

    pub(super) fn unknown(
        &mut self,
        key: &str,
        code: &'static str,
        message: String,
        known: &[&str],
    ) {
        let near = did_you_mean(key, known.iter().copied());
        self.mistakes.push(Mistake {
            key: None,
            code,
            message,
            help: Some(near.map_or_else(
                || format!("known: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            )),
        });
    }

    /// Says that the mistake noted last is about `key`.
    pub(super) fn at_key(&mut self, key: &str) {
        if let Some(last) = self.mistakes.last_mut() {
            last.key = Some(key.to_owned());
        }
    }

    /// The value of `key`; `null` is the same as nothing.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        self.map.get(key).filter(|value| !value.is_null()).cloned()
    }

    pub(super) fn missing(&mut self, key: &str) {
        self.note(None, "decode::missing-key", format!("`{key}` is missing"));
    }

    pub(super) fn wrong(&mut self, key: &str, wanted: &str) {
        let found = self.map.get(key).map_or("nothing", what);
        let message = format!("`{key}` is {found}, wanted {wanted}");
        self.note(Some(key), "decode::wrong-type", message);
    }

    /// Notes keys that are not `known`.
    pub(super) fn refuse_unknown(&mut self, what: &str, known: &[&str]) {
        let map = self.map;
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            let message = format!("{what} has no key `{key}`");
            self.unknown(key, "decode::unknown-key", message, known);
            self.at_key(key);
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) if text.len() <= MAX_TEXT => Some(text),
            Value::String(_) => {
                let message = format!("`{key}` has more than {MAX_TEXT} bytes");
                self.note(Some(key), "decode::too-long", message);
                None
            }
            _ => {
                self.wrong(key, "a text");
                None
            }
        }
    }

    /// A text that `T` parses.
    pub(super) fn parse<T>(&mut self, key: &str) -> Option<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let text = self.text(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(Some(key), "decode::bad-value", format!("`{key}`: {error}"));
                None
            }
        }
    }

    pub(super) fn need<T>(&mut self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && self.get(key).is_none() {
            self.missing(key);
        }
        value
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let count = value.as_u64();
        if count.is_none() {
            self.wrong(key, "a whole number that is not negative");
        }
        count
    }

    fn references(&mut self, key: &str) -> Vec<Ref> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Value::Array(elements) = &value else {
            self.wrong(key, "an array of references such as `service:NAME`");
            return Vec::new();
        };
        let mut references = Vec::with_capacity(elements.len());
        for element in elements {
            match element.as_str().map(str::parse) {
                Some(Ok(reference)) => references.push(reference),
                Some(Err(error)) => self.note(Some(key), "decode::bad-value", format!("{error}")),
                None => self.wrong(key, "an array of references such as `service:NAME`"),
            }
        }
        references
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "a table",
    }
}

/// The event that a map writes down.
///
/// # Errors
/// All mistakes of the map.
pub fn event_from_map(map: &Map<String, Value>) -> Result<Event, Vec<Mistake>> {
    let mut reader = Reader { map, mistakes: Vec::new() };
    let id = reader.count("id");
    let id = reader.need("id", id).unwrap_or(0);
    let at: Option<SimTime> = reader.parse("at");
    let at = reader.need("at", at).unwrap_or_default();
    let known_at = reader.parse("known_at").unwrap_or(at);
    if known_at < at && reader.mistakes.is_empty() {
        let message = "`known_at` is before `at`".to_owned();
        reader.note(Some("known_at"), "timeline::known-early", message);
    }
    let uncertainty =
        reader.count("uncertainty_ms").map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    let event = Event {
        id: u32::try_from(id).unwrap_or(u32::MAX),
        at,
        known_at,
        about: reader.references("about"),
        by: reader.parse("by"),
        uncertainty: uncertainty.map(SimDuration::from_ms),
        note: reader.text("note").map(Name::from),
        kind: kind(&mut reader).unwrap_or(EventKind::Joined {}),
    };
    if reader.mistakes.is_empty() { Ok(event) } else { Err(reader.mistakes) }
}

fn kind(reader: &mut Reader<'_>) -> Option<EventKind> {
    let word = reader.text("kind");
    let word = reader.need("kind", word)?;
    let Some((_, attributes)) = KINDS.iter().find(|(known, _)| *known == word) else {
        let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
        let message = format!("there is no kind of event `{word}`");
        reader.unknown(&word, "timeline::unknown-kind", message, &known);
        reader.at_key("kind");
        return None;
    };
    let mut known: Vec<&str> = attributes.iter().map(|attribute| attribute.name).collect();
    known.extend(EVENT_KEYS);
    reader.refuse_unknown(&format!("event `{word}`"), &known);
    let mut flat = Map::new();
    flat.insert("kind".to_owned(), Value::String(word));
    for attribute in *attributes {
        match reader.get(attribute.name) {
            Some(value) => {
                check(reader, attribute, &value);
                flat.insert(attribute.name.to_owned(), value);
            }
            None if attribute.required => reader.missing(attribute.name),
            None => {}
        }
    }
    if !reader.mistakes.is_empty() {
        return None;
    }
    match serde_json::from_value(Value::Object(flat)) {
        Ok(kind) => Some(kind),
        Err(error) => {
            reader.note(None, "timeline::bad-event", error.to_string());
            None
        }
    }
}

fn check(reader: &mut Reader<'_>, attribute: &Attribute, value: &Value) {
    let key = attribute.name;
    let fits = match attribute.holds {
        AttributeType::Text => return drop(reader.text(key)),
        AttributeType::Texts => {
            let texts = value.as_array();
            texts.is_some_and(|texts| texts.iter().all(Value::is_string))
        }
        AttributeType::Count => value.as_u64().is_some_and(|count| u32::try_from(count).is_ok()),
        AttributeType::Flag => value.is_boolean(),
        AttributeType::Number => value.as_f64().is_some_and(f64::is_finite),
        AttributeType::Reference => return drop(reader.parse::<Ref>(key)),
        _ => {
            let words = attribute.holds.words().unwrap_or_default();
            let Some(word) = reader.text(key) else { return };
            if !words.contains(&word.as_str()) {
                let message = format!("`{key}` cannot be `{word}`");
                reader.unknown(&word, "decode::unknown-word", message, &words);
                reader.at_key(key);
            }
            return;
        }
    };
    if !fits {
        reader.wrong(key, attribute.holds.wanted());
    }
}

/// The map that writes an event down, keys in their fixed order.
///
/// # Errors
/// When a number of the event is not finite, which no format can hold.
pub fn event_to_map(event: &Event, zone: Zone) -> Result<Map<String, Value>, serde_json::Error> {
    let mut map = Map::new();
    map.insert("id".to_owned(), event.id.into());
    map.insert("at".to_owned(), event.at.rfc3339(zone).into());
    if event.known_at != event.at {
        map.insert("known_at".to_owned(), event.known_at.rfc3339(zone).into());
    }
    let Value::Object(mut kind) = serde_json::to_value(&event.kind)? else {
        return Err(serde::ser::Error::custom("an event's kind is no table"));
    };
    if let Some((key, _)) = kind.iter().find(|(_, value)| value.is_null()) {
        let message = format!("`{key}` of event {} is not a finite number", event.id);
        return Err(serde::ser::Error::custom(message));
    }
    map.extend(kind.shift_remove_entry("kind"));
    if !event.about.is_empty() {
        let about = event.about.iter().map(|about| about.to_string().into()).collect();
        map.insert("about".to_owned(), Value::Array(about));
    }
    map.append(&mut kind);
    if let Some(by) = &event.by {
        map.insert("by".to_owned(), by.to_string().into());
    }
    if let Some(uncertainty) = event.uncertainty {
        map.insert("uncertainty_ms".to_owned(), uncertainty.ms().into());
    }
    if let Some(note) = &event.note {
        map.insert("note".to_owned(), note.as_str().into());
    }
    Ok(map)
}

/// The header that a map writes down.
///
/// # Errors
/// All mistakes of the map.
pub fn header_from_map(map: &Map<String, Value>) -> Result<Header, Vec<Mistake>> {
    let mut reader = Reader { map, mistakes: Vec::new() };
    reader.refuse_unknown("a timeline's header", &HEADER_KEYS);
    let header = super::header::read(&mut reader);
    match header {
        Some(header) if reader.mistakes.is_empty() => Ok(header),
        _ => Err(reader.mistakes),
    }
}

/// What is wrong with the place of `event` after `previous`: ids count from 1, times ascend.
pub fn check_order(event: &Event, previous: Option<&Event>) -> Option<Mistake> {
    let wanted = previous.map_or(1, |previous| previous.id.saturating_add(1));
    let (key, code, message) = if event.id != wanted {
        let message = format!("the id is {}, wanted {wanted}", event.id);
        ("id", "timeline::id-order", message)
    } else if previous.is_some_and(|previous| event.at < previous.at) {
        let message = "this happened before the event above it".to_owned();
        ("at", "timeline::time-order", message)
    } else {
        return None;
    };
    Some(Mistake { key: Some(key.to_owned()), code, message, help: None })
}
