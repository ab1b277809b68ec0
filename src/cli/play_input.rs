//! Where a game's lines come from: a script, a pipe, or a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::ui::Failure;
use crate::diag::Diagnostic;
use crate::units::SimDuration;

/// A line is read up to here; the rest of it is dropped.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// A script is read as a whole.
const MAX_SCRIPT_BYTES: u64 = 4 * 1024 * 1024;

/// A line to be typed.
pub(super) struct Line {
    /// When, as an offset from the start of the exercise; now where it is not said.
    pub(super) at: Option<SimDuration>,
    /// What.
    pub(super) text: String,
    /// Its number in the script, from 1.
    pub(super) number: Option<u64>,
}

/// What came of waiting for a person.
pub(super) enum Heard {
    /// A line.
    Line(String),
    /// Nothing in that time.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// A source of lines.
pub(super) enum Input {
    /// Lines that are there already, or come without anybody waiting for output: time moves only
    /// by what they say.
    Lines(Box<dyn Iterator<Item = io::Result<Line>>>),
    /// A person: time moves by the clock.
    Person(Receiver<String>),
}

impl Input {
    /// The script of `path`, from behind its line `after` on; else standard input.
    pub(super) fn open(path: Option<&Path>, after: u64) -> Result<Self, Failure> {
        if let Some(path) = path {
            let source = crate::load::read(path, MAX_SCRIPT_BYTES)?;
            let lines: Vec<Line> = script(&source.text)
                .map_err(|(number, word)| bad_offset(path, number, &word))?
                .into_iter()
                .filter(|line| line.number.is_none_or(|number| number > after))
                .collect();
            return Ok(Self::Lines(Box::new(lines.into_iter().map(Ok))));
        }
        if io::stdin().is_terminal() {
            return Ok(Self::Person(listen()));
        }
        let mut input = io::stdin().lock();
        let lines = std::iter::from_fn(move || match read_line(&mut input) {
            Ok(Some(text)) => {
                let (at, text) = timed(&text);
                // An offset that cannot be read is part of a line that is not understood.
                Some(Ok(Line { at: at.ok().flatten(), text, number: None }))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        });
        Ok(Self::Lines(Box::new(lines)))
    }

    /// Whether a person waits for a prompt.
    pub(super) fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

/// Waits for a person at most `time`.
pub(super) fn hear(lines: &Receiver<String>, time: Duration) -> Heard {
    match lines.recv_timeout(time) {
        Ok(line) => Heard::Line(line),
        Err(RecvTimeoutError::Timeout) => Heard::Nothing,
        Err(RecvTimeoutError::Disconnected) => Heard::End,
    }
}

/// Reads the terminal beside the game, which goes on while nothing is typed.
fn listen() -> Receiver<String> {
    let (sender, receiver) = sync_channel(16);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(line)) = read_line(&mut input) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line without its end, cut at [`MAX_LINE_BYTES`]; bytes that are no UTF-8 are replaced.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    input.take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The lines of a script: `@12m30s ack` at that offset, `ack` right after the line before; empty
/// lines and those that begin with `#` say nothing.
fn script(text: &str) -> Result<Vec<Line>, (u64, String)> {
    let mut lines = Vec::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (at, text) = timed(line);
        let at = at.map_err(|word| (number, word))?;
        lines.push(Line { at, text, number: Some(number) });
    }
    Ok(lines)
}

/// The offset before a line, where there is one, and the line.
fn timed(line: &str) -> (Result<Option<SimDuration>, String>, String) {
    let Some(rest) = line.trim_start().strip_prefix('@') else {
        return (Ok(None), line.to_owned());
    };
    let (word, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match word.parse::<SimDuration>() {
        Ok(at) if at >= SimDuration::ZERO => (Ok(Some(at)), text.to_owned()),
        _ => (Err(word.to_owned()), line.to_owned()),
    }
}

fn bad_offset(path: &Path, number: u64, word: &str) -> Failure {
    let message = format!("`{}`, line {number}: `@{word}` is no offset", path.display());
    Diagnostic::error("play::offset", message).help("write it as `@12m30s ack`").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_timed_or_follow_on() {
        let lines = script("# a remark\n\n@1m30s ack\n  skip  \n@2h wait 5m\n").unwrap();
        let told: Vec<_> =
            lines.iter().map(|l| (l.number, l.at.map(|at| at.ms()), l.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (Some(3), Some(90_000), "ack"),
                (Some(4), None, "skip"),
                (Some(5), Some(7_200_000), "wait 5m")
            ]
        );
        assert_eq!(script("ack\n@soon ack").err(), Some((2, "soon".to_owned())));
        assert_eq!(script("@-5m ack").err(), Some((1, "-5m".to_owned())));
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 200_000];
        bytes.extend(b"\nack\r\n\xff\n");
        let mut input = io::Cursor::new(bytes);
        assert_eq!(read_line(&mut input).unwrap().unwrap().len(), 64 * 1024);
        assert_eq!(read_line(&mut input).unwrap().unwrap(), "ack");
        assert_eq!(read_line(&mut input).unwrap().unwrap(), "\u{fffd}");
        assert_eq!(read_line(&mut input).unwrap(), None);
    }
}
