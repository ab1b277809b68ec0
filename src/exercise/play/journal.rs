//! The journal of a game: what was typed at which simulated instant, one JSON document per line.
//!
//! The journal is the state. A game is a function of its head and of the lines typed, so replaying
//! them gives the same game; the number of events written so far stands beside each line, and a
//! replay that differs is refused instead of going on as another game.

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Diagnostics, SourceText, Span};
use crate::model::{Mode, When};
use crate::units::{Seed, SimDuration};

/// Simulated runs that a game may be compared with.
const MAX_BAND: u32 = 100_000;

/// The schema of a journal file.
pub const JOURNAL_SCHEMA: &str = "drill.play/1";

/// Everything a game is a function of, beside what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHead {
    /// [`JOURNAL_SCHEMA`].
    pub schema: String,
    /// Version of drill that began the game.
    pub drill_version: String,
    /// Name of a scenario, or a file; of a recorded incident, its file.
    pub scenario: String,
    /// A recorded incident is played.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// The role at the seat.
    pub role: String,
    /// Parameters of the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<(String, String)>,
    /// System, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Pack, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// Responder preset.
    pub responders: String,
    /// Seed.
    pub seed: Seed,
    /// Start as RFC 3339, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Hour of the start, where it was to be drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Mode, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Roles removed from play.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Simulated runs for comparison.
    pub band: u32,
    /// Hash over the files of the game: other files would give another game.
    pub inputs: String,
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Entry {
    /// A line was typed.
    Typed {
        /// Offset from the start of the exercise.
        at_ms: SimDuration,
        /// Events written before it took effect.
        events: u64,
        /// The line, as typed.
        typed: String,
        /// Line of the script it came from, where it came from one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
    },
    /// Something was shown: time had come so far.
    Clock {
        /// Offset from the start of the exercise.
        at_ms: SimDuration,
        /// Events written by then.
        events: u64,
    },
    /// An answer after the end.
    Answer {
        /// The line, as typed.
        answer: String,
        /// Line of the script it came from, where it came from one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
    },
}

impl Entry {
    /// Offset from the start of the exercise; answers come after its end.
    fn at(&self) -> Option<SimDuration> {
        match self {
            Self::Typed { at_ms, .. } | Self::Clock { at_ms, .. } => Some(*at_ms),
            Self::Answer { .. } => None,
        }
    }

    /// The line of the script it came from.
    pub fn script_line(&self) -> Option<u64> {
        match self {
            Self::Typed { line, .. } | Self::Answer { line, .. } => *line,
            Self::Clock { .. } => None,
        }
    }
}

/// Reads a journal. A last line without its line feed, or that is not whole, was being written
/// when its process ended and is left out; the second value is how many bytes are whole.
///
/// # Errors
/// When the head is missing or another schema's, or a line before the last is broken.
pub fn read_journal(
    path: &str,
    bytes: &[u8],
) -> Result<(JournalHead, Vec<Entry>, usize), Diagnostics> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(&bytes[..whole]).into_owned();
    let source = SourceText::new(path, text.clone());
    let wrong = |at: usize, line: &str, message: String| -> Diagnostics {
        Diagnostic::error("play::journal", message)
            .at(&source, Span { start: at, end: at + line.len() }, "this line")
            .help("a journal is only written by drill; begin another game with --out")
            .into()
    };
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let begin = *at;
        *at += line.len();
        Some((begin, line))
    });
    let Some((_, first)) = lines.next() else {
        let message = format!("`{path}` holds no game");
        return Err(Diagnostic::error("play::journal", message)
            .help("name the folder that `drill run --play` made")
            .into());
    };
    let head: JournalHead = serde_json::from_str(first)
        .map_err(|error| wrong(0, first, format!("not the head of a game: {error}")))?;
    if head.schema != JOURNAL_SCHEMA {
        let message = format!("`{}` is not `{JOURNAL_SCHEMA}`", head.schema);
        return Err(wrong(0, first, message));
    }
    if head.band > MAX_BAND {
        let message = format!("`band` is {}, at most {MAX_BAND}", head.band);
        return Err(wrong(0, first, message));
    }
    let mut entries = Vec::new();
    let mut last = SimDuration::ZERO;
    for (at, line) in lines {
        match serde_json::from_str::<Entry>(line) {
            Ok(entry) => {
                let now = entry.at().unwrap_or(last);
                if now < last {
                    return Err(wrong(at, line, "time goes back here".to_owned()));
                }
                last = now;
                entries.push(entry);
            }
            Err(error) => return Err(wrong(at, line, format!("not a line of a game: {error}"))),
        }
    }
    Ok((head, entries, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> JournalHead {
        JournalHead {
            schema: JOURNAL_SCHEMA.to_owned(),
            drill_version: "1".to_owned(),
            scenario: "quiet-day".to_owned(),
            recorded: false,
            role: "pm".to_owned(),
            set: vec![("service".to_owned(), "movie".to_owned())],
            system: None,
            pack: None,
            responders: "well-drilled-team".to_owned(),
            seed: Seed(1),
            start: None,
            when: None,
            mode: Some(Mode::Train),
            without: Vec::new(),
            band: 0,
            inputs: "0".to_owned(),
        }
    }

    fn written(entries: &[Entry]) -> String {
        let mut text = serde_json::to_string(&head()).unwrap() + "\n";
        for entry in entries {
            text += &(serde_json::to_string(entry).unwrap() + "\n");
        }
        text
    }

    fn entries() -> Vec<Entry> {
        let at_ms = SimDuration::from_secs(90);
        vec![
            Entry::Typed { at_ms, events: 3, typed: "ack \u{1b}[31m".to_owned(), line: Some(2) },
            Entry::Clock { at_ms, events: 4 },
            Entry::Answer { answer: "training".to_owned(), line: None },
        ]
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = written(&entries());
        let (read_head, read, whole) = read_journal("j", text.as_bytes()).unwrap();
        assert_eq!((read_head, read, whole), (head(), entries(), text.len()));
        assert!(!text.contains('\u{1b}'), "control characters are escaped");
    }

    #[test]
    fn a_line_cut_anywhere_is_left_out_and_the_rest_is_kept() {
        let text = written(&entries());
        let first = text.find('\n').unwrap() + 1;
        for cut in first..text.len() {
            let (_, read, whole) = read_journal("j", &text.as_bytes()[..cut]).unwrap();
            assert!(whole <= cut && text.is_char_boundary(whole));
            assert_eq!(read, entries()[..read.len()]);
        }
    }

    #[test]
    fn a_broken_line_is_named() {
        let text = written(&entries()).replace("\"at_ms\":90000,\"events\":4", "\"at_ms\":\"x\"");
        let wrong = read_journal("j", text.as_bytes()).unwrap_err();
        assert_eq!(wrong.list[0].position().map(|(line, _)| line), Some(3));
        assert!(read_journal("j", b"").is_err());
        assert!(read_journal("j", b"{}\n").is_err());
        let other = written(&[]).replace("drill.play/1", "drill.play/9");
        assert!(read_journal("j", other.as_bytes()).is_err());
    }
}
