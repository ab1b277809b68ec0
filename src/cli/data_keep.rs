//! `drill data retain`, `export` and `top`: what is kept, and what is asked of it.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Common, Format};
use super::data::{at, show};
use super::data_args::{ExportArgs, ForgetArgs, RetainArgs, TopArgs};
use super::ui::{Failure, Ui};
use super::{exit, workspace};
use crate::assess;
use crate::diag::Diagnostic;
use crate::load::MAX_FILE_BYTES;
use crate::model::{Name, RetentionRule};
use crate::report::{self, DataTable};
use crate::store::{Comparison, ExportForm, ForgottenFile, RetentionStep, Streams, TopQuery};
use crate::units::SimTime;

/// Ranks the values of a column.
pub(super) fn top(
    common: &Common,
    streams: &Streams,
    args: &TopArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let compare = args.before.zip(args.after);
    let top = streams.top(&TopQuery {
        stream: args.stream.clone().map(Name::from),
        by: args.by.clone(),
        filter: args.filter.clone(),
        per: args.per,
        compare: compare.map(|(before, after)| Comparison { before, after, span: args.span }),
        measure: args.measure.clone(),
        order: args.order.order(),
        limit: args.limit,
    })?;
    let text = match common.format {
        Format::Json => report::top_json(&top),
        Format::Csv => report::top_csv(&top),
        _ => report::top_text(&top, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// Shows what retention would do, or does it.
pub(super) fn retain(
    common: &Common,
    folder: &Path,
    streams: &Streams,
    args: &RetainArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    #[expect(clippy::disallowed_methods, reason = "how old a row is, is told by a clock")]
    let now = SimTime::from_ms(chrono::Utc::now().timestamp_millis());
    let now = args.at.unwrap_or(now);
    let rules = rules(folder, ui)?;
    let catalog = workspace::catalog(common)?;
    let own = catalog.workspace_slos();
    let names: Vec<&str> = own.iter().map(|name| name.as_str()).collect();
    let definitions = if names.is_empty() { Vec::new() } else { catalog.slos(&names)?.value };
    let needs = assess::retention_needs(&definitions, &streams.list()?);
    let steps = match args.apply {
        true => streams.retain(&rules, &needs, now)?,
        false => streams.retention_plan(&rules, &needs, now)?,
    };
    let table = table(&steps, args.apply);
    let due = steps.iter().any(|step| step.rows > 0 || step.files > 0);
    show(common, &table, ui)?;
    if due && !args.apply {
        ui.remark("nothing is done yet: add --apply to do it");
    }
    Ok(exit::OK)
}

/// The rules of the workspace, or the default.
fn rules(folder: &Path, ui: &Ui) -> Result<Vec<RetentionRule>, Failure> {
    let own = folder.join("retention.toml");
    let loaded = match own.is_file() {
        true => crate::load::retention(&crate::load::read(&own, MAX_FILE_BYTES)?)?,
        false => crate::load::default_retention()?,
    };
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

fn table(steps: &[RetentionStep], applied: bool) -> DataTable {
    let columns = vec![
        "stream",
        "keep",
        "then",
        "due_to",
        "held_from",
        "rows",
        "first",
        "last",
        "files",
        "file",
        "done",
    ];
    let row = |step: &RetentionStep| {
        let idle = step.rows == 0 && step.files == 0;
        vec![
            json!(step.stream),
            step.keep.map_or_else(|| json!("forever"), |keep| json!(keep.to_string())),
            json!(if step.keep.is_none() { "keep" } else { step.then.as_str() }),
            at(step.due_to),
            at(step.held_from),
            json!(step.rows),
            at(step.first),
            at(step.last),
            json!(step.files),
            step.file.as_ref().map_or(Value::Null, |file| json!(file)),
            json!(if idle {
                "nothing_due"
            } else if applied {
                "done"
            } else {
                "planned"
            }),
        ]
    };
    DataTable { kind: "retention", columns, rows: steps.iter().map(row).collect() }
}

/// Shows what would be forgotten, or forgets it.
pub(super) fn forget(
    common: &Common,
    streams: &Streams,
    args: &ForgetArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let file = args.file.as_deref();
    let files = match args.apply {
        true => streams.forget(&args.stream, file)?,
        false => streams.forget_plan(&args.stream, file)?,
    };
    let done = if args.apply { "done" } else { "planned" };
    let row = |file: &ForgottenFile| {
        let (path, rows, rejects) = (&file.path, file.rows, file.rejects);
        vec![json!(args.stream), json!(path), json!(rows), json!(rejects), json!(done)]
    };
    let columns = vec!["stream", "path", "rows", "rejects", "done"];
    let rows = files.iter().map(row).collect();
    show(common, &DataTable { kind: "forget", columns, rows }, ui)?;
    if !args.apply {
        ui.remark("nothing is forgotten yet: add --apply to do it");
    }
    Ok(exit::OK)
}

/// Writes a stream into a file.
pub(super) fn export(
    common: &Common,
    streams: &Streams,
    args: &ExportArgs,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let path = args.to.display().to_string();
    let Some(form) = ExportForm::of(&args.to) else {
        let message = format!("`{path}` does not say which form it is to have");
        let help = "end its name in .parquet, .csv or .jsonl";
        return Err(Diagnostic::error("export::form", message).help(help).into());
    };
    if args.to.exists() && !args.force {
        let message = format!("`{path}` is there already");
        let help = "name another file, or replace it with --force";
        return Err(Diagnostic::error("export::exists", message).help(help).into());
    }
    let report = streams.export(&args.stream, &args.to, form, (args.from, args.until))?;
    let columns = vec!["stream", "path", "as", "rows", "bytes"];
    let row = vec![
        json!(args.stream),
        json!(path),
        json!(form.as_str()),
        json!(report.rows),
        json!(report.bytes),
    ];
    show(common, &DataTable { kind: "export", columns, rows: vec![row] }, ui)
}
