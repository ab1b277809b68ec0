//! SLOs: where they stand, the alerts that would have fired, other methods and targets.

mod alerts;
mod compare;
mod explain;
pub(super) mod figures;
mod gate;
mod lint;
mod starter;
mod status;

pub use alerts::{slo_alerts_csv, slo_alerts_json, slo_alerts_markdown, slo_alerts_text};
pub use compare::{slo_compare_json, slo_compare_markdown, slo_compare_text};
pub use explain::{Rows, slo_explain_json, slo_explain_text};
pub use gate::{slo_gate_json, slo_gate_text};
pub use lint::{slo_lint_failed, slo_lint_json, slo_lint_text};
pub use starter::slo_starter;
pub(super) use status::slo_json as status_json;
pub use status::{slo_status_csv, slo_status_json, slo_status_markdown, slo_status_text};
