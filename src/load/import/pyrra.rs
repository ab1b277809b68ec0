//! Pyrra objectives.

use super::imported::{Imported, ImportedMetric, label_of, labels, percent};
use super::promql::{Selector, selector};
use crate::load::decode::Fields;
use crate::load::node::Node;
use crate::model::{Name, TierPreset};
use crate::units::SimDuration;

/// The SLO of a ServiceLevelObjective.
pub(super) fn objective(document: &Fields<'_>) -> Option<Imported> {
    for key in ["apiVersion", "kind", "status"] {
        document.get(key);
    }
    let metadata = document.some_mapping("metadata", "metadata");
    let name = metadata.as_ref().and_then(|metadata| metadata.some_text("name"));
    let mut carried = Vec::new();
    let mut namespace = None;
    if let Some(metadata) = &metadata {
        carried = labels(metadata, "labels");
        carried.extend(labels(metadata, "annotations"));
        namespace = metadata.present("namespace").map(|node| metadata.written(node).to_owned());
        if namespace.is_none() {
            let message = "`metadata` has no `namespace`".to_owned();
            metadata.doubt("import::namespace", message, "namespace", "no `namespace`");
        }
        metadata.allow_any();
    }
    let spec = document.some_mapping("spec", "ServiceLevelObjective spec")?;
    spec.get("partial_response_strategy");
    let description = spec.present("description").and_then(|node| match &node.value {
        Node::String(text) if !text.trim().is_empty() => Some(Name::from(text.trim())),
        _ => None,
    });
    let target = spec.wanted("target").and_then(|node| percent(spec.cx, "target", node));
    if let Some((text, target)) = &target
        && target.num() * 100 < target.den()
    {
        let message = format!("`target` is {text} percent: a target is a percentage, not a ratio");
        spec.doubt("import::target", message, "target", "less than one percent");
    }
    let period = period(&spec);
    let metric = spec.some_mapping("indicator", "indicator").and_then(|fields| metric(&fields));
    let alerting = spec.mapping("alerting", "alerting");
    let alerts = alerting.is_none_or(|alerting| {
        for key in ["name", "absent", "absentName"] {
            alerting.get(key);
        }
        let disabled = alerting.flag_optional("disabled").unwrap_or(false);
        alerting.flag_optional("burnrates").unwrap_or(true) && !disabled
    });
    let (name, period, (percent, target)) = (name?, period?, target?);
    let tiers = if alerts { tiers(&spec, period)? } else { Vec::new() };
    Some(Imported {
        tool: "Pyrra",
        name: label_of(&name.value),
        service: namespace.map_or_else(|| name.value.clone(), Name::from),
        id: name.value,
        description,
        labels: carried,
        percent,
        target,
        period,
        metric: metric?,
        preset: alerts.then_some(TierPreset::Pyrra),
        tiers,
    })
}

fn tiers(spec: &Fields<'_>, period: SimDuration) -> Option<Vec<crate::model::Tier>> {
    let tiers = TierPreset::Pyrra.tiers(period);
    if tiers.is_none() {
        let message =
            format!("`window` is {period}: Pyrra's shortest window is then no minute long");
        let wrong = spec.cx.at("import::period", message, spec.span_of("window"), "too short");
        spec.cx.push(wrong.help(format!("its windows are for {}", TierPreset::Pyrra.periods())));
    }
    tiers
}

/// `window`, a Prometheus duration.
fn period(spec: &Fields<'_>) -> Option<SimDuration> {
    let text = spec.some_text("window")?;
    let period = duration(&text.value).filter(|period| *period > SimDuration::ZERO);
    let period = period.filter(|period| period.ms() % 60_000 == 0);
    if period.is_none() {
        let message = format!("`window` is `{}`, wanted whole minutes such as 4w", text.value);
        spec.cx.error("import::window", message, text.span, "not a window");
    }
    period
}

/// A Prometheus duration, units largest first: `1d12h`.
fn duration(text: &str) -> Option<SimDuration> {
    let units: [(&str, i64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let (mut rest, mut next, mut total) = (text, 0, 0_i64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let unit = units[next..].iter().position(|(unit, _)| *unit == &rest[..letters])?;
        next += unit + 1;
        total = total.checked_add(number.checked_mul(units[next - 1].1)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty() && total <= 36_600 * 86_400_000).then(|| SimDuration::from_ms(total))
}

fn metric(indicator: &Fields<'_>) -> Option<ImportedMetric> {
    let ratio = indicator.mapping("ratio", "ratio");
    let latency = indicator.mapping("latency", "latency");
    let native = indicator.mapping("latencyNative", "latencyNative");
    let gauge = indicator.mapping("bool_gauge", "bool_gauge");
    let each = [&ratio, &latency, &native, &gauge];
    for fields in each.into_iter().flatten() {
        fields.get("grouping");
    }
    let given = each.iter().filter(|fields| fields.is_some()).count();
    if given != 1 {
        let message =
            "an `indicator` is one of `ratio`, `latency`, `latencyNative` and `bool_gauge`";
        indicator.cx.error("import::indicator", message, indicator.span, "not one of them");
    }
    let metrics = if let Some(ratio) = &ratio {
        let (errors, total) = (part(ratio, "errors"), part(ratio, "total"));
        let (errors, total) = (errors?, total?);
        (true, true, vec![errors.0], vec![total.0])
    } else if let Some(latency) = &latency {
        let (success, total) = (part(latency, "success"), part(latency, "total"));
        let (success, total) = (success?, total?);
        bucket(latency, &success.1, &total.1)?;
        (true, false, vec![success.0], vec![total.0])
    } else if let Some(native) = &native {
        let (total, below) = (part(native, "total"), latency_below(native));
        let (total, below) = (total?.0, below?);
        (true, false, vec![total.clone(), ("latency".to_owned(), below)], vec![total])
    } else {
        let gauge = gauge.as_ref()?;
        let metric = selected(gauge)?.0.1;
        // The shares of good samples and of all samples, as Pyrra counts a gauge of 0 and 1.
        let query =
            |of: &str| ("query".to_owned(), format!("{of}_over_time({metric}[{{{{.window}}}}])"));
        (false, false, vec![query("sum")], vec![query("count")])
    };
    let (counter, part_is_bad, part, total) = metrics;
    (given == 1).then_some(ImportedMetric::Ratio { counter, part_is_bad, part, total })
}

/// `latency` of a native histogram.
fn latency_below(native: &Fields<'_>) -> Option<String> {
    let text = native.some_text("latency")?;
    if duration(&text.value).is_some() {
        return Some(text.value.to_string());
    }
    let message = format!("`latency` is `{}`, not a duration such as 200ms", text.value);
    native.cx.error("import::latency", message, text.span, "not a duration");
    None
}

type Query = ((String, String), Selector);

/// The metric in the mapping `key`.
fn part(fields: &Fields<'_>, key: &'static str) -> Option<Query> {
    selected(&fields.some_mapping(key, key)?)
}

/// `metric`, a plain selector.
fn selected(fields: &Fields<'_>) -> Option<Query> {
    let text = fields.some_text("metric")?;
    match selector(&text.value) {
        Ok(selector) => Some((("query".to_owned(), text.value.trim().to_owned()), selector)),
        Err(wrong) => {
            let message = format!("`metric` of `{}` {wrong}", fields.what);
            fields.cx.error("import::metric", message, text.span, "not a plain selector");
            None
        }
    }
}

/// What Pyrra asks of a histogram.
fn bucket(latency: &Fields<'_>, success: &Selector, total: &Selector) -> Option<()> {
    for (selector, key, ending) in [(success, "success", "_bucket"), (total, "total", "_count")] {
        if !selector.name.ends_with(ending) {
            let message =
                format!("`{}` is not named `...{ending}`, as histograms are", selector.name);
            latency.doubt("import::histogram", message, key, "an unusual name");
        }
    }
    let bound = success.matchers.iter().find(|(label, ..)| label == "le");
    if bound.is_some_and(|(_, _, value)| value.parse::<f64>().is_ok()) {
        return Some(());
    }
    let message =
        "`metric` of `success` has no `le` matcher with a number, so it has no bound".to_owned();
    latency.error("import::le", message, "success", "no `le`");
    None
}
