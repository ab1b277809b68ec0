//! `drill data ingest --follow`: reads a file as it grows and is rotated.

use std::path::Path;
use std::time::{Duration, Instant};

use super::data::remarks;
use super::data_args::FollowArgs;
use super::ui::{Failure, Ui};
use crate::model::StreamDefinition;
use crate::store::{FileReport, Follower, IngestOptions, Streams, while_interruptible};
use crate::units::SimTime;

/// Longest wait before it is looked whether Ctrl-C was pressed.
const TICK: Duration = Duration::from_millis(50);

/// Looks at `path` until Ctrl-C or the time is over, and then once more; what was read, file by
/// file.
#[expect(clippy::disallowed_methods, reason = "a file grows in real time")]
pub(super) fn follow(
    path: &Path,
    stream: &StreamDefinition,
    streams: &Streams,
    args: &FollowArgs,
    threads: usize,
    ui: &Ui,
) -> Result<Vec<FileReport>, Failure> {
    let span = |span: crate::units::SimDuration| Duration::from_millis(span.ms().unsigned_abs());
    let (begin, poll, limit) = (Instant::now(), span(args.poll), args.until.map(span));
    ui.remark(format_args!("following {}; Ctrl-C ends it", path.display()));
    let mut follower = Follower::new(streams, path, stream.clone());
    let mut look = || -> Result<Vec<FileReport>, Failure> {
        let now = SimTime::from_ms(chrono::Utc::now().timestamp_millis());
        let options =
            IngestOptions { now, threads, whole_lines: true, only_known: false, at: None };
        let look = follower.look(options)?;
        for report in &look.reports {
            remarks(report, ui);
            ui.detail(format_args!(
                "{}: {} rows, {} rejects",
                report.path, report.rows, report.rejects
            ));
        }
        if look.no_copy {
            ui.remark(format_args!(
                "{}: was emptied, and no copy beside it goes on where it was read to; lines \
                 written to it since the last look may be lost",
                path.display()
            ));
        }
        Ok(look.reports)
    };
    let all = while_interruptible(|interrupted| -> Result<Vec<FileReport>, Failure> {
        let mut all = Vec::new();
        loop {
            // Asked before the look, so that a last one comes after the end.
            let over = interrupted() || limit.is_some_and(|limit| begin.elapsed() >= limit);
            for report in look()? {
                add(&mut all, report);
            }
            if over {
                return Ok(all);
            }
            let next = Instant::now() + poll;
            while Instant::now() < next
                && !interrupted()
                && limit.is_none_or(|limit| begin.elapsed() < limit)
            {
                std::thread::sleep(TICK.min(next - Instant::now()));
            }
        }
    });
    all.unwrap_or_else(|| Ok(Vec::new()))
}

/// Adds what a look found to what was found of the file before.
fn add(all: &mut Vec<FileReport>, report: FileReport) {
    let Some(sum) = all.iter_mut().find(|sum| sum.path == report.path) else {
        all.push(report);
        return;
    };
    sum.state = report.state;
    sum.lines += report.lines;
    sum.rows += report.rows;
    sum.rejects += report.rejects;
    sum.notes += report.notes;
    sum.damaged += report.damaged;
    sum.ahead += report.ahead;
    sum.late += report.late;
}
