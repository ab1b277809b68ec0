//! `drill data`.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Common, DataCommand, Format, IngestArgs, RejectsArgs};
use super::ui::{Failure, Ui, only};
use super::{data_follow, data_keep, exit, stream_files, workspace};
use crate::diag::{Diagnostic, Diagnostics};
use crate::report::{DataTable, data_csv, data_json, data_text};
use crate::store::{Error, FileReport, FileState, IngestOptions, Streams};
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
        DataCommand::Ingest(args) => ingest(common, &folder, args, ui),
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
        DataCommand::Forget(args) => data_keep::forget(common, &streams, args, ui),
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
    workspace: &Path,
    args: &IngestArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let streams = Streams::of_workspace(workspace);
    #[expect(clippy::disallowed_methods, reason = "when it was ingested is told by a clock")]
    let now = SimTime::from_ms(chrono::Utc::now().timestamp_millis());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = common.threads.map_or(cores, usize::from);
    let mut rows = Vec::new();
    let mut wrong = Diagnostics::default();
    if let Some(path) = &args.follow.follow {
        let stream = stream_files::one(path, args, workspace, ui)?;
        let reports = data_follow::follow(path, &stream, &streams, &args.follow, threads, ui)?;
        rows.extend(reports.iter().map(row));
    }
    let files = match (&args.follow.follow, args.files.is_empty()) {
        (Some(_), true) => Vec::new(),
        _ => stream_files::sources(args, workspace, ui)?,
    };
    for (path, stream) in files {
        let at = args.at.as_ref().map(|at| at.of(&path)).transpose()?;
        let options = IngestOptions { now, threads, whole_lines: false, only_known: false, at };
        match streams.ingest(&path, &stream, options) {
            Ok(report) => {
                remarks(&report, ui);
                rows.push(row(&report));
            }
            // What is wrong with one file is no reason to leave the others unread.
            Err(Error::Refused(why)) if is_below_a_folder(&path, args) => {
                for one in why.list.iter().take(1) {
                    ui.remark(format_args!("skipped: {}", one.message));
                }
            }
            Err(Error::Refused(why)) => why.list.into_iter().for_each(|one| wrong.push(one)),
            Err(Error::File { path, source }) => {
                let message = format!("`{}`: {source}", path.display());
                wrong.push(Diagnostic::error("file::unreadable", message));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let columns = vec![
        "path", "stream", "as", "state", "lines", "read", "rows", "rejects", "notes", "late",
        "ahead",
    ];
    if rows.is_empty() && !wrong.list.is_empty() {
        return Err(wrong.into());
    }
    let code = show(common, &DataTable { kind: "ingest", columns, rows }, ui)?;
    if wrong.list.is_empty() { Ok(code) } else { Err(wrong.into()) }
}

/// Whether a file was found in a folder that was named, and not named itself.
fn is_below_a_folder(path: &Path, args: &IngestArgs) -> bool {
    !args.files.is_empty() && !args.files.iter().any(|named| named == path)
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
        json!(report.read),
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
    for (what, count) in &report.left_out {
        ui.remark(format_args!("{path}: not kept, since no column holds them: {count} {what}"));
    }
    if report.state == FileState::Replaced && report.late > 0 {
        ui.remark(format_args!(
            "{path}: is another file than the one of this name before, whose rows stay; where it \
             was only changed, `drill data forget {} --file {path}` and read it again",
            report.stream
        ));
    }
    if report.rows == 0 && report.rejects > 0 && report.state != FileState::Unchanged {
        ui.remark(format_args!(
            "{path}: no row was kept; when the definition is mended, `drill data forget {}` and \
             read it again",
            report.stream
        ));
    }
    if report.damaged > 0 {
        ui.remark(format_args!("{path}: {} rows end in a damaged quote", report.damaged));
    }
}

fn list(streams: &Streams) -> Result<DataTable, Failure> {
    let columns = vec![
        "name",
        "kind",
        "rows",
        "rejects",
        "lines",
        "read",
        "refused",
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
            json!(stream.read),
            json!(stream.refused),
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
