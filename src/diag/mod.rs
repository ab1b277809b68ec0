//! Diagnostics: mistakes in user files as values, with place and remedy.
//!
//! **Invariant**: nothing here prints; only `cli` renders a diagnostic.

mod diagnostic;
mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity, SourceText, Span};
pub use suggest::did_you_mean;
