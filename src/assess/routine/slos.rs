//! Checks on objectives, budgets, alerts and the history of drills.

use super::outcome::{CheckState, Outcome, minute, percent, same, say, tenths};
use crate::assess::alerts::{SloAlert, alerts};
use crate::assess::period::{PeriodKind, PeriodSpan, drills};
use crate::assess::series::{Series, View};
use crate::assess::status::status;
use crate::model::{Action, ActionState, AlertLevel, CheckSource, Name, Text};
use crate::slo::{self, Record, Silencing};
use crate::store::DrillRow;
use crate::units::{SimDuration, SimTime, Zone};

/// Objectives named in evidence, at most.
const NAMED: usize = 5;

/// What checks on objectives stand on.
#[derive(Debug, Clone)]
pub struct SloSources<'a> {
    /// The objectives with their slices.
    pub series: &'a [Series],
    /// How they are looked at.
    pub view: &'a View,
    /// What severities are called.
    pub levels: &'a [AlertLevel],
    /// Zone of instants.
    pub zone: Zone,
}

/// The answer to a check on objectives; `None` for a check on anything else.
pub fn judge_slos(source: &CheckSource, from: &SloSources<'_>) -> Option<Outcome> {
    let found = match source {
        CheckSource::SloAttainment { over, ok_from } => attainment(from, *over, *ok_from),
        CheckSource::Budgets { at_least } => budgets(from, *at_least),
        CheckSource::Alerts { over, open, summary: false } => recent(from, *over, *open),
        CheckSource::Alerts { over, summary: true, .. } => summary(from, *over),
        _ => return None,
    };
    let ends = from.series.iter().map(|one| end(from, one));
    let (last, input) = (ends.max(), inputs(from));
    // Each series is looked at where it ends, so that the age of the oldest is what matters.
    let oldest = from.series.iter().map(record_end).min();
    Some(match last.zip(oldest) {
        Some((now, oldest)) => found.input(input).at(oldest.min(now), now),
        None => Outcome::unknown(say("there are no objectives", "SLOがありません")),
    })
}

fn inputs(from: &SloSources<'_>) -> Text {
    let mut streams: Vec<&str> = Vec::new();
    for one in from.series {
        let stream = one.objective.indicator.stream().as_str();
        if !streams.contains(&stream) {
            streams.push(stream);
        }
    }
    let count = from.series.len();
    say(
        format!("{count} objectives on {}", streams.join(", ")),
        format!("{} 上のSLO {count}件", streams.join("、")),
    )
}

fn record_end(one: &Series) -> SimTime {
    one.block.start + one.block.step * i64::try_from(one.block.good.len()).unwrap_or(i64::MAX)
}

fn end(from: &SloSources<'_>, one: &Series) -> SimTime {
    from.view.as_of.unwrap_or_else(|| record_end(one))
}

/// Which objectives hold over the last `over`.
fn attainment(from: &SloSources<'_>, over: SimDuration, ok_from: f64) -> Outcome {
    let (mut met, mut judged) = (0u64, 0u64);
    let (mut missed, mut open) = (Vec::new(), Vec::new());
    for one in from.series {
        let spec = one.spec();
        let now = end(from, one);
        let block = slo::until(&one.block, now);
        let any = Silencing::Any;
        let spans = slo::corrections_of(spec, &block, &from.view.corrections, any);
        let share = Record::new(spec, &block, &spans).window(over, now);
        match share.meets(spec.target) {
            Some(true) => (met, judged) = (met + 1, judged + 1),
            Some(false) => {
                judged += 1;
                let sli = share.sli().unwrap_or(0.0) * 100.0;
                missed.push(format!("{} {sli:.3}% < {}%", spec.name, target(spec.target)));
            }
            None => open.push(spec.name.to_string()),
        }
    }
    if judged == 0 {
        return Outcome::unknown(say("no objective has data", "データのあるSLOがありません"));
    }
    // The comparison is exact up to a millionth of an objective.
    let enough = met as f64 + 1e-6 >= ok_from * judged as f64;
    let state = match (enough, open.is_empty()) {
        (false, _) => CheckState::Critical,
        (true, false) => CheckState::Unknown,
        (true, true) => CheckState::Ok,
    };
    let (share, limit) = (tenths(met, judged), percent(ok_from));
    let span = over.human();
    let mut outcome = Outcome::new(state)
        .figure(same(format!("{met}/{judged} ({share})")))
        .value(met as f64 / judged as f64)
        .limit(say(
            format!("at least {limit} met, over {span}"),
            format!("{limit}以上の達成、直近 {span}"),
        ));
    if !missed.is_empty() {
        let list = few(&missed);
        outcome = outcome.because(say(format!("missed: {list}"), format!("未達: {list}")));
    }
    if !open.is_empty() {
        let list = few(&open);
        outcome = outcome.because(say(format!("no data: {list}"), format!("データなし: {list}")));
    }
    outcome
}

fn target(target: crate::units::Objective) -> String {
    let text = format!("{:.4}", target.as_f64() * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn few(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len().min(NAMED)].join(", ");
    if more > 0 { format!("{shown} +{more}") } else { shown }
}

fn budgets(from: &SloSources<'_>, at_least: f64) -> Outcome {
    let found = status(from.series, from.view);
    let (mut below, mut unknown, mut exhausted) = (Vec::new(), Vec::new(), false);
    let mut least: Option<(f64, Name)> = None;
    for one in &found {
        match one.status.budget.remaining_ratio {
            Ok(left) => {
                if left < at_least {
                    below.push(format!("{} {:.1}%", one.spec.name, left * 100.0));
                }
                exhausted |= left <= 0.0;
                if least.as_ref().is_none_or(|(lowest, _)| left < *lowest) {
                    least = Some((left, one.spec.name.clone()));
                }
            }
            Err(slo::Reason::NoBudget) => {}
            Err(_) => unknown.push(one.spec.name.to_string()),
        }
    }
    let Some((lowest, whose)) = least else {
        return Outcome::unknown(say("no budget is known", "分かるバジェットがありません"));
    };
    let state = match (exhausted, below.is_empty(), unknown.is_empty()) {
        (true, _, _) => CheckState::Critical,
        (_, false, _) => CheckState::Warning,
        (_, _, false) => CheckState::Unknown,
        _ => CheckState::Ok,
    };
    let (limit, count, all) = (percent(at_least), below.len(), found.len());
    let figure = match (count, unknown.len()) {
        (0, 0) => say(format!("all at {} % or more", &limit[..limit.len() - 1]), {
            format!("全て{limit}以上")
        }),
        (0, open) => say(
            format!("{open} of {all} unknown, the others at {limit} or more"),
            format!("{all}件中{open}件が不明、他は{limit}以上"),
        ),
        (count, _) => say(
            format!("{count} of {all} below {limit}"),
            format!("{all}件中{count}件が{limit}未満"),
        ),
    };
    let lowest_text = format!("{whose} {:.1}%", lowest * 100.0);
    let mut outcome = Outcome::new(state)
        .figure(figure)
        .value(lowest)
        .limit(say(format!("at least {limit} left"), format!("残り{limit}以上")))
        .because(say(format!("least: {lowest_text}"), format!("最少: {lowest_text}")));
    for (list, en, ja) in [(below, "below", "未満"), (unknown, "no data", "データなし")] {
        if !list.is_empty() {
            let list = few(&list);
            outcome = outcome.because(say(format!("{en}: {list}"), format!("{ja}: {list}")));
        }
    }
    outcome
}

/// The alerts that were on within the last `over`, or are still on.
fn on_within(from: &SloSources<'_>, over: SimDuration) -> Vec<SloAlert> {
    let ends = |name: &Name| from.series.iter().find(|one| one.spec().name == *name);
    let mut found = alerts(from.series, from.view);
    found.retain(|alert| {
        let Ok(fired) = alert.episode.firing_at else { return false };
        let now = ends(&alert.slo).map_or(fired, |one| end(from, one));
        fired <= now && !alert.episode.resolved_at.is_ok_and(|at| at <= now - over)
    });
    found
}

fn level<'a>(from: &'a SloSources<'_>, severity: &Name) -> Option<&'a AlertLevel> {
    from.levels.iter().find(|level| level.severity == *severity)
}

/// What severities are called, the gravest first, with how many of each.
fn by_level(from: &SloSources<'_>, found: &[SloAlert]) -> Vec<(Text, bool, usize)> {
    let mut sums: Vec<(Text, bool, usize)> = Vec::new();
    let mut order: Vec<&Name> = from.levels.iter().map(|level| &level.severity).collect();
    for alert in found {
        if !order.contains(&&alert.severity) {
            order.push(&alert.severity);
        }
    }
    for severity in order {
        let count = found.iter().filter(|alert| alert.severity == *severity).count();
        // A severity that the pack does not name keeps its name, and fails.
        let (title, fails) = match level(from, severity) {
            Some(level) => (level.title.clone(), level.fails),
            None => (same(severity.as_str()), true),
        };
        match sums.iter_mut().find(|(known, fails_too, _)| *known == title && *fails_too == fails) {
            // Two severities may share one level.
            Some((_, _, sum)) => *sum += count,
            None => sums.push((title, fails, count)),
        }
    }
    sums.retain(|(_, _, count)| *count > 0);
    sums
}

fn list_levels(levels: &[(Text, bool, usize)]) -> Text {
    if let [(title, _, _)] = levels {
        return title.clone();
    }
    let en: Vec<String> = levels.iter().map(|(title, _, n)| format!("{} {n}", title.en)).collect();
    let ja: Vec<String> = levels.iter().map(|(title, _, n)| format!("{} {n}", title.ja)).collect();
    say(en.join(", "), ja.join("、"))
}

fn alert_line(from: &SloSources<'_>, alert: &SloAlert) -> Text {
    let fired = alert.episode.firing_at.map_or_else(|_| "-".to_owned(), |at| minute(at, from.zone));
    let name = format!("{} {}", alert.slo, alert.tier);
    match alert.episode.resolved_at {
        Ok(at) => {
            let at = minute(at, from.zone);
            say(format!("{name}: {fired} to {at}"), format!("{name}: {fired} から {at} まで"))
        }
        Err(_) => say(
            format!("{name}: since {fired}, not resolved"),
            format!("{name}: {fired} から未解決"),
        ),
    }
}

fn recent(from: &SloSources<'_>, over: SimDuration, open: bool) -> Outcome {
    let mut found = on_within(from, over);
    if open {
        found.retain(|alert| alert.episode.resolved_at.is_err());
    }
    let levels = by_level(from, &found);
    let fails = open && !found.is_empty() || levels.iter().any(|(_, fails, _)| *fails);
    let state = match (found.is_empty(), fails) {
        (true, _) => CheckState::Ok,
        (_, true) => CheckState::Critical,
        _ => CheckState::Warning,
    };
    let (count, span) = (found.len(), over.human());
    let names = list_levels(&levels);
    let figure = match count {
        0 => say("0", "0件"),
        _ => say(format!("{count} ({})", names.en), format!("{count}件（{}）", names.ja)),
    };
    let limit = match open {
        true => say("none may be open", "未解決がないこと"),
        false => say(format!("none on within {span}"), format!("直近 {span} にないこと")),
    };
    let mut outcome = Outcome::new(state).figure(figure).value(count as f64).limit(limit);
    let lines = found.iter().take(NAMED).map(|alert| alert_line(from, alert));
    outcome.evidence.extend(lines);
    if count > NAMED {
        let more = count - NAMED;
        outcome = outcome.because(say(format!("{more} more"), format!("ほか{more}件")));
    }
    outcome
}

/// All alerts of a span by level; nothing is cut and nothing is judged.
fn summary(from: &SloSources<'_>, over: SimDuration) -> Outcome {
    let found = on_within(from, over);
    let levels = by_level(from, &found);
    let count = found.len();
    let mut outcome = Outcome::new(CheckState::Ok)
        .figure(say(format!("{count}"), format!("{count}件")))
        .value(count as f64);
    outcome.evidence = levels
        .iter()
        .map(|(title, _, n)| say(format!("{}: {n}", title.en), format!("{}: {n}件", title.ja)))
        .collect();
    outcome.because(say(
        format!("over {}; all are counted, none is cut", over.human()),
        format!("直近 {} の全件を数えています", over.human()),
    ))
}

/// Post-mortems of the drills and incidents that were held within `over` before `now`.
pub fn judge_drills(
    rows: Option<&[DrillRow]>,
    actions: &[Action],
    over: SimDuration,
    (now, zone): (SimTime, Zone),
) -> Outcome {
    let Some(rows) = rows else {
        return Outcome::unknown(say(
            "the workspace has no history of drills and incidents",
            "ワークスペースに訓練・インシデントの履歴がありません",
        ));
    };
    let from = now - over;
    let first_day = from.local(zone).date_naive();
    let (kind, label) = (PeriodKind::Monthly, String::new());
    // What was held in this very millisecond belongs to the span.
    let to = now + SimDuration::from_ms(1);
    let span = PeriodSpan { kind, label, from, to, first_day, zone };
    let found = drills(rows, &span);
    let duties = found.post_mortems.unwrap_or_default();
    let state = match (duties.open, duties.late) {
        (0, 0) => CheckState::Ok,
        (0, _) => CheckState::Warning,
        _ => CheckState::Critical,
    };
    let (due, on_time, late, open) = (duties.due, duties.on_time, duties.late, duties.open);
    let held = found.results.len();
    let mut outcome = Outcome::new(state)
        .figure(say(
            format!("{held} held, {due} post-mortems due"),
            format!("{held}件、ポストモーテム{due}件"),
        ))
        .value(f64::from(open))
        .limit(say("none open, none late", "未提出・遅延がないこと"))
        .because(say(
            format!("on time {on_time}, late {late}, open {open}"),
            format!("期限内{on_time}、遅延{late}、未提出{open}"),
        ))
        .input(say("history of the workspace", "ワークスペースの履歴"));
    let mut severities: Vec<(String, usize)> = Vec::new();
    for result in &found.results {
        let word = result.severity.clone().unwrap_or_else(|| "-".to_owned());
        match severities.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => severities.push((word, 1)),
        }
    }
    severities.sort();
    let lines =
        severities.iter().map(|(word, n)| say(format!("{word}: {n}"), format!("{word}: {n}件")));
    outcome.evidence.extend(lines);
    let day = now.local(zone).date_naive();
    let of = |state| actions.iter().filter(|action| action.state(day) == state).count();
    let (overdue, open) = (of(ActionState::Overdue), of(ActionState::Open));
    outcome = outcome.because(say(
        format!("open action items: {}, {overdue} of them overdue", open + overdue),
        format!("未完了のアクションアイテム: {}件（うち期限超過{overdue}件）", open + overdue),
    ));
    match found.results.iter().map(|result| result.at).max() {
        Some(last) => outcome.at(last, now),
        None => outcome,
    }
}
