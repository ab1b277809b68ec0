//! What the command line adds below a drill: requirements asked for, and where the files lie.

use super::lang::{Lang, Words};
use crate::exercise::Requirement;

/// One line per requirement, whether it holds; empty when none was asked for.
pub fn requirements_text(requirements: &[Requirement], lang: Lang) -> String {
    let words = Words::new(lang);
    let line = |requirement: &Requirement| {
        let key = if requirement.holds { "verdict-holds" } else { "verdict-fails" };
        format!("{}: {}\n", words.t(key), requirement.text)
    };
    requirements.iter().map(line).collect()
}

/// Where the report lies, as the last line of a drill.
pub fn folder_text(folder: &str, lang: Lang) -> String {
    format!("\n{} {folder}/report.html\n", Words::new(lang).t("verdict-report"))
}
