//! Data points of OTLP as samples: sums and gauges as one, histograms as cumulative buckets.

use std::collections::BTreeMap;

use super::exposition::{Labels, labels_json};
use super::metric_rows::{Kept, push};
use super::otlp::{Context, any_text, attributes, temporality, time};
use super::table::{Rows, excerpt};
use super::tree::Node;

/// Most buckets of one data point.
const MAX_BUCKETS: usize = 100_000;
/// The bit of `flags` that says that a data point has no value.
const NO_VALUE: i128 = 1;

type Refusal = (&'static str, String);

/// What the data points of a metric share.
struct Metric<'d> {
    context: &'d Context<'d>,
    name: &'d str,
    unit: Option<&'d str>,
    kind: &'static str,
}

/// Keeps each data point of a metric, or refuses it.
pub(super) fn metric(context: &Context<'_>, node: &Node<'_>, rows: &mut Rows) {
    let document = context.document;
    let Some(name) = node.text_of("name").filter(|name| !name.is_empty()) else {
        return document.refuse(rows, node.at, "name", "is missing".to_owned());
    };
    type Reader = fn(&Metric<'_>, &Node<'_>, &mut Rows) -> Result<(), Refusal>;
    let forms: [(&str, Reader); 5] = [
        ("gauge", number),
        ("sum", number),
        ("histogram", histogram),
        ("exponentialHistogram", exponential),
        ("summary", summary),
    ];
    let found = forms.iter().find_map(|(key, reader)| Some((*key, node.get(key)?, reader)));
    let Some((key, data, reader)) = found else {
        let reason = format!("`{}` has no data", excerpt(name));
        return document.refuse(rows, node.at, "", reason);
    };
    let delta = temporality(data) == Some(1);
    let monotonic = data
        .get("isMonotonic")
        .is_some_and(|flag| flag.what == super::tree::What::Plain(super::json::Value::Bool(true)));
    let kind = match (key, delta, monotonic) {
        ("sum", false, true) => "counter",
        ("sum", true, true) => "delta_counter",
        ("sum", true, false) => "delta_sum",
        ("histogram" | "exponentialHistogram", false, _) => "histogram",
        ("histogram" | "exponentialHistogram", true, _) => "delta_histogram",
        ("summary", ..) => "summary",
        _ => "gauge",
    };
    let metric = Metric { context, name, unit: node.text_of("unit"), kind };
    for point in data.items("dataPoints") {
        rows.leave_out("exemplars", point.items("exemplars").len() as u64);
        if point.get("flags").and_then(Node::whole).is_some_and(|flags| flags & NO_VALUE != 0) {
            rows.leave_out("data points without a value", 1);
            continue;
        }
        if let Err((column, reason)) = reader(&metric, point, rows) {
            document.refuse(rows, point.at, column, reason);
        }
    }
}

/// The label that tells buckets or quantiles apart, with its value.
type Inner = Option<(&'static str, String)>;

/// A data point whose rows are made first and kept only if all of them are good.
struct Point<'m> {
    metric: &'m Metric<'m>,
    line: u64,
    ts: i64,
    labels: BTreeMap<String, String>,
    samples: Vec<(String, &'static str, f64, Inner)>,
}

impl<'m> Point<'m> {
    fn new(metric: &'m Metric<'m>, node: &Node<'_>) -> Result<Self, Refusal> {
        let ts = time(node, "timeUnixNano")?;
        let ts = ts.ok_or(("timeUnixNano", "is missing".to_owned()))?;
        let labels = labels(metric.context, node).map_err(|reason| ("attributes", reason))?;
        let line = metric.context.document.line_of(node.at);
        Ok(Self { metric, line, ts, labels, samples: Vec::new() })
    }

    fn add(&mut self, suffix: &str, kind: &'static str, value: f64) {
        self.samples.push((format!("{}{suffix}", self.metric.name), kind, value, None));
    }

    fn add_inner(&mut self, suffix: &str, value: f64, label: &'static str, bound: f64) {
        let bound = if bound == f64::INFINITY { "+Inf".to_owned() } else { bound.to_string() };
        let name = format!("{}{suffix}", self.metric.name);
        self.samples.push((name, self.metric.kind, value, Some((label, bound))));
    }

    /// Keeps its samples.
    ///
    /// # Errors
    /// An attribute has the name of the label that tells its buckets or quantiles apart.
    fn keep(mut self, rows: &mut Rows) -> Result<(), Refusal> {
        let plain = json(&self.labels);
        for (name, kind, value, inner) in self.samples {
            let labels = match inner {
                None => plain.clone(),
                Some((label, bound)) => {
                    if self.labels.insert(label.to_owned(), bound).is_some() {
                        let reason = format!("the attribute `{label}` is a label of the buckets");
                        return Err(("attributes", reason));
                    }
                    let labels = json(&self.labels);
                    self.labels.remove(label);
                    labels
                }
            };
            let kept = Kept {
                name: name.into(),
                value,
                labels,
                kind: Some(kind),
                unit: self.metric.unit.filter(|unit| !unit.is_empty()).map(Into::into),
                us: None,
                exemplar: false,
            };
            push(rows, self.metric.context.places, self.line, self.ts, &kept);
        }
        Ok(())
    }
}

fn json(labels: &BTreeMap<String, String>) -> String {
    let labels: Labels<'_> =
        labels.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
    labels_json(&labels)
}

/// The attributes of the point, those of its resource under their own names where they are free
/// and as `resource.NAME` where not, and its scope.
fn labels(context: &Context<'_>, point: &Node<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    for (key, value) in attributes(point)? {
        labels.insert(key.to_owned(), any_text(value)?.unwrap_or_default());
    }
    for (key, value) in &context.resource {
        let value = any_text(value)?.unwrap_or_default();
        match labels.get(*key) {
            Some(known) if *known == value => {}
            Some(_) => drop(labels.insert(format!("resource.{key}"), value)),
            None => drop(labels.insert((*key).to_owned(), value)),
        }
    }
    for (key, value) in [("name", context.scope), ("version", context.scope_version)] {
        if !value.is_empty() {
            labels.insert(format!("otel.scope.{key}"), value.to_owned());
        }
    }
    Ok(labels)
}

fn number(metric: &Metric<'_>, node: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let mut point = Point::new(metric, node)?;
    let value = match (node.get("asDouble"), node.get("asInt")) {
        (Some(value), None) => value.number(),
        (None, Some(value)) => value.whole().and_then(|n| i64::try_from(n).ok()).map(|n| n as f64),
        _ => return Err(("value", "neither `asDouble` nor `asInt`, or both".to_owned())),
    };
    point.add("", metric.kind, value.ok_or(("value", "is no number of 64 bits".to_owned()))?);
    point.keep(rows)
}

/// A count of 64 bits.
fn count(node: &Node<'_>, key: &'static str) -> Result<u64, Refusal> {
    let Some(found) = node.get(key) else { return Ok(0) };
    let count = found.whole().and_then(|n| u64::try_from(n).ok());
    count.ok_or((key, "is no count of 64 bits".to_owned()))
}

fn counts(node: &Node<'_>) -> Result<Vec<u64>, Refusal> {
    let counts = node.items("bucketCounts");
    if counts.len() > MAX_BUCKETS {
        return Err(("bucketCounts", format!("more than {MAX_BUCKETS} buckets")));
    }
    let count = |item: &Node<'_>| item.whole().and_then(|n| u64::try_from(n).ok());
    let all: Option<Vec<u64>> = counts.iter().map(count).collect();
    all.ok_or(("bucketCounts", "one is no count of 64 bits".to_owned()))
}

/// The value under a key, if there is one.
fn optional(node: &Node<'_>, key: &'static str) -> Result<Option<f64>, Refusal> {
    let Some(found) = node.get(key) else { return Ok(None) };
    found.number().map(Some).ok_or((key, "is no number".to_owned()))
}

/// Sum, count, least and greatest, as all histograms have them.
fn totals(point: &mut Point<'_>, node: &Node<'_>, total: u64) -> Result<(), Refusal> {
    let kind = point.metric.kind;
    if let Some(sum) = optional(node, "sum")? {
        point.add("_sum", kind, sum);
    }
    point.add("_count", kind, total as f64);
    for (key, suffix) in [("min", "_min"), ("max", "_max")] {
        if let Some(value) = optional(node, key)? {
            point.add(suffix, "gauge", value);
        }
    }
    Ok(())
}

fn histogram(metric: &Metric<'_>, node: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let mut point = Point::new(metric, node)?;
    let total = count(node, "count")?;
    let counts = counts(node)?;
    let bounds: Option<Vec<f64>> = node.items("explicitBounds").iter().map(Node::number).collect();
    let bounds = bounds.ok_or(("explicitBounds", "one is no number".to_owned()))?;
    if bounds.windows(2).any(|two| two[0] >= two[1]) {
        return Err(("explicitBounds", "do not ascend".to_owned()));
    }
    let mut cumulated = 0u64;
    if !counts.is_empty() {
        if counts.len() != bounds.len() + 1 {
            let reason = format!("{} for {} bounds", counts.len(), bounds.len());
            return Err(("bucketCounts", reason));
        }
        for (count, bound) in counts.iter().zip(bounds.iter().copied().chain([f64::INFINITY])) {
            cumulated = cumulated.saturating_add(*count);
            point.add_inner("_bucket", cumulated as f64, "le", bound);
        }
        if cumulated != total {
            return Err(("bucketCounts", format!("add up to {cumulated}, not to {total}")));
        }
    } else {
        point.add_inner("_bucket", total as f64, "le", f64::INFINITY);
    }
    totals(&mut point, node, total)?;
    point.keep(rows)
}

/// The same with bounds of `base^n`, where `base = 2^(2^-scale)`: below zero mirrored, and the
/// values that count as zero between.
fn exponential(metric: &Metric<'_>, node: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let mut point = Point::new(metric, node)?;
    let total = count(node, "count")?;
    let zeros = count(node, "zeroCount")?;
    let scale = node.get("scale").map_or(Some(0), Node::whole);
    let scale = scale.filter(|scale| (-20..=20).contains(scale));
    let scale = scale.ok_or(("scale", "is no whole number from -20 to 20".to_owned()))?;
    let bound = |index: i128| libm::exp2(index as f64 * libm::exp2(-(scale as f64)));
    let side = |key: &'static str| -> Result<(i128, Vec<u64>), Refusal> {
        let Some(side) = node.get(key) else { return Ok((0, Vec::new())) };
        let offset = side.get("offset").map_or(Some(0), Node::whole);
        let offset = offset.filter(|n| i32::try_from(*n).is_ok());
        Ok((offset.ok_or((key, "its offset is no number of 32 bits".to_owned()))?, counts(side)?))
    };
    let (negative_offset, negative) = side("negative")?;
    let (positive_offset, positive) = side("positive")?;
    let mut cumulated = 0u64;
    let mut last = f64::NEG_INFINITY;
    let mut bucket = |point: &mut Point<'_>, upper: f64, count: u64| {
        cumulated = cumulated.saturating_add(count);
        // Bounds that floats cannot tell apart, or hold, are one bucket with the next.
        if count > 0 && upper > last && upper.is_finite() {
            point.add_inner("_bucket", cumulated as f64, "le", upper);
            last = upper;
        }
        cumulated
    };
    for (i, count) in negative.iter().enumerate().rev() {
        bucket(&mut point, -bound(negative_offset + i as i128), *count);
    }
    bucket(&mut point, optional(node, "zeroThreshold")?.unwrap_or(0.0), zeros);
    let mut sum = 0;
    for (i, count) in positive.iter().enumerate() {
        sum = bucket(&mut point, bound(positive_offset + i as i128 + 1), *count);
    }
    if positive.is_empty() {
        sum = bucket(&mut point, f64::INFINITY, 0);
    }
    if sum != total {
        return Err(("bucketCounts", format!("add up to {sum}, not to {total}")));
    }
    point.add_inner("_bucket", total as f64, "le", f64::INFINITY);
    totals(&mut point, node, total)?;
    point.keep(rows)
}

fn summary(metric: &Metric<'_>, node: &Node<'_>, rows: &mut Rows) -> Result<(), Refusal> {
    let mut point = Point::new(metric, node)?;
    for item in node.items("quantileValues") {
        let quantile = optional(item, "quantile")?.unwrap_or(0.0);
        let value = optional(item, "value")?.unwrap_or(0.0);
        point.add_inner("", value, "quantile", quantile);
    }
    totals(&mut point, node, count(node, "count")?)?;
    point.keep(rows)
}
