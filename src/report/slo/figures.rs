//! Figures of SLOs, for people and for programs.

use serde_json::{Map, Value, json};

use crate::report::doc::{Cell, Tone};
use crate::report::json::number;
use crate::report::lang::Words;
use crate::slo::{Known, SloState};
use crate::units::{SimTime, Zone};

/// `99.970 %`, cut after the third decimal, so that 100 % means all of it.
pub(in crate::report) fn level(ratio: f64) -> String {
    // A figure that is a thousandth of a percent already must not be cut below it.
    let scaled = ratio * 100_000.0;
    let cut = if (scaled - scaled.round()).abs() < 1e-6 { scaled.round() } else { scaled.floor() };
    format!("{:.3} %", cut / 1000.0)
}

/// `-12.3 %`, one decimal.
pub(in crate::report) fn share(ratio: f64) -> String {
    let text = format!("{:.1}", ratio * 100.0);
    let text = if text == "-0.0" { "0.0".to_owned() } else { text };
    format!("{text} %")
}

/// A burn rate: two decimals, none when it is large.
pub(in crate::report) fn burn(rate: f64) -> String {
    if rate >= 100.0 { format!("{rate:.0}") } else { format!("{rate:.2}") }
}

/// A figure, or a dash in the tone of the unknown.
pub(in crate::report) fn cell<T: Copy>(value: Known<T>, show: impl Fn(T) -> Cell) -> Cell {
    value.map_or_else(|_| Cell::toned("–", Tone::Unknown), show)
}

/// A figure as text, or why there is none.
pub(in crate::report) fn words_of<T: Copy>(
    value: Known<T>,
    words: Words,
    show: impl Fn(T) -> String,
) -> String {
    value.map_or_else(|reason| words.text(&reason.text()), show)
}

/// What is left of a budget.
pub(in crate::report) fn budget_cell(remaining: Known<f64>) -> Cell {
    cell(remaining, |ratio| {
        let tone = match ratio {
            ratio if ratio <= 0.0 => Tone::Bad,
            ratio if ratio < 0.5 => Tone::Poor,
            _ => Tone::Good,
        };
        Cell::toned(share(ratio), tone)
    })
}

/// The state as a badge.
pub(in crate::report) fn state_cell(state: SloState, words: Words) -> Cell {
    let (key, tone) = match state {
        SloState::Ok => ("slo-state-ok", Tone::Good),
        SloState::Burning => ("slo-state-burning", Tone::Poor),
        SloState::Exhausted => ("slo-state-exhausted", Tone::Bad),
        SloState::NoData => ("slo-state-no-data", Tone::Unknown),
    };
    Cell::badge(words.t(key), tone)
}

/// `2015-05-20 21:06`, local to `zone`.
pub(in crate::report) fn minute(at: SimTime, zone: Zone) -> String {
    at.to_the_minute(zone)
}

/// Puts a value under `key`, or null there and the reason under `KEY_reason`.
pub(in crate::report) fn put<T: Copy>(
    object: &mut Map<String, Value>,
    key: &str,
    value: Known<T>,
    show: impl Fn(T) -> Value,
) {
    match value {
        Ok(value) => {
            object.insert(key.to_owned(), show(value));
        }
        Err(reason) => {
            object.insert(key.to_owned(), Value::Null);
            object.insert(format!("{key}_reason"), json!(reason));
        }
    }
}

/// The same for a float.
pub(in crate::report) fn put_number(object: &mut Map<String, Value>, key: &str, value: Known<f64>) {
    put(object, key, value, number);
}

/// The same for an instant, RFC 3339.
pub(in crate::report) fn put_instant(
    object: &mut Map<String, Value>,
    key: &str,
    value: Known<SimTime>,
    zone: Zone,
) {
    put(object, key, value, |at| json!(at.rfc3339(zone)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_cut_and_never_rounded_up_to_all() {
        assert_eq!(level(0.999_999_9), "99.999 %");
        assert_eq!(level(1.0), "100.000 %");
        assert_eq!(level(0.9997), "99.970 %");
        assert_eq!(level(0.978), "97.800 %");
        assert_eq!(share(-0.0001), "0.0 %");
        assert_eq!(share(-1.5), "-150.0 %");
        assert_eq!((burn(14.4), burn(1000.0)), ("14.40".to_owned(), "1000".to_owned()));
    }
}
