//! What users see of each command, as snapshots, and what they see of each class of mistake.

use crate::env::{Ran, TestEnv};

fn shown(ran: &Ran) -> String {
    // How far a slow run has come is told by the clock.
    let progress = |line: &&str| {
        line.ends_with(" trials") && line.starts_with(|first: char| first.is_ascii_digit())
    };
    let stderr: String =
        ran.stderr.split_inclusive('\n').filter(|line| !progress(&line.trim_end())).collect();
    format!("exit code {}\n--- stdout\n{}--- stderr\n{stderr}", ran.code, ran.stdout)
}

fn narrow(text: &str) {
    use unicode_width::UnicodeWidthStr;
    for line in text.lines() {
        assert!(line.width() <= 80, "over 80 columns: {line}");
    }
}

#[test]
fn help_of_every_command() {
    let env = TestEnv::new();
    let commands: &[&[&str]] = &[
        &[],
        &["run"],
        &["list"],
        &["show"],
        &["check"],
        &["score"],
        &["compare"],
        &["history"],
        &["calibrate"],
        &["init"],
        &["doctor"],
        &["rules"],
        &["rules", "test"],
    ];
    let mut all = String::new();
    for command in commands {
        let mut args = command.to_vec();
        args.push("--help");
        let ran = env.ok(&args);
        all += &format!("$ drill {}\n{}\n", args.join(" "), ran.stdout);
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn every_command_says_what_it_should() {
    let env = TestEnv::new();
    let commands: &[(&str, &[&str])] = &[
        ("list", &["list"]),
        ("list_ja", &["list", "scenarios", "--lang", "ja"]),
        ("list_json", &["list", "scenarios", "--format", "json"]),
        ("show_scenario", &["show", "quarterly-outage"]),
        ("show_cinecom", &["show", "cinecom"]),
        ("show_impact", &["show", "cinecom", "--impact", "user-service"]),
        ("show_impact_discord", &["show", "cinecom", "--impact", "discord", "--lang", "ja"]),
        ("show_preset", &["show", "public-postmortem"]),
        ("show_incident", &["show", "github-2018"]),
        ("show_incident_ja", &["show", "aws-s3-2017", "--lang", "ja"]),
        ("check", &["check", "quarterly-outage", "cinecom"]),
        ("run_text", &["run", "quarterly-outage", "--band", "50"]),
        ("run_text_ja", &["run", "service-outage", "--band", "0", "--lang", "ja"]),
        ("run_quiet_day", &["run", "quiet-day", "--band", "0"]),
        ("trials", &["run", "quarterly-outage", "--trials", "100", "--why"]),
    ];
    for (name, args) in commands {
        let ran = env.ok(args);
        narrow(&ran.stdout);
        insta::assert_snapshot!(*name, shown(&ran));
    }
}

#[test]
fn mistakes_say_what_to_do() {
    let env = TestEnv::new();
    env.file("broken.toml", "schema = \"drill.scenario/1\"\nname = \"x\"\nsytem = \"cinecom\"\n[[fault]]\nat = \"-5m\"\non = \"service:user-servce\"\n");
    env.file("empty.toml", "");
    env.file("latin1.toml", b"name = \"caf\xe9\"\n");
    env.file("thesis/chapter", "mine");
    let mistakes: &[(&str, &[&str])] = &[
        ("unknown_scenario", &["run", "quartery-outage"]),
        ("unknown_parameter", &["run", "service-outage", "--set", "sevice=movie-service"]),
        ("unknown_value", &["run", "service-outage", "--set", "service=film"]),
        ("unknown_role", &["run", "quarterly-outage", "--without", "led"]),
        ("unknown_preset", &["run", "quarterly-outage", "--responders", "well-drilled"]),
        ("bad_requirement", &["run", "quarterly-outage", "--require", "mitigate<30m"]),
        ("foreign_folder", &["run", "quiet-day", "--band", "0", "--out", "thesis"]),
        ("broken_scenario", &["run", "broken.toml"]),
        ("check_many", &["check", "broken.toml", "empty.toml", "latin1.toml", "nothing.toml"]),
        ("no_such_format", &["list", "--format", "junit"]),
        ("score_nothing", &["score", "nothing.jsonl"]),
        ("show_unknown", &["show", "cinecon"]),
        ("impact_unknown", &["show", "cinecom", "--impact", "user"]),
        ("no_workspace", &["list", "--workspace", "thesis"]),
        ("usage", &["run"]),
    ];
    for (name, args) in mistakes {
        let ran = env.run(args);
        assert_eq!(ran.code, 2, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        insta::assert_snapshot!(format!("mistake_{name}"), shown(&ran));
    }
}

#[test]
fn a_workspace_overrides_and_remembers() {
    let env = TestEnv::new();
    env.ok(&["init", "w"]);
    assert_eq!(env.run(&["init", "w"]).code, 2, "an existing workspace is not touched");
    let listed = env.ok(&["list", "scenarios", "--workspace", "w"]).stdout;
    assert!(listed.contains("my-first-drill"), "{listed}");
    let ran = env.ok(&["run", "my-first-drill", "--band", "0", "--workspace", "w"]);
    assert!(!ran.stderr.contains("no workspace"), "{}", ran.stderr);
    assert!(env.path().join("w/.drill/history.duckdb").is_file());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let env = TestEnv::new();
    let mut child = env
        .command(&["show", "cinecom"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_doctor_finds_everything_in_order() {
    let ran = TestEnv::new().ok(&["doctor"]);
    for part in ["duckdb", "polars", "rhai", "json", "files"] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}
