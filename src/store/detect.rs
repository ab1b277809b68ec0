//! The form of a file, told from its content.

use super::agent_log::{change, is_issue, is_progress};
use super::csv_levels::is_levels;
use super::exposition::picoseconds;
use super::instant::Clock;
use super::journal;
use super::lines::is_access;
use super::tsdb::is_dump;
use crate::model::InputFormat;
use crate::units::Zone;

/// Bytes of a file that are looked at line by line.
const HEAD: usize = 1 << 16;

/// The form of what begins with `bytes`; `ahead` is the beginning of the line after them, and
/// whether more may follow.
///
/// # Errors
/// It could be of two forms that give other instants; how to say which.
pub(super) fn format(
    bytes: &[u8],
    ahead: (&[u8], bool),
) -> Result<Option<InputFormat>, &'static str> {
    if bytes.starts_with(b"PAR1") {
        return Ok(Some(InputFormat::Parquet));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(20);
    let Some(first) = lines.next() else { return Ok(None) };
    if first.starts_with("{__name__=\"") || first.starts_with("{") && is_dump(first) {
        return Ok(Some(InputFormat::TsdbDump));
    }
    if first.trim_start().starts_with('{') {
        return Ok(Some(json(&text, first)));
    }
    if std::iter::once(first).chain(lines.clone()).any(is_access) {
        return Ok(Some(InputFormat::Access));
    }
    let clock = Clock { unit: None, zone: Zone::UTC };
    // A log by hand may have an abbreviation of a zone that only its definition explains.
    if is_issue(first, clock) {
        return Ok(Some(InputFormat::IssueLog));
    }
    if std::iter::once(first).chain(lines.clone()).any(|line| is_progress(line, clock)) {
        return Ok(Some(InputFormat::ProgressLog));
    }
    if std::iter::once(first).chain(lines.clone()).all(|line| change(line).is_some()) {
        return Ok(Some(InputFormat::ChangeLog));
    }
    if is_dump(first) {
        return Ok(Some(InputFormat::TsdbDump));
    }
    let named = |line: &str| ["# HELP ", "# TYPE ", "# UNIT "].iter().any(|w| line.starts_with(w));
    if first.trim() == "# EOF" || std::iter::once(first).chain(lines).any(named) {
        return exposition(bytes, &text, ahead).map(Some);
    }
    // Levels can be long lines, so that all of the block is looked at.
    if first.contains(',') && std::str::from_utf8(bytes).is_ok_and(is_levels) {
        return Ok(Some(InputFormat::CsvLevels));
    }
    // A header is names, not values, and the lines under it have as many fields.
    let names =
        first.split(',').all(|cell| !cell.trim().is_empty() && cell.trim().parse::<f64>().is_err());
    let csv = first.contains(',') && names && !first.contains('\0');
    Ok(csv.then_some(InputFormat::Csv))
}

/// The form of JSON, by what stands at its beginning.
fn json(text: &str, first: &str) -> InputFormat {
    let key: String = text
        .trim_start()
        .trim_start_matches('{')
        .trim_start()
        .chars()
        .skip(1)
        .take_while(|c| *c != '"')
        .filter(|c| *c != '_')
        .collect::<String>()
        .to_ascii_lowercase();
    if matches!(&*key, "resourcelogs" | "resourcespans" | "resourcemetrics") {
        return InputFormat::Otlp;
    }
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if (key == "status" || key == "data") && (has("resultType") || has("errorType")) {
        return InputFormat::PrometheusJson;
    }
    if first.contains(&format!("\"{}\"", journal::INSTANT)) {
        return InputFormat::Journald;
    }
    InputFormat::Jsonl
}

/// Which of the two texts of metrics it is: OpenMetrics ends with `# EOF`. The difference matters,
/// since the one has seconds and the other milliseconds.
fn exposition(bytes: &[u8], head: &str, ahead: (&[u8], bool)) -> Result<InputFormat, &'static str> {
    let (after, more) = ahead;
    let end = b"# EOF";
    let ends = |line: &[u8]| line.trim_ascii_end() == end;
    if ends(after) || bytes.rsplit(|byte| *byte == b'\n').take(3).any(ends) {
        return Ok(InputFormat::Openmetrics);
    }
    // What only OpenMetrics has: units, types, exemplars, fractions of a second.
    let only = |line: &str| match line.strip_prefix("# ") {
        Some(comment) => {
            let kinds = ["unknown", "info", "stateset", "gaugehistogram"];
            comment.starts_with("UNIT ")
                || comment == "EOF"
                || (comment.starts_with("TYPE ")
                    && kinds.iter().any(|kind| comment.ends_with(&format!(" {kind}"))))
        }
        None => {
            let last = line.rsplit(' ').next().unwrap_or("");
            let fields = line.rsplit_once('}').map_or(line, |(_, tail)| tail);
            line.contains(" # {")
                || (last.contains('.')
                    && fields.split_whitespace().count() == 2 + usize::from(fields == line)
                    && picoseconds(last).is_some())
        }
    };
    if head.lines().any(only) {
        return Ok(InputFormat::Openmetrics);
    }
    if more {
        return Err("say which with `--as prometheus` (instants in milliseconds) or \
                    `--as openmetrics` (in seconds)");
    }
    Ok(InputFormat::Prometheus)
}
