//! Lists of what can be named on the command line.

use serde_json::{Value, json};

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::pretty;
use super::lang::{Lang, Words};
use super::text::{self, Style};
use crate::model::{Name, Text};

/// One thing of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name on the command line.
    pub name: Name,
    /// Title for people.
    pub title: Text,
}

/// One kind with its things, ascending as given. `kind` is `scenarios`, `packs`, `systems`,
/// `responders` or `reports`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The kind.
    pub kind: &'static str,
    /// Its things.
    pub items: Vec<Listed>,
}

/// One line each, under the name of their kind.
pub fn list_text(listings: &[Listing], lang: Lang, style: Style) -> String {
    let words = Words::new(lang);
    let mut doc = Doc {
        lang: lang.as_str(),
        title: words.t("list-title"),
        lead: String::new(),
        blocks: Vec::new(),
    };
    for listing in listings {
        doc.heading(words.word("kind", listing.kind));
        let row = |item: &Listed| {
            vec![
                Cell::new(item.name.to_string()),
                Cell::toned(words.text(&item.title), Tone::Muted),
            ]
        };
        doc.table(Table {
            caption: words.word("kind", listing.kind),
            columns: vec![
                Column::left(words.t("column-name")),
                Column::flex(words.t("column-title")),
            ],
            rows: listing.items.iter().map(row).collect(),
        });
    }
    text::render(&doc, style)
}

/// `drill.list/1`: the things of all kinds given, each with its kind.
pub fn list_json(listings: &[Listing]) -> String {
    let items = listings.iter().flat_map(|listing| {
        let item =
            |item: &Listed| json!({"kind": listing.kind, "name": item.name, "title": item.title});
        listing.items.iter().map(item)
    });
    pretty(&json!({
        "schema": "drill.list/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "items": items.collect::<Vec<Value>>(),
    }))
}
