//! Exact ratios: objectives and burn-rate factors are never rounded before a comparison.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an exact decimal of the wanted range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// Not decimal digits with at most one point.
    #[error("`{0}` is not a decimal number such as `0.999`")]
    Syntax(String),
    /// An objective is a ratio above 0 and at most 1.
    #[error("`{0}` is not a ratio in (0, 1]; for {0} percent write `{hint}`", hint = percent_hint(.0))]
    Objective(String),
    /// A percentage is above 0 and at most 100.
    #[error("`{0}` is not a percentage in (0, 100]")]
    Percent(String),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "(u64, u64)", try_from = "(u64, u64)")]
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

impl Objective {
    /// The target that is written as a percentage, such as `99.9`.
    ///
    /// # Errors
    /// No decimal, not above 0 and at most 100, or a ratio of more than 9 decimal places.
    pub fn from_percent(text: &str) -> Result<Self, RatioError> {
        let (mut num, den) = decimal(text)?;
        let mut den = den.checked_mul(100).ok_or_else(|| RatioError::Syntax(text.to_owned()))?;
        if num == 0 || num > den {
            return Err(RatioError::Percent(text.to_owned()));
        }
        while num.is_multiple_of(10) && den > 1 {
            (num, den) = (num / 10, den / 10);
        }
        if den > MAX_DEN {
            return Err(RatioError::TooPrecise(text.to_owned()));
        }
        Ok(Self { num, den })
    }
}

impl From<Objective> for (u64, u64) {
    fn from(objective: Objective) -> Self {
        (objective.num, objective.den)
    }
}

impl TryFrom<(u64, u64)> for Objective {
    type Error = RatioError;
    fn try_from((num, den): (u64, u64)) -> Result<Self, RatioError> {
        match num > 0 && num <= den {
            true => Ok(Self { num, den }),
            false => Err(RatioError::Objective(format!("{num}/{den}"))),
        }
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

/// A burn-rate factor, an exact fraction in lowest terms: 14.4 is 72/5, and what 2 % of a week's
/// budget per hour needs may be no decimal at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BurnRate {
    num: u64,
    den: u64,
}

/// Greatest numerator of a factor.
const MAX_NUM: u64 = 1_000_000_000_000;
/// Greatest denominator of a factor, and of an objective.
const MAX_DEN: u64 = 1_000_000_000;
/// Places shown of a factor that is no decimal.
const SHOWN_PLACES: u32 = 4;

impl BurnRate {
    /// The factor `num / den`.
    ///
    /// # Panics
    /// When [`BurnRate::checked`] has no such factor.
    pub const fn new(num: u64, den: u64) -> Self {
        match Self::checked(num, den) {
            Some(factor) => factor,
            None => panic!("no factor: the denominator is 0, or a term is too large"),
        }
    }

    /// The factor `num / den`, unless `den` is 0 or the numerator exceeds 10^12 or the denominator
    /// 10^9 in lowest terms.
    pub const fn checked(num: u64, den: u64) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let (num, den) = (num / a, den / a);
        if num > MAX_NUM || den > MAX_DEN {
            return None;
        }
        Some(Self { num, den })
    }

    /// Numerator over [`BurnRate::den`], in lowest terms.
    pub const fn num(self) -> u64 {
        self.num
    }

    /// The denominator, from 1 to 10^9.
    pub const fn den(self) -> u64 {
        self.den
    }

    /// The nearest float, for display only.
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// What parses to this very factor: a decimal where it is one, a fraction such as `14/15`
    /// otherwise.
    pub fn exact(self) -> String {
        match self.decimal() {
            Some(_) => self.to_string(),
            None => format!("{}/{}", self.num, self.den),
        }
    }

    /// The same over a power of ten up to 10^9, when it is such a decimal.
    fn decimal(self) -> Option<(u64, u64)> {
        let mut power = 1;
        while power <= MAX_DEN {
            if power % self.den == 0 {
                return Some((self.num * (power / self.den), power));
            }
            power *= 10;
        }
        None
    }
}

impl FromStr for BurnRate {
    type Err = RatioError;
    /// A decimal such as `14.4`, or a fraction of whole numbers such as `14/15`.
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let syntax = || RatioError::Syntax(text.to_owned());
        let Some((num, den)) = text.split_once('/') else {
            let (num, den) = decimal(text)?;
            return Self::checked(num, den).ok_or_else(syntax);
        };
        let whole = |part: &str| match decimal(part) {
            Ok((number, 1)) => Ok(number),
            _ => Err(syntax()),
        };
        Self::checked(whole(num)?, whole(den)?).ok_or_else(syntax)
    }
}

impl fmt::Display for BurnRate {
    /// Exact for decimals; of other factors the first places (`0.9333...`). [`BurnRate::exact`]
    /// loses nothing of either.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((num, den)) = self.decimal() {
            return show(f, num, den);
        }
        let power = 10u64.pow(SHOWN_PLACES);
        let places = SHOWN_PLACES as usize;
        let part = self.num % self.den * power / self.den;
        write!(f, "{}.{part:0places$}...", self.num / self.den)
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

    #[test]
    fn percentages_are_exact() {
        let percent = |text: &str| Objective::from_percent(text).map(|target| target.to_string());
        assert_eq!(percent("99.9"), Ok("0.999".to_owned()));
        assert_eq!(percent("100"), Ok("1".to_owned()));
        assert_eq!(percent("99.9999999"), Ok("0.999999999".to_owned()));
        assert!(matches!(percent("99.99999999"), Err(RatioError::TooPrecise(_))));
        assert!(matches!(percent("0"), Err(RatioError::Percent(_))));
        assert!(matches!(percent("100.1"), Err(RatioError::Percent(_))));
    }

    #[test]
    fn factors_need_not_be_decimals() {
        let factor: BurnRate = "14/15".parse().unwrap();
        assert_eq!((factor.to_string(), factor.exact()), ("0.9333...".into(), "14/15".into()));
        assert_eq!(BurnRate::new(144, 10), "14.4".parse().unwrap());
        assert_eq!(BurnRate::new(144, 10).to_string(), "14.4");
        assert_eq!(BurnRate::new(1, 3).to_string(), "0.3333...");
        assert_eq!(BurnRate::new(100, 3).to_string(), "33.3333...");
        assert_eq!(BurnRate::new(1, 80_000).to_string(), "0.0000125");
        for bad in ["", "/", "1/0", "1/", "/3", "1.5/2", "-1/2", "1/2/3", "1/10000000000"] {
            assert!(bad.parse::<BurnRate>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn fractions_round_trip(num in 0u64..1_000_000_000, den in 1u64..1_000_000_000) {
            let factor = BurnRate::new(num, den);
            prop_assert_eq!(factor.exact().parse::<BurnRate>().unwrap(), factor);
            let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
            prop_assert_eq!(product(factor.num(), den), product(num, factor.den()));
            let shown = factor.to_string();
            let shown: f64 = shown.trim_end_matches("...").parse().unwrap();
            prop_assert!((shown - factor.as_f64()).abs() <= 1e-4);
        }

        #[test]
        fn factors_round_trip(whole in 0u64..1000, part in 0u64..1_000_000_000) {
            let text = format!("{whole}.{part:09}");
            let factor: BurnRate = text.parse().unwrap();
            prop_assert_eq!(factor.to_string().parse::<BurnRate>().unwrap(), factor);
        }
    }
}
