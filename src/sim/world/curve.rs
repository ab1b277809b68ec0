//! The daily traffic curve, constant within each hour of the local day.

use crate::units::{SimTime, Zone};
use chrono::Offset;

/// Local hour of the busiest traffic.
const PEAK_HOUR: f64 = 15.0;

/// Expected traffic of each local hour over the mean of the day.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    zone: Zone,
    hours: [f64; 24],
}

impl Curve {
    /// A cosine of amplitude `swing` (0 flat, 1 none at night) that peaks in the afternoon and
    /// has mean 1 over a day.
    pub(super) fn new(zone: Zone, swing: f64) -> Self {
        let swing = swing.clamp(0.0, 1.0);
        let mut hours = [1.0; 24];
        for (hour, factor) in hours.iter_mut().enumerate() {
            let turn = (hour as f64 + 0.5 - PEAK_HOUR) / 24.0;
            *factor = 1.0 + swing * libm::cos(std::f64::consts::TAU * turn);
        }
        Self { zone, hours }
    }

    /// The factor of each local hour.
    pub(super) fn hours(&self) -> &[f64; 24] {
        &self.hours
    }

    /// Minutes that local time is ahead of UTC at `at`.
    pub(super) fn offset_minutes(&self, at: SimTime) -> i64 {
        i64::from(at.local(self.zone).offset().fix().local_minus_utc() / 60)
    }

    /// The local hour of minute `minute` since the epoch, `offset` minutes ahead of UTC.
    pub(super) fn hour(minute: i64, offset: i64) -> usize {
        ((minute + offset).div_euclid(60).rem_euclid(24)) as usize
    }

    /// The largest factor of the day.
    pub(super) fn peak(&self) -> f64 {
        self.hours.iter().copied().fold(1.0, f64::max)
    }
}

/// The curve at ascending instants, with the zone's offset looked up once per hour.
#[derive(Debug, Clone, Default)]
pub(super) struct CurveCursor {
    known: Option<(i64, i64)>,
}

impl CurveCursor {
    /// The local hour of minute `minute`.
    pub(super) fn hour(&mut self, curve: &Curve, minute: i64) -> usize {
        let utc_hour = minute.div_euclid(60);
        let offset = match self.known {
            Some((hour, offset)) if hour == utc_hour => offset,
            _ => {
                let offset = curve.offset_minutes(SimTime::from_minute(minute));
                self.known = Some((utc_hour, offset));
                offset
            }
        };
        Curve::hour(minute, offset)
    }

    /// The factor of minute `minute`.
    pub(super) fn factor(&mut self, curve: &Curve, minute: i64) -> f64 {
        curve.hours[self.hour(curve, minute)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_in_the_afternoon_of_the_zone() {
        let curve = Curve::new("Asia/Tokyo".parse().unwrap(), 0.5);
        let mean: f64 = curve.hours().iter().sum::<f64>() / 24.0;
        assert!((mean - 1.0).abs() < 1e-12);
        let mut cursor = CurveCursor::default();
        let at = |text: &str| text.parse::<SimTime>().unwrap().minute();
        let day = cursor.factor(&curve, at("2026-10-05T15:30:00+09:00"));
        let night = cursor.factor(&curve, at("2026-10-05T03:30:00+09:00"));
        assert!(day > 1.4 && night < 0.6, "{day} {night}");
    }
}
