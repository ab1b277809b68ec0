//! OTLP as JSON: requests with logs, spans or metrics, one per line or as whole documents.
//!
//! Names and meanings are those of <https://opentelemetry.io/docs/specs/otlp/>. Enumerations are
//! read as numbers and as names, since real agents write both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::content::Block;
use super::document::Document;
use super::exposition::push_text;
use super::json::Value;
use super::lines::texts;
use super::metric_rows::instant;
use super::otlp_metrics;
use super::shape::Shape;
use super::table::{ColumnDef, Many, Rows, column};
use super::tree::{self, Node, What};
use crate::model::{ColumnType, StreamKind};

/// What a request carries: the key of its resources, that of their scopes, that of the records.
pub(super) const SIGNALS: [(StreamKind, [&str; 3]); 3] = [
    (StreamKind::Logs, ["resourceLogs", "scopeLogs", "logRecords"]),
    (StreamKind::Events, ["resourceSpans", "scopeSpans", "spans"]),
    (StreamKind::Metrics, ["resourceMetrics", "scopeMetrics", "metrics"]),
];

/// The columns of a stream of logs or spans besides `ts`.
pub(super) fn columns(kind: StreamKind) -> Vec<ColumnDef> {
    use ColumnType::{Integer, Json, Number, Text};
    let columns: &[(&str, ColumnType)] = match kind {
        StreamKind::Logs => &[
            ("level", Text),
            ("message", Text),
            ("service", Text),
            ("severity", Integer),
            ("severity_text", Text),
            ("event", Text),
            ("trace_id", Text),
            ("span_id", Text),
            ("observed_unix_ns", Integer),
            ("attributes", Json),
            ("scope", Text),
            ("resource", Json),
        ],
        StreamKind::Events => &[
            ("name", Text),
            ("service", Text),
            ("kind", Text),
            ("status", Text),
            ("status_message", Text),
            ("duration_ms", Number),
            ("trace_id", Text),
            ("span_id", Text),
            ("parent_span_id", Text),
            ("attributes", Json),
            ("events", Json),
            ("links", Json),
            ("scope", Text),
            ("resource", Json),
        ],
        StreamKind::Metrics => return super::metric_rows::columns(),
    };
    columns.iter().map(|(name, kind)| column(name, *kind)).collect()
}

/// What a request carries first.
pub(super) fn signal(request: &Node<'_>) -> Option<StreamKind> {
    SIGNALS.iter().find(|(_, [key, ..])| request.get(key).is_some()).map(|(kind, _)| *kind)
}

/// Reads a block whose lines are requests. A line that holds nothing is a note; one that holds
/// another signal than its stream is refused.
pub(super) fn rows(block: &Block, shape: &Shape, kind: StreamKind, places: &[usize]) -> Rows {
    let mut rows = Rows::of(shape);
    let mut many = Many::default();
    for (number, text) in texts(block) {
        let before = (rows.len(), rows.refused.len());
        let refused = match text {
            Err(shown) => Some((shown, "not UTF-8".to_owned())),
            Ok(text) => match tree::whole(text) {
                Err(wrong) => {
                    let reason = format!("{} (character {})", wrong.why, wrong.character(text));
                    Some((text.to_owned(), reason))
                }
                Ok(request) => {
                    let document = Document::line(text, number);
                    read(&document, &request, kind, places, &mut rows)
                        .err()
                        .map(|reason| (text.to_owned(), reason))
                }
            },
        };
        match refused {
            Some((text, reason)) => {
                rows.refuse(number, "", reason, &text);
                many.refused += 1;
            }
            None if before == (rows.len(), rows.refused.len()) => rows.notes += 1,
            None => many.read += 1,
        }
    }
    rows.many = Some(many);
    rows
}

/// Reads the requests in a document, one after another.
///
/// # Errors
/// Byte and reason, when it is no JSON or no request.
pub(super) fn documents(
    document: &Document<'_>,
    kind: StreamKind,
    places: &[usize],
    rows: &mut Rows,
) -> Result<(), (usize, String)> {
    let mut at = 0;
    while at < document.text.trim_ascii_end().len() {
        let (request, end) =
            tree::value(document.text, at).map_err(|wrong| (wrong.at, wrong.why.to_owned()))?;
        read(document, &request, kind, places, rows).map_err(|reason| (request.at, reason))?;
        at = end;
    }
    Ok(())
}

/// What the records of a scope share.
pub(super) struct Context<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) places: &'d [usize],
    pub(super) resource: Attributes<'d>,
    pub(super) scope: &'d str,
    pub(super) scope_version: &'d str,
}

pub(super) type Attributes<'d> = BTreeMap<&'d str, &'d Node<'d>>;

fn read(
    document: &Document<'_>,
    request: &Node<'_>,
    kind: StreamKind,
    places: &[usize],
    rows: &mut Rows,
) -> Result<(), String> {
    let mut of_another = None;
    let mut keys = None;
    for (signal, names) in &SIGNALS {
        match request.get(names[0]) {
            Some(_) if *signal == kind => keys = Some(names),
            Some(found) if !found.is_empty_array() => of_another = Some(*signal),
            _ => {}
        }
    }
    if let Some(other) = of_another {
        let (other, own) = (other.as_str(), kind.as_str());
        return Err(format!("holds {other} in a stream of {own}: name another stream for it"));
    }
    let Some([resources, scopes, records]) = keys else {
        let known: Vec<&str> = SIGNALS.iter().map(|(_, [key, ..])| *key).collect();
        return Err(format!("is no request of OTLP: none of {} is in it", known.join(", ")));
    };
    for resource in request.items(resources) {
        let attributes = resource.get("resource").map_or(Ok(BTreeMap::new()), attributes);
        let old = format!("instrumentationLibrary{}", &scopes[5..]);
        for scope in resource.items(scopes).iter().chain(resource.items(&old)) {
            let named = scope.get("scope").or_else(|| scope.get("instrumentationLibrary"));
            let of_scope = |key| named.and_then(|scope| scope.text_of(key)).unwrap_or("");
            let attributes = match &attributes {
                Ok(attributes) => attributes.clone(),
                Err(reason) => {
                    let column = "resource";
                    for record in scope.items(records) {
                        document.refuse(rows, record.at, column, reason.clone());
                    }
                    continue;
                }
            };
            let context = Context {
                document,
                places,
                resource: attributes,
                scope: of_scope("name"),
                scope_version: of_scope("version"),
            };
            for record in scope.items(records) {
                let read = match kind {
                    StreamKind::Logs => log(&context, record, rows),
                    StreamKind::Events => span(&context, record, rows),
                    StreamKind::Metrics => {
                        otlp_metrics::metric(&context, record, rows);
                        Ok(())
                    }
                };
                if let Err((column, reason)) = read {
                    document.refuse(rows, record.at, column, reason);
                }
            }
        }
    }
    Ok(())
}

impl Node<'_> {
    fn is_empty_array(&self) -> bool {
        matches!(&self.what, What::Array(items) if items.is_empty())
    }
}

type Refusal = (&'static str, String);

/// The attributes under `attributes`, by key.
pub(super) fn attributes<'d>(node: &'d Node<'d>) -> Result<Attributes<'d>, String> {
    let mut found = BTreeMap::new();
    for pair in node.items("attributes") {
        let key = pair.text_of("key").ok_or("an attribute has no key")?;
        let value = pair.get("value").unwrap_or(pair);
        if found.insert(key, value).is_some() {
            return Err(format!("the attribute `{}` is there twice", super::table::excerpt(key)));
        }
    }
    Ok(found)
}

/// An instant in nanoseconds, as microseconds; none where it is missing or 0.
pub(super) fn time(node: &Node<'_>, key: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(ns) = nanoseconds(node, key)? else { return Ok(None) };
    instant(ns.div_euclid(1000)).map(Some).map_err(|reason| (key, reason))
}

fn nanoseconds(node: &Node<'_>, key: &'static str) -> Result<Option<i128>, Refusal> {
    let Some(found) = node.get(key) else { return Ok(None) };
    let ns = found.whole().filter(|ns| *ns >= 0);
    let ns = ns.ok_or((key, "is no whole number of nanoseconds".to_owned()))?;
    Ok((ns != 0).then_some(ns))
}

/// A number of an enumeration, or its name without what all its names begin with.
fn enumeration(node: &Node<'_>, key: &str, prefix: &str, names: &[&str]) -> Option<usize> {
    let found = node.get(key)?;
    if let Some(number) = found.whole() {
        return usize::try_from(number).ok();
    }
    let name = found.text()?.strip_prefix(prefix)?;
    names.iter().position(|known| *known == name)
}

pub(super) fn temporality(node: &Node<'_>) -> Option<usize> {
    let names = ["UNSPECIFIED", "DELTA", "CUMULATIVE"];
    enumeration(node, "aggregationTemporality", "AGGREGATION_TEMPORALITY_", &names)
}

const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];

fn severity(record: &Node<'_>) -> Option<i64> {
    let found = record.get("severityNumber")?;
    if let Some(number) = found.whole() {
        return i64::try_from(number).ok();
    }
    let name = found.text()?.strip_prefix("SEVERITY_NUMBER_")?;
    let (word, within) = match name.trim_end_matches(['2', '3', '4']) {
        word if word.len() == name.len() => (word, 1),
        word => (word, name[word.len()..].parse::<i64>().ok()?),
    };
    let level = LEVELS.iter().position(|level| level.eq_ignore_ascii_case(word))?;
    i64::try_from(level).ok().map(|level| level * 4 + within)
}

/// The level that a severity is, or that its text names.
fn level(severity: Option<i64>, text: Option<&str>) -> Option<&'static str> {
    if let Some(n @ 1..=24) = severity {
        let index = usize::try_from((n - 1) / 4).ok()?;
        return LEVELS.get(index).copied();
    }
    let text = text?.to_ascii_lowercase();
    match text.as_str() {
        "information" | "informational" | "notice" => Some("info"),
        "warning" => Some("warn"),
        "err" => Some("error"),
        "critical" | "crit" | "emerg" | "emergency" | "alert" => Some("fatal"),
        other => LEVELS.iter().find(|level| **level == other).copied(),
    }
}

fn text(value: Option<&str>) -> Value<'_> {
    value.filter(|text| !text.is_empty()).map_or(Value::Null, |t| Value::Text(Cow::Borrowed(t)))
}

fn owned(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

fn log(context: &Context<'_>, record: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let observed = nanoseconds(record, "observedTimeUnixNano")?;
    let ts = match time(record, "timeUnixNano")? {
        Some(ts) => ts,
        None => time(record, "observedTimeUnixNano")?
            .ok_or(("timeUnixNano", "is missing, and so is the time it was observed".to_owned()))?,
    };
    let severity = severity(record);
    let severity_text = record.text_of("severityText");
    let message = match record.get("body") {
        Some(body) => any_text(body).map_err(|reason| ("body", reason))?,
        None => None,
    };
    let attributes = attributes(record).map_err(|reason| ("attributes", reason))?;
    let values = [
        text(level(severity, severity_text)),
        message.map_or(Value::Null, owned),
        service(context)?,
        severity.map_or(Value::Null, Value::Int),
        text(severity_text),
        text(record.text_of("eventName")),
        text(record.text_of("traceId")),
        text(record.text_of("spanId")),
        observed.and_then(|ns| i64::try_from(ns).ok()).map_or(Value::Null, Value::Int),
        json_of(&attributes).map(owned).map_err(|reason| ("attributes", reason))?,
        text(Some(context.scope)),
        json_of(&context.resource).map(owned).map_err(|reason| ("resource", reason))?,
    ];
    push(context, record, ts, values, rows);
    Ok(())
}

fn push<'v>(
    context: &Context<'_>,
    record: &Node<'_>,
    ts: i64,
    values: impl IntoIterator<Item = Value<'v>>,
    rows: &mut Rows,
) {
    let values: Vec<_> = context.places.iter().copied().zip(values).collect();
    rows.push(ts, context.document.line_of(record.at), &values);
}

/// `service.name` of the resource.
fn service<'d>(context: &Context<'d>) -> Result<Value<'d>, Refusal> {
    let Some(node) = context.resource.get("service.name") else { return Ok(Value::Null) };
    let name = any_text(node).map_err(|reason| ("resource", reason))?;
    Ok(name.map_or(Value::Null, owned))
}

fn span(context: &Context<'_>, record: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let start = nanoseconds(record, "startTimeUnixNano")?;
    let ts = time(record, "startTimeUnixNano")?;
    let (Some(start), Some(ts)) = (start, ts) else {
        return Err(("startTimeUnixNano", "is missing".to_owned()));
    };
    let duration = match nanoseconds(record, "endTimeUnixNano")? {
        // The span was not over when it was written.
        None => Value::Null,
        Some(end) if end < start => {
            return Err(("endTimeUnixNano", "is before the start".to_owned()));
        }
        Some(end) => Value::Float((end - start) as f64 / 1e6),
    };
    let status = record.get("status");
    let code = status
        .and_then(|status| enumeration(status, "code", "STATUS_CODE_", &["UNSET", "OK", "ERROR"]));
    let kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
    let kind = enumeration(record, "kind", "SPAN_KIND_", &kinds).unwrap_or(0);
    let kind = kinds.get(kind).map(|kind| kind.to_ascii_lowercase());
    let attributes = attributes(record).map_err(|reason| ("attributes", reason))?;
    let raw = |key| match record.get(key) {
        Some(node) if !node.is_empty_array() => raw_json(node).map_or(Value::Null, owned),
        _ => Value::Null,
    };
    let values = [
        text(record.text_of("name")),
        service(context)?,
        kind.map_or(Value::Null, owned),
        text(Some(match code {
            Some(1) => "ok",
            Some(2) => "error",
            _ => "unset",
        })),
        text(status.and_then(|status| status.text_of("message"))),
        duration,
        text(record.text_of("traceId")),
        text(record.text_of("spanId")),
        text(record.text_of("parentSpanId")),
        json_of(&attributes).map(owned).map_err(|reason| ("attributes", reason))?,
        raw("events"),
        raw("links"),
        text(Some(context.scope)),
        json_of(&context.resource).map(owned).map_err(|reason| ("resource", reason))?,
    ];
    push(context, record, ts, values, rows);
    Ok(())
}

/// Attributes as a JSON object with sorted keys.
fn json_of(attributes: &Attributes<'_>) -> Result<String, String> {
    let mut json = vec![b'{'];
    for (key, node) in attributes {
        if json.len() > 1 {
            json.push(b',');
        }
        push_text(&mut json, key);
        json.push(b':');
        any(node, &mut json)?;
    }
    json.push(b'}');
    Ok(String::from_utf8(json).expect("invariant: made of texts"))
}

/// A value of OTLP as a text: a text as it is, anything else as JSON.
pub(super) fn any_text(node: &Node<'_>) -> Result<Option<String>, String> {
    if let Some(text) = node.text_of("stringValue") {
        return Ok(Some(text.to_owned()));
    }
    let mut json = Vec::new();
    any(node, &mut json)?;
    let text = String::from_utf8(json).expect("invariant: made of texts");
    Ok((text != "null").then_some(text))
}

/// A value of OTLP as JSON.
fn any(node: &Node<'_>, json: &mut Vec<u8>) -> Result<(), String> {
    if let Some(text) = node.text_of("stringValue").or_else(|| node.text_of("bytesValue")) {
        push_text(json, text);
    } else if let Some(flag) = node.get("boolValue") {
        let yes = flag.what == What::Plain(Value::Bool(true));
        json.extend_from_slice(if yes { b"true" } else { b"false" });
    } else if let Some(number) = node.get("intValue") {
        let number = number.whole().and_then(|n| i64::try_from(n).ok());
        let number = number.ok_or("an `intValue` is no whole number of 64 bits")?;
        json.extend_from_slice(number.to_string().as_bytes());
    } else if let Some(number) = node.get("doubleValue") {
        let number = number.number().ok_or("a `doubleValue` is no number")?;
        if number.is_finite() {
            json.extend_from_slice(number.to_string().as_bytes());
        } else {
            push_text(json, &number.to_string());
        }
    } else if let Some(array) = node.get("arrayValue") {
        json.push(b'[');
        for (i, item) in array.items("values").iter().enumerate() {
            if i > 0 {
                json.push(b',');
            }
            any(item, json)?;
        }
        json.push(b']');
    } else if let Some(list) = node.get("kvlistValue") {
        let mut pairs = BTreeMap::new();
        for pair in list.items("values") {
            let key = pair.text_of("key").ok_or("a pair of a `kvlistValue` has no key")?;
            pairs.insert(key, pair.get("value").unwrap_or(pair));
        }
        json.extend_from_slice(json_of(&pairs)?.as_bytes());
    } else {
        json.extend_from_slice(b"null");
    }
    Ok(())
}

/// A node as JSON again, without blanks.
fn raw_json(node: &Node<'_>) -> Option<String> {
    let mut json = Vec::new();
    write(node, &mut json);
    String::from_utf8(json).ok()
}

fn write(node: &Node<'_>, json: &mut Vec<u8>) {
    match &node.what {
        What::Plain(Value::Text(text)) => push_text(json, text),
        What::Plain(Value::Int(n)) => json.extend_from_slice(n.to_string().as_bytes()),
        What::Plain(Value::Float(n)) => json.extend_from_slice(n.to_string().as_bytes()),
        What::Plain(Value::Huge(text) | Value::Json(text)) => {
            json.extend_from_slice(text.as_bytes());
        }
        What::Plain(Value::Bool(flag)) => json.extend_from_slice(flag.to_string().as_bytes()),
        What::Plain(Value::Null) => json.extend_from_slice(b"null"),
        What::Array(items) => {
            json.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    json.push(b',');
                }
                write(item, json);
            }
            json.push(b']');
        }
        What::Object(pairs) => {
            json.push(b'{');
            for (i, (key, node)) in pairs.iter().enumerate() {
                if i > 0 {
                    json.push(b',');
                }
                push_text(json, key);
                json.push(b':');
                write(node, json);
            }
            json.push(b'}');
        }
    }
}
