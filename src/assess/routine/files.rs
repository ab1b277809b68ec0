//! Checks on logs, backups and other files.

use super::facts::{FileFact, LogFact, Parsed, Restored};
use super::outcome::{CheckState, Outcome, minute, same, say, size, worse};
use crate::model::{Name, Text};
use crate::units::{SimDuration, SimTime, Zone};

/// Files named in evidence, at most.
const SHOWN: usize = 10;
/// Clocks of file servers differ by this much.
const SKEW: SimDuration = SimDuration::from_minutes(5);

fn input(glob: &str) -> Text {
    say(format!("files {glob}"), format!("ファイル {glob}"))
}

fn nothing_fits(glob: &str) -> Outcome {
    Outcome::unknown(say(
        format!("no file fits {glob}"),
        format!("{glob} に該当するファイルがありません"),
    ))
    .input(input(glob))
}

/// What a file with a time beyond `now` is: nothing can be said about its age.
fn from_the_future(file: &FileFact, now: SimTime) -> bool {
    file.modified > now + SKEW
}

pub(super) fn logs(
    glob: &Name,
    (max_bytes, growth, rotate): (u64, f64, SimDuration),
    logs: &[LogFact],
    now: SimTime,
) -> Outcome {
    if logs.is_empty() {
        return nothing_fits(glob);
    }
    let (mut state, mut evidence, mut beyond) = (CheckState::Ok, Vec::new(), 0usize);
    let mut new = 0usize;
    for log in logs {
        let path = &log.file.path;
        let mut found: Vec<Text> = Vec::new();
        if log.file.bytes > max_bytes {
            found.push(say(
                format!("{path}: over {}", size(max_bytes)),
                format!("{path}: {} 超", size(max_bytes)),
            ));
        }
        match log.earlier {
            Some((_, before)) if log.file.bytes as f64 > growth * before as f64 && before > 0 => {
                found.push(say(
                    format!("{path}: over {growth}x of last week's {}", size(before)),
                    format!("{path}: 先週 {} の{growth}倍超", size(before)),
                ));
            }
            Some(_) => {}
            None => new += 1,
        }
        if let Some(since) = not_rotated(log, rotate, now) {
            found.push(say(
                format!("{path}: not rotated for {}", since.human()),
                format!("{path}: {} ローテーションなし", since.human()),
            ));
        }
        if !found.is_empty() {
            beyond += 1;
            state = worse(state, CheckState::Critical);
        }
        evidence.extend(found);
    }
    let (count, sum) = (logs.len(), logs.iter().map(|log| log.file.bytes).sum::<u64>());
    let figure = match beyond {
        0 => say(format!("{count} logs, {}", size(sum)), format!("{count}件、{}", size(sum))),
        n => say(format!("{n} of {count} beyond limits"), format!("{count}件中{n}件が超過")),
    };
    let mut outcome = Outcome::new(state).figure(figure).value(sum as f64).input(input(glob));
    outcome.evidence = evidence;
    if new > 0 {
        outcome = outcome.because(say(
            format!("growth of {new} unknown: no size of a week before is kept yet"),
            format!("{new}件の増加率は不明（1週間前のサイズの記録がまだありません）"),
        ));
    }
    let mut by_size: Vec<&LogFact> = logs.iter().collect();
    by_size.sort_by(|a, b| b.file.bytes.cmp(&a.file.bytes).then(a.file.path.cmp(&b.file.path)));
    let line = |log: &&LogFact| format!("{:>9} {}", size(log.file.bytes), log.file.path);
    outcome.lines = by_size.iter().take(SHOWN).map(line).collect();
    let (limit, days) = (size(max_bytes), rotate.human());
    let newest = logs.iter().map(|log| log.file.modified).max().unwrap_or(now);
    outcome
        .limit(say(
            format!("at most {limit}, {growth}x of last week, rotated every {days}"),
            format!("{limit}以下、先週の{growth}倍以下、 {days} ごとにローテーション"),
        ))
        .at(newest, now)
}

/// For how long a log was not rotated, when that is too long: since its last rotation, or since
/// it came into being. Where neither is known nothing is said.
fn not_rotated(log: &LogFact, rotate: SimDuration, now: SimTime) -> Option<SimDuration> {
    let last = log.rotated.iter().map(|file| file.modified).max();
    let since = now - last.or(log.file.created)?;
    (since > rotate).then_some(since)
}

pub(super) fn backups(
    glob: &Name,
    (max_age, min_ratio, shown): (SimDuration, f64, u32),
    found: &[FileFact],
    now: SimTime,
    zone: Zone,
) -> Outcome {
    let limit = max_age.human();
    let limit = say(
        format!("newest at most {limit} old, not empty, at least {min_ratio} of the one before"),
        format!("最新が {limit} 以内、空でない、前回の{min_ratio}倍以上"),
    );
    let Some(newest) = found.first() else {
        // Where backups should be and none is, there is no backup.
        return Outcome::new(CheckState::Critical)
            .figure(say("no backup", "バックアップなし"))
            .limit(limit)
            .input(input(glob));
    };
    let (mut state, mut evidence) = (CheckState::Ok, Vec::new());
    let mut find = |one: CheckState, en: String, ja: String| {
        state = worse(state, one);
        evidence.push(say(en, ja));
    };
    let age = (now - newest.modified).human();
    if from_the_future(newest, now) {
        let (en, ja) = ("the newest is dated in the future", "最新の日時が未来です");
        find(CheckState::Unknown, en.to_owned(), ja.to_owned());
    } else if now - newest.modified > max_age {
        let (en, ja) = (format!("the newest is {age} old"), format!("最新が {age} 前です"));
        find(CheckState::Critical, en, ja);
    }
    if newest.bytes == 0 {
        find(CheckState::Critical, "the newest is empty".into(), "最新が空です".into());
    }
    if let Some(before) = found.get(1).filter(|before| before.bytes > 0) {
        let ratio = newest.bytes as f64 / before.bytes as f64;
        if ratio < min_ratio {
            let (en, ja) = (
                format!("the newest has {ratio:.2} of the size of the one before"),
                format!("最新のサイズが前回の{ratio:.2}倍です"),
            );
            find(CheckState::Critical, en, ja);
        }
    }
    let mut outcome = Outcome::new(state)
        .figure(say(format!("newest {age} old"), format!("最新 {age} 前")))
        .value((now - newest.modified).minutes())
        .limit(limit)
        .input(input(glob))
        .at(newest.modified, now);
    outcome.evidence = evidence;
    let shown = usize::try_from(shown).unwrap_or(usize::MAX);
    let line = |file: &FileFact| {
        format!("{} {:>9} {}", minute(file.modified, zone), size(file.bytes), file.path)
    };
    outcome.lines = found.iter().take(shown).map(line).collect();
    outcome
}

pub(super) fn restored(glob: &Name, restored: &Restored, now: SimTime) -> Outcome {
    let (files, bytes) = (restored.files, size(restored.bytes));
    let mut evidence = Vec::new();
    if let Some(broken) = &restored.broken {
        evidence.push(say(format!("broken: {broken}"), format!("破損: {broken}")));
    }
    if restored.refused_count > 0 {
        let (count, first) = (restored.refused_count, restored.refused.join(", "));
        evidence.push(say(
            format!("{count} entries refused: {first}"),
            format!("拒否した項目{count}件: {first}"),
        ));
    }
    for (list, en, ja) in
        [(&restored.missing, "missing", "不足"), (&restored.invalid, "not valid JSON", "JSON不正")]
    {
        if !list.is_empty() {
            let list = list.join(", ");
            evidence.push(say(format!("{en}: {list}"), format!("{ja}: {list}")));
        }
    }
    if files == 0 && restored.broken.is_none() {
        evidence.push(say("the archive holds no file", "アーカイブにファイルがありません"));
    }
    let failed = !evidence.is_empty();
    if let Some(compared) = restored.compared {
        let (same, changed, gone) = (compared.same, compared.changed, compared.gone);
        evidence.push(say(
            format!("against what is there now: {same} same, {changed} changed, {gone} gone"),
            format!("現状との比較: 一致{same}、変更{changed}、現存せず{gone}"),
        ));
    }
    if restored.links > 0 {
        let links = restored.links;
        evidence.push(say(
            format!("{links} links in it were not made"),
            format!("リンク{links}件は作成していません"),
        ));
    }
    let state = if failed { CheckState::Critical } else { CheckState::Ok };
    let figure = match failed {
        false => say(format!("restored {files} files"), format!("{files}件を復元")),
        true => say("not restorable as it should be", "正しく復元できません"),
    };
    let mut outcome = Outcome::new(state)
        .figure(figure)
        .value(files as f64)
        .limit(say(
            "restored whole into a scratch folder",
            "作業用フォルダーに完全に復元できること",
        ))
        .input(input(glob))
        .at(restored.archive.modified, now);
    outcome.evidence = evidence;
    let path = &restored.archive.path;
    outcome.because(say(format!("{path}: {bytes} unpacked"), format!("{path}: 展開後 {bytes}")))
}

pub(super) fn present(
    globs: &[Name],
    (at_least, json, max_age): (u32, bool, Option<SimDuration>),
    found: &[Parsed],
    now: SimTime,
) -> Outcome {
    let names: Vec<&str> = globs.iter().map(Name::as_str).collect();
    let names = names.join(", ");
    let (mut state, mut evidence) = (CheckState::Ok, Vec::new());
    let good = found.iter().filter(|one| one.problem.is_none()).count();
    for one in found.iter().filter(|one| one.problem.is_some()).take(SHOWN) {
        state = CheckState::Critical;
        let problem = one.problem.as_deref().unwrap_or_default();
        evidence.push(same(format!("{}: {problem}", one.file.path)));
    }
    if good < usize::try_from(at_least).unwrap_or(usize::MAX) {
        state = CheckState::Critical;
        evidence.push(say(
            format!("{good} of at least {at_least} files"),
            format!("{at_least}件以上必要、{good}件"),
        ));
    }
    let newest = found.iter().map(|one| one.file.modified).max();
    if let Some((newest, limit)) = newest.zip(max_age)
        && now - newest > limit
    {
        state = CheckState::Critical;
        let (age, limit) = ((now - newest).human(), limit.human());
        evidence.push(say(
            format!("the newest is {age} old, more than {limit}"),
            format!("最新が {age} 前（ {limit} 超）"),
        ));
    }
    let all = found.len();
    let limit = match json {
        true => {
            say(format!("at least {at_least}, valid JSON"), format!("{at_least}件以上、正しいJSON"))
        }
        false => say(format!("at least {at_least}"), format!("{at_least}件以上")),
    };
    let mut outcome = Outcome::new(state)
        .figure(same(format!("{good}/{all}")))
        .value(good as f64)
        .limit(limit)
        .input(input(&names));
    outcome.evidence = evidence;
    match newest {
        Some(newest) => outcome.at(newest, now),
        None => outcome,
    }
}

pub(super) fn old(
    glob: &Name,
    older_than: SimDuration,
    into: Option<&Name>,
    found: &[FileFact],
    now: SimTime,
) -> Outcome {
    if found.is_empty() {
        return nothing_fits(glob);
    }
    let mut due: Vec<&FileFact> =
        found.iter().filter(|file| now - file.modified >= older_than).collect();
    due.sort_by(|a, b| a.modified.cmp(&b.modified).then(a.path.cmp(&b.path)));
    let (count, sum) = (due.len(), due.iter().map(|file| file.bytes).sum::<u64>());
    let span = older_than.human();
    let outcome = match count {
        0 => Outcome::new(CheckState::Ok).figure(say("none due", "対象なし")),
        n => Outcome::new(CheckState::Warning)
            .figure(say(format!("{n} due, {}", size(sum)), format!("対象{n}件、{}", size(sum)))),
    };
    let mut outcome = outcome
        .value(count as f64)
        .limit(say(format!("{span} or older"), format!("{span} 以上前")))
        .input(input(glob));
    let line = |file: &&FileFact| {
        let age = (now - file.modified).human();
        format!("{:>9} {age:>8} {}", size(file.bytes), file.path)
    };
    outcome.lines = due.iter().take(SHOWN).map(line).collect();
    if let (Some(into), true) = (into, count > 0) {
        outcome = outcome.because(say(
            format!("`--archive` compresses them into {into}; nothing is lost"),
            format!("`--archive` で {into} に圧縮して移動します（失われません）"),
        ));
    }
    let newest = found.iter().map(|file| file.modified).max().unwrap_or(now);
    outcome.at(newest, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime::from_ms(1_771_000_000_000);

    fn file(name: &str, bytes: u64, age: SimDuration) -> FileFact {
        FileFact { path: name.to_owned(), bytes, modified: NOW - age, created: None }
    }

    fn hours(n: i64) -> SimDuration {
        SimDuration::from_hours(n)
    }

    fn backups_are(found: &[FileFact], expect: CheckState) {
        let outcome = backups(&Name::from("b/*"), (hours(168), 0.5, 5), found, NOW, Zone::UTC);
        assert_eq!(outcome.state, expect, "{outcome:?}");
    }

    #[test]
    fn a_backup_is_young_whole_and_not_half_of_the_last() {
        use CheckState::{Critical, Ok, Unknown};
        backups_are(&[file("a", 100, hours(168)), file("b", 200, hours(300))], Ok);
        backups_are(&[file("a", 99, hours(1)), file("b", 200, hours(300))], Critical);
        backups_are(&[file("a", 100, hours(169))], Critical);
        backups_are(&[file("a", 0, hours(1))], Critical);
        backups_are(&[], Critical);
        backups_are(&[file("a", 100, hours(-2))], Unknown);
    }

    fn logs_are(log: LogFact, expect: CheckState) {
        let outcome = logs(&Name::from("logs/*"), (1000, 2.0, hours(168)), &[log], NOW);
        assert_eq!(outcome.state, expect, "{outcome:?}");
    }

    #[test]
    fn a_log_may_be_large_grow_and_wait_only_so_much() {
        use CheckState::{Critical, Ok};
        let log = |bytes, rotated: i64, earlier| LogFact {
            file: file("app.log", bytes, hours(0)),
            rotated: vec![file("app.log.1", 10, hours(rotated))],
            earlier,
        };
        logs_are(log(1000, 168, Some((NOW - hours(168), 500))), Ok);
        logs_are(log(1001, 1, None), Critical);
        logs_are(log(1000, 1, Some((NOW - hours(168), 499))), Critical);
        logs_are(log(1000, 169, None), Critical);
    }

    #[test]
    fn thirty_days_are_old_and_nothing_is_unknown() {
        let is = |found: &[FileFact]| old(&Name::from("*.log"), hours(720), None, found, NOW).state;
        assert_eq!(is(&[file("a", 1, hours(720))]), CheckState::Warning);
        assert_eq!(is(&[file("a", 1, hours(719))]), CheckState::Ok);
        assert_eq!(is(&[]), CheckState::Unknown);
    }

    #[test]
    fn a_restore_with_any_doubt_fails() {
        let good = Restored {
            archive: file("b.tar.gz", 10, hours(1)),
            files: 3,
            bytes: 30,
            refused: Vec::new(),
            refused_count: 0,
            broken: None,
            missing: Vec::new(),
            invalid: Vec::new(),
            links: 0,
            compared: None,
        };
        let is = |one: Restored| restored(&Name::from("b"), &one, NOW).state;
        assert_eq!(is(good.clone()), CheckState::Ok);
        assert_eq!(is(Restored { files: 0, ..good.clone() }), CheckState::Critical);
        assert_eq!(is(Restored { broken: Some("x".into()), ..good.clone() }), CheckState::Critical);
        let refused = Restored { refused: vec!["../x".into()], refused_count: 1, ..good.clone() };
        assert_eq!(is(refused), CheckState::Critical);
        assert_eq!(is(Restored { invalid: vec!["a.json".into()], ..good }), CheckState::Critical);
    }
}
