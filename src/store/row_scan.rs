//! Rows counted as they stream by, for all indicators that count rows of one stream.
//!
//! Each row comes with its instant and the answers to all conditions as bits of one number. Grouping
//! by both inside the database would make about as many groups as there are rows, where many
//! indicators share a stream; here a row costs one look at what its answers mean.

use std::collections::BTreeMap;

use duckdb::Connection;
use duckdb::arrow::array::{AsArray, StructArray};
use duckdb::arrow::datatypes::Int64Type;
use rayon::prelude::*;

use super::archive;
use super::error::Error;
use super::expression::Conjunct;
use super::scan::{Frame, events};
use super::workspace::literal;
use crate::model::SliceBlock;

/// Conditions whose answers fit into one number.
const MOST_CONDITIONS: usize = 60;
/// Rows from which on a stream is read in parts.
const LONG: u64 = 1_000_000;
/// Bytes of counts that a part may hold.
const MOST_BYTES: usize = 256 << 20;
/// Combinations of answers that are remembered; with more, all are worked out anew.
const MOST_COMBINATIONS: usize = 1 << 16;

/// Which rows are events, and which of them are good.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) all: Vec<Conjunct>,
    pub(super) part: Vec<Conjunct>,
    /// Whether `part` picks the bad ones.
    pub(super) part_is_bad: bool,
}

/// Counts the rows of `rows` (SQL to select from) that lie in the frame, for all of `group`, each
/// with its place in `blocks`. Long streams are read in parts side by side.
pub(super) fn scan_rows(
    db: &Connection,
    rows: &str,
    frame: &Frame,
    group: &[(usize, &Conditions)],
    blocks: &mut [SliceBlock],
) -> Result<(), Error> {
    let mut group = group;
    while !group.is_empty() {
        let (asked, taken) = shared(group);
        let (now, later) = group.split_at(taken);
        let query = format!(
            "SELECT epoch_us(ts), {} FROM {rows} WHERE {}",
            answers(&asked),
            frame.condition
        );
        let parts = parts(db, frame, now.len())?;
        let found: Vec<Vec<Found>> = match parts.as_slice() {
            [] => vec![RowScan::new(frame, &asked, now).run(db, &query)?],
            parts => {
                let connect = |part| db.try_clone().map(|db| (db, format!("{query} AND {part}")));
                let parts: Vec<_> = parts.iter().map(connect).collect::<Result<_, _>>()?;
                let run = |(db, query): (Connection, String)| {
                    RowScan::new(frame, &asked, now).run(&db, &query)
                };
                parts.into_par_iter().map(run).collect::<Result<_, _>>()?
            }
        };
        for part in found {
            for ((at, _), found) in now.iter().zip(part) {
                found.add_to(&mut blocks[*at], &frame.stream)?;
            }
        }
        group = later;
    }
    Ok(())
}

/// Conditions that cut a long stream into as many parts as there are threads, by the order in
/// which rows were read; none where one part is best.
fn parts(db: &Connection, frame: &Frame, indicators: usize) -> Result<Vec<String>, Error> {
    let threads = rayon::current_num_threads() as u64;
    let counts = 2 * size_of::<u32>() * indicators * frame.len;
    // Rows of archives have no number that a file could be entered by.
    let archived = !archive::parts(db, &frame.stream)?.is_empty();
    let rows: u64 = db.query_row(
        "SELECT coalesce(sum(rows), 0)::UBIGINT FROM files WHERE stream = ?",
        [&frame.stream],
        |row| row.get(0),
    )?;
    if threads < 2 || counts > MOST_BYTES || archived || rows < LONG {
        return Ok(Vec::new());
    }
    let from = |part: u64| format!("rowid >= {}", rows * part / threads);
    let to = |part: u64| match part + 1 == threads {
        // What retention has removed leaves numbers beyond the count of rows.
        true => String::new(),
        false => format!(" AND rowid < {}", rows * (part + 1) / threads),
    };
    Ok((0..threads).map(|part| format!("{}{}", from(part), to(part))).collect())
}

/// The different conditions of as many of the first indicators as one number can hold.
fn shared<'g>(group: &[(usize, &'g Conditions)]) -> (Vec<&'g Conjunct>, usize) {
    let mut known: Vec<&Conjunct> = Vec::new();
    for (taken, (_, rows)) in group.iter().enumerate() {
        let before = known.len();
        for condition in rows.all.iter().chain(&rows.part) {
            if !known.contains(&condition) {
                known.push(condition);
            }
        }
        if known.len() > MOST_CONDITIONS && taken > 0 {
            known.truncate(before);
            return (known, taken);
        }
    }
    (known, group.len())
}

/// SQL of the number whose `n`-th bit is the answer to the `n`-th condition.
fn answers(asked: &[&Conjunct]) -> String {
    let mut parts = Vec::new();
    let mut texts: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for (n, condition) in asked.iter().enumerate() {
        let bit = 1u64 << n;
        match condition {
            Conjunct::Is { column, text } => texts.entry(column).or_default().push((bit, text)),
            Conjunct::Sql(sql) => {
                parts.push(format!("CASE WHEN {sql} THEN {bit}::BIGINT ELSE 0::BIGINT END"));
            }
        }
    }
    for (column, texts) in texts {
        if let [(bit, text)] = texts[..] {
            let text = literal(text);
            parts
                .push(format!("CASE WHEN {column} = {text} THEN {bit}::BIGINT ELSE 0::BIGINT END"));
            continue;
        }
        // Functions are asked once of each different text of a column that is stored as a
        // dictionary, comparisons once of each row.
        let bits: Vec<String> = texts.iter().map(|(bit, _)| bit.to_string()).collect();
        let known: Vec<String> = texts.iter().map(|(_, text)| literal(text)).collect();
        parts.push(format!(
            "list_extract([0, {}]::BIGINT[], 1 + greatest(0, list_position([{}], {column})))",
            bits.join(", "),
            known.join(", ")
        ));
    }
    if parts.is_empty() { "0::BIGINT".to_owned() } else { parts.join(" | ") }
}

/// What was found of one indicator in each slice.
struct Found {
    good: Vec<u32>,
    total: Vec<u32>,
}

impl Found {
    fn add_to(&self, block: &mut SliceBlock, stream: &str) -> Result<(), Error> {
        let add = |sums: &mut [u32], more: &[u32]| {
            sums.iter_mut().zip(more).filter(|(_, more)| **more > 0).try_for_each(|(sum, more)| {
                *sum = events(stream, Some(i64::from(*sum) + i64::from(*more)))?;
                Ok(())
            })
        };
        add(&mut block.total, &self.total)?;
        add(&mut block.good, &self.good)
    }
}

/// What one combination of answers means: the indicators for which such a row counts, and where it
/// is good.
type Meaning = Vec<(usize, bool)>;

/// One scan of a part of a stream.
struct RowScan<'t> {
    frame: &'t Frame,
    /// Answers that make a row an event, those that make it part, what the part is.
    wanted: Vec<(u64, u64, bool)>,
    found: Vec<Found>,
    known: Combinations,
    meanings: Vec<Meaning>,
    /// Rows of the present slice by combination, and which those are.
    counts: Vec<u64>,
    counted: Vec<usize>,
    /// The present slice, from its first instant to before its end in microseconds.
    slice: usize,
    from_us: i64,
    until_us: i64,
}

impl<'t> RowScan<'t> {
    fn new(frame: &'t Frame, asked: &[&Conjunct], group: &[(usize, &Conditions)]) -> Self {
        let mask = |conditions: &[Conjunct]| -> u64 {
            let places = conditions.iter().filter_map(|c| asked.iter().position(|one| *one == c));
            places.fold(0, |mask, n| mask | 1 << n)
        };
        let wanted = |(_, rows): &(usize, &Conditions)| {
            (mask(&rows.all), mask(&rows.part), rows.part_is_bad)
        };
        let none = |_: &_| Found { good: vec![0; frame.len], total: vec![0; frame.len] };
        Self {
            frame,
            wanted: group.iter().map(wanted).collect(),
            found: group.iter().map(none).collect(),
            known: Combinations::new(),
            meanings: Vec::new(),
            counts: Vec::new(),
            counted: Vec::new(),
            slice: 0,
            from_us: i64::MAX,
            until_us: i64::MIN,
        }
    }

    fn run(mut self, db: &Connection, query: &str) -> Result<Vec<Found>, Error> {
        let mut query = db.prepare(query)?;
        // Rows are fetched by `step`, which hands on what goes wrong on the way.
        let _ = query.stream_arrow([])?;
        while let Some(batch) = query.step()? {
            self.batch(&batch)?;
        }
        self.flush()?;
        Ok(self.found)
    }

    fn batch(&mut self, batch: &StructArray) -> Result<(), Error> {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>().values();
        for (us, answers) in column(0).iter().zip(column(1)) {
            if *us < self.from_us || *us >= self.until_us {
                self.flush()?;
                if !self.turn_to(*us) {
                    continue;
                }
            }
            let combination = self.combination(answers.cast_unsigned())?;
            if self.counts[combination] == 0 {
                self.counted.push(combination);
            }
            self.counts[combination] += 1;
        }
        Ok(())
    }

    /// Makes the slice of an instant the present one, unless there is none.
    fn turn_to(&mut self, us: i64) -> bool {
        let slice = (us - self.frame.start_us).div_euclid(self.frame.step_us);
        self.from_us = self.frame.start_us + slice * self.frame.step_us;
        self.until_us = self.from_us + self.frame.step_us;
        match usize::try_from(slice).ok().filter(|slice| *slice < self.frame.len) {
            Some(slice) => self.slice = slice,
            None => (self.from_us, self.until_us) = (i64::MAX, i64::MIN),
        }
        self.until_us > self.from_us
    }

    fn combination(&mut self, answers: u64) -> Result<usize, Error> {
        if let Some(known) = self.known.find(answers) {
            return Ok(known);
        }
        if self.meanings.len() >= MOST_COMBINATIONS {
            self.flush()?;
            self.known = Combinations::new();
            self.meanings.clear();
            self.counts.clear();
        }
        let counts = self.wanted.iter().enumerate().filter(|(_, (all, ..))| answers & all == *all);
        let meaning =
            counts.map(|(n, (_, part, is_bad))| (n, (answers & part == *part) != *is_bad));
        self.meanings.push(meaning.collect());
        self.counts.push(0);
        Ok(self.known.insert(answers))
    }

    /// Adds what was counted of the present slice to what was found.
    fn flush(&mut self) -> Result<(), Error> {
        for combination in self.counted.drain(..) {
            let rows = std::mem::take(&mut self.counts[combination]);
            for (n, good) in &self.meanings[combination] {
                let Found { good: goods, total } = &mut self.found[*n];
                let sum = u64::from(total[self.slice]) + rows;
                total[self.slice] = events(&self.frame.stream, i64::try_from(sum).ok())?;
                if *good {
                    // Good ones are some of all, which fit.
                    goods[self.slice] += events(&self.frame.stream, i64::try_from(rows).ok())?;
                }
            }
        }
        Ok(())
    }
}

/// Numbers for combinations of answers, in the order in which they came: a table with open
/// addressing, which is asked once for each row.
struct Combinations {
    /// Answers with their number; the number is [`Combinations::NONE`] where nothing is.
    slots: Vec<(u64, u32)>,
    len: u32,
}

impl Combinations {
    const NONE: u32 = u32::MAX;

    fn new() -> Self {
        Self { slots: vec![(0, Self::NONE); 256], len: 0 }
    }

    fn place(&self, answers: u64) -> usize {
        // Fibonacci hashing: the upper half of the product depends on all bits.
        let mixed = (answers.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize;
        let mask = self.slots.len() - 1;
        let mut place = mixed & mask;
        while self.slots[place].1 != Self::NONE && self.slots[place].0 != answers {
            place = (place + 1) & mask;
        }
        place
    }

    fn find(&self, answers: u64) -> Option<usize> {
        let (_, number) = self.slots[self.place(answers)];
        (number != Self::NONE).then_some(number as usize)
    }

    fn insert(&mut self, answers: u64) -> usize {
        if (self.len as usize + 1) * 2 > self.slots.len() {
            let wider = vec![(0, Self::NONE); self.slots.len() * 2];
            for (answers, number) in std::mem::replace(&mut self.slots, wider) {
                if number != Self::NONE {
                    let place = self.place(answers);
                    self.slots[place] = (answers, number);
                }
            }
        }
        let place = self.place(answers);
        self.slots[place] = (answers, self.len);
        self.len += 1;
        self.len as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_numbered_as_they_come() {
        let mut known = Combinations::new();
        for answers in 0..5000u64 {
            let answers = answers.wrapping_mul(0x0100_0000_0001);
            assert_eq!(known.find(answers), None);
            let number = known.insert(answers);
            assert_eq!(known.find(answers), Some(number));
        }
        assert_eq!(known.find(0x0100_0000_0001 * 4999), Some(4999));
        assert_eq!(known.find(0), Some(0));
    }

    #[test]
    fn texts_of_one_column_are_asked_at_once() {
        let is =
            |text: &str| Conjunct::Is { column: "\"route\"".to_owned(), text: text.to_owned() };
        let (a, b, other) = (is("a"), is("it's"), Conjunct::Sql("(\"n\" < 1)".to_owned()));
        assert_eq!(
            answers(&[&a, &other, &b]),
            "CASE WHEN (\"n\" < 1) THEN 2::BIGINT ELSE 0::BIGINT END | \
             list_extract([0, 1, 4]::BIGINT[], \
             1 + greatest(0, list_position(['a', 'it''s'], \"route\")))"
        );
        assert_eq!(answers(&[]), "0::BIGINT");
    }

    #[test]
    fn as_many_indicators_share_a_scan_as_one_number_holds() {
        let one = |n: usize| Conditions {
            all: (0..4).map(|i| Conjunct::Sql(format!("{n} = {i}"))).collect(),
            part: vec![Conjunct::Sql("good".to_owned())],
            part_is_bad: false,
        };
        let all: Vec<Conditions> = (0..20).map(one).collect();
        let group: Vec<(usize, &Conditions)> = all.iter().enumerate().collect();
        let (asked, taken) = shared(&group);
        assert_eq!((asked.len(), taken), (4 * 14 + 1, 14));
    }
}
