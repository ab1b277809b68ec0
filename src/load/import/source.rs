//! Which tool a document was written for.

use std::collections::BTreeMap;

use super::imported::Imported;
use super::{pyrra, sloth};
use crate::diag::{Diagnostic, Diagnostics, SourceText};
use crate::load::decode::{Cx, Fields, Loaded};
use crate::load::node::{Node, Spanned};
use crate::load::symbols::choices;
use crate::load::yaml::parse_yaml;
use crate::model::Name;
use crate::units::SimDuration;

/// What the caller wants otherwise than the tools do it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The period of budgets, where the format names none.
    pub(super) period: Option<SimDuration>,
}

/// The SLOs of a Sloth spec (`prometheus/v1` or the Kubernetes form) or of Pyrra objectives, in
/// the order of the file. What the tool itself ignores or warns of is a warning.
///
/// # Errors
/// All mistakes of the file; SLIs that need a plugin's code; targets of 100 %.
pub fn import(source: &SourceText) -> Result<Loaded<Vec<Imported>>, Diagnostics> {
    import_for(source, None)
}

/// The same where `period` is the period that Sloth is started with, 30 days otherwise.
///
/// # Errors
/// As [`import`], and periods that Sloth has no windows for.
pub fn import_for(
    source: &SourceText,
    period: Option<SimDuration>,
) -> Result<Loaded<Vec<Imported>>, Diagnostics> {
    let (documents, syntax) = parse_yaml(source);
    let cx = Cx::new(source, syntax);
    let mut imported: Vec<Imported> = Vec::new();
    let mut ids = BTreeMap::new();
    for document in &documents {
        let read = read(&cx, document, Wanted { period });
        for slo in read {
            note_twice(&cx, document, &mut ids, &slo);
            imported.push(slo);
        }
    }
    // Both tools ignore keys that they do not know.
    cx.soften("decode::unknown-key");
    if imported.is_empty() && cx.mistakes() == 0 {
        cx.push(Diagnostic::error("import::nothing", "the file holds no SLO").in_file(source));
    }
    cx.finish(Some(imported))
}

/// Notes two SLOs of one name, which OpenSLO could not tell apart.
fn note_twice(
    cx: &Cx<'_>,
    document: &Spanned<Node>,
    ids: &mut BTreeMap<Name, Name>,
    slo: &Imported,
) {
    if let Some(other) = ids.insert(slo.name.clone(), slo.id.clone()) {
        let message = format!("`{other}` and `{}` have one name, `{}`", slo.id, slo.name);
        cx.error("import::duplicate", message, document.span, "in this document");
    }
}

fn word<'d>(document: &'d Fields<'_>, key: &'static str) -> Option<&'d str> {
    match document.table.get(key).map(|(_, node)| &node.value) {
        Some(Node::String(text)) => Some(text.as_str()),
        _ => None,
    }
}

fn read<'a>(cx: &'a Cx<'a>, node: &'a Spanned<Node>, wanted: Wanted) -> Vec<Imported> {
    let Some(document) = cx.fields(node, "document") else {
        return Vec::new();
    };
    let (version, api) = (word(&document, "version"), word(&document, "apiVersion"));
    match (version, api, word(&document, "kind")) {
        (Some("prometheus/v1"), None, _) => sloth::spec(&document, wanted),
        (_, Some("sloth.slok.dev/v1"), Some("PrometheusServiceLevel")) => {
            sloth::kubernetes(&document, wanted)
        }
        (_, Some("pyrra.dev/v1alpha1"), Some("ServiceLevelObjective")) => {
            pyrra::objective(&document).into_iter().collect()
        }
        (_, Some(api), Some(kind)) if api.starts_with("openslo") => {
            document.allow_any();
            let message = format!("this is OpenSLO already (`apiVersion: {api}`, kind {kind})");
            unknown(&document, "apiVersion", message, "drill reads openslo/v1 as it is".into());
            Vec::new()
        }
        (Some(version), None, _) => {
            document.allow_any();
            let message = format!("`version`: {version} is not prometheus/v1");
            unknown(&document, "version", message, choices(version, &["prometheus/v1"]));
            Vec::new()
        }
        (_, Some(api), kind) => {
            document.allow_any();
            let known = ["sloth.slok.dev/v1", "pyrra.dev/v1alpha1"];
            let kind = kind.unwrap_or("none");
            let message = format!("`apiVersion` {api} with kind {kind} is no SLO drill can import");
            unknown(&document, "apiVersion", message, choices(api, &known));
            Vec::new()
        }
        (None, None, _) => {
            document.allow_any();
            let help = "a Sloth spec begins with `version: prometheus/v1`, a Pyrra objective with \
                        `apiVersion: pyrra.dev/v1alpha1`";
            let message = "this is neither a Sloth spec nor a Pyrra objective".to_owned();
            unknown(&document, "apiVersion", message, help.to_owned());
            Vec::new()
        }
    }
}

fn unknown(document: &Fields<'_>, key: &str, message: String, help: String) {
    let cx = document.cx;
    let other = cx.at("import::format", message, document.span_of(key), "what this is");
    cx.push(other.help(help));
}
