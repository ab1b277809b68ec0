//! From rows to slices: all indicators on one stream in one scan.

use std::collections::BTreeMap;

use duckdb::Connection;

use super::archive::rows_of;
use super::cache::{Kept, State};
use super::counter;
use super::counts::counts;
use super::error::Error;
use super::expression;
use super::kept::{Wanted, scan_anew};
use super::sampled::{self, Sampled};
use super::workspace::Streams;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Indicator, Name, SliceBlock};
use crate::units::{SimDuration, SimTime};

/// Most slices of one answer.
const MAX_SLICES: i64 = 50_000_000;

impl Streams {
    /// The instant of the last row of a stream; `None` without one.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn watermark(&self, stream: &str) -> Result<Option<SimTime>, Error> {
        let last = self.list()?.into_iter().find(|summary| *summary.name == *stream);
        Ok(last.and_then(|summary| summary.last))
    }

    /// The slices of several indicators from `range.0` to before `range.1`, see
    /// [`Streams::slices_each`].
    ///
    /// # Errors
    /// As [`Streams::slices_each`].
    pub fn slices_many(
        &self,
        indicators: &[&Indicator],
        range: (SimTime, SimTime),
        step: SimDuration,
    ) -> Result<Vec<SliceBlock>, Error> {
        let wanted: Vec<SlicesOf<'_>> =
            indicators.iter().map(|indicator| SlicesOf { indicator, range, step }).collect();
        self.slices_each(&wanted)
    }

    /// The slices of each indicator in its range, whose ends are moved outwards to multiples of its
    /// step. A slice between a stream's first and last row is measured, with total 0 where it has
    /// no rows, unless the stream was silent for longer than it may be. Slices of counters,
    /// histograms and recorded ratios hold samples in `(start, end]`. All indicators on one stream
    /// with one range and step share a scan, and in a workspace what was counted before is not
    /// counted again.
    ///
    /// # Errors
    /// A stream, metric or column that is not there, an expression that is not allowed, a
    /// `SourceFault` that blocks, counts beyond 32 bits; the database as ever.
    pub fn slices_each(&self, wanted: &[SlicesOf<'_>]) -> Result<Vec<SliceBlock>, Error> {
        let mut blocks = Vec::with_capacity(wanted.len());
        for one in wanted {
            blocks.push(one.empty()?);
        }
        let Some(db) = self.read()? else {
            return Err(refused("rollup::no-stream", "nothing was ingested yet".to_owned()));
        };
        // Behind the check of each expression, a second wall: see `wall`.
        self.shut(&db)?;
        let cache = self.cache();
        let mut states: BTreeMap<&Name, Option<State>> = BTreeMap::new();
        let mut left: Vec<(usize, Option<Kept>)> = Vec::new();
        for (at, one) in wanted.iter().enumerate() {
            let Some(cache) = &cache else {
                left.push((at, None));
                continue;
            };
            let stream = one.indicator.stream();
            if !states.contains_key(stream) {
                states.insert(stream, State::of(&db, stream)?);
            }
            let state = states.get(stream).and_then(Option::as_ref);
            match cache.load(one).filter(|kept| kept.covers(one)) {
                Some(kept) if state == Some(&kept.state) => kept.lay_over(&mut blocks[at]),
                Some(kept) if kept.can_grow() => left.push((at, Some(kept))),
                _ => left.push((at, None)),
            }
        }
        if left.is_empty() {
            return Ok(blocks);
        }
        let places: Vec<usize> = left.iter().map(|(at, _)| *at).collect();
        let exact = self.count_left(&db, wanted, &states, left, &mut blocks)?;
        if let Some(cache) = &cache {
            cache.make_room();
            for at in places {
                let one = &wanted[at];
                if let Some(Some(state)) = states.get(one.indicator.stream()) {
                    cache.keep(one, &blocks[at], state, exact.contains(&at));
                }
            }
        }
        Ok(blocks)
    }

    /// What is wrong with the questions themselves, by their places in `wanted`; nothing is counted.
    ///
    /// # Errors
    /// The database, as ever.
    pub fn refusals(&self, wanted: &[SlicesOf<'_>]) -> Result<Vec<(usize, Diagnostics)>, Error> {
        let Some(db) = self.read()? else { return Ok(Vec::new()) };
        let _parser = expression::parser()?;
        let mut names = counter::Metrics::default();
        let mut found = Vec::new();
        for (at, one) in wanted.iter().enumerate() {
            let planned =
                one.empty().and_then(|_| counter::planned(&db, &mut names, one.indicator));
            let refused = match planned {
                Ok(Some(planned)) => super::source_fault::refuse(&db, &planned).err(),
                Ok(None) => counts(&db, one.indicator).err(),
                Err(error) => Some(error),
            };
            match refused {
                Some(Error::Refused(why)) => found.push((at, why)),
                Some(error) => return Err(error),
                None => {}
            }
        }
        Ok(found)
    }

    /// Counts the slices of the indicators at the places in `left`. Gives back the places of those
    /// whose slices depend on the range.
    fn count_left(
        &self,
        db: &Connection,
        wanted: &[SlicesOf<'_>],
        states: &BTreeMap<&Name, Option<State>>,
        left: Vec<(usize, Option<Kept>)>,
        blocks: &mut [SliceBlock],
    ) -> Result<Vec<usize>, Error> {
        let _parser = expression::parser()?;
        let mut groups: BTreeMap<Group<'_>, Vec<Wanted>> = BTreeMap::new();
        let mut metrics: BTreeMap<(Group<'_>, bool), Vec<(usize, Sampled)>> = BTreeMap::new();
        let mut names = counter::Metrics::default();
        for (at, kept) in left {
            let SlicesOf { indicator, range, step } = wanted[at];
            let group = (indicator.stream(), range, step);
            if let Some(planned) = counter::planned(db, &mut names, indicator)? {
                super::source_fault::refuse(db, &planned)?;
                let key = (group, planned.sampled.source.counts());
                metrics.entry(key).or_default().push((at, planned.sampled));
                continue;
            }
            groups.entry(group).or_default().push((at, counts(db, indicator)?, kept));
        }
        for ((stream, ..), group) in groups {
            let rows = self.rows_span(db, stream)?;
            let first = &blocks[group[0].0];
            let (start, step, len) = (first.start.ms(), first.step.ms(), first.good.len());
            let present = presence(db, stream, rows, start.div_euclid(step), step, len)?;
            for (at, counts, _) in &group {
                let block = &mut blocks[*at];
                if counts.empty() != (0, 0) {
                    let measured = present.iter().enumerate().filter(|(_, present)| **present);
                    for (slice, _) in measured {
                        (block.good[slice], block.total[slice]) = counts.empty();
                    }
                }
                block.present.clone_from(&present);
            }
            let state = states.get(stream).and_then(Option::as_ref);
            scan_anew(db, stream, state, group, blocks)?;
        }
        let mut exact = Vec::new();
        for (((_, range, step), _), group) in metrics {
            let parts: Vec<&Sampled> = group.iter().map(|(_, sampled)| sampled).collect();
            for ((at, _), slices) in group.iter().zip(sampled::slices(db, &parts, range, step)?) {
                blocks[*at] = slices.block;
                exact.push(*at);
            }
        }
        Ok(exact)
    }
}

/// An indicator with the slices that are wanted of it.
#[derive(Debug, Clone, Copy)]
pub struct SlicesOf<'a> {
    /// What is counted.
    pub indicator: &'a Indicator,
    /// From the first instant to before the second.
    pub range: (SimTime, SimTime),
    /// Length of a slice.
    pub step: SimDuration,
}

/// What shares a scan: a stream, a range and a step.
type Group<'a> = (&'a Name, (SimTime, SimTime), SimDuration);

impl SlicesOf<'_> {
    /// The slices without anything in them.
    fn empty(&self) -> Result<SliceBlock, Error> {
        if let Some(query) = self.indicator.queries().find(|query| query.stream.is_empty()) {
            let message =
                format!("the source of the SLI is `{}`, which drill does not ask", query.source);
            let help = "record it (`drill data ingest` reads answers of query_range and dumps of \
                        promtool), and name the stream: `metricSource: {type: drill, spec: \
                        {stream: NAME, metric: NAME}}`";
            return Err(Error::Refused(
                Diagnostic::error("rollup::other-source", message).help(help).into(),
            ));
        }
        let step = self.step.ms();
        if step <= 0 || self.range.1 <= self.range.0 {
            return Err(refused("rollup::bad-range", "the range or the step is empty".to_owned()));
        }
        let first = self.range.0.ms().div_euclid(step);
        let count = (self.range.1.ms() + step - 1).div_euclid(step) - first;
        if count > MAX_SLICES {
            let (stream, (from, to)) = (self.indicator.stream(), self.range);
            let message = format!(
                "`{stream}` has rows from {from} to {to}: {count} slices, at most {MAX_SLICES}"
            );
            let help = "is its first or last row one of a clock that was not set?";
            return Err(Error::Refused(
                Diagnostic::error("rollup::too-many", message).help(help).into(),
            ));
        }
        let len = usize::try_from(count).expect("invariant: checked against the limit");
        Ok(SliceBlock {
            start: SimTime::from_ms(first * step),
            step: self.step,
            good: vec![0; len],
            total: vec![0; len],
            present: vec![false; len],
        })
    }
}

/// A mistake that is refused.
pub(super) fn refused(code: &'static str, message: String) -> Error {
    Error::Refused(Diagnostic::error(code, message).into())
}

/// Which slices a stream of events measured: from its first to its last row, without silences
/// longer than `expect_every`.
fn presence(
    db: &Connection,
    stream: &str,
    rows: Option<(i64, i64)>,
    first: i64,
    step: i64,
    len: usize,
) -> Result<Vec<bool>, Error> {
    let table = rows_of(db, stream)?;
    let mut present = vec![false; len];
    let Some((from, to)) = rows else { return Ok(present) };
    let end = first + len as i64;
    let set = |present: &mut [bool], from: i64, to: i64, value: bool| {
        let (from, to) = (from.clamp(first, end) - first, to.clamp(first, end) - first);
        if from < to {
            present[from as usize..to as usize].fill(value);
        }
    };
    set(&mut present, from.div_euclid(step), to.div_euclid(step) + 1, true);
    let every: Option<i64> =
        db.query_row("SELECT expect_every_ms FROM streams WHERE name = ?", [stream], |row| {
            row.get(0)
        })?;
    let Some(every) = every else { return Ok(present) };
    let sql = format!(
        "SELECT epoch_ms(before), epoch_ms(ts) FROM \
         (SELECT ts, lag(ts) OVER (ORDER BY ts) AS before FROM {table}) \
         WHERE epoch_ms(ts) - epoch_ms(before) > {every} ORDER BY ts"
    );
    let mut query = db.prepare(&sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (before, after): (i64, i64) = (row.get(0)?, row.get(1)?);
        // The slices with the rows around the silence were measured.
        set(&mut present, before.div_euclid(step) + 1, after.div_euclid(step), false);
    }
    Ok(present)
}
