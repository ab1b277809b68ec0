//! Reading and writing timelines as JSON lines: a header, then one event per line.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::event::Event;
use super::header::Timeline;
use super::wire::{Mistake, check_order, event_from_map, event_to_map, header_from_map};
use crate::diag::{Diagnostic, Diagnostics, SourceText, Span};

/// Longest line of a timeline.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Most events of a timeline.
pub const MAX_EVENTS: usize = 200_000;
/// Most mistakes shown of one file.
const MAX_SHOWN: usize = 100;

/// Writes `timeline`: the header's line, then a line per event. Reading the text gives the same
/// value, bit for bit.
///
/// # Errors
/// Those of `out`; `InvalidData` when a number of an event is not finite.
pub fn write_jsonl(timeline: &Timeline, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &timeline.header.to_map())?;
    out.write_all(b"\n")?;
    for event in &timeline.events {
        let map = event_to_map(event, timeline.header.zone)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        serde_json::to_writer(&mut *out, &map)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads a timeline.
///
/// # Errors
/// All mistakes, with line and column: broken JSON, unknown keys, kinds and words, ids that do
/// not count from 1, times that fall, lines and files that are too long.
pub fn read_jsonl(source: &SourceText) -> Result<Timeline, Diagnostics> {
    let mut lines = Lines { source, found: Diagnostics::default(), more: 0 };
    let mut header = None;
    let mut events: Vec<Event> = Vec::new();
    let mut previous_failed = false;
    let mut count = 0;
    for (index, line) in source.text.split_inclusive('\n').scan(0, line_spans).enumerate() {
        let text = &source.text[line.start..line.end];
        if text.trim().is_empty() && index > 0 {
            continue;
        }
        if index > 0 {
            count += 1;
        }
        if count > MAX_EVENTS {
            let message = format!("more than {MAX_EVENTS} events");
            lines.push("timeline::too-many-events", message, line, "the first too many", None);
            break;
        }
        let Some((map, keys)) = lines.map(line) else {
            previous_failed = true;
            continue;
        };
        if index == 0 {
            header = lines.take(header_from_map(&map), line, &keys);
            continue;
        }
        let Some(event) = lines.take(event_from_map(&map), line, &keys) else {
            previous_failed = true;
            continue;
        };
        // Behind a broken line nothing can be said about the order.
        let order = if previous_failed { None } else { check_order(&event, events.last()) };
        if let Some(mistake) = order {
            lines.mistake(mistake, line, &keys);
        }
        previous_failed = false;
        events.push(event);
    }
    lines.finish(header.map(|header| Timeline { header, events }))
}

/// The span of a line without its line break.
#[expect(clippy::unnecessary_wraps, reason = "the signature that `scan` wants")]
fn line_spans(at: &mut usize, line: &str) -> Option<Span> {
    let start = *at;
    *at += line.len();
    Some(Span::new(start, start + line.trim_end_matches(['\n', '\r']).len()))
}

/// A key of a line with the spans of key and value.
struct Key {
    name: String,
    key: Span,
    value: Span,
}

struct Lines<'s> {
    source: &'s SourceText,
    found: Diagnostics,
    more: usize,
}

impl Lines<'_> {
    fn push(
        &mut self,
        code: &'static str,
        message: String,
        span: Span,
        label: &str,
        help: Option<String>,
    ) {
        if self.found.list.len() >= MAX_SHOWN {
            self.more += 1;
            return;
        }
        let mut diagnostic = Diagnostic::error(code, message).at(self.source, span, label);
        diagnostic.help = help;
        self.found.push(diagnostic);
    }

    fn mistake(&mut self, mistake: Mistake, line: Span, keys: &[Key]) {
        let key = mistake.key.and_then(|name| keys.iter().find(|key| key.name == name));
        let span = match key {
            Some(key) if mistake.code == "decode::unknown-key" => key.key,
            Some(key) => key.value,
            None => line,
        };
        self.push(mistake.code, mistake.message, span, "here", mistake.help);
    }

    fn take<T>(&mut self, result: Result<T, Vec<Mistake>>, line: Span, keys: &[Key]) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(mistakes) => {
                mistakes.into_iter().for_each(|mistake| self.mistake(mistake, line, keys));
                None
            }
        }
    }

    /// The object on a line, with the places of its keys.
    fn map(&mut self, line: Span) -> Option<(Map<String, Value>, Vec<Key>)> {
        if line.end - line.start > MAX_LINE_BYTES {
            let message =
                format!("a line of {} bytes, at most {MAX_LINE_BYTES}", line.end - line.start);
            self.push("timeline::long-line", message, line, "too long", None);
            return None;
        }
        let text = &self.source.text[line.start..line.end];
        let mut map = match serde_json::from_str(text) {
            Ok(Value::Object(map)) => map,
            Ok(_) => {
                let message = "each line holds one JSON object".to_owned();
                self.push("jsonl::syntax", message, line, "not an object", None);
                return None;
            }
            Err(error) => {
                // The column counts bytes from 1; the message repeats it at its end.
                let mut at = line.start + error.column().saturating_sub(1).min(text.len());
                while !self.source.text.is_char_boundary(at) {
                    at -= 1;
                }
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                self.push("jsonl::syntax", message, Span::new(at, line.end), "here", None);
                return None;
            }
        };
        let keys = keys(text, line.start);
        let mut seen = std::collections::BTreeSet::new();
        for key in &keys {
            if !seen.insert(key.name.as_str()) {
                let message = format!("`{}` is given twice", key.name);
                self.push("decode::duplicate", message, key.key, "again", None);
            }
            // The JSON reader may round a fraction by one bit; the text is exact.
            let exact = &self.source.text[key.value.start..key.value.end];
            if let Some(Value::Number(number)) = map.get_mut(&key.name)
                && number.is_f64()
                && let Some(same) = exact.parse().ok().and_then(serde_json::Number::from_f64)
            {
                *number = same;
            }
        }
        Some((map, keys))
    }

    fn finish(mut self, timeline: Option<Timeline>) -> Result<Timeline, Diagnostics> {
        if self.source.text.trim().is_empty() {
            let nothing = Diagnostic::error("file::empty", "the file is empty");
            return Err(nothing.in_file(self.source).into());
        }
        if self.more > 0 {
            let message = format!("{} more mistakes are not shown", self.more);
            self.found.push(Diagnostic::error("file::more-mistakes", message));
        }
        match timeline {
            Some(timeline) if self.found.list.is_empty() => Ok(timeline),
            _ => Err(self.found),
        }
    }
}

/// The keys of the JSON object `text`, which begins at byte `offset` of its source. The text is
/// known to be valid JSON.
fn keys(text: &str, offset: usize) -> Vec<Key> {
    let bytes = text.as_bytes();
    let (mut keys, mut depth, mut at) = (Vec::new(), 0usize, 0usize);
    let mut name: Option<(String, Span)> = None;
    let mut value_start = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at);
                if depth == 1 && name.is_none() {
                    let literal = &text[at..end];
                    let key = serde_json::from_str(literal).unwrap_or_else(|_| literal.to_owned());
                    name = Some((key, Span::new(offset + at, offset + end)));
                    value_start = 0;
                }
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b':' if depth == 1 => value_start = at + 1,
            b',' | b'}' | b']' => {
                let closes = bytes[at] != b',';
                if depth == 1
                    && let Some((name, key)) = name.take()
                {
                    let raw = &text[value_start..at];
                    let start = value_start + (raw.len() - raw.trim_start().len());
                    let value = Span::new(offset + start, offset + start + raw.trim().len());
                    keys.push(Key { name, key, value });
                }
                depth = depth.saturating_sub(usize::from(closes));
            }
            _ => {}
        }
        at += 1;
    }
    keys
}

/// One past the closing quote of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Environment, Mode, Name, Source};
    use crate::timeline::{AttributeType, Header, KINDS, RequiredStep};
    use crate::units::{Seed, SimDuration, SimTime, Zone};
    use proptest::prelude::*;

    fn header(zone: &str) -> Header {
        Header {
            zone: zone.parse().unwrap(),
            source: Source::Simulated,
            title: Name::from("quarterly"),
            scenario: Some(Name::from("quarterly-outage")),
            likeness: Some(Name::from("github-2018")),
            parameters: vec![
                (Name::from("z"), Name::from("1")),
                (Name::from("a"), Name::from("題")),
            ],
            system: Some(Name::from("cinecom")),
            environment: Some(Environment::Production),
            pack: Some(Name::from("cinecom")),
            pack_hash: Some(Name::from("0123456789abcdef0123456789abcdef")),
            inputs_hash: None,
            responders: Some(Name::from("public-postmortem")),
            assumed_inputs: Some((30, 51)),
            mode: Mode::Train,
            frequency: Some(Name::from("quarterly")),
            seed: Some(Seed(u64::MAX)),
            start: SimTime::from_ms(1_759_626_000_000),
            end: SimTime::from_ms(1_759_726_000_001),
            drill_version: Some(Name::from("0.1.0")),
            expected_severity: None,
            expect_nothing: true,
            required_steps: vec![RequiredStep {
                playbook: Name::from("outage"),
                step: Name::from("tell"),
            }],
            sources: vec![Name::from("https://example.com/?a=\"b\"")],
            not_published: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn written(timeline: &Timeline) -> SourceText {
        let mut bytes = Vec::new();
        write_jsonl(timeline, &mut bytes).unwrap();
        SourceText::new("t.jsonl", String::from_utf8(bytes).unwrap())
    }

    /// A value for an attribute, made from a text and a number.
    fn attribute(holds: AttributeType, text: &str, number: f64) -> Value {
        let count = number.to_bits() as u32;
        if let Some(words) = holds.words() {
            return Value::from(words[count as usize % words.len()]);
        }
        match holds {
            AttributeType::Texts => Value::from(vec![text, ""]),
            AttributeType::Count => Value::from(count),
            AttributeType::Flag => Value::from(count.is_multiple_of(2)),
            AttributeType::Number => Value::from(number),
            AttributeType::Reference => Value::from("role:pm"),
            _ => Value::from(text),
        }
    }

    fn event(
        id: u32,
        at: SimTime,
        (kind, text, number, optional): (usize, String, f64, bool),
    ) -> Event {
        let (word, attributes) = KINDS[kind % KINDS.len()];
        let mut map = Map::new();
        map.insert("kind".to_owned(), Value::from(word));
        for entry in attributes.iter().filter(|entry| entry.required || optional) {
            map.insert(entry.name.to_owned(), attribute(entry.holds, &text, number));
        }
        let shift = SimDuration::from_ms(i64::from(optional) * 1234);
        Event {
            id,
            at,
            known_at: at + shift,
            kind: serde_json::from_value(Value::Object(map)).unwrap(),
            about: if optional { vec!["service:a".parse().unwrap()] } else { Vec::new() },
            by: optional.then(|| "role:pm".parse().unwrap()),
            uncertainty: optional.then_some(shift),
            note: optional.then(|| Name::from(text)),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_bit_for_bit(
            parts in prop::collection::vec(
                (0usize..KINDS.len(), any::<String>(), prop::num::f64::NORMAL, any::<bool>(), 0i64..90_000),
                0..60,
            ),
        ) {
            let mut at = SimTime::from_ms(1_759_626_000_000);
            let mut events = Vec::new();
            for (id, (kind, text, number, optional, wait)) in (1u32..).zip(parts) {
                at = at + SimDuration::from_ms(wait);
                events.push(event(id, at, (kind, text, number, optional)));
            }
            let timeline = Timeline { header: header("America/New_York"), events };
            let source = written(&timeline);
            let read = read_jsonl(&source).unwrap_or_else(|found| panic!("{found}"));
            prop_assert_eq!(&read, &timeline);
            prop_assert_eq!(written(&read), source);
        }
    }

    #[test]
    fn every_kind_of_event_is_read_back() {
        let at = SimTime::from_ms(1_759_626_000_000);
        for optional in [false, true] {
            let events: Vec<Event> = (0..KINDS.len())
                .map(|kind| event(kind as u32 + 1, at, (kind, "x".to_owned(), 1.5, optional)))
                .collect();
            for (event, (word, _)) in events.iter().zip(KINDS) {
                assert_eq!(event.kind.word(), *word);
            }
            let timeline = Timeline { header: header("Asia/Tokyo"), events };
            assert_eq!(read_jsonl(&written(&timeline)), Ok(timeline));
        }
    }

    #[test]
    fn the_table_of_attributes_is_that_of_the_events() {
        let at = SimTime::from_ms(0);
        for (kind, (word, attributes)) in KINDS.iter().enumerate() {
            let full = event(1, at, (kind, "x".to_owned(), 1.5, true));
            let Value::Object(map) = serde_json::to_value(&full.kind).unwrap() else { panic!() };
            let mut written: Vec<&str> = map.keys().map(String::as_str).collect();
            let mut listed: Vec<&str> = attributes.iter().map(|entry| entry.name).collect();
            listed.push("kind");
            written.sort_unstable();
            listed.sort_unstable();
            assert_eq!(written, listed, "{word}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_not_written() {
        let mut nan = event(1, SimTime::from_ms(0), (36, "x".to_owned(), 1.0, false));
        nan.kind = crate::timeline::EventKind::Observation {
            signal: crate::model::SignalKind::TokenRatio,
            value: crate::model::Number(f64::NAN),
        };
        let timeline = Timeline { header: header("UTC"), events: vec![nan] };
        let error = write_jsonl(&timeline, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(Zone::UTC, "UTC".parse().unwrap());
    }

    #[test]
    fn long_lines_are_refused() {
        let mut timeline = Timeline { header: header("UTC"), events: Vec::new() };
        timeline.header.sources = vec![Name::from("x".repeat(MAX_LINE_BYTES))];
        let found = read_jsonl(&written(&timeline)).unwrap_err();
        assert_eq!(found.list[0].code, "timeline::long-line");
    }
}
