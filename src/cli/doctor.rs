//! `drill doctor`.

use super::args::{Common, Format};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::load::{Catalog, Kind};
use crate::policy::Policies;
use crate::store::{EngineProbe, probe_engines};

/// One line of the doctor's findings.
struct Finding {
    name: String,
    version: Option<String>,
    tried: String,
    problem: Option<String>,
    remedy: &'static str,
}

/// Prints versions, tries every part with a small piece of real work, and names the remedy where
/// one does not work.
pub(super) fn doctor(common: &Common, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "doctor")?;
    let mut findings: Vec<Finding> = probe_engines().into_iter().map(engine).collect();
    let catalog = workspace::catalog(common)?;
    findings.push(files(&catalog));
    findings.push(scripts(&catalog));
    findings.push(writing());
    let ok = findings.iter().all(|finding| finding.problem.is_none());
    let version = env!("CARGO_PKG_VERSION");
    if common.format == Format::Json {
        let parts: Vec<_> = findings
            .iter()
            .map(|finding| {
                serde_json::json!({
                    "name": finding.name,
                    "version": finding.version,
                    "tried": finding.tried,
                    "works": finding.problem.is_none(),
                    "problem": finding.problem,
                    "remedy": finding.problem.as_ref().map(|_| finding.remedy),
                })
            })
            .collect();
        let document = serde_json::json!({
            "schema": "drill.doctor/1", "drill_version": version, "works": ok, "parts": parts,
        });
        ui.data(&format!("{document:#}"))?;
    } else {
        ui.data(&text(version, &findings, ok))?;
    }
    Ok(if ok { exit::OK } else { exit::FAILED })
}

fn text(version: &str, findings: &[Finding], ok: bool) -> String {
    let mut text = format!("drill {version}\n\n");
    for finding in findings {
        let mark = if finding.problem.is_none() { "ok     " } else { "BROKEN " };
        let version = finding.version.as_deref().unwrap_or("");
        text += &format!("{mark} {:<10} {:<12} {}\n", finding.name, version, finding.tried);
        if let Some(problem) = &finding.problem {
            text += &format!("        {problem}\n        remedy: {}\n", finding.remedy);
        }
    }
    text += if ok {
        "\nEverything works here. Next: drill run quarterly-outage\n"
    } else {
        "\nSomething does not work here; each line above names its remedy.\n"
    };
    text
}

fn engine(probe: EngineProbe) -> Finding {
    let remedy = match probe.name {
        "polars" => "build again with `make build`",
        _ => {
            "fetch the library again with `make build`, or `cargo install --path .` for a \
              self-contained binary"
        }
    };
    let EngineProbe { name, version, tried, problem } = probe;
    Finding { name: name.to_owned(), version, tried: tried.to_owned(), problem, remedy }
}

fn files(catalog: &Catalog) -> Finding {
    let (mut number, mut broken) = (0, Vec::new());
    for kind in [Kind::Scenario, Kind::System, Kind::Pack, Kind::Preset] {
        for listed in catalog.titles(kind) {
            number += 1;
            if listed.title.is_none() {
                broken.push(listed.name.to_string());
            }
        }
    }
    let tried = format!("{number} embedded and workspace files can be read");
    let problem = (!broken.is_empty()).then(|| format!("mistakes in: {}", broken.join(", ")));
    let remedy = "run `drill check` on the files of the workspace";
    Finding { name: "files".to_owned(), version: None, tried, problem, remedy }
}

fn scripts(catalog: &Catalog) -> Finding {
    let mut problem = None;
    let names = catalog.names(Kind::Pack);
    for name in &names {
        let compiled = catalog.pack(name).and_then(|pack| Policies::compile(&pack.value));
        if let Err(error) = compiled {
            problem.get_or_insert(format!("pack `{name}`: {error}"));
        }
    }
    Finding {
        name: "rhai".to_owned(),
        version: Some(crate::policy::ENGINE_VERSION.to_owned()),
        tried: format!("the scripts of {} pack(s) compile", names.len()),
        problem,
        remedy: "run `drill check PACK` and mend the script it names",
    }
}

fn writing() -> Finding {
    let problem = tempfile::tempfile().err().map(|error| error.to_string());
    Finding {
        name: "disk".to_owned(),
        version: None,
        tried: "a temporary file can be written".to_owned(),
        problem,
        remedy: "point TMPDIR at a folder that can be written",
    }
}
