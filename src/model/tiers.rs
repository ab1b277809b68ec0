//! Alert tiers in writing, and the sets of them that others recommend.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::name::Name;
use super::slo::{Comparator, Tier};
use crate::units::{BurnRate, RatioError, SimDuration, TimeError};

/// Why a text is no tier such as `page 1h/5m 14.4`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// A word is missing.
    #[error("`{0}` is no tier: write SEVERITY LONG/SHORT FACTOR, as in `page 1h/5m 14.4`")]
    Shape(String),
    /// A window or another length of time cannot be read.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The factor cannot be read.
    #[error(transparent)]
    Factor(#[from] RatioError),
    /// A factor of 0 always fires.
    #[error("a factor of 0 always fires")]
    Zero,
    /// A window is no whole number of minutes.
    #[error("the window {0} is not a whole number of minutes above 0")]
    Grid(SimDuration),
    /// The short window is not shorter than the long one.
    #[error("the short window {short} is not below the long one, {long}")]
    Order {
        /// The long window.
        long: SimDuration,
        /// The short window.
        short: SimDuration,
    },
    /// A word after the factor is no option.
    #[error("`{0}` is none of the options `for=`, `keep=`, `min-events=`, `min-failures=`, `op=`")]
    Option(String),
    /// An option is given twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// The value of an option cannot be read.
    #[error("`{0}` wants {1}")]
    Value(String, &'static str),
}

impl FromStr for Tier {
    type Err = TierError;
    /// `SEVERITY LONG/SHORT FACTOR` and any of the options `for=DURATION`, `keep=DURATION`,
    /// `min-events=N`, `min-failures=N`, `op=gt|gte`.
    fn from_str(text: &str) -> Result<Self, TierError> {
        let shape = || TierError::Shape(text.trim().to_owned());
        let mut words = text.split_whitespace();
        let severity = words.next().ok_or_else(shape)?;
        let windows = words.next().ok_or_else(shape)?;
        let factor = words.next().ok_or_else(shape)?;
        let (long, short) = windows.split_once('/').ok_or_else(shape)?;
        let (long, short) = (window(long)?, window(short)?);
        let factor: BurnRate = factor.parse()?;
        if factor.num() == 0 {
            return Err(TierError::Zero);
        }
        if short >= long {
            return Err(TierError::Order { long, short });
        }
        let mut tier = Self::new(long, short, factor, severity);
        let mut given = Vec::new();
        for word in words {
            let unknown = || TierError::Option(word.to_owned());
            let (key, value) = word.split_once('=').ok_or_else(unknown)?;
            if given.contains(&key) {
                return Err(TierError::Twice(format!("{key}=")));
            }
            given.push(key);
            tier.option(key, value).ok_or_else(unknown)??;
        }
        Ok(tier)
    }
}

fn window(text: &str) -> Result<SimDuration, TierError> {
    let length: SimDuration = text.parse()?;
    if length.ms() <= 0 || length.ms() % 60_000 != 0 {
        return Err(TierError::Grid(length));
    }
    Ok(length)
}

impl Tier {
    /// Sets the option `key`; `None` when there is none of that name.
    fn option(&mut self, key: &str, value: &str) -> Option<Result<(), TierError>> {
        let wrong = |wanted| TierError::Value(format!("{key}={value}"), wanted);
        let delay = || {
            let delay: SimDuration = value.parse()?;
            let negative = delay < SimDuration::ZERO;
            if negative { Err(wrong("a duration that is not negative")) } else { Ok(delay) }
        };
        let count = || value.parse::<u64>().map_err(|_| wrong("a whole number"));
        Some(match key {
            "for" => delay().map(|delay| self.hold_for = delay),
            "keep" => delay().map(|delay| self.keep_firing_for = delay),
            "min-events" => count().map(|count| self.min_events = count),
            "min-failures" => count().map(|count| self.min_failures = count),
            "op" => {
                let comparator = match value {
                    "gt" => Ok(Comparator::Above),
                    "gte" => Ok(Comparator::AtLeast),
                    _ => Err(wrong("`gt` or `gte`")),
                };
                comparator.map(|comparator| self.comparator = comparator)
            }
            _ => return None,
        })
    }

    /// What parses to this very tier.
    pub fn written(&self) -> String {
        let factor = self.factor.exact();
        let mut text = format!("{} {} {factor}", self.severity, self.name());
        let mut option = |key: &str, value: &dyn fmt::Display| {
            write!(text, " {key}={value}").expect("invariant: writing to a string never fails");
        };
        if self.comparator == Comparator::AtLeast {
            option("op", &"gte");
        }
        if self.hold_for != SimDuration::ZERO {
            option("for", &self.hold_for);
        }
        if self.keep_firing_for != SimDuration::ZERO {
            option("keep", &self.keep_firing_for);
        }
        if self.min_events > 0 {
            option("min-events", &self.min_events);
        }
        if self.min_failures > 0 {
            option("min-failures", &self.min_failures);
        }
        text
    }

    /// The tier that holds once `percent` of a hundred parts of the budget of `period` are spent
    /// within `long`: its factor is `percent / 100 x period / long`, exactly. SRE Workbook,
    /// "Alerting on SLOs". `None` when that is no factor.
    pub fn spending(
        percent: u64,
        period: SimDuration,
        (long, short): (SimDuration, SimDuration),
        severity: impl Into<Name>,
    ) -> Option<Self> {
        let (period, window) = (u64::try_from(period.ms()).ok()?, u64::try_from(long.ms()).ok()?);
        let factor = BurnRate::checked(percent.checked_mul(period)?, window.checked_mul(100)?)?;
        (factor.num() > 0).then(|| Self::new(long, short, factor, severity))
    }
}

/// A set of tiers that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TierPreset {
    /// Of the SRE Workbook: 2 %, 5 %, 10 % and 10 % of the budget within 1 h, 6 h, 1 d and 3 d.
    Google30d,
    /// The two catalogues that Sloth has built in, for 28 and 30 days: the same shares.
    Sloth,
    /// Pyrra: factors 14, 7, 2 and 1 with windows that grow with the period.
    Pyrra,
    /// The tables that Datadog recommends for 7, 30 and 90 days, comparator `>=`.
    Datadog,
}

impl TierPreset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Google30d, Self::Sloth, Self::Pyrra, Self::Datadog];

    /// Its name in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google30d => "google-30d",
            Self::Sloth => "sloth",
            Self::Pyrra => "pyrra",
            Self::Datadog => "datadog",
        }
    }

    /// The periods it is made for, for messages.
    pub const fn periods(self) -> &'static str {
        match self {
            Self::Google30d => "periods of at least 1h",
            Self::Sloth => "28d and 30d",
            Self::Pyrra => "periods of at least 67h12m",
            Self::Datadog => "7d, 30d and 90d",
        }
    }

    /// Its tiers for budgets of `period`; `None` when it is not made for such a period. Of
    /// `google-30d`, tiers whose long window exceeds the period are left out.
    pub fn tiers(self, period: SimDuration) -> Option<Vec<Tier>> {
        let days = |days: i64| SimDuration::from_hours(24 * days);
        let shares = match self {
            Self::Google30d => [2, 5, 10, 10],
            Self::Sloth if period == days(28) || period == days(30) => [2, 5, 10, 10],
            Self::Datadog if period == days(7) => [10, 20, 40, 0],
            Self::Datadog if period == days(30) => [2, 5, 10, 0],
            Self::Datadog if period == days(90) => [1, 3, 5, 0],
            Self::Pyrra => return pyrra(period),
            Self::Sloth | Self::Datadog => return None,
        };
        let windows =
            [(60, 5, "page"), (360, 30, "page"), (1440, 120, "ticket"), (4320, 360, "ticket")];
        let minutes = SimDuration::from_minutes;
        let mut tiers = Vec::new();
        for (percent, (long, short, severity)) in shares.into_iter().zip(windows) {
            if percent > 0 && minutes(long) <= period {
                let windows = (minutes(long), minutes(short));
                tiers.push(Tier::spending(percent, period, windows, severity)?);
            }
        }
        if self == Self::Datadog {
            tiers.iter_mut().for_each(|tier| tier.comparator = Comparator::AtLeast);
        }
        (!tiers.is_empty()).then_some(tiers)
    }
}

impl FromStr for TierPreset {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text).ok_or(())
    }
}

/// Pyrra's windows: parts of the period, each rounded to the whole minute, halves up.
fn pyrra(period: SimDuration) -> Option<Vec<Tier>> {
    let rows: [(i64, i64, i64, u64, &str); 4] = [
        (20_160, 672, 8_064, 14, "critical"),
        (2_688, 112, 1_344, 7, "critical"),
        (672, 28, 336, 2, "warning"),
        (224, 7, 112, 1, "warning"),
    ];
    let mut tiers = Vec::with_capacity(rows.len());
    for (hold, long, short, factor, severity) in rows {
        let part = |of: i64| SimDuration::from_minutes((period.ms() / of + 30_000) / 60_000);
        if part(short) <= SimDuration::ZERO {
            return None;
        }
        let tier = Tier::new(part(long), part(short), BurnRate::new(factor, 1), severity);
        tiers.push(Tier { hold_for: part(hold), ..tier });
    }
    Some(tiers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(preset: TierPreset, days: i64) -> Vec<String> {
        let tiers = preset.tiers(SimDuration::from_hours(24 * days)).unwrap_or_default();
        tiers.iter().map(Tier::written).collect()
    }

    #[test]
    fn the_presets_are_what_their_authors_print() {
        let google = TierPreset::Google30d.tiers(SimDuration::from_hours(720)).unwrap();
        assert_eq!(google, Tier::google_30d());
        assert_eq!(
            shown(TierPreset::Sloth, 28),
            ["page 1h/5m 13.44", "page 6h/30m 5.6", "ticket 1d/2h 2.8", "ticket 3d/6h 14/15"]
        );
        assert_eq!(shown(TierPreset::Sloth, 7), [""; 0]);
        assert_eq!(
            shown(TierPreset::Google30d, 7),
            ["page 1h/5m 3.36", "page 6h/30m 1.4", "ticket 1d/2h 0.7", "ticket 3d/6h 7/30"]
        );
        assert_eq!(shown(TierPreset::Google30d, 1).len(), 3, "no window beyond the period");
        assert_eq!(
            shown(TierPreset::Pyrra, 14),
            [
                "critical 30m/3m 14 for=1m",
                "critical 3h/15m 7 for=8m",
                "warning 12h/1h 2 for=30m",
                "warning 2d/3h 1 for=1h30m"
            ]
        );
        assert_eq!(
            shown(TierPreset::Datadog, 90),
            ["page 1h/5m 21.6 op=gte", "page 6h/30m 10.8 op=gte", "ticket 1d/2h 4.5 op=gte"]
        );
        assert_eq!(shown(TierPreset::Datadog, 28), [""; 0]);
        let edge = |minutes| TierPreset::Pyrra.tiers(SimDuration::from_minutes(minutes)).is_some();
        assert!(edge(4032) && !edge(4031), "the short window of {} is half a minute", 4032);
    }

    #[test]
    fn a_tier_that_is_no_tier_says_why() {
        let check = |text: &str, wanted: &str| {
            let error = text.parse::<Tier>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        };
        check("page 1h 14.4", "is no tier");
        check("page 1h/5m", "is no tier");
        check("", "is no tier");
        check("page 5m/1h 14.4", "not below the long one");
        check("page 1h/90s 14.4", "whole number of minutes");
        check("page 1h/0s 14.4", "whole number of minutes");
        check("page 1h/5m 0", "always fires");
        check("page 1h/5m x", "not a decimal");
        check("page 1h/5m 14.4 fro=1m", "none of the options");
        check("page 1h/5m 14.4 for", "none of the options");
        check("page 1h/5m 14.4 for=1m for=2m", "given twice");
        check("page 1h/5m 14.4 for=-1m", "not negative");
        check("page 1h/5m 14.4 op=lt", "`gt` or `gte`");
        check("page 1h/5m 14.4 min-events=-1", "whole number");
    }

    proptest! {
        #[test]
        fn tiers_round_trip(
            windows in (1i64..5000, 1i64..5000), factor in (1u64..1_000_000, 1u64..1_000_000),
            delays in (0i64..100, 0i64..100), floors in (0u64..5, 0u64..5), at_least: bool,
        ) {
            let short = SimDuration::from_minutes(windows.0);
            let long = short + SimDuration::from_minutes(windows.1);
            let tier = Tier {
                hold_for: SimDuration::from_secs(delays.0),
                keep_firing_for: SimDuration::from_secs(delays.1),
                min_events: floors.0,
                min_failures: floors.1,
                comparator: if at_least { Comparator::AtLeast } else { Comparator::Above },
                ..Tier::new(long, short, BurnRate::new(factor.0, factor.1), "page")
            };
            prop_assert_eq!(tier.written().parse::<Tier>().unwrap(), tier);
        }
    }
}
