//! Stream definitions: `streams/NAME.toml` of a workspace says how the files of a stream are read.
//!
//! ```toml
//! schema = "drill.stream/1"
//! kind = "events"                 # events, metrics or logs; left out: what the form says
//! format = "csv"                  # left out: told from the content
//! files = ["exports/orders-*.csv"] # read by `drill data ingest` without file names
//! ts = "written at"               # the column with the instant of each row
//! unit = "milliseconds"           # of instants that are numbers; left out: told from their size
//! zone = "Asia/Tokyo"             # of instants without an offset; left out: UTC
//! id = "order"                    # a value that comes again is counted as a duplicate
//! expect_every = "5m"             # a longer silence is an outage of the stream
//!
//! [types]                         # of columns whose values would be taken for something else
//! zip = "text"
//! ```

use std::path::Path;

use super::decode::{Cx, Fields, Loaded};
use super::node::Node;
use crate::diag::{Diagnostics, SourceText};
use crate::model::{ColumnType, EpochUnit, InputFormat, Name, StreamDefinition, StreamKind};
use crate::units::Zone;

/// Longest name of a stream.
const MAX_NAME: usize = 60;

/// Whether a stream can have this name: letters, digits, `_` and `-`, at most 60.
pub fn is_stream_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(good)
}

/// A stream definition from its file's text. The stream has the name of the file.
///
/// # Errors
/// All mistakes of the file: a name that no stream can have, unknown keys and words, zones that
/// are none, types of columns that the form fixes or that another key is about.
pub fn stream(source: &SourceText) -> Result<Loaded<StreamDefinition>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "stream").map(|fields| decode(&fields));
    cx.finish(value)
}

fn decode(fields: &Fields<'_>) -> StreamDefinition {
    fields.choice("schema", &["drill.stream/1"]);
    let zone = fields.get("zone").and_then(|node| {
        fields.parse_node("`zone`", node, "an IANA time zone such as \"Asia/Tokyo\"")
    });
    let every = fields.get("expect_every").map(|_| fields.duration_positive("expect_every"));
    let definition = StreamDefinition {
        name: name(fields),
        kind: fields.word_optional("kind", &StreamKind::ALL, StreamKind::as_str),
        format: fields.word_optional("format", &InputFormat::ALL, InputFormat::as_str),
        ts: fields.line_optional("ts"),
        unit: fields.word_optional("unit", &EpochUnit::ALL, EpochUnit::as_str),
        zone: zone.unwrap_or(Zone::UTC),
        types: types(fields),
        id: fields.line_optional("id"),
        expect_every: every,
        files: files(fields),
    };
    contradictions(fields, &definition);
    definition
}

fn name(fields: &Fields<'_>) -> Name {
    let path = Path::new(&*fields.cx.source.path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if !is_stream_name(&stem) {
        let message = format!("`{stem}` cannot be the name of a stream");
        let wrong = fields.cx.at("stream::bad-name", message, fields.span, "in this file");
        let help = format!("name the file with letters, digits, `_` and `-`, at most {MAX_NAME}");
        fields.cx.push(wrong.help(help));
    }
    Name::from(stem)
}

fn types(fields: &Fields<'_>) -> Vec<(Name, ColumnType)> {
    let Some(table) = fields.sub_optional("types", "table of types") else { return Vec::new() };
    // Its keys are columns, which only the files know.
    table.allow_any();
    let typed = table.table.entries.iter().filter_map(|(key, node)| {
        let what = format!("the type of `{}`", key.value);
        let kind = table.word_node(&what, node, &ColumnType::ALL, ColumnType::as_str)?;
        Some((Name::from(key.value.as_str()), kind))
    });
    typed.collect()
}

/// Patterns of files below the workspace.
fn files(fields: &Fields<'_>) -> Vec<Name> {
    let Some(node) = fields.get("files") else { return Vec::new() };
    if let Node::Array(elements) = &node.value {
        for element in elements {
            if let Node::String(text) = &element.value
                && (text.starts_with('/') || text.split('/').any(|part| part == ".."))
            {
                let message = format!("`{text}` leads out of the workspace");
                let wrong = fields.cx.at("stream::outside", message, element.span, "not below it");
                let help = "write it as seen from the workspace, or name the file when ingesting";
                fields.cx.push(wrong.help(help));
            }
        }
    }
    fields.lines("files")
}

fn contradictions(fields: &Fields<'_>, definition: &StreamDefinition) {
    let wrong = |key: &str, message: String, help: &str| {
        let at = fields.cx.at("stream::contradiction", message, fields.span_of(key), "not both");
        fields.cx.push(at.help(help.to_owned()));
    };
    if definition.format == Some(InputFormat::Access) {
        let keys = ["ts", "unit", "zone", "types"];
        for key in keys.into_iter().filter(|key| fields.table.get(key).is_some()) {
            let message = format!("an access log has its own instants and columns, not `{key}`");
            wrong(key, message, "leave it out");
        }
    }
    if let Some(ts) = &definition.ts {
        if definition.types.iter().any(|(column, _)| column == ts) {
            let message = format!("`{ts}` is the instant, and cannot have a type");
            wrong("types", message, "leave it out of `types`");
        }
        if definition.id.as_ref() == Some(ts) {
            let message = format!("`{ts}` is the instant, and cannot tell rows apart");
            wrong("id", message, "name a column with one value per row");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    fn load(path: &str, text: &str) -> Result<StreamDefinition, Vec<&'static str>> {
        stream(&SourceText::new(path, text))
            .map(|loaded| loaded.value)
            .map_err(|errors| errors.list.iter().map(|error| error.code).collect())
    }

    #[test]
    fn a_definition_says_how_files_are_read() {
        let text = r#"
            schema = "drill.stream/1"
            kind = "events"
            format = "csv"
            files = ["exports/orders-*.csv"]
            ts = "written at"
            unit = "milliseconds"
            zone = "Asia/Tokyo"
            id = "order"
            expect_every = "5m"
            [types]
            zip = "text"
            "unit price" = "number"
        "#;
        let found = load("streams/orders.toml", text).unwrap();
        assert_eq!((&*found.name, found.kind), ("orders", Some(StreamKind::Events)));
        assert_eq!(found.ts.as_deref(), Some("written at"));
        assert_eq!(found.unit, Some(EpochUnit::Milliseconds));
        assert_eq!(found.zone.to_string(), "Asia/Tokyo");
        assert_eq!(found.expect_every, Some(SimDuration::from_minutes(5)));
        let types = [("zip", ColumnType::Text), ("unit price", ColumnType::Number)];
        assert_eq!(found.types, types.map(|(name, kind)| (Name::from(name), kind)));
        assert_eq!(found.files, [Name::from("exports/orders-*.csv")]);
        let least = load("streams/a.toml", "schema = \"drill.stream/1\"\n").unwrap();
        assert_eq!(least, StreamDefinition::new("a"));
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let text = r#"
            schema = "drill.stream/1"
            kind = "event"
            format = "access"
            files = ["../secrets/*", "/etc/passwd"]
            ts = "t"
            id = "t"
            unit = "fortnights"
            zone = "Tokyo"
            expect_every = "0s"
            tz = "UTC"
            [types]
            t = "text"
            n = "int"
        "#;
        let codes = load("streams/bad name.toml", text).unwrap_err();
        for (code, count) in [
            ("stream::bad-name", 1),
            ("stream::outside", 2),
            ("stream::contradiction", 6),
            ("decode::unknown-word", 3),
            ("decode::bad-value", 1),
            ("decode::out-of-range", 1),
            ("decode::unknown-key", 1),
        ] {
            let found = codes.iter().filter(|found| **found == code).count();
            assert_eq!(found, count, "{code} in {codes:?}");
        }
    }
}
