//! Who burnt the budgets in a period.

use super::report::Contributor;
use super::span::PeriodSpan;
use crate::assess::series::Series;
use crate::store::{self, Streams};
use crate::units::SimTime;

/// Values that are named of each column of an objective.
const MOST: u64 = 3;
/// Objectives whose bad events are looked through, each in a scan of its own.
pub const MOST_CONTRIBUTED: usize = 40;

/// The values of the columns `service`, `route`, `hook` and the like with the most bad events of
/// each objective in the period, in the order of the objectives. Of more than
/// [`MOST_CONTRIBUTED`] objectives, of those that burnt most.
///
/// # Errors
/// As [`Streams::slices_many`].
pub fn contributors(
    series: &[Series],
    streams: &Streams,
    span: &PeriodSpan,
) -> Result<Vec<Contributor>, store::Error> {
    let series = burnt_most(series, span);
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

/// The objectives with the highest burn rates over the period, in their order.
fn burnt_most<'a>(series: &'a [Series], span: &PeriodSpan) -> Vec<&'a Series> {
    let mut rates: Vec<(usize, f64)> =
        series.iter().map(|one| burn_rate(one, span)).enumerate().collect();
    rates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rates.truncate(MOST_CONTRIBUTED);
    rates.sort_by_key(|rate| rate.0);
    rates.into_iter().map(|(at, _)| &series[at]).collect()
}

fn burn_rate(series: &Series, span: &PeriodSpan) -> f64 {
    let block = &series.block;
    let place = |at: SimTime| {
        let slices = (at - block.start).ms().div_euclid(block.step.ms().max(1));
        usize::try_from(slices).unwrap_or(0).min(block.total.len())
    };
    let (from, to) = (place(span.from), place(span.to));
    let sum = |counts: &[u32]| counts[from..to].iter().map(|n| u64::from(*n)).sum::<u64>();
    let (good, total) = (sum(&block.good), sum(&block.total));
    let allowed = 1.0 - series.spec().target.as_f64();
    match total {
        0 => 0.0,
        _ => (total - good.min(total)) as f64 / total as f64 / allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::PeriodKind;
    use crate::model::{
        Aggregate, Indicator, Name, ObjectiveDefinition, Origin, Query, SliceBlock, SloSpec,
    };
    use crate::units::{SimDuration, Zone};

    fn series(at: usize, target: &str, bad: u32) -> Series {
        let query = Query {
            source: Name::from("drill"),
            stream: Name::from("web"),
            metric: None,
            filter: None,
            value: None,
            aggregate: Aggregate::Count,
            fields: Vec::new(),
        };
        let name = format!("slo-{at}");
        let window = SimDuration::from_hours(24);
        let spec = SloSpec::new(name.as_str(), "shop", target.parse().unwrap(), window);
        Series {
            slo: Name::from(name.as_str()),
            title: Name::from(name.as_str()),
            service: Name::from("shop"),
            origin: Origin::Stated,
            objective: ObjectiveDefinition {
                spec,
                indicator: Indicator::Raw { failure: false, query },
                weight: None,
            },
            block: SliceBlock {
                start: "2026-03-15T00:00:00Z".parse().unwrap(),
                step: SimDuration::from_hours(24),
                // The first day lies before the week.
                good: vec![0, 1000 - bad, 1000],
                total: vec![1000; 3],
                present: vec![true; 3],
            },
            place: (Name::from("shop.yaml"), 1),
        }
    }

    #[test]
    fn of_very_many_objectives_those_that_burnt_most_are_asked_about() {
        let span = PeriodKind::Weekly.named("2026-W12", Zone::UTC).unwrap();
        // Of equal errors the stricter target burns faster.
        let targets = |at: usize| if at < 30 { "0.9" } else { "0.99" };
        let all: Vec<Series> =
            (0..60).map(|at| series(at, targets(at), if at % 2 == 0 { 20 } else { 0 })).collect();
        let rates: Vec<f64> = all.iter().map(|one| burn_rate(one, &span)).collect();
        assert!((rates[0] - 0.1).abs() < 1e-9 && (rates[30] - 1.0).abs() < 1e-9, "{rates:?}");
        let names: Vec<String> =
            burnt_most(&all, &span).iter().map(|one| one.slo.to_string()).collect();
        assert_eq!(names.len(), MOST_CONTRIBUTED);
        let burnt = |at: &usize| at.is_multiple_of(2);
        assert!((0..60).filter(burnt).all(|at| names.contains(&format!("slo-{at}"))));
        // Those that burnt nothing fill up, the first ones first.
        assert_eq!(names[..4], ["slo-0", "slo-1", "slo-2", "slo-3"]);
    }
}
