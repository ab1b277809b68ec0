//! `drill report incident` and `drill report postmortem`.

use super::args::{Common, Format};
use super::report_args::{IncidentArgs, PostmortemArgs};
use super::score::Judged;
use super::ui::{Failure, Ui, only};
use super::{exit, kept_actions, workspace};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::exercise::play::Debrief;
use crate::model::{Duty, Pack};
use crate::report::{self, AfterAction, Drafts};
use crate::timeline::{Timeline, TraceHasher};

/// Drafts of the reports that an incident asks for.
pub(super) fn drafts(common: &Common, args: &IncidentArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md], "report incident")?;
    let catalog = workspace::catalog(common)?;
    let judged = Judged::new(&catalog, &args.timeline, args.pack.as_deref(), ui)?;
    let duties = duties(&judged.pack, &args.kind)?;
    let scenario = judged.scenario(&catalog);
    let drafts = Drafts {
        timeline: &judged.timeline,
        pack: &judged.pack,
        card: &judged.card,
        system: judged.system.as_ref(),
        scenario: scenario.as_ref(),
        duties: &duties,
    };
    let text = match common.format {
        Format::Json => report::incident_drafts_json(&drafts, ui.lang()),
        Format::Md => report::incident_drafts_markdown(&drafts, ui.lang()),
        _ => report::incident_drafts_text(&drafts, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// Why it happened, how the response was, and what is to be improved.
pub(super) fn postmortem(
    common: &Common,
    args: &PostmortemArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Md, Format::Html], "report postmortem")?;
    let catalog = workspace::catalog(common)?;
    let judged = Judged::new(&catalog, &args.timeline, args.pack.as_deref(), ui)?;
    let scenario = judged.scenario(&catalog);
    let Judged { timeline, pack, system, card } = &judged;
    let plan = Debrief::new(card, pack, &timeline.header).plan();
    let hash = trace_hash(timeline);
    let mut actions = match workspace::workspace(common)? {
        Some(root) => kept_actions::all(&root)?,
        None => Vec::new(),
    };
    actions.retain(|action| action.trace_hash == hash);
    let result = AfterAction {
        played: None,
        plan: &plan,
        actions: &actions,
        drill: None,
        system: system.as_ref(),
        scenario: scenario.as_ref(),
        timeline,
        pack,
        card,
    };
    let text = match common.format {
        Format::Md => report::after_action_markdown(&result, ui.lang()),
        Format::Html => report::after_action_html(&result, ui.lang()),
        _ => report::after_action_text(&result, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

pub(super) fn trace_hash(timeline: &Timeline) -> String {
    let mut hasher = TraceHasher::default();
    for event in &timeline.events {
        hasher.event(event);
    }
    hasher.finish().to_string()
}

/// The duties that were asked for, or all of the pack.
fn duties<'a>(pack: &'a Pack, kinds: &[String]) -> Result<Vec<&'a Duty>, Failure> {
    if pack.duties.is_empty() {
        let message = format!("pack `{}` asks for no reports", pack.name);
        return Err(Diagnostic::error("report::no-duty", message).into());
    }
    if kinds.is_empty() {
        return Ok(pack.duties.iter().collect());
    }
    let mut wrong = Diagnostics::default();
    let mut found: Vec<&Duty> = Vec::new();
    for kind in kinds {
        match pack.duties.iter().find(|duty| *duty.id == **kind) {
            Some(duty) => found.push(duty),
            None => {
                let known: Vec<&str> = pack.duties.iter().map(|duty| duty.id.as_str()).collect();
                let message = format!("pack `{}` asks for no report `{kind}`", pack.name);
                let help = match did_you_mean(kind, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it asks for: {}", known.join(", ")),
                };
                wrong.push(Diagnostic::error("report::unknown-duty", message).help(help));
            }
        }
    }
    if wrong.list.is_empty() { Ok(found) } else { Err(wrong.into()) }
}
