//! A spec to start from, made for what a stream holds.

use crate::model::{ColumnType, MetricShape, StreamShape};

/// One SLI: its name, its comment, the lines of its metric, what its objective adds.
struct Sli {
    name: &'static str,
    comment: String,
    metric: Vec<String>,
    objective: Option<String>,
}

/// OpenSLO with comments: of a stream, one SLO for each thing that its columns or metrics let
/// it judge; without one, an example on an access log. Targets are assumed and said to be.
pub fn slo_starter(shape: Option<&StreamShape>) -> String {
    let example = StreamShape {
        name: "access".into(),
        columns: vec![("status".into(), ColumnType::Integer)],
        metrics: Vec::new(),
    };
    let shape = shape.unwrap_or(&example);
    let slis = match shape.metrics.is_empty() {
        false => of_metrics(shape),
        true => of_events(shape),
    };
    let mut text = format!(
        "# SLOs on the stream `{}`. The targets are assumed: put in your own.\n# {}\n\
         # Check with `drill slo lint`, see where they stand with `drill slo status`.\n",
        shape.name,
        holds(shape)
    );
    let documents: Vec<String> = slis.iter().map(|sli| document(shape, sli)).collect();
    text += &documents.join("---\n");
    text
}

fn holds(shape: &StreamShape) -> String {
    let some = |names: Vec<&str>| {
        let more = if names.len() > 20 { ", ..." } else { "" };
        format!("{}{more}", names[..names.len().min(20)].join(", "))
    };
    match shape.metrics.is_empty() {
        true => {
            let columns = shape.columns.iter().map(|(name, _)| name.as_str()).collect();
            format!("Its columns: {}.", some(columns))
        }
        false => {
            let metrics = shape.metrics.iter().map(|metric| metric.name.as_str()).collect();
            format!("Its metrics: {}.", some(metrics))
        }
    }
}

fn source(key: &str, fields: &str) -> Vec<String> {
    vec![
        format!("{key}:"),
        "  metricSource:".to_owned(),
        "    type: drill".to_owned(),
        format!("    spec: {{{fields}}}"),
    ]
}

/// Good events over all events of a stream of rows.
fn share(stream: &str, good: &str) -> Vec<String> {
    let mut lines = vec!["ratioMetric:".to_owned(), "  counter: false".to_owned()];
    let good = format!("stream: {stream}, where: {}", quoted(good));
    let parts = [source("good", &good), source("total", &format!("stream: {stream}"))];
    lines.extend(parts.concat().into_iter().map(|line| format!("  {line}")));
    lines
}

fn of_events(shape: &StreamShape) -> Vec<Sli> {
    let number =
        |(_, kind): &&(_, ColumnType)| matches!(kind, ColumnType::Integer | ColumnType::Number);
    let named = |names: &[&str]| {
        let columns = shape.columns.iter();
        columns.filter(|(name, _)| names.contains(&name.as_str())).collect::<Vec<_>>()
    };
    let mut slis = Vec::new();
    let mut add = |name, comment: &str, good: String| {
        slis.push(Sli {
            name,
            comment: comment.to_owned(),
            metric: share(&shape.name, &good),
            objective: None,
        });
    };
    let status = named(&["status", "status_code", "code"]);
    if let Some((status, _)) = status.iter().find(|column| number(column)) {
        add("availability", "Good is what the server did not fail.", format!("{status} < 500"));
    }
    let flags = named(&["success", "ok", "succeeded"]);
    if let Some((flag, _)) = flags.iter().find(|(_, kind)| *kind == ColumnType::Bool) {
        add("success", "Good is what says that it succeeded.", flag.to_string());
    }
    let times = shape.columns.iter().filter(number).find(|(name, _)| {
        ["duration_ms", "latency_ms", "elapsed_ms", "response_time_ms"].contains(&name.as_str())
    });
    if let Some((time, _)) = times {
        add("latency", "Good is what took at most half a second.", format!("{time} <= 500"));
    }
    if slis.is_empty() {
        let comment = "No column says by its name what is good: write the condition here.";
        slis.push(Sli {
            name: "availability",
            comment: comment.to_owned(),
            metric: share(&shape.name, "COLUMN = 'good'"),
            objective: None,
        });
    }
    slis
}

fn of_metrics(shape: &StreamShape) -> Vec<Sli> {
    let mut slis = Vec::new();
    let label = |metric: &MetricShape| {
        let known = ["code", "status", "status_code"];
        metric.labels.iter().find(|label| known.contains(&label.as_str())).cloned()
    };
    let counter = shape.metrics.iter().filter(|metric| metric.name.ends_with("_total"));
    if let Some((metric, code)) =
        counter.filter_map(|metric| label(metric).map(|code| (metric, code))).next()
    {
        let total = format!("stream: {}, metric: {}", shape.name, quoted(&metric.name));
        let bad = format!("{total}, where: {}", quoted(&format!("labels->>'{code}' like '5%'")));
        let mut lines = vec!["ratioMetric:".to_owned(), "  counter: true".to_owned()];
        let parts = [source("bad", &bad), source("total", &total)];
        lines.extend(parts.concat().into_iter().map(|line| format!("  {line}")));
        let comment = "The counter grows by requests; bad are those that the server failed.";
        slis.push(Sli {
            name: "availability",
            comment: comment.to_owned(),
            metric: lines,
            objective: None,
        });
    }
    if let Some(metric) = shape.metrics.iter().find(|metric| metric.bounds.len() > 1) {
        let finite = &metric.bounds[..metric.bounds.len() - 1];
        let bound = &finite[finite.len() / 2];
        let mut lines = vec!["thresholdMetric:".to_owned()];
        let fields = format!("stream: {}, metric: {}", shape.name, quoted(&metric.name));
        lines.extend(source("", &fields).into_iter().skip(1));
        slis.push(Sli {
            name: "latency",
            comment: format!(
                "Good is what was counted at or below `value`, which must be a bound: {}.",
                finite.join(", ")
            ),
            metric: lines,
            objective: Some(format!("op: lte\n      value: {bound}")),
        });
    }
    if slis.is_empty() {
        let total = format!("stream: {}, metric: METRIC_total", shape.name);
        let bad = format!("{total}, where: {}", quoted("labels->>'LABEL' = 'bad'"));
        let mut lines = vec!["ratioMetric:".to_owned(), "  counter: true".to_owned()];
        let parts = [source("bad", &bad), source("total", &total)];
        lines.extend(parts.concat().into_iter().map(|line| format!("  {line}")));
        slis.push(Sli {
            name: "availability",
            comment: "No metric says by its name what it counts: put in the names.".to_owned(),
            metric: lines,
            objective: None,
        });
    }
    slis
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A stream's name as part of a label.
fn label(stream: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let label: String = stream.chars().map(plain).collect();
    let label = label.trim_matches('-');
    if label.is_empty() { "stream".to_owned() } else { label.chars().take(40).collect() }
}

fn document(shape: &StreamShape, sli: &Sli) -> String {
    let name = format!("{}-{}", label(&shape.name), sli.name);
    let metric: String = sli.metric.iter().map(|line| format!("      {line}\n")).collect();
    let objective = sli.objective.as_ref().map_or(String::new(), |more| format!("\n      {more}"));
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {name}\n  annotations:\n    \
         drill/origin: assumed\n    # Alerts at 2 %, 5 % and 10 % of the budget within 1h, 6h, 1d \
         and 3d.\n    drill/tiers: google-30d\n    # What a slice without data counts as: gap, \
         good, bad or hold.\n    drill/no-data: gap\nspec:\n  service: {}\n  indicator:\n    \
         metadata:\n      name: {name}\n    spec:\n      # {}\n{metric}  timeWindow:\n  - duration: 30d\n    \
         isRolling: true\n  budgetingMethod: Occurrences\n  objectives:\n    - target: \
         0.99{objective}\n",
        label(&shape.name),
        sli.comment
    )
}
