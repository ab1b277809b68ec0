//! Everything that reaches the terminal, and everything that can go wrong on the way.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::args::{ColorArg, Common, Format, LangArg};
use super::shown::Shown;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::report::{Color, Lang, Style};

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Mistakes in files or arguments.
    #[error("{0}")]
    Input(#[from] Diagnostics),
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store refused.
    #[error("{0}")]
    Store(crate::store::Error),
    /// Whoever read our output has left; that is not a failure.
    #[error("closed pipe")]
    ClosedPipe,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Input(diagnostic.into())
    }
}

impl From<crate::store::Error> for Failure {
    /// A mistake in the input reads like any other; the rest is the store's own.
    fn from(error: crate::store::Error) -> Self {
        match error {
            crate::store::Error::Refused(diagnostics) => Self::Input(diagnostics),
            other => Self::Store(other),
        }
    }
}

impl Failure {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    /// What to do about it, where that is known.
    fn help(&self) -> Option<&'static str> {
        let Self::File { source, .. } = self else { return None };
        match source.kind() {
            io::ErrorKind::NotFound => {
                Some("check the path; `drill list` names what needs no file")
            }
            io::ErrorKind::PermissionDenied => {
                Some("allow access to it, or name another place (`--out DIR` for results)")
            }
            io::ErrorKind::StorageFull => Some("make room, or name another place with --out DIR"),
            _ => None,
        }
    }
}

/// The terminal.
pub(super) struct Ui {
    lang: Lang,
    color: bool,
    width: usize,
    pub(super) quiet: bool,
    verbose: bool,
    /// Standard output is for one document.
    aside: bool,
}

impl Ui {
    pub(super) fn new(common: &Common) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match common.color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => !no_color && io::stdout().is_terminal(),
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok());
        Self {
            lang: match common.lang {
                LangArg::En => Lang::En,
                LangArg::Ja => Lang::Ja,
            },
            color,
            width: columns.unwrap_or(80).clamp(60, 120),
            quiet: common.quiet,
            verbose: common.verbose,
            aside: common.format != Format::Text,
        }
    }

    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether more is wanted on everything.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    pub(super) fn style(&self) -> Style {
        Style { width: self.width, color: if self.color { Color::On } else { Color::Off } }
    }

    /// Data, to standard output.
    pub(super) fn data(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        write!(out, "{text}{newline}").map_err(|error| stdout_failure(&error))
    }

    /// What is said while a game is played: to standard output, or to standard error where the
    /// output is one document.
    pub(super) fn talk(&mut self, text: &str) -> Result<(), Failure> {
        if !self.aside {
            return self.data(text);
        }
        let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        // A game goes on whoever reads.
        let _ = write!(io::stderr(), "{text}{newline}");
        Ok(())
    }

    /// A question, which the answer follows on the same line.
    pub(super) fn ask(&mut self, text: &str) -> Result<(), Failure> {
        if self.aside {
            let _ = write!(io::stderr(), "{text}");
            return Ok(());
        }
        write!(io::stdout().lock(), "{text}").map_err(|error| stdout_failure(&error))?;
        self.finish()
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        io::stdout().flush().map_err(|error| stdout_failure(&error))
    }

    /// A remark, to standard error, unless `--quiet`.
    pub(super) fn remark(&self, text: impl fmt::Display) {
        if !self.quiet {
            // A remark nobody can read is not worth failing for.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A remark that only `--verbose` asks for.
    pub(super) fn detail(&self, text: impl fmt::Display) {
        if self.verbose {
            self.remark(text);
        }
    }

    /// Mistakes, to standard error, each with its place and remedy.
    pub(super) fn diagnostics(&self, diagnostics: &Diagnostics) {
        for diagnostic in &diagnostics.list {
            let _ = write!(io::stderr(), "{}", self.render(diagnostic));
        }
        let errors = diagnostics.list.iter().filter(|d| d.severity == Severity::Error).count();
        if errors > 1 {
            let _ = writeln!(io::stderr(), "{errors} errors");
        }
    }

    /// One mistake as text for people.
    pub(super) fn render(&self, diagnostic: &Diagnostic) -> String {
        let stderr_color = self.color && io::stderr().is_terminal();
        let theme = if stderr_color { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(self.width);
        let mut text = String::new();
        if handler.render_report(&mut text, &Shown::new(diagnostic)).is_err() {
            text = format!("{diagnostic}\n");
        }
        text
    }

    pub(super) fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Input(diagnostics) => self.diagnostics(diagnostics),
            other => {
                let _ = writeln!(io::stderr(), "error: {other}");
                if let Some(help) = other.help() {
                    let _ = writeln!(io::stderr(), "  help: {help}");
                }
            }
        }
    }
}

fn stdout_failure(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::ClosedPipe;
    }
    Failure::File { path: PathBuf::from("standard output"), source: io::Error::from(error.kind()) }
}

/// Refuses a form of output that a command does not have.
pub(super) fn only(format: Format, allowed: &[Format], command: &str) -> Result<(), Failure> {
    if allowed.contains(&format) {
        return Ok(());
    }
    let word = |format: &Format| format!("{format:?}").to_lowercase();
    let words: Vec<String> = allowed.iter().map(word).collect();
    let message = format!("`drill {command}` has no format `{}`", word(&format));
    Err(Diagnostic::error("usage::format", message)
        .help(format!("it has: {}", words.join(", ")))
        .into())
}
