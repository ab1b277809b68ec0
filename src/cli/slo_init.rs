//! `drill slo init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::args::{Common, Format};
use super::slo_args::span;
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::diag::{Diagnostic, did_you_mean};
use crate::load::{self, MAX_FILE_BYTES};
use crate::report;
use crate::store::Streams;
use crate::units::SimDuration;

/// `drill slo init`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill slo init --from sloth.yaml --out slos/web.yaml\n  drill slo init --stream access > slos/access.yaml\n\nWithout --from it writes a commented spec to start from, with the columns of the stream."
)]
pub(super) struct SloInitArgs {
    /// A Sloth spec or a file of Pyrra objectives, written anew as OpenSLO.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The budget period that Sloth is started with [default: 30d].
    #[arg(long, value_name = "SPAN", requires = "from", value_parser = span)]
    period: Option<SimDuration>,
    /// A stream of the workspace to start from.
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    stream: Option<String>,
    /// Write here instead of to standard output; a file that exists stays.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `drill slo init`.
pub(super) fn init(common: &Common, args: &SloInitArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text], "slo init")?;
    let text = match (&args.from, &args.stream) {
        (Some(path), _) => imported(path, args.period, ui)?,
        (None, Some(stream)) => of_stream(common, stream)?,
        (None, None) => report::slo_starter(None),
    };
    match &args.out {
        None => ui.data(&text)?,
        Some(path) => {
            create(path, &text)?;
            ui.data(&format!("made {}\n", path.display()))?;
        }
    }
    Ok(exit::OK)
}

/// OpenSLO of another tool's spec; what that tool itself warns of is said.
fn imported(path: &Path, period: Option<SimDuration>, ui: &Ui) -> Result<String, Failure> {
    let source = load::read(path, MAX_FILE_BYTES)?;
    let loaded = load::import_for(&source, period)?;
    ui.diagnostics(&loaded.warnings);
    Ok(load::openslo_yaml(&loaded.value))
}

fn of_stream(common: &Common, stream: &str) -> Result<String, Failure> {
    let Some(root) = workspace::workspace(common)? else {
        let help = "ingest one with `drill data ingest`, or leave --stream out";
        return Err(Diagnostic::error("slo::no-data", "there are no streams").help(help).into());
    };
    let streams = Streams::of_workspace(&root);
    if let Some(shape) = streams.shape(stream)? {
        return Ok(report::slo_starter(Some(&shape)));
    }
    let known = streams.list()?;
    let names: Vec<&str> = known.iter().map(|summary| summary.name.as_str()).collect();
    let help = match did_you_mean(stream, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    let unknown = Diagnostic::error("slo::no-stream", format!("there is no stream `{stream}`"));
    Err(unknown.help(help).into())
}

fn create(path: &Path, text: &str) -> Result<(), Failure> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(|error| Failure::file(path, error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let message = format!("`{}` exists already", path.display());
            let help = "name another file with --out";
            Err(Diagnostic::error("slo::exists", message).help(help).into())
        }
        Err(error) => Err(Failure::file(path, error)),
    }
}
