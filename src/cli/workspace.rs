//! Where files come from: the embedded ones, overridden by a workspace.

use std::path::{Path, PathBuf};

use super::args::{Common, RunArgs};
use super::ui::{Failure, Ui};
use crate::diag::Diagnostic;
use crate::exercise::Inputs;
use crate::load::{Catalog, Drill, Kind, MAX_TIMELINE_BYTES};
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
    let scenario = args.scenario.as_deref().unwrap_or_default();
    let drill = catalog.scenario_on(scenario, &args.set, system, pack)?;
    ui.diagnostics(&drill.warnings);
    let preset = catalog.preset(&args.responders)?;
    ui.diagnostics(&preset.warnings);
    let Drill { scenario, system, pack } = drill.value;
    Ok(Inputs { system, scenario, pack, preset: preset.value })
}

/// A timeline file: JSON lines, or TOML written by hand; warnings go to standard error.
pub(super) fn timeline(path: &Path, ui: &Ui) -> Result<Timeline, Failure> {
    let source = crate::load::read(path, MAX_TIMELINE_BYTES)?;
    if source.text.trim_start().starts_with('{') {
        return Ok(crate::timeline::read_jsonl(&source)?);
    }
    let loaded = crate::load::timeline_toml(&source)?;
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

/// All names of the catalogue that `drill show` and `drill check` know.
pub(super) fn all_names(catalog: &Catalog) -> Vec<String> {
    let kinds = [Kind::Scenario, Kind::System, Kind::Pack, Kind::Preset];
    let names = kinds.into_iter().flat_map(|kind| catalog.names(kind));
    names.map(|name| name.to_string()).collect()
}
