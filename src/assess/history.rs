//! Drills and incidents over time, and whether anything changed.
//!
//! Drills are compared with their like: the same scenario, pack and kind of responders. A trend is
//! claimed only for people, from twelve drills on, and only where the intervals of the earlier and
//! the later half are apart; anything less is noise that looks like progress.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::score::stats::{KaplanMeier, Observation, wilson};
use crate::store::DrillRow;
use crate::units::{SimDuration, SimTime};

/// Drills that a trend needs at least.
pub const MIN_DRILLS: usize = 12;

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Targets are met more often, or points rose.
    Better,
    /// Targets are met less often, or points fell.
    Worse,
    /// The intervals of both halves overlap.
    Unclear,
    /// Fewer than [`MIN_DRILLS`] drills can tell.
    TooFew,
    /// The people were simulated: they do not learn, only seeds and files differ.
    Simulated,
}

impl Trend {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "unclear",
            Self::TooFew => "too_few",
            Self::Simulated => "simulated",
        }
    }
}

/// Two periods that are compared, instead of the earlier and the later half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The earlier period ends before this instant.
    pub before: SimTime,
    /// The later period begins at this instant, which is not earlier.
    pub after: SimTime,
}

/// One drill of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct PastDrill {
    /// When it was held.
    pub at: SimTime,
    /// Seed.
    pub seed: u64,
    /// Points; `None` is unknown.
    pub points: Option<f64>,
    /// Rating, where one was given.
    pub rating: Option<String>,
    /// Trace hash.
    pub trace_hash: String,
}

/// How often a target was met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Drills that met it.
    pub met: u32,
    /// Drills in which it could be told.
    pub of: u32,
    /// 95 % Wilson interval.
    pub ci: Option<(f64, f64)>,
}

/// One measure over time.
#[derive(Debug, Clone, PartialEq)]
pub struct PastMeasure {
    /// Name in the pack.
    pub name: String,
    /// All drills.
    pub all: Share,
    /// The earlier half, or period, of the drills that can tell.
    pub early: Share,
    /// The later half, or period.
    pub late: Share,
    /// Median of the times there were.
    pub median: Option<SimDuration>,
    /// Whether it changed.
    pub trend: Trend,
}

/// Points over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastPoints {
    /// Median of all.
    pub median: f64,
    /// Medians of the halves, or periods, each with its 95 % interval.
    pub halves: Option<[(f64, (f64, f64)); 2]>,
    /// Whether they changed.
    pub trend: Trend,
}

/// Drills that can be compared with one another.
#[derive(Debug, Clone, PartialEq)]
pub struct PastGroup {
    /// Scenario, or title of an incident.
    pub scenario: String,
    /// Pack.
    pub pack: String,
    /// `simulated`, `live` or `recorded`.
    pub source: String,
    /// Responder preset; empty for people.
    pub responders: String,
    /// Two periods that were asked for instead of halves.
    pub split: Option<Split>,
    /// Each drill once, by the time it was held.
    pub drills: Vec<PastDrill>,
    /// Rows that repeat a drill event by event; they count once.
    pub repeated: u32,
    /// Contents that the pack has had.
    pub pack_versions: u32,
    /// Points, where any are known.
    pub points: Option<PastPoints>,
    /// In the order of the scorecard; those that no drill could tell are left out.
    pub measures: Vec<PastMeasure>,
}

/// A scorecard, and when its drill was held.
type Held<'a> = (SimTime, &'a Value);

/// The history by groups, the longest first; of one length by name. Rows whose instant cannot be
/// read are counted in the second value. With a `split` its two periods are compared instead of
/// halves; the drills between them count in neither.
pub fn past_drills(rows: &[DrillRow], split: Option<Split>) -> (Vec<PastGroup>, u32) {
    let mut groups: BTreeMap<[String; 4], Vec<(SimTime, &DrillRow, Value)>> = BTreeMap::new();
    let mut unreadable = 0;
    for row in rows {
        let card: Value = serde_json::from_str(&row.scorecard).unwrap_or(Value::Null);
        let (Ok(at), Some(source)) = (row.recorded_at.parse(), card["source"].as_str()) else {
            unreadable += 1;
            continue;
        };
        let (name, _) = row.pack.split_once('@').unwrap_or((&row.pack, ""));
        let responders = if source == "simulated" { row.responders.as_str() } else { "" };
        let key = [&row.scenario, name, source, responders].map(str::to_owned);
        groups.entry(key).or_default().push((at, row, card));
    }
    let mut groups: Vec<PastGroup> =
        groups.into_iter().map(|(key, held)| group(key, held, split)).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.drills.len()));
    (groups, unreadable)
}

fn group(
    key: [String; 4],
    mut held: Vec<(SimTime, &DrillRow, Value)>,
    split: Option<Split>,
) -> PastGroup {
    let [scenario, pack, source, responders] = key;
    held.sort_by(|(a, one, _), (b, other, _)| a.cmp(b).then(one.trace_hash.cmp(&other.trace_hash)));
    let all = held.len();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    held.retain(|(_, row, _)| seen.insert(&row.trace_hash));
    let mut packs: Vec<&str> = held.iter().map(|(_, row, _)| row.pack.as_str()).collect();
    packs.sort_unstable();
    packs.dedup();
    let simulated = source == "simulated";
    let cards: Vec<Held<'_>> = held.iter().map(|(at, _, card)| (*at, card)).collect();
    let drill = |(at, row, card): &(SimTime, &DrillRow, Value)| PastDrill {
        at: *at,
        seed: row.seed,
        points: card["score"]["points"].as_f64(),
        rating: card["score"]["rating"].as_str().map(str::to_owned),
        trace_hash: row.trace_hash.clone(),
    };
    PastGroup {
        points: points(&cards, split, simulated),
        measures: names(&cards)
            .iter()
            .filter_map(|name| measure(name, &cards, split, simulated))
            .collect(),
        split,
        drills: held.iter().map(drill).collect(),
        repeated: count(all - held.len()),
        pack_versions: count(packs.len()),
        scenario,
        pack,
        source,
        responders,
    }
}

/// Measures in the order of the latest scorecard that has them.
fn names(cards: &[Held<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, card) in cards.iter().rev() {
        for measure in card["measures"].as_array().into_iter().flatten() {
            let name = measure["name"].as_str().unwrap_or_default();
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// A target is met with P or S. N/O tells nothing.
fn measure(
    name: &str,
    cards: &[Held<'_>],
    split: Option<Split>,
    simulated: bool,
) -> Option<PastMeasure> {
    let of = cards.iter().filter_map(|(at, card)| {
        let mut measures = card["measures"].as_array()?.iter();
        measures.find(|measure| measure["name"] == name).map(|measure| (*at, measure))
    });
    let told: Vec<(SimTime, bool)> = of
        .clone()
        .filter(|(_, measure)| !measure["target_ms"].is_null())
        .filter_map(|(at, measure)| match measure["rating"].as_str()? {
            "P" | "S" => Some((at, true)),
            "M" | "U" => Some((at, false)),
            _ => None,
        })
        .collect();
    if told.is_empty() {
        return None;
    }
    let times = of.filter_map(|(_, measure)| measure["value_ms"].as_i64());
    let times: Vec<Observation> =
        times.map(|ms| Observation::Reached(SimDuration::from_ms(ms))).collect();
    let (early, late) = parts(&told, split);
    let n = early.len() + late.len();
    let (early, late) = (share(&early), share(&late));
    let all: Vec<bool> = told.iter().map(|(_, met)| *met).collect();
    Some(PastMeasure {
        name: name.to_owned(),
        all: share(&all),
        early,
        late,
        median: KaplanMeier::new(&times).quantile(0.5),
        trend: trend(n, simulated, early.ci, late.ci),
    })
}

/// The values of the two periods, or of the earlier and the later half.
fn parts<T: Copy>(values: &[(SimTime, T)], split: Option<Split>) -> (Vec<T>, Vec<T>) {
    let only = |values: &[(SimTime, T)]| values.iter().map(|(_, value)| *value).collect();
    match split {
        None => {
            let (early, late) = values.split_at(values.len() / 2);
            (only(early), only(late))
        }
        Some(Split { before, after }) => {
            let of = |wanted: &dyn Fn(SimTime) -> bool| {
                let inside = values.iter().filter(|(at, _)| wanted(*at));
                inside.map(|(_, value)| *value).collect()
            };
            (of(&|at| at < before), of(&|at| at >= after))
        }
    }
}

fn share(told: &[bool]) -> Share {
    let met = count(told.iter().filter(|met| **met).count());
    let of = count(told.len());
    Share { met, of, ci: wilson(met, of) }
}

/// Whether two intervals are apart, where there are enough drills to ask.
fn trend(n: usize, simulated: bool, early: Option<(f64, f64)>, late: Option<(f64, f64)>) -> Trend {
    match (early, late) {
        _ if simulated => Trend::Simulated,
        (Some(early), Some(late)) if n >= MIN_DRILLS => match () {
            () if late.0 > early.1 => Trend::Better,
            () if late.1 < early.0 => Trend::Worse,
            () => Trend::Unclear,
        },
        _ => Trend::TooFew,
    }
}

/// Medians of points with intervals of order statistics, in thousandths so that whole numbers do.
fn points(cards: &[Held<'_>], split: Option<Split>, simulated: bool) -> Option<PastPoints> {
    let known = |(at, card): &Held<'_>| Some((*at, card["score"]["points"].as_f64()?));
    let known: Vec<(SimTime, f64)> = cards.iter().filter_map(known).collect();
    let all: Vec<f64> = known.iter().map(|(_, points)| *points).collect();
    let scaled = |points: &[f64]| -> KaplanMeier {
        let one = |points: &f64| {
            Observation::Reached(SimDuration::from_ms((points * 1000.0).round() as i64))
        };
        KaplanMeier::new(&points.iter().map(one).collect::<Vec<_>>())
    };
    let back = |at: SimDuration| at.ms() as f64 / 1000.0;
    let median = back(scaled(&all).quantile(0.5)?);
    let (early, late) = parts(&known, split);
    let half = |points: &[f64]| {
        let curve = scaled(points);
        let (low, high) = curve.median_ci()?;
        Some((back(curve.quantile(0.5)?), (back(low), back(high?))))
    };
    let n = early.len() + late.len();
    let halves = half(&early).zip(half(&late)).map(|(early, late)| [early, late]);
    let ci = halves.map(|[early, late]| (early.1, late.1)).unzip();
    Some(PastPoints { median, halves, trend: trend(n, simulated, ci.0, ci.1) })
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A drill on day `day`: whether declaring met its target, and its points.
    fn row(day: u32, source: &str, met: bool, points: f64) -> DrillRow {
        let (rating, value) = if met { ("P", 300_000) } else { ("U", 1_200_000) };
        DrillRow {
            trace_hash: format!("{day:032x}"),
            scenario: "quarterly-outage".into(),
            pack: "cinecom@00".into(),
            responders: "well-drilled-team".into(),
            seed: u64::from(day),
            start: "2026-01-01T10:00:00Z".into(),
            recorded_at: format!("2026-{:02}-{:02}T10:00:00Z", day / 28 + 1, day % 28 + 1),
            scorecard: format!(
                r#"{{"source":"{source}","score":{{"points":{points},"rating":null}},"measures":[
                {{"name":"declare","rating":"{rating}","value_ms":{value},"target_ms":600000}},
                {{"name":"resolve","rating":"N/O","value_ms":5,"target_ms":null}}]}}"#
            ),
        }
    }

    fn one(rows: &[DrillRow]) -> PastGroup {
        let (groups, unreadable) = past_drills(rows, None);
        assert_eq!((groups.len(), unreadable), (1, 0));
        groups[0].clone()
    }

    #[test]
    fn no_arrow_under_twelve_drills() {
        let rows = |n: u32| -> Vec<DrillRow> {
            (0..n).map(|day| row(day, "live", day >= n / 2, f64::from(20 + 5 * day))).collect()
        };
        let eleven = one(&rows(11));
        assert_eq!(eleven.measures[0].trend, Trend::TooFew);
        assert_eq!(eleven.points.unwrap().trend, Trend::TooFew);
        let twelve = one(&rows(12));
        assert_eq!(twelve.measures[0].trend, Trend::Better, "{:?}", twelve.measures[0]);
        assert_eq!(twelve.points.unwrap().trend, Trend::Better);
        assert_eq!((twelve.measures[0].early.met, twelve.measures[0].late.met), (0, 6));
        assert_eq!(twelve.measures.len(), 1, "a measure without a target is met by nobody");
    }

    #[test]
    fn overlapping_intervals_claim_nothing() {
        let rows: Vec<DrillRow> =
            (0..20).map(|day| row(day, "live", day % 3 != 0 || day > 12, 70.0)).collect();
        let group = one(&rows);
        assert_eq!(group.measures[0].trend, Trend::Unclear, "{:?}", group.measures[0]);
        assert_eq!(group.points.unwrap().trend, Trend::Unclear);
        let falling: Vec<DrillRow> =
            (0..20).map(|day| row(day, "live", day < 10, 70.0 - f64::from(day))).collect();
        assert_eq!(one(&falling).measures[0].trend, Trend::Worse);
    }

    #[test]
    fn simulated_people_do_not_learn_and_repetitions_count_once() {
        let mut rows: Vec<DrillRow> =
            (0..30).map(|day| row(day, "simulated", day >= 15, f64::from(day))).collect();
        rows.push(DrillRow { recorded_at: "2026-06-01T10:00:00Z".into(), ..rows[3].clone() });
        let group = one(&rows);
        assert_eq!(group.measures[0].trend, Trend::Simulated);
        assert_eq!((group.drills.len(), group.repeated), (30, 1));
    }

    #[test]
    fn only_like_is_compared_with_like() {
        let mut rows: Vec<DrillRow> = (0..3).map(|day| row(day, "live", true, 50.0)).collect();
        rows.extend((0..5).map(|day| row(day, "simulated", true, 50.0)));
        rows.push(DrillRow { scenario: "agent-hang".into(), ..row(9, "live", true, 50.0) });
        rows.push(DrillRow { recorded_at: "yesterday".into(), ..row(10, "live", true, 50.0) });
        rows[0].pack = "cinecom@11".into();
        let (groups, unreadable) = past_drills(&rows, None);
        let sizes: Vec<usize> = groups.iter().map(|group| group.drills.len()).collect();
        assert_eq!((sizes, unreadable), (vec![5, 3, 1], 1));
        assert_eq!(groups[1].pack_versions, 2);
    }

    #[test]
    fn two_periods_are_compared_by_the_days_they_were_held_on() {
        let day = |day: u32| -> SimTime {
            row(day, "live", true, 0.0).recorded_at.parse().expect("an instant")
        };
        let rows: Vec<DrillRow> = (0..24).map(|n| row(n, "live", n >= 16, 50.0)).collect();
        let of = |before: u32, after: u32| {
            let split = Split { before: day(before), after: day(after) };
            let (groups, _) = past_drills(&rows, Some(split));
            groups[0].measures[0].clone()
        };
        let clear = of(16, 16);
        assert_eq!((clear.early.of, clear.late.of, clear.trend), (16, 8, Trend::Better));
        assert_eq!((clear.early.met, clear.late.met), (0, 8));
        let apart = of(6, 20);
        assert_eq!((apart.early.of, apart.late.of), (6, 4));
        assert_eq!(apart.trend, Trend::TooFew, "what lies between counts in neither");
        let empty = of(0, 0);
        assert_eq!((empty.early.of, empty.early.ci), (0, None));
        assert_eq!(empty.trend, Trend::TooFew, "one period without drills tells nothing");
    }
}
