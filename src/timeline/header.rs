//! The header of a timeline.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::event::Event;
use super::wire::Reader;
use crate::model::{Environment, MILESTONES, Mode, Name, Source, Text};
use crate::units::{Seed, SimTime, Zone};

/// A step whose absence counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredStep {
    /// Playbook.
    pub playbook: Name,
    /// Step of the playbook.
    pub step: Name,
}

/// What a timeline is about, and everything a run is a function of.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// IANA zone in which instants are written.
    pub zone: Zone,
    /// Recorded, simulated or live.
    pub source: Source,
    /// Title for people; for drills the scenario's name.
    pub title: Name,
    /// Scenario, for drills.
    pub scenario: Option<Name>,
    /// The published incident of the same kind, for drills that name one.
    pub likeness: Option<Name>,
    /// Parameters chosen, as `(name, value)`.
    pub parameters: Vec<(Name, Name)>,
    /// System, for drills.
    pub system: Option<Name>,
    /// Where the system runs; `None` is unknown.
    pub environment: Option<Environment>,
    /// Pack to score with.
    pub pack: Option<Name>,
    /// Hash of the pack's content, 32 hex digits.
    pub pack_hash: Option<Name>,
    /// Hash over system, scenario and preset, 32 hex digits.
    pub inputs_hash: Option<Name>,
    /// Responder preset, or `recorded`.
    pub responders: Option<Name>,
    /// `(assumed, all)` inputs of the responder preset.
    pub assumed_inputs: Option<(u32, u32)>,
    /// Train or evaluate.
    pub mode: Mode,
    /// How often the drill is held (`monthly`, `quarterly`, `any`).
    pub frequency: Option<Name>,
    /// Seed, for drills.
    pub seed: Option<Seed>,
    /// When the exercise, or the record, starts.
    pub start: SimTime,
    /// When the record or exercise ended; later milestones are censored.
    pub end: SimTime,
    /// Version of drill that wrote it.
    pub drill_version: Option<Name>,
    /// Expected severity (ground truth).
    pub expected_severity: Option<Name>,
    /// Whether nothing should have been declared at all (ground truth).
    pub expect_nothing: bool,
    /// Steps whose absence counts (ground truth).
    pub required_steps: Vec<RequiredStep>,
    /// Where a recorded incident was published.
    pub sources: Vec<Name>,
    /// What a recorded incident's source did not publish, of [`UNPUBLISHED`]: unknown, whatever
    /// else the events may seem to say.
    pub not_published: Vec<Name>,
    /// Title and notes in both languages, as far as somebody wrote them so.
    pub texts: Vec<Text>,
}

/// A header and its events, ascending by `(at, id)`; ids are 1, 2, 3, ...
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// What it is about.
    pub header: Header,
    /// What happened.
    pub events: Vec<Event>,
}

/// The schema of a timeline file.
pub const TIMELINE_SCHEMA: &str = "drill.timeline/1";

/// What `not_published` may name besides the milestones: the first action, and public notices
/// after the first.
pub const UNPUBLISHED: [&str; 2] = ["first_action", "updates"];

/// Keys of a header in their fixed order.
pub(crate) const HEADER_KEYS: [&str; 26] = [
    "schema",
    "drill_version",
    "title",
    "zone",
    "source",
    "mode",
    "start",
    "end",
    "scenario",
    "likeness",
    "parameters",
    "system",
    "environment",
    "pack",
    "pack_hash",
    "inputs_hash",
    "responders",
    "assumed_inputs",
    "frequency",
    "seed",
    "expected_severity",
    "expect_nothing",
    "required_steps",
    "sources",
    "not_published",
    "texts",
];

impl Header {
    /// A title or a note in both languages; one that nobody translated is the same in both.
    pub fn text(&self, en: &Name) -> Text {
        let known = self.texts.iter().find(|text| text.en == *en);
        known.cloned().unwrap_or_else(|| Text { en: en.clone(), ja: en.clone() })
    }

    /// The names that may be unknown, by their keys.
    fn optional_names(&self) -> [(&'static str, Option<&Name>); 10] {
        [
            ("drill_version", self.drill_version.as_ref()),
            ("scenario", self.scenario.as_ref()),
            ("likeness", self.likeness.as_ref()),
            ("system", self.system.as_ref()),
            ("pack", self.pack.as_ref()),
            ("pack_hash", self.pack_hash.as_ref()),
            ("inputs_hash", self.inputs_hash.as_ref()),
            ("responders", self.responders.as_ref()),
            ("frequency", self.frequency.as_ref()),
            ("expected_severity", self.expected_severity.as_ref()),
        ]
    }

    /// The header as a flat map, keys in their fixed order; what is unknown is left out.
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        let text = |name: &Name| Value::from(name.as_str());
        let word = |word: &str| Value::from(word);
        put("schema", TIMELINE_SCHEMA.into());
        for (key, value) in self.optional_names() {
            if let Some(value) = value {
                put(key, text(value));
            }
        }
        put("title", text(&self.title));
        put("zone", self.zone.to_string().into());
        put("source", word(self.source.as_str()));
        put("mode", word(self.mode.as_str()));
        put("start", self.start.rfc3339(self.zone).into());
        put("end", self.end.rfc3339(self.zone).into());
        if !self.parameters.is_empty() {
            let pairs = self.parameters.iter();
            let pairs = pairs.map(|(name, value)| (name.to_string(), text(value)));
            put("parameters", Value::Object(pairs.collect()));
        }
        if let Some(environment) = self.environment {
            put("environment", word(environment.as_str()));
        }
        if let Some((assumed, all)) = self.assumed_inputs {
            put("assumed_inputs", Value::from(vec![assumed, all]));
        }
        if let Some(seed) = self.seed {
            put("seed", seed.0.into());
        }
        if self.expect_nothing {
            put("expect_nothing", true.into());
        }
        if !self.required_steps.is_empty() {
            let steps = self.required_steps.iter().map(|required| {
                let pairs = [("playbook", &required.playbook), ("step", &required.step)];
                Value::Object(
                    pairs.map(|(key, name)| (key.to_owned(), text(name))).into_iter().collect(),
                )
            });
            put("required_steps", steps.collect());
        }
        if !self.sources.is_empty() {
            put("sources", self.sources.iter().map(text).collect());
        }
        if !self.not_published.is_empty() {
            put("not_published", self.not_published.iter().map(text).collect());
        }
        if !self.texts.is_empty() {
            let pair = |text: &Text| json!({"en": text.en, "ja": text.ja});
            put("texts", self.texts.iter().map(pair).collect());
        }
        let mut ordered = Map::new();
        for key in HEADER_KEYS {
            ordered.extend(map.remove_entry(key));
        }
        ordered
    }
}

/// The header in the map of `reader`, whose mistakes are noted there.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Header> {
    let schema = reader.text("schema");
    if let Some(schema) = reader.need("schema", schema)
        && schema != TIMELINE_SCHEMA
    {
        let message = format!("the schema is `{schema}`, wanted `{TIMELINE_SCHEMA}`");
        reader.note(Some("schema"), "decode::unknown-word", message);
    }
    let title = reader.text("title");
    let title = reader.need("title", title).unwrap_or_default();
    let zone = reader.parse("zone");
    let zone = reader.need("zone", zone).unwrap_or(Zone::UTC);
    let start = reader.parse("start");
    let start: SimTime = reader.need("start", start).unwrap_or_default();
    let end = reader.parse("end");
    let end: SimTime = reader.need("end", end).unwrap_or_default();
    if end < start && reader.mistakes.is_empty() {
        let message = "`end` is before `start`".to_owned();
        reader.note(Some("end"), "timeline::end-before-start", message);
    }
    let name = |reader: &mut Reader<'_>, key: &str| reader.text(key).map(Name::from);
    let source = word(reader, "source", Source::ALL, Source::as_str).unwrap_or(Source::Recorded);
    Some(Header {
        zone,
        source,
        title: Name::from(title),
        scenario: name(reader, "scenario"),
        likeness: name(reader, "likeness"),
        parameters: parameters(reader),
        system: name(reader, "system"),
        environment: word(reader, "environment", Environment::ALL, Environment::as_str),
        pack: name(reader, "pack"),
        pack_hash: hash(reader, "pack_hash"),
        inputs_hash: hash(reader, "inputs_hash"),
        responders: name(reader, "responders"),
        assumed_inputs: assumed_inputs(reader),
        mode: word(reader, "mode", Mode::ALL, Mode::as_str).unwrap_or(Mode::Evaluate),
        frequency: word(reader, "frequency", &FREQUENCIES, |word| word).map(Name::from),
        seed: reader.count("seed").map(Seed),
        start,
        end,
        drill_version: name(reader, "drill_version"),
        expected_severity: name(reader, "expected_severity"),
        expect_nothing: flag(reader, "expect_nothing"),
        required_steps: required_steps(reader),
        sources: texts(reader, "sources"),
        not_published: not_published(reader, source),
        texts: both_languages(reader),
    })
}

/// A drill sees everything that happens in it, so only a recorded incident can be silent.
fn not_published(reader: &mut Reader<'_>, source: Source) -> Vec<Name> {
    let key = "not_published";
    let names = texts(reader, key);
    if !names.is_empty() && source != Source::Recorded {
        let message = "`not_published` is for recorded incidents".to_owned();
        reader.note(Some(key), "timeline::not-recorded", message);
    }
    let known: Vec<&str> = MILESTONES.into_iter().chain(UNPUBLISHED).collect();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let message = format!("`{key}` cannot name `{name}`");
        reader.unknown(name, "decode::unknown-word", message, &known);
        reader.at_key(key);
    }
    names
}

fn both_languages(reader: &mut Reader<'_>) -> Vec<Text> {
    let Some(value) = reader.get("texts") else {
        return Vec::new();
    };
    match serde_json::from_value(value) {
        Ok(texts) => texts,
        Err(error) => {
            let message = format!("`texts`: {error}");
            reader.note(Some("texts"), "decode::bad-value", message);
            Vec::new()
        }
    }
}

const FREQUENCIES: [&str; 3] = ["monthly", "quarterly", "any"];

fn word<T: Copy>(
    reader: &mut Reader<'_>,
    key: &str,
    all: &[T],
    word: fn(T) -> &'static str,
) -> Option<T> {
    let text = reader.text(key)?;
    let found = all.iter().copied().find(|value| word(*value) == text);
    if found.is_none() {
        let words: Vec<&str> = all.iter().map(|value| word(*value)).collect();
        let message = format!("`{key}` cannot be `{text}`");
        reader.unknown(&text, "decode::unknown-word", message, &words);
        reader.at_key(key);
    }
    found
}

fn hash(reader: &mut Reader<'_>, key: &str) -> Option<Name> {
    let text = reader.text(key)?;
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!("`{key}` is not 32 hex digits");
        reader.note(Some(key), "decode::bad-value", message);
    }
    Some(Name::from(text))
}

fn flag(reader: &mut Reader<'_>, key: &str) -> bool {
    let value = reader.get(key);
    if value.as_ref().is_some_and(|value| !value.is_boolean()) {
        reader.wrong(key, "`true` or `false`");
    }
    value.and_then(|value| value.as_bool()).unwrap_or(false)
}

fn texts(reader: &mut Reader<'_>, key: &str) -> Vec<Name> {
    let Some(value) = reader.get(key) else {
        return Vec::new();
    };
    let texts = value.as_array().map(|texts| texts.iter().map(Value::as_str));
    let texts: Option<Vec<&str>> = texts.and_then(Iterator::collect);
    if texts.is_none() {
        reader.wrong(key, "an array of texts");
    }
    texts.unwrap_or_default().into_iter().map(Name::from).collect()
}

fn parameters(reader: &mut Reader<'_>) -> Vec<(Name, Name)> {
    let Some(value) = reader.get("parameters") else {
        return Vec::new();
    };
    let pairs = value.as_object().map(|pairs| {
        let pairs =
            pairs.iter().map(|(name, value)| Some((name.as_str().into(), value.as_str()?.into())));
        pairs.collect()
    });
    let pairs: Option<Vec<(Name, Name)>> = pairs.flatten();
    if pairs.is_none() {
        reader.wrong("parameters", "a table of texts");
    }
    pairs.unwrap_or_default()
}

fn assumed_inputs(reader: &mut Reader<'_>) -> Option<(u32, u32)> {
    let value = reader.get("assumed_inputs")?;
    let pair: Option<(u32, u32)> = serde_json::from_value(value).ok();
    let pair = pair.filter(|(assumed, all)| assumed <= all);
    if pair.is_none() {
        reader.wrong("assumed_inputs", "`[assumed, all]`");
    }
    pair
}

fn required_steps(reader: &mut Reader<'_>) -> Vec<RequiredStep> {
    let Some(value) = reader.get("required_steps") else {
        return Vec::new();
    };
    match serde_json::from_value(value) {
        Ok(steps) => steps,
        Err(error) => {
            let message = format!("`required_steps`: {error}");
            reader.note(Some("required_steps"), "decode::bad-value", message);
            Vec::new()
        }
    }
}
