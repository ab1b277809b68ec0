//! Commands that a pack names, run only when the user allows it, and their results kept.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::probe::{Machine, say};
use super::probe_files::head;
use crate::assess::{CommandRun, Fact};
use crate::model::Name;
use crate::units::{SimDuration, SimTime, Zone};

/// Bytes of an output that are kept, from its end.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024;
/// Lines of an output that are kept, from its end.
const MAX_LINES: usize = 20;
/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Whether commands may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandRules {
    /// Only what earlier runs gave.
    Never,
    /// The user said so.
    Allowed,
}

/// The result of the command of the check `id`: of now where it may run, else of its last run.
pub(super) fn run(id: &str, argv: &[Name], timeout: SimDuration, machine: &Machine<'_>) -> Fact {
    let memory = machine.memory.as_ref().map(|folder| folder.join(format!("command-{id}.json")));
    if machine.commands == CommandRules::Never {
        let last = memory.as_deref().and_then(|path| remembered(path, argv));
        return last.map_or_else(never_run, Fact::Ran);
    }
    match ran(argv, timeout, machine) {
        Ok(run) => {
            if let (Some(path), true) = (memory, machine.remember) {
                // What cannot be kept is unknown next time.
                let _ = remember(&path, argv, &run);
            }
            Fact::Ran(run)
        }
        Err(error) => {
            let program = argv.first().map_or("", Name::as_str);
            Fact::Unreadable(say(
                format!("`{program}` could not be run: {error}"),
                format!("`{program}` を実行できません: {error}"),
            ))
        }
    }
}

fn never_run() -> Fact {
    Fact::Unreadable(say(
        "never run: commands run only with `--allow-commands`",
        "未実行です（コマンドは `--allow-commands` を付けたときだけ実行します）",
    ))
}

fn ran(argv: &[Name], timeout: SimDuration, machine: &Machine<'_>) -> io::Result<CommandRun> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| io::Error::other("no program is named"))?;
    // A file takes any amount of output and never blocks the command, unlike a pipe.
    let mut output = tempfile::tempfile()?;
    let mut child = Command::new(program.as_str())
        .args(arguments.iter().map(Name::as_str))
        .current_dir(machine.root)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    let limit = Duration::from_millis(u64::try_from(timeout.ms()).unwrap_or(0));
    let (status, took, timed_out) = waited(&mut child, limit)?;
    Ok(CommandRun {
        at: machine.now,
        status: status.and_then(|status| status.code()),
        timed_out,
        took,
        output: tail(&mut output)?,
    })
}

type Waited = (Option<std::process::ExitStatus>, SimDuration, bool);

#[expect(clippy::disallowed_methods, reason = "how long a command takes is told by a clock")]
fn waited(child: &mut Child, limit: Duration) -> io::Result<Waited> {
    let start = std::time::Instant::now();
    loop {
        let took = start.elapsed();
        let span = SimDuration::from_ms(i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
        if let Some(status) = child.try_wait()? {
            return Ok((Some(status), span, false));
        }
        if took >= limit {
            child.kill()?;
            child.wait()?;
            return Ok((None, span, true));
        }
        std::thread::sleep(POLL.min(limit - took));
    }
}

/// The last lines, without what would move a terminal's cursor.
fn tail(output: &mut File) -> io::Result<Vec<String>> {
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(MAX_OUTPUT_BYTES)))?;
    let mut bytes = Vec::new();
    output.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let clean = |line: &str| -> String {
        line.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let lines: Vec<String> = text.lines().map(clean).collect();
    Ok(lines[lines.len().saturating_sub(MAX_LINES)..].to_vec())
}

fn words(argv: &[Name]) -> Vec<&str> {
    argv.iter().map(Name::as_str).collect()
}

fn remember(path: &Path, argv: &[Name], run: &CommandRun) -> io::Result<()> {
    let document = json!({
        "schema": "drill.command-run/1",
        "argv": words(argv),
        "at": run.at.rfc3339(Zone::UTC),
        "status": run.status,
        "timed_out": run.timed_out,
        "took_ms": run.took.ms(),
        "output": run.output,
    });
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    fs::create_dir_all(&folder)?;
    let partial = tempfile::NamedTempFile::new_in(&folder)?;
    fs::write(partial.path(), format!("{document:#}\n"))?;
    partial.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The last result of this very command; another command of the same check is another result.
fn remembered(path: &Path, argv: &[Name]) -> Option<CommandRun> {
    let bytes = head(path, 1024 * 1024).ok()?;
    let document: Value = serde_json::from_slice(&bytes).ok()?;
    let known: Vec<&str> = document["argv"].as_array()?.iter().filter_map(Value::as_str).collect();
    if known != words(argv) {
        return None;
    }
    let at: SimTime = document["at"].as_str()?.parse().ok()?;
    let output = document["output"].as_array()?.iter().filter_map(Value::as_str);
    Some(CommandRun {
        at,
        status: document["status"].as_i64().and_then(|code| i32::try_from(code).ok()),
        timed_out: document["timed_out"].as_bool()?,
        took: SimDuration::from_ms(document["took_ms"].as_i64()?),
        output: output.map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(root: &Path, commands: CommandRules) -> Machine<'_> {
        let now = SimTime::from_ms(1_771_000_000_000);
        Machine { root, now, memory: Some(root.join("memory")), remember: true, commands }
    }

    fn argv(words: &[&str]) -> Vec<Name> {
        words.iter().map(|word| Name::from(*word)).collect()
    }

    const LONG: SimDuration = SimDuration::from_secs(30);

    #[test]
    fn nothing_runs_unless_allowed_and_results_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let command = argv(&["touch", "made"]);
        let never = machine(dir.path(), CommandRules::Never);
        assert_eq!(run("c", &command, LONG, &never), never_run());
        assert!(!dir.path().join("made").exists());
        let allowed = machine(dir.path(), CommandRules::Allowed);
        let Fact::Ran(now) = run("c", &command, LONG, &allowed) else { panic!() };
        assert_eq!((now.status, now.timed_out), (Some(0), false));
        assert!(dir.path().join("made").exists());
        assert_eq!(run("c", &command, LONG, &never), Fact::Ran(now));
        assert_eq!(run("c", &argv(&["touch", "other"]), LONG, &never), never_run());
        fs::write(dir.path().join("memory/command-c.json"), "{").unwrap();
        assert_eq!(run("c", &command, LONG, &never), never_run());
    }

    #[test]
    fn codes_outputs_and_endless_commands_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let machine = machine(dir.path(), CommandRules::Allowed);
        let script = "printf 'a\\033[2Jb\\n'; seq 30000; exit 3";
        let Fact::Ran(run_) = run("c", &argv(&["sh", "-c", script]), LONG, &machine) else {
            panic!()
        };
        assert_eq!((run_.status, run_.output.len()), (Some(3), MAX_LINES));
        assert_eq!(run_.output.last().unwrap(), "30000");
        let short = SimDuration::from_ms(100);
        let Fact::Ran(run_) = run("c", &argv(&["sleep", "60"]), short, &machine) else { panic!() };
        assert!(run_.timed_out && run_.status.is_none());
        let missing = run("c", &argv(&["no-such-program-here"]), LONG, &machine);
        assert!(matches!(missing, Fact::Unreadable(_)));
    }
}
