//! A game at a real terminal, by tmux: typed keys, the clock, pause, quit, a kill, and going on.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "what is typed at a terminal is typed in real time, and a check that is skipped says so"
)]

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::env::TestEnv;

const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of 80 columns, alone on a tmux server of its own.
struct Terminal<'a> {
    env: &'a TestEnv,
}

impl<'a> Terminal<'a> {
    /// A shell in the folder of `env`; `None` where there is no tmux.
    fn open(env: &'a TestEnv) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: no tmux here");
            return None;
        }
        let terminal = Self { env };
        let size = ["-x", "80", "-y", "50"];
        terminal.tmux(&[&["new-session", "-d"][..], &size[..], &["sh"][..]].concat());
        terminal.tmux(&["set-option", "-g", "history-limit", "20000"]);
        terminal.line("PS1='$ '");
        Some(terminal)
    }

    fn tmux(&self, args: &[&str]) -> String {
        let socket = self.env.path().join("tmux.socket");
        let output = Command::new("tmux")
            .arg("-S")
            .arg(socket)
            .args(["-f", "/dev/null"])
            .args(args)
            .current_dir(self.env.path())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Types a line.
    fn line(&self, text: &str) {
        if !text.is_empty() {
            self.tmux(&["send-keys", "-l", text]);
        }
        self.tmux(&["send-keys", "Enter"]);
    }

    /// What the terminal shows, all that scrolled away included; broken lines are not joined.
    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"])
    }

    /// Waits until `wanted` was shown `times`.
    fn wait(&self, wanted: &str, times: usize) -> String {
        let since = Instant::now();
        loop {
            let screen = self.screen();
            if screen.matches(wanted).count() >= times {
                return screen;
            }
            assert!(since.elapsed() < PATIENCE, "`{wanted}` did not come:\n{screen}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Starts drill with these arguments.
    fn drill(&self, args: &str) {
        let drill = env!("CARGO_BIN_EXE_drill");
        self.line(&format!("clear; {drill} {args}"));
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// Seconds at the last prompt (`[+11 min 1 s] pm> `).
fn seconds(screen: &str) -> u32 {
    let prompt = screen.lines().rev().find(|line| line.starts_with("[+"));
    let inside = prompt.and_then(|line| line[2..].split(']').next()).unwrap();
    let words: Vec<&str> = inside.split(' ').collect();
    let of = |pair: &[&str]| {
        let number: u32 = pair[0].parse().unwrap();
        number * if pair[1] == "min" { 60 } else { 1 }
    };
    words.chunks(2).map(of).sum()
}

#[test]
fn a_game_is_played_at_a_terminal() {
    let env = TestEnv::new();
    let Some(terminal) = Terminal::open(&env) else { return };
    terminal.drill("run service-outage --play pm --mode train --band 0 --out g");
    terminal.wait("pm>", 1);
    terminal.line("help");
    terminal.wait("Marks:", 1);
    terminal.line("stauts");
    terminal.wait("Did you mean `status`?", 1);
    terminal.line("skip");
    let screen = terminal.wait("! pager", 1);
    assert!(screen.lines().all(|line| !line.ends_with('\\')), "{screen}");
    terminal.line("ack");
    terminal.wait("* acknowledged", 1);
    // The clock runs while nothing is typed, and stands still in a pause.
    let before = seconds(&terminal.wait("pm>", 5));
    sleep(Duration::from_secs(3));
    terminal.line("pause");
    let paused = seconds(&terminal.wait("The clock stands still", 1));
    sleep(Duration::from_secs(4));
    terminal.line("");
    terminal.line("status");
    let screen = terminal.wait("Now +", 1);
    let now = screen.lines().rev().find_map(|line| line.trim().strip_prefix("Now +"));
    let now = seconds(&format!("[+{}]", now.unwrap().split(',').next().unwrap()));
    assert!(now >= before + 2, "{before} {now}");
    assert!(now <= paused + 8, "a pause costs nothing: {paused} {now}");
    terminal.line("declare high");
    terminal.wait("incident declared: High", 1);

    // A kill in the middle of a line takes only that line.
    terminal.tmux(&["send-keys", "-l", "post half a sent"]);
    let drill = child_of(&terminal);
    let killed = Command::new("kill").args(["-9", &drill]).status().unwrap();
    assert!(killed.success());
    terminal.wait("Killed", 1);
    terminal.line("");
    terminal.drill("run --resume g");
    let screen = terminal.wait("pm>", 1);
    assert!(screen.contains("You go on where you left"), "{screen}");
    assert!(screen.contains("incident declared: High"), "{screen}");
    assert!(!screen.contains("half a sent"), "{screen}");
    let other = env.run(&["run", "--resume", "g"]);
    assert!(other.code == 2 && other.stderr.contains("being played already"), "{}", other.stderr);

    terminal.line("quit");
    terminal.wait("go on with: drill run --resume g", 1);
    terminal.drill("run --resume g --lang ja");
    terminal.wait("pm>", 1);
    terminal.line("ヘルプ");
    terminal.wait("記号:", 1);
    // A claim that is false is something to improve.
    terminal.line("解消");
    terminal.wait("影響は解消", 1);
    terminal.line("終了");
    terminal.wait("改善点 1 / ", 1);
    terminal.line("quit");
    terminal.wait("再開するには", 1);
    assert!(!env.path().join("g/after-action.html").exists(), "the questions are still open");
}

/// The process that the shell of the terminal waits for.
fn child_of(terminal: &Terminal<'_>) -> String {
    let shell = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let path = format!("/proc/{0}/task/{0}/children", shell.trim());
    let children = std::fs::read_to_string(path).unwrap();
    children.split_whitespace().last().unwrap().to_owned()
}
