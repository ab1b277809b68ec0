//! Statistics of many drills: intervals of shares, times with right-censoring, paired
//! differences.

use crate::units::SimDuration;

/// The 97.5 % quantile of the standard normal distribution, for two-sided 95 % intervals.
const Z95: f64 = 1.959_963_984_540_054;

/// 95 % Wilson score interval of `hits / of`, as ratios; `None` when `of` is 0 or `hits` exceeds
/// it. Wilson, JASA 22 (1927), 209-212.
pub fn wilson(hits: u32, of: u32) -> Option<(f64, f64)> {
    if of == 0 || hits > of {
        return None;
    }
    let (n, p) = (f64::from(of), f64::from(hits) / f64::from(of));
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * libm::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    // With no hit or no miss one bound is exactly the end of the scale.
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits == of { 1.0 } else { (centre + half).min(1.0) };
    Some((low, high))
}

/// One observation of a time to a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observation {
    /// Reached after this long.
    Reached(SimDuration),
    /// Not yet reached after this long, when the record ended.
    Censored(SimDuration),
}

/// One step of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drop {
    at: SimDuration,
    /// Share not yet there just after `at`.
    survival: f64,
    /// Greenwood's sum up to `at`; its product with survival squared is the variance.
    greenwood: f64,
}

/// The product-limit estimate of a time with right-censoring. Kaplan and Meier, JASA 53 (1958),
/// 457-481. At equal times those that reached it come before those censored.
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    /// Reached values, ascending; the plain order statistics where nothing is censored.
    reached: Vec<SimDuration>,
    drops: Vec<Drop>,
    of: u32,
}

impl KaplanMeier {
    /// The curve of these observations, in any order.
    pub fn new(observations: &[Observation]) -> Self {
        let mut sorted: Vec<(SimDuration, bool)> = observations
            .iter()
            .map(|observation| match observation {
                Observation::Reached(at) => (*at, false),
                Observation::Censored(at) => (*at, true),
            })
            .collect();
        sorted.sort_unstable();
        let reached = sorted.iter().filter(|(_, censored)| !censored).map(|(at, _)| *at).collect();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut drops = Vec::new();
        let mut i = 0;
        while i < sorted.len() {
            let at = sorted[i].0;
            let at_risk = sorted.len() - i;
            let same = sorted[i..].iter().take_while(|(other, _)| *other == at).count();
            let events = sorted[i..i + same].iter().filter(|(_, censored)| !censored).count();
            if events > 0 {
                let (n, d) = (at_risk as f64, events as f64);
                survival *= (n - d) / n;
                if at_risk > events {
                    greenwood += d / (n * (n - d));
                } else {
                    survival = 0.0;
                }
                drops.push(Drop { at, survival, greenwood });
            }
            i += same;
        }
        let of = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
        Self { reached, drops, of }
    }

    /// Number of observations.
    pub fn of(&self) -> u32 {
        self.of
    }

    /// Observations that reached it.
    pub fn reached(&self) -> u32 {
        u32::try_from(self.reached.len()).unwrap_or(u32::MAX)
    }

    /// Share not yet there just after `at`.
    pub fn survival(&self, at: SimDuration) -> f64 {
        let before = self.drops.iter().take_while(|drop| drop.at <= at);
        before.last().map_or(1.0, |drop| drop.survival)
    }

    /// The earliest time by which at least the share `p` was there; `None` when the curve does
    /// not come down that far, or `p` is outside (0, 1]. Without censoring this is the
    /// empirical quantile: the smallest value with at least `p` of all values at or below it.
    pub fn quantile(&self, p: f64) -> Option<SimDuration> {
        if !(p > 0.0 && p <= 1.0) {
            return None;
        }
        if self.reached.len() == self.of as usize {
            let rank = libm::ceil(p * f64::from(self.of) - 1e-9).max(1.0) as usize;
            return self.reached.get(rank - 1).copied();
        }
        // Products of fractions miss round shares by an ulp or two.
        let left = 1.0 - p + 1e-9;
        self.drops.iter().find(|drop| drop.survival <= left).map(|drop| drop.at)
    }

    /// 95 % interval of the median; an open upper end is `None`. Order statistics (binomial,
    /// exact) where nothing is censored; else all times that the sign test of Brookmeyer and
    /// Crowley (Biometrics 38 (1982), 29-41) does not reject, on the log-log scale. `None`
    /// where fewer than 6 observations or no time allow an interval.
    pub fn median_ci(&self) -> Option<(SimDuration, Option<SimDuration>)> {
        if self.of < 6 {
            return None;
        }
        if self.reached.len() == self.of as usize {
            let low = binomial_rank(self.of);
            let high = self.of as usize - low + 1;
            return Some((self.reached[low - 1], Some(self.reached[high - 1])));
        }
        let inside = |drop: &&Drop| accepts_half(drop);
        let low = self.drops.iter().find(inside)?.at;
        let high = self.drops.iter().find(|drop| drop.survival < 0.5 && !accepts_half(drop));
        Some((low, high.map(|drop| drop.at)))
    }
}

/// Whether survival 0.5 lies within the 95 % interval of the curve just after this drop.
fn accepts_half(drop: &Drop) -> bool {
    if drop.survival <= 0.0 || drop.survival >= 1.0 {
        return false;
    }
    let log = libm::log(drop.survival);
    let error = libm::sqrt(drop.greenwood) / -log;
    let loglog = |s: f64| libm::log(-libm::log(s));
    libm::fabs(loglog(drop.survival) - loglog(0.5)) <= Z95 * error
}

/// The largest rank `r` (from 1) such that the `r`-th and the `n+1-r`-th of `n` ordered values
/// hold the median with at least 95 %; 1 when even the extremes do not (`n` below 6).
fn binomial_rank(n: u32) -> usize {
    // P(X <= k) for X ~ B(n, 1/2), summed in logarithms because 2^-n underflows.
    let ln_half = f64::from(n) * libm::log(0.5);
    let (mut ln_choose, mut below) = (0.0, 0.0);
    let mut rank = 0;
    for k in 0..n / 2 {
        below += libm::exp(ln_choose + ln_half);
        if below > 0.025 {
            break;
        }
        rank = k as usize + 1;
        ln_choose += libm::log(f64::from(n - k)) - libm::log(f64::from(k + 1));
    }
    rank.max(1)
}

/// A mean difference of pairs with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Number of pairs.
    pub pairs: u32,
    /// Mean of `after - before`.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// 95 % interval of the mean.
    pub ci: (f64, f64),
}

impl Difference {
    /// A difference is claimed only where its interval excludes 0.
    pub fn is_claimed(&self) -> bool {
        self.ci.0 > 0.0 || self.ci.1 < 0.0
    }
}

/// The difference of pairs `(before, after)` of the same seed, in their unit, with a Student t
/// interval; `None` for fewer than two pairs.
pub fn paired_difference(pairs: &[(f64, f64)]) -> Option<Difference> {
    let count = u32::try_from(pairs.len()).ok().filter(|count| *count >= 2)?;
    let n = f64::from(count);
    let mean = pairs.iter().map(|(before, after)| after - before).sum::<f64>() / n;
    let squares = pairs.iter().map(|(before, after)| {
        let off = after - before - mean;
        off * off
    });
    let standard_error = libm::sqrt(squares.sum::<f64>() / (n - 1.0) / n);
    let half = t975(count - 1) * standard_error;
    Some(Difference { pairs: count, mean, standard_error, ci: (mean - half, mean + half) })
}

/// The 97.5 % quantile of Student's t with `df` degrees of freedom: exact values for 1 to 4,
/// else the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), right to 0.002.
fn t975(df: u32) -> f64 {
    const SMALL: [f64; 4] = [12.706_205, 4.302_653, 3.182_446, 2.776_445];
    if let Some(exact) = (df as usize).checked_sub(1).and_then(|i| SMALL.get(i)) {
        return *exact;
    }
    let (z, v) = (Z95, f64::from(df.max(1)));
    let z3 = z * z * z;
    let z5 = z3 * z * z;
    let z7 = z5 * z * z;
    let z9 = z7 * z * z;
    z + (z3 + z) / (4.0 * v)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v * v * v)
        + (79.0 * z9 + 776.0 * z7 + 1482.0 * z5 - 1920.0 * z3 - 945.0 * z)
            / (92_160.0 * v * v * v * v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minutes(n: i64) -> SimDuration {
        SimDuration::from_minutes(n)
    }

    #[test]
    fn wilson_of_nine_in_twelve_is_47_to_91_percent() {
        let (low, high) = wilson(9, 12).unwrap();
        assert!((low - 0.4677).abs() < 5e-4, "{low}");
        assert!((high - 0.9111).abs() < 5e-4, "{high}");
        assert_eq!(wilson(0, 10).unwrap().0, 0.0);
        assert!((wilson(0, 10).unwrap().1 - 0.2775).abs() < 5e-4);
        assert_eq!(wilson(10, 10).unwrap().1, 1.0);
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(2, 1), None);
    }

    #[test]
    fn the_curve_of_the_textbook() {
        // 6 and 10 reached, 6+ and 9+ censored among seven at risk: S = 6/7, then 6/7 x 3/4.
        use Observation::{Censored, Reached};
        let at = [
            Reached(minutes(6)),
            Censored(minutes(6)),
            Censored(minutes(9)),
            Reached(minutes(10)),
            Censored(minutes(11)),
            Censored(minutes(17)),
            Censored(minutes(19)),
        ];
        let curve = KaplanMeier::new(&at);
        assert!((curve.survival(minutes(6)) - 6.0 / 7.0).abs() < 1e-12);
        assert!((curve.survival(minutes(12)) - 6.0 / 7.0 * 3.0 / 4.0).abs() < 1e-12);
        assert_eq!(curve.survival(minutes(5)), 1.0);
        assert_eq!((curve.reached(), curve.of()), (2, 7));
        assert_eq!(curve.quantile(0.1), Some(minutes(6)));
        assert_eq!(curve.quantile(0.5), None, "the curve ends at 0.64");
    }

    #[test]
    fn censored_medians_have_open_intervals() {
        use Observation::{Censored, Reached};
        let mut at: Vec<_> = (1..=12).map(|n| Reached(minutes(n))).collect();
        at.extend((0..8).map(|_| Censored(minutes(12))));
        let curve = KaplanMeier::new(&at);
        assert_eq!(curve.quantile(0.5), Some(minutes(10)));
        let (low, high) = curve.median_ci().unwrap();
        assert!(low > minutes(4) && low < minutes(10), "{low}");
        assert_eq!(high, None);
        assert_eq!(KaplanMeier::new(&[]).median_ci(), None);
        assert_eq!(KaplanMeier::new(&[]).quantile(0.5), None);
    }

    #[test]
    fn order_statistics_hold_the_median() {
        // Tables of the sign test: ranks 1 and 6 for n = 6, 3 and 10 for 12, 40 and 61 for 100.
        assert_eq!(binomial_rank(6), 1);
        assert_eq!(binomial_rank(12), 3);
        assert_eq!(binomial_rank(100), 40);
        let at: Vec<_> = (1..=12).map(|n| Observation::Reached(minutes(n))).collect();
        let ci = KaplanMeier::new(&at).median_ci();
        assert_eq!(ci, Some((minutes(3), Some(minutes(10)))));
    }

    #[test]
    fn paired_differences_use_student() {
        // Differences 1, 2, 3: mean 2, sd 1, se 0.5774, t(2) = 4.3027.
        let found = paired_difference(&[(0.0, 1.0), (0.0, 2.0), (5.0, 8.0)]).unwrap();
        assert_eq!(found.mean, 2.0);
        assert!((found.ci.0 - (2.0 - 4.302_653 * 0.577_350)).abs() < 1e-5);
        assert!(!found.is_claimed());
        assert!(paired_difference(&[(0.0, 5.0); 4]).unwrap().is_claimed());
        assert_eq!(paired_difference(&[(0.0, 1.0)]), None);
        for (df, t) in [(5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)] {
            assert!((t975(df) - t).abs() < 2e-3, "{df}: {}", t975(df));
        }
    }

    proptest! {
        #[test]
        fn without_censoring_quantiles_are_empirical(
            mut values in prop::collection::vec(0i64..1000, 1..60),
            p in 0.01f64..1.0,
        ) {
            let at: Vec<_> = values
                .iter()
                .map(|ms| Observation::Reached(SimDuration::from_ms(*ms)))
                .collect();
            let found = KaplanMeier::new(&at).quantile(p).unwrap().ms();
            values.sort_unstable();
            let n = values.len() as f64;
            let below = |limit: i64| values.iter().filter(|v| **v <= limit).count() as f64;
            prop_assert!(below(found) + 1e-6 >= p * n);
            prop_assert!(below(found - 1) < p * n);
        }

        #[test]
        fn the_curve_falls_and_stays_in_bounds(
            at in prop::collection::vec((0i64..50, any::<bool>()), 0..60),
        ) {
            let observed: Vec<_> = at
                .iter()
                .map(|(ms, censored)| {
                    let at = SimDuration::from_ms(*ms);
                    if *censored { Observation::Censored(at) } else { Observation::Reached(at) }
                })
                .collect();
            let curve = KaplanMeier::new(&observed);
            let all: Vec<f64> = (0..50).map(|ms| curve.survival(SimDuration::from_ms(ms))).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert!(all.iter().all(|s| (0.0..=1.0).contains(s)));
            let (p10, p90) = (curve.quantile(0.1), curve.quantile(0.9));
            prop_assert!(p90.is_none() || p10.is_some_and(|p10| p10 <= p90.unwrap()));
            if let (Some(median), Some((low, high))) = (curve.quantile(0.5), curve.median_ci()) {
                prop_assert!(low <= median);
                prop_assert!(high.is_none_or(|high| median <= high));
            }
        }

        #[test]
        fn wilson_holds_the_share(of in 1u32..5000, part in 0.0f64..=1.0) {
            let hits = (f64::from(of) * part) as u32;
            let (low, high) = wilson(hits, of).unwrap();
            let share = f64::from(hits) / f64::from(of);
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        }
    }
}
