//! Reports on a week, a month or a quarter, as values.

mod change;
mod contributors;
mod drills;
mod low;
mod record;
mod report;
mod span;

pub use crate::store::StreamSummary;
pub use change::Change;
pub use contributors::{MOST_CONTRIBUTED, contributors};
pub(super) use drills::drills;
pub use drills::{DrillResult, Drills, PostMortems};
pub use low::{LowItem, low_items};
pub use record::{Attainment, Costly, Level};
pub use report::{
    AppliedCorrection, Contributor, PeriodAlert, PeriodError, PeriodReport, PeriodSlo,
    PeriodSources, end_of, period_report,
};
pub use span::{PeriodKind, PeriodSpan};
