//! Poisson draws from a table: built once per mean, then one comparison or two per draw.

use crate::sim::rng::normal_quantile;

/// Above this mean the normal approximation is as good as the table, and the table is large.
const TABLE_MEAN_MAX: f64 = 5_000.0;

/// Inversion of the Poisson distribution with a guide of 256 entries.
#[derive(Debug, Clone)]
pub(super) struct PoissonTable {
    mean: f64,
    first: u32,
    /// Cumulative probabilities of `first`, `first` + 1, ... in units of 2^-64.
    cumulative: Vec<u64>,
    /// Where the search for a draw with this top byte begins.
    guide: Vec<u32>,
}

impl PoissonTable {
    /// The table of mean `mean`; a mean of 0 or less always gives 0.
    pub(super) fn new(mean: f64) -> Self {
        let mut table = Self { mean, first: 0, cumulative: Vec::new(), guide: Vec::new() };
        if mean <= 0.0 || mean.is_nan() || mean > TABLE_MEAN_MAX {
            return table;
        }
        let spread = 8.5 * libm::sqrt(mean) + 24.0;
        let first = (mean - spread).max(0.0) as u32;
        let last = (mean + spread) as u32;
        table.first = first;
        let start = f64::from(first);
        let mut term = libm::exp(start * libm::log(mean) - mean - libm::lgamma(start + 1.0));
        let mut sum = 0.0;
        for k in first..=last {
            sum += term;
            // The cast saturates at the upper end.
            table.cumulative.push((sum * 18_446_744_073_709_551_616.0) as u64);
            term *= mean / f64::from(k + 1);
        }
        let mut position = 0u32;
        for byte in 0u64..256 {
            while (position as usize) + 1 < table.cumulative.len()
                && table.cumulative[position as usize] <= byte << 56
            {
                position += 1;
            }
            table.guide.push(position);
        }
        table
    }

    /// The draw that 64 uniform random bits stand for.
    pub(super) fn draw(&self, bits: u64) -> u32 {
        if self.cumulative.is_empty() {
            if self.mean > TABLE_MEAN_MAX {
                let uniform = ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
                let draw = self.mean + libm::sqrt(self.mean) * normal_quantile(uniform) + 0.5;
                return draw.max(0.0) as u32;
            }
            return 0;
        }
        let mut position = self.guide[(bits >> 56) as usize] as usize;
        while position + 1 < self.cumulative.len() && self.cumulative[position] <= bits {
            position += 1;
        }
        self.first + position as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::rng::{StreamName, Streams};
    use crate::units::Seed;

    #[test]
    fn mean_and_variance_are_the_mean() {
        let mut stream = Streams::new(Seed(3)).stream(StreamName::of("poisson"));
        for mean in [0.002, 0.4, 7.0, 120.0, 4_000.0, 9_000.0] {
            let table = PoissonTable::new(mean);
            let n = 40_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..n {
                let draw = f64::from(table.draw(stream.bits()));
                sum += draw;
                squares += (draw - mean) * (draw - mean);
            }
            let (got, variance) = (sum / f64::from(n), squares / f64::from(n));
            let error = (mean / f64::from(n)).sqrt();
            assert!((got - mean).abs() < 5.0 * error, "mean {got} for {mean}");
            assert!((variance / mean - 1.0).abs() < 0.6 / (mean * f64::from(n)).sqrt().min(12.0));
        }
        assert_eq!(PoissonTable::new(0.0).draw(u64::MAX), 0);
    }
}
