//! `drill data`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Common, DataCommand, Format, IngestArgs, RejectsArgs};
use super::ui::{Failure, Ui, only};
use super::{data_follow, data_keep, exit, workspace};
use crate::diag::Diagnostic;
use crate::model::{InputFormat, StreamDefinition};
use crate::report::{DataTable, data_csv, data_json, data_text};
use crate::store::{FileReport, FileState, IngestOptions, Streams};
use crate::units::{SimTime, Zone};

const FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Csv];

/// Ingests files, lists streams, shows what was refused.
pub(super) fn data(common: &Common, command: &DataCommand, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &FORMATS, "data")?;
    let Some(folder) = workspace::workspace(common)? else {
        let message = "streams are kept in a workspace, and there is none here";
        let help = "make one with `drill init`, or name one with `--workspace DIR`";
        return Err(Diagnostic::error("usage::no-workspace", message).help(help).into());
    };
    let streams = Streams::of_workspace(&folder);
    match command {
        DataCommand::Ingest(args) => ingest(common, &streams, args, ui),
        DataCommand::Streams => {
            let table = list(&streams)?;
            show(common, &table, ui)
        }
        DataCommand::Rejects(args) => {
            let table = rejects(&streams, args)?;
            show(common, &table, ui)
        }
        DataCommand::Top(args) => data_keep::top(common, &streams, args, ui),
        DataCommand::Retain(args) => data_keep::retain(common, &folder, &streams, args, ui),
        DataCommand::Export(args) => data_keep::export(common, &streams, args, ui),
    }
}

pub(super) fn show(common: &Common, table: &DataTable, ui: &mut Ui) -> Result<u8, Failure> {
    let text = match common.format {
        Format::Json => data_json(table),
        Format::Csv => data_csv(table),
        _ => data_text(table, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

pub(super) fn at(time: Option<SimTime>) -> Value {
    time.map_or(Value::Null, |time| time.rfc3339(Zone::UTC).into())
}

fn ingest(
    common: &Common,
    streams: &Streams,
    args: &IngestArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    #[expect(clippy::disallowed_methods, reason = "when it was ingested is told by a clock")]
    let now = SimTime::from_ms(chrono::Utc::now().timestamp_millis());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = common.threads.map_or(cores, usize::from);
    let mut rows = Vec::new();
    if let Some(path) = &args.follow.follow {
        let stream = definition(path, args)?;
        let reports = data_follow::follow(path, &stream, streams, &args.follow, threads, ui)?;
        rows.extend(reports.iter().map(row));
    }
    let mut files = Vec::new();
    for path in &args.files {
        collect(path, &mut files)?;
    }
    for path in &files {
        let stream = definition(path, args)?;
        let options = IngestOptions { now, threads, whole_lines: false, only_known: false };
        let report = streams.ingest(path, &stream, options)?;
        remarks(&report, ui);
        rows.push(row(&report));
    }
    let columns =
        vec!["path", "stream", "as", "state", "lines", "rows", "rejects", "notes", "late", "ahead"];
    show(common, &DataTable { kind: "ingest", columns, rows }, ui)
}

/// How a file is read: the stream of its name, unless another is named.
fn definition(path: &Path, args: &IngestArgs) -> Result<StreamDefinition, Failure> {
    let name = args.stream.clone().unwrap_or_else(|| stream_name(path));
    if !is_name(&name) {
        let message = format!("`{name}` cannot be the name of a stream");
        let help = "use letters, digits, `_` and `-`, at most 60; name it with `--stream`";
        return Err(Diagnostic::error("ingest::bad-name", message).help(help).into());
    }
    let mut stream = StreamDefinition::new(name);
    stream.format = args.form.as_deref().and_then(InputFormat::from_word);
    Ok(stream)
}

fn row(report: &FileReport) -> Vec<Value> {
    let state = match report.state {
        FileState::New => "new",
        FileState::Grown => "grown",
        FileState::Unchanged => "unchanged",
        FileState::Replaced => "replaced",
    };
    vec![
        json!(report.path),
        json!(report.stream),
        json!(report.format.as_str()),
        json!(state),
        json!(report.lines),
        json!(report.rows),
        json!(report.rejects),
        json!(report.notes),
        json!(report.late),
        json!(report.ahead),
    ]
}

pub(super) fn remarks(report: &FileReport, ui: &Ui) {
    let path = &report.path;
    for (line, column, reason) in &report.first_rejects {
        let column = if column.is_empty() { String::new() } else { format!("`{column}` ") };
        ui.remark(format_args!("{path}:{line}: {column}{reason}"));
    }
    if let Some(broken) = &report.broken {
        ui.remark(format_args!(
            "{path}: ends early ({broken}); its whole lines are kept, the rest is read next time"
        ));
    }
    if report.damaged > 0 {
        ui.remark(format_args!("{path}: {} rows end in a damaged quote", report.damaged));
    }
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

fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.len() <= 60 && name.chars().all(good)
}

fn list(streams: &Streams) -> Result<DataTable, Failure> {
    let columns = vec![
        "name",
        "kind",
        "rows",
        "rejects",
        "lines",
        "notes",
        "duplicates",
        "archived",
        "removed",
        "first",
        "last",
    ];
    let rows = streams.list()?.into_iter().map(|stream| {
        vec![
            json!(stream.name),
            json!(stream.kind),
            json!(stream.rows),
            json!(stream.rejects),
            json!(stream.lines),
            json!(stream.notes),
            json!(stream.duplicates),
            json!(stream.archived),
            json!(stream.removed),
            at(stream.first),
            at(stream.last),
        ]
    });
    Ok(DataTable { kind: "streams", columns, rows: rows.collect() })
}

fn rejects(streams: &Streams, args: &RejectsArgs) -> Result<DataTable, Failure> {
    let columns = vec!["stream", "file", "line", "column", "reason", "raw"];
    let found = streams.rejects(args.stream.as_deref(), args.limit)?;
    let rows = found.into_iter().map(|reject| {
        vec![
            json!(reject.stream),
            json!(reject.file),
            json!(reject.line),
            json!(reject.column),
            json!(reject.reason),
            json!(reject.raw),
        ]
    });
    Ok(DataTable { kind: "rejects", columns, rows: rows.collect() })
}
