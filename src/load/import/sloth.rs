//! Sloth specs: `prometheus/v1` and the Kubernetes form.

use super::imported::{Imported, ImportedMetric, label_of, labels, percent};
use super::promql::balanced;
use super::source::Wanted;
use crate::load::decode::Fields;
use crate::load::node::{Node, Spanned};
use crate::model::{Name, Tier, TierPreset};
use crate::units::SimDuration;

/// The period of Sloth's budgets unless it is started with another one.
const PERIOD: SimDuration = SimDuration::from_hours(24 * 30);

/// How the two forms spell the same keys.
#[derive(Clone, Copy)]
struct Keys {
    error: &'static str,
    total: &'static str,
    ratio: &'static str,
    page: &'static str,
    ticket: &'static str,
    slo_plugins: &'static str,
}

const SPEC: Keys = Keys {
    error: "error_query",
    total: "total_query",
    ratio: "error_ratio_query",
    page: "page_alert",
    ticket: "ticket_alert",
    slo_plugins: "slo_plugins",
};

const KUBERNETES: Keys = Keys {
    error: "errorQuery",
    total: "totalQuery",
    ratio: "errorRatioQuery",
    page: "pageAlert",
    ticket: "ticketAlert",
    slo_plugins: "sloPlugins",
};

/// The SLOs of a document with `version: prometheus/v1`.
pub(super) fn spec(document: &Fields<'_>, wanted: Wanted) -> Vec<Imported> {
    document.get("version");
    slos(document, SPEC, wanted)
}

/// The SLOs of a document of kind PrometheusServiceLevel.
pub(super) fn kubernetes(document: &Fields<'_>, wanted: Wanted) -> Vec<Imported> {
    for key in ["apiVersion", "kind", "metadata", "status"] {
        document.get(key);
    }
    let spec = document.some_mapping("spec", "PrometheusServiceLevel spec");
    spec.map(|spec| slos(&spec, KUBERNETES, wanted)).unwrap_or_default()
}

fn slos(spec: &Fields<'_>, keys: Keys, wanted: Wanted) -> Vec<Imported> {
    let service = identifier(spec, "service");
    let common = labels(spec, "labels");
    plugins(spec, keys.slo_plugins);
    let nodes = spec.list("slos", "SLOs");
    if nodes.is_empty() {
        let message = "`slos`: at least one is needed";
        spec.cx.error("import::missing", message, spec.span_of("slos"), "no SLO");
    }
    let read = nodes.iter().filter_map(|node| {
        let slo = spec.cx.fields(node, "SLO")?;
        slo_of(&slo, service.as_ref(), &common, keys, wanted)
    });
    read.collect()
}

fn slo_of(
    slo: &Fields<'_>,
    service: Option<&Name>,
    common: &[(String, String)],
    keys: Keys,
    wanted: Wanted,
) -> Option<Imported> {
    let cx = slo.cx;
    let name = identifier(slo, "name");
    let description = slo.present("description").and_then(|node| match &node.value {
        Node::String(text) => Some(Name::from(text.trim())),
        _ => None,
    });
    let mut carried = common.to_vec();
    for (key, value) in labels(slo, "labels") {
        carried.retain(|(other, _)| *other != key);
        carried.push((key, value));
    }
    plugins(slo, "plugins");
    let target = slo.wanted("objective").and_then(|node| percent(cx, "objective", node));
    let metric = slo.some_mapping("sli", "SLI").and_then(|sli| metric(&sli, keys));
    let alerting = slo.mapping("alerting", "alerting");
    let switched_on = alerts(alerting.as_ref(), slo, keys);
    let period = wanted.period.unwrap_or(PERIOD);
    let Some(all) = TierPreset::Sloth.tiers(period) else {
        let message = format!("Sloth has no alert windows for a period of {period}");
        let wrong = cx.at("import::period", message, slo.span, "not for this period");
        cx.push(wrong.help(format!("its catalogues are for {}", TierPreset::Sloth.periods())));
        return None;
    };
    let tiers: Vec<Tier> =
        all.iter().filter(|tier| switched_on.contains(&tier.severity.as_str())).cloned().collect();
    let preset = (tiers == all).then_some(TierPreset::Sloth);
    let (service, name, (percent, target)) = (service?, name?, target?);
    let id = Name::from(format!("{service}-{name}"));
    Some(Imported {
        tool: "Sloth",
        name: label_of(&id),
        id,
        service: service.clone(),
        description: description.filter(|text| !text.is_empty()),
        labels: carried,
        percent,
        target,
        period,
        metric: metric?,
        preset,
        tiers,
    })
}

/// A name as Sloth checks it: two characters at least, letters and digits at the ends.
fn identifier(fields: &Fields<'_>, key: &'static str) -> Option<Name> {
    let text = fields.some_text(key)?;
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let name = &text.value;
    let wrong = if !name.bytes().all(inside) {
        "has other characters than letters, digits, `.`, `_` and `-`"
    } else if !ends(name.chars().next()) || !ends(name.chars().last()) {
        "does not begin and end with a letter or digit"
    } else if name.len() < 2 {
        "has one character, Sloth wants two at least"
    } else {
        return Some(text.value);
    };
    fields.cx.error("import::name", format!("`{key}` {wrong}"), text.span, "not a name");
    None
}

fn metric(sli: &Fields<'_>, keys: Keys) -> Option<ImportedMetric> {
    let (events, raw) = (sli.mapping("events", "events"), sli.mapping("raw", "raw"));
    let plugin = sli.present("plugin");
    if let Some(plugin) = plugin {
        let message = "this SLI comes from a plugin, whose code drill does not run";
        let wrong = sli.cx.at("import::plugin", message, plugin.span, "a plugin");
        sli.cx.push(wrong.help("write the plugin's queries as `events` or `raw`"));
    }
    let given = usize::from(events.is_some()) + usize::from(raw.is_some());
    if given + usize::from(plugin.is_some()) != 1 {
        let message = "an `sli` is one of `events`, `raw` and `plugin`";
        sli.cx.error("import::sli", message, sli.span, "not one of them");
        return None;
    }
    if let Some(events) = events {
        let (part, total) = (query(&events, keys.error), query(&events, keys.total));
        let (part, total) = (part?, total?);
        return Some(ImportedMetric::Ratio { counter: false, part_is_bad: true, part, total });
    }
    query(&raw?, keys.ratio).map(ImportedMetric::FailureRatio)
}

/// A query with Sloth's window in it.
fn query(fields: &Fields<'_>, key: &'static str) -> Option<Vec<(String, String)>> {
    let text = fields.some_text(key)?;
    let mut pieces = text.value.split("{{").skip(1);
    let window = pieces
        .any(|piece| piece.split_once("}}").is_some_and(|(name, _)| name.trim() == ".window"));
    if !window {
        let message = format!("`{key}` lacks the `{{{{ .window }}}}` variable");
        fields.cx.error("import::window", message, text.span, "no window");
        return None;
    }
    if let Err(wrong) = balanced(&text.value) {
        let message = format!("`{key}` {wrong}");
        fields.cx.error("import::query", message, text.span, "not PromQL");
        return None;
    }
    Some(vec![("query".to_owned(), text.value.trim().to_owned())])
}

/// The severities whose alerts are switched on.
fn alerts(alerting: Option<&Fields<'_>>, slo: &Fields<'_>, keys: Keys) -> Vec<&'static str> {
    let mut on = Vec::new();
    for (severity, key) in [("page", keys.page), ("ticket", keys.ticket)] {
        let alert = alerting.and_then(|alerting| alerting.mapping(key, "alert"));
        let disabled = alert.as_ref().and_then(|alert| alert.flag_optional("disable"));
        if let Some(alert) = &alert {
            texts(alert, "labels");
            texts(alert, "annotations");
        }
        if disabled != Some(true) {
            on.push(severity);
        }
    }
    let name = alerting.and_then(|alerting| {
        texts(alerting, "labels");
        texts(alerting, "annotations");
        alerting.present("name")
    });
    let named =
        matches!(name.map(|node| &node.value), Some(Node::String(text)) if !text.is_empty());
    if !on.is_empty() && !named {
        let span =
            name.map_or_else(|| alerting.map_or(slo.span, |fields| fields.span), |node| node.span);
        let message = "`name` of `alerting` is empty while an alert is enabled";
        slo.cx.error("import::alert-name", message, span, "no name");
    }
    on
}

/// Labels or annotations, none of whose values is empty.
fn texts(fields: &Fields<'_>, key: &'static str) {
    let Some(Node::Table(table)) = fields.present(key).map(|node| &node.value) else {
        return;
    };
    for (name, node) in &table.entries {
        if matches!(&node.value, Node::String(text) if text.is_empty()) || node.value == Node::Null
        {
            let message = format!("the value of `{}` in `{key}` is empty", name.value);
            fields.cx.error("import::empty", message, node.span, "empty");
        }
    }
}

/// Plugins that change the rules that Sloth writes. drill writes its own, so they say nothing
/// about the objective, but each must have an `id`.
fn plugins(fields: &Fields<'_>, key: &'static str) {
    let Some(plugins) = fields.mapping(key, "plugins") else {
        return;
    };
    plugins.flag_optional("overridePrevious");
    let chain: &[Spanned<Node>] = plugins.list("chain", "plugins");
    for node in chain {
        if let Some(plugin) = fields.cx.fields(node, "plugin") {
            plugin.some_text("id");
            plugin.allow_any();
        }
    }
}
