//! The tables of a pack: severities, channels, levels, duties, measures, capabilities.

use std::collections::BTreeMap;

use super::decode::Fields;
use super::getters::Within;
use super::node::{Node, Spanned};
use super::pack::{CAPABILITY, CHANNEL, DUTY, LEVEL, MEASURE, MOMENT, SEVERITY};
use super::symbols::Space;
use crate::diag::Diagnostic;
use crate::model::{
    Audience, Capability, Channel, Delay, Duty, EscalationLevel, Field, Lengthening, Measure, Name,
    Severity, SignalKind, Target,
};

const FIELD: Space = Space::new("field", "pack::unknown-field");
/// How often drills are held that a capability can be limited to.
const FREQUENCIES: [&str; 2] = ["monthly", "quarterly"];
/// Highest escalation level.
const MAX_LEVEL: u32 = 20;

pub(crate) fn severity(fields: &Fields<'_>) -> Severity {
    let level = fields.define("level", SEVERITY);
    if level == "none" {
        let message = "`none` stands for no severity at all".to_owned();
        fields.error("decode::bad-name", message, "level", "not a level");
    }
    Severity {
        level,
        title: fields.text("title"),
        respond_within: fields.duration_optional("respond_within"),
        pages: fields.flag("pages", true),
    }
}

pub(crate) fn channel(fields: &Fields<'_>) -> Channel {
    let name = fields.define("name", CHANNEL);
    let fallback = fields.refer_list("fallback", &[CHANNEL]);
    if !name.is_empty() && fallback.contains(&name) {
        let message = format!("channel `{name}` is its own fallback");
        fields.error("pack::own-fallback", message, "fallback", "the channel itself");
    }
    Channel {
        name,
        address: fields.line("address"),
        title: fields.text_optional("title"),
        tool: fields.name("tool"),
        fallback,
        delay: fields.sub_optional("delay", "delay").map(|table| delay(&table)),
    }
}

fn delay(fields: &Fields<'_>) -> Delay {
    let (min, max) = (fields.duration("min"), fields.duration_positive("max"));
    if min > max {
        let message = format!("the delay is at least {} and at most {}", min.human(), max.human());
        fields.error("pack::delay", message, "min", "more than `max`");
    }
    Delay { min: min.min(max), max, assumed: fields.flag("assumed", false) }
}

/// The number of an escalation level, defined or referred to by `key`.
pub(crate) fn level_name(number: u32) -> Name {
    Name::from(number.to_string())
}

pub(crate) fn level(fields: &Fields<'_>) -> EscalationLevel {
    let level = fields.count("level", 1, MAX_LEVEL);
    fields.cx.define(LEVEL, &level_name(level), fields.span_of("level"));
    EscalationLevel {
        level,
        title: fields.text("title"),
        from: fields.name("from"),
        to: fields.names("to").into_iter().map(|(name, _)| name).collect(),
        channels: fields.refer_list("channels", &[CHANNEL]),
        human_only: fields.flag("human_only", false),
    }
}

/// A reference to an escalation level.
pub(crate) fn refer_level(fields: &Fields<'_>, key: &'static str) -> Option<u32> {
    let before = fields.cx.mistakes();
    let number = fields.count_optional(key, 1, MAX_LEVEL)?;
    if fields.cx.mistakes() == before {
        fields.cx.refer(&level_name(number), fields.span_of(key), &[LEVEL]);
    }
    Some(number)
}

pub(crate) fn duty(fields: &Fields<'_>, scope: usize) -> Duty {
    let audience = fields.word_optional("audience", Audience::ALL, Audience::as_str);
    let tables = fields.tables("fields", "field");
    let duty = Duty {
        id: fields.define("id", DUTY),
        title: fields.text("title"),
        from: fields.refer("from", &[MOMENT]),
        within: fields.duration_positive("within"),
        audience: audience.unwrap_or(Audience::Internal),
        fields: tables
            .iter()
            .map(|field| Field {
                id: field.define("id", FIELD.within(scope)),
                title: field.text("title"),
                may_be_preliminary: field.flag("may_be_preliminary", false),
            })
            .collect(),
        channels: channels_by_severity(fields),
    };
    if duty.channels.is_empty() && fields.table.get("channels").is_some() {
        let message = format!("duty `{}` applies to no severity", duty.id);
        fields.error("decode::empty", message, "channels", "nothing here");
    }
    duty
}

fn channels_by_severity(fields: &Fields<'_>) -> BTreeMap<Name, Vec<Name>> {
    let mut channels = BTreeMap::new();
    let Some(node) = fields.need("channels") else {
        return channels;
    };
    let Node::Table(table) = &node.value else {
        fields.cx.wrong_type("`channels`", node, "a table of channels by severity");
        return channels;
    };
    for (key, value) in &table.entries {
        let level = Name::from(key.value.as_str());
        fields.cx.refer(&level, key.span, &[SEVERITY]);
        let mut names = Vec::new();
        for element in fields.elements("channels", value, "channels") {
            if let Some(name) = fields.string("a channel", element, "a channel's name") {
                fields.cx.refer(&Name::from(name), element.span, &[CHANNEL]);
                names.push(Name::from(name));
            }
        }
        channels.insert(level, names);
    }
    channels
}

/// A measure's end: a milestone, `first_action`, `duty:ID`, `step:ID` or `signal:WORD`. Duties and steps are
/// known as moments by their whole text.
pub(crate) fn measure(fields: &Fields<'_>) -> Measure {
    let end = |key| {
        let name = fields.name(key);
        fields.cx.refer(&name, fields.span_of(key), &[moment_space(&name)]);
        name
    };
    let cadence = fields.flag("cadence", false);
    Measure {
        name: fields.define("name", MEASURE),
        title: fields.text("title"),
        from: end("from"),
        to: end("to"),
        targets: targets(fields),
        cadence,
        lengthens: lengthens(fields, cadence),
    }
}

/// How the gap between updates may grow: later and longer from one to the next.
fn lengthens(fields: &Fields<'_>, cadence: bool) -> Vec<Lengthening> {
    const KEY: &str = "lengthens";
    if fields.get(KEY).is_none() {
        return Vec::new();
    }
    if !cadence {
        let message = "only the gap between updates can lengthen".to_owned();
        fields.error("pack::lengthens-no-cadence", message, KEY, "`cadence` is not set");
    }
    let longer = |part: &Fields<'_>| Lengthening {
        after: part.duration_positive("after"),
        within: part.duration_positive("within"),
    };
    let all: Vec<Lengthening> = fields.tables(KEY, "lengthening").iter().map(longer).collect();
    if all.windows(2).any(|pair| pair[1].after <= pair[0].after || pair[1].within < pair[0].within)
    {
        let message =
            "each lengthening must begin later and be longer than the one before".to_owned();
        fields.error("pack::lengthens-order", message, KEY, "out of order");
    }
    all
}

/// `step:ID` names a rung, or a step of any playbook.
pub(crate) const STEP_MOMENT: Space = Space::new("rung or step", "pack::unknown-step");
const SIGNAL_MOMENT: Space = Space::new("signal that states a span", "pack::unknown-signal");
const DUTY_MOMENT: Space = Space::new("report duty", "pack::unknown-duty");

fn moment_space(end: &Name) -> Space {
    if end.starts_with("duty:") {
        DUTY_MOMENT
    } else if end.starts_with("step:") {
        STEP_MOMENT
    } else if end.starts_with("signal:") {
        SIGNAL_MOMENT
    } else {
        MOMENT
    }
}

/// Makes the signals known that a measure can end in: what they state is its value.
pub(crate) fn declare_signals(cx: &super::decode::Cx<'_>) {
    for signal in [SignalKind::DataLossMs, SignalKind::RestoreMs] {
        cx.declare(SIGNAL_MOMENT, &Name::from(format!("signal:{}", signal.as_str())));
    }
}

/// Makes `duty:ID` known as the end of a measure.
pub(crate) fn declare_duties(fields: &Fields<'_>, duties: &[Duty]) {
    for duty in duties {
        let name = if duty.id.is_empty() { String::new() } else { format!("duty:{}", duty.id) };
        fields.cx.declare(DUTY_MOMENT, &Name::from(name));
    }
}

fn targets(fields: &Fields<'_>) -> BTreeMap<Name, Target> {
    let mut targets = BTreeMap::new();
    let Some(node) = fields.get("targets") else {
        return targets;
    };
    let Node::Table(table) = &node.value else {
        fields.cx.wrong_type("`targets`", node, "a table of targets by severity");
        return targets;
    };
    for (key, value) in &table.entries {
        let level = Name::from(key.value.as_str());
        fields.cx.refer(&level, key.span, &[SEVERITY]);
        if let Some(target) = target(fields, value) {
            targets.insert(level, target);
        }
    }
    targets
}

fn target<'a>(fields: &Fields<'a>, node: &'a Spanned<Node>) -> Option<Target> {
    if let Node::Table(_) = node.value {
        let table = fields.cx.fields(node, "target")?;
        return Some(Target {
            within: table.duration_positive("within"),
            assumed: table.flag("assumed", false),
        });
    }
    Some(Target { within: fields.duration_node("a target", node), assumed: false })
}

pub(crate) fn capability(fields: &Fields<'_>) -> Capability {
    let weight = Within { from: 0.0, to: 100.0, words: "a number from 0 to 100" };
    let measures = fields.names("measures");
    for (name, span) in &measures {
        // The sequence check is a critical task without a measure.
        if name != "adherence" {
            fields.cx.refer(name, *span, &[MEASURE]);
        }
    }
    if measures.is_empty() && fields.table.get("measures").is_some() {
        fields.error("decode::empty", "no measure".to_owned(), "measures", "nothing here");
    }
    if fields.table.get("measures").is_none() {
        fields.missing("measures");
    }
    Capability {
        name: fields.define("name", CAPABILITY),
        title: fields.text("title"),
        weight: fields.number("weight", weight),
        measures: measures.into_iter().map(|(name, _)| name).collect(),
        frequency: fields.choice_optional("frequency", &FREQUENCIES),
    }
}

/// The weights of the capabilities that a drill of each frequency has should sum to 100.
pub(crate) fn warn_of_weights(fields: &Fields<'_>, capabilities: &[Capability]) {
    if capabilities.is_empty() {
        return;
    }
    let special = capabilities.iter().any(|capability| capability.frequency.is_some());
    let frequencies = if special { &FREQUENCIES[..] } else { &FREQUENCIES[..1] };
    for frequency in frequencies {
        let counted = |c: &&Capability| c.frequency.as_ref().is_none_or(|f| f == frequency);
        let sum: f64 = capabilities.iter().filter(counted).map(|c| c.weight).sum();
        if (sum - 100.0).abs() > 1e-6 {
            let of = if special { format!(" of {frequency} drills") } else { String::new() };
            let message = format!("the weights of the capabilities{of} sum to {sum}, not 100");
            let warning = Diagnostic::warning("pack::weights", message);
            let span = fields.span_of("capability");
            fields.cx.push(warning.at(fields.cx.source, span, "should sum to 100"));
        }
    }
}
