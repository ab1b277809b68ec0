//! `metadata`: names, labels, annotations, and drill's own annotations.

use std::cell::RefCell;

use crate::diag::Span;
use crate::load::decode::{Cx, Fields};
use crate::load::node::{Node, Spanned};
use crate::load::symbols::choices;
use crate::model::Name;

/// Prefix of the annotations that are drill's own.
const PREFIX: &str = "drill/";
/// Longest name part of a key.
const MAX_KEY: usize = 63;
/// Longest prefix of a key.
const MAX_PREFIX: usize = 253;

/// One annotation of drill's, without its prefix.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    key: Name,
    key_span: Span,
    value: Spanned<Name>,
}

/// drill's annotations of one object. Each must be asked for by the reader of its kind;
/// [`Notes::refuse_rest`] names the others.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
    asked: RefCell<Vec<&'static str>>,
}

impl Notes {
    /// The value of the annotation `drill/KEY`, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<&Spanned<Name>> {
        self.asked.borrow_mut().push(key);
        self.list.iter().find(|note| note.key == key).map(|note| &note.value)
    }

    /// Notes a mistake for each annotation that nobody asked for.
    pub(crate) fn refuse_rest(&self, cx: &Cx<'_>, what: &str) {
        let asked = self.asked.borrow();
        for note in &self.list {
            if asked.contains(&note.key.as_str()) {
                continue;
            }
            let message = format!("unknown annotation `{PREFIX}{}` of this {what}", note.key);
            let unknown = cx.at("openslo::annotation", message, note.key_span, "not drill's");
            let help = if asked.is_empty() {
                format!("an object of this kind has no `{PREFIX}` annotations")
            } else {
                choices(&note.key, &asked)
            };
            cx.push(unknown.help(help));
        }
    }
}

/// The metadata of an object.
#[derive(Debug)]
pub(crate) struct Meta {
    /// Empty when it could not be read, which is a mistake that was noted.
    pub(crate) name: Spanned<Name>,
    pub(crate) title: Option<Name>,
    pub(crate) notes: Notes,
}

/// The `metadata` of an object.
pub(crate) fn meta(object: &Fields<'_>) -> Meta {
    let nothing = Spanned { value: Name::from(""), span: object.span };
    let mut meta = Meta { name: nothing, title: None, notes: Notes::default() };
    let Some(node) = object.wanted("metadata") else {
        return meta;
    };
    let Some(fields) = object.cx.fields(node, "metadata") else {
        return meta;
    };
    let name = fields.wanted("name").and_then(|node| fields.label("name", node));
    meta.name = name.unwrap_or(Spanned { value: Name::from(""), span: fields.span });
    meta.title = fields.display_name();
    labels(&fields);
    meta.notes.list = annotations(&fields);
    meta
}

fn labels(meta: &Fields<'_>) {
    let Some(node) = meta.present("labels") else {
        return;
    };
    let Node::Table(table) = &node.value else {
        meta.cx.wrong_type("`labels`", node, "keys with lists of texts");
        return;
    };
    for (key, value) in &table.entries {
        if let Some(wrong) = bad_key(&key.value) {
            let message = format!("`labels`: the key `{}` {wrong}", shortened(&key.value));
            meta.cx.error("openslo::label-key", message, key.span, "not a label");
        }
        let texts = match &value.value {
            Node::Array(elements) => elements.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let other = texts.iter().find(|text| !matches!(text.value, Node::String(_)));
        if let Some(other) = other {
            let what = format!("the label `{}`", shortened(&key.value));
            meta.cx.wrong_type(&what, other, "a text in quotes, or a list of texts");
        }
    }
}

fn annotations(meta: &Fields<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some(node) = meta.present("annotations") else {
        return notes;
    };
    let Node::Table(table) = &node.value else {
        meta.cx.wrong_type("`annotations`", node, "keys with texts");
        return notes;
    };
    for (key, value) in &table.entries {
        if let Some(wrong) = bad_annotation_key(&key.value) {
            let message = format!("`annotations`: the key `{}` {wrong}", shortened(&key.value));
            let bad = meta.cx.at("openslo::annotation-key", message, key.span, "not a key");
            let help = "a key is NAME or DOMAIN/NAME, as in `openslo.com/service-folder`";
            meta.cx.push(bad.help(help));
            continue;
        }
        let what = format!("the annotation `{}`", shortened(&key.value));
        let Node::String(text) = &value.value else {
            meta.cx.wrong_type(&what, value, "a text in quotes");
            continue;
        };
        if let Some(name) = key.value.strip_prefix(PREFIX) {
            let value = Spanned { value: Name::from(text.trim()), span: value.span };
            notes.push(Note { key: Name::from(name), key_span: key.span, value });
        }
    }
    notes
}

/// Keys may be hundreds of characters long.
fn shortened(key: &str) -> String {
    let mut shown: String = key.chars().take(70).collect();
    if shown.len() < key.len() {
        shown.push_str("...");
    }
    shown
}

/// What is wrong with the name part of a key.
fn bad_key(key: &str) -> Option<&'static str> {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if key.len() > MAX_KEY {
        Some("has more than 63 characters")
    } else if !ends(key.chars().next()) || !ends(key.chars().last()) {
        Some("does not begin and end with a letter or digit")
    } else if !key.bytes().all(inside) {
        Some("has other characters than letters, digits, `-`, `_` and `.`")
    } else {
        None
    }
}

/// Whether OpenSLO can carry an annotation of this key.
pub(crate) fn fits_annotation_key(key: &str) -> bool {
    bad_annotation_key(key).is_none()
}

/// What is wrong with a key that may have a DNS subdomain before a slash.
fn bad_annotation_key(key: &str) -> Option<&'static str> {
    let Some((domain, name)) = key.split_once('/') else {
        return bad_key(key);
    };
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(letters)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if domain.len() > MAX_PREFIX {
        Some("has more than 253 characters before its `/`")
    } else if !domain.split('.').all(part) {
        Some("has no DNS subdomain before its `/`")
    } else {
        bad_key(name)
    }
}
