//! Alert policies, their conditions and whom they tell.

use super::annotations::bad;
use super::metadata::{Notes, meta};
use super::object::{Condition, Policy, RefOr};
use crate::load::decode::{Cx, Fields};
use crate::load::node::{Node, Spanned};
use crate::model::{Comparator, Name};
use crate::units::{BurnRate, SimDuration};

/// A comparison as OpenSLO writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpWord {
    Gt,
    Gte,
    Lt,
    Lte,
}

impl OpWord {
    pub(crate) const ALL: [Self; 4] = [Self::Gt, Self::Gte, Self::Lt, Self::Lte];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
        }
    }
}

/// The `spec` of an AlertNotificationTarget.
pub(crate) fn target_spec(object: &Fields<'_>) {
    if let Some(spec) = object.some_mapping("spec", "AlertNotificationTarget spec") {
        spec.description();
        spec.some_text("target");
    }
}

/// The `spec` of an AlertPolicy.
pub(crate) fn policy_spec(object: &Fields<'_>) -> Policy {
    let Some(spec) = object.some_mapping("spec", "AlertPolicy spec") else {
        return Policy::default();
    };
    spec.description();
    let when_no_data = spec.flag_optional("alertWhenNoData");
    spec.flag_optional("alertWhenResolved");
    let when_breaching = spec.flag_optional("alertWhenBreaching");
    let nodes = spec.list("conditions", "conditions");
    if nodes.len() != 1 {
        let given = if nodes.is_empty() {
            "none is given".into()
        } else {
            format!("{} are given", nodes.len())
        };
        let message = format!("`conditions`: exactly one condition is allowed, {given}");
        let one = spec.cx.at("openslo::conditions", message, spec.span_of("conditions"), "not one");
        spec.cx.push(one.help("a policy holds one condition: give each its own AlertPolicy"));
    }
    let conditions = nodes.iter().filter_map(|node| {
        let kind = Inlined { reference: "conditionRef", kind: "AlertCondition" };
        ref_or(spec.cx, node, kind, |fields| {
            let meta = meta(fields);
            condition_spec(fields, &meta.notes)
        })
    });
    let conditions = conditions.collect();
    let nodes = spec.list("notificationTargets", "notification targets");
    if nodes.is_empty() {
        let message = "`notificationTargets`: at least one target is needed";
        let span = spec.span_of("notificationTargets");
        spec.cx.error("openslo::targets", message, span, "nobody is told");
    }
    let mut targets = Vec::new();
    for node in nodes {
        let kind = Inlined { reference: "targetRef", kind: "AlertNotificationTarget" };
        let read = ref_or(spec.cx, node, kind, |fields| {
            meta(fields).notes.refuse_rest(fields.cx, "AlertNotificationTarget");
            target_spec(fields);
            Some(())
        });
        if let Some(RefOr::Ref(name)) = read {
            targets.push(name);
        }
    }
    Policy { when_breaching, when_no_data, conditions, targets }
}

/// How something may be given by name or in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inlined {
    /// The key of the name.
    pub(crate) reference: &'static str,
    /// The `kind` in place.
    pub(crate) kind: &'static str,
}

/// A reference, or an object in place with `kind`, `metadata` and `spec`.
pub(crate) fn ref_or<'a, T>(
    cx: &'a Cx<'a>,
    node: &'a Spanned<Node>,
    Inlined { reference, kind }: Inlined,
    read: impl FnOnce(&Fields<'a>) -> Option<T>,
) -> Option<RefOr<T>> {
    let fields = cx.fields(node, kind)?;
    let inlined = ["kind", "metadata", "spec"].map(|key| fields.present(key));
    match (fields.present(reference), inlined.iter().any(Option::is_some)) {
        (Some(name), false) => Some(RefOr::Ref(fields.label(reference, name)?)),
        (Some(name), true) => {
            let message = format!("`{reference}` and a definition in place exclude each other");
            cx.error("openslo::exclusive", message, name.span, "one too many");
            None
        }
        (None, true) => {
            let word = fields.wanted("kind")?;
            if word.value != Node::String(kind.to_owned()) {
                let message = format!("`kind` must be {kind} here");
                cx.error("openslo::kind", message, word.span, "not this kind");
            }
            read(&fields).map(RefOr::Inline)
        }
        (None, false) => {
            let message = format!("neither `{reference}` nor a definition of an {kind} in place");
            cx.error("openslo::missing", message, fields.span, "says nothing");
            None
        }
    }
}

/// The `spec` of an AlertCondition, with drill's annotations of it.
pub(crate) fn condition_spec(object: &Fields<'_>, notes: &Notes) -> Option<Condition> {
    let cx = object.cx;
    let short =
        notes.get("short-window").and_then(|value| note_duration(cx, "short-window", value));
    let keep = notes.get("keep").and_then(|value| note_duration(cx, "keep", value));
    let min_events = notes.get("min-events").and_then(|value| note_count(cx, "min-events", value));
    let min_failures =
        notes.get("min-failures").and_then(|value| note_count(cx, "min-failures", value));
    notes.refuse_rest(cx, "AlertCondition");
    let spec = object.some_mapping("spec", "AlertCondition spec")?;
    spec.description();
    let severity = spec.some_text("severity");
    let condition = spec.some_mapping("condition", "condition")?;
    if let Some(kind) = condition.wanted("kind")
        && kind.value != Node::String("burnrate".to_owned())
    {
        let message = "`kind` of a condition must be `burnrate`, there is no other";
        cx.error("openslo::condition-kind", message, kind.span, "not burnrate");
    }
    condition.wanted("op");
    let op = condition.one_of("op", &OpWord::ALL, OpWord::as_str);
    let threshold = condition.wanted("threshold").and_then(|node| threshold(&condition, node));
    condition.wanted("lookbackWindow");
    let lookback = condition.length_above_zero("lookbackWindow");
    let alert_after = condition.present("alertAfter");
    let alert_after = alert_after.and_then(|node| condition.length("alertAfter", node));
    let lookback = lookback?.nominal();
    if let Some(short) = short
        && (short <= SimDuration::ZERO || short >= lookback || short.ms() % 60_000 != 0)
    {
        let value = notes.get("short-window").map_or(object.span, |value| value.span);
        let why = format!("{short} is not whole minutes, above 0 and below {lookback}");
        bad(cx, "short-window", value, &why);
    }
    let (severity, op, threshold) = (severity?, op?, threshold?);
    let comparator = match op {
        OpWord::Gt => Some(Comparator::Above),
        OpWord::Gte => Some(Comparator::AtLeast),
        OpWord::Lt | OpWord::Lte => None,
    };
    Some(Condition {
        severity: severity.value,
        comparator,
        threshold,
        lookback,
        alert_after: alert_after.map_or(SimDuration::ZERO, |length| length.nominal()),
        short,
        keep: keep.unwrap_or(SimDuration::ZERO),
        min_events: min_events.unwrap_or(0),
        min_failures: min_failures.unwrap_or(0),
        span: condition.span,
    })
}

fn threshold(condition: &Fields<'_>, node: &Spanned<Node>) -> Option<BurnRate> {
    let text = condition.digits("threshold", node)?;
    let factor: Result<BurnRate, _> = text.parse();
    let wrong = match factor {
        Ok(factor) if factor.num() > 0 => return Some(factor),
        Ok(_) => "a burn rate of 0 is always reached".to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("`threshold`: {wrong}");
    condition.cx.error("openslo::threshold", message, node.span, "not a burn rate");
    None
}

fn note_duration(cx: &Cx<'_>, key: &str, value: &Spanned<Name>) -> Option<SimDuration> {
    match value.value.parse::<SimDuration>() {
        Ok(length) if length >= SimDuration::ZERO => return Some(length),
        Ok(_) => bad(cx, key, value.span, "a duration is not negative"),
        Err(error) => bad(cx, key, value.span, &error.to_string()),
    }
    None
}

fn note_count(cx: &Cx<'_>, key: &str, value: &Spanned<Name>) -> Option<u64> {
    let count = value.value.parse().ok();
    if count.is_none() {
        bad(cx, key, value.span, "wanted a whole number");
    }
    count
}
