//! Results as text, JSON, Markdown, CSV and self-contained HTML with pictures, in English and
//! Japanese.
//!
//! Every function here is pure: a result, a language and a style give a text, the same bytes
//! each time. A report is first built as one document of blocks, so that its forms can never
//! say different things; JSON and CSV are for programs and have no language.
//!
//! **Invariant**: nothing here computes a number that belongs to `score` or `exercise`; a value
//! they do not know is shown as unknown.

mod actions;
mod beside;
mod calibration;
mod case;
mod compare;
mod contents;
mod csv;
mod data;
mod doc;
mod draft;
mod drill;
mod due;
mod explain;
#[cfg(test)]
mod fixture;
mod head;
mod history;
mod html;
mod impact;
mod json;
mod lang;
mod list;
mod local;
mod markdown;
mod measures;
mod next;
mod period;
mod phrase;
mod picture;
mod play;
mod prometheus;
mod results;
mod routine;
mod routine_json;
mod ruletest;
mod show;
mod show_incident;
mod show_json;
mod show_pack;
mod slo;
mod story;
mod story_choice;
mod summary;
mod text;
mod top;
mod trials;
mod verdict;
mod xml;

pub use actions::KeptActions;
pub use beside::{Pair, beside_csv, beside_json, beside_markdown, beside_text};
pub use calibration::{calibration_json, calibration_markdown, calibration_text};
pub use compare::{
    compare_csv, compare_html, compare_json, compare_markdown, compare_plots, compare_text,
};
pub use data::{DataTable, data_csv, data_json, data_text};
pub use draft::{
    Drafts, drill_drafts, incident_drafts_json, incident_drafts_markdown, incident_drafts_text,
};
pub use drill::{
    drill_csv, drill_html, drill_json, drill_markdown, drill_text, plots, scorecard_csv,
    scorecard_html, scorecard_json, scorecard_markdown, scorecard_text,
};
pub use explain::{explanation_json, explanation_text};
pub use history::{Past, history_csv, history_json, history_markdown, history_text};
pub use impact::{Dependant, Impact, impact};
pub use lang::Lang;
pub use list::{Listed, Listing, list_json, list_text};
pub use local::local_files;
pub use period::{
    period_csv, period_files, period_html, period_json, period_markdown, period_stem, period_text,
};
pub use play::{
    AfterAction, after_action_csv, after_action_html, after_action_json, after_action_markdown,
    after_action_text, hot_wash_text, play_go_on, play_misanswer, play_prompt, play_question,
    play_text, play_welcome,
};
pub use prometheus::{Exported, OracleSeries, oracle_rules, oracle_test, production_rules};
pub use routine::{RoutineLook, routine_markdown, routine_text};
pub use routine_json::routine_json;
pub use ruletest::{ruletest_json, ruletest_junit, ruletest_text};
pub use show::{Shown, show_markdown, show_text};
pub use show_json::show_json;
pub use slo::{
    Rows, slo_alerts_csv, slo_alerts_json, slo_alerts_markdown, slo_alerts_text, slo_compare_json,
    slo_compare_markdown, slo_compare_text, slo_explain_json, slo_explain_text, slo_gate_json,
    slo_gate_text, slo_lint_failed, slo_lint_json, slo_lint_text, slo_starter, slo_status_csv,
    slo_status_json, slo_status_markdown, slo_status_text,
};
pub use text::{Color, Style};
pub use top::{top_csv, top_json, top_text};
pub use trials::{
    trials_csv, trials_html, trials_json, trials_markdown, trials_plots, trials_text,
};
pub use verdict::{folder_text, requirements_text};
