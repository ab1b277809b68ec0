//! A drill killed while it writes leaves the whole folder or none.

use std::process::Stdio;
use std::time::Duration;

use crate::env::TestEnv;

#[test]
#[expect(clippy::disallowed_methods, reason = "a kill must come at a real instant")]
fn a_killed_drill_leaves_all_or_nothing() {
    let env = TestEnv::new();
    let args = ["run", "quarterly-outage", "--band", "0", "--out", "o"];
    env.ok(&args);
    let whole = env.files("o");
    std::fs::remove_dir_all(env.path().join("o")).unwrap();
    let (mut absent, mut present) = (0, 0);
    for round in 0..60u64 {
        let mut child =
            env.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Different instants of the run; where exactly does not matter to what must hold.
        std::thread::sleep(Duration::from_millis(round * 7));
        let _ = child.kill();
        child.wait().unwrap();
        if env.path().join("o").exists() {
            assert_eq!(env.files("o"), whole, "killed after {} ms", round * 7);
            present += 1;
            if round % 2 == 0 {
                std::fs::remove_dir_all(env.path().join("o")).unwrap();
            }
        } else {
            absent += 1;
        }
    }
    assert!(absent > 0, "no kill came early enough ({present} folders)");
    env.ok(&args);
    let left: Vec<_> =
        std::fs::read_dir(env.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["o"], "the next run removes what killed ones left");
}
