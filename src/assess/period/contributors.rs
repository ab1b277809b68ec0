//! Who burnt the budgets in a period.

use super::report::Contributor;
use super::span::PeriodSpan;
use crate::assess::series::Series;
use crate::store::{self, Streams};

/// Values that are named of each column of an objective.
const MOST: u64 = 3;

/// The values of the columns `service`, `route`, `hook` and the like with the most bad events of
/// each objective in the period, in the order of the objectives.
///
/// # Errors
/// As [`Streams::slices_many`].
pub fn contributors(
    series: &[Series],
    streams: &Streams,
    span: &PeriodSpan,
) -> Result<Vec<Contributor>, store::Error> {
    let indicators: Vec<_> = series.iter().map(|one| &one.objective.indicator).collect();
    let found = streams.contributors(&indicators, (span.from, span.to), MOST)?;
    let named = series.iter().zip(found).flat_map(|(one, shares)| {
        shares.into_iter().map(|share| Contributor {
            slo: one.spec().name.clone(),
            column: share.column,
            value: share.value,
            bad: share.bad,
            share: share.bad as f64 / share.of as f64,
        })
    });
    Ok(named.collect())
}
