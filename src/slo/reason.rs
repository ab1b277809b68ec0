//! Values that may be undefined, with the reason why.

use serde::{Deserialize, Serialize};

use crate::model::{Name, Text};

/// A value, or why there is none. Undefined is never shown as 0 or 100 %.
pub type Known<T> = Result<T, Reason>;

/// Why a value does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No slice of the window was measured.
    NoData,
    /// The window was measured and held no events, or no slice with a ratio.
    NoEvents,
    /// The target is 100 %: there is no budget to divide by.
    NoBudget,
    /// The first calendar period has not begun.
    BeforeFirstPeriod,
    /// The record does not cover the period.
    RecordTooShort,
    /// The budget is already exhausted.
    AlreadyExhausted,
    /// At this rate the budget never runs out: as much returns as is spent, or more.
    NeverAtThisRate,
    /// At this rate the calendar period ends first.
    PeriodEndsFirst,
    /// The alert has not got there (yet).
    NotReached,
}

impl Reason {
    /// The reason for people.
    pub fn text(self) -> Text {
        let (en, ja) = match self {
            Self::NoData => ("nothing was measured", "測定データがありません"),
            Self::NoEvents => ("there were no events", "イベントがありません"),
            Self::NoBudget => {
                ("a target of 100 % leaves no budget", "目標 100 % にはバジェットがありません")
            }
            Self::BeforeFirstPeriod => {
                ("the first period has not begun", "最初の期間がまだ始まっていません")
            }
            Self::RecordTooShort => {
                ("the record does not cover the period", "記録が期間全体に足りません")
            }
            Self::AlreadyExhausted => {
                ("the budget is already exhausted", "バジェットはすでに枯渇しています")
            }
            Self::NeverAtThisRate => ("not at this rate", "このペースでは枯渇しません"),
            Self::PeriodEndsFirst => ("the period ends first", "期間の終了が先に来ます"),
            Self::NotReached => ("not reached", "到達していません"),
        };
        Text { en: Name::from(en), ja: Name::from(ja) }
    }
}
