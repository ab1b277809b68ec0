//! Rule tests: what is known, what the scripts must answer.

use std::collections::BTreeSet;

use super::decode::{Cx, Fields, Loaded};
use super::getters::Within;
use super::node::{Node, Spanned, Table};
use super::slo::alert_words;
use super::symbols::Space;
use crate::diag::{Diagnostics, SourceText};
use crate::model::{
    AgentFact, BudgetFact, DetectionSource, Environment, Expect, ExpectedStep, Facts, Given, Name,
    Ref, RuleCase, RuleTests, ServiceFact, ServiceState, SignalKind,
};
use crate::units::{Objective, SimDuration};

const CASE: Space = Space::new("case", "ruletest::unknown-case");
/// Highest escalation level.
const MAX_LEVEL: u32 = 20;
/// What a signal may be.
const SIGNAL: Within = Within { from: -1.0, to: 1e15, words: "a number, -1 or more" };

/// A file of rule tests.
///
/// # Errors
/// All mistakes of the file, among them cases that expect nothing.
pub fn rule_tests(source: &SourceText) -> Result<Loaded<RuleTests>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "rule test").map(|fields| decode(&fields));
    cx.finish(value)
}

fn decode(fields: &Fields<'_>) -> RuleTests {
    fields.choice("schema", &["drill.ruletest/1"]);
    RuleTests {
        source: fields.cx.source.clone(),
        pack: fields.name_optional("pack"),
        cases: fields.some_tables("case", "case").iter().map(case).collect(),
    }
}

fn case(fields: &Fields<'_>) -> RuleCase {
    let name = fields.line("name");
    fields.cx.define(CASE, &name, fields.span_of("name"));
    let skip = fields.line_optional("skip");
    let expect = fields.sub("expect", "expectation");
    let about_budgets = fields.table.get("budgets").is_some();
    let expect = expect.map(|sub| expectation(&sub, about_budgets)).unwrap_or_default();
    if expect.is_empty() && skip.is_none() && fields.table.get("expect").is_some() {
        let message = format!("case `{name}` expects nothing, so it cannot fail");
        fields.error("ruletest::no-expectation", message, "expect", "nothing is expected");
    }
    RuleCase {
        name,
        span: fields.span,
        rows: fields.lines("rows"),
        given: given(fields),
        expect,
        skip,
    }
}

/// One of `[case.facts]`, `timeline` with `at`, and `[[case.budgets]]`.
fn given(fields: &Fields<'_>) -> Given {
    if fields.table.get("budgets").is_some() {
        for key in ["facts", "timeline", "at"] {
            if fields.table.get(key).is_some() {
                let message = format!("a case about budgets has no `{key}`");
                fields.error("ruletest::given", message, key, "only `freeze` is asked");
                fields.get(key);
            }
        }
        return Given::Budgets(fields.tables("budgets", "budget").iter().map(budget).collect());
    }
    let facts = fields.sub_optional("facts", "table of facts").map(|sub| decode_facts(&sub));
    let path = fields.line_optional("timeline");
    let at = fields.duration_optional("at");
    match (facts, path, at) {
        (Some(facts), None, None) => Given::Facts(Box::new(facts)),
        (None, Some(path), Some(at)) => Given::Timeline { path, at },
        (None, Some(path), None) => {
            fields.missing("at");
            Given::Timeline { path, at: SimDuration::ZERO }
        }
        (facts, ..) => {
            let wrong = if facts.is_some() { "both" } else { "neither" };
            let message = format!("this case has {wrong} of `facts` and `timeline` with `at`");
            let code = "ruletest::given";
            let diagnostic = fields.cx.at(code, message, fields.span, "wanted one of them");
            fields.cx.push(diagnostic.help("state `[case.facts]` or name a `timeline`"));
            Given::Timeline { path: Name::from(""), at: SimDuration::ZERO }
        }
    }
}

/// How one error budget stands; without `remaining` too little was measured to tell.
fn budget(fields: &Fields<'_>) -> BudgetFact {
    let within = Within { from: -1e9, to: 1.0, words: "what is left as a ratio, 1 at most" };
    let remaining = fields.get("remaining");
    let slo = fields.line("slo");
    let target: Option<Objective> = fields
        .get("target")
        .and_then(|node| fields.parse_node("`target`", node, "a ratio such as \"0.999\""));
    BudgetFact {
        service: fields.line_optional("service").unwrap_or_else(|| slo.clone()),
        target: target.map_or(0.99, Objective::as_f64),
        remaining: remaining.map(|node| fields.number_node("`remaining`", node, within)),
        firing: fields.names("firing").into_iter().map(|(name, _)| name).collect(),
        slo,
    }
}

fn decode_facts(fields: &Fields<'_>) -> Facts {
    let environment = fields.word_optional("environment", Environment::ALL, Environment::as_str);
    Facts {
        environment,
        services: named_tables(fields, "services", "service", service_fact),
        agents: named_tables(fields, "agents", "agent", agent_fact),
        signals: signals(fields),
        detected_ago: fields.duration_optional("detected_ago"),
        severity: fields.name_optional("severity"),
        acknowledged: fields.flag("acknowledged", false),
        mitigated: fields.flag("mitigated", false),
        resolved: fields.flag("resolved", false),
        levels: fields.counts("levels", 1, MAX_LEVEL),
        findings: fields
            .lines("findings")
            .into_iter()
            .filter_map(|text| finding_with_target(fields, &text))
            .collect(),
    }
}

fn table<'a>(fields: &Fields<'a>, key: &'static str, of: &str) -> Option<&'a Table> {
    let node = fields.get(key)?;
    if let Node::Table(table) = &node.value {
        return Some(table);
    }
    fields.cx.wrong_type(&format!("`{key}`"), node, &format!("a table of {of}"));
    None
}

/// The tables in the table `key`, each read by `read` with its own key as its name.
fn named_tables<'a, T>(
    fields: &Fields<'a>,
    key: &'static str,
    what: &'static str,
    read: fn(&Fields<'a>, Name) -> T,
) -> Vec<T> {
    let entries = table(fields, key, "facts by name").map_or(&[][..], |table| &table.entries);
    let mut facts = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        if let Some(sub) = fields.cx.fields(value, what) {
            facts.push(read(&sub, Name::from(name.value.as_str())));
        }
    }
    facts
}

fn service_fact(fields: &Fields<'_>, name: Name) -> ServiceFact {
    let state = fields.word_optional("state", ServiceState::ALL, ServiceState::as_str);
    let mut alerts = Vec::new();
    for text in fields.lines("alerts") {
        match alert_words(&text) {
            Some(alert) => alerts.push(alert),
            None => fields.error(
                "ruletest::alert",
                format!("`{text}` is not an alert such as `SLO 1h/5m page`"),
                "alerts",
                "wanted `SLO TIER SEVERITY`",
            ),
        }
    }
    ServiceFact {
        name,
        state: state.unwrap_or(ServiceState::Up),
        state_for: fields.duration_optional("state_for").unwrap_or(SimDuration::ZERO),
        mode: fields.name_optional("mode"),
        signals: signals(fields),
        alerts,
    }
}

fn agent_fact(fields: &Fields<'_>, name: Name) -> AgentFact {
    AgentFact {
        name,
        blocks_development: fields.flag("blocks_development", false),
        signals: signals(fields),
        reported: fields.word_optional("reported", DetectionSource::ALL, DetectionSource::as_str),
    }
}

fn signals(fields: &Fields<'_>) -> Vec<(SignalKind, f64)> {
    let entries = table(fields, "signals", "signals").map_or(&[][..], |table| &table.entries);
    let mut signals = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let Some(signal) = SignalKind::from_word(&key.value) else {
            let words: Vec<&str> = SignalKind::ALL.iter().map(|signal| signal.as_str()).collect();
            let message = format!("there is no signal `{}`", key.value);
            let unknown = fields.cx.at("decode::unknown-word", message, key.span, "unknown signal");
            fields.cx.push(unknown.help(super::symbols::choices(&key.value, &words)));
            continue;
        };
        signals.push((signal, signal_value(fields, &key.value, value)));
    }
    signals
}

/// A number; for times also a duration, for flags also `true` and `false`.
fn signal_value<'a>(fields: &Fields<'a>, word: &str, node: &'a Spanned<Node>) -> f64 {
    let what = format!("`{word}`");
    match node.value {
        Node::String(_) if word.ends_with("_ms") => fields.duration_node(&what, node).ms() as f64,
        Node::Bool(flag) => f64::from(u8::from(flag)),
        _ => fields.number_node(&what, node, SIGNAL),
    }
}

/// `RULE` or `RULE KIND:NAME`.
fn finding(fields: &Fields<'_>, text: &str) -> Option<(Name, Option<Ref>)> {
    let (rule, about) = match text.split_once(' ') {
        None => return Some((Name::from(text), None)),
        Some((rule, about)) => (rule, about.trim()),
    };
    match about.parse() {
        Ok(about) => Some((Name::from(rule), Some(about))),
        Err(error) => {
            let message = format!("finding `{text}`: {error}");
            fields.error("ruletest::finding", message, "findings", "wanted `RULE KIND:NAME`");
            None
        }
    }
}

fn finding_with_target(fields: &Fields<'_>, text: &str) -> Option<(Name, Ref)> {
    let (rule, about) = finding(fields, text)?;
    if about.is_none() {
        let message = format!("finding `{text}` says not about what");
        fields.error("ruletest::finding", message, "findings", "wanted `RULE KIND:NAME`");
    }
    Some((rule, about?))
}

fn expectation(fields: &Fields<'_>, about_budgets: bool) -> Expect {
    let severity = fields.name_optional("severity");
    let names =
        |key| -> Vec<Name> { fields.names(key).into_iter().map(|(name, _)| name).collect() };
    let expect = Expect {
        severity: severity.map(|level| (level != "none").then_some(level)),
        reasons: fields.lines("reasons"),
        no_reasons: fields.lines("no_reasons"),
        findings: fields
            .lines("findings")
            .into_iter()
            .filter_map(|text| finding(fields, &text))
            .collect(),
        no_findings: names("no_findings"),
        steps: fields.tables("steps", "step").iter().map(expected_step).collect(),
        no_levels: fields.counts("no_levels", 1, MAX_LEVEL),
        channels: names("channels"),
        no_channels: names("no_channels"),
        violations: names("violations"),
        no_violations: names("no_violations"),
        holds: fields.lines("holds").iter().map(|text| hold(text)).collect(),
        no_holds: names("no_holds"),
    };
    refuse_others(fields, about_budgets, &expect);
    refuse_contradictions(fields, &expect);
    expect
}

/// `RULE` or `RULE SLO`.
fn hold(text: &str) -> (Name, Option<Name>) {
    match text.split_once(' ') {
        None => (Name::from(text), None),
        Some((rule, slo)) => (Name::from(rule), Some(Name::from(slo.trim()))),
    }
}

/// Of budgets only `freeze` is asked, and only of budgets.
fn refuse_others(fields: &Fields<'_>, about_budgets: bool, expect: &Expect) {
    let holds = !(expect.holds.is_empty() && expect.no_holds.is_empty());
    let only = Expect {
        holds: expect.holds.clone(),
        no_holds: expect.no_holds.clone(),
        ..Expect::default()
    };
    if about_budgets && *expect != only {
        let message = "a case about budgets expects `holds` and `no_holds` only".to_owned();
        let diagnostic =
            fields.cx.at("ruletest::given", message, fields.span, "expects more than that");
        fields.cx.push(diagnostic);
    }
    if !about_budgets && holds {
        let key = if expect.holds.is_empty() { "no_holds" } else { "holds" };
        let message = format!("`{key}` needs `[[case.budgets]]`, which `freeze` is asked about");
        fields.error("ruletest::given", message, key, "no budgets");
    }
}

/// What must be there and must not be there at once can never hold.
fn refuse_contradictions(fields: &Fields<'_>, expect: &Expect) {
    for (key, wanted, refused) in [
        ("no_reasons", &expect.reasons, &expect.no_reasons),
        ("no_channels", &expect.channels, &expect.no_channels),
        ("no_violations", &expect.violations, &expect.no_violations),
    ] {
        let wanted: BTreeSet<&Name> = wanted.iter().collect();
        if let Some(both) = refused.iter().find(|name| wanted.contains(name)) {
            let message = format!("`{both}` is expected and refused at once");
            fields.error("ruletest::contradiction", message, key, "expected above");
        }
    }
}

fn expected_step(fields: &Fields<'_>) -> ExpectedStep {
    let channels = fields.names("channels").into_iter().map(|(name, _)| name).collect();
    ExpectedStep {
        level: fields.count("level", 1, MAX_LEVEL),
        role: fields.name_optional("role"),
        channels: fields.table.get("channels").is_some().then_some(channels),
        within: fields.duration_optional("within"),
    }
}
