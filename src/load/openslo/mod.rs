//! OpenSLO v1: what a team writes down about its objectives.
//!
//! A file is read in two steps. Each document becomes an object with everything that is wrong
//! in it; then the references among the objects of all files are looked up and SLOs become
//! [`crate::model::SloDefinition`]s. What OpenSLO has no words for stands in annotations that
//! begin with `drill/`, which are checked as strictly as the rest. `docs/openslo.md` states the
//! choices that the specification leaves open.
//!
//! **Invariant**: targets and thresholds are cut from the text; no decimal passes through a float.

mod alert;
mod annotations;
mod define;
mod fields;
mod indicator;
mod metadata;
mod object;
mod read;
mod resolve;
mod slo;

pub(crate) use define::check_openslo;
pub use define::openslo;
pub(crate) use metadata::fits_annotation_key;
