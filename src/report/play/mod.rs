//! A game in words: what reaches the person, the manual, the questions after the end, the hot wash
//! and the after-action report.

mod after;
mod analysis;
mod line;
mod manual;
mod question;
mod wash;

pub use after::{AfterAction, after_action_html, after_action_markdown, after_action_text};
pub use line::{play_prompt, play_text, play_welcome};
pub use question::{play_misanswer, play_question};
pub use wash::hot_wash_text;
