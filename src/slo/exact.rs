//! Exact comparisons and correctly rounded quotients of integers wider than a machine word.

use std::cmp::Ordering;

/// Compares `a * s` with `b * l` without overflow.
pub(super) fn compare_products(a: i128, s: u64, b: i128, l: u64) -> Ordering {
    if let (Some(left), Some(right)) = (a.checked_mul(i128::from(s)), b.checked_mul(i128::from(l)))
    {
        return left.cmp(&right);
    }
    let (left, right) = (Signed::product(a, s), Signed::product(b, l));
    match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => left.words.cmp(&right.words),
        (true, true) => right.words.cmp(&left.words),
    }
}

/// A sign and 192 bits: the high 128 and the low 64. Zero is not negative.
struct Signed {
    negative: bool,
    words: (u128, u64),
}

impl Signed {
    fn product(a: i128, s: u64) -> Self {
        let (magnitude, factor) = (a.unsigned_abs(), u128::from(s));
        let (high, low) = (magnitude >> 64, magnitude & u128::from(u64::MAX));
        let low = low * factor;
        let words = (high * factor + (low >> 64), (low & u128::from(u64::MAX)) as u64);
        Self { negative: a < 0 && words != (0, 0), words }
    }
}

/// `a / b` rounded once, to the nearest float; `b` is positive.
pub(super) fn quotient(a: i128, b: i128) -> f64 {
    const EXACT: i128 = 1 << 53;
    if (-EXACT..=EXACT).contains(&a) && b <= EXACT {
        return a as f64 / b as f64;
    }
    let (mut high, divisor) = (a.unsigned_abs(), b.unsigned_abs());
    // At least 64 significant bits of the quotient and a sticky one: converting that rounds as
    // converting the whole quotient would.
    let mut digits = high / divisor;
    high %= divisor;
    let mut scale = 0i32;
    while digits < 1 << 64 && high > 0 {
        // The rest stays below the divisor, which stays below 2^127.
        high <<= 1;
        let one = u128::from(high >= divisor);
        high -= one * divisor;
        digits = digits << 1 | one;
        scale -= 1;
    }
    let sticky = u128::from(high > 0);
    let value = libm::ldexp((digits | sticky) as f64, scale);
    if a < 0 { -value } else { value }
}

/// The sign of `whole + sum(num_i / den_i) - num / den`, exactly, whatever the denominators.
/// `whole` is a fraction of two positive or zero parts, `parts` have positive denominators.
pub(super) fn compare_sum(
    whole: (i128, u128),
    parts: impl IntoIterator<Item = (i128, u64)>,
    limit: (u128, u64, u64),
) -> Ordering {
    // Both sides over one denominator that grows: plus side and minus side, each not negative.
    let (times, num, den) = limit;
    let mut base = Big::from(whole.1);
    base.multiply(den);
    let (mut plus, mut minus) = (Big::from(0), Big::from(times));
    minus.multiply(num);
    minus = minus.times(&Big::from(whole.1));
    let mut start = Big::from(whole.0.unsigned_abs());
    start.multiply(den);
    if whole.0 < 0 {
        minus.add(&start)
    } else {
        plus.add(&start)
    }
    for (num, den) in parts {
        let common = gcd(base.remainder(den), den);
        let missing = den / common;
        let mut share = base.clone();
        share.divide(common);
        share = share.times(&Big::from(num.unsigned_abs()));
        plus.multiply(missing);
        minus.multiply(missing);
        base.multiply(missing);
        if num < 0 { minus.add(&share) } else { plus.add(&share) }
    }
    plus.compare(&minus)
}

pub(super) fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A natural number of any size: base 2^32, lowest digit first, no leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Big(Vec<u32>);

impl From<u128> for Big {
    fn from(mut value: u128) -> Self {
        let mut digits = Vec::with_capacity(4);
        while value > 0 {
            digits.push((value & u128::from(u32::MAX)) as u32);
            value >>= 32;
        }
        Self(digits)
    }
}

impl Big {
    fn multiply(&mut self, factor: u64) {
        let mut carry = 0u128;
        for digit in &mut self.0 {
            carry += u128::from(*digit) * u128::from(factor);
            *digit = (carry & u128::from(u32::MAX)) as u32;
            carry >>= 32;
        }
        while carry > 0 {
            self.0.push((carry & u128::from(u32::MAX)) as u32);
            carry >>= 32;
        }
        if factor == 0 {
            self.0.clear();
        }
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self(Vec::new());
        for digit in other.0.iter().rev() {
            if !product.0.is_empty() {
                product.0.insert(0, 0);
            }
            let mut row = self.clone();
            row.multiply(u64::from(*digit));
            product.add(&row);
        }
        product
    }

    fn add(&mut self, other: &Self) {
        let mut carry = 0u64;
        for index in 0..self.0.len().max(other.0.len()) {
            if index == self.0.len() {
                self.0.push(0);
            }
            carry += u64::from(self.0[index]) + other.0.get(index).map_or(0, |d| u64::from(*d));
            self.0[index] = (carry & u64::from(u32::MAX)) as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides by `divisor`, which it is a multiple of.
    fn divide(&mut self, divisor: u64) {
        let mut rest = 0u128;
        for digit in self.0.iter_mut().rev() {
            rest = rest << 32 | u128::from(*digit);
            *digit = (rest / u128::from(divisor)) as u32;
            rest %= u128::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn remainder(&self, divisor: u64) -> u64 {
        let mut rest = 0u128;
        for digit in self.0.iter().rev() {
            rest = (rest << 32 | u128::from(*digit)) % u128::from(divisor);
        }
        rest as u64
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn products_beyond_128_bits_are_compared() {
        let big = i128::MAX / 2;
        assert_eq!(compare_products(big, 9, big, 8), Ordering::Greater);
        assert_eq!(compare_products(-big, 9, -big, 8), Ordering::Less);
        assert_eq!(compare_products(big, 9, -big, 8), Ordering::Greater);
        assert_eq!(compare_products(big, u64::MAX, big, u64::MAX), Ordering::Equal);
    }

    #[test]
    fn quotients_are_rounded_once() {
        assert_eq!(quotient(1, 3), 1.0 / 3.0);
        assert_eq!(quotient(-(1 << 100), 1 << 101), -0.5);
        assert_eq!(quotient(10i128.pow(30), 3 * 10i128.pow(30)), 1.0 / 3.0);
        assert_eq!(quotient((1 << 90) + 1, 1), (1i128 << 90) as f64);
        assert_eq!(quotient(0, i128::MAX), 0.0);
        // Halfway between two floats but for one part in 2^100: up, where halves go to even.
        let half = (1i128 << 53) + 1;
        assert_eq!(quotient((half << 60) + 1, 1 << 60), ((1i128 << 53) + 2) as f64);
    }

    #[test]
    fn sums_of_awkward_fractions_tie_exactly() {
        // 1/41 + 2/43 + ... against itself over one denominator.
        let parts = [(1, 41), (2, 43), (5, 4_294_967_291), (3, 47)];
        let den: i128 = 41 * 43 * 4_294_967_291 * 47;
        let num: i128 = parts.iter().map(|(n, d)| *n * (den / i128::from(*d))).sum();
        let limit = |num: i128| (num as u128, 1, den as u64);
        assert_eq!(compare_sum((0, 1), parts, limit(num)), Ordering::Equal);
        assert_eq!(compare_sum((0, 1), parts, limit(num + 1)), Ordering::Less);
        assert_eq!(compare_sum((0, 1), parts, limit(num - 1)), Ordering::Greater);
        assert_eq!(compare_sum((-1, 41), parts.into_iter().skip(1), limit(0)), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn products_compare_as_wide_numbers_do(
            a in any::<i128>(), s in any::<u64>(), b in any::<i128>(), l in any::<u64>(),
        ) {
            let wide = |a: i128, s: u64| {
                let mut big = Big::from(a.unsigned_abs());
                big.multiply(s);
                (a < 0 && s > 0, big)
            };
            let expected = match (wide(a, s), wide(b, l)) {
                ((false, x), (false, y)) => x.compare(&y),
                ((true, x), (true, y)) => y.compare(&x),
                ((false, _), (true, _)) => Ordering::Greater,
                ((true, _), (false, _)) => Ordering::Less,
            };
            prop_assert_eq!(compare_products(a, s, b, l), expected);
        }

        #[test]
        fn small_sums_compare_as_fractions(
            parts in prop::collection::vec((-20i128..20, 1u64..12), 0..6),
            num in 0u64..50, den in 1u64..12,
        ) {
            let common = 27720i128;
            let sum: i128 = parts.iter().map(|(n, d)| n * common / i128::from(*d)).sum();
            let limit = i128::from(num) * common / i128::from(den);
            let exact = compare_sum((0, 1), parts, (1, num, den));
            prop_assert_eq!(exact, sum.cmp(&limit));
        }
    }
}
