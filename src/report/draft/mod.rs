//! Drafts of the reports that are due, from what the timeline holds.
//!
//! **Invariant**: a field that the timeline does not hold is printed as unknown, with the role
//! that is to fill it; nothing of the ground truth and nothing from after the report's own time
//! is used.

mod fields;
mod page;
mod work;

pub(super) use fields::blocks;
pub use page::{
    Drafts, drill_drafts, incident_drafts_json, incident_drafts_markdown, incident_drafts_text,
};
