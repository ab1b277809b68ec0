//! What the current windows of SLOs still need of the streams.

use crate::model::{Period, SloDefinition};
use crate::store::{RetentionNeed, StreamSummary};
use crate::units::SimDuration;

/// Beyond a window: slices that are longer than a row is old, and the sample before the first of
/// a counter.
const MARGIN: SimDuration = SimDuration::from_hours(24);
/// What a calendar's unit is longer than nominal at most: a quarter of 92 days, a year of 366.
const CALENDAR_MARGIN: SimDuration = SimDuration::from_hours(48);

/// From where on the current windows of `definitions` need each stream. Windows end at the last
/// row of their stream, as an evaluation without `--at` has them.
pub fn retention_needs(
    definitions: &[SloDefinition],
    streams: &[StreamSummary],
) -> Vec<RetentionNeed> {
    let objectives = definitions.iter().flat_map(|definition| &definition.objectives);
    let needs = objectives.filter_map(|objective| {
        let stream = objective.indicator.stream();
        let last = streams.iter().find(|summary| summary.name == *stream)?.last?;
        let spec = &objective.spec;
        let period = match spec.period {
            Period::Rolling(length) => length,
            Period::Calendar(calendar) => {
                spec.period.nominal() + CALENDAR_MARGIN * i64::from(calendar.count)
            }
        };
        let longest = spec.tiers.iter().map(|tier| tier.long.max(tier.short));
        let longest = longest.fold(period, Ord::max);
        Some(RetentionNeed { stream: stream.clone(), from: last - longest - MARGIN })
    });
    needs.collect()
}
