//! Playbooks of a pack: rungs, phases, and steps that wait for one another.

use std::collections::BTreeMap;

use super::decode::Fields;
use super::getters::SHARE;
use super::pack::{CHANNEL, DUTY, MOMENT, PLAYBOOK};
use super::pack_parts::{STEP_MOMENT, refer_level};
use super::preset::stage;
use super::symbols::{Space, arrows, cycle};
use crate::diag::Span;
use crate::model::{ForEach, Name, Phase, Playbook, Rung, Step, StepEffect, StepTime, Trigger};
use crate::units::SimDuration;

const STEP: Space = Space::new("step", "pack::unknown-step");
const RUNG: Space = Space::new("rung", "pack::unknown-rung");
const RUNG_HERE: Space = Space::new("rung of this playbook", "pack::unknown-rung");
const PHASE: Space = Space::new("phase", "pack::unknown-phase");
/// Highest number of a phase.
const MAX_PHASE: u32 = 50;

/// One `[[playbook]]`, the `scope`th of its pack.
pub(crate) fn decode(fields: &Fields<'_>, scope: usize) -> Playbook {
    let rungs = fields.tables("rung", "rung").iter().map(|f| rung(f, scope)).collect();
    let phases: Vec<Phase> =
        fields.tables("phase", "phase").iter().map(|f| phase(f, scope)).collect();
    if phases.windows(2).any(|pair| pair[0].number >= pair[1].number) {
        let message = "phases must be numbered upwards".to_owned();
        fields.error("pack::phase-order", message, "phase", "out of order");
    }
    let mut after = Vec::new();
    let steps: Vec<Step> = fields
        .some_tables("step", "step")
        .iter()
        .map(|table| step(table, scope, &mut after))
        .collect();
    refuse_cycles(fields, &steps, &after);
    Playbook {
        id: fields.define("id", PLAYBOOK),
        title: fields.text("title"),
        trigger: fields.word("trigger", Trigger::ALL, Trigger::as_str),
        rungs,
        phases,
        steps,
    }
}

/// Makes a rung or step known as the end of a measure.
fn declare_moment(fields: &Fields<'_>, id: &Name) {
    let name = if id.is_empty() { String::new() } else { format!("step:{id}") };
    fields.cx.declare(STEP_MOMENT, &Name::from(name));
}

fn rung(fields: &Fields<'_>, scope: usize) -> Rung {
    let id = fields.define("id", RUNG);
    fields.cx.declare(RUNG_HERE.within(scope), &id);
    declare_moment(fields, &id);
    Rung {
        id,
        title: fields.text("title"),
        from: fields.refer("from", &[MOMENT]),
        within: fields.duration_positive("within"),
    }
}

fn phase_name(number: u32) -> Name {
    Name::from(number.to_string())
}

fn phase(fields: &Fields<'_>, scope: usize) -> Phase {
    let number = fields.count("number", 1, MAX_PHASE);
    let span = fields.span_of("number");
    fields.cx.define(PHASE.within(scope), &phase_name(number), span);
    Phase { number, title: fields.text("title") }
}

fn step(fields: &Fields<'_>, scope: usize, after: &mut Vec<Span>) -> Step {
    let id = fields.define("id", STEP.within(scope));
    declare_moment(fields, &id);
    after.push(fields.span_of("after"));
    let phase = fields.count_optional("phase", 1, MAX_PHASE);
    if let Some(number) = phase {
        let span = fields.span_of("phase");
        fields.cx.refer(&phase_name(number), span, &[PHASE.within(scope)]);
    }
    let for_each = fields.word_optional("for_each", ForEach::ALL, ForEach::as_str);
    let step = Step {
        id,
        title: fields.text("title"),
        role: fields.name("role"),
        effect: fields.word("effect", StepEffect::ALL, StepEffect::as_str),
        time: time(fields),
        after: fields.refer_list("after", &[STEP.within(scope)]),
        wait_for: fields.refer_optional("wait_for", &[MOMENT]),
        for_each: for_each.unwrap_or(ForEach::Once),
        rung: fields.refer_optional("rung", &[RUNG_HERE.within(scope)]),
        phase,
        channels: fields.refer_list("channels", &[CHANNEL]),
        duty: fields.refer_optional("duty", &[DUTY]),
        level: refer_level(fields, "level"),
        critical: fields.flag("critical", false),
        destructive: fields.flag("destructive", false),
        runbook: fields.flag("runbook", false),
        last_resort: fields.flag("last_resort", false),
        action_kind: fields.choice_optional(
            "action_kind",
            &["monitoring", "auto_recovery", "backup", "documents"],
        ),
    };
    demand_arguments(fields, &step);
    step
}

/// What an effect works with must be there.
fn demand_arguments(fields: &Fields<'_>, step: &Step) {
    let (key, there) = match step.effect {
        StepEffect::Escalate => ("level", step.level.is_some()),
        StepEffect::Report => ("duty", step.duty.is_some()),
        StepEffect::Message
        | StepEffect::PublicUpdate
        | StepEffect::Request
        | StepEffect::Switch
        | StepEffect::Progress => ("channels", !step.channels.is_empty()),
        StepEffect::FileAction => ("action_kind", step.action_kind.is_some()),
        _ => return,
    };
    if !there {
        let message = format!("a step with effect `{}` needs `{key}`", step.effect.as_str());
        let label = format!("`{key}` is missing");
        fields.cx.error("pack::step-argument", message, fields.span, label);
    }
}

/// Exactly one of `takes` and `share`.
fn time(fields: &Fields<'_>) -> StepTime {
    let takes = fields.duration_optional("takes");
    let share = fields.sub_optional("share", "share").map(|sub| StepTime::Share {
        stage: stage(&sub, "stage"),
        share: sub.number("share", SHARE),
    });
    match (takes, share) {
        (Some(takes), None) => StepTime::Median(takes),
        (None, Some(share)) => share,
        (takes, _) => {
            let wrong = if takes.is_some() { "both" } else { "neither of" };
            let message = format!("this step has {wrong} `takes` and `share`, wanted one");
            let diagnostic = fields.cx.at("pack::step-time", message, fields.span, "how long?");
            fields.cx.push(
                diagnostic
                    .help("write `takes = \"2m\"` or `share = { stage = \"fix\", share = 0.2 }`"),
            );
            StepTime::Median(SimDuration::ZERO)
        }
    }
}

fn refuse_cycles(fields: &Fields<'_>, steps: &[Step], after: &[Span]) {
    let index: BTreeMap<&Name, usize> =
        steps.iter().zip(0..).map(|(step, n)| (&step.id, n)).collect();
    if index.len() < steps.len() {
        // Doubled ids are reported already; which step is meant cannot be told.
        return;
    }
    let known = |id: &Name| index.get(id).copied().filter(|_| !id.is_empty());
    let next: Vec<Vec<usize>> =
        steps.iter().map(|step| step.after.iter().filter_map(known).collect()).collect();
    let Some(path) = cycle(&next) else { return };
    let names: Vec<&str> = path.iter().map(|n| steps[*n].id.as_str()).collect();
    let message = format!("these steps wait for one another: {}", arrows(&names));
    let span = path.last().and_then(|n| after.get(*n)).copied().unwrap_or_default();
    let diagnostic = fields.cx.at("playbook::cycle", message, span, "this closes the circle");
    fields.cx.push(diagnostic.help("remove one of the `after`"));
}
