//! Checks on what a workspace keeps of its drills, and on the pack's own review.

use chrono::NaiveDate;

use super::super::due::{DueDrills, DuePeriod, Held};
use super::outcome::{CheckState, Outcome, same, say};
use crate::model::{Action, ActionState, Pack};
use crate::units::SimTime;

/// Whether actions of earlier drills are open on `day`: overdue ones fail, open ones warn.
pub fn judge_actions(actions: Option<&[Action]>, day: NaiveDate) -> Outcome {
    let Some(actions) = actions else { return no_history() };
    let mut open: Vec<&Action> =
        actions.iter().filter(|action| action.state(day) != ActionState::Closed).collect();
    open.sort_by_key(|action| (action.due.is_none(), action.due, action.number));
    let overdue = open.iter().filter(|a| a.state(day) == ActionState::Overdue).count();
    let state = match (open.len(), overdue) {
        (0, _) => CheckState::Ok,
        (_, 0) => CheckState::Warning,
        _ => CheckState::Critical,
    };
    let n = open.len();
    let mut outcome = Outcome::new(state)
        .figure(say(
            format!("{n} open, {overdue} overdue"),
            format!("未完了{n}件、期限超過{overdue}件"),
        ))
        .value(open.len() as f64)
        .limit(say("none open", "未完了がないこと"))
        .input(say("actions of the workspace", "ワークスペースのアクション"));
    for action in open {
        let due = action.due.map_or_else(|| "-".to_owned(), |due| due.to_string());
        let owner = action.owner.as_deref().unwrap_or("-");
        let (id, text) = (action.id(), &action.text);
        let late = action.state(day) == ActionState::Overdue;
        let (en, ja) = if late { (", overdue", "・期限超過") } else { ("", "") };
        outcome = outcome.because(say(
            format!("{id} {text} (owner {owner}, due {due}{en})"),
            format!("{id} {text}（担当 {owner}、期限 {due}{ja}）"),
        ));
    }
    outcome
}

fn no_history() -> Outcome {
    Outcome::unknown(say(
        "the workspace has no history of drills and incidents",
        "ワークスペースに訓練・インシデントの履歴がありません",
    ))
}

/// Whether the last period that is over had its drill; one of simulated people alone warns.
pub fn judge_due(due: Option<&DueDrills>, now: SimTime) -> Outcome {
    let Some(due) = due else { return no_history() };
    let last = due.last_complete(now);
    let state = match last.map(|period| period.held) {
        Some(Held::Missed | Held::Due) => CheckState::Critical,
        Some(Held::Simulated(_)) => CheckState::Warning,
        Some(Held::People(_)) | None => CheckState::Ok,
    };
    let told = |period: &DuePeriod| {
        let label = &period.span.label;
        let until = period.span.to.to_the_minute(period.span.zone);
        match period.held {
            Held::People(n) => say(format!("{label}: {n} held"), format!("{label}：{n}回実施")),
            Held::Simulated(n) => say(
                format!("{label}: none with people, {n} simulated"),
                format!("{label}：人による訓練なし（シミュレーションのみ{n}回）"),
            ),
            Held::Due => say(
                format!("{label}: due before {until}"),
                format!("{label}：未実施（期限 {until}）"),
            ),
            Held::Missed => say(format!("{label}: missed"), format!("{label}：未実施のまま終了")),
        }
    };
    let mut outcome = Outcome::new(state)
        .limit(say("one with people each period", "期間ごとに人による訓練1回以上"))
        .input(say("history of the workspace", "ワークスペースの履歴"));
    let shown = last.or(due.periods.last());
    if let Some(shown) = shown {
        outcome = outcome.figure(told(shown));
    }
    for period in due.periods.iter().rev().take(6).filter(|one| Some(*one) != shown) {
        outcome = outcome.because(told(period));
    }
    outcome.because(say(
        format!("scenarios: {}", due.scenarios.join(", ")),
        format!("シナリオ：{}", due.scenarios.join("、")),
    ))
}

/// Whether the pack itself is due for a review on `day`.
pub fn judge_review(pack: &Pack, day: NaiveDate) -> Outcome {
    let (version, date) = (&pack.version, &pack.date);
    let version = say(format!("version {version} of {date}"), format!("版 {version}（{date}）"));
    let Some(next) = pack.next_review_day() else {
        return Outcome::unknown(say(
            "next_review is not set in pack.toml",
            "pack.toml の next_review が未設定です",
        ))
        .because(version);
    };
    let state = if next < day { CheckState::Critical } else { CheckState::Ok };
    let mut outcome = Outcome::new(state)
        .figure(same(next.to_string()))
        .limit(say("not passed", "期日を過ぎていないこと"))
        .because(version);
    if next < day {
        let days = (day - next).num_days();
        let text = say(format!("overdue for {days} days"), format!("{days}日超過"));
        outcome = outcome.because(text);
    }
    outcome
}
