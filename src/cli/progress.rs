//! Progress of long work, on standard error.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ui::Ui;
use crate::exercise::Progress;

/// Shows nothing during the first half second, then a bar on a terminal, or a line now and then
/// where standard error is a file.
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
    last_line: Cell<Instant>,
    terminal: bool,
    quiet: bool,
}

const PATIENCE: Duration = Duration::from_millis(500);
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Bar {
    #[expect(clippy::disallowed_methods, reason = "how long work takes is for people, not results")]
    pub(super) fn new(ui: &Ui) -> Self {
        let bar = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} trials, {eta} left") {
            bar.set_style(style);
        }
        let now = Instant::now();
        let terminal = io::stderr().is_terminal();
        Self { bar, started: now, last_line: Cell::new(now), terminal, quiet: ui.quiet }
    }
}

impl Progress for Bar {
    #[expect(clippy::disallowed_methods, reason = "how long work takes is for people, not results")]
    fn advance(&self, done: u64, all: u64) {
        let now = Instant::now();
        if self.quiet || now.duration_since(self.started) < PATIENCE {
            return;
        }
        if self.terminal {
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_length(all);
            self.bar.set_position(done);
        } else if now.duration_since(self.last_line.get()) >= LINE_EVERY {
            self.last_line.set(now);
            let _ = writeln!(io::stderr(), "{done} of {all} trials");
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
