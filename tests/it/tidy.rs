//! The structure holds itself: arrows, sizes, and who may name which crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(&root().join(folder), &mut files);
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// The table of `ARCHITECTURE.md`: module -> modules it may use.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let words = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').collect();
        (words(cells[1])[0].clone(), words(cells[2]).into_iter().collect())
    })
    .collect()
}

/// The code of a file without comments and without its tests, which may use what they like.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end]
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The module of `src/` a file belongs to.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_run_down_only() {
    let arrows = arrows();
    assert!(arrows.len() >= 14, "the table of arrows is missing from ARCHITECTURE.md");
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let allowed =
            arrows.get(&module).unwrap_or_else(|| panic!("`{module}` is not in the table"));
        let code = code(&text).replace("crate::{", "crate:: {");
        assert!(
            !code.contains("use crate:: {"),
            "{}: name one module per `use crate::`",
            path.display()
        );
        for part in code.split("crate::").skip(1) {
            let used: String =
                part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used != module && arrows.contains_key(&used) && !allowed.contains(&used) {
                wrong.push(format!("{}: `{module}` may not use `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_engine_has_one_home() {
    let homes: [(&str, &[&str]); 10] = [
        ("duckdb::", &["store"]),
        ("polars::", &["store"]),
        ("rhai::", &["policy"]),
        ("plotters::", &["report"]),
        ("minijinja::", &["report"]),
        ("fluent_bundle::", &["report"]),
        ("miette::", &["cli"]),
        ("clap::", &["cli"]),
        ("indicatif::", &["cli"]),
        ("rayon::", &["assess", "exercise", "slo", "store"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let (module, code) = (module_of(&path), code(&text));
        for (name, allowed) in homes {
            if code.contains(name) && !allowed.contains(&module.as_str()) {
                wrong.push(format!("{}: {name} belongs to {allowed:?}", path.display()));
            }
        }
        for word in ["std::net", "std::process::Command", "reqwest"] {
            let is_home = ["connect", "vcs"].contains(&module.as_str())
                || path.ends_with("src/cli/probe_command.rs") && word.ends_with("Command");
            if code.contains(word) && !is_home {
                wrong.push(format!("{}: {word} has no home here", path.display()));
            }
        }
        if ["sim", "slo", "score"].contains(&module.as_str()) && code.contains("std::fs") {
            wrong.push(format!("{}: `{module}` does no I/O", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if text.lines().count() > 900 {
                wrong.push(format!("{}: over 900 lines, split it by noun", path.display()));
            }
            if ["utils.rs", "helpers.rs", "common.rs"].contains(&name) {
                wrong.push(format!("{}: name it after what it holds", path.display()));
            }
            if name == "mod.rs" && folder == "src" && code(&text).contains("fn ") {
                wrong.push(format!("{}: mod.rs holds docs, mod and pub use only", path.display()));
            }
            if folder == "src" && !text.starts_with("//!") {
                wrong.push(format!("{}: begins with what it is for", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_stub_is_left() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        for word in ["todo!(", "unimplemented!(", "FIXME", "dbg!("] {
            if text.contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
