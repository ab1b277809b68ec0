//! Scripts that mean harm or are wrong: each is a diagnostic, none ends or stops the program.

use std::collections::BTreeMap;
use std::fmt::Write;

use drill::diag::{Diagnostic, Diagnostics};
use drill::policy::Policies;
use drill::timeline::Known;

use super::policy_fixture::{down, facts, pack, setup};

/// The rest of a pack whose `severity` is tried.
const REST: &str = "fn detect(signals) { [] }\nfn escalate(incident) { [] }\n";

fn known() -> Known {
    let mut facts = facts();
    facts.services = vec![down("user-service", 7)];
    Known::from_facts(&setup(), &facts, &BTreeMap::new()).unwrap()
}

fn show(out: &mut String, diagnostic: &Diagnostic) {
    writeln!(out, "{diagnostic}").unwrap();
    if let (Some(source), Some(label)) = (&diagnostic.source, diagnostic.labels.first()) {
        let marked = &source.text[label.span.start..label.span.end];
        writeln!(out, "  label: {marked:?} {}", label.text).unwrap();
    }
    if let Some(help) = &diagnostic.help {
        writeln!(out, "  help: {help}").unwrap();
    }
}

/// What comes of each script: refused when compiled, or failed with the fallback.
fn outcomes(scripts: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, script) in scripts {
        writeln!(out, "== {name}").unwrap();
        match Policies::compile(&pack(&[("rest.rhai", REST), ("severity.rhai", script)])) {
            Err(mistakes) => {
                writeln!(out, "refused").unwrap();
                mistakes.list.iter().for_each(|d| show(&mut out, d));
            }
            Ok(mut policies) => {
                let answer = policies.severity(&known());
                let decision = &answer.value;
                let level = decision.level.as_deref().unwrap_or("none");
                let fallback = if decision.fallback { " (fallback)" } else { "" };
                writeln!(out, "{level}{fallback}").unwrap();
                answer.failure.iter().for_each(|d| show(&mut out, d));
                let again = policies.severity(&known());
                assert_eq!(again, answer, "{name}: a failure leaves nothing behind");
                assert!(policies.detect(&known()).failure.is_none());
            }
        }
    }
    out
}

#[test]
fn endless_scripts_end() {
    let out = outcomes(&[
        ("loop", "fn severity(facts) { let n = 0; loop { n += 1; } }"),
        ("empty loop", "fn severity(facts) { while true { } }"),
        ("recursion", "fn severity(facts) { again(facts) }\nfn again(facts) { again(facts) }"),
        (
            "mutual recursion",
            "fn severity(facts) { a(1) }\nfn a(n) { b(n + 1) }\nfn b(n) { a(n + 1) }",
        ),
        (
            "closures within closures",
            "fn severity(facts) { f(|g| g.call(g)) }\nfn f(g) { g.call(g) }",
        ),
        ("sleep", "fn severity(facts) { sleep(1000); verdict() }"),
        ("sleep for ever", "fn severity(facts) { sleep(1e300); verdict() }"),
        ("endless range", "fn severity(facts) { for n in 0..9223372036854775807 { } verdict() }"),
        (
            "sorting much",
            "fn severity(facts) { let a = []; for n in 0..500 { a.push(-n); }
            loop { let b = a; b.sort(); } }",
        ),
        (
            "searching much",
            "fn severity(facts) { let a = []; for n in 0..500 { a.push(n); }
            loop { a.index_of(-1); } }",
        ),
        (
            "comparing lists",
            "fn severity(facts) { let a = []; for n in 0..500 { a.push(n); }
            let b = a; loop { a == b; } }",
        ),
        ("caught for ever", "fn severity(facts) { loop { try { loop { } } catch { } } }"),
        (
            "thrown and caught for ever",
            "fn severity(facts) { loop { try { throw 1; } catch (e) { } } }",
        ),
    ]);
    insta::assert_snapshot!(out);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the scripts are data")]
fn memory_bombs_do_not_go_off() {
    let out = outcomes(&[
        ("string doubling", r#"fn severity(facts) { let s = "x"; loop { s += s; } }"#),
        (
            "string by interpolation",
            r#"fn severity(facts) { let s = "x"; loop { s = `${s}${s}`; } }"#,
        ),
        (
            "string padding",
            r#"fn severity(facts) { let s = "x"; s.pad(1000000000, 'x'); verdict() }"#,
        ),
        (
            "string replacing",
            r#"fn severity(facts) { let s = "aaaa"; s.replace("a", "aaaaaaaa"); verdict() }"#,
        ),
        ("list by push", "fn severity(facts) { let a = []; loop { a.push(1); } }"),
        ("list doubling", "fn severity(facts) { let a = [1]; loop { a += a; } }"),
        ("list nesting", "fn severity(facts) { let a = []; loop { a = [a]; } }"),
        ("list fanning", "fn severity(facts) { let a = [1]; loop { a = [a, a]; } }"),
        ("list padding", "fn severity(facts) { let a = []; a.pad(1000000000, 1); verdict() }"),
        (
            "list of texts",
            r#"fn severity(facts) { let s = "0123456789"; let a = []; loop { a.push(s + a.len); } }"#,
        ),
        ("list by index", "fn severity(facts) { let a = [1, 2]; loop { a[0] = a; } }"),
        ("list within a list", "fn severity(facts) { let a = [[]]; loop { a[0].push(1); } }"),
        (
            "map by index",
            r#"fn severity(facts) { let m = #{}; let n = 0; loop { n += 1; m["k" + n] = n; } }"#,
        ),
        (
            "map by index and operator",
            r#"fn severity(facts) { let m = #{}; m["k"] += 1; verdict() }"#,
        ),
        ("map by property", "fn severity(facts) { let m = #{}; loop { m.a = m; } }"),
        (
            "map in a map by index",
            r#"fn severity(facts) { let m = #{ a: #{} }; m.a["k"] = 1; verdict() }"#,
        ),
        (
            "map by set",
            r#"fn severity(facts) { let m = #{}; let n = 0; loop { n += 1; m.set("k" + n, n); } }"#,
        ),
        (
            "map by mixin",
            r#"fn severity(facts) { let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; } }"#,
        ),
        (
            "shared values",
            "fn severity(facts) { let a = []; let f = || a.push(1); a.push(f); verdict() }",
        ),
        ("currying", r#"fn severity(facts) { let f = Fn("detect"); loop { f = f.curry(f); } }"#),
        (
            "many variables",
            &format!(
                "fn severity(facts) {{ {} verdict() }}",
                (0..100).map(|n| format!("let v{n} = facts.services;")).collect::<String>()
            ),
        ),
        ("views piled up", "fn severity(facts) { let a = []; loop { a += facts.services; } }"),
        (
            "mapped wide",
            "fn severity(facts) { let a = []; for n in 0..500 { a.push(n); }
            let b = a.map(|x| [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]); verdict() }",
        ),
        (
            "frames full of lists",
            "fn severity(facts) { let a = []; for n in 0..500 { a.push(n); } dive(a) }
            fn dive(a) { let b = a; let c = a; let d = a; let e = a; dive(b) }",
        ),
        (
            "reasons piled up",
            r#"fn severity(facts) { let v = verdict(); loop { v.at_least("low", "x"); } }"#,
        ),
    ]);
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_policy_must_not_have_is_refused() {
    let out = outcomes(&[
        ("eval", r#"fn severity(facts) { eval("1") }"#),
        ("import", r#"import "x" as x;"#),
        ("clock", "fn severity(facts) { timestamp() }"),
        ("random", "fn severity(facts) { rand() }"),
        ("this", "fn severity(facts) { this.x }"),
        ("statement", "let limit = 5;\nfn severity(facts) { verdict() }"),
        ("print", r#"fn severity(facts) { print("x"); debug("y"); verdict() }"#),
    ]);
    insta::assert_snapshot!(out);
}

#[test]
fn mistakes_have_a_place_and_a_remedy() {
    let out = outcomes(&[
        ("syntax", "fn severity(facts) {\n  let = 1;\n}"),
        ("unclosed", "fn severity(facts) {\n  if facts.data_lost > 0 {\n"),
        ("undefined variable", "fn severity(facts) {\n  limits\n}"),
        ("getter typo", "fn severity(facts) {\n  if facts.services_faild > 1 { }\n  verdict()\n}"),
        (
            "getter of another view",
            "fn severity(facts) {\n  if facts.p95_ratio_10m > 1.0 { }\n  verdict()\n}",
        ),
        ("function typo", "fn severity(facts) {\n  let v = verdit();\n  v\n}"),
        (
            "method typo",
            "fn severity(facts) {\n  let v = verdict();\n  v.at_lest(\"high\", \"x\");\n  v\n}",
        ),
        (
            "arguments",
            "fn severity(facts) {\n  let v = verdict();\n  v.at_least(\"high\");\n  v\n}",
        ),
        (
            "level typo",
            "fn severity(facts) {\n  let v = verdict();\n  v.at_least(\"critcal\", \"x\");\n  v\n}",
        ),
        ("service typo", "fn severity(facts) {\n  facts.service(\"user-servce\");\n  verdict()\n}"),
        ("mixed types", "fn severity(facts) {\n  facts.service(\"user-service\").state > 3\n}"),
        ("wrong operand", "fn severity(facts) {\n  1 + facts\n}"),
        ("nothing given back", "fn severity(facts) {\n  let v = verdict();\n}"),
        ("wrong kind given back", "fn severity(facts) { [1, 2] }"),
        ("wrong map", "fn severity(facts) { #{ levle: \"high\" } }"),
        ("wrong level in a map", "fn severity(facts) { #{ level: \"highest\", reasons: [] } }"),
        ("good map", "fn severity(facts) { #{ level: \"high\", reasons: [\"x\"] } }"),
        ("throw", "fn severity(facts) { throw \"not today\" }"),
        ("throw a map", "fn severity(facts) { throw #{ why: 1 } }"),
        ("overflow", "fn severity(facts) {\n  9223372036854775807 + facts.services_total\n}"),
        ("division by zero", "fn severity(facts) { 1 / facts.data_lost }"),
        ("duration overflow", "fn severity(facts) { days(9223372036854775807) }"),
        ("out of bounds", "fn severity(facts) { facts.services[9] }"),
        (
            "failing deep down",
            "fn severity(facts) {\n  first(facts)\n}\nfn first(facts) {\n  second(facts)\n}\nfn second(facts) {\n  facts.agent(\"nobody\")\n}",
        ),
        (
            "failing in a closure",
            "fn severity(facts) {\n  facts.services.filter(|s| s.services_total > 1)\n}",
        ),
        ("exit", "fn severity(facts) { exit(verdict()) }"),
        ("wrong parameters", "fn severity() { verdict() }"),
        ("missing", "fn sevrity(facts) { verdict() }"),
        ("defined twice", "fn severity(facts) { verdict() }\nfn detect(x) { [] }"),
        ("shadowed", "fn severity(facts) { let a = 1; let a = 2; verdict() }"),
    ]);
    insta::assert_snapshot!(out);
}

#[test]
fn deep_nesting_is_refused_not_overflown() {
    let deep = |open: &str, middle: &str, close: &str| {
        let n = 20_000;
        format!("fn severity(facts) {{ {}{middle}{} }}", open.repeat(n), close.repeat(n))
    };
    let scripts = [
        ("parentheses", deep("(", "1", ")")),
        ("lists", deep("[", "", "]")),
        ("maps", deep("#{a:", "1", "}")),
        ("blocks", deep("{", "", "}")),
        ("ifs", deep("if true {", "", "}")),
        ("minus", deep("-", "1", "")),
        ("not", deep("!", "true", "")),
        ("sum", deep("", "1", " + facts.data_lost")),
        ("power", deep("2 ** ", "1", "")),
        ("else if", deep("", "if true { 1 }", " else if true { 1 }")),
        ("properties", deep("", "facts", ".services")),
        ("indices", deep("", "facts.services", "[0]")),
        ("calls", deep("f(", "", ")")),
        ("closures", deep("|| ", "1", "")),
        ("and", deep("true && ", "true", "")),
        ("coalescing", deep("() ?? ", "1", "")),
        ("interpolation", deep("`${", "1", "}`")),
        ("comments", deep("/*", "", "*/")),
    ];
    for (name, script) in &scripts {
        eprintln!("{name}");
        let all = outcomes(&[(name, script)]);
        assert!(all.contains("refused") || all.contains("fallback"), "{all}");
    }
}

#[test]
fn every_file_with_a_mistake_is_named() {
    let pack = pack(&[
        ("a.rhai", "fn detect(signals) { [ }"),
        ("b.rhai", "// 規則\nfn severity(facts) { facts.servics }"),
        ("c.rhai", "fn escalate(incident) { [] }\nfn escalate2(a) { stepp(1) }"),
    ]);
    let Err(Diagnostics { list }) = Policies::compile(&pack) else {
        panic!("mistakes were accepted");
    };
    let mut out = String::new();
    list.iter().for_each(|d| show(&mut out, d));
    insta::assert_snapshot!(out);
}

#[test]
fn answers_of_the_wrong_kind_are_diagnosed() {
    let mut out = String::new();
    for (name, script) in [
        ("not a list", "fn detect(signals) { 1 }"),
        ("list of texts", "fn detect(signals) { [\"x\"] }"),
        (
            "unknown trigger",
            "fn detect(signals) { [finding(\"r\", \"system:x\", \"outage\", \"alert\")] }",
        ),
        (
            "unknown source",
            "fn detect(signals) { [finding(\"r\", \"system:x\", \"minor\", \"alarm\")] }",
        ),
        (
            "not a reference",
            "fn detect(signals) { [finding(\"r\", \"user-service\", \"minor\", \"alert\")] }",
        ),
        (
            "unknown service",
            "fn detect(signals) { [finding(\"r\", \"service:user\", \"minor\", \"alert\")] }",
        ),
        (
            "too many findings",
            "fn detect(signals) { let a = []; loop {
            a.push(finding(\"r\", \"system:x\", \"minor\", \"alert\")); } }",
        ),
    ] {
        let rest = "fn severity(facts) { verdict() }\nfn escalate(incident) { [] }";
        let pack = pack(&[("detect.rhai", script), ("rest.rhai", rest)]);
        let mut policies = Policies::compile(&pack).unwrap();
        let answer = policies.detect(&known());
        assert_eq!(answer.value, []);
        writeln!(out, "== {name}").unwrap();
        show(&mut out, answer.failure.as_ref().unwrap());
    }
    for (name, script) in [
        ("unknown level", "fn escalate(incident) { [step(9, \"pm\", [\"task\"], 1)] }"),
        ("unknown channel", "fn escalate(incident) { [step(1, \"pm\", [\"tasks\"], 1)] }"),
        ("negative deadline", "fn escalate(incident) { [step(1, \"pm\", [\"task\"], -1)] }"),
        ("unknown trigger", "fn escalate(incident) { incident.has_trigger(\"hang\"); [] }"),
    ] {
        let rest = "fn severity(facts) { verdict() }\nfn detect(signals) { [] }";
        let pack = pack(&[("escalate.rhai", script), ("rest.rhai", rest)]);
        let mut policies = Policies::compile(&pack).unwrap();
        let answer = policies.escalate(&known());
        writeln!(out, "== {name}").unwrap();
        show(&mut out, answer.failure.as_ref().unwrap());
    }
    insta::assert_snapshot!(out);
}
