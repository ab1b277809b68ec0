//! Saved answers of the Prometheus HTTP API: `/api/v1/query_range` and `/api/v1/query`.

use super::document::Document;
use super::exposition::{Labels, labels_json, real};
use super::metric_rows::{Kept, instant, push};
use super::table::{Rows, excerpt};
use super::tree::{self, Node, What};

/// Reads the answers in a document, one after another. A series without a name is what an
/// expression gave; it gets the name of its stream.
///
/// # Errors
/// Byte and reason, when it is no JSON, or no answer with samples.
pub(super) fn read(
    document: &Document<'_>,
    stream: &str,
    places: &[usize],
    rows: &mut Rows,
) -> Result<(), (usize, String)> {
    let mut at = 0;
    while at < document.text.trim_ascii_end().len() {
        let (answer, end) =
            tree::value(document.text, at).map_err(|wrong| (wrong.at, wrong.why.to_owned()))?;
        read_answer(document, &answer, stream, places, rows)?;
        at = end;
    }
    Ok(())
}

fn read_answer(
    document: &Document<'_>,
    answer: &Node<'_>,
    stream: &str,
    places: &[usize],
    rows: &mut Rows,
) -> Result<(), (usize, String)> {
    let wrong = |node: &Node<'_>, reason: &str| Err((node.at, reason.to_owned()));
    match answer.text_of("status") {
        Some("success") => {}
        Some("error") => {
            let said = answer.text_of("error").unwrap_or("without a reason");
            return wrong(answer, &format!("the server refused: {}", excerpt(said)));
        }
        _ => return wrong(answer, "`status` is neither `success` nor `error`"),
    }
    rows.leave_out("warnings of the server", answer.items("warnings").len() as u64);
    let Some(data) = answer.get("data") else { return wrong(answer, "`data` is missing") };
    let Some(result) = data.get("result") else { return wrong(data, "`result` is missing") };
    let many = matches!(result.what, What::Array(_));
    match data.text_of("resultType") {
        Some("matrix" | "vector") if many => {
            for series in data.items("result") {
                read_series(document, series, stream, places, rows);
            }
            Ok(())
        }
        Some("scalar") => {
            let kept = point(result).map(|(ts, value)| (ts, value, "{}".to_owned()));
            match kept {
                Ok((ts, value, labels)) => {
                    let sample = kept_of(stream, value, &labels);
                    push(rows, places, document.line_of(result.at), ts, &sample);
                }
                Err(reason) => document.refuse(rows, result.at, "", reason),
            }
            Ok(())
        }
        Some(other) => wrong(data, &format!("`{}` holds no samples of metrics", excerpt(other))),
        None => wrong(data, "`resultType` is missing"),
    }
}

fn kept_of<'a>(name: &'a str, value: f64, labels: &str) -> Kept<'a> {
    Kept {
        name: name.into(),
        value,
        labels: labels.to_owned(),
        kind: None,
        unit: None,
        us: None,
        exemplar: false,
    }
}

fn read_series(
    document: &Document<'_>,
    series: &Node<'_>,
    stream: &str,
    places: &[usize],
    rows: &mut Rows,
) {
    let mut labels = Labels::new();
    let mut name = stream;
    let Some(metric) = series.get("metric") else {
        return document.refuse(rows, series.at, "metric", "is missing".to_owned());
    };
    for (key, value) in metric.pairs() {
        let Some(value) = value.text() else {
            let reason = format!("the label `{}` is no text", excerpt(key));
            return document.refuse(rows, series.at, "metric", reason);
        };
        if key == "__name__" {
            name = value;
        } else {
            labels.push((key.as_ref().into(), value.into()));
        }
    }
    let labels = labels_json(&labels);
    let one = series.get("value").into_iter();
    let native = series.items("histograms").len() + usize::from(series.get("histogram").is_some());
    rows.leave_out("samples of native histograms", native as u64);
    let mut kept = kept_of(name, 0.0, &labels);
    for sample in series.items("values").iter().chain(one) {
        match point(sample) {
            Ok((ts, value)) => {
                kept.value = value;
                push(rows, places, document.line_of(sample.at), ts, &kept);
            }
            Err(reason) => document.refuse(rows, sample.at, "values", reason),
        }
    }
}

/// `[seconds, "value"]`.
fn point(node: &Node<'_>) -> Result<(i64, f64), String> {
    let What::Array(pair) = &node.what else {
        return Err("is no pair of an instant and a value".to_owned());
    };
    let [at, value] = pair.as_slice() else {
        return Err("is no pair of an instant and a value".to_owned());
    };
    let seconds = match &at.what {
        What::Plain(super::json::Value::Text(_)) => None,
        _ => at.number(),
    };
    let seconds = seconds.ok_or("the instant is no number")?;
    // Beyond 10^13 seconds nothing is an instant, and what is below is exact to the microsecond
    // as far as a float is; Prometheus writes milliseconds.
    let us = if seconds.abs() < 1e13 { (seconds * 1e6).round() as i128 } else { i128::MAX };
    let value = value.text().ok_or("the value is no text")?;
    Ok((instant(us)?, real(value)?))
}
