//! A routine in the layout of the document that it comes from.

use super::lang::{Lang, Words};
use super::markdown::escape;
use super::text::{Style, columns, wrap};
use crate::assess::{CheckResult, CheckState, RoutineReport};
use crate::model::{RoutineKind, RoutineLayout, Text};
use crate::units::{SimTime, Zone};

/// Narrowest text.
const MIN_WIDTH: usize = 60;

/// How a routine is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutineLook {
    /// The language.
    pub lang: Lang,
    /// Marks such as ✅ before each line.
    pub emoji: bool,
    /// Every check with its input and age, also those that are shown only when they are not OK.
    pub detail: bool,
}

/// One line of the result: how deep it stands, what it says.
struct Line {
    depth: usize,
    text: String,
    /// Word for word, never wrapped at other places than the terminal's edge.
    verbatim: bool,
}

/// A routine as text.
pub fn routine_text(report: &RoutineReport, look: RoutineLook, style: Style) -> String {
    let width = style.width.max(MIN_WIDTH);
    let mut out = String::new();
    for line in lines(report, look) {
        let indent = "  ".repeat(line.depth);
        let room = width - columns(&indent);
        let text: String =
            line.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if text.is_empty() {
            out.push('\n');
            continue;
        }
        for (number, part) in wrap(&text, room).into_iter().enumerate() {
            let more = if number > 0 && line.verbatim { "  " } else { "" };
            out.push_str(&format!("{indent}{more}{part}\n"));
        }
    }
    out
}

/// A routine as Markdown: its lines as a nested list under its first line.
pub fn routine_markdown(report: &RoutineReport, look: RoutineLook) -> String {
    let mut all = lines(report, look).into_iter();
    let title = all.next().map_or_else(String::new, |line| line.text);
    let mut out = format!("# {}\n\n", escape(title.trim_matches(['=', ' '])));
    for line in all {
        if line.text.is_empty() {
            out.push('\n');
        } else {
            out.push_str(&format!("{}- {}\n", "  ".repeat(line.depth), escape(&line.text)));
        }
    }
    out
}

/// All lines, in order.
fn lines(report: &RoutineReport, look: RoutineLook) -> Vec<Line> {
    let writer = Writer { words: Words::new(look.lang), look, zone: report.times.zone };
    let mut lines = vec![line(0, writer.text(&report.routine.begin))];
    lines.push(line(0, writer.instants(report)));
    let numbered = report.routine.layout == RoutineLayout::Numbered;
    if !numbered {
        lines.push(line(0, String::new()));
    }
    let mut number = 0;
    let mut quiet: Vec<String> = Vec::new();
    for result in &report.results {
        if is_quiet(result, look) {
            quiet.push(result.check.id.to_string());
            continue;
        }
        if numbered {
            writer.numbered(result, &mut number, &mut lines);
        } else {
            let depth = usize::from(result.check.under.is_some());
            lines.push(line(depth, writer.main_line(report.routine.layout, result)));
            let layout = report.routine.layout;
            writer.details(layout, depth + 1, result, &mut lines);
        }
    }
    if let Some(end) = &report.routine.end {
        lines.push(line(0, writer.text(end)));
    }
    writer.footer(report, &quiet, &mut lines);
    lines
}

fn line(depth: usize, text: String) -> Line {
    Line { depth, text, verbatim: false }
}

/// Whether a check is counted at the end instead of being shown.
fn is_quiet(result: &CheckResult, look: RoutineLook) -> bool {
    result.check.only_when_not_ok && result.outcome.state == CheckState::Ok && !look.detail
}

struct Writer {
    words: Words,
    look: RoutineLook,
    zone: Zone,
}

impl Writer {
    /// A text in the language of the output, its spans written as people do.
    fn text(&self, text: &Text) -> String {
        self.words.spans_in(&self.words.text(text))
    }

    fn at(&self, at: SimTime) -> String {
        at.to_the_minute(self.zone)
    }

    /// What the figures stand for: the end of the data, the instant of the machine.
    fn instants(&self, report: &RoutineReport) -> String {
        let (times, zone) = (report.times, self.zone.to_string());
        let machine = self.at(times.machine);
        let data = times.data.map(|at| self.at(at));
        let key = match &data {
            None => "routine-machine",
            // When somebody looked is told in detail only: what was recorded is the same
            // whenever it is looked at.
            Some(data) if self.look.detail && *data != machine => "routine-instants",
            Some(_) => "routine-data",
        };
        let data = data.unwrap_or_default();
        self.words.f(key, &[("data", &data), ("machine", &machine), ("zone", &zone)])
    }

    /// The mark before a line, with the space behind it.
    fn mark(&self, state: CheckState) -> &'static str {
        if !self.look.emoji {
            return "";
        }
        match state {
            CheckState::Ok => "✅ ",
            CheckState::Warning => "⚠️  ",
            CheckState::Critical => "❌ ",
            CheckState::Unknown => "❔ ",
        }
    }

    fn state(&self, state: CheckState) -> String {
        self.words.word("routine-state", state.as_str())
    }

    /// `SLO 18/19 (94.7%)`, or `Hooks: OK (5/5)`.
    fn main_line(&self, layout: RoutineLayout, result: &CheckResult) -> String {
        let (title, state) = (self.words.text(&result.check.title), result.outcome.state);
        let figure = result.outcome.figure.as_ref().map(|figure| self.text(figure));
        let mark = self.mark(state);
        let figures = layout == RoutineLayout::Figures;
        let text = match (figures, title.split_once("{}")) {
            (true, Some((before, after))) => {
                let figure = figure.unwrap_or_else(|| self.state(state));
                format!("{before}{figure}{after}")
            }
            _ => {
                // The document's words, in both languages.
                let word = state.as_str().to_uppercase();
                let figure = match figure {
                    None => String::new(),
                    // Brackets within brackets are hard to read.
                    Some(figure) if figure.contains(['(', '（']) => format!(", {figure}"),
                    Some(figure) => format!(" ({figure})"),
                };
                format!("{title}: {word}{figure}")
            }
        };
        format!("{mark}{text}")
    }

    /// `[1] title`, the figure and the findings below it.
    fn numbered(&self, result: &CheckResult, number: &mut u32, lines: &mut Vec<Line>) {
        let (title, outcome) = (self.words.text(&result.check.title), &result.outcome);
        let depth = match result.check.under {
            None => {
                *number += 1;
                lines.push(line(0, format!("[{number}] {title}")));
                1
            }
            Some(_) => {
                lines.push(line(1, title));
                2
            }
        };
        if let Some(figure) = &outcome.figure {
            lines.push(line(depth, format!("{}{}", self.mark(outcome.state), self.text(figure))));
        }
        self.details(RoutineLayout::Numbered, depth, result, lines);
    }

    /// State and limit, what speaks for it, lines word for word, input and age, remedy.
    fn details(
        &self,
        layout: RoutineLayout,
        depth: usize,
        result: &CheckResult,
        lines: &mut Vec<Line>,
    ) {
        let outcome = &result.outcome;
        let state = self.state(outcome.state);
        match &outcome.limit {
            Some(limit) => lines.push(line(depth, format!("{state}: {}", self.text(limit)))),
            // The line above says it already.
            None if layout == RoutineLayout::States => {}
            None => lines.push(line(depth, state)),
        }
        lines.extend(outcome.evidence.iter().map(|text| line(depth, self.text(text))));
        for text in &outcome.lines {
            lines.push(Line { depth: depth + 1, text: text.clone(), verbatim: true });
        }
        let shown = self.look.detail || outcome.state != CheckState::Ok;
        if let (Some(input), true) = (&outcome.input, shown) {
            let input = self.text(input);
            let text = match outcome.input_at.zip(outcome.age) {
                Some((at, age)) => {
                    let (at, age) = (self.at(at), self.words.span(age));
                    let args: [(&str, &str); 3] = [("input", &input), ("at", &at), ("age", &age)];
                    self.words.f("routine-input-age", &args)
                }
                None => self.words.f("routine-input", &[("input", &input)]),
            };
            lines.push(line(depth, text));
        }
        if let (Some(remedy), true) = (&result.check.remedy, outcome.state != CheckState::Ok) {
            let remedy = self.text(remedy);
            lines.push(line(depth, self.words.f("routine-remedy", &[("remedy", &remedy)])));
        }
    }

    fn footer(&self, report: &RoutineReport, quiet: &[String], lines: &mut Vec<Line>) {
        lines.push(line(0, String::new()));
        if report.routine.kind == RoutineKind::Health {
            let word = overall_word(report.overall());
            lines.push(line(0, self.words.f("routine-overall", &[("state", word)])));
        }
        let states =
            [CheckState::Ok, CheckState::Warning, CheckState::Critical, CheckState::Unknown];
        let counts = states.into_iter().filter(|state| report.count(*state) > 0);
        let counts = counts.map(|state| format!("{} {}", self.state(state), report.count(state)));
        let (all, counts) = (report.results.len().to_string(), self.words.list(counts));
        lines.push(line(0, self.words.f("routine-count", &[("all", &all), ("counts", &counts)])));
        if !quiet.is_empty() {
            let (count, names) = (quiet.len().to_string(), self.words.list(quiet));
            let args: [(&str, &str); 2] = [("count", &count), ("names", &names)];
            lines.push(line(0, self.words.f("routine-quiet", &args)));
        }
        let (minutes, owners) = report.planned();
        if minutes > 0 {
            let owner = |(owner, minutes): &(Option<crate::model::Name>, u32)| {
                let owner = owner.as_ref().map_or("-", |owner| owner.as_str());
                let minutes = minutes.to_string();
                self.words.f("routine-owner", &[("owner", owner), ("minutes", &minutes)])
            };
            let (minutes, owners) =
                (minutes.to_string(), self.words.list(owners.iter().map(owner)));
            let args: [(&str, &str); 2] = [("minutes", &minutes), ("owners", &owners)];
            lines.push(line(0, self.words.f("routine-planned", &args)));
        }
    }
}

/// As the design of the rollback system calls the state of a whole system.
pub(super) const fn overall_word(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "HEALTHY",
        CheckState::Warning => "WARNING",
        CheckState::Critical => "CRITICAL",
        CheckState::Unknown => "UNKNOWN",
    }
}
