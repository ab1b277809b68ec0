//! SLOs that were written for other tools, as OpenSLO.
//!
//! [`import`] reads Sloth and Pyrra specs as leniently as those tools do (a key they do not know
//! is a warning), with all mistakes at once; [`openslo_yaml`] writes what was read as OpenSLO v1
//! with drill's annotations, so that the tiers are exactly those the tool would have alerted by.
//!
//! **Invariant**: what [`openslo_yaml`] writes, [`crate::load::openslo()`] reads without an error.

mod imported;
mod promql;
mod pyrra;
mod sloth;
mod source;
mod writer;

pub use imported::{Imported, ImportedMetric};
pub use source::{import, import_for};
pub use writer::openslo_yaml;
pub(super) use writer::{length, scalar};
