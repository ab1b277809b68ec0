//! Items of severity Low that wait for the weekly review: those of the issue logs that nobody has
//! acted on.

use std::collections::BTreeMap;

use super::span::PeriodSpan;
use crate::model::{Name, StreamKind};
use crate::store::{self, Selection, Streams};
use crate::units::SimTime;

/// Rows of a stream that are looked at, the newest first.
const MOST: u64 = 5000;
/// Before everything that is recorded.
const EVER: SimTime = SimTime::from_ms(-1 << 50);
/// Columns of an issue log.
const COLUMNS: [&str; 3] = ["level", "message", "action"];
/// What stands where no action was taken.
const NO_ACTION: [&str; 9] = ["-", "–", "none", "open", "todo", "tbd", "なし", "未対応", "未着手"];

/// One item that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowItem {
    /// When it was first written down.
    pub at: SimTime,
    /// What it is.
    pub text: String,
    /// The stream that has it.
    pub stream: String,
}

/// The Low items of all issue logs that were open at the period's end, the oldest first; `None`
/// when the workspace has no issue log. An item is open until a later line of the same description
/// names an action.
///
/// # Errors
/// As [`Streams::newest`].
pub fn low_items(
    streams: &Streams,
    span: &PeriodSpan,
) -> Result<Option<Vec<LowItem>>, store::Error> {
    let mut found: Option<Vec<LowItem>> = None;
    for stream in streams.list()? {
        if stream.kind != StreamKind::Logs || !is_issue_log(streams, &stream.name)? {
            continue;
        }
        let rows = Selection { stream: &stream.name, filter: None, from: EVER, to: span.to };
        let rows = streams.newest(&rows, &COLUMNS, MOST)?.unwrap_or_default();
        let open = found.get_or_insert_default();
        // Of each description the newest line decides, and the oldest says since when.
        let mut seen: BTreeMap<String, (bool, SimTime)> = BTreeMap::new();
        for row in rows {
            let mut values = row.values.into_iter().map(Option::unwrap_or_default);
            let (level, text, action) = (values.next(), values.next(), values.next());
            if !level.unwrap_or_default().trim().eq_ignore_ascii_case("low") {
                continue;
            }
            let waits = is_open(&action.unwrap_or_default());
            let entry = seen.entry(text.unwrap_or_default()).or_insert((waits, row.at));
            entry.1 = entry.1.min(row.at);
        }
        let waiting = seen.into_iter().filter(|(_, (waits, _))| *waits);
        let stream = stream.name.to_string();
        open.extend(waiting.map(|(text, (_, at))| LowItem { at, text, stream: stream.clone() }));
    }
    if let Some(open) = &mut found {
        open.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.text.cmp(&b.text)));
    }
    Ok(found)
}

fn is_issue_log(streams: &Streams, name: &Name) -> Result<bool, store::Error> {
    let shape = streams.shape(name)?;
    let has = |column: &&str| {
        shape.iter().any(|shape| shape.columns.iter().any(|(name, _)| **name == **column))
    };
    Ok(COLUMNS.iter().all(has))
}

fn is_open(action: &str) -> bool {
    let action = action.trim().to_lowercase();
    action.is_empty() || NO_ACTION.contains(&&*action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_without_an_action_is_open() {
        for action in ["", " ", "-", "None", "未対応"] {
            assert!(is_open(action), "{action}");
        }
        assert!(!is_open("restarted") && !is_open("再起動した"));
    }
}
