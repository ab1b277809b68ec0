//! The `spec` of an SLO.

use chrono::NaiveDateTime;

use super::alert::{Inlined, OpWord, policy_spec, ref_or};
use super::annotations::slo_notes;
use super::fields::{Length, LengthUnit};
use super::indicator::sli_spec;
use super::metadata::{Notes, meta};
use super::object::{Goal, MethodWord, Metric, RefOr, SloSpecification};
use crate::load::decode::Fields;
use crate::load::node::{Node, Spanned};
use crate::model::{Calendar, CalendarUnit, Name, Period, ThresholdOp};
use crate::units::{Objective, SimDuration, Zone};

/// The period of an SLO that names none.
const DEFAULT_PERIOD: SimDuration = SimDuration::from_hours(24 * 30);
/// Most objectives, and most alert policies, of one SLO.
const MAX_PARTS: usize = 200;
/// How `startTime` is written.
const START: &str = "%Y-%m-%d %H:%M:%S";

/// The `spec` of an SLO, with drill's annotations of it.
pub(crate) fn slo_spec(object: &Fields<'_>, notes: &Notes) -> Option<SloSpecification> {
    let notes = slo_notes(object.cx, notes);
    let spec = object.some_mapping("spec", "SLO spec")?;
    let description = spec.description();
    let service = spec.some_text("service");
    let indicator = indicator(&spec);
    let period = period(&spec);
    spec.wanted("budgetingMethod");
    let method = spec.one_of("budgetingMethod", &MethodWord::ALL, MethodWord::as_str);
    let goals = goals(&spec, method, indicator.as_ref());
    let policies = spec.list("alertPolicies", "alert policies");
    refuse_many(&spec, "alertPolicies", policies.len());
    let policies = policies.iter().filter_map(|node| {
        let kind = Inlined { reference: "alertPolicyRef", kind: "AlertPolicy" };
        ref_or(spec.cx, node, kind, |fields| {
            meta(fields).notes.refuse_rest(fields.cx, "AlertPolicy");
            Some(policy_spec(fields))
        })
    });
    let policies = policies.collect();
    Some(SloSpecification {
        service: service?,
        description,
        indicator,
        period: period?,
        method: method?,
        goals,
        policies,
        notes,
    })
}

fn refuse_many(spec: &Fields<'_>, key: &str, count: usize) {
    if count > MAX_PARTS {
        let message = format!("`{key}` has {count} entries, at most {MAX_PARTS} are allowed");
        spec.error("openslo::too-long", message, key, "too many");
    }
}

/// `indicator` or `indicatorRef` of an SLO or of an objective; neither is no mistake here.
fn indicator(fields: &Fields<'_>) -> Option<RefOr<Metric>> {
    let reference = fields.present("indicatorRef");
    let inline = fields.present("indicator");
    if let (Some(reference), Some(_)) = (reference, inline) {
        let message = "`indicator` and `indicatorRef` exclude each other";
        fields.cx.error("openslo::exclusive", message, reference.span, "one too many");
        return None;
    }
    if let Some(node) = reference {
        return fields.label("indicatorRef", node).map(RefOr::Ref);
    }
    let inline = fields.cx.fields(inline?, "indicator")?;
    meta(&inline).notes.refuse_rest(fields.cx, "SLI");
    sli_spec(&inline).map(RefOr::Inline)
}

/// `timeWindow`, a list of one.
fn period(spec: &Fields<'_>) -> Option<Period> {
    let Some(node) = spec.present("timeWindow") else {
        let message = "no `timeWindow`: the last 30 days are taken".to_owned();
        let doubtful = crate::diag::Diagnostic::warning("openslo::no-time-window", message);
        let doubtful = doubtful.at(spec.cx.source, spec.span, "no `timeWindow`");
        spec.cx.push(doubtful.help("write `timeWindow: [{duration: 30d, isRolling: true}]`"));
        return Some(Period::Rolling(DEFAULT_PERIOD));
    };
    let [window] = spec.elements("timeWindow", node, "one time window") else {
        if let Node::Array(windows) = &node.value {
            let message =
                format!("`timeWindow`: exactly one is wanted, {} are given", windows.len());
            spec.cx.error("openslo::time-window", message, node.span, "not one");
        }
        return None;
    };
    let fields = spec.cx.fields(window, "timeWindow")?;
    fields.wanted("duration");
    let duration = fields.length_above_zero("duration");
    let rolling = fields.flag_optional("isRolling");
    let calendar = fields.present("calendar");
    let calendar = calendar.map(|node| {
        let calendar = fields.cx.fields(node, "calendar")?;
        let start = calendar.wanted("startTime").and_then(|node| start_time(&calendar, node));
        let zone = calendar.parse::<Zone>("timeZone", "an IANA time zone such as Asia/Tokyo");
        Some((start?, zone?))
    });
    match (rolling, calendar) {
        (Some(true), None) => Some(Period::Rolling(duration?.nominal())),
        (Some(true), Some(_)) => {
            let message = "a rolling `timeWindow` has no `calendar`".to_owned();
            fields.error("openslo::exclusive", message, "calendar", "one too many");
            None
        }
        (_, Some(calendar)) => calendar_period(&fields, duration?, calendar?),
        (_, None) => {
            let message = "this `timeWindow` is neither rolling nor on a `calendar`".to_owned();
            let wrong = fields.cx.at("openslo::time-window", message, fields.span, "no kind");
            fields.cx.push(wrong.help(
                "write `isRolling: true`, or `calendar` with its `startTime` and `timeZone`",
            ));
            None
        }
    }
}

fn start_time<'a>(calendar: &Fields<'a>, node: &'a Spanned<Node>) -> Option<NaiveDateTime> {
    let text = calendar.string("`startTime`", node, "a local time such as 2022-01-01 12:00:00")?;
    let start = NaiveDateTime::parse_from_str(text, START).ok();
    // Later instants, and those before any zone had a rule, are mistakes of typing.
    let start = start.filter(|start| (1970..=2200).contains(&chrono::Datelike::year(start)));
    if start.is_none() {
        let message = format!("`startTime` is `{text}`, wanted a local time of 1970 to 2200");
        let wrong = calendar.cx.at("openslo::start-time", message, node.span, "not a local time");
        calendar.cx.push(wrong.help("write it as 2022-01-01 12:00:00; its zone is `timeZone`"));
    }
    start
}

fn calendar_period(
    window: &Fields<'_>,
    duration: Length,
    (start, zone): (NaiveDateTime, Zone),
) -> Option<Period> {
    let LengthUnit::Calendar(unit) = duration.unit else {
        let minutes = duration.unit == LengthUnit::Minute;
        let (word, other) = if minutes { ("minutes", "M") } else { ("hours", "d") };
        let message = format!("a calendar period is not counted in {word}");
        let span = window.span_of("duration");
        let wrong = window.cx.at("openslo::calendar-unit", message, span, "no calendar unit");
        let month = if minutes { " (`m` is a minute, `M` a month)" } else { "" };
        window.cx.push(wrong.help(format!("write d, w, M, Q or Y, such as 1{other}{month}")));
        return None;
    };
    let longest = match unit {
        CalendarUnit::Day => 3660,
        CalendarUnit::Week => 520,
        CalendarUnit::Month => 120,
        CalendarUnit::Quarter => 40,
        CalendarUnit::Year => 10,
    };
    if duration.count > longest {
        let message = "`duration` of a calendar period is at most ten years".to_owned();
        window.error("openslo::duration", message, "duration", "too long");
        return None;
    }
    Some(Period::Calendar(Calendar { unit, count: duration.count, start, zone }))
}

fn goals(
    spec: &Fields<'_>,
    method: Option<MethodWord>,
    shared: Option<&RefOr<Metric>>,
) -> Vec<Goal> {
    let nodes = spec.list("objectives", "objectives");
    if nodes.is_empty() {
        let message = "`objectives`: at least one is needed";
        let span = spec.span_of("objectives");
        spec.cx.error("openslo::objectives", message, span, "no objective");
    }
    refuse_many(spec, "objectives", nodes.len());
    let shared_given = spec.present("indicator").or(spec.present("indicatorRef")).is_some();
    let mut without = 0;
    let mut goals = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(fields) = spec.cx.fields(node, "objective") else {
            continue;
        };
        let own_given = fields.present("indicator").or(fields.present("indicatorRef")).is_some();
        without += usize::from(!own_given);
        if own_given && shared_given {
            let message = "the indicator is given in `spec` and in an objective";
            fields.cx.error("openslo::exclusive", message, fields.span, "one too many");
        }
        goals.extend(goal(&fields, method, shared));
    }
    if !shared_given && (without > 0 || nodes.is_empty()) {
        let message = "one of `indicator` and `indicatorRef` is needed, here or in each objective";
        spec.cx.error("openslo::missing", message, spec.span, "no indicator");
    }
    goals
}

const fn threshold_op(op: OpWord) -> ThresholdOp {
    match op {
        OpWord::Gt => ThresholdOp::Gt,
        OpWord::Gte => ThresholdOp::Gte,
        OpWord::Lt => ThresholdOp::Lt,
        OpWord::Lte => ThresholdOp::Lte,
    }
}

fn goal(
    fields: &Fields<'_>,
    method: Option<MethodWord>,
    shared: Option<&RefOr<Metric>>,
) -> Option<Goal> {
    let display = fields.display_name();
    let op = fields.one_of("op", &OpWord::ALL, OpWord::as_str).map(threshold_op);
    let value = fields.present("value");
    let value = value.and_then(|node| fields.digits("value", node)).map(Name::from);
    let target = target(fields);
    let slice_target = fields.present("timeSliceTarget");
    let slice_target = slice_target.and_then(|node| slice_target_of(fields, node));
    let slice_window = fields.length_above_zero("timeSliceWindow");
    let weight = fields.present("compositeWeight").and_then(|node| weight(fields, node));
    let indicator = indicator(fields);
    let inlined = match indicator.as_ref().or(shared) {
        Some(RefOr::Inline(metric)) => Some(metric),
        _ => None,
    };
    match inlined {
        Some(Metric::Threshold { .. }) => {
            fields.wanted("op");
            fields.wanted("value");
        }
        Some(_) => {
            for key in ["op", "value"] {
                if fields.present(key).is_some() {
                    let message = format!("`{key}` means nothing with a ratio metric");
                    fields.doubt("openslo::unused", message, key, "not used");
                }
            }
        }
        None => {}
    }
    if method == Some(MethodWord::Timeslices) {
        fields.wanted("timeSliceTarget");
    }
    if matches!(method, Some(MethodWord::Timeslices | MethodWord::RatioTimeslices)) {
        fields.wanted("timeSliceWindow");
    }
    let span = fields.span;
    Some(Goal {
        display,
        op,
        value,
        target: target?,
        slice_target,
        slice_window,
        weight,
        indicator,
        span,
    })
}

/// `target` or `targetPercent`.
fn target(fields: &Fields<'_>) -> Option<Objective> {
    let (ratio, percent) = (fields.present("target"), fields.present("targetPercent"));
    let (key, node, range) = match (ratio, percent) {
        (Some(ratio), None) => ("target", ratio, "[0, 1)"),
        (None, Some(percent)) => ("targetPercent", percent, "[0, 100)"),
        (Some(_), Some(percent)) => {
            let message = "`target` and `targetPercent` exclude each other";
            fields.cx.error("openslo::exclusive", message, percent.span, "one too many");
            return None;
        }
        (None, None) => {
            fields.missing("target");
            return None;
        }
    };
    let text = fields.digits(key, node)?;
    let parsed = match key {
        "target" => text.parse::<Objective>(),
        _ => Objective::from_percent(text),
    };
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-' | b'+'));
    let wrong = match parsed {
        Ok(target) if target.budget().0 > 0 => return Some(target),
        Err(error @ crate::units::RatioError::TooPrecise(_)) => format!("`{key}`: {error}"),
        _ if zero => format!("`{key}` is {text}, which nothing can miss"),
        _ => format!("`{key}` is {text}, outside {range}"),
    };
    let bad = fields.cx.at("openslo::target", wrong, node.span, "not a target");
    let help = match text.parse::<Objective>() {
        Ok(_) if key == "target" => "a target of 1 leaves no budget: OpenSLO has targets below 1",
        _ => {
            "write a ratio such as `target: 0.999`, or `targetPercent: 99.9`, of at most 9 \
             decimal places"
        }
    };
    fields.cx.push(bad.help(help));
    None
}

fn slice_target_of(fields: &Fields<'_>, node: &Spanned<Node>) -> Option<Objective> {
    let text = fields.digits("timeSliceTarget", node)?;
    text.parse().map_or_else(
        |error| {
            let message = match error {
                crate::units::RatioError::TooPrecise(_) => format!("`timeSliceTarget`: {error}"),
                _ => format!("`timeSliceTarget` is {text}, outside (0, 1]"),
            };
            fields.cx.error("openslo::target", message, node.span, "not a ratio");
            None
        },
        Some,
    )
}

fn weight(fields: &Fields<'_>, node: &Spanned<Node>) -> Option<f64> {
    let text = fields.digits("compositeWeight", node)?;
    let weight: Option<f64> = text.parse().ok();
    if let Some(weight) = weight.filter(|weight| *weight > 0.0 && weight.is_finite()) {
        return Some(weight);
    }
    let message = format!("`compositeWeight` is {text}, it must be above 0");
    fields.cx.error("openslo::weight", message, node.span, "not above 0");
    None
}
