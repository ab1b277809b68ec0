//! A game in words: what reaches the person, the manual, the questions after the end, the hot wash
//! and the after-action report.

mod after;
mod after_json;
mod analysis;
mod cause;
mod evidence;
mod line;
mod manual;
mod question;
mod wash;

pub use after::{AfterAction, after_action_html, after_action_markdown, after_action_text};
pub use after_json::{after_action_csv, after_action_json};
pub use line::{play_prompt, play_text, play_welcome};
pub use question::{play_go_on, play_misanswer, play_question};
pub use wash::hot_wash_text;
