//! The README is true: its commands run, and what it shows is what they print.

use std::fs;
use std::path::Path;

use crate::env::TestEnv;

/// `(info string, text)` of every fenced block.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in markdown.lines() {
        if let Some(info) = line.strip_prefix("```") {
            match open.take() {
                Some(block) => blocks.push(block),
                None => open = Some((info.to_owned(), String::new())),
            }
        } else if let Some((_, text)) = &mut open {
            text.push_str(line);
            text.push('\n');
        }
    }
    blocks
}

/// `console` blocks hold `$ drill ...` commands and what they print; a line `...` stands for any
/// number of lines. `toml` blocks with a first line `# FILE` are files that commands use.
#[test]
fn readme_blocks_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let env = TestEnv::new();
    let mut commands = 0;
    for (info, text) in blocks(&readme) {
        if info == "toml"
            && let Some(name) = text.lines().next().and_then(|line| line.strip_prefix("# "))
        {
            env.file(name, &text);
        }
        if info != "console" {
            continue;
        }
        for part in text.split("$ ").skip(1) {
            let (command, expected) = part.split_once('\n').unwrap();
            let Some(arguments) = command.strip_prefix("drill ") else {
                continue;
            };
            let arguments: Vec<String> = arguments
                .split_whitespace()
                .map(|word| word.trim_matches('\'').to_owned())
                .collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = env.ok(&arguments);
            commands += 1;
            assert_shown(command, expected, &ran.stdout);
        }
    }
    assert!(commands >= 5, "the README shows its commands in `console` blocks");
}

fn assert_shown(command: &str, expected: &str, got: &str) {
    let mut rest: Vec<&str> = got.lines().collect();
    let mut anywhere = false;
    for line in expected.trim_end().lines() {
        if line == "..." {
            anywhere = true;
            continue;
        }
        let wanted = |got: &&str| got.trim_end() == line.trim_end();
        let at = match anywhere {
            true => rest.iter().position(wanted),
            false => rest.first().filter(|got| wanted(got)).map(|_| 0),
        };
        let at = at.unwrap_or_else(|| panic!("`{command}` does not print\n{line}\nbut\n{got}"));
        rest.drain(..=at);
        anywhere = false;
    }
    assert!(anywhere || rest.is_empty(), "`{command}` prints more than the README shows:\n{got}");
}
