//! `drill init`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::args::{Common, InitArgs};
use super::exit;
use super::ui::{Failure, Ui};
use crate::diag::Diagnostic;

const SETTINGS: &str = include_str!("init/drill.toml");
const SCENARIO: &str = include_str!("init/my-first-drill.toml");

/// Makes a workspace: a commented `drill.toml`, the folders whose files override the embedded
/// ones, and a scenario to start from. Nothing that exists is touched.
pub(super) fn init(_common: &Common, args: &InitArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let dir = &args.dir;
    if dir.join("drill.toml").exists() {
        let message = format!("`{}` is a workspace already", dir.display());
        return Err(Diagnostic::error("init::exists", message)
            .help("edit its drill.toml, or name another folder")
            .into());
    }
    for folder in ["scenarios", "rules", "systems", "presets"] {
        let path = dir.join(folder);
        fs::create_dir_all(&path).map_err(|error| Failure::file(&path, error))?;
    }
    let made = [
        create(&dir.join("scenarios/my-first-drill.toml"), SCENARIO)?,
        create(&dir.join("drill.toml"), SETTINGS)?,
    ];
    for path in made.into_iter().flatten() {
        ui.data(&format!("made {path}\n"))?;
    }
    ui.data("next: drill run my-first-drill\n")?;
    Ok(exit::OK)
}

/// Writes a new file; one that exists stays as it is.
fn create(path: &Path, text: &str) -> Result<Option<String>, Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(|error| Failure::file(path, error))?;
            Ok(Some(path.display().to_string()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(Failure::file(path, error)),
    }
}
