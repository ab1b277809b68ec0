//! Alert rules for Prometheus.
//!
//! The *oracle* rules stand on one gauge sample per slice, and the states of their alerts are
//! those of the replay, which the unit test beside them asks for at every slice. The *production*
//! rules stand on the metrics that an SLO's indicator names.

mod matchers;
mod metrics;
mod oracle;
mod production;
mod yaml;

pub use oracle::{OracleSeries, oracle_rules, oracle_test};
pub use production::{Exported, production_rules};
