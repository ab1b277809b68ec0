//! A person in the seat: scripted games, kills, hostile lines, and what is shown when.

use std::io::Write;
use std::process::Stdio;

use crate::env::{Ran, TestEnv};

/// A game of a project manager from page to claim.
const PM: &str = "\
# The PM of a service outage, by the book.
look
skip
hint
ack
status
declare high
do assess
@14m runbook
report immediate
wait 5m
post Sign-in does not work; we are on it.
ask agents
skip
do draft-plan
@24m report detailed
suspect user-service
say urgent user-service is the cause
@35m status
look user-service
page lead
@70m mitigated
@100m resolved
log
end
> Rehearse declaring
> training
> pm
> 2026-12-01
>
";

/// A human lead in the quarterly drill, who is called late and steps in.
const LEAD: &str = "\
look
skip
ack
declare critical
ask pm
skip
look user-service
ask degrade user-service
@20m status
wait 10m
approve repair-data user-service
handover pm
wait 2h
join
look
end
";

/// The agents of an agent that hangs: mistakes, and a step that is left out.
const AGENTS: &str = "\
status
lok
do nothing
do check-state
ack
skip
skip
ack
runbook
do check-state
do auto-recover
skip
do manual-recovery backend-agent
do manual-recovery user-service
leave diagnose because the agent is known to hang
leave diagnose
rollback user-service to v41
look backend-agent
wait soon
@50m status
do confirm-recovery
mitigated
@80m status
end
";

fn play(env: &TestEnv, name: &str, script: &str, args: &[&str]) -> Ran {
    env.file(&format!("{name}.txt"), script);
    let file = format!("{name}.txt");
    let mut all = vec!["run"];
    all.extend(args);
    all.extend(["--band", "0", "--script", file.as_str(), "--out", name]);
    env.run(&all)
}

/// The lines of a game without the scorecard that follows, which has snapshots of its own.
fn game_of(ran: &Ran) -> String {
    let end = ["\nDrill report:", "\n訓練報告書", "\n訓練レポート"];
    let at = end.iter().filter_map(|mark| ran.stdout.find(mark)).min();
    ran.stdout[..at.unwrap_or(ran.stdout.len())].to_owned()
}

fn narrow(text: &str) {
    use unicode_width::UnicodeWidthStr;
    for line in text.lines().filter(|line| !line.starts_with('[')) {
        assert!(line.width() <= 80, "over 80 columns: {line}");
    }
}

#[test]
fn scripted_games_read_as_they_were_played() {
    let env = TestEnv::new();
    let games: [(&str, &str, &[&str]); 3] = [
        ("pm", PM, &["service-outage", "--play", "pm", "--mode", "train"]),
        ("lead", LEAD, &["quarterly-outage", "--play", "lead", "--seed", "3", "--lang", "ja"]),
        ("agents", AGENTS, &["agent-hang", "--play", "agents"]),
    ];
    for (name, script, args) in games {
        let ran = play(&env, name, script, args);
        assert_eq!(ran.code, 0, "{name}\n{}\n{}", ran.stdout, ran.stderr);
        narrow(&ran.stdout);
        insta::assert_snapshot!(format!("play_{name}"), game_of(&ran));
        let report =
            std::fs::read_to_string(env.path().join(name).join("after-action.md")).unwrap();
        insta::assert_snapshot!(format!("play_{name}_after"), report);
        let scored = env.ok(&["score", &format!("{name}/timeline.jsonl"), "--format", "json"]);
        let card = std::fs::read_to_string(env.path().join(name).join("scorecard.json")).unwrap();
        assert_eq!(scored.stdout.trim(), card.trim(), "the scorer says the same of the file");
    }
}

#[test]
fn a_game_cut_at_any_line_goes_on_to_the_same_end() {
    let env = TestEnv::new();
    let args = ["service-outage", "--play", "pm", "--mode", "train"];
    play(&env, "pm", PM, &args);
    let whole = env.files("pm");
    let journal = std::fs::read_to_string(env.path().join("pm/journal.jsonl")).unwrap();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    // A third of the cuts, and each of those in the middle of its line, too.
    for (round, cut) in (1..lines.len()).step_by(3).enumerate() {
        let folder = format!("cut-{cut}");
        let mut kept: String = lines[..cut].concat();
        if round % 2 == 0 {
            let next = lines[cut];
            kept.push_str(&next[..next.len() / 2]);
        }
        env.file(&format!("{folder}/journal.jsonl"), &kept);
        let ran = env.run(&["run", "--resume", &folder, "--script", "pm.txt"]);
        assert_eq!(ran.code, 0, "cut at {cut}\n{}\n{}", ran.stdout, ran.stderr);
        for (name, bytes) in &whole {
            let again = std::fs::read(env.path().join(&folder).join(name)).unwrap();
            // A line that was written when the process ended is typed again, with its own clock.
            assert!(name == "journal.jsonl" || again == *bytes, "{name} differs, cut at {cut}");
        }
    }
}

#[test]
fn a_killed_game_loses_nothing_that_was_shown() {
    let env = TestEnv::new();
    for round in 0..4u64 {
        let folder = format!("k{round}");
        let mut child = env
            .command(&["run", "quarterly-outage", "--play", "pm", "--out", &folder, "--band", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let typed = 2 + round * 3;
        for _ in 0..typed {
            writeln!(input, "skip").unwrap();
        }
        input.flush().unwrap();
        // The prompt of the last line says that it was read; then the process is killed.
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut shown = Vec::new();
        while shown.iter().filter(|line: &&String| line.contains("pm> skip")).count()
            < typed as usize
        {
            let mut line = String::new();
            assert!(std::io::BufRead::read_line(&mut output, &mut line).unwrap() > 0);
            shown.push(line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = env.ok(&["run", "--resume", &folder]);
        let heads: Vec<&String> = shown.iter().filter(|line| line.contains("  ! ")).collect();
        for head in heads {
            assert!(ran.stdout.contains(head.trim().split("  ").next().unwrap()), "{head}");
        }
    }
}

#[test]
fn nothing_typed_is_kept_and_nothing_done_ends() {
    let env = TestEnv::new();
    let ran = play(&env, "none", "", &["service-outage", "--play", "pm"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("drill run --resume none"), "{}", ran.stderr);
    assert_eq!(env.files("none").len(), 1, "only the journal");
    let again = play(&env, "none", "", &["service-outage", "--play", "pm"]);
    assert_eq!(again.code, 2, "a game under way is not begun anew");
    let over = env.run(&["run", "quiet-day", "--band", "0", "--out", "none"]);
    assert_eq!(over.code, 2, "and no drill is written over it\n{}", over.stderr);
    let ran = play(&env, "idle", "@30d status\n", &["service-outage", "--play", "pm"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let card = std::fs::read_to_string(env.path().join("idle/scorecard.json")).unwrap();
    let card: serde_json::Value = serde_json::from_str(&card).unwrap();
    assert_ne!(card["score"]["rating"], serde_json::Value::Null, "a person was rated");
    let done = env.run(&["run", "--resume", "idle"]);
    assert_eq!(done.code, 2, "{}", done.stdout);
}

#[test]
fn hostile_lines_are_refused_and_shown_harmlessly() {
    let env = TestEnv::new();
    let mut bytes = Vec::new();
    bytes.extend(b"\x1b[2Jack\x07\n\xff\xfe\xfd\n\0\0\n@ @ @\n@99999999999999999d ack\n");
    bytes.extend(std::iter::repeat_n(b'a', 3_000_000));
    bytes.extend(b"\nsay urgent \x1b]0;owned\x07 \xe2\x80\xae text\nwait 999999999999d\n");
    bytes.extend(b"ack 99999999999999999999\n");
    bytes.extend("宣言\nlook ../../etc/passwd\ndo 'rm -rf'\ndeclare high high\n".as_bytes());
    let mut child = env
        .command(&["run", "service-outage", "--play", "pm", "--out", "h", "--band", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\0', '\u{202e}']));
    assert!(text.len() < 20_000, "a line of 3 MB is not repeated: {} bytes", text.len());
    let ran = env.ok(&["run", "--resume", "h"]);
    assert!(!ran.stdout.contains('\u{1b}'));
    let journal = std::fs::read_to_string(env.path().join("h/journal.jsonl")).unwrap();
    assert!(journal.len() < 20_000 && !journal.contains('\u{1b}'));
}

#[test]
fn a_journal_that_does_not_fit_is_refused() {
    let env = TestEnv::new();
    play(&env, "g", "skip\nack\n", &["service-outage", "--play", "pm"]);
    let path = env.path().join("g/journal.jsonl");
    let journal = std::fs::read_to_string(&path).unwrap();
    let cases = [
        ("differs", journal.replacen("\"events\":0,", "\"events\":7,", 1)),
        (
            "changed",
            journal.replacen(
                "\"responders\":\"well-drilled-team\"",
                "\"responders\":\"public-postmortem\"",
                1,
            ),
        ),
        ("backwards", journal.replacen("\"at_ms\":6", "\"at_ms\":-6", 1)),
        ("band", journal.replacen("\"band\":0", "\"band\":4000000000", 1)),
        (
            "version",
            journal.replacen("\"drill_version\":\"", "\"drill_version\":\"9.", 1).replacen(
                "\"events\":0,",
                "\"events\":7,",
                1,
            ),
        ),
        ("later", journal.replacen("\"at_ms\":6", "\"at_ms\":9223372036854775807", 1)),
        ("other-seed", journal.replacen("\"seed\":1", "\"seed\":2", 1)),
        ("other-scenario", journal.replacen("\"service-outage\"", "\"agent-hang\"", 1)),
        ("broken", journal.replacen("\"typed\":\"skip\"", "\"typed\":7", 1)),
        ("empty", String::new()),
        ("other", "{\"schema\":\"drill.play/9\"}\n".to_owned()),
    ];
    for (name, text) in cases {
        std::fs::write(&path, &text).unwrap();
        let ran = env.run(&["run", "--resume", "g"]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stdout);
        insta::assert_snapshot!(format!("play_refused_{name}"), ran.stderr);
    }
    let none = env.run(&["run", "service-outage", "--play", "pn"]);
    insta::assert_snapshot!("play_refused_role", none.stderr);
}

#[test]
fn a_recorded_incident_is_played_and_scored() {
    let env = TestEnv::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let record =
        std::fs::read(format!("{root}/rules/cinecom/timelines/broken-response.toml")).unwrap();
    env.file("incident.toml", record);
    let script = "skip\nack\ndeclare critical\nlook\nskip\nsuspect user-service\n\
        post We are on it\n@3h status\n> Declare by the book\n";
    let ran = play(&env, "r", script, &["incident.toml", "--play", "pm"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    narrow(&ran.stdout);
    insta::assert_snapshot!("play_recorded", game_of(&ran));
    let timeline = std::fs::read_to_string(env.path().join("r/timeline.jsonl")).unwrap();
    assert!(timeline.lines().next().unwrap().contains("\"source\":\"live\""));
    env.ok(&["check", "r/timeline.jsonl"]);
    let wrong = env.run(&["run", "incident.toml", "--play", "captain"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""), "{}", wrong.stderr);
}

#[test]
fn the_end_of_a_game_is_one_document_in_every_form() {
    let env = TestEnv::new();
    let args = ["service-outage", "--play", "pm", "--mode", "train"];
    for (format, file) in [
        ("json", "after-action.json"),
        ("md", "after-action.md"),
        ("html", "after-action.html"),
        ("csv", "after-action.csv"),
    ] {
        let all = [&args[..], &["--format", format]].concat();
        let ran = play(&env, format, &PM.replace("> pm\n", ">\n"), &all);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let kept = std::fs::read_to_string(env.path().join(format).join(file)).unwrap();
        assert_eq!(ran.stdout.trim_end(), kept.trim_end(), "{format}");
        assert!(ran.stderr.contains("pm> ack"), "the game is talked aside");
    }
    let text = std::fs::read_to_string(env.path().join("json/after-action.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], "drill.after-action/1");
    assert_eq!(report["improvements"][0]["action"], "Rehearse declaring");
    assert_eq!(report["improvements"][0]["owner_reason"], "left open");
    assert_eq!(report["suspicions"][0]["verdict"], "late");
    let lines = PM.lines().filter(|l| !l.starts_with(['#', '>'])).count();
    assert_eq!(report["typed"].as_array().unwrap().len(), lines);
    let card = std::fs::read_to_string(env.path().join("json/scorecard.json")).unwrap();
    let card: serde_json::Value = serde_json::from_str(&card).unwrap();
    assert_eq!(report["scorecard"], card);
    let junit = play(&env, "junit", PM, &[&args[..], &["--format", "junit"]].concat());
    assert_eq!((junit.code, junit.stdout.as_str()), (2, ""), "{}", junit.stderr);
}

#[test]
fn a_script_of_a_hundred_thousand_lines_is_played() {
    let env = TestEnv::new();
    let script = format!("skip\nack\n{}end\n", "note so it goes on\n".repeat(100_000));
    let ran = play(&env, "long", &script, &["service-outage", "--play", "pm", "--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let journal = std::fs::read_to_string(env.path().join("long/journal.jsonl")).unwrap();
    assert!(journal.lines().count() > 200_000, "every line is kept");
    let report = env.path().join("long/after-action.html");
    assert!(report.metadata().unwrap().len() < 2_000_000, "and nobody has to read them all");
    let too_long = "status\n".repeat(700_000);
    let ran = play(&env, "too-long", &too_long, &["service-outage", "--play", "pm"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}

#[test]
fn a_journal_that_is_no_file_or_too_large_is_left_alone() {
    let env = TestEnv::new();
    play(&env, "g", "skip\n", &["service-outage", "--play", "pm"]);
    let path = env.path().join("g/journal.jsonl");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(65 * 1024 * 1024).unwrap();
    let ran = env.run(&["run", "--resume", "g"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert_eq!(path.metadata().unwrap().len(), 65 * 1024 * 1024, "nothing is cut off");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let ran = env.run(&["run", "--resume", "g"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}
