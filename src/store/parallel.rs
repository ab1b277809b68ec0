//! Blocks parsed side by side, while the rows of those before them are appended.

use super::content::Block;
use super::csv::{self, Header};
use super::error::Error;
use super::forms::Form;
use super::lines::json_rows;
use super::shape::{Shape, Wanted};
use super::table::Rows;
use crate::model::InputFormat;

type Parsed = Vec<(usize, Result<Rows, Wanted>)>;

/// Parses the blocks that are not parsed yet, each by its own thread where its lines stand alone,
/// while this thread appends what was parsed before.
pub(super) fn parse(
    (format, form): (InputFormat, Option<&Form>),
    blocks: &[Block],
    parsed: &[Option<Rows>],
    shape: &Shape,
    header: &mut Header,
    append: Option<impl FnOnce() -> Result<(), Error>>,
) -> (Parsed, Result<(), Error>) {
    let open = (0..blocks.len()).filter(|i| parsed[*i].is_none());
    let append = || append.map_or(Ok(()), |append| append());
    if format == InputFormat::Csv {
        let appended = append();
        let rows = open.map(|i| {
            let mut now = header.clone();
            let begins = blocks[i].first_line == 1;
            let rows = csv::rows(&blocks[i], shape, &mut now, begins);
            if rows.is_ok() {
                *header = now;
            }
            (i, rows)
        });
        return (rows.collect(), appended);
    }
    std::thread::scope(|scope| {
        let job = |i: usize| {
            let block = &blocks[i];
            let job = scope.spawn(move || match form {
                Some(form) => Ok(form.rows(block, shape)),
                None => json_rows(block, shape),
            });
            (i, job)
        };
        let jobs: Vec<_> = open.map(job).collect();
        let appended = append();
        let joined = jobs.into_iter().map(|(i, job)| {
            (i, job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        (joined.collect(), appended)
    })
}
