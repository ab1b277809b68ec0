//! `drill report incident`.

use super::args::{Common, Format};
use super::report_args::IncidentArgs;
use super::score::Judged;
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::{Duty, Pack};
use crate::report::{self, Drafts};

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
