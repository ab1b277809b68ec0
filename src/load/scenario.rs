//! Scenarios: faults, injects, failures, scripts, expectations, with parameters filled in.

use xxhash_rust::xxh3::Xxh3;

use super::decode::{Cx, Fields, Loaded};
use super::getters::NOT_NEGATIVE;
use super::node::{Node, Spanned};
use super::parameters;
use super::scenario_context::{
    self as context, AGENT, FAULT, INCIDENT, INJECT, ROLE, SERVICE, STEP,
};
use crate::diag::{Diagnostics, SourceText};
use crate::model::{
    ContentHash, Cue, Expectation, Fault, FaultEffect, FaultEnd, Inject, InjectKind, Mechanic,
    Mode, Name, Pack, Parameter, Scenario, Shape, SignalKind, StepFailure, System, When,
};
use crate::units::SimDuration;

/// Parts whose condition does not hold were left out before; of the others nothing is asked.
const CONDITION: &str = "if";
/// Most faults, injects, failures or cues of one scenario.
const MAX_PARTS: usize = 200;
/// Longest drill.
const MAX_ENDEX: SimDuration = SimDuration::from_hours(24 * 7);
/// A control run lasts at most as long as a quiet day.
const CONTROL_ENDEX: SimDuration = SimDuration::from_hours(24);

/// A scenario from its file's text with the parameters of `set` chosen, the others at their
/// first values. With `against`, targets, severities, steps and roles are looked up in the system
/// and the pack.
///
/// # Errors
/// All mistakes of the file, and parameters or values of `set` that the file does not offer.
pub fn scenario(
    source: &SourceText,
    set: &[(String, String)],
    against: Option<(&System, &Pack)>,
) -> Result<Loaded<Scenario>, Diagnostics> {
    scenario_among(source, set, against, None)
}

/// The same; with `incidents`, the published one of the same kind is looked up among them.
pub(crate) fn scenario_among(
    source: &SourceText,
    set: &[(String, String)],
    against: Option<(&System, &Pack)>,
    incidents: Option<&[Name]>,
) -> Result<Loaded<Scenario>, Diagnostics> {
    let (mut tree, syntax) = super::toml::parse(source);
    let broken = !syntax.is_empty();
    let cx = Cx::new(source, syntax);
    let parameters = parameters::choose(&cx, &tree, set, broken);
    parameters::fill_in(&cx, &mut tree, &parameters);
    context::declare(&cx, against);
    incidents.into_iter().flatten().for_each(|incident| cx.declare(INCIDENT, incident));
    let fields = cx.fields(&tree, "scenario");
    let value = fields.map(|fields| decode(&fields, parameters, against, incidents.is_some()));
    cx.finish(value)
}

/// The names of the system and the pack that the file asks for, whatever else is wrong with it.
pub(crate) fn needs(source: &SourceText, set: &[(String, String)]) -> (Option<Name>, Option<Name>) {
    let (mut tree, syntax) = super::toml::parse(source);
    let broken = !syntax.is_empty();
    let cx = Cx::new(source, syntax);
    let parameters = parameters::choose(&cx, &tree, set, broken);
    parameters::fill_in(&cx, &mut tree, &parameters);
    let named = |key: &str| match &tree.value {
        Node::Table(table) => match table.get(key).map(|(_, node)| &node.value) {
            Some(Node::String(name)) => Some(Name::from(name.as_str())),
            _ => None,
        },
        _ => None,
    };
    (named("system"), named("pack"))
}

fn decode(
    fields: &Fields<'_>,
    parameters: Vec<(Parameter, Name)>,
    against: Option<(&System, &Pack)>,
    among_incidents: bool,
) -> Scenario {
    fields.choice("schema", &["drill.scenario/1"]);
    // The parameters were read before they were filled in.
    fields.get("parameter");
    let endex = endex(fields);
    let checked = against.is_some();
    let faults = parts(fields, "fault", "fault");
    let injects = parts(fields, "inject", "inject");
    let failures = parts(fields, "failure", "failure");
    let script = parts(fields, "script", "cue");
    let mut scenario = Scenario {
        name: fields.name("name"),
        title: fields.text("title"),
        summary: fields.text("summary"),
        likeness: likeness(fields, among_incidents),
        shows: shows(fields),
        system: fields.name("system"),
        pack: fields.name("pack"),
        frequency: fields.choice("frequency", &["monthly", "quarterly", "any"]),
        mode: fields.word_optional("mode", Mode::ALL, Mode::as_str).unwrap_or(Mode::Evaluate),
        when: fields.word_optional("when", When::ALL, When::as_str).unwrap_or(When::Work),
        start: fields.instant("start"),
        endex,
        objectives: fields.texts("objectives"),
        faults: faults.iter().map(|table| fault(table, endex, checked)).collect(),
        injects: injects.iter().map(|table| inject(table, endex, checked)).collect(),
        failures: failures.iter().map(|table| failure(table, checked)).collect(),
        absent: absent(fields, checked),
        script: script.iter().map(|table| cue(table, endex, checked)).collect(),
        expect: expectation(fields, against.map(|(_, pack)| pack)),
        abort: fields.texts("abort"),
        hash: hash(&fields.cx.source.text, &parameters),
        parameters,
    };
    if scenario.script.windows(2).any(|pair| pair[0].at > pair[1].at) {
        let message = "the cues of a script must ascend in time".to_owned();
        fields.error("scenario::script-order", message, "script", "out of order");
    }
    if let Some((system, pack)) = against {
        context::check_choices(fields, &scenario, system, pack);
    }
    if parameters::is_control(&scenario.parameters) {
        withdraw(&mut scenario);
    }
    scenario
}

/// The mechanics that the scenario shows.
fn shows(fields: &Fields<'_>) -> Vec<Mechanic> {
    let Some(node) = fields.get("shows") else {
        return Vec::new();
    };
    let elements = fields.elements("shows", node, "words").iter();
    let word = |element| fields.word_node("a mechanic", element, Mechanic::ALL, Mechanic::as_str);
    elements.filter_map(word).collect()
}

/// The published incident of the same kind: a name, or parts of which parameters leave one.
fn likeness(fields: &Fields<'_>, checked: bool) -> Option<Name> {
    const KEY: &str = "likeness";
    let named = |fields: &Fields<'_>, key: &'static str| match checked {
        true => fields.refer_optional(key, &[INCIDENT]),
        false => fields.name_optional(key),
    };
    if matches!(fields.get(KEY)?.value, Node::String(_)) {
        return named(fields, KEY);
    }
    let parts = parts(fields, KEY, KEY);
    if parts.len() > 1 {
        let message = "a drill is like one published incident".to_owned();
        fields.error("scenario::two-likenesses", message, KEY, "which of them?");
    }
    let name = |part: &Fields<'_>| {
        part.get(CONDITION);
        named(part, "incident")
    };
    parts.iter().map(name).fold(None, Option::or)
}

/// A control run: nothing fails, no step is made to fail, and what states that something is
/// wrong is not said. Red herrings stay: they are what a control run is about.
fn withdraw(scenario: &mut Scenario) {
    scenario.faults.clear();
    scenario.failures.clear();
    scenario.script.clear();
    scenario.injects.retain(|inject| inject.kind == InjectKind::RedHerring);
    scenario.endex = scenario.endex.min(CONTROL_ENDEX);
    scenario.likeness = None;
    scenario.shows.clear();
    scenario.expect = Expectation {
        severity: None,
        playbook: None,
        first_actions: Vec::new(),
        required_steps: Vec::new(),
    };
}

fn hash(text: &str, parameters: &[(Parameter, Name)]) -> ContentHash {
    let mut hasher = Xxh3::new();
    hasher.update(text.as_bytes());
    for (parameter, value) in parameters {
        // No name or value has a zero byte in it.
        for part in ["\0", &parameter.name, "\0", value] {
            hasher.update(part.as_bytes());
        }
    }
    ContentHash(hasher.digest128())
}

fn endex(fields: &Fields<'_>) -> SimDuration {
    let endex = fields.duration_positive("endex");
    if endex > MAX_ENDEX {
        let message = format!("the drill lasts {endex}, at most {MAX_ENDEX} are allowed");
        fields.error("decode::out-of-range", message, "endex", "too long");
    }
    endex
}

fn parts<'a>(fields: &Fields<'a>, key: &'static str, what: &'static str) -> Vec<Fields<'a>> {
    let tables = fields.tables(key, what);
    if tables.len() > MAX_PARTS {
        let message = format!("{} of `{key}`, at most {MAX_PARTS} are allowed", tables.len());
        fields.error("scenario::too-many", message, key, "too many");
    }
    tables
}

fn offset(fields: &Fields<'_>, endex: SimDuration) -> SimDuration {
    let at = fields.duration("at");
    if at >= endex && endex.ms() > 0 {
        let message = format!("`at` is {at}, the drill ends at {endex}");
        fields.error("scenario::after-endex", message, "at", "after the end");
    }
    at
}

fn fault(fields: &Fields<'_>, endex: SimDuration, checked: bool) -> Fault {
    fields.get(CONDITION);
    let before = fields.cx.mistakes();
    let fault = Fault {
        name: fields.define("name", FAULT),
        at: offset(fields, endex),
        on: fields.reference("on"),
        effect: fields.word("effect", FaultEffect::ALL, FaultEffect::as_str),
        amount: fields.number_or("amount", NOT_NEGATIVE, 1.0),
        shape: fields.word_optional("shape", Shape::ALL, Shape::as_str).unwrap_or(Shape::Step),
        over: fields.duration_optional("over").unwrap_or(SimDuration::ZERO),
        end: fault_end(fields),
        root: fields.flag("root", true),
    };
    if fields.cx.mistakes() == before {
        context::check_fault(fields, &fault, checked);
    } else if checked && !fault.on.name.is_empty() {
        // What else is wrong with the fault must not hide that its target is unknown.
        context::refer(fields.cx, &fault.on, fields.span_of("on"));
    }
    fault
}

fn fault_end(fields: &Fields<'_>) -> FaultEnd {
    match fields.get("ends") {
        None => FaultEnd::Recovery,
        Some(Spanned { value: Node::String(word), .. }) if word == "recovery" => FaultEnd::Recovery,
        Some(node) => {
            let after = fields.duration_node("`ends` (not \"recovery\")", node);
            FaultEnd::After(after)
        }
    }
}

fn inject(fields: &Fields<'_>, endex: SimDuration, checked: bool) -> Inject {
    fields.get(CONDITION);
    let inject = Inject {
        name: fields.define("name", INJECT),
        at: offset(fields, endex),
        kind: fields.word("kind", InjectKind::ALL, InjectKind::as_str),
        about: fields.reference("about"),
        text: fields.text("text"),
        signal: fields.word_optional("signal", SignalKind::ALL, SignalKind::as_str),
    };
    if inject.signal.is_some() && inject.kind != InjectKind::Observation {
        let message = "only an observation states a condition".to_owned();
        fields.error("scenario::signal-of-no-observation", message, "signal", "not an observation");
    }
    if checked && !inject.about.name.is_empty() {
        context::refer(fields.cx, &inject.about, fields.span_of("about"));
    }
    inject
}

/// Roles that nobody fills.
fn absent(fields: &Fields<'_>, checked: bool) -> Vec<Name> {
    if fields.get("absent").is_none() {
        Vec::new()
    } else if checked {
        fields.refer_list("absent", &[ROLE])
    } else {
        fields.names("absent").into_iter().map(|(name, _)| name).collect()
    }
}

/// A step's name, looked up in the playbooks when the pack is known.
fn step_name(fields: &Fields<'_>, checked: bool) -> Name {
    if checked { fields.refer("step", &[STEP]) } else { fields.name("step") }
}

/// The target of a step made for each service or agent.
fn step_target(fields: &Fields<'_>, checked: bool) -> Option<Name> {
    if checked {
        fields.refer_optional("on", &[SERVICE, AGENT])
    } else {
        fields.name_optional("on")
    }
}

fn failure(fields: &Fields<'_>, checked: bool) -> StepFailure {
    fields.get(CONDITION);
    StepFailure {
        step: step_name(fields, checked),
        on: step_target(fields, checked),
        attempts: fields.count_optional("attempts", 1, 100).unwrap_or(1),
        text: fields.text("text"),
    }
}

fn cue(fields: &Fields<'_>, endex: SimDuration, checked: bool) -> Cue {
    let role = if checked { fields.refer("role", &[ROLE]) } else { fields.name("role") };
    Cue {
        at: offset(fields, endex),
        role,
        step: step_name(fields, checked),
        on: step_target(fields, checked),
    }
}

fn expectation(fields: &Fields<'_>, pack: Option<&Pack>) -> Expectation {
    let Some(expect) = fields.sub("expect", "expectation") else {
        return Expectation {
            severity: None,
            playbook: None,
            first_actions: Vec::new(),
            required_steps: Vec::new(),
        };
    };
    let severity = expect.name("severity");
    let severity = (severity != "none").then_some(severity);
    if let (Some(severity), true) = (&severity, pack.is_some()) {
        let span = expect.span_of("severity");
        expect.cx.refer(severity, span, &[context::SEVERITY]);
    }
    let playbook = match pack {
        Some(_) => expect.refer_optional("playbook", &[context::PLAYBOOK]),
        None => expect.name_optional("playbook"),
    };
    let chosen = playbook.as_ref().zip(pack).and_then(|(name, pack)| context::steps_of(name, pack));
    let steps = |key| match pack {
        Some(_) => expect.refer_list(key, &[chosen.unwrap_or(STEP)]),
        None => expect.names(key).into_iter().map(|(name, _)| name).collect(),
    };
    Expectation {
        severity,
        playbook,
        first_actions: steps("first_actions"),
        required_steps: steps("required_steps"),
    }
}
