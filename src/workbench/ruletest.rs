//! Running rule tests.

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Decision, Escalation, Finding, Given, Name, Pack, RuleCase, RuleTests, Trace};
use crate::model::{Expect, Hold, Violation};
use crate::policy::{Answer, Policies};
use crate::timeline::{Known, KnownSetup, Timeline};

use super::check;

/// How a case came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything expected came out.
    Pass,
    /// Something else came out.
    Fail,
    /// Not run, for a stated reason.
    Skip,
    /// It could not be judged: it expects nothing, names what does not exist, or a script failed.
    Error,
}

impl Outcome {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Skip => "SKIP",
            Self::Error => "ERROR",
        }
    }
}

/// The result of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The test file.
    pub file: Name,
    /// Line on which the case begins, from 1.
    pub line: usize,
    /// Its name.
    pub name: Name,
    /// How it came out.
    pub outcome: Outcome,
    /// Why it did not pass, in lines; nothing when it passed.
    pub message: String,
    /// Rules that found something, reasons given and rules violated, in script order.
    pub rules: Vec<Name>,
    /// Rows of the requirements it checks.
    pub rows: Vec<Name>,
}

/// Cases by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
    /// Not judged.
    pub errored: usize,
}

/// The results of all cases, in the order of files and cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// Pack tested.
    pub pack: Name,
    /// Results.
    pub cases: Vec<CaseResult>,
    /// Cases by outcome.
    pub totals: Totals,
}

impl TestReport {
    /// No results yet, for the packs named `packs`.
    pub fn new(packs: Name) -> Self {
        Self { pack: packs, cases: Vec::new(), totals: Totals::default() }
    }

    /// Adds the results of further files.
    pub fn extend(&mut self, more: Self) {
        self.cases.extend(more.cases);
        self.totals.passed += more.totals.passed;
        self.totals.failed += more.totals.failed;
        self.totals.skipped += more.totals.skipped;
        self.totals.errored += more.totals.errored;
    }

    /// Whether nothing failed and nothing was left unjudged.
    pub fn holds(&self) -> bool {
        self.totals.failed == 0 && self.totals.errored == 0
    }
}

/// Runs all cases of `tests` against the scripts of `pack`. Facts are about the system of
/// `setup`; `timelines` gives the timeline that a case names, by its path.
///
/// As in a drill, `severity` and `escalate` see what `detect` finds in the facts of the case. In
/// a timeline they see only what is written there.
pub fn run_tests(
    pack: &Pack,
    setup: &KnownSetup,
    tests: &[RuleTests],
    timelines: &dyn Fn(&str) -> Result<Timeline, Diagnostics>,
) -> TestReport {
    let mut policies = Policies::compile(pack);
    let mut report = TestReport::new(pack.name.clone());
    for file in tests {
        for case in &file.cases {
            let run = match &mut policies {
                _ if case.skip.is_some() => Run::skipped(case),
                Err(mistakes) => Run::error(&mistakes.list),
                Ok(_) if case.expect.is_empty() => Run::expects_nothing(),
                Ok(policies) => run_case(policies, setup, case, timelines),
            };
            report.totals.count(run.outcome);
            report.cases.push(CaseResult {
                file: file.source.path.as_ref().into(),
                line: file.source.line_column(case.span.start).0,
                name: case.name.clone(),
                outcome: run.outcome,
                message: run.message,
                rules: run.rules,
                rows: case.rows.clone(),
            });
        }
    }
    report
}

impl Totals {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.passed += 1,
            Outcome::Fail => self.failed += 1,
            Outcome::Skip => self.skipped += 1,
            Outcome::Error => self.errored += 1,
        }
    }
}

/// The outcome of one case.
struct Run {
    outcome: Outcome,
    message: String,
    rules: Vec<Name>,
}

impl Run {
    fn skipped(case: &RuleCase) -> Self {
        Self {
            outcome: Outcome::Skip,
            message: case.skip.as_ref().map_or("", Name::as_str).to_owned(),
            rules: Vec::new(),
        }
    }

    fn expects_nothing() -> Self {
        let message = "the case expects nothing, so it could never fail";
        let help = "add `[case.expect]`";
        Self::error(&[Diagnostic::error("ruletest::no-expectation", message).help(help)])
    }

    fn error(mistakes: &[Diagnostic]) -> Self {
        let mut lines = Vec::new();
        for mistake in mistakes {
            lines.push(mistake.to_string());
            lines.extend(mistake.help.iter().map(|help| format!("  help: {help}")));
        }
        Self { outcome: Outcome::Error, message: lines.join("\n"), rules: Vec::new() }
    }
}

/// What the policies answered, as far as the case asks.
#[derive(Default)]
pub(super) struct Answers {
    /// `detect`.
    pub(super) findings: Option<Vec<Finding>>,
    /// `severity`.
    pub(super) decision: Option<Decision>,
    /// `escalate`.
    pub(super) steps: Option<Vec<Escalation>>,
    /// `adherence`.
    pub(super) violations: Option<Vec<Violation>>,
    /// `freeze`.
    pub(super) holds: Option<Vec<Hold>>,
    trace: Trace,
    failures: Vec<Diagnostic>,
}

impl Answers {
    fn take<T>(&mut self, (answer, trace): (Answer<T>, Trace)) -> T {
        self.trace.steps.extend(trace.steps);
        self.failures.extend(answer.failure);
        answer.value
    }

    fn rules(&self) -> Vec<Name> {
        let mut rules: Vec<Name> = Vec::new();
        let found = self.findings.iter().flatten().map(|f| &f.rule);
        let reasons = self.decision.iter().flat_map(|d| &d.reasons);
        let broken = self.violations.iter().flatten().map(|v| &v.rule);
        let holding = self.holds.iter().flatten().map(|h| &h.rule);
        for rule in found.chain(reasons).chain(broken).chain(holding) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
        rules
    }
}

fn run_case(
    policies: &mut Policies,
    setup: &KnownSetup,
    case: &RuleCase,
    timelines: &dyn Fn(&str) -> Result<Timeline, Diagnostics>,
) -> Run {
    let answers = match &case.given {
        Given::Budgets(_) if !policies.answers_freeze() => {
            let message = "the pack has no function `freeze`";
            let help = "add `fn freeze(budgets) { ... }` to any of its scripts";
            let missing = Diagnostic::error("policy::missing-function", message).help(help);
            return Run::error(&[missing]);
        }
        Given::Budgets(budgets) => {
            let mut answers = Answers::default();
            let holds = answers.take(policies.freeze_traced(budgets));
            answers.holds = Some(holds);
            answers
        }
        given => match known_of(policies, setup, given, timelines) {
            Ok(known) => ask(policies, case, &known),
            Err(mistakes) => return Run::error(&mistakes.list),
        },
    };
    if !answers.failures.is_empty() {
        return Run::error(&answers.failures);
    }
    let differences = check::differences(&case.expect, &answers);
    let rules = answers.rules();
    if differences.is_empty() {
        return Run { outcome: Outcome::Pass, message: String::new(), rules };
    }
    let mut lines = differences;
    if !answers.trace.steps.is_empty() {
        lines.push("trace:".to_owned());
        let step = |step: &crate::model::TraceStep| {
            format!("  {}:{}:{} {}", step.file, step.line, step.column, step.what)
        };
        lines.extend(answers.trace.steps.iter().map(step));
    }
    Run { outcome: Outcome::Fail, message: lines.join("\n"), rules }
}

fn known_of(
    policies: &Policies,
    setup: &KnownSetup,
    given: &Given,
    timelines: &dyn Fn(&str) -> Result<Timeline, Diagnostics>,
) -> Result<Known, Diagnostics> {
    match given {
        Given::Budgets(_) => Ok(Known::at(setup, &[], setup.start)),
        Given::Facts(facts) => Known::from_facts(setup, facts, policies.triggers()),
        Given::Timeline { path, at } => {
            let timeline = timelines(path)?;
            let header = &timeline.header;
            let setup = KnownSetup {
                environment: header.environment,
                start: header.start,
                ..setup.clone()
            };
            let at = header.start + *at;
            if at < header.start {
                let message = "`at` lies before the start of the timeline";
                return Err(Diagnostic::error("ruletest::before-start", message).into());
            }
            Ok(Known::at(&setup, &timeline.events, at))
        }
    }
}

fn ask(policies: &mut Policies, case: &RuleCase, known: &Known) -> Answers {
    let expect = &case.expect;
    let mut answers = Answers::default();
    let wants_severity =
        expect.severity.is_some() || !expect.reasons.is_empty() || !expect.no_reasons.is_empty();
    let wants_steps = wants_steps(expect);
    let wants_findings = !expect.findings.is_empty() || !expect.no_findings.is_empty();
    let mut seen = known.clone();
    let stated = matches!(case.given, Given::Facts(_));
    if wants_findings {
        let findings = answers.take(policies.detect_traced(known));
        answers.findings = Some(findings);
    }
    if stated && (wants_severity || wants_steps) {
        let findings = policies.detect(known);
        answers.failures.extend(findings.failure);
        seen = known.with_findings(&findings.value);
    }
    if wants_severity {
        let decision = answers.take(policies.severity_traced(&seen));
        answers.decision = Some(decision);
    }
    if wants_steps {
        let steps = answers.take(policies.escalate_traced(&seen));
        answers.steps = Some(steps);
    }
    if !expect.violations.is_empty() || !expect.no_violations.is_empty() {
        let violations = answers.take(policies.adherence_traced(known));
        answers.violations = Some(violations);
    }
    answers
}

fn wants_steps(expect: &Expect) -> bool {
    !(expect.steps.is_empty()
        && expect.no_levels.is_empty()
        && expect.channels.is_empty()
        && expect.no_channels.is_empty())
}
