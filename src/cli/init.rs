//! `drill init`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::args::{Common, InitArgs};
use super::exit;
use super::ui::{Failure, Ui};
use crate::assess::{self, SAMPLES, Sample, SampleFile};
use crate::diag::{Diagnostic, did_you_mean};

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
    let sample = sample(args)?;
    for folder in ["scenarios", "rules", "systems", "presets", "incidents", "slos", "streams"] {
        let path = dir.join(folder);
        fs::create_dir_all(&path).map_err(|error| Failure::file(&path, error))?;
    }
    let made = [
        create(&dir.join("scenarios/my-first-drill.toml"), SCENARIO.as_bytes())?,
        create(&dir.join("drill.toml"), SETTINGS.as_bytes())?,
    ];
    for path in made.into_iter().flatten() {
        ui.data(&format!("made {path}\n"))?;
    }
    let (files, next) = match sample {
        None => (Vec::new(), vec!["drill run my-first-drill"]),
        Some((sample, files)) => (files, sample.next.to_vec()),
    };
    for file in &files {
        if let Some(path) = create(&dir.join(file.path), &file.bytes)? {
            ui.data(&format!("made {path}\n"))?;
        }
    }
    let enter = match dir == Path::new(".") {
        true => String::new(),
        false => format!("cd {} && ", dir.display()),
    };
    ui.data(&format!("next: {enter}{}\n", next.join(" && ")))?;
    Ok(exit::OK)
}

/// The sample that `--sample` names, with its files.
fn sample(args: &InitArgs) -> Result<Option<(Sample, Vec<SampleFile>)>, Failure> {
    let Some(name) = &args.sample else { return Ok(None) };
    let known = SAMPLES.into_iter().find(|sample| sample.name == name);
    if let Some(found) = known.zip(assess::sample(name)) {
        return Ok(Some(found));
    }
    let names: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
    let help = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    let unknown = Diagnostic::error("init::sample", format!("there is no sample `{name}`"));
    Err(unknown.help(help).into())
}

/// Writes a new file; one that exists stays as it is.
fn create(path: &Path, bytes: &[u8]) -> Result<Option<String>, Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(bytes).map_err(|error| Failure::file(path, error))?;
            Ok(Some(path.display().to_string()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(Failure::file(path, error)),
    }
}
