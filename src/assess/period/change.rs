//! Whether two periods really differ.

use crate::slo::Reason;
use crate::units::SimDuration;

/// Events of one hour come together: a bad minute is seldom alone, so hours are the sample.
pub(super) const CLUSTER: SimDuration = SimDuration::from_hours(1);
/// Fewest hours with events on either side.
const MIN_CLUSTERS: usize = 12;
/// Two-sided 5 % of the normal distribution.
const CRITICAL: f64 = 1.96;

/// How the service level moved against the period before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// By so much, which chance would hardly do.
    Clear(f64),
    /// Not by more than chance does.
    Unclear,
    /// It cannot be compared.
    Unknown(Reason),
}

/// Bad and all events of one cluster.
pub(super) type Cluster = (f64, f64);

/// Compares the error ratios of two periods. The variance of a ratio of sums, by clusters of an
/// hour: `sum((bad_h - r total_h)^2) / (sum total_h)^2 * k / (k - 1)` (ratio estimator; Cochran,
/// Sampling Techniques, chapter 6).
pub(super) fn change(before: &[Cluster], now: &[Cluster]) -> Change {
    match (ratio(before), ratio(now)) {
        (None, _) | (_, None) => Change::Unknown(Reason::NoEvents),
        (Some(a), Some(b)) if a.clusters.min(b.clusters) < MIN_CLUSTERS => Change::Unclear,
        (Some(a), Some(b)) => {
            let delta = a.value - b.value;
            let error = libm::sqrt(a.variance + b.variance);
            if delta.abs() > CRITICAL * error { Change::Clear(delta) } else { Change::Unclear }
        }
    }
}

struct Ratio {
    value: f64,
    variance: f64,
    clusters: usize,
}

fn ratio(clusters: &[Cluster]) -> Option<Ratio> {
    let used: Vec<&Cluster> = clusters.iter().filter(|(_, total)| *total > 0.0).collect();
    let bad: f64 = used.iter().map(|cluster| cluster.0).sum();
    let total: f64 = used.iter().map(|cluster| cluster.1).sum();
    if used.is_empty() {
        return None;
    }
    let value = bad / total;
    let squares: f64 = used.iter().map(|(bad, total)| (bad - value * total).powi(2)).sum();
    let k = used.len() as f64;
    let variance = squares / (total * total) * (k / (k - 1.0).max(1.0));
    Some(Ratio { value, variance, clusters: used.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(bad: &[f64], repeat: usize) -> Vec<Cluster> {
        bad.iter().cycle().take(bad.len() * repeat).map(|bad| (*bad, 100.0)).collect()
    }

    #[test]
    fn a_steady_change_is_clear_and_one_bad_hour_is_not() {
        let calm = hours(&[1.0, 2.0, 1.0, 0.0], 42);
        let worse = hours(&[4.0, 5.0, 3.0, 4.0], 42);
        let Change::Clear(delta) = change(&calm, &worse) else { panic!("should be clear") };
        assert!((delta + 0.03).abs() < 1e-9, "{delta}");
        let mut burst = calm.clone();
        burst[7].0 = 100.0;
        assert_eq!(change(&calm, &burst), Change::Unclear);
        assert_eq!(change(&calm, &calm), Change::Unclear);
    }

    #[test]
    fn few_hours_claim_nothing() {
        let few = hours(&[0.0], 11);
        assert_eq!(change(&few, &hours(&[90.0], 100)), Change::Unclear);
        assert_eq!(change(&hours(&[0.0], 12), &hours(&[90.0], 12)), Change::Clear(-0.9));
    }

    #[test]
    fn nothing_is_known_without_events() {
        let none = vec![(0.0, 0.0); 50];
        assert_eq!(change(&none, &hours(&[1.0], 50)), Change::Unknown(Reason::NoEvents));
        assert_eq!(change(&[], &[]), Change::Unknown(Reason::NoEvents));
    }
}
