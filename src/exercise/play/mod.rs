//! A person in the seat of a role: on the same engine, timeline and scorer as everybody else.
//!
//! A [`Game`] is sans-I/O: the caller moves its time on and hands in what the person types, each
//! at a simulated instant, and gets back what the person notices. It is a function of what was
//! typed when, so its journal is its whole state.
//!
//! - `vocabulary`, `command`: what can be typed
//! - `sight`: what reaches the person at the seat, and how
//! - `stage`, `record`, `record_work`, `record_step`: a drill under way, or a recorded incident
//!   played back
//! - `evidence`: what a diagnosis finds
//! - `game`, `runbook`, `shown`: the loop around it, and what comes out
//! - `journal`: the lines that a game is replayed from
//! - `debrief`: what is asked after the end
//!
//! **Invariant**: nothing is shown before responders could know it, and ground truth never.

mod command;
mod debrief;
mod evidence;
mod game;
mod journal;
mod record;
mod record_step;
mod record_work;
mod runbook;
mod shown;
mod sight;
mod stage;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use crate::sim::{Condition, Objection, StepAt};
pub use command::{Command, MAX_LINE_CHARS, Misread, VERBS, Verb, clean, verb_of};
pub use debrief::{Area, Debrief, Element, Field, Improvement, Misanswer};
pub use game::{Ended, Game, Played, Typed, judge_play};
pub use journal::{Entry, JOURNAL_SCHEMA, JournalHead, read_journal};
pub use record::{Recording, judge_record};
pub use record_step::Basis;
pub use shown::{Board, Evidence, HintAbout, RunbookStep, Shown, Standing, Symptom, Unshown};
pub use sight::Way;
pub use stage::Setting;
pub use vocabulary::{Kind as WordKind, Vocabulary};
