//! Exact decimals: objectives and burn-rate factors are never rounded before a comparison.

use std::fmt;
use std::str::FromStr;

/// Why a text is not an exact decimal of the wanted range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// Not decimal digits with at most one point.
    #[error("`{0}` is not a decimal number such as `0.999`")]
    Syntax(String),
    /// An objective is a ratio above 0 and at most 1.
    #[error("`{0}` is not a ratio in (0, 1]; for {0} percent write `{hint}`", hint = percent_hint(.0))]
    Objective(String),
    /// More digits than the exact arithmetic holds.
    #[error("`{0}` has more than 9 decimal places")]
    TooPrecise(String),
}

fn percent_hint(text: &str) -> String {
    text.parse::<f64>().map_or_else(
        |_| "0.999".to_owned(),
        |percent| format!("{:.9}", percent / 100.0).trim_end_matches('0').to_owned(),
    )
}

fn decimal(text: &str) -> Result<(u64, u64), RatioError> {
    let syntax = || RatioError::Syntax(text.to_owned());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(syntax());
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return Err(RatioError::TooPrecise(text.to_owned()));
    }
    let den = 10u64.pow(u32::try_from(fraction.len()).map_err(|_| syntax())?);
    let whole: u64 = whole.parse().map_err(|_| syntax())?;
    let part: u64 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| syntax())? };
    let num = whole.checked_mul(den).and_then(|n| n.checked_add(part)).ok_or_else(syntax)?;
    if num > 1_000_000_000_000 {
        return Err(syntax());
    }
    Ok((num, den))
}

fn show(f: &mut fmt::Formatter<'_>, num: u64, den: u64) -> fmt::Result {
    let places = usize::try_from(den.ilog10()).unwrap_or(0);
    if places == 0 {
        return write!(f, "{num}");
    }
    write!(f, "{}.{:0places$}", num / den, num % den)
}

/// A target ratio in (0, 1], kept as an exact decimal fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Objective {
    num: u64,
    den: u64,
}

impl Objective {
    /// Numerator over [`Objective::den`].
    pub const fn num(self) -> u64 {
        self.num
    }

    /// A power of ten, at most 10^9.
    pub const fn den(self) -> u64 {
        self.den
    }

    /// The error budget as `(numerator, denominator)`: `1 - target`.
    pub const fn budget(self) -> (u64, u64) {
        (self.den - self.num, self.den)
    }

    /// The nearest float, for display and plots only.
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

impl FromStr for Objective {
    type Err = RatioError;
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let (num, den) = decimal(text)?;
        if num == 0 || num > den {
            return Err(RatioError::Objective(text.to_owned()));
        }
        Ok(Self { num, den })
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.num, self.den)
    }
}

/// A burn-rate factor (14.4 is 144/10), exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BurnRate {
    num: u64,
    den: u64,
}

impl BurnRate {
    /// The factor `num / den`.
    ///
    /// # Panics
    /// When `den` is not a power of ten up to 10^9: factors are decimals.
    pub const fn new(num: u64, den: u64) -> Self {
        let mut power = 1;
        while power < den && power < 1_000_000_000 {
            power *= 10;
        }
        assert!(power == den, "factors are decimals");
        Self { num, den }
    }

    /// Numerator over [`BurnRate::den`].
    pub const fn num(self) -> u64 {
        self.num
    }

    /// A power of ten, at most 10^9.
    pub const fn den(self) -> u64 {
        self.den
    }

    /// The nearest float, for display only.
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

impl FromStr for BurnRate {
    type Err = RatioError;
    fn from_str(text: &str) -> Result<Self, RatioError> {
        decimal(text).map(|(num, den)| Self { num, den })
    }
}

impl fmt::Display for BurnRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.num, self.den)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn objectives_are_exact() {
        let target: Objective = "0.9990".parse().unwrap();
        assert_eq!(target.budget(), (1, 1000));
        assert_eq!(target.to_string(), "0.999");
        assert!(matches!("99.9".parse::<Objective>(), Err(RatioError::Objective(_))));
        for bad in ["", ".9", "0.", "1e-3", "-0.5", "0.9.9", "99999999999999999999"] {
            assert!(bad.parse::<Objective>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn factors_round_trip(whole in 0u64..1000, part in 0u64..1_000_000_000) {
            let text = format!("{whole}.{part:09}");
            let factor: BurnRate = text.parse().unwrap();
            prop_assert_eq!(factor.to_string().parse::<BurnRate>().unwrap(), factor);
        }
    }
}
