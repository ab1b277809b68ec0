//! Checks on the rows of streams.

use super::outcome::{CheckState, Outcome, minute, percent, same, say, tenths, worse};
use crate::model::{CheckSource, Indicated, Limits, Name, ReadingUnit, Rows, Text};
use crate::store::{Error, MetricFigures, SelectedRow, Selection, Streams};
use crate::units::{SimDuration, SimTime, Zone};

/// Errors shown, at most.
const SHOWN_ERRORS: u64 = 20;
/// The span before is compared with when it has this share of the samples, or more.
const COMPARABLE: f64 = 0.9;
/// Before everything that is recorded.
const EVER: SimTime = SimTime::from_ms(-1 << 50);

/// One question: the rows and when they are asked for.
struct Asked<'a> {
    streams: &'a Streams,
    now: SimTime,
    zone: Zone,
}

impl Asked<'_> {
    fn select<'r>(&self, rows: &'r Rows, over: Option<SimDuration>) -> Selection<'r> {
        let from = over.map_or(EVER, |over| self.now - over);
        let (stream, filter) = (&*rows.stream, rows.filter.as_deref());
        Selection { stream, filter, from, to: self.now }
    }

    fn last(&self, rows: &Rows, expressions: &[&str]) -> Result<Option<SelectedRow>, Answer> {
        let found = self.streams.newest(&self.select(rows, None), expressions, 1);
        let found = answered(found, &rows.stream)?;
        Ok(found.into_iter().next())
    }
}

/// The answer to a check on streams at `now`; `None` for a check on anything else.
///
/// # Errors
/// When the database is held by another process, newer, or refuses. A stream or column that is
/// not there makes the check unknown.
pub fn judge_streams(
    source: &CheckSource,
    streams: &Streams,
    now: SimTime,
    zone: Zone,
) -> Result<Option<Outcome>, Error> {
    let asked = Asked { streams, now, zone };
    let judged = match source {
        CheckSource::Records { rows, success, counts, max_age } => {
            records(&asked, rows, success.as_deref(), counts.as_ref(), *max_age)
        }
        CheckSource::States { rows, by, good, expected, max_age } => {
            states(&asked, rows, (by, good), expected, *max_age)
        }
        CheckSource::Reading { rows, value, unit, limits, max_age } => {
            reading(&asked, rows, value, (*unit, limits), *max_age)
        }
        CheckSource::Errors { rows, message, over, context } => {
            errors(&asked, rows, message, *over, *context)
        }
        CheckSource::Freshness { rows, over, max_age } => freshness(&asked, rows, *over, *max_age),
        CheckSource::MetricsSummary { rows, over, metrics } => {
            metrics_summary(&asked, rows, *over, metrics)
        }
        CheckSource::Top { rows, by, over, limit } => top(&asked, rows, by, *over, *limit),
        CheckSource::OldRows { stream, older_than } => old_rows(&asked, stream, *older_than),
        _ => return Ok(None),
    };
    match judged {
        Ok(outcome) | Err(Answer::Unknown(outcome)) => Ok(Some(outcome)),
        Err(Answer::Failed(error)) => Err(error),
    }
}

/// Why a check has no answer: it is unknown, or the database failed.
enum Answer {
    Unknown(Outcome),
    Failed(Error),
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self::Unknown(outcome)
    }
}

type Judged = Result<Outcome, Answer>;

/// What the store answered, or why the check is unknown.
fn answered<T>(found: Result<Option<T>, Error>, stream: &Name) -> Result<T, Answer> {
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Answer::Unknown(no_stream(stream))),
        Err(Error::Refused(why)) => {
            let why = why.list.first().map_or_else(String::new, |first| first.message.clone());
            Err(Answer::Unknown(Outcome::unknown(same(why)).input(on(stream))))
        }
        Err(error) => Err(Answer::Failed(error)),
    }
}

fn no_stream(stream: &Name) -> Outcome {
    Outcome::unknown(say(
        format!("there is no stream `{stream}`"),
        format!("ストリーム `{stream}` がありません"),
    ))
}

fn on(stream: &Name) -> Text {
    say(format!("stream {stream}"), format!("ストリーム {stream}"))
}

fn no_rows(stream: &Name) -> Outcome {
    Outcome::unknown(say("there is no such record", "該当する記録がありません")).input(on(stream))
}

/// A record that is too old says nothing any more.
fn too_old(asked: &Asked<'_>, stream: &Name, at: SimTime, max_age: SimDuration) -> Option<Outcome> {
    let age = asked.now - at;
    (age > max_age).then(|| {
        let (limit, at_text) = (max_age.human(), minute(at, asked.zone));
        Outcome::unknown(say(
            format!("the last record, of {at_text}, is older than {limit}"),
            format!("最後の記録（{at_text}）が {limit} より古いです"),
        ))
        .input(on(stream))
        .at(at, asked.now)
    })
}

fn truth(value: Option<&str>) -> Option<bool> {
    match value? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn records(
    asked: &Asked<'_>,
    rows: &Rows,
    success: Option<&str>,
    counts: Option<&(Name, Name)>,
    max_age: SimDuration,
) -> Judged {
    let mut expressions = vec![success.unwrap_or("true")];
    if let Some((found, expected)) = counts {
        expressions.extend([found.as_str(), expected.as_str()]);
    }
    let Some(last) = asked.last(rows, &expressions)? else { return Ok(no_rows(&rows.stream)) };
    if let Some(old) = too_old(asked, &rows.stream, last.at, max_age) {
        return Ok(old);
    }
    let input = on(&rows.stream);
    let value = |index: usize| last.values.get(index).and_then(|value| value.as_deref());
    let number = |index: usize| value(index).and_then(|text| text.parse::<f64>().ok());
    let good = truth(value(0));
    let Some(good) = good else {
        let why = say("the record does not say whether it is good", "記録から成否が分かりません");
        return Ok(Outcome::unknown(why).input(input).at(last.at, asked.now));
    };
    let mut outcome = match counts {
        None => Outcome::new(if good { CheckState::Ok } else { CheckState::Critical }),
        Some(_) => {
            let Some((found, expected)) = number(1).zip(number(2)) else {
                let why = say("the record has no counts", "記録に件数がありません");
                return Ok(Outcome::unknown(why).input(input).at(last.at, asked.now));
            };
            let enough = good && found >= expected;
            Outcome::new(if enough { CheckState::Ok } else { CheckState::Critical })
                .figure(same(format!("{found}/{expected}")))
                .value(found)
                .limit(say(format!("{expected} expected"), format!("期待値 {expected}")))
        }
    };
    if outcome.state == CheckState::Critical && counts.is_none() {
        outcome = outcome.because(say("the last check failed", "最後の確認が失敗しています"));
    }
    Ok(outcome.input(input).at(last.at, asked.now))
}

fn states(
    asked: &Asked<'_>,
    rows: &Rows,
    (by, good): (&Name, &Name),
    expected: &[Name],
    max_age: SimDuration,
) -> Judged {
    let found = asked.streams.newest_by(&asked.select(rows, None), by, &[good]);
    let found = answered(found, &rows.stream)?;
    let (mut well, mut state, mut evidence) = (0u64, CheckState::Ok, Vec::new());
    let mut last: Option<SimTime> = None;
    for name in expected {
        let row = found.iter().find(|row| row.values[0].as_deref() == Some(name.as_str()));
        let Some(row) = row else {
            state = worse(state, CheckState::Unknown);
            let text = say(format!("{name}: no record"), format!("{name}: 記録なし"));
            evidence.push(text);
            continue;
        };
        last = Some(last.map_or(row.at, |last| last.min(row.at)));
        let at = minute(row.at, asked.zone);
        let stale = asked.now - row.at > max_age;
        let (one, text) = match truth(row.values[1].as_deref()) {
            // Whoever has not answered for so long does not answer.
            _ if stale => (
                CheckState::Critical,
                say(format!("{name}: no answer since {at}"), format!("{name}: {at} から応答なし")),
            ),
            Some(true) => (
                CheckState::Ok,
                say(format!("{name}: running ({at})"), format!("{name}: 稼働中（{at}）")),
            ),
            Some(false) => (
                CheckState::Critical,
                say(format!("{name}: down ({at})"), format!("{name}: 停止（{at}）")),
            ),
            None => (
                CheckState::Unknown,
                say(format!("{name}: not told ({at})"), format!("{name}: 不明（{at}）")),
            ),
        };
        well += u64::from(one == CheckState::Ok);
        state = worse(state, one);
        evidence.push(text);
    }
    let all = expected.len();
    let mut outcome = Outcome::new(state)
        .figure(same(format!("{well}/{all}")))
        .value(well as f64)
        .limit(say(format!("all {all}"), format!("{all}件すべて")))
        .input(on(&rows.stream));
    outcome.evidence = evidence;
    Ok(match last {
        Some(last) => outcome.at(last, asked.now),
        None => outcome,
    })
}

fn reading(
    asked: &Asked<'_>,
    rows: &Rows,
    value: &Name,
    (unit, limits): (ReadingUnit, &Limits),
    max_age: SimDuration,
) -> Judged {
    let Some(last) = asked.last(rows, &[value])? else { return Ok(no_rows(&rows.stream)) };
    if let Some(old) = too_old(asked, &rows.stream, last.at, max_age) {
        return Ok(old);
    }
    let number = last.values[0].as_deref().and_then(|text| text.parse::<f64>().ok());
    let Some(number) = number.filter(|number| number.is_finite()) else {
        let why = say("the record has no number", "記録に数値がありません");
        return Ok(Outcome::unknown(why).input(on(&rows.stream)).at(last.at, asked.now));
    };
    // What was measured so long ago is that much older now.
    let number = match unit {
        ReadingUnit::AgeMinutes => number + (asked.now - last.at).minutes(),
        ReadingUnit::Used | ReadingUnit::Number => number,
    };
    let shown = |number: f64| match unit {
        ReadingUnit::Used => percent(number),
        ReadingUnit::AgeMinutes => SimDuration::from_minutes(1).scale(number).human(),
        ReadingUnit::Number => format!("{number}"),
    };
    let figure = match unit {
        ReadingUnit::Used => same(format!("{} used", shown(number))),
        ReadingUnit::AgeMinutes => {
            say(format!("{} old", shown(number)), format!("経過 {}", shown(number)))
        }
        ReadingUnit::Number => same(shown(number)),
    };
    Ok(Outcome::new(against(number, limits))
        .figure(figure)
        .value(number)
        .limit(limits_text(limits, &shown))
        .input(on(&rows.stream))
        .at(last.at, asked.now))
}

/// Where a figure stands among its limits.
pub(super) fn against(number: f64, limits: &Limits) -> CheckState {
    let Limits { target, warn, critical } = *limits;
    if critical.is_some_and(|critical| number >= critical) {
        return CheckState::Critical;
    }
    if warn.is_some_and(|warn| number > warn) {
        // Where nothing graver is named, the warning threshold is what the check is for.
        return if critical.is_some() { CheckState::Warning } else { CheckState::Critical };
    }
    if target.is_some_and(|target| number >= target) {
        return CheckState::Warning;
    }
    CheckState::Ok
}

pub(super) fn limits_text(limits: &Limits, shown: &dyn Fn(f64) -> String) -> Text {
    let (mut en, mut ja) = (Vec::new(), Vec::new());
    if let Some(target) = limits.target.map(shown) {
        en.push(format!("target under {target}"));
        ja.push(format!("目標 {target} 未満"));
    }
    if let Some(warn) = limits.warn.map(shown) {
        let (word_en, word_ja) = match limits.critical {
            Some(_) => ("warning", "警告"),
            None => ("critical", "重大"),
        };
        en.push(format!("{word_en} over {warn}"));
        ja.push(format!("{warn} 超で{word_ja}"));
    }
    if let Some(critical) = limits.critical.map(shown) {
        en.push(format!("critical from {critical} on"));
        ja.push(format!("{critical} 以上で重大"));
    }
    say(en.join(", "), ja.join("、"))
}

fn errors(
    asked: &Asked<'_>,
    rows: &Rows,
    message: &Name,
    over: SimDuration,
    context: u32,
) -> Judged {
    // The span ends with the log itself: its watermark, not a clock.
    let whole = Rows { stream: rows.stream.clone(), filter: None };
    let Some(end) = asked.last(&whole, &[])? else { return Ok(no_rows(&rows.stream)) };
    let here = Asked { streams: asked.streams, now: end.at, zone: asked.zone };
    let selection = here.select(rows, Some(over));
    let count = answered(asked.streams.count(&selection), &rows.stream)?;
    let found = asked.streams.newest(&selection, &[message], SHOWN_ERRORS);
    let mut found = answered(found, &rows.stream)?;
    found.reverse();
    let mut lines = Vec::new();
    let mut shown: Option<(u32, u64)> = None;
    for row in &found {
        let mut more =
            asked.streams.following(&rows.stream, row, message, context).map_err(Answer::Failed)?;
        more.insert(0, row.clone());
        for row in more {
            // Errors close to one another share their lines.
            if shown.is_some_and(|(file, line)| file == row.file && row.line <= line) {
                continue;
            }
            shown = Some((row.file, row.line));
            let text = row.values[0].clone().unwrap_or_default();
            lines.push(format!("{} {text}", minute(row.at, asked.zone)));
        }
    }
    let span = over.human();
    let outcome = match count {
        0 => Outcome::new(CheckState::Ok).figure(say("no errors", "エラーなし")),
        n => Outcome::new(CheckState::Critical)
            .figure(say(format!("{n} errors"), format!("エラー{n}件"))),
    };
    let mut outcome = outcome
        .value(count as f64)
        .limit(say(format!("none within {span}"), format!("直近 {span} にないこと")))
        .input(on(&rows.stream))
        .at(end.at, asked.now);
    outcome.lines = lines;
    if count > SHOWN_ERRORS {
        let more = count - SHOWN_ERRORS;
        outcome = outcome.because(say(
            format!("the last {SHOWN_ERRORS} are shown, {more} more came before"),
            format!("最後の{SHOWN_ERRORS}件を表示、ほか{more}件"),
        ));
    }
    Ok(outcome)
}

fn freshness(asked: &Asked<'_>, rows: &Rows, over: SimDuration, max_age: SimDuration) -> Judged {
    let found = asked.streams.silence(&asked.select(rows, Some(over)));
    let found = answered(found, &rows.stream)?;
    let collecting = found.longest <= max_age;
    let state = if collecting { CheckState::Ok } else { CheckState::Critical };
    let (longest, limit, span) = (found.longest.human(), max_age.human(), over.human());
    let figure = match (collecting, found.rows) {
        (true, _) => same("collecting"),
        (false, 0) => say(format!("nothing for {span}"), format!("{span} 記録なし")),
        _ => say(format!("silent for {longest}"), format!("{longest} 記録なし")),
    };
    let outcome = Outcome::new(state)
        .figure(figure)
        .value(found.longest.minutes())
        .limit(say(
            format!("no silence over {limit} within {span}"),
            format!("直近 {span} に {limit} を超える空白がないこと"),
        ))
        .because(say(
            format!("{} records within {span}, longest silence {longest}", found.rows),
            format!("直近 {span} の記録{}件、最長の空白 {longest}", found.rows),
        ))
        .input(on(&rows.stream));
    Ok(match found.last {
        Some(last) => outcome.at(last, asked.now),
        None => outcome,
    })
}

/// `1.43`: as many digits as say something.
fn figure_of(value: f64) -> String {
    let text = match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn metrics_summary(
    asked: &Asked<'_>,
    rows: &Rows,
    over: SimDuration,
    metrics: &[Indicated],
) -> Judged {
    let now = asked.streams.metric_figures(&asked.select(rows, Some(over)));
    let now = answered(now, &rows.stream)?;
    let earlier =
        Selection { from: asked.now - over * 2, to: asked.now - over, ..asked.select(rows, None) };
    let before = answered(asked.streams.metric_figures(&earlier), &rows.stream)?;
    let all: Vec<Indicated> = now
        .iter()
        .map(|one| Indicated {
            name: Name::from(one.name.as_str()),
            title: same(one.name.as_str()),
            target: None,
            warn: None,
        })
        .collect();
    let wanted = if metrics.is_empty() { &all } else { metrics };
    if wanted.is_empty() {
        return Ok(no_rows(&rows.stream));
    }
    let (mut state, mut beyond) = (CheckState::Ok, 0u32);
    let mut evidence = Vec::new();
    for metric in wanted {
        let find =
            |list: &[MetricFigures]| list.iter().find(|one| *one.name == *metric.name).cloned();
        let (one, text) = metric_line(metric, find(&now), find(&before));
        beyond += u32::from(one == CheckState::Warning || one == CheckState::Critical);
        state = worse(state, one);
        evidence.push(text);
    }
    let (count, span) = (wanted.len(), over.human());
    let figure = match beyond {
        0 => say(format!("{count} metrics"), format!("{count}指標")),
        n => say(format!("{n} of {count} off target"), format!("{count}指標中{n}件が目標外")),
    };
    let mut outcome = Outcome::new(state)
        .figure(figure)
        .value(f64::from(beyond))
        .limit(say(
            format!("means over {span}, against the {span} before"),
            format!("直近 {span} の平均、その前の {span} と比較"),
        ))
        .input(on(&rows.stream));
    outcome.evidence = evidence;
    let last = asked.last(rows, &[])?;
    Ok(match last {
        Some(last) => outcome.at(last.at, asked.now),
        None => outcome,
    })
}

fn metric_line(
    metric: &Indicated,
    now: Option<MetricFigures>,
    before: Option<MetricFigures>,
) -> (CheckState, Text) {
    let Some(now) = now else {
        let (en, ja) = (&metric.title.en, &metric.title.ja);
        return (CheckState::Unknown, say(format!("{en}: no samples"), format!("{ja}: 記録なし")));
    };
    let limits = Limits { target: metric.target, warn: metric.warn, critical: None };
    let state = against(now.mean, &limits);
    let mean = figure_of(now.mean);
    let range = format!("{} - {}", figure_of(now.min), figure_of(now.max));
    let (earlier_en, earlier_ja) = match &before {
        // Half a span before says nothing about a change.
        Some(before) if (before.samples as f64) < COMPARABLE * now.samples as f64 => {
            ("too little before to compare".to_owned(), "前回は記録不足のため比較なし".to_owned())
        }
        Some(before) => {
            let mean = figure_of(before.mean);
            (format!("before {mean}"), format!("前回 {mean}"))
        }
        None => ("nothing before".to_owned(), "前回の記録なし".to_owned()),
    };
    let limit =
        metric.target.map_or_else(String::new, |target| format!(", < {}", figure_of(target)));
    let (en, ja) = (&metric.title.en, &metric.title.ja);
    let text = say(
        format!("{en}: mean {mean} ({range}{limit}), {earlier_en}"),
        format!("{ja}: 平均 {mean}（{range}{limit}）、{earlier_ja}"),
    );
    (state, text)
}

fn top(asked: &Asked<'_>, rows: &Rows, by: &Name, over: SimDuration, limit: u32) -> Judged {
    let selection = asked.select(rows, Some(over));
    let (found, values) = answered(asked.streams.tally(&selection, by, limit), &rows.stream)?;
    let count = answered(asked.streams.count(&selection), &rows.stream)?;
    let span = over.human();
    let mut outcome = Outcome::new(CheckState::Ok)
        .figure(say(format!("{count}"), format!("{count}件")))
        .value(count as f64)
        .limit(say(format!("within {span}, not judged"), format!("直近 {span}、判定なし")))
        .input(on(&rows.stream));
    outcome.lines =
        found.iter().map(|(value, n)| format!("{n:>7} {} {value}", tenths(*n, count))).collect();
    let more = values.saturating_sub(found.len() as u64);
    if more > 0 {
        outcome = outcome
            .because(say(format!("{more} more values"), format!("ほかに{more}種類あります")));
    }
    let last = asked.last(rows, &[])?;
    Ok(match last {
        Some(last) => outcome.at(last.at, asked.now),
        None => no_rows(&rows.stream),
    })
}

fn old_rows(asked: &Asked<'_>, stream: &Name, older_than: SimDuration) -> Judged {
    let rows = Rows { stream: stream.clone(), filter: None };
    // As old as the span is old: the instant itself belongs to the archive.
    let to = asked.now - older_than;
    let selection = Selection { from: EVER, to, ..asked.select(&rows, None) };
    let count = answered(asked.streams.count(&selection), stream)?;
    let span = older_than.human();
    let outcome = match count {
        0 => Outcome::new(CheckState::Ok).figure(say("none due", "対象なし")),
        n => Outcome::new(CheckState::Warning)
            .figure(say(format!("{n} rows due"), format!("対象{n}行")))
            .because(say(
                "`drill data retain` shows and does it; nothing is deleted",
                "`drill data retain` で確認・実行します（削除はしません）",
            )),
    };
    let at = minute(to, asked.zone);
    let outcome = outcome
        .value(count as f64)
        .limit(say(
            format!("{span} or older, that is up to {at}"),
            format!("{span} 以上前（{at} まで）"),
        ))
        .input(on(stream));
    let last = asked.last(&rows, &[])?;
    Ok(match last {
        Some(last) => outcome.at(last.at, asked.now),
        None => outcome,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_their_edges() {
        use CheckState::{Critical, Ok, Warning};
        let runbook = Limits { target: None, warn: Some(0.9), critical: Some(0.95) };
        for (used, state) in [(0.9, Ok), (0.901, Warning), (0.949, Warning), (0.95, Critical)] {
            assert_eq!(against(used, &runbook), state, "{used}");
        }
        let manual = Limits { target: Some(0.8), warn: Some(0.9), critical: None };
        for (used, state) in [(0.799, Ok), (0.8, Warning), (0.9, Warning), (0.901, Critical)] {
            assert_eq!(against(used, &manual), state, "{used}");
        }
        let text = limits_text(&manual, &percent);
        assert_eq!(&*text.en, "target under 80%, critical over 90%");
    }
}
