//! Weekly, monthly and quarterly reports.

mod choice;
mod contents;
mod data;
mod files;
mod json;
mod tables;
#[cfg(test)]
mod tests;

pub use data::period_csv;
pub use files::{period_files, period_html, period_markdown, period_stem, period_text};
pub use json::period_json;
