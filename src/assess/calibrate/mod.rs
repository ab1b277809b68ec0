//! A responder preset from a team's own records: what pagers and alerting have exported, drills
//! with people, recorded incidents.
//!
//! `exports` and `drills` turn records into `evidence`, `fit` into figures, `preset` puts those
//! that rest on enough into a copy of an assumed preset. What rests on too little stays as it was,
//! and is named.

mod drills;
mod evidence;
mod exports;
mod fit;
mod preset;

pub use evidence::{Evidence, LeftOut};
pub use exports::ExportError;
pub use fit::{FitTest, MIN_ANSWERED, MIN_RECORDS};
pub use preset::{Calibration, Fitted, Kept, KeptReason, calibrate};
