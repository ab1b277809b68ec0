//! `drill rules`.

use super::args::{Common, Format, RulesTestArgs};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::diag::Diagnostic;
use crate::load::{Catalog, Kind, MAX_FILE_BYTES};
use crate::model::{Name, RuleTests};
use crate::report;
use crate::timeline::KnownSetup;
use crate::units::SimTime;
use crate::workbench::{TestReport, run_tests};

/// Runs the rule tests of a pack, or of all packs.
pub(super) fn test(common: &Common, args: &RulesTestArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Junit], "rules test")?;
    let catalog = workspace::catalog(common)?;
    let packs = match &args.pack {
        Some(pack) => vec![Name::from(pack.as_str())],
        None => catalog.names(Kind::Pack),
    };
    let names: Vec<&str> = packs.iter().map(|pack| &**pack).collect();
    let mut report = TestReport::new(Name::from(names.join(", ")));
    for name in &packs {
        let pack = catalog.pack(name)?;
        ui.diagnostics(&pack.warnings);
        let tests = tests_of(args, &catalog, name)?;
        // A pack's tests speak of the system of its name, where there is one.
        let system = catalog.system(name).ok().map(|loaded| loaded.value);
        let setup = match &system {
            Some(system) => KnownSetup::of(system, SimTime::default()),
            None => KnownSetup::empty(SimTime::default()),
        };
        for file in &tests {
            let timelines = |path: &str| catalog.timeline_of(file, path);
            let one = std::slice::from_ref(file);
            report.extend(run_tests(&pack.value, &setup, one, &timelines));
        }
    }
    if report.cases.is_empty() {
        let message = "there is no rule test to run";
        let help = "write one as rules/PACK/NAME.test.toml";
        return Err(Diagnostic::error("rules::no-tests", message).help(help).into());
    }
    let text = match common.format {
        Format::Json => format!("{:#}", report::ruletest_json(&report)),
        Format::Junit => report::ruletest_junit(&report),
        _ => report::ruletest_text(&report, ui.lang()),
    };
    ui.data(&text)?;
    Ok(if report.holds() { exit::OK } else { exit::FAILED })
}

fn tests_of(
    args: &RulesTestArgs,
    catalog: &Catalog,
    pack: &str,
) -> Result<Vec<RuleTests>, Failure> {
    if args.files.is_empty() {
        let all = catalog.rule_tests(pack)?.into_iter().map(|loaded| Ok(loaded?.value));
        return all.collect();
    }
    let mut tests = Vec::new();
    for file in &args.files {
        let loaded = crate::load::rule_tests(&crate::load::read(file, MAX_FILE_BYTES)?)?;
        // A file that names its pack is run with that pack only.
        if loaded.value.pack.as_ref().is_none_or(|named| **named == *pack) {
            tests.push(loaded.value);
        }
    }
    Ok(tests)
}
