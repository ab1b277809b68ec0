//! drill rehearses, measures and explains incident response on a team's own data.
//!
//! Files become [`model`] values through [`load`]; a drill, a recording or a live exercise
//! becomes a [`timeline::Timeline`]; [`score`] turns that and a pack into a scorecard;
//! [`report`] shows it. `ARCHITECTURE.md` walks through one drill.

pub mod assess;
pub mod cli;
pub mod diag;
pub mod exercise;
pub mod load;
pub mod model;
pub mod policy;
pub mod report;
pub mod score;
pub mod sim;
pub mod slo;
pub mod store;
pub mod timeline;
pub mod units;
pub mod workbench;
