//! A report as one self-contained HTML page.

use std::sync::OnceLock;

use minijinja::{Environment, context};

use super::doc::Doc;
use super::lang::Words;

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        // One template, since the macros of one are not seen in another; its name's ending is
        // what turns escaping on.
        let source =
            concat!(include_str!("templates/blocks.html"), include_str!("templates/page.html"));
        environment
            .add_template("page.html", source)
            .expect("invariant: the embedded template parses, as every test of HTML shows");
        environment
    })
}

/// The page. It loads nothing from outside, follows the reader's light or dark setting, and
/// escapes every text.
pub(super) fn render(doc: &Doc, words: Words) -> String {
    let template = environment().get_template("page.html");
    let template = template.expect("invariant: the page is among the embedded templates");
    let context = context! {
        doc => minijinja::value::Serde(doc),
        style => include_str!("templates/page.css"),
        made_by => words.f("made-by", &[("version", env!("CARGO_PKG_VERSION"))]),
        skip => words.t("skip-to-results"),
    };
    template.render(context).expect("invariant: the template uses only what the context holds")
}
