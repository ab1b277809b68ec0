//! What a scenario says about its system and its pack.

use super::decode::{Cx, Fields};
use super::symbols::Space;
use super::system;
use crate::diag::{Diagnostic, Span};
use crate::model::{EntityKind, Fault, FaultEffect, Name, Pack, Ref, Scenario, Shape, System};

pub(crate) const FAULT: Space = Space::new("fault", "scenario::unknown-fault");
pub(crate) const INJECT: Space = Space::new("inject", "scenario::unknown-inject");
pub(crate) const STEP: Space = Space::new("step of a playbook", "scenario::unknown-step");
const OWN_STEP: Space = Space::new("step of this playbook", "scenario::unknown-step");
pub(crate) const PLAYBOOK: Space = Space::new("playbook", "scenario::unknown-playbook");
pub(crate) const SEVERITY: Space = Space::new("severity", "scenario::unknown-severity");
pub(crate) const SERVICE: Space = system::SERVICE.with_code("scenario::unknown-service");
pub(crate) const AGENT: Space = system::AGENT.with_code("scenario::unknown-agent");
pub(crate) const ROLE: Space = system::ROLE.with_code("scenario::unknown-role");
const STORE: Space = system::STORE.with_code("scenario::unknown-store");
const TOOL: Space = system::TOOL.with_code("scenario::unknown-tool");
pub(crate) const INCIDENT: Space = Space::new("incident", "scenario::unknown-incident");
const SYSTEM: Space = Space::new("system", "scenario::unknown-system");
const ALERT: Space = Space::new("alert", "scenario::unknown-alert");

/// The space of the names of a kind of entity.
const fn space(kind: EntityKind) -> Space {
    match kind {
        EntityKind::Service => SERVICE,
        EntityKind::Store => STORE,
        EntityKind::Agent => AGENT,
        EntityKind::Tool => TOOL,
        EntityKind::Role => ROLE,
        EntityKind::System => SYSTEM,
        EntityKind::Alert => ALERT,
    }
}

/// Makes the names of the system and the pack known.
pub(crate) fn declare(cx: &Cx<'_>, against: Option<(&System, &Pack)>) {
    let Some((system, pack)) = against else {
        return;
    };
    system.services.iter().for_each(|service| cx.declare(SERVICE, &service.name));
    system.stores.iter().for_each(|store| cx.declare(STORE, &store.name));
    system.agents.iter().for_each(|agent| cx.declare(AGENT, &agent.name));
    system.tools.iter().for_each(|tool| cx.declare(TOOL, &tool.name));
    system.roles.iter().for_each(|role| cx.declare(ROLE, &role.name));
    cx.declare(SYSTEM, &system.name);
    for slo in system.slos.iter().map(|slo| &slo.spec) {
        for tier in &slo.tiers {
            cx.declare(ALERT, &Name::from(format!("{}/{}", slo.name, tier.name())));
        }
    }
    pack.severities.iter().for_each(|severity| cx.declare(SEVERITY, &severity.level));
    pack.playbooks.iter().for_each(|playbook| cx.declare(PLAYBOOK, &playbook.id));
    for playbook in &pack.playbooks {
        let own = steps_of(&playbook.id, pack);
        for step in &playbook.steps {
            cx.declare(STEP, &step.id);
            own.into_iter().for_each(|space| cx.declare(space, &step.id));
        }
    }
}

/// The space of the steps of one playbook; none when the pack has no such playbook.
pub(crate) fn steps_of(playbook: &Name, pack: &Pack) -> Option<Space> {
    let index = pack.playbooks.iter().position(|known| known.id == *playbook)?;
    Some(OWN_STEP.within(1 + index))
}

/// Notes that the target must exist.
pub(crate) fn refer(cx: &Cx<'_>, target: &Ref, span: Span) {
    cx.refer(&target.name, span, &[space(target.kind)]);
}

/// The kinds of entity that an effect can hit.
fn kinds(effect: FaultEffect) -> &'static [EntityKind] {
    use EntityKind::{Agent, Service, Store, Tool};
    match effect {
        FaultEffect::Down => &[Service, Store, Tool],
        FaultEffect::Errors | FaultEffect::Slow | FaultEffect::Capacity => &[Service, Store],
        FaultEffect::Traffic => &[Service],
        FaultEffect::DataDamage | FaultEffect::Breach => &[Service, Store],
        FaultEffect::DataLoss => &[Store],
        FaultEffect::Silent
        | FaultEffect::ErrorLoop
        | FaultEffect::SlowBurn
        | FaultEffect::QualityDrop => &[Agent],
    }
}

/// The range of a fault's amount: shares for what is a share, ratios for what is a ratio.
fn amounts(effect: FaultEffect) -> (f64, f64) {
    match effect {
        FaultEffect::Errors | FaultEffect::Capacity | FaultEffect::DataLoss => (0.0, 1.0),
        FaultEffect::Slow | FaultEffect::SlowBurn | FaultEffect::QualityDrop => (1.0, 10_000.0),
        FaultEffect::Traffic => (0.0, 10_000.0),
        _ => (0.0, f64::MAX),
    }
}

/// A fault's effect fits its target, its amount and its shape.
pub(crate) fn check_fault(fields: &Fields<'_>, fault: &Fault, checked: bool) {
    let word = fault.effect.as_str();
    let wanted = kinds(fault.effect);
    if !wanted.contains(&fault.on.kind) {
        let words: Vec<&str> = wanted.iter().map(|kind| kind.as_str()).collect();
        let message = format!("`{word}` cannot hit `{}`", fault.on);
        let span = fields.span_of("on");
        let wrong = fields.cx.at("scenario::wrong-target", message, span, "wrong kind of target");
        fields.cx.push(wrong.help(format!("`{word}` hits: {}", words.join(", "))));
    } else if checked {
        refer(fields.cx, &fault.on, fields.span_of("on"));
    }
    let (from, to) = amounts(fault.effect);
    if !(from..=to).contains(&fault.amount) {
        let message = format!("the amount of `{word}` is {}, wanted {from} to {to}", fault.amount);
        fields.error("decode::out-of-range", message, "amount", "out of range");
    }
    match (fault.shape, fault.over.ms()) {
        (Shape::Step, 1..) => {
            let message = "a step takes no time, `over` has no effect".to_owned();
            let warning = Diagnostic::warning("scenario::useless-over", message);
            let span = fields.span_of("over");
            fields.cx.push(warning.at(fields.cx.source, span, "has no effect"));
        }
        (Shape::Ramp | Shape::Flap | Shape::Sawtooth, 0) => {
            let message = format!("shape `{}` needs `over`", fault.shape.as_str());
            fields.error("scenario::shape-time", message, "shape", "over how long?");
        }
        _ => {}
    }
}

/// A scenario that is loaded with another system or pack than it names is doubtful, not wrong.
pub(crate) fn check_choices(
    fields: &Fields<'_>,
    scenario: &Scenario,
    system: &System,
    pack: &Pack,
) {
    for (key, wanted, given) in
        [("system", &scenario.system, &system.name), ("pack", &scenario.pack, &pack.name)]
    {
        if wanted != given && !wanted.is_empty() {
            let message = format!("written for {key} `{wanted}`, loaded with `{given}`");
            let warning = Diagnostic::warning("scenario::other-context", message);
            let span = fields.span_of(key);
            fields.cx.push(warning.at(fields.cx.source, span, "not the one in use"));
        }
    }
}
