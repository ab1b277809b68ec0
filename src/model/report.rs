//! How a report that people fill in says what it is.

/// What follows `<!-- ` at the begin of a report in Markdown: its schema; `pack=` and `duty=`
/// come after it.
pub const REPORT_MARK: &str = "drill.report/1";

/// How a field begins that nobody has filled yet: a task that is not ticked.
pub const REPORT_OPEN: &str = "- [ ]";
