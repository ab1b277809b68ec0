//! Slices that were counted before, kept beside the database as long as their rows are the same.
//!
//! One file per indicator and length of a slice, named by a hash of what is counted. It says of
//! which state of the stream it is. Nothing is lost with these files: one that cannot be read or
//! written is as good as none.

use std::path::{Path, PathBuf};

use duckdb::{Connection, OptionalExt};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::archive;
use super::error::Error;
use super::rollup::SlicesOf;
use super::sealed;
use super::whole::is_whole;
use super::workspace::table_of;
use crate::model::SliceBlock;
use crate::units::{SimDuration, SimTime};

/// How the files begin; another layout gets another number.
const MAGIC: &str = "drill.slices/1";
/// Files kept at most; with more, all are made anew.
const MOST_FILES: usize = 4096;

/// The cache of a workspace.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// A file of a stream, as far as its rows tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FileMark {
    id: u32,
    bytes: u64,
    hash: String,
    /// Length of a last line without an end.
    open_bytes: u64,
    next_line: u64,
    /// It is read as a whole each time it changes.
    whole: bool,
}

/// What of a stream its slices depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Rows in the table and in its archives.
    pub(super) rows: u64,
    /// Kind, longest silence and columns.
    about: String,
    /// First and last instant of all rows ever read, in milliseconds.
    span: Option<(i64, i64)>,
    /// Ascending by identifier.
    files: Vec<FileMark>,
}

impl State {
    /// The state of a stream; `None` without such a stream.
    pub(super) fn of(db: &Connection, stream: &str) -> Result<Option<Self>, Error> {
        let about = "SELECT kind || '/' || coalesce(expect_every_ms::VARCHAR, '') || '/' || \
               coalesce((SELECT string_agg(name || ':' || kind, ',' ORDER BY place) \
                 FROM stream_columns c WHERE c.stream = s.name), '') \
             FROM streams s WHERE name = ?";
        let about: Option<String> = db.query_row(about, [stream], |row| row.get(0)).optional()?;
        let Some(about) = about else { return Ok(None) };
        let count = format!("SELECT count(*)::UBIGINT FROM {}", table_of(stream));
        let rows: u64 = db.query_row(&count, [], |row| row.get(0))?;
        let archived: u64 = archive::parts(db, stream)?.iter().map(|part| part.rows).sum();
        let span = "SELECT epoch_ms(min(first)), epoch_ms(max(last)) FROM files WHERE stream = ?";
        let span: (Option<i64>, Option<i64>) =
            db.query_row(span, [stream], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut files = db.prepare(
            "SELECT id, bytes, hash, open_bytes, next_line, header FROM files WHERE stream = ? \
             ORDER BY id",
        )?;
        let files = files.query_map([stream], |row| {
            let header: String = row.get(5)?;
            let header: Vec<String> = serde_json::from_str(&header).unwrap_or_default();
            Ok(FileMark {
                id: row.get(0)?,
                bytes: row.get(1)?,
                hash: row.get(2)?,
                open_bytes: row.get(3)?,
                next_line: row.get(4)?,
                whole: is_whole(&header),
            })
        })?;
        let files = files.collect::<Result<_, _>>()?;
        Ok(Some(Self { rows: rows + archived, about, span: span.0.zip(span.1), files }))
    }

    /// The slices from `range.0` to before `range.1` in which rows can be, as first and end.
    fn slices(&self, range: (SimTime, SimTime), step_ms: i64) -> (i64, i64) {
        let first = range.0.ms().div_euclid(step_ms);
        let end = (range.1.ms() - 1).div_euclid(step_ms) + 1;
        match self.span {
            None => (first, first),
            Some((from, to)) => {
                let from = from.div_euclid(step_ms).max(first);
                (from, (to.div_euclid(step_ms) + 1).min(end).max(from))
            }
        }
    }

    /// The condition that picks the rows which came after `before`; `None` when rows may have
    /// gone or changed since.
    pub(super) fn since(&self, before: &Self) -> Option<String> {
        if self.about != before.about {
            return None;
        }
        let mut parts = Vec::new();
        let mut known = before.files.iter();
        for file in &self.files {
            match known.next() {
                Some(old) if old == file => {}
                Some(old) if old.id == file.id => {
                    // An open last line is taken back when it goes on.
                    if old.open_bytes > 0 || old.next_line <= 1 || old.whole || file.whole {
                        return None;
                    }
                    if file.bytes < old.bytes {
                        return None;
                    }
                    parts.push(format!("(_file = {} AND _line >= {})", file.id, old.next_line));
                }
                Some(_) => return None,
                None => parts.push(format!("_file = {}", file.id)),
            }
        }
        let none = || "false".to_owned();
        known.next().is_none().then(|| if parts.is_empty() { none() } else { parts.join(" OR ") })
    }
}

/// Slices of before.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) block: SliceBlock,
    pub(super) state: State,
    /// Where the slices depend on the range that was asked for: that range.
    exact: Option<(i64, i64)>,
}

impl Kept {
    /// Whether nothing of what these slices tell about a range has to be asked again, but for rows
    /// that came later.
    pub(super) fn covers(&self, wanted: &SlicesOf<'_>) -> bool {
        if let Some(range) = self.exact {
            return range == (wanted.range.0.ms(), wanted.range.1.ms());
        }
        let step_ms = wanted.step.ms();
        let (first, end) = self.state.slices(wanted.range, step_ms);
        let start = self.block.start.ms().div_euclid(step_ms);
        first == end || (start <= first && end <= start + self.block.good.len() as i64)
    }

    /// Puts the measured slices where they belong in `block`; where the range matters they are the
    /// block.
    pub(super) fn lay_over(self, block: &mut SliceBlock) {
        let same = (self.block.start, self.block.good.len()) == (block.start, block.good.len());
        if self.exact.is_some() || (same && block.present.iter().all(|present| !present)) {
            *block = self.block;
            return;
        }
        let shift = (self.block.start.ms() - block.start.ms()) / block.step.ms();
        for at in (0..self.block.good.len()).filter(|at| self.block.present[*at]) {
            let place = usize::try_from(at as i64 + shift).ok();
            if let Some(place) = place.filter(|place| *place < block.good.len()) {
                block.good[place] = self.block.good[at];
                block.total[place] = self.block.total[at];
                block.present[place] = true;
            }
        }
    }

    /// Whether rows that came later can be added to it.
    pub(super) fn can_grow(&self) -> bool {
        self.exact.is_none()
    }
}

impl Cache {
    /// The cache in the folder of a store.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.join("slices") }
    }

    fn path(&self, wanted: &SlicesOf<'_>) -> PathBuf {
        let version = env!("DRILL_SOURCES");
        let key = format!("{MAGIC} {version} {} {:?}", wanted.step.ms(), wanted.indicator);
        self.folder.join(format!("{:032x}", xxh3_128(key.as_bytes())))
    }

    /// The slices that were kept of an indicator.
    pub(super) fn load(&self, wanted: &SlicesOf<'_>) -> Option<Kept> {
        decode(&sealed::read(&self.path(wanted))?, wanted.step)
    }

    /// Keeps the slices of an indicator, `exact` where they depend on the range asked for; what
    /// cannot be written is not kept.
    pub(super) fn keep(
        &self,
        wanted: &SlicesOf<'_>,
        block: &SliceBlock,
        state: &State,
        exact: bool,
    ) {
        let step_ms = wanted.step.ms();
        let start = block.start.ms().div_euclid(step_ms);
        let (first, end) = match exact {
            true => (start, start + block.good.len() as i64),
            false => state.slices(wanted.range, step_ms),
        };
        let exact = exact.then(|| (wanted.range.0.ms(), wanted.range.1.ms()));
        let place = |slice: i64| usize::try_from(slice - start).unwrap_or(0).min(block.good.len());
        let bytes = encode(block, (place(first), place(end)), state, exact);
        // A folder that cannot be written makes the next answer slower and no answer wrong.
        let _ = sealed::write(&self.folder, &self.path(wanted), bytes);
    }

    /// Makes room when there are too many files.
    pub(super) fn make_room(&self) {
        sealed::make_room(&self.folder, MOST_FILES);
    }
}

/// The header in three lines, good and total as 32-bit numbers, present as bytes.
fn encode(
    block: &SliceBlock,
    (first, end): (usize, usize),
    state: &State,
    exact: Option<(i64, i64)>,
) -> Vec<u8> {
    let start_ms = block.start.ms() + block.step.ms() * first as i64;
    let place = serde_json::to_string(&(start_ms, end - first, exact)).unwrap_or_default();
    let state = serde_json::to_string(state).unwrap_or_default();
    let mut bytes = format!("{MAGIC}\n{state}\n{place}\n").into_bytes();
    bytes.reserve(9 * (end - first));
    for counts in [&block.good[first..end], &block.total[first..end]] {
        bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
    }
    bytes.extend(block.present[first..end].iter().map(|present| u8::from(*present)));
    bytes
}

fn decode(body: &[u8], step: SimDuration) -> Option<Kept> {
    let mut lines = body.splitn(4, |byte| *byte == b'\n');
    if lines.next()? != MAGIC.as_bytes() {
        return None;
    }
    let state: State = serde_json::from_slice(lines.next()?).ok()?;
    let place = serde_json::from_slice(lines.next()?).ok()?;
    let (start_ms, len, exact): (i64, usize, Option<(i64, i64)>) = place;
    let data = lines.next()?;
    if data.len() != len.checked_mul(9)? {
        return None;
    }
    let (good, rest) = data.split_at(4 * len);
    let (total, present) = rest.split_at(4 * len);
    let counts = |bytes: &[u8]| -> Vec<u32> {
        bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect()
    };
    let block = SliceBlock {
        start: SimTime::from_ms(start_ms),
        step,
        good: counts(good),
        total: counts(total),
        present: present.iter().map(|byte| *byte == 1).collect(),
    };
    Some(Kept { block, state, exact })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::{Aggregate, Indicator, Name, Query};

    fn mark(id: u32, bytes: u64, hash: &str, open_bytes: u64, next_line: u64) -> FileMark {
        FileMark { id, bytes, hash: hash.to_owned(), open_bytes, next_line, whole: false }
    }

    fn state(files: &[FileMark]) -> State {
        let span = Some((7 * 60_000, 9 * 60_000));
        State { rows: 9, about: "events/".to_owned(), span, files: files.to_vec() }
    }

    fn indicator() -> Indicator {
        let query = Query {
            source: Name::from("drill"),
            stream: Name::from("web"),
            metric: None,
            filter: None,
            value: None,
            aggregate: Aggregate::Count,
            fields: Vec::new(),
        };
        Indicator::Raw { failure: false, query }
    }

    #[test]
    fn only_what_was_added_is_counted_again() {
        let before = state(&[mark(1, 10, "a", 0, 4), mark(2, 5, "b", 0, 2)]);
        let since = |files: &[_]| state(files).since(&before);
        let same = [mark(1, 10, "a", 0, 4), mark(2, 5, "b", 0, 2)];
        assert_eq!(since(&same).as_deref(), Some("false"));
        let grown = [mark(1, 12, "c", 0, 5), mark(2, 5, "b", 0, 2), mark(3, 1, "d", 0, 2)];
        assert_eq!(since(&grown).as_deref(), Some("(_file = 1 AND _line >= 4) OR _file = 3"));
        assert_eq!(since(&[mark(1, 10, "a", 0, 4)]), None, "a file is gone");
        let shorter = [mark(1, 9, "c", 0, 4), mark(2, 5, "b", 0, 2)];
        assert_eq!(since(&shorter), None, "a file is shorter");
        let open = state(&[mark(1, 10, "a", 3, 4)]);
        assert_eq!(state(&[mark(1, 12, "c", 0, 5)]).since(&open), None, "an open line went on");
        let whole = FileMark { whole: true, ..mark(1, 12, "c", 0, 5) };
        assert_eq!(state(&[whole]).since(&state(&[mark(1, 10, "a", 0, 4)])), None);
    }

    #[test]
    fn what_is_kept_is_loaded_and_what_is_damaged_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let step = SimDuration::from_minutes(1);
        let minutes =
            |from: i64, to: i64| (SimTime::from_ms(from * 60_000), SimTime::from_ms(to * 60_000));
        let indicator = indicator();
        let wanted = |range| SlicesOf { indicator: &indicator, range, step };
        let block = SliceBlock {
            start: SimTime::from_minute(6),
            step,
            good: vec![0, 1, 2, 3],
            total: vec![0, 1, 3, 3],
            present: vec![false, true, false, true],
        };
        let state = state(&[mark(1, 10, "a\nb", 0, 4)]);
        cache.keep(&wanted(minutes(6, 10)), &block, &state, false);
        let kept = cache.load(&wanted(minutes(0, 99))).unwrap();
        assert_eq!((kept.block.start, kept.block.good.len()), (SimTime::from_minute(7), 3));
        assert!(kept.covers(&wanted(minutes(0, 99))), "there is nothing beyond");
        let mut other = SliceBlock { start: SimTime::from_minute(8), ..block.clone() };
        (other.good, other.total) = (vec![0; 4], vec![0; 4]);
        other.present = vec![false; 4];
        assert_eq!(kept.state, state);
        kept.lay_over(&mut other);
        assert_eq!(
            (other.good, other.present),
            (vec![0, 3, 0, 0], vec![false, true, false, false])
        );
        cache.keep(&wanted(minutes(8, 10)), &block, &state, false);
        let part = cache.load(&wanted(minutes(8, 10))).unwrap();
        assert!(part.covers(&wanted(minutes(8, 10))) && !part.covers(&wanted(minutes(7, 10))));
        let path = cache.path(&wanted(minutes(6, 10)));
        let mut bytes = fs::read(&path).unwrap();
        bytes[60] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(cache.load(&wanted(minutes(6, 10))).is_none());
        fs::write(&path, "x").unwrap();
        assert!(cache.load(&wanted(minutes(6, 10))).is_none());
    }
}
