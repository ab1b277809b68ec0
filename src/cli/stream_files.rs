//! Which files are ingested into which streams: named ones, or those that the definitions of a
//! workspace name.

use std::path::{Path, PathBuf};

use super::args::IngestArgs;
use super::ui::{Failure, Ui};
use crate::diag::{Diagnostic, did_you_mean};
use crate::load::{Catalog, Kind, is_stream_name};
use crate::model::{InputFormat, StreamDefinition, fits};

/// One file with the definition of its stream.
pub(super) type Source = (PathBuf, StreamDefinition);

/// What `drill data ingest` reads, in its order.
pub(super) fn sources(
    args: &IngestArgs,
    workspace: &Path,
    ui: &Ui,
) -> Result<Vec<Source>, Failure> {
    let defined = definitions(workspace, ui)?;
    let mut sources = match args.files.is_empty() {
        true => of_definitions(args, &defined, workspace, ui)?,
        false => of_files(args, &defined, workspace)?,
    };
    if let Some(form) = args.form.as_deref().and_then(InputFormat::from_word) {
        sources.iter_mut().for_each(|(_, definition)| definition.format = Some(form));
    }
    Ok(sources)
}

/// The stream of one file, which need not be there yet.
pub(super) fn one(
    path: &Path,
    args: &IngestArgs,
    workspace: &Path,
    ui: &Ui,
) -> Result<StreamDefinition, Failure> {
    let mut stream = stream_of(path, args, &definitions(workspace, ui)?, workspace)?;
    let form = args.form.as_deref().and_then(InputFormat::from_word);
    stream.format = form.or(stream.format);
    Ok(stream)
}

fn definitions(workspace: &Path, ui: &Ui) -> Result<Vec<StreamDefinition>, Failure> {
    let catalog = Catalog::new(Some(workspace));
    let mut defined = Vec::new();
    for name in catalog.names(Kind::Stream) {
        let loaded = catalog.stream(&name)?;
        ui.diagnostics(&loaded.warnings);
        defined.push(loaded.value);
    }
    Ok(defined)
}

/// The files that the definitions name.
fn of_definitions(
    args: &IngestArgs,
    defined: &[StreamDefinition],
    workspace: &Path,
    ui: &Ui,
) -> Result<Vec<Source>, Failure> {
    let chosen: Vec<&StreamDefinition> = match &args.stream {
        None => defined.iter().filter(|stream| !stream.files.is_empty()).collect(),
        Some(name) => {
            let one = defined.iter().find(|stream| *stream.name == **name);
            let one = one.filter(|stream| !stream.files.is_empty());
            vec![one.ok_or_else(|| no_files(name, defined))?]
        }
    };
    if chosen.is_empty() {
        let message = "there is nothing to ingest";
        let help = "name files, or give the definitions in `streams/` their `files`";
        return Err(Diagnostic::error("ingest::no-files", message).help(help).into());
    }
    let mut sources = Vec::new();
    for stream in chosen {
        for pattern in &stream.files {
            let mut found = Vec::new();
            glob(workspace, &parts(pattern), &mut found)?;
            if found.is_empty() {
                ui.remark(format_args!("{}: no file matches `{pattern}`", stream.name));
            }
            found.sort();
            sources.extend(found.into_iter().map(|path| (shown(path), stream.clone())));
        }
    }
    Ok(sources)
}

/// The path as seen from the current folder, where it is below it.
fn shown(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(&here).or_else(|_| path.strip_prefix("."));
    below.map(Path::to_owned).unwrap_or(path)
}

fn no_files(name: &str, defined: &[StreamDefinition]) -> Failure {
    let names: Vec<&str> = defined.iter().map(|stream| stream.name.as_str()).collect();
    let message = format!("the stream `{name}` names no files");
    let help = match did_you_mean(name, names.iter().copied()) {
        _ if names.contains(&name) => "give it `files`, or name files here".to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("define it in `streams/{name}.toml`, or name files here"),
    };
    Diagnostic::error("ingest::no-files", message).help(help).into()
}

fn of_files(
    args: &IngestArgs,
    defined: &[StreamDefinition],
    workspace: &Path,
) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        collect(path, &mut files)?;
    }
    let mut sources = Vec::with_capacity(files.len());
    for path in files {
        let stream = stream_of(&path, args, defined, workspace)?;
        sources.push((path, stream));
    }
    Ok(sources)
}

/// The stream of a file: the one that is named, or whose definition claims it, or of its name.
fn stream_of(
    path: &Path,
    args: &IngestArgs,
    defined: &[StreamDefinition],
    workspace: &Path,
) -> Result<StreamDefinition, Failure> {
    let named = args.stream.clone();
    let name = match named.or_else(|| claimed(path, defined, workspace)) {
        Some(name) => name,
        None => stream_name(path),
    };
    if !is_stream_name(&name) {
        let message = format!("`{name}` cannot be the name of a stream");
        let help = "use letters, digits, `_` and `-`, at most 60; name it with `--stream`";
        return Err(Diagnostic::error("ingest::bad-name", message).help(help).into());
    }
    let found = defined.iter().find(|stream| *stream.name == *name).cloned();
    Ok(found.unwrap_or_else(|| StreamDefinition::new(name)))
}

/// The first stream whose patterns match the file.
fn claimed(path: &Path, defined: &[StreamDefinition], workspace: &Path) -> Option<String> {
    let (path, root) = (path.canonicalize().ok()?, workspace.canonicalize().ok()?);
    let below = path.strip_prefix(root).ok()?;
    let found: Vec<String> =
        below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let claims = |pattern: &str| {
        let parts = parts(pattern);
        parts.len() == found.len() && parts.iter().zip(&found).all(|(p, name)| fits(p, name))
    };
    let stream = defined.iter().find(|stream| stream.files.iter().any(|files| claims(files)))?;
    Some(stream.name.to_string())
}

fn parts(pattern: &str) -> Vec<String> {
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.map(str::to_owned).collect()
}

/// The files below `folder` that match, in no order.
fn glob(folder: &Path, parts: &[String], found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let [part, rest @ ..] = parts else { return Ok(()) };
    let mut next = Vec::new();
    if part.contains(['*', '?']) {
        let entries = std::fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file(folder, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if fits(part, &name) && (part.starts_with('.') || !name.starts_with('.')) {
                next.push(entry.path());
            }
        }
    } else {
        next.push(folder.join(part));
    }
    for path in next {
        match rest.is_empty() {
            true if path.is_file() => found.push(path),
            false if path.is_dir() => glob(&path, rest, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// The files of a folder, ascending, or the file itself.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| Failure::file(path, error))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.map_err(|error| Failure::file(path, error))?.path());
    }
    inside.sort();
    files.extend(inside.into_iter().filter(|path| path.is_file()));
    Ok(())
}

/// The stream of a file without a definition: its name up to the first dot.
fn stream_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.trim_start_matches('.').split('.').next().unwrap_or_default().to_owned()
}
