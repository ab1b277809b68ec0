//! Forms of input whose columns are known: which rows they give, and how they are read.

use super::content::Block;
use super::error::Error;
use super::lines::{access_columns, access_rows, texts};
use super::shape::Shape;
use super::table::{ColumnDef, Rows};
use super::{agent_log, journal, metric_rows, otlp, tree, tsdb};
use crate::model::{InputFormat, StreamKind};

/// What reads a file of a known form.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) format: InputFormat,
    /// What its rows are.
    pub(super) kind: StreamKind,
    /// Where its columns are in the stream's.
    pub(super) places: Vec<usize>,
    /// The instant of rows that have none, in microseconds.
    pub(super) at: Option<i64>,
}

/// How much of a file is read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Each line stands alone.
    Lines,
    /// Lines lean on those before them; the file is good as a whole or refused.
    Exposition,
    /// Documents over many lines.
    Documents,
}

/// How much of a file is read at once whose next block is `block`; only its first one can be the
/// beginning of a document.
pub(super) fn extent(format: InputFormat, block: &Block, is_first: bool) -> Extent {
    match format {
        InputFormat::Prometheus | InputFormat::Openmetrics => Extent::Exposition,
        InputFormat::PrometheusJson | InputFormat::CsvLevels => Extent::Documents,
        InputFormat::Otlp if is_first && !is_otlp_lines(block) => Extent::Documents,
        _ => Extent::Lines,
    }
}

/// A file has one request per line when one of its first lines is a request, or when it has only
/// one line.
fn is_otlp_lines(block: &Block) -> bool {
    let mut lines = texts(block).take(20);
    let first = lines.next();
    let whole = |text: &Result<&str, String>| {
        text.as_ref()
            .is_ok_and(|text| tree::whole(text).is_ok_and(|node| otlp::signal(&node).is_some()))
    };
    let mut more = false;
    let any = first.into_iter().chain(lines.inspect(|_| more = true)).any(|(_, text)| whole(&text));
    any || !more
}

/// What the rows of a file are that begins with `block`; `None` where its columns tell.
pub(super) fn kind(format: InputFormat, block: &Block) -> Option<StreamKind> {
    match format {
        InputFormat::Jsonl | InputFormat::Csv | InputFormat::Parquet => None,
        InputFormat::Access | InputFormat::ProgressLog | InputFormat::ChangeLog => {
            Some(StreamKind::Events)
        }
        InputFormat::Journald | InputFormat::IssueLog => Some(StreamKind::Logs),
        InputFormat::Otlp => Some(otlp_kind(block)),
        InputFormat::Prometheus
        | InputFormat::Openmetrics
        | InputFormat::PrometheusJson
        | InputFormat::CsvLevels
        | InputFormat::TsdbDump => Some(StreamKind::Metrics),
    }
}

fn otlp_kind(block: &Block) -> StreamKind {
    let by_line = texts(block).take(20).filter_map(|(_, text)| tree::whole(text.ok()?).ok());
    let by_line = by_line.filter_map(|node| otlp::signal(&node)).next();
    by_line.unwrap_or_else(|| {
        let text = String::from_utf8_lossy(&block.bytes[..block.bytes.len().min(1 << 16)]);
        let place = |key: &str| text.find(&format!("\"{key}\"")).unwrap_or(usize::MAX);
        let first = otlp::SIGNALS.iter().min_by_key(|(_, [key, ..])| place(key));
        first.map_or(StreamKind::Logs, |(kind, _)| *kind)
    })
}

/// The columns of a form besides `ts`.
pub(super) fn columns(format: InputFormat, kind: StreamKind) -> Vec<ColumnDef> {
    match format {
        InputFormat::Access => access_columns(),
        InputFormat::Otlp => otlp::columns(kind),
        InputFormat::Journald => journal::columns(),
        InputFormat::ProgressLog => agent_log::progress_columns(),
        InputFormat::IssueLog => agent_log::issue_columns(),
        InputFormat::ChangeLog => agent_log::change_columns(),
        _ => metric_rows::columns(),
    }
}

impl Form {
    /// The form with its columns among those that the stream has; what it lacks is added.
    ///
    /// # Errors
    /// A column of the stream has another type than the form's.
    pub(super) fn fit(
        format: InputFormat,
        kind: StreamKind,
        columns: &mut Vec<ColumnDef>,
    ) -> Result<Self, String> {
        let mut places = Vec::new();
        for wanted in self::columns(format, kind) {
            match columns.iter().position(|column| column.key == wanted.key) {
                Some(place) if columns[place].kind == wanted.kind => places.push(place),
                Some(place) => {
                    let (has, wants) = (columns[place].kind.as_str(), wanted.kind.as_str());
                    return Err(format!("its column `{}` is {has}, not {wants}", wanted.key));
                }
                None => {
                    columns.push(wanted);
                    places.push(columns.len() - 1);
                }
            }
        }
        Ok(Self { format, kind, places, at: None })
    }

    /// Reads a block whose lines stand alone.
    pub(super) fn rows(&self, block: &Block, shape: &Shape) -> Rows {
        let places = &self.places;
        match self.format {
            InputFormat::Otlp => otlp::rows(block, shape, self.kind, places),
            InputFormat::Journald => journal::rows(block, shape, places),
            InputFormat::ProgressLog => agent_log::progress_rows(block, shape, places),
            InputFormat::IssueLog => agent_log::issue_rows(block, shape, places),
            InputFormat::ChangeLog => agent_log::change_rows(block, shape, places, self.at),
            InputFormat::TsdbDump => tsdb::rows(block, shape, places),
            _ => access_rows(block, shape),
        }
    }
}

/// Refuses a file whose rows do not go into the stream.
pub(super) fn refuse_mixture(path: &str, stream: &str, why: &str) -> Error {
    let message = format!("`{path}` does not go into the stream `{stream}`: {why}");
    let refusal = crate::diag::Diagnostic::error("ingest::other-stream", message);
    Error::Refused(refusal.help("name another stream with `--stream NAME`").into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::instant::Clock;
    use super::super::scrape::{Scrape, exposition_faults};
    use super::*;
    use crate::units::Zone;

    /// What hostile lines are made of.
    const PIECES: [&str; 24] = [
        "a_total",
        "{",
        "}",
        "le=\"1\"",
        ",",
        " ",
        "1",
        "NaN",
        "1e999",
        "# TYPE a histogram",
        "# EOF",
        "\n",
        "\"",
        "\\",
        "[",
        "]",
        ":",
        "{\"resourceLogs\":[",
        "{\"__REALTIME_TIMESTAMP\":\"1\"",
        "{__name__=\"up\"}",
        "\u{0}",
        "\u{3000}",
        "Fri Aug 22 10:00:00 JST 2025: ",
        "\r\n",
    ];

    proptest! {
        /// Whatever the text, each line that is not empty is read, refused or a note, once.
        #[test]
        fn every_line_is_accounted_for(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60),
        ) {
            let bytes = pieces.concat().into_bytes();
            let open = !bytes.is_empty() && !bytes.ends_with(b"\n");
            let block = Block { bytes, first_line: 1, open };
            let filled = texts(&block).count() as u64;
            let clock = Clock { unit: None, zone: Zone::UTC };
            let accounted = |rows: &Rows| {
                let lines = rows.many.map_or(rows.len() + rows.refused.len(), |many| {
                    (many.read + many.refused) as usize
                });
                lines as u64 + rows.notes
            };
            for format in [
                InputFormat::TsdbDump,
                InputFormat::Journald,
                InputFormat::ProgressLog,
                InputFormat::IssueLog,
                InputFormat::ChangeLog,
                InputFormat::Access,
                InputFormat::Otlp,
                InputFormat::Prometheus,
                InputFormat::Openmetrics,
            ] {
                for kind in StreamKind::ALL {
                    let mut columns = Vec::new();
                    let form = Form::fit(format, kind, &mut columns).unwrap();
                    let shape = Shape::new("ts".to_owned(), clock, columns, Vec::new());
                    let rows = match extent(format, &block, false) {
                        Extent::Exposition => {
                            Scrape::new(format, Some(0)).rows(&block, &shape, &form.places)
                        }
                        _ => form.rows(&block, &shape),
                    };
                    prop_assert_eq!(accounted(&rows), filled, "{:?}", format);
                }
                exposition_faults(format, &block.bytes);
            }
        }
    }
}
