//! The same version, inputs and seed give the same bytes, wherever and however they run.

use std::collections::BTreeMap;

use crate::env::TestEnv;

/// Files of a folder as `(relative path, bytes)`.
type Files = Vec<(String, Vec<u8>)>;

/// `(what, stdout, files)` of every command of the matrix, run in one environment.
fn all_outputs(env: &TestEnv, threads: &str) -> BTreeMap<String, (String, Files)> {
    let commands: &[&[&str]] = &[
        &["run", "quarterly-outage", "--band", "40", "--out", "o"],
        &[
            "run",
            "quarterly-outage",
            "--band",
            "40",
            "--format",
            "json",
            "--lang",
            "ja",
            "--out",
            "o",
        ],
        &["run", "service-outage", "--band", "20", "--format", "csv", "--out", "o"],
        &["run", "service-outage", "--set", "service=movie", "--band", "0", "--out", "o"],
        &[
            "run",
            "agent-hang",
            "--set",
            "variant=slow_burn",
            "--band",
            "0",
            "--lang",
            "ja",
            "--out",
            "o",
        ],
        &["run", "quiet-day", "--band", "0", "--out", "o"],
        &[
            "run",
            "quarterly-outage",
            "--trials",
            "60",
            "--why",
            "--when",
            "any",
            "--format",
            "json",
        ],
        &["run", "quarterly-outage", "--trials", "60", "--responders", "public-postmortem"],
        &["list"],
        &["show", "quarterly-outage"],
        &["show", "cinecom", "--impact", "user-service", "--lang", "ja"],
        &["check", "quarterly-outage"],
        &["rules", "test", "--format", "json"],
    ];
    let mut outputs = BTreeMap::new();
    for command in commands {
        let mut args = command.to_vec();
        args.extend(["--threads", threads]);
        let ran = env.ok(&args);
        let folder = env.path().join("o");
        let files = if folder.exists() { env.files("o") } else { Vec::new() };
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        outputs.insert(command.join(" "), (ran.stdout, files));
    }
    outputs
}

#[test]
fn same_inputs_same_bytes() {
    let first = all_outputs(&TestEnv::new(), "1");
    let run = &first["run quarterly-outage --band 40 --out o"];
    assert!(run.1.iter().any(|(name, _)| name == "telemetry.parquet"), "the folder was compared");
    for (threads, polars, zone) in
        [("1", "2", "Asia/Tokyo"), ("2", "1", "America/New_York"), ("2", "2", "UTC")]
    {
        let env = TestEnv::new().with("POLARS_MAX_THREADS", polars).with("TZ", zone);
        let again = all_outputs(&env, threads);
        for (command, (stdout, files)) in &first {
            let (stdout_again, files_again) = &again[command];
            let setting = format!("{command}: threads {threads}, polars {polars}, TZ {zone}");
            assert_eq!(stdout, stdout_again, "standard output of {setting}");
            let names = |files: &[(String, Vec<u8>)]| {
                files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
            };
            assert_eq!(names(files), names(files_again), "files of {setting}");
            for ((name, bytes), (_, bytes_again)) in files.iter().zip(files_again) {
                assert!(bytes == bytes_again, "{name} of {setting}");
            }
        }
    }
}

#[test]
fn another_seed_is_another_drill() {
    let env = TestEnv::new();
    let hash = |seed: &str| {
        let args = ["run", "quarterly-outage", "--band", "0", "--format", "json", "--seed", seed];
        let json: serde_json::Value = serde_json::from_str(&env.ok(&args).stdout).unwrap();
        json["trace_hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash("7"), hash("7"));
    assert_ne!(hash("7"), hash("8"));
}
