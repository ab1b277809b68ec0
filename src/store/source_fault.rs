//! What only data can tell of an indicator's samples.

use duckdb::Connection;

use super::archive::rows_of;
use super::counter::{self, Metrics, Planned};
use super::error::Error;
use super::sampled::{self, Source};
use super::workspace::Streams;
use crate::diag::Diagnostic;
use crate::model::{Indicator, SourceFault};
use crate::units::{SimDuration, SimTime};

impl Streams {
    /// What is wrong with the samples of `indicator` from `range.0` to before `range.1`, in
    /// slices of `step`; nothing for indicators on rows of events.
    ///
    /// # Errors
    /// A stream, metric or column that is not there, an expression that is not allowed; the
    /// database as ever.
    pub fn source_faults(
        &self,
        indicator: &Indicator,
        range: (SimTime, SimTime),
        step: SimDuration,
    ) -> Result<Vec<SourceFault>, Error> {
        let Some(db) = self.read()? else { return Ok(Vec::new()) };
        let Some(planned) = counter::planned(&db, &mut Metrics::default(), indicator)? else {
            return Ok(Vec::new());
        };
        let mut faults: Vec<SourceFault> = blocking(&db, &planned)?.into_iter().collect();
        let (values, samples) = readings(&db, &planned)?;
        if values < samples {
            faults.push(SourceFault::NoReadings { samples: samples - values, of: samples });
        }
        if !faults.iter().any(SourceFault::blocks) && range.0 < range.1 {
            let slices = sampled::slices(&db, &[&planned.sampled], range, step)?.remove(0);
            if let Some((slice, bad, total)) = slices.bad_above_total.first() {
                faults.push(SourceFault::BadAboveTotal {
                    slices: slices.bad_above_total.len() as u64,
                    first: slices.block.start + step * i64::try_from(*slice).unwrap_or(0),
                    bad: *bad,
                    total: *total,
                });
            }
        }
        Ok(faults)
    }
}

/// Refuses what no slices can be made of.
pub(super) fn refuse(db: &Connection, planned: &Planned) -> Result<(), Error> {
    match blocking(db, planned)?.as_ref().and_then(diagnostic) {
        Some(diagnostic) => Err(Error::Refused(diagnostic.into())),
        None => Ok(()),
    }
}

/// The fault that leaves nothing to compute.
fn blocking(db: &Connection, planned: &Planned) -> Result<Option<SourceFault>, Error> {
    if planned.fault.is_some() {
        return Ok(planned.fault.clone());
    }
    let source = &planned.sampled.source;
    let Source::Ratio { ratio, .. } = source else { return Ok(None) };
    let (table, number) = (rows_of(db, &planned.sampled.stream)?, source.number(ratio));
    let sql = format!(
        "SELECT count(v)::UBIGINT, (count(v) FILTER (WHERE v < 0 OR v > 1))::UBIGINT, min(v), \
         max(v) FROM (SELECT {number} AS v FROM {table} WHERE {})",
        ratio.filter
    );
    type Row = (u64, u64, Option<f64>, Option<f64>);
    let (values, outside, least, most): Row =
        db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let fault = |(least, most)| SourceFault::OutsideRatio { outside, values, least, most };
    Ok(least.zip(most).filter(|_| outside > 0).map(fault))
}

/// Readings of the leading samples, and samples in all.
fn readings(db: &Connection, planned: &Planned) -> Result<(u64, u64), Error> {
    let source = &planned.sampled.source;
    let leading = source.leading();
    let sql = format!(
        "SELECT count({})::UBIGINT, count(*)::UBIGINT FROM {} WHERE {}",
        source.number(leading),
        rows_of(db, &planned.sampled.stream)?,
        leading.filter
    );
    Ok(db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// A blocking fault for who asked for slices.
fn diagnostic(fault: &SourceFault) -> Option<Diagnostic> {
    Some(match fault {
        SourceFault::BetweenBounds { metric, threshold, below, above, spelled } => {
            let bound = |bound: &Option<_>| match bound {
                Some(bound) => format!("`{bound}`"),
                None => "none".to_owned(),
            };
            if let Some(spelled) = spelled {
                let message = format!("no bucket of `{metric}` has the bound `{threshold}`");
                let help = format!("its samples spell it `{spelled}`");
                return Some(Diagnostic::error("rollup::between-bounds", message).help(help));
            }
            let message = format!(
                "no bucket of `{metric}` ends at {threshold}: the next bounds are {} below and {} \
                 above",
                bound(below),
                bound(above)
            );
            let help = "a latency can be judged at the bounds of its histogram only";
            Diagnostic::error("rollup::between-bounds", message).help(help)
        }
        SourceFault::OutsideRatio { outside, values, least, most } => {
            let message = format!(
                "{outside} of {values} values of the ratio are not from 0 to 1 ({least} to {most})"
            );
            let help = "of a percentage, write `value: value / 100`";
            Diagnostic::error("rollup::outside-ratio", message).help(help)
        }
        SourceFault::BadAboveTotal { .. } | SourceFault::NoReadings { .. } => return None,
    })
}
