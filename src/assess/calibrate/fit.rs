//! Figures from waits, some of them right-censored, and whether the form they are put in fits.

use crate::model::QuantileTable;
use crate::score::stats::{KaplanMeier, Observation};
use crate::units::SimDuration;

/// Waits that a figure must rest on. With 20 the 95 % interval of a share is up to 40 points wide;
/// with fewer an assumption that is called one is worth more.
pub const MIN_RECORDS: usize = 20;
/// Of those, waits that must have ended: a spread from fewer is noise.
pub const MIN_ANSWERED: usize = 10;

/// A wait of no time has no logarithm; exports know seconds at best.
const LEAST: f64 = 1.0 / 60.0;

/// Probabilities at which a fitted table has knots.
const KNOTS: [f64; 16] =
    [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975];

/// A test of a form against what was seen, at 5 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitTest {
    /// Largest distance between the two distribution functions.
    pub distance: f64,
    /// The form is rejected where the distance is larger.
    pub critical: f64,
}

impl FitTest {
    /// Whether the form is rejected.
    pub fn rejected(&self) -> bool {
        self.distance > self.critical
    }
}

/// How people answer one attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Answers {
    /// Probability of an answer within the timeout.
    pub(super) p: f64,
    /// Median of those answers, minutes.
    pub(super) median_min: f64,
    /// Standard deviation of their logarithm.
    pub(super) sigma: f64,
    /// Whether they are lognormal.
    pub(super) test: FitTest,
}

/// Waits that ended and waits in all.
pub(super) fn counted(waits: &[Observation]) -> (usize, usize) {
    let ended = waits.iter().filter(|wait| matches!(wait, Observation::Reached(_))).count();
    (ended, waits.len())
}

/// How one attempt is answered: what comes after `timeout` is an answer to a later attempt. The
/// share is one minus the product-limit estimate at the timeout, so that an incident that was over
/// before anybody answered counts for as long as it lasted. `None` with too few waits, or too few
/// that ended in time.
pub(super) fn answers(waits: &[Observation], timeout: SimDuration) -> Option<Answers> {
    let first = |wait: &Observation| match wait {
        Observation::Reached(after) if *after > timeout => Observation::Censored(timeout),
        Observation::Censored(after) => Observation::Censored((*after).min(timeout)),
        reached => *reached,
    };
    let waits: Vec<Observation> = waits.iter().map(first).collect();
    let times = ended(&waits);
    if waits.len() < MIN_RECORDS || times.len() < MIN_ANSWERED {
        return None;
    }
    let p = 1.0 - KaplanMeier::new(&waits).survival(timeout);
    let (mean, sigma) = log_moments(&times);
    let test = lilliefors(&times, mean, sigma);
    Some(Answers { p, median_min: libm::exp(mean), sigma, test })
}

/// Lengths of the waits that ended, in minutes, ascending.
pub(super) fn ended(waits: &[Observation]) -> Vec<f64> {
    let length = |wait: &Observation| match wait {
        Observation::Reached(after) => Some(after.minutes().max(LEAST)),
        Observation::Censored(_) => None,
    };
    let mut times: Vec<f64> = waits.iter().filter_map(length).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Mean and standard deviation (n - 1) of the logarithms.
fn log_moments(times: &[f64]) -> (f64, f64) {
    let n = times.len().max(2) as f64;
    let mean = times.iter().map(|time| libm::log(*time)).sum::<f64>() / n;
    let off = |time: &f64| libm::log(*time) - mean;
    let squares: f64 = times.iter().map(|time| off(time) * off(time)).sum();
    (mean, libm::sqrt(squares / (n - 1.0)))
}

/// Whether ascending `times` are lognormal with moments taken from themselves. H. W. Lilliefors,
/// JASA 62 (1967), 399-402: at 5 % the critical distance is 0.886 / sqrt(n) for n above 30, and
/// close to it for 20 and more.
pub(super) fn lilliefors(times: &[f64], mean: f64, sigma: f64) -> FitTest {
    let n = times.len() as f64;
    let critical = 0.886 / libm::sqrt(n);
    if sigma <= 0.0 {
        return FitTest { distance: 1.0, critical };
    }
    let below =
        |time: f64| 0.5 * libm::erfc(-(libm::log(time) - mean) / sigma / std::f64::consts::SQRT_2);
    FitTest { distance: distance(times, below), critical }
}

/// The same with moments from the times.
pub(super) fn lognormal_test(times: &[f64]) -> FitTest {
    let (mean, sigma) = log_moments(times);
    lilliefors(times, mean, sigma)
}

/// Whether ascending `times` follow a table that knows nothing of them (Kolmogorov, 5 %).
pub(super) fn table_test(times: &[f64], table: &QuantileTable) -> FitTest {
    let below = |time: f64| probability(&table.knots, time / table.scale);
    FitTest { distance: distance(times, below), critical: 1.358 / libm::sqrt(times.len() as f64) }
}

/// Largest distance between a distribution function and that of ascending `times`.
fn distance(times: &[f64], below: impl Fn(f64) -> f64) -> f64 {
    let n = times.len() as f64;
    let off = times.iter().enumerate().map(|(i, time)| {
        let at = below(*time);
        (at - i as f64 / n).abs().max(((i + 1) as f64 / n - at).abs())
    });
    off.fold(0.0, f64::max)
}

/// Probability of at most `value` under a table.
fn probability(knots: &[(f64, f64)], value: f64) -> f64 {
    let above = knots.iter().position(|(_, at)| *at > value);
    match above {
        None => 1.0,
        Some(0) => 0.0,
        Some(i) => {
            let ((p0, v0), (p1, v1)) = (knots[i - 1], knots[i]);
            p0 + (p1 - p0) * (value - v0) / (v1 - v0)
        }
    }
}

/// A table of waits, with the probability up to which it is measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) knots: Vec<(f64, f64)>,
    /// Above it the curve did not come down, and the table has the shape of the base.
    pub(super) measured_to: f64,
}

/// Product-limit quantiles in minutes. Where what never ended keeps the curve up, the table goes on
/// in the proportions of `base`. `None` with too few waits, or too few that ended.
pub(super) fn table(waits: &[Observation], base: &QuantileTable) -> Option<Table> {
    let (ended_count, all) = counted(waits);
    if all < MIN_RECORDS || ended_count < MIN_ANSWERED {
        return None;
    }
    let times = ended(waits);
    let curve = KaplanMeier::new(waits);
    // Beyond the last order statistic a quantile is the maximum, which the last knot holds.
    let most = 1.0 - 1.0 / all as f64;
    let mut knots = vec![(0.0, round(times[0]))];
    for p in KNOTS.into_iter().filter(|p| *p <= most) {
        let Some(at) = curve.quantile(p) else { break };
        knots.push((p, round(at.minutes().max(LEAST))));
    }
    if let Some(longest) = curve.quantile(1.0) {
        knots.push((1.0, round(longest.minutes().max(LEAST))));
        return Some(Table { knots, measured_to: 1.0 });
    }
    let (last_p, last) = knots[knots.len() - 1];
    let anchor = quantile(&base.knots, last_p).max(LEAST);
    for p in KNOTS.into_iter().filter(|p| *p > last_p).chain([1.0]) {
        knots.push((p, round(last * (quantile(&base.knots, p) / anchor).max(1.0))));
    }
    Some(Table { knots, measured_to: last_p })
}

/// Quantile of a table; values between knots are interpolated.
fn quantile(knots: &[(f64, f64)], p: f64) -> f64 {
    match knots.iter().position(|(at, _)| *at >= p) {
        None => knots.last().map_or(0.0, |(_, value)| *value),
        Some(0) => knots[0].1,
        Some(i) => {
            let ((p0, v0), (p1, v1)) = (knots[i - 1], knots[i]);
            v0 + (v1 - v0) * (p - p0) / (p1 - p0)
        }
    }
}

/// The value at share `p` of ascending spans, in seconds.
pub(super) fn seconds_at(ascending: &[SimDuration], p: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    let index = (p * last as f64).round() as usize;
    ascending.get(index.min(last)).map_or(0.0, |span| span.ms() as f64 / 1000.0)
}

/// To a thousandth: what is written is what is run.
pub(super) fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, Provenance, Stage};
    use crate::sim::{StreamName, Streams};
    use crate::units::Seed;
    use Observation::{Censored, Reached};

    fn span(minutes: f64) -> SimDuration {
        SimDuration::from_ms((minutes * 60_000.0).round() as i64)
    }

    fn base() -> QuantileTable {
        QuantileTable {
            stage: Stage::Fix,
            knots: vec![(0.0, 1.0), (0.5, 100.0), (0.9, 400.0), (1.0, 800.0)],
            scale: 1.0,
            provenance: Provenance::Assumed { reason: Name::from("test") },
        }
    }

    /// Answers by a known model: with `p`, lognormal, cut off at the timeout.
    fn drawn(n: u64, p: f64, median: f64, sigma: f64) -> Vec<Observation> {
        let streams = Streams::new(Seed(11));
        let draw = |i: u64| {
            let mut stream = streams.stream(StreamName::of("answers").nth(i));
            let answered = stream.chance(p);
            let after = stream.lognormal(median, sigma);
            match answered {
                true => Reached(span(after.min(5.0))),
                false => Censored(span(60.0)),
            }
        };
        (0..n).map(draw).collect()
    }

    #[test]
    fn a_known_model_is_found_again() {
        let found = answers(&drawn(4000, 0.8, 1.2, 0.5), span(5.0)).unwrap();
        assert!((found.p - 0.8).abs() < 0.02, "{found:?}");
        assert!((found.median_min - 1.2).abs() < 0.05, "{found:?}");
        assert!((found.sigma - 0.5).abs() < 0.03, "{found:?}");
        assert!(!found.test.rejected(), "{found:?}");
    }

    #[test]
    fn answers_after_the_timeout_are_answers_to_a_later_attempt() {
        let mut waits = vec![Reached(span(1.0)); 15];
        waits.extend([Reached(span(12.0)); 5]);
        let found = answers(&waits, span(5.0)).unwrap();
        assert!((found.p - 0.75).abs() < 1e-9, "{found:?}");
        assert!((found.median_min - 1.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn an_incident_that_was_over_first_counts_for_as_long_as_it_lasted() {
        let answered: Vec<_> = (1..=20).map(|i| Reached(span(f64::from(i) / 10.0))).collect();
        let mut short = answered.clone();
        short.extend([Censored(span(0.05)); 20]);
        let mut long = answered;
        long.extend([Censored(span(30.0)); 20]);
        let (short, long) =
            (answers(&short, span(5.0)).unwrap(), answers(&long, span(5.0)).unwrap());
        assert!((short.p - 1.0).abs() < 1e-9, "{short:?}: nobody was asked for longer");
        assert!((long.p - 0.5).abs() < 1e-9, "{long:?}");
    }

    #[test]
    fn too_few_are_refused() {
        let few = vec![Reached(span(1.0)); MIN_RECORDS - 1];
        assert_eq!(answers(&few, span(5.0)), None);
        assert_eq!(table(&few, &base()), None);
        let mut unanswered = vec![Censored(span(60.0)); 40];
        unanswered.extend([Reached(span(1.0)); MIN_ANSWERED - 1]);
        assert_eq!(answers(&unanswered, span(5.0)), None);
        assert_eq!(table(&unanswered, &base()), None);
    }

    #[test]
    fn a_table_holds_the_quantiles_and_both_ends() {
        let waits: Vec<_> = (1..=100).map(|i| Reached(span(f64::from(i)))).collect();
        let found = table(&waits, &base()).unwrap();
        assert_eq!(found.knots[0], (0.0, 1.0));
        assert!(found.knots.contains(&(0.5, 50.0)), "{found:?}");
        assert!(found.knots.contains(&(0.9, 90.0)), "{found:?}");
        assert_eq!(found.knots[found.knots.len() - 1], (1.0, 100.0));
        assert_eq!(found.measured_to, 1.0);
    }

    #[test]
    fn what_never_ended_leaves_the_tail_to_the_base() {
        let mut waits: Vec<_> = (1..=60).map(|i| Reached(span(f64::from(i)))).collect();
        waits.extend([Censored(span(60.0)); 40]);
        let found = table(&waits, &base()).unwrap();
        assert_eq!(found.measured_to, 0.6);
        let at = |p: f64| found.knots.iter().find(|knot| knot.0 == p).unwrap().1;
        assert_eq!(at(0.6), 60.0);
        // The base has 175 min at 0.6 and 400 min at 0.9.
        assert!((at(0.9) - 60.0 * 400.0 / 175.0).abs() < 0.01, "{found:?}");
        assert!(found.knots.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{found:?}");
    }

    #[test]
    fn two_humps_are_not_lognormal_and_a_table_that_is_not_theirs_is_rejected() {
        let mut times = vec![1.0; 40];
        times.extend([200.0; 40]);
        assert!(lognormal_test(&times).rejected());
        assert!(table_test(&times, &base()).rejected());
        let own: Vec<f64> =
            (0..200).map(|i| quantile(&base().knots, f64::from(i) / 199.0)).collect();
        assert!(!table_test(&own, &base()).rejected());
    }
}
