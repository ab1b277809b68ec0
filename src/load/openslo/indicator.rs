//! SLIs: ratio and threshold metrics and where they come from.

use super::object::{Metric, MetricSource};
use crate::load::decode::Fields;
use crate::load::node::{Node, Spanned};
use crate::model::{Aggregate, Name, Query};

/// The `type` of drill's own metric sources.
pub(crate) const DRILL: &str = "drill";

/// What a metric is for, which decides how its samples become one value unless it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Counted events.
    Events,
    /// Readings of a counter that only grows.
    Counter,
    /// A measured value.
    Value,
}

/// The `spec` of an SLI.
pub(crate) fn sli_spec(sli: &Fields<'_>) -> Option<Metric> {
    let spec = sli.some_mapping("spec", "SLI spec")?;
    spec.description();
    let (ratio, threshold) = (spec.present("ratioMetric"), spec.present("thresholdMetric"));
    match (ratio, threshold) {
        (Some(ratio), None) => ratio_metric(&spec.cx.fields(ratio, "ratioMetric")?),
        (None, Some(threshold)) => {
            let fields = spec.cx.fields(threshold, "thresholdMetric")?;
            let source = metric_source(&fields, Role::Value)?;
            Some(Metric::Threshold { source })
        }
        (Some(_), Some(threshold)) => {
            let message = "`ratioMetric` and `thresholdMetric` exclude each other";
            spec.cx.error("openslo::exclusive", message, threshold.span, "one too many");
            None
        }
        (None, None) => {
            let message = "one of `ratioMetric` and `thresholdMetric` is needed in this `spec`";
            spec.cx.error("openslo::missing", message, spec.span, "no metric");
            None
        }
    }
}

const RAW_TYPES: [bool; 2] = [false, true];

fn raw_word(failure: bool) -> &'static str {
    if failure { "failure" } else { "success" }
}

fn ratio_metric(ratio: &Fields<'_>) -> Option<Metric> {
    let counter = ratio.flag_optional("counter").unwrap_or(false);
    let parts = ["good", "bad", "total", "raw"].map(|key| (key, ratio.present(key)));
    let raw_type = ratio.one_of("rawType", &RAW_TYPES, raw_word);
    let role = if counter { Role::Counter } else { Role::Events };
    // Each is read, so that all mistakes come at once, whether or not they fit together.
    let read = parts.map(|(key, node)| {
        let role = if key == "raw" { Role::Value } else { role };
        node.map(|node| ratio.cx.fields(node, "metric").and_then(|f| metric_source(&f, role)))
    });
    let given: Vec<&str> = parts.iter().filter(|(_, n)| n.is_some()).map(|(key, _)| *key).collect();
    let [good, bad, total, raw] = read;
    if raw.is_none() && raw_type.is_some() {
        ratio.doubt("openslo::raw-type", "`rawType` is for `raw` only".into(), "rawType", "unused");
    }
    let wrong = |message: &str| {
        ratio.cx.error("openslo::ratio-metric", message, ratio.span, "in this ratioMetric");
        None
    };
    match (good, bad, total, raw) {
        (None, None, None, Some(source)) => {
            Some(Metric::Raw { failure: raw_type.unwrap_or(false), source: source? })
        }
        (_, _, _, Some(_)) => {
            let others = given.iter().filter(|key| **key != "raw");
            let others: Vec<String> = others.map(|key| format!("`{key}`")).collect();
            wrong(&format!("`raw` and {} exclude each other", others.join(" and ")))
        }
        (Some(_), Some(_), total, None) => wrong(match total {
            Some(_) => "`good` and `bad` exclude each other",
            None => "`total` or `raw` is needed, and `good` and `bad` exclude each other",
        }),
        (_, _, None, None) => wrong("one of `total` and `raw` is needed"),
        (None, None, Some(_), None) => wrong("`total` needs `good` or `bad` beside it"),
        (Some(part), None, Some(total), None) => {
            Some(Metric::Ratio { counter, part_is_bad: false, part: part?, total: total? })
        }
        (None, Some(part), Some(total), None) => {
            Some(Metric::Ratio { counter, part_is_bad: true, part: part?, total: total? })
        }
    }
}

fn metric_source(metric: &Fields<'_>, role: Role) -> Option<MetricSource> {
    let fields = metric.some_mapping("metricSource", "metricSource")?;
    let data_source = fields.reference_to("metricSourceRef");
    let source_type = fields.present("type").and_then(|_| fields.some_text("type"));
    let typed = source_type.is_some();
    let source = source_type.map_or_else(|| Name::from(""), |node| node.value);
    let spec = fields.some_mapping("spec", "metricSource spec");
    let nothing = Query {
        source: source.clone(),
        stream: Name::from(""),
        metric: None,
        filter: None,
        value: None,
        aggregate: default_aggregate(role, false),
        fields: Vec::new(),
    };
    let query =
        if source == DRILL { drill_query(&spec?, nothing, role) } else { others(&spec?, nothing) };
    Some(MetricSource { data_source, typed, query, span: fields.span })
}

const fn default_aggregate(role: Role, measured: bool) -> Aggregate {
    match role {
        Role::Counter => Aggregate::Last,
        Role::Value => Aggregate::Mean,
        Role::Events if measured => Aggregate::Sum,
        Role::Events => Aggregate::Count,
    }
}

const AGGREGATES: [Aggregate; 6] = [
    Aggregate::Count,
    Aggregate::Sum,
    Aggregate::Mean,
    Aggregate::Min,
    Aggregate::Max,
    Aggregate::Last,
];

const fn aggregate_word(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum",
        Aggregate::Mean => "mean",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Last => "last",
    }
}

/// The strict `spec` of `type: drill`.
fn drill_query(spec: &Fields<'_>, nothing: Query, role: Role) -> Query {
    let stream = spec.some_text("stream");
    let text = |key: &'static str| spec.present(key).and_then(|_| spec.some_text(key));
    let (metric, filter, value) = (text("metric"), text("where"), text("value"));
    let measured = metric.is_some() || value.is_some();
    let aggregate = spec.one_of("aggregate", &AGGREGATES, aggregate_word);
    Query {
        stream: stream.map_or_else(|| Name::from(""), |stream| stream.value),
        metric: metric.map(|text| text.value),
        filter: filter.map(|text| text.value.to_string()),
        value: value.map(|text| text.value.to_string()),
        aggregate: aggregate.unwrap_or(default_aggregate(role, measured)),
        ..nothing
    }
}

/// The `spec` of a source that drill cannot evaluate, kept for exports.
fn others(spec: &Fields<'_>, nothing: Query) -> Query {
    let mut fields = Vec::with_capacity(spec.table.entries.len());
    for (key, node) in &spec.table.entries {
        fields.push((key.value.clone(), value_text(spec, node)));
    }
    spec.allow_any();
    Query { fields, ..nothing }
}

/// A text without its quotes, anything else as it is written.
fn value_text(spec: &Fields<'_>, node: &Spanned<Node>) -> String {
    match &node.value {
        Node::String(text) => text.clone(),
        _ => spec.written(node).to_owned(),
    }
}
