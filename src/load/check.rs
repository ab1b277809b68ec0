//! Checking any drill file by what it says it is.

use std::path::Path;

use super::catalog::{Catalog, Kind, scripts_beside};
use super::decode::Loaded;
use super::file::{MAX_FILE_BYTES, MAX_TIMELINE_BYTES, read};
use super::node::{Node, Spanned};
use super::symbols::choices;
use crate::diag::{Diagnostic, Diagnostics, SourceText};

/// What the file at `path` is and everything that is wrong with it. A folder is a pack. The kind
/// is `None` when the file says nothing about it, and for a report that somebody wrote. Systems and packs that a scenario names are
/// looked up in `catalog`; a scenario is checked with every value of its parameters.
pub fn check(path: &Path, catalog: &Catalog) -> (Option<Kind>, Diagnostics) {
    if path.is_dir() {
        return check(&path.join("pack.toml"), catalog);
    }
    let jsonl = path.extension().is_some_and(|ending| ending == "jsonl");
    let limit = if jsonl { MAX_TIMELINE_BYTES } else { MAX_FILE_BYTES };
    let source = match read(path, limit) {
        Ok(source) => source,
        Err(error) => return (jsonl.then_some(Kind::Timeline), error.into()),
    };
    if super::written::is_report(&source.text) {
        return (None, super::written::check_report(&source, catalog));
    }
    if is_openslo(path, &source) {
        return (Some(Kind::Slo), super::openslo::check_openslo(&source));
    }
    if jsonl || source.text.trim_start().starts_with('{') {
        let found = crate::timeline::read_jsonl(&source).err().unwrap_or_default();
        return (Some(Kind::Timeline), found);
    }
    let (tree, syntax) = super::toml::parse(&source);
    let kind = match kind_of(&source, &tree) {
        Ok(kind) => kind,
        Err(unknown) => {
            let mut list = syntax;
            // Where the syntax is broken the schema may just not have been found.
            if list.is_empty() {
                list.push(unknown);
            }
            return (None, Diagnostics { list });
        }
    };
    let found = match kind {
        Kind::System => found(super::system(&source)),
        Kind::Preset => found(super::preset(&source)),
        Kind::RuleTests => found(super::rule_tests(&source)),
        Kind::Timeline => found(super::timeline_toml(&source)),
        Kind::Pack => match scripts_beside(path) {
            Ok(scripts) => found(super::pack(&source, &scripts)),
            Err(errors) => errors,
        },
        Kind::Scenario => check_scenario(&source, catalog),
        Kind::Slo => super::openslo::check_openslo(&source),
        Kind::Stream => found(super::stream(&source)),
        // The SLOs it names stand in other files.
        Kind::Corrections => found(super::corrections(&source, &[])),
        Kind::Routine => found(super::routine(&source)),
    };
    (Some(kind), found)
}

/// YAML is OpenSLO; so is JSON that says which version of an API it is written for.
fn is_openslo(path: &Path, source: &SourceText) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy());
    match ending.as_deref() {
        Some("yaml" | "yml") => true,
        Some("json") => source.text.contains("\"apiVersion\""),
        _ => false,
    }
}

fn found<T>(result: Result<Loaded<T>, Diagnostics>) -> Diagnostics {
    match result {
        Ok(loaded) => loaded.warnings,
        Err(errors) => errors,
    }
}

fn kind_of(source: &SourceText, tree: &Spanned<Node>) -> Result<Kind, Diagnostic> {
    let toml = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Slo);
    let schemas: Vec<&str> = toml.map(Kind::schema).collect();
    let entry = match &tree.value {
        Node::Table(table) => table.get("schema"),
        _ => None,
    };
    let Some((_, node)) = entry else {
        let message = "the file does not say what it is";
        let missing = Diagnostic::error("file::no-schema", message).in_file(source);
        return Err(missing.help(format!("begin with `schema = \"...\"`: {}", schemas.join(", "))));
    };
    let word = match &node.value {
        Node::String(word) => word.as_str(),
        _ => "",
    };
    let known = Kind::of_schema(word).filter(|_| schemas.contains(&word));
    known.ok_or_else(|| {
        let message = format!("there is no schema `{word}`");
        let unknown = Diagnostic::error("file::unknown-schema", message);
        unknown.at(source, node.span, "unknown schema").help(choices(word, &schemas))
    })
}

/// With default values first; then each other value of each parameter, whose mistakes are shown
/// when the defaults have none.
fn check_scenario(source: &SourceText, catalog: &Catalog) -> Diagnostics {
    let defaults = match catalog.drill(source, &[], None, None) {
        Ok(loaded) => loaded,
        Err(errors) => return errors,
    };
    for (parameter, _) in &defaults.value.scenario.parameters {
        for value in parameter.values.iter().skip(1) {
            let set = [(parameter.name.to_string(), value.to_string())];
            if let Err(mut errors) = catalog.drill(source, &set, None, None) {
                for diagnostic in &mut errors.list {
                    let with = format!(" (with `{}={value}`)", parameter.name);
                    diagnostic.message.push_str(&with);
                }
                return errors;
            }
        }
    }
    defaults.warnings
}
