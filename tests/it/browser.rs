//! The HTML report in a real browser: it renders, in both languages, wide and narrow.

use std::path::Path;
use std::process::Command;

use crate::env::TestEnv;

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=2000",
];

fn chromium() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

/// The document as the browser has it after loading `page` in a window of `width`, with a
/// last element that holds the width of the content.
fn dom(browser: &str, env: &TestEnv, page: &str, width: u32) -> String {
    let output = Command::new(browser)
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", env.path().join("profile").display()))
        .arg(format!("--window-size={width},900"))
        .arg("--dump-dom")
        .arg(format!("file://{page}"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn reports_render_in_a_browser() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no chromium here");
        return;
    };
    for lang in ["en", "ja"] {
        let env = TestEnv::new();
        env.ok(&["run", "quarterly-outage", "--band", "50", "--lang", lang, "--out", "o"]);
        let html = std::fs::read_to_string(env.path().join("o/report.html")).unwrap();
        for outside in ["http://", "https://", "src=\"//", "@import", "<script src"] {
            let found = html.replace("http://www.w3.org/", "");
            assert!(!found.contains(outside), "{lang}: the report reaches outside: {outside}");
        }
        renders(browser, &env, &html, (lang, 4), &[500, 1200]);
    }
}

#[test]
fn after_action_reports_render_in_a_browser() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no chromium here");
        return;
    };
    for lang in ["en", "ja"] {
        let env = TestEnv::new();
        let script = "skip\nack\ndo identify\nwait 20m\nsuspect user-service\n@40m status\nend\n\
            > Rehearse the first four steps, with a very long sentence to see whether it breaks\n\
            > training\n> agents\n> 2026-12-01\n";
        env.file("s.txt", script);
        let play = ["run", "service-outage", "--play", "agents", "--script", "s.txt"];
        env.ok(&[&play[..], &["--band", "0", "--lang", lang, "--out", "o"]].concat());
        let html = std::fs::read_to_string(env.path().join("o/after-action.html")).unwrap();
        renders(browser, &env, &html, (lang, 0), &[500, 1280]);
    }
}

/// Holds a page to its language and number of pictures, and to the width of its window.
fn renders(
    browser: &str,
    env: &TestEnv,
    html: &str,
    (lang, pictures): (&str, usize),
    widths: &[u32],
) {
    // The page measures itself, so that a phone needs no sideways scrolling of the page.
    let probe = "<script>document.title = 'wide ' + document.documentElement.scrollWidth;\
                 </script></body>";
    // The report forbids scripts to itself; only the measured copy may run one.
    assert!(html.contains("default-src 'none'"), "{lang}: the report has no content policy");
    let open = html.replace("default-src 'none'", "script-src 'unsafe-inline'");
    let page = env.file("page.html", open.replace("</body>", probe));
    for width in widths.iter().copied() {
        let dom = dom(browser, env, &page.to_string_lossy(), width);
        assert!(dom.contains(&format!("lang=\"{lang}\"")), "{lang} at {width}");
        let drawn = dom.matches("<svg").count();
        assert!(drawn >= pictures, "{lang} at {width}: pictures are missing");
        let title = dom.split("<title>").nth(1).and_then(|rest| rest.split('<').next());
        let wide = title.and_then(|title| title.strip_prefix("wide "));
        let wide: u32 = wide.and_then(|wide| wide.parse().ok()).expect("the page ran");
        assert!(wide <= width, "{lang}: the page is {wide} wide in a window of {width}");
    }
}
