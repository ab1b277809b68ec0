//! Documents to objects: versions, kinds, lists.

use super::alert::{condition_spec, policy_spec, target_spec};
use super::indicator::sli_spec;
use super::metadata::meta;
use super::object::{Object, ObjectKind, Spec};
use super::slo::slo_spec;
use crate::diag::{Diagnostics, SourceText};
use crate::load::decode::{Cx, Fields, Loaded};
use crate::load::node::{Node, Spanned};
use crate::load::symbols::choices;
use crate::load::yaml::parse_yaml;
use crate::model::Name;

/// The `apiVersion` that drill reads.
pub(crate) const API_VERSION: &str = "openslo/v1";

/// The objects of one file: several documents, each one object or a list of them.
pub(crate) fn objects(
    source: &SourceText,
    file: usize,
) -> Result<Loaded<Vec<Object>>, Diagnostics> {
    let (documents, syntax) = parse_yaml(source);
    let cx = Cx::new(source, syntax);
    let mut objects = Vec::new();
    for document in &documents {
        match &document.value {
            Node::Array(elements) => {
                let read = elements.iter().filter_map(|element| object(&cx, element, file));
                objects.extend(read);
            }
            _ => objects.extend(object(&cx, document, file)),
        }
    }
    if objects.is_empty() && cx.mistakes() == 0 {
        let message = "the file holds no object";
        let nothing = crate::diag::Diagnostic::error("file::empty", message).in_file(source);
        cx.push(nothing.help("begin with `apiVersion: openslo/v1`"));
    }
    cx.finish(Some(objects))
}

fn object<'a>(cx: &'a Cx<'a>, node: &'a Spanned<Node>, file: usize) -> Option<Object> {
    let fields = cx.fields(node, "object")?;
    if !version_fits(&fields) {
        // What another version means by its keys is no mistake of its author's.
        fields.allow_any();
        return None;
    }
    let kind = fields
        .wanted("kind")
        .and_then(|node| fields.word_node("`kind`", node, &ObjectKind::ALL, ObjectKind::as_str));
    let meta = meta(&fields);
    let Some(kind) = kind else {
        fields.get("spec");
        return None;
    };
    let spec = match kind {
        ObjectKind::Slo => Spec::Slo(slo_spec(&fields, &meta.notes)),
        ObjectKind::Sli => Spec::Sli(sli_spec(&fields)),
        ObjectKind::AlertPolicy => Spec::AlertPolicy(policy_spec(&fields)),
        ObjectKind::AlertCondition => Spec::AlertCondition(condition_spec(&fields, &meta.notes)),
        ObjectKind::AlertNotificationTarget => {
            target_spec(&fields);
            Spec::AlertNotificationTarget
        }
        ObjectKind::DataSource => Spec::DataSource(data_source_spec(&fields)),
        ObjectKind::Service => {
            if let Some(spec) = fields.mapping("spec", "Service spec") {
                spec.description();
            }
            Spec::Service
        }
    };
    if !matches!(kind, ObjectKind::Slo | ObjectKind::AlertCondition) {
        meta.notes.refuse_rest(cx, kind.as_str());
    }
    Some(Object { file, meta, span: node.span, spec })
}

/// Whether the object is of the version that drill reads; a mistake is noted when it is not.
fn version_fits(object: &Fields<'_>) -> bool {
    let sloth = |node: &Spanned<Node>| match &node.value {
        Node::String(text) => text.starts_with("prometheus/"),
        _ => false,
    };
    if object.table.get("apiVersion").is_none()
        && let Some((_, node)) = object.table.get("version")
        && sloth(node)
    {
        foreign(object, node, "this is a Sloth spec");
        return false;
    }
    let Some(node) = object.wanted("apiVersion") else {
        return false;
    };
    let Node::String(version) = &node.value else {
        object.cx.wrong_type("`apiVersion`", node, "`openslo/v1`");
        return false;
    };
    match version.as_str() {
        API_VERSION => return true,
        "openslo/v1alpha" | "openslo.com/v2alpha" => {
            let word = version.rsplit('/').next().unwrap_or_default();
            let message =
                format!("`apiVersion`: this is OpenSLO {word}, drill reads {API_VERSION}");
            let other = object.cx.at("openslo::version", message, node.span, "another version");
            object.cx.push(other.help("its objects have other keys: write it anew as openslo/v1"));
        }
        "sloth.slok.dev/v1" => foreign(object, node, "this is a Sloth spec"),
        "pyrra.dev/v1alpha1" => foreign(object, node, "this is a Pyrra objective"),
        _ => {
            let message = format!("`apiVersion`: {version} is not {API_VERSION}");
            let other = object.cx.at("openslo::version", message, node.span, "unknown version");
            object.cx.push(other.help(choices(version, &[API_VERSION])));
        }
    }
    false
}

fn foreign(object: &Fields<'_>, node: &Spanned<Node>, what: &str) {
    let message = format!("{what}, drill reads {API_VERSION}");
    let other = object.cx.at("openslo::version", message, node.span, "another format");
    object.cx.push(other.help("`drill slo init --from FILE` makes an OpenSLO file of it"));
}

fn data_source_spec(object: &Fields<'_>) -> Option<Name> {
    let node = object.wanted("spec")?;
    let spec = object.cx.fields(node, "DataSource spec")?;
    spec.description();
    let source_type = spec.some_text("type");
    let details = spec.wanted("connectionDetails");
    if let Some(details) = details
        && !matches!(details.value, Node::Table(_) | Node::Array(_))
    {
        object.cx.wrong_type("`connectionDetails`", details, "keys with values");
    }
    source_type.map(|text| text.value)
}
