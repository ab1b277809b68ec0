//! An indicator as PromQL over one slice.

use super::matchers::matchers;
use crate::model::{Aggregate, Indicator, Query, ThresholdOp};
use crate::units::SimDuration;

/// Bad and all events of one slice. Both give something whenever the metric is there.
pub(super) struct PerSlice {
    pub(super) bad: String,
    pub(super) total: String,
    /// Whether they are events, which guards can count.
    pub(super) events: bool,
}

/// `indicator` over the last `slice`.
///
/// # Errors
/// Why there is no such expression.
pub(super) fn per_slice(indicator: &Indicator, slice: SimDuration) -> Result<PerSlice, String> {
    match indicator {
        Indicator::Ratio { counter, part_is_bad, part, total } => {
            let (all, events) = grown(total, *counter, slice)?;
            let (some, _) = grown(part, *counter, slice)?;
            // Nothing failed yet is no missing data.
            let some = format!("({some} or {all} * 0)");
            let bad = if *part_is_bad { some } else { format!("{all} - {some}") };
            Ok(PerSlice { bad, total: all, events })
        }
        Indicator::Raw { failure, query } => {
            let ratio = match query.source == *"drill" {
                true => format!("avg(avg_over_time({}[{slice}]))", selector(query)?),
                false => foreign(query, slice)?,
            };
            let bad = if *failure { format!("({ratio})") } else { format!("1 - ({ratio})") };
            Ok(PerSlice { bad, total: format!("({ratio}) * 0 + 1"), events: false })
        }
        Indicator::Threshold { query, op, value } => threshold(query, *op, value, slice),
    }
}

fn threshold(
    query: &Query,
    op: ThresholdOp,
    value: &str,
    slice: SimDuration,
) -> Result<PerSlice, String> {
    let is_bucket = query.metric.as_ref().is_some_and(|metric| metric.ends_with("_bucket"));
    if is_bucket {
        let bucket = |le: &str| {
            let matcher = format!("le={}", super::yaml::quoted(le));
            Ok::<_, String>(format!("sum(increase({}[{slice}]))", with(query, Some(matcher))?))
        };
        let (all, below) = (bucket("+Inf")?, bucket(value)?);
        let bad = match op {
            ThresholdOp::Lte => format!("{all} - {below}"),
            ThresholdOp::Gt => below,
            _ => return Err("buckets hold what is at most their bound: write `lte` or `gt`".into()),
        };
        return Ok(PerSlice { bad, total: all, events: true });
    }
    let measured = match query.source == *"drill" {
        true => {
            let range = format!("{}[{slice}]", selector(query)?);
            match query.aggregate {
                Aggregate::Mean => format!("avg(avg_over_time({range}))"),
                Aggregate::Min => format!("min(min_over_time({range}))"),
                Aggregate::Max => format!("max(max_over_time({range}))"),
                Aggregate::Sum => format!("sum(sum_over_time({range}))"),
                Aggregate::Count => format!("sum(count_over_time({range}))"),
                Aggregate::Last => {
                    return Err("the last of several series is none that PromQL can name".into());
                }
            }
        }
        false => foreign(query, slice)?,
    };
    let beyond = match op {
        ThresholdOp::Lte => ">",
        ThresholdOp::Lt => ">=",
        ThresholdOp::Gte => "<",
        ThresholdOp::Gt => "<=",
    };
    let bad = format!("(({measured}) {beyond} bool {value})");
    Ok(PerSlice { bad, total: format!("({measured}) * 0 + 1"), events: false })
}

/// What a query counts in a slice, and whether these are events.
fn grown(query: &Query, counter: bool, slice: SimDuration) -> Result<(String, bool), String> {
    if query.source == *"drill" {
        if !counter {
            return Err(format!(
                "it counts rows of the stream `{}`, and Prometheus holds no rows",
                query.stream
            ));
        }
        return Ok((format!("sum(increase({}[{slice}]))", selector(query)?), true));
    }
    let text = written(query)?;
    if is_selector(text) {
        if !counter {
            return Err(format!("`{text}` is a plain selector; say `counter: true` if it counts"));
        }
        return Ok((format!("sum(increase({text}[{slice}]))"), true));
    }
    Ok((foreign(query, slice)?, false))
}

fn selector(query: &Query) -> Result<String, String> {
    with(query, None)
}

/// The series of one of drill's own queries.
fn with(query: &Query, matcher: Option<String>) -> Result<String, String> {
    let metric = query.metric.as_ref().ok_or("its query names no `metric`")?;
    if query.value.is_some() {
        return Err("its query measures an expression (`value`), not the sample itself".into());
    }
    let mut all = query.filter.as_deref().map_or(Ok(Vec::new()), matchers)?;
    all.extend(matcher);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if !metric.chars().all(plain) || metric.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`{metric}` is no name of a metric of Prometheus"));
    }
    let matchers = if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(", ")) };
    Ok(format!("{metric}{matchers}"))
}

/// The PromQL of a source of type Prometheus.
fn written(query: &Query) -> Result<&str, String> {
    if !query.source.eq_ignore_ascii_case("prometheus") {
        return Err(format!("its source is of type `{}`, not Prometheus", query.source));
    }
    let known = ["query", "promql", "expr"];
    let found = query.fields.iter().find(|(key, _)| known.contains(&key.as_str()));
    found.map(|(_, text)| text.trim()).ok_or_else(|| "its source has no `query`".to_owned())
}

/// A query in brackets, with the window in it that Sloth and Pyrra leave open. The closing one
/// has a line of its own where a comment could hide it.
fn foreign(query: &Query, slice: SimDuration) -> Result<String, String> {
    let mut rest = written(query)?;
    let mut text = String::new();
    let mut open = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("its query has `{{` without `}}`")?;
        if name.trim() != ".window" {
            return Err(format!("its query has the variable `{}`", name.trim()));
        }
        text += &format!("{before}{slice}");
        (rest, open) = (after, true);
    }
    if !open {
        return Err("its query fixes its own range; write `{{.window}}` for it".into());
    }
    text += rest;
    Ok(if text.contains('#') { format!("({text}\n)") } else { format!("({text})") })
}

/// Whether `text` is `name{matchers}` and nothing else.
fn is_selector(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let (name, matchers) = text.split_once('{').unwrap_or((text, "}"));
    let mut quote = None;
    let bare = matchers.strip_suffix('}').unwrap_or("(").chars().all(|c| {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None => return !matches!(c, '(' | ')' | '[' | '{' | '}'),
        }
        true
    });
    name.trim_end().chars().all(plain) && !text.is_empty() && bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_told_from_expressions() {
        for text in ["up", r#"a:b{c="}("}"#, r#"{job="x"}"#] {
            assert!(is_selector(text), "{text}");
        }
        for text in ["sum(a)", "a / b", "a[5m]", r#"a{b="c"}[5m]"#, "", "rate(a{b=\"c\"}"] {
            assert!(!is_selector(text), "{text}");
        }
    }
}
