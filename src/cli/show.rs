//! `drill show`.

use super::args::{Common, Format, ShowArgs};
use super::ui::{Failure, Ui, only};
use super::{exit, kept_actions, workspace};
use crate::diag::{Diagnostic, did_you_mean};
use crate::exercise::score_timeline;
use crate::load::{Catalog, Kind};
use crate::model::System;
use crate::report::{self, Shown};

/// Explains what a name stands for; a pack and a system of one name are both shown.
pub(super) fn show(common: &Common, args: &ShowArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md], "show")?;
    let catalog = workspace::catalog(common)?;
    if let Some(of) = &args.impact {
        let system = catalog.system(&args.name)?.value;
        check_impact(&system, of)?;
        put(common, ui, Shown::System(&system, Some(of)))?;
        return Ok(exit::OK);
    }
    let kinds = [Kind::Scenario, Kind::System, Kind::Pack, Kind::Preset, Kind::Timeline];
    let has = |kind: &Kind| catalog.names(*kind).iter().any(|name| **name == *args.name);
    let mut kinds: Vec<Kind> = kinds.into_iter().filter(has).collect();
    if kinds.is_empty() {
        return Err(unknown(&catalog, &args.name).into());
    }
    if common.format == Format::Json && kinds.len() > 1 {
        // Exactly one document goes to standard output; the pack is what rules authors ask for.
        kinds.retain(|kind| *kind == Kind::Pack);
        ui.remark(format_args!("`{}` is a system too; this is the pack", args.name));
    }
    for kind in kinds {
        match kind {
            Kind::Scenario => {
                let scenario = catalog.scenario(&args.name, &[])?.value.scenario;
                let zone = catalog.system(&scenario.system)?.value.zone;
                put(common, ui, Shown::Scenario(&scenario, zone))?;
            }
            Kind::System => {
                put(common, ui, Shown::System(&catalog.system(&args.name)?.value, None))?
            }
            Kind::Pack => {
                let pack = catalog.pack(&args.name)?.value;
                let system = workspace::system_of(&catalog, &pack);
                let day = kept_actions::today();
                put(common, ui, Shown::Pack(&pack, system.as_ref(), day))?;
            }
            Kind::Timeline => show_incident(common, &catalog, &args.name, ui)?,
            _ => put(common, ui, Shown::Preset(&catalog.preset(&args.name)?.value))?,
        }
    }
    Ok(exit::OK)
}

fn put(common: &Common, ui: &mut Ui, shown: Shown<'_>) -> Result<(), Failure> {
    let text = match common.format {
        Format::Json => report::show_json(shown),
        Format::Md => report::show_markdown(shown, ui.lang()),
        _ => report::show_text(shown, ui.lang(), ui.style()),
    };
    ui.data(&text)
}

/// A recorded incident, scored by the pack that it names.
fn show_incident(
    common: &Common,
    catalog: &Catalog,
    name: &str,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let timeline = catalog.timeline(name)?.value;
    let pack = timeline.header.pack.as_deref().map(|pack| catalog.pack(pack)).transpose()?;
    let Some(pack) = pack.map(|loaded| loaded.value) else {
        let message = format!("`{name}` names no pack to read its milestones with");
        let help = format!("`drill score {name} --pack NAME` reads it with another");
        return Err(Diagnostic::error("show::no-pack", message).help(help).into());
    };
    let card = score_timeline(&timeline, &pack, None)?;
    put(common, ui, Shown::Incident(&timeline, &pack, &card))
}

fn check_impact(system: &System, of: &str) -> Result<(), Diagnostic> {
    let services = system.services.iter().map(|service| &*service.name);
    let tools = system.tools.iter().map(|tool| &*tool.name);
    let stores = system.stores.iter().map(|store| &*store.name);
    let known: Vec<&str> = services.chain(stores).chain(tools).collect();
    if known.contains(&of) {
        return Ok(());
    }
    let message = format!("system `{}` has no service, store or tool `{of}`", system.name);
    let help = match did_you_mean(of, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has: {}", known.join(", ")),
    };
    Err(Diagnostic::error("show::unknown-service", message).help(help))
}

fn unknown(catalog: &Catalog, name: &str) -> Diagnostic {
    let message = format!("there is no scenario, pack, system, preset or incident `{name}`");
    let names = workspace::all_names(catalog);
    let help = match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see `drill list`".to_owned(),
    };
    Diagnostic::error("show::unknown", message).help(help)
}
