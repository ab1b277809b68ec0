//! The form of a file, told from its content.

use super::lines::is_access;
use crate::model::InputFormat;

/// The form of what begins with `bytes`.
pub(super) fn format(bytes: &[u8]) -> Option<InputFormat> {
    if bytes.starts_with(b"PAR1") {
        return Some(InputFormat::Parquet);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = &bytes[..bytes.len().min(1 << 16)];
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(20);
    let first = lines.next()?;
    if first.trim_start().starts_with('{') {
        return Some(InputFormat::Jsonl);
    }
    if std::iter::once(first).chain(lines.clone()).any(is_access) {
        return Some(InputFormat::Access);
    }
    let named = |line: &str| ["# HELP ", "# TYPE ", "# UNIT "].iter().any(|w| line.starts_with(w));
    if named(first) || first.trim() == "# EOF" {
        let open = text.lines().any(|line| line.trim() == "# EOF");
        return Some(if open { InputFormat::Openmetrics } else { InputFormat::Prometheus });
    }
    // A header is names, not values, and the lines under it have as many fields.
    let names =
        first.split(',').all(|cell| !cell.trim().is_empty() && cell.trim().parse::<f64>().is_err());
    (first.contains(',') && names && !first.contains('\0')).then_some(InputFormat::Csv)
}
