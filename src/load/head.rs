//! Titles without the rest of their files.

use super::node::{Node, Spanned};
use super::toml;
use crate::diag::SourceText;
use crate::model::{Name, Text};

/// The title among the keys before the first table of a TOML file; `None` where it is not found
/// so, which says nothing about the file.
pub(super) fn title(source: &SourceText) -> Option<Text> {
    let end = source.text.find("\n[").map_or(source.text.len(), |at| at + 1);
    let (tree, mistakes) = toml::parse(&SourceText::new(source.path.clone(), &source.text[..end]));
    let Node::Table(keys) = tree.value else { return None };
    if !mistakes.is_empty() {
        return None;
    }
    let text = |node: &Spanned<Node>| match &node.value {
        Node::String(text) => Some(Name::from(text.as_str())),
        _ => None,
    };
    let (_, title) = keys.get("title")?;
    match &title.value {
        Node::Table(both) => {
            let word = |lang: &str| both.get(lang).and_then(|(_, node)| text(node));
            Some(Text { en: word("en")?, ja: word("ja")? })
        }
        _ => text(title).map(|title| Text { en: title.clone(), ja: title }),
    }
}
