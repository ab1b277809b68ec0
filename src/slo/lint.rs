//! Arithmetic on a spec and its data: what cannot work, or was never so, each with its figures.

use super::history::slices_in;
use super::record::Record;
use super::tier::Threshold;
use crate::model::{BudgetingMethod, Name, Period, SliceBlock, SloSpec, Text, Tier};
use crate::units::{SimDuration, SimTime};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LintLevel {
    /// The spec or the data is wrong.
    Error,
    /// It works, but hardly as it is meant.
    Warning,
}

/// A figure of a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// A number of events, slices or holes.
    Count(i64),
    /// A ratio, a rate or a factor.
    Number(f64),
    /// A length of time.
    Span(SimDuration),
    /// An instant.
    Instant(SimTime),
    /// A name, such as that of a tier.
    Name(Name),
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    /// Stable code such as `slo::tier-unreachable`.
    pub code: &'static str,
    /// How grave it is.
    pub level: LintLevel,
    /// What it says.
    pub text: Text,
    /// Its figures by name, in the order of the text.
    pub figures: Vec<(&'static str, Figure)>,
}

impl Lint {
    pub(super) fn new(
        code: &'static str,
        level: LintLevel,
        en: String,
        ja: String,
        figures: Vec<(&'static str, Figure)>,
    ) -> Self {
        Self { code, level, text: Text { en: Name::from(en), ja: Name::from(ja) }, figures }
    }
}

/// Findings on the spec alone, on slices of `step`: tier by tier, then the rest.
pub fn lint_spec(spec: &SloSpec, step: SimDuration) -> Vec<Lint> {
    let mut found = Vec::new();
    for tier in &spec.tiers {
        unreachable(spec, tier, &mut found);
        window_order(spec, tier, &mut found);
        off_grid(spec, tier, step, &mut found);
    }
    if let BudgetingMethod::Timeslices { window, .. } | BudgetingMethod::RatioTimeslices { window } =
        spec.method
        && window.ms() % step.ms() != 0
    {
        let used = step * super::history::slices_after(window, step);
        found.push(Lint::new(
            "slo::window-grid",
            LintLevel::Error,
            format!("the slice window {window} is no multiple of the base slice {step}; {used} is used"),
            format!("スライスの長さ {window} は基本スライス {step} の倍数ではありません（{used} として計算）"),
            vec![("window", Figure::Span(window)), ("slice", Figure::Span(step)), ("used", Figure::Span(used))],
        ));
    }
    found
}

fn tier_figure(tier: &Tier) -> (&'static str, Figure) {
    ("tier", Figure::Name(Name::from(tier.name())))
}

fn unreachable(spec: &SloSpec, tier: &Tier, found: &mut Vec<Lint>) {
    let (budget, whole) = spec.target.budget();
    if Threshold::new(spec.target, tier.factor, tier.comparator).is_reachable() || budget == 0 {
        return;
    }
    let most = whole as f64 / budget as f64;
    let (name, factor) = (tier.name(), tier.factor);
    found.push(Lint::new(
        "slo::tier-unreachable",
        LintLevel::Error,
        format!("tier {name} can never fire: with every event bad the burn rate is {most}, its factor is {factor}"),
        format!("階層 {name} は決して発報しません: 全イベントが失敗してもバーンレートは {most}、係数は {factor} です"),
        vec![
            tier_figure(tier),
            ("max_burn_rate", Figure::Number(most)),
            ("factor", Figure::Number(factor.as_f64())),
        ],
    ));
}

fn window_order(spec: &SloSpec, tier: &Tier, found: &mut Vec<Lint>) {
    let name = tier.name();
    if tier.short >= tier.long {
        let (long, short) = (tier.long, tier.short);
        found.push(Lint::new(
            "slo::window-order",
            LintLevel::Error,
            format!("tier {name}: the short window {short} is not below the long one {long}"),
            format!("階層 {name}: 短い窓 {short} が長い窓 {long} より短くありません"),
            vec![tier_figure(tier), ("short", Figure::Span(short)), ("long", Figure::Span(long))],
        ));
    }
    let period = spec.period.nominal();
    if tier.long > period {
        let long = tier.long;
        found.push(Lint::new(
            "slo::window-beyond-period",
            LintLevel::Error,
            format!("tier {name}: the long window {long} exceeds the period {period}"),
            format!("階層 {name}: 長い窓 {long} が期間 {period} を超えています"),
            vec![tier_figure(tier), ("long", Figure::Span(long)), ("period", Figure::Span(period))],
        ));
    }
}

fn off_grid(spec: &SloSpec, tier: &Tier, step: SimDuration, found: &mut Vec<Lint>) {
    let slice = match spec.method {
        BudgetingMethod::Occurrences => step,
        BudgetingMethod::Timeslices { window, .. }
        | BudgetingMethod::RatioTimeslices { window } => window.max(step),
    };
    let name = tier.name();
    for window in [tier.long, tier.short] {
        if window.ms() % slice.ms() == 0 {
            continue;
        }
        let used = slice * super::history::slices_after(window, slice).max(1);
        found.push(Lint::new(
            "slo::window-grid",
            LintLevel::Warning,
            format!("tier {name}: the window {window} is no multiple of the slice {slice}; {used} is used"),
            format!("階層 {name}: 窓 {window} はスライス {slice} の倍数ではありません（{used} として計算）"),
            vec![
                tier_figure(tier),
                ("window", Figure::Span(window)),
                ("slice", Figure::Span(slice)),
                ("used", Figure::Span(used)),
            ],
        ));
    }
}

/// Findings on the data under the spec, over the whole of `block`.
///
/// # Panics
/// As [`Record::new`].
pub fn lint_data(spec: &SloSpec, block: &SliceBlock) -> Vec<Lint> {
    let record = Record::new(spec, block, &[]);
    let mut found = Vec::new();
    good_above_total(block, &mut found);
    never_reached(spec, &record, &mut found);
    too_few_events(spec, &record, &mut found);
    holes(spec, &record, &mut found);
    found
}

fn good_above_total(block: &SliceBlock, found: &mut Vec<Lint>) {
    let is_odd = |index: &usize| block.present[*index] && block.good[*index] > block.total[*index];
    let odd: Vec<usize> = (0..block.good.len()).filter(is_odd).collect();
    let Some(first) = odd.first() else { return };
    let at = block.start + block.step * i64::try_from(*first).unwrap_or(0);
    let (count, good, total) = (odd.len(), block.good[*first], block.total[*first]);
    found.push(Lint::new(
        "slo::good-above-total",
        LintLevel::Error,
        format!("{count} slices count more good events than events, first at {at}: {good} of {total}"),
        format!("良いイベント数が全イベント数を超えるスライスが {count} 個あります（最初は {at}: {total} 中 {good}）"),
        vec![
            ("slices", Figure::Count(count as i64)),
            ("first", Figure::Instant(at)),
            ("good", Figure::Count(good.into())),
            ("total", Figure::Count(total.into())),
        ],
    ));
}

/// The best level that any covered window of the period had, one window per day.
fn never_reached(spec: &SloSpec, record: &Record<'_>, found: &mut Vec<Lint>) {
    let Period::Rolling(length) = spec.period else { return };
    let per_day = slices_in(SimDuration::from_hours(24), record.slice_length());
    let count = slices_in(length, record.slice_length());
    let last = record.grid.closed(record.len());
    let (budget, whole) = spec.target.budget();
    let mut best: Option<(f64, usize)> = None;
    let mut to = last;
    loop {
        let share = record.last(count, to);
        if share.is_covered() {
            let range = (to.saturating_sub(count), to);
            match record.compare(range, &share, (whole, budget)) {
                Some(std::cmp::Ordering::Greater) => {
                    let sli = share.sli().unwrap_or(0.0);
                    if best.is_none_or(|(known, _)| sli > known) {
                        best = Some((sli, to));
                    }
                }
                Some(_) => return,
                None => {}
            }
        }
        if to < per_day {
            break;
        }
        to -= per_day;
    }
    let Some((sli, to)) = best else { return };
    let at = record.events().time_of(record.grid.end_of(to).min(record.len()));
    let target = spec.target;
    found.push(Lint::new(
        "slo::target-never-reached",
        LintLevel::Warning,
        format!(
            "the target {target} was never reached: the best {length} ended at {at} with {sli}"
        ),
        format!(
            "目標 {target} は一度も達成されていません: 最良の {length} は {at} までの {sli} です"
        ),
        vec![
            ("target", Figure::Number(target.as_f64())),
            ("best", Figure::Number(sli)),
            ("at", Figure::Instant(at)),
        ],
    ));
}

/// With fewer events than this in the short window, a single bad one is beyond the threshold.
fn too_few_events(spec: &SloSpec, record: &Record<'_>, found: &mut Vec<Lint>) {
    if spec.method != BudgetingMethod::Occurrences || record.is_empty() {
        return;
    }
    let sums = record.events().sums();
    let all = sums[record.len()];
    if all.present == 0 {
        return;
    }
    for tier in &spec.tiers {
        let threshold = Threshold::new(spec.target, tier.factor, tier.comparator);
        if !threshold.is_reachable() || threshold.limit == 0 || tier.min_failures > 1 {
            continue;
        }
        let slices = slices_in(tier.short, record.events().step());
        let mean = all.total as f64 / all.present as f64 * slices as f64;
        // 1 * scale > total * limit.
        let need = threshold.scale as f64 / threshold.limit as f64;
        if mean >= need {
            continue;
        }
        let (name, short) = (tier.name(), tier.short);
        found.push(Lint::new(
            "slo::too-few-events",
            LintLevel::Warning,
            format!("tier {name}: {short} has {mean:.1} events on average, below {need:.1} one bad event is over the threshold; set min_failures"),
            format!("階層 {name}: {short} のイベントは平均 {mean:.1} 件で、{need:.1} 件未満では 1 件の失敗でしきい値を超えます（min_failures を設定してください）"),
            vec![
                tier_figure(tier),
                ("mean_events", Figure::Number(mean)),
                ("needed_events", Figure::Number(need)),
            ],
        ));
    }
}

/// Runs of missing slices: how many, the longest, and what is covered in all.
fn holes(spec: &SloSpec, record: &Record<'_>, found: &mut Vec<Lint>) {
    let block = record.block;
    let (mut runs, mut missing, mut longest, mut current) = (0i64, 0i64, (0i64, 0usize), 0i64);
    for (index, present) in block.present.iter().enumerate() {
        if *present {
            current = 0;
            continue;
        }
        current += 1;
        missing += 1;
        runs += i64::from(current == 1);
        if current > longest.0 {
            longest = (current, index);
        }
    }
    if missing == 0 {
        return;
    }
    let length = block.step * longest.0;
    let begin = i64::try_from(longest.1).unwrap_or(0) + 1 - longest.0;
    let at = block.start + block.step * begin;
    let coverage = 1.0 - missing as f64 / block.present.len() as f64;
    let frozen = spec.tiers.iter().filter(|tier| length >= tier.short).count();
    found.push(Lint::new(
        "slo::coverage-holes",
        LintLevel::Warning,
        format!("{missing} slices are missing in {runs} holes (coverage {coverage:.4}), the longest {length} from {at}; it freezes {frozen} tiers"),
        format!("{missing} スライスが {runs} か所で欠けています（カバレッジ {coverage:.4}）。最長は {at} からの {length} で、{frozen} 階層が凍結します"),
        vec![
            ("missing", Figure::Count(missing)),
            ("holes", Figure::Count(runs)),
            ("coverage", Figure::Number(coverage)),
            ("longest", Figure::Span(length)),
            ("from", Figure::Instant(at)),
            ("frozen_tiers", Figure::Count(frozen as i64)),
        ],
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: SimDuration = SimDuration::from_minutes(1);

    fn codes(found: &[Lint]) -> Vec<&'static str> {
        found.iter().map(|lint| lint.code).collect()
    }

    fn figure<'a>(found: &'a [Lint], name: &str) -> &'a Figure {
        let figures = found.iter().flat_map(|lint| &lint.figures);
        &figures.into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn spec(target: &str, tiers: Vec<Tier>) -> SloSpec {
        let target = target.parse().unwrap();
        SloSpec { tiers, ..SloSpec::new("s", "s", target, SimDuration::from_hours(1)) }
    }

    fn tier(long: i64, short: i64, factor: &str) -> Tier {
        let (long, short) = (SimDuration::from_secs(long), SimDuration::from_secs(short));
        Tier::new(long, short, factor.parse().unwrap(), "page")
    }

    #[test]
    fn a_spec_that_cannot_work_is_told_so() {
        let found = lint_spec(&spec("0.9", vec![tier(600, 60, "14.4")]), MINUTE);
        assert_eq!(codes(&found), ["slo::tier-unreachable"]);
        assert_eq!(*figure(&found, "max_burn_rate"), Figure::Number(10.0));
        let found = lint_spec(&spec("0.9", vec![tier(7200, 7200, "2")]), MINUTE);
        assert_eq!(codes(&found), ["slo::window-order", "slo::window-beyond-period"]);
        let found = lint_spec(&spec("0.9", vec![tier(630, 60, "2")]), MINUTE);
        assert_eq!(*figure(&found, "used"), Figure::Span(SimDuration::from_minutes(11)));
        assert!(lint_spec(&spec("0.999", Tier::google_30d()), MINUTE).len() == 3, "beyond 1 h");
    }

    #[test]
    fn data_that_cannot_meet_the_spec_is_told_so() {
        let mut block = SliceBlock {
            start: SimTime::from_minute(0),
            step: MINUTE,
            good: vec![9; 120],
            total: vec![10; 120],
            present: vec![true; 120],
        };
        let strict = spec("0.99", vec![tier(600, 60, "2")]);
        let found = lint_data(&strict, &block);
        assert_eq!(codes(&found), ["slo::target-never-reached", "slo::too-few-events"]);
        assert_eq!(*figure(&found, "best"), Figure::Number(0.9));
        assert_eq!(*figure(&found, "needed_events"), Figure::Number(50.0));
        block.present[10..13].fill(false);
        block.good[50] = 11;
        let found = lint_data(&spec("0.5", Vec::new()), &block);
        assert_eq!(codes(&found), ["slo::good-above-total", "slo::coverage-holes"]);
        assert_eq!(*figure(&found, "longest"), Figure::Span(SimDuration::from_minutes(3)));
        assert_eq!(*figure(&found, "from"), Figure::Instant(SimTime::from_minute(10)));
    }
}
