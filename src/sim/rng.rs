//! Named random streams and the samplers that draw from them.
//!
//! One ChaCha8 stream per *name* (seed x entity x purpose): adding an entity or a fault shifts
//! no other draw. Samplers use integers and `libm`, never the platform's own functions, so that
//! a seed means the same everywhere.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xxhash_rust::xxh3::xxh3_64;

use crate::units::{Seed, SimDuration};

/// The 64-bit hash of a stream's name; made once when a blueprint is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamName(u64);

impl StreamName {
    /// The stream named `name`, such as `ack:oncall`.
    pub fn of(name: &str) -> Self {
        Self(xxh3_64(name.as_bytes()))
    }

    /// The stream of the `n`th of several equal purposes.
    pub const fn nth(self, n: u64) -> Self {
        Self(self.0.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// All streams of one seed.
#[derive(Debug, Clone)]
pub struct Streams {
    root: ChaCha8Rng,
}

impl Streams {
    /// The streams of `seed`.
    pub fn new(seed: Seed) -> Self {
        Self { root: ChaCha8Rng::seed_from_u64(seed.0) }
    }

    /// The stream `name`, from its beginning.
    pub fn stream(&self, name: StreamName) -> Stream {
        let mut rng = self.root.clone();
        rng.set_stream(name.0);
        Stream { rng }
    }
}

/// One stream of draws.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [`low`, `high`).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// An index below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard normal, by the inverse of the distribution function.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(
            (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64) + 0.5 / (1u64 << 53) as f64,
        )
    }

    /// Lognormal with the given median and the standard deviation of its logarithm.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.uniform())
    }

    /// A lognormal duration.
    pub fn lognormal_time(&mut self, median: SimDuration, sigma: f64) -> SimDuration {
        SimDuration::from_ms(self.lognormal(median.ms() as f64, sigma).round() as i64)
    }

    /// Poisson with mean `mean`: exact inversion below 30, normal with continuity correction
    /// above (its error there is far below the noise of the draw).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean < 30.0 {
            let (mut k, mut p) = (0u32, libm::exp(-mean));
            let (mut sum, u) = (p, self.uniform());
            while u > sum && k < 1000 {
                k += 1;
                p *= mean / f64::from(k);
                sum += p;
            }
            return k;
        }
        let draw = mean + libm::sqrt(mean) * self.normal() + 0.5;
        draw.max(0.0) as u32
    }

    /// Binomial: how many of `n` succeed with probability `p`. Exact inversion while the mean of
    /// the rarer side is below 30, normal with continuity correction above.
    pub fn binomial(&mut self, n: u32, p: f64) -> u32 {
        if n == 0 || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let mean = f64::from(n) * p;
        if mean < 30.0 {
            let odds = p / (1.0 - p);
            let mut term = libm::exp(f64::from(n) * libm::log1p(-p));
            let (mut k, mut sum, u) = (0u32, term, self.uniform());
            while u > sum && k < n {
                term *= odds * f64::from(n - k) / f64::from(k + 1);
                k += 1;
                sum += term;
            }
            return k;
        }
        let draw = mean + libm::sqrt(mean * (1.0 - p)) * self.normal() + 0.5;
        (draw.max(0.0) as u32).min(n)
    }
}

/// Quantile of the standard normal distribution (P. J. Acklam's rational approximation,
/// relative error below 1.15e-9).
pub(super) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let tail = |q: f64| {
        (((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5])
            / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    if p < 0.024_25 {
        return tail(libm::sqrt(-2.0 * libm::log(p)));
    }
    if p > 1.0 - 0.024_25 {
        return -tail(libm::sqrt(-2.0 * libm::log(1.0 - p)));
    }
    let q = p - 0.5;
    let r = q * q;
    (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q
        / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
}

/// Standard normal distribution function.
pub(super) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Streams::new(Seed(7)).stream(StreamName::of("test"))
    }

    #[test]
    fn streams_do_not_depend_on_one_another() {
        let streams = Streams::new(Seed(1));
        let first = streams.stream(StreamName::of("a")).bits();
        let _ = streams.stream(StreamName::of("b")).bits();
        assert_eq!(streams.stream(StreamName::of("a")).bits(), first);
        assert_ne!(streams.stream(StreamName::of("b")).bits(), first);
        assert_ne!(Streams::new(Seed(2)).stream(StreamName::of("a")).bits(), first);
    }

    #[test]
    fn moments_are_right() {
        let mut stream = stream();
        let n = 40_000;
        let mean =
            |draws: &mut dyn FnMut() -> f64| (0..n).map(|_| draws()).sum::<f64>() / f64::from(n);
        for (trials, p) in [(1000u32, 0.0005), (1000, 0.2), (50, 0.9), (7, 0.5), (100_000, 0.4)] {
            let want = f64::from(trials) * p;
            let sd = (want * (1.0 - p) / f64::from(n)).sqrt();
            let got = mean(&mut || f64::from(stream.binomial(trials, p)));
            assert!(
                (got - want).abs() < 5.0 * sd + 1e-9,
                "binomial({trials}, {p}): {got} for {want}"
            );
        }
        for want in [0.3, 12.0, 900.0] {
            let got = mean(&mut || f64::from(stream.poisson(want)));
            assert!(
                (got - want).abs() < 5.0 * (want / f64::from(n)).sqrt() + 1e-9,
                "poisson {got}"
            );
        }
        let got = mean(&mut || stream.normal());
        assert!(got.abs() < 0.03, "normal {got}");
    }

    #[test]
    fn quantile_inverts_the_distribution_function() {
        for i in 1..1000 {
            let p = f64::from(i) / 1000.0;
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-8, "{p}");
        }
    }
}
