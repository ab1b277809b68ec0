//! Where files come from: the embedded ones, overridden by a workspace.

use std::path::{Path, PathBuf};

use super::args::{Common, RunArgs};
use super::ui::{Failure, Ui};
use crate::diag::Diagnostic;
use crate::exercise::Inputs;
use crate::load::{Catalog, Drill, Kind};
use crate::model::{Pack, System};
use crate::timeline::Timeline;

/// The workspace of `--workspace`, or the nearest folder upwards with a `drill.toml`.
pub(super) fn workspace(common: &Common) -> Result<Option<PathBuf>, Failure> {
    if let Some(given) = &common.workspace {
        if given.join("drill.toml").is_file() {
            return Ok(Some(given.clone()));
        }
        let message = format!("`{}` has no drill.toml", given.display());
        let help = format!("make a workspace with `drill init {}`", given.display());
        return Err(Diagnostic::error("usage::no-workspace", message).help(help).into());
    }
    let here = std::env::current_dir().map_err(|error| Failure::file(Path::new("."), error))?;
    let found = here.ancestors().find(|folder| folder.join("drill.toml").is_file());
    Ok(found.map(Path::to_owned))
}

/// All files a command can name.
pub(super) fn catalog(common: &Common) -> Result<Catalog, Failure> {
    Ok(Catalog::new(workspace(common)?.as_deref()))
}

/// The files of a drill; warnings go to standard error.
pub(super) fn inputs(common: &Common, args: &RunArgs, ui: &Ui) -> Result<Inputs, Failure> {
    let catalog = catalog(common)?;
    let (system, pack) = (args.system.as_deref(), args.pack.as_deref());
    let set = parameters(args);
    let scenario = args.scenario.as_deref().unwrap_or_default();
    let drill = catalog.scenario_on(scenario, &set, system, pack)?;
    ui.diagnostics(&drill.warnings);
    let preset = catalog.preset(&args.responders)?;
    ui.diagnostics(&preset.warnings);
    let Drill { scenario, system, pack } = drill.value;
    Ok(Inputs { system, scenario, pack, preset: preset.value })
}

/// The parameters that are chosen, `--control` among them.
pub(super) fn parameters(args: &RunArgs) -> Vec<(String, String)> {
    let control = args.control.then(|| ("control".to_owned(), "on".to_owned()));
    args.set.iter().cloned().chain(control).collect()
}

/// A recorded incident by name, or the timeline of a path, or of the folder of a drill; warnings
/// go to standard error.
pub(super) fn timeline(catalog: &Catalog, name: &Path, ui: &Ui) -> Result<Timeline, Failure> {
    let of_drill = name.join("timeline.jsonl");
    let path = if of_drill.is_file() { &of_drill } else { name };
    let loaded = catalog.timeline(&path.to_string_lossy())?;
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

/// Whether a name is that of a recorded incident, a timeline's file or a drill's folder.
pub(super) fn is_timeline(catalog: &Catalog, name: &Path) -> bool {
    let text = name.to_string_lossy();
    catalog.names(Kind::Timeline).iter().any(|known| **known == *text)
        || name.join("timeline.jsonl").is_file()
        || name.is_file() && text.ends_with(".jsonl")
}

/// The system that the channels of a pack run on: that of the pack's name, or of the first
/// scenario that uses the pack.
pub(super) fn system_of(catalog: &Catalog, pack: &Pack) -> Option<System> {
    if let Ok(found) = catalog.system(&pack.name) {
        return Some(found.value);
    }
    let scenarios = catalog.names(Kind::Scenario).into_iter();
    let mut drills = scenarios.filter_map(|name| catalog.scenario(&name, &[]).ok());
    drills.find(|drill| drill.value.pack.name == pack.name).map(|drill| drill.value.system)
}

/// All names of the catalogue that `drill show` and `drill check` know.
pub(super) fn all_names(catalog: &Catalog) -> Vec<String> {
    let kinds = [Kind::Scenario, Kind::System, Kind::Pack, Kind::Preset, Kind::Timeline];
    let names = kinds.into_iter().flat_map(|kind| catalog.names(kind));
    names.map(|name| name.to_string()).collect()
}
