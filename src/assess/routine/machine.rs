//! Checks on facts that were read from the machine.

use super::facts::{CommandRun, Fact};
use super::files;
use super::imported::findings;
use super::outcome::{CheckState, Outcome, percent, same, say, size};
use super::streams::{against, limits_text};
use crate::model::{CheckSource, FindingLevel, Limits, Name};
use crate::units::{SimDuration, SimTime, Zone};

/// Findings and processes shown, at most.
const SHOWN: usize = 10;

/// The answer to a check at `now`, from what was read for it.
pub fn judge_fact(source: &CheckSource, fact: &Fact, now: SimTime, zone: Zone) -> Outcome {
    match (source, fact) {
        (_, Fact::Unreadable(why)) => Outcome::unknown(why.clone()),
        (CheckSource::Disk { path, limits }, Fact::Disk { used, total }) => {
            disk(path, limits, (*used, *total)).at(now, now)
        }
        (CheckSource::Folders { path, limit }, Fact::Folders { folders, skipped }) => {
            folder_sizes(path, *limit, folders, *skipped).at(now, now)
        }
        (CheckSource::LogSize { glob, max_bytes, growth, rotate }, Fact::Logs(logs)) => {
            files::logs(glob, (*max_bytes, *growth, *rotate), logs, now)
        }
        (CheckSource::Backups { glob, max_age, min_size_ratio, newest }, Fact::Files(found)) => {
            files::backups(glob, (*max_age, *min_size_ratio, *newest), found, now, zone)
        }
        (CheckSource::Restore { glob, .. }, Fact::Restored(restored)) => {
            files::restored(glob, restored, now)
        }
        (CheckSource::Files { globs, at_least, json, max_age }, Fact::Parsed(found)) => {
            files::present(globs, (*at_least, *json, *max_age), found, now)
        }
        (CheckSource::OldFiles { glob, older_than, into }, Fact::Files(found)) => {
            files::old(glob, *older_than, into.as_ref(), found, now)
        }
        (CheckSource::Processes { .. }, Fact::Processes(found)) => processes(found).at(now, now),
        (CheckSource::Signed { file, max_age }, Fact::Text(_, text)) => {
            signed(file, *max_age, text, now, zone)
        }
        (CheckSource::Imported { file, max_age, fail_at }, Fact::Text(fact, text)) => {
            imported(file, (*max_age, *fail_at), fact.modified, text, now)
        }
        (CheckSource::Command { argv, max_age, .. }, Fact::Ran(run)) => {
            ran(argv, *max_age, run, now)
        }
        _ => Outcome::unknown(say("nothing was read", "読み取った情報がありません")),
    }
}

fn disk(path: &Name, limits: &Limits, (used, total): (u64, u64)) -> Outcome {
    if total == 0 {
        return Outcome::unknown(say(
            "the file system does not tell its size",
            "ファイルシステムの容量が分かりません",
        ));
    }
    let share = used as f64 / total as f64;
    let (used, total) = (size(used), size(total));
    Outcome::new(against(share, limits))
        .figure(same(format!("{} used", percent(share))))
        .value(share)
        .limit(limits_text(limits, &percent))
        .input(say(format!("file system of {path}"), format!("{path} のファイルシステム")))
        .because(say(format!("{used} of {total}"), format!("{total} 中 {used}")))
}

fn folder_sizes(path: &Name, limit: u32, folders: &[(String, u64)], skipped: u64) -> Outcome {
    let all: u64 = folders.iter().map(|(_, bytes)| bytes).sum();
    // What could not be read is not counted, and so the sum is not known.
    let state = if skipped == 0 { CheckState::Ok } else { CheckState::Unknown };
    let mut outcome = Outcome::new(state)
        .figure(same(size(all)))
        .value(all as f64)
        .limit(say("largest first, not judged", "大きい順、判定なし"))
        .input(say(format!("folder {path}"), format!("フォルダー {path}")));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let shown = folders.iter().take(limit);
    outcome.lines = shown.map(|(name, bytes)| format!("{:>9} {name}", size(*bytes))).collect();
    let more = folders.len().saturating_sub(limit);
    if more > 0 {
        outcome = outcome.because(say(format!("{more} more"), format!("ほか{more}件")));
    }
    if skipped > 0 {
        outcome = outcome.because(say(
            format!("{skipped} could not be read and are not counted"),
            format!("読み取れず数えていないもの{skipped}件"),
        ));
    }
    outcome
}

fn processes(found: &[(Name, Vec<String>)]) -> Outcome {
    let missing = found.iter().filter(|(_, list)| list.is_empty()).count();
    let state = if missing == 0 { CheckState::Ok } else { CheckState::Critical };
    let (there, all) = (found.len() - missing, found.len());
    let mut outcome = Outcome::new(state)
        .figure(same(format!("{there}/{all}")))
        .value(there as f64)
        .limit(say("each runs", "すべて稼働"))
        .input(say("processes of this machine", "このマシンのプロセス"));
    for (name, list) in found {
        let text = match list.len() {
            0 => say(format!("{name}: does not run"), format!("{name}: 稼働していません")),
            n => say(format!("{name}: {n} running"), format!("{name}: {n}件稼働中")),
        };
        outcome = outcome.because(text);
        outcome.lines.extend(list.iter().take(SHOWN).cloned());
    }
    outcome
}

/// The last line `YYYY-MM-DD NAME` of a file, as a person wrote it.
fn signed(file: &Name, max_age: SimDuration, text: &str, now: SimTime, zone: Zone) -> Outcome {
    let today = now.local(zone).date_naive();
    let mut last: Option<(chrono::NaiveDate, String)> = None;
    let (mut wrong, mut future) = (0u32, 0u32);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            continue;
        }
        let parts = line.split_once(char::is_whitespace);
        let signature = parts.and_then(|(day, who)| {
            let day = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
            let who: String = who.trim().chars().filter(|c| !c.is_control()).take(80).collect();
            (!who.is_empty()).then_some((day, who))
        });
        match signature {
            None => wrong += 1,
            Some((day, _)) if day > today => future += 1,
            Some(found) => {
                if last.as_ref().is_none_or(|(day, _)| *day <= found.0) {
                    last = Some(found);
                }
            }
        }
    }
    let limit = max_age.human();
    let mut outcome = match last {
        None => Outcome::unknown(say(
            "nobody has signed yet: add a line `YYYY-MM-DD NAME`",
            "まだ署名がありません。`YYYY-MM-DD 氏名` の行を追加してください",
        )),
        Some((day, who)) => {
            let at = zone.instant(day.and_time(chrono::NaiveTime::MIN));
            let overdue = now - at > max_age;
            let state = if overdue { CheckState::Critical } else { CheckState::Ok };
            let figure = match overdue {
                false => say(format!("{day} by {who}"), format!("{day} {who}")),
                true => say(
                    format!("overdue, last {day} by {who}"),
                    format!("期限超過、最終 {day} {who}"),
                ),
            };
            Outcome::new(state).figure(figure).at(at, now)
        }
    };
    for (count, en, ja) in [
        (wrong, "lines that are no signature", "署名ではない行"),
        (future, "signatures dated in the future do not count", "未来の日付の署名（無効）"),
    ] {
        if count > 0 {
            outcome = outcome.because(say(format!("{count} {en}"), format!("{ja} {count}件")));
        }
    }
    outcome
        .limit(say(format!("signed every {limit}"), format!("{limit} ごとに署名")))
        .input(say(format!("file {file}"), format!("ファイル {file}")))
}

fn imported(
    file: &Name,
    (max_age, fail_at): (SimDuration, FindingLevel),
    modified: SimTime,
    text: &str,
    now: SimTime,
) -> Outcome {
    let input = say(format!("result {file}"), format!("結果 {file}"));
    let age = now - modified;
    if age > max_age {
        let limit = max_age.human();
        return Outcome::unknown(say(
            format!("the result is older than {limit}; run the tool again"),
            format!("結果が {limit} より古いため、再実行してください"),
        ))
        .input(input)
        .at(modified, now);
    }
    let Some(found) = findings(text) else {
        return Outcome::unknown(say(
            "no result of a known tool (Trivy, pip list, pip-audit, drill.findings/1)",
            "対応する形式の結果ではありません（Trivy、pip list、pip-audit、drill.findings/1）",
        ))
        .input(input)
        .at(modified, now);
    };
    let failing = found.iter().filter(|one| one.level >= fail_at).count();
    let state = if failing == 0 { CheckState::Ok } else { CheckState::Critical };
    let all = found.len();
    let word = fail_at.as_str();
    let mut outcome = Outcome::new(state)
        .figure(say(
            format!("{failing} of {all} findings {word} or above"),
            format!("{all}件中{failing}件が{word}以上"),
        ))
        .value(failing as f64)
        .limit(say(format!("none {word} or above"), format!("{word}以上がないこと")))
        .input(input)
        .at(modified, now);
    let shown = found.iter().take(SHOWN);
    outcome.lines = shown.map(|one| format!("{:<8} {}", one.level.as_str(), one.text)).collect();
    let more = all.saturating_sub(SHOWN);
    if more > 0 {
        outcome = outcome.because(say(format!("{more} more"), format!("ほか{more}件")));
    }
    outcome
}

fn ran(argv: &[Name], max_age: SimDuration, run: &CommandRun, now: SimTime) -> Outcome {
    let words: Vec<&str> = argv.iter().map(Name::as_str).collect();
    let input =
        say(format!("command {}", words.join(" ")), format!("コマンド {}", words.join(" ")));
    if now - run.at > max_age {
        let limit = max_age.human();
        return Outcome::unknown(say(
            format!("its last run is older than {limit}; allow commands to run it again"),
            format!("最後の実行が {limit} より古いため、コマンドの実行を許可してください"),
        ))
        .input(input)
        .at(run.at, now);
    }
    let took = run.took.human();
    let (state, figure) = match (run.timed_out, run.status) {
        (true, _) => {
            (CheckState::Critical, say(format!("ended after {took}"), format!("{took} で打ち切り")))
        }
        (_, Some(0)) => (CheckState::Ok, say("exit code 0", "終了コード0")),
        (_, Some(code)) => {
            (CheckState::Critical, say(format!("exit code {code}"), format!("終了コード{code}")))
        }
        (_, None) => (CheckState::Critical, say("ended by a signal", "シグナルで終了")),
    };
    let mut outcome = Outcome::new(state)
        .figure(figure)
        .limit(say("exit code 0", "終了コード0"))
        .input(input)
        .at(run.at, now);
    outcome.lines.clone_from(&run.output);
    if let Some(code) = run.status {
        outcome = outcome.value(f64::from(code));
    }
    outcome
}
