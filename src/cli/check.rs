//! `drill check`.

use std::path::Path;

use super::args::{CheckArgs, Common, Format};
use super::ui::{Failure, Ui, only};
use super::{exit, kept_actions, workspace};
use crate::diag::{Diagnostic, Diagnostics};
use crate::load::{Catalog, Kind, check as check_file};
use crate::model::{Name, Pack, Sent, holes};
use crate::policy::Policies;

/// Most tools that are taken as lost together.
const LOST: usize = 2;

/// One file, and everything that is wrong with it.
struct Checked {
    path: String,
    kind: &'static str,
    diagnostics: Diagnostics,
}

/// Validates files, or everything of a name, and shows all mistakes at once.
pub(super) fn check(common: &Common, args: &CheckArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "check")?;
    let catalog = workspace::catalog(common)?;
    let mut results: Vec<(String, Vec<Checked>)> = Vec::new();
    for name in &args.files {
        results.push((name.clone(), check_one(&catalog, name)));
    }
    let errors = results
        .iter()
        .flat_map(|(_, checked)| checked)
        .filter(|checked| checked.diagnostics.has_errors())
        .count();
    if common.format == Format::Json {
        ui.data(&json(&results))?;
    } else {
        for checked in results.iter().flat_map(|(_, checked)| checked) {
            ui.diagnostics(&checked.diagnostics);
            let verdict = if checked.diagnostics.has_errors() { "wrong" } else { "ok   " };
            ui.data(&format!("{verdict} {} {}\n", checked.kind, checked.path))?;
        }
    }
    Ok(if errors == 0 { exit::OK } else { exit::USAGE })
}

/// A path that exists is checked as a file, anything else as a name of the catalogue.
fn check_one(catalog: &Catalog, name: &str) -> Vec<Checked> {
    let path = Path::new(name);
    if path.exists() {
        let (kind, diagnostics) = check_file(path, catalog);
        let kind = kind.map_or("file", Kind::as_str);
        return vec![Checked { path: name.to_owned(), kind, diagnostics }];
    }
    let kinds = [
        Kind::Scenario,
        Kind::System,
        Kind::Pack,
        Kind::Preset,
        Kind::Slo,
        Kind::Stream,
        Kind::Routine,
        Kind::Timeline,
    ];
    let named: Vec<Checked> = kinds
        .into_iter()
        .filter(|kind| catalog.names(*kind).iter().any(|known| **known == *name))
        .map(|kind| Checked {
            path: name.to_owned(),
            kind: kind.as_str(),
            diagnostics: named(catalog, kind, name),
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let message = format!("`{name}` is neither a file nor the name of anything drill knows");
    let names = workspace::all_names(catalog);
    let help = match crate::diag::did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see `drill list`".to_owned(),
    };
    let diagnostic = Diagnostic::error("check::unknown", message).help(help);
    vec![Checked {
        path: name.to_owned(),
        kind: "file",
        diagnostics: Diagnostics::from(diagnostic),
    }]
}

/// What is wrong with something of the catalogue; a pack's scripts are compiled too.
fn named(catalog: &Catalog, kind: Kind, name: &str) -> Diagnostics {
    let checked = match kind {
        Kind::Scenario => catalog.scenario(name, &[]).map(|loaded| loaded.warnings),
        Kind::System => catalog.system(name).map(|loaded| loaded.warnings),
        Kind::Preset => catalog.preset(name).map(|loaded| loaded.warnings),
        Kind::Routine => catalog.routine(name).map(|loaded| loaded.warnings),
        Kind::Slo => catalog.slos(&[name]).map(|loaded| loaded.warnings),
        Kind::Stream => catalog.stream(name).map(|loaded| loaded.warnings),
        Kind::Timeline => catalog.timeline(name).map(|loaded| loaded.warnings),
        _ => catalog.pack(name).and_then(|loaded| {
            Policies::compile(&loaded.value)?;
            let mut warnings = loaded.warnings;
            warnings.list.extend(pack_doubts(catalog, &loaded.value));
            Ok(warnings)
        }),
    };
    checked.unwrap_or_else(|errors| errors)
}

/// What is doubtful about a pack that can be used: its review is overdue, or the loss of few
/// tools leaves something without a channel.
fn pack_doubts(catalog: &Catalog, pack: &Pack) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let day = kept_actions::today();
    if let Some(next) = pack.next_review_day().filter(|next| *next < day) {
        let late = (day - next).num_days();
        let message = format!("pack `{}` was to be reviewed on {next}, {late} days ago", pack.name);
        let help = "review the document, then set `next_review` in pack.toml";
        found.push(Diagnostic::warning("pack::review-overdue", message).help(help));
    }
    let system = workspace::system_of(catalog, pack);
    for hole in holes(pack, system.as_ref(), LOST) {
        let tools: Vec<&str> = hole.tools.iter().map(Name::as_str).collect();
        let sent: Vec<String> = hole.sent.iter().map(sent).collect();
        let (tools, sent) = (tools.join(" and "), sent.join(", "));
        let message = format!("pack `{}` has no channel without {tools} for: {sent}", pack.name);
        let help = "give a channel of these another `fallback` (see `drill show`)";
        found.push(Diagnostic::warning("pack::no-channel", message).help(help));
    }
    found
}

fn sent(sent: &Sent) -> String {
    match sent {
        Sent::Duty(id) => format!("duty `{id}`"),
        Sent::Level(level) => format!("escalation level {level}"),
        Sent::Public => "public updates".to_owned(),
    }
}

fn json(results: &[(String, Vec<Checked>)]) -> String {
    let place = |diagnostic: &Diagnostic| {
        let position = diagnostic.position();
        serde_json::json!({
            "code": diagnostic.code,
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "line": position.map(|(line, _)| line),
            "column": position.map(|(_, column)| column),
            "labels": diagnostic.labels,
            "help": diagnostic.help,
        })
    };
    let files: Vec<_> = results
        .iter()
        .flat_map(|(_, checked)| checked)
        .map(|checked| {
            serde_json::json!({
                "path": checked.path,
                "kind": checked.kind,
                "valid": !checked.diagnostics.has_errors(),
                "diagnostics": checked.diagnostics.list.iter().map(place).collect::<Vec<_>>(),
            })
        })
        .collect();
    let document = serde_json::json!({
        "schema": "drill.check/1", "drill_version": env!("CARGO_PKG_VERSION"), "files": files,
    });
    format!("{document:#}")
}
