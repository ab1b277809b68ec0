//! Sample streams to try the commands on: a real access log, and made-up logs in the shapes of
//! two operations documents. The same name gives the same bytes.

mod context;
mod lines;
mod orchestrator;
mod samples;

pub use samples::{SAMPLES, Sample, SampleFile, sample};
