//! From arguments to a command, and from its result to an exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Args, Command, RulesCommand};
use super::slo_args::SloCommand;
use super::ui::{Failure, Ui};
use super::{
    calibrate, check, compare, data, doctor, exit, history, init, list, report, routine, rules,
    run, score, show, slo, slo_export, slo_init,
};

/// Runs the program.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for and go to standard output; mistakes are not.
            let code = if error.use_stderr() { exit::USAGE } else { exit::OK };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(exit::OK),
            };
        }
    };
    let mut ui = Ui::new(&args.common);
    let result = match &args.command {
        Command::Run(run_args) => run::run(&args.common, run_args, &mut ui),
        Command::List(list_args) => list::list(&args.common, list_args, &mut ui),
        Command::Show(show_args) => show::show(&args.common, show_args, &mut ui),
        Command::Check(check_args) => check::check(&args.common, check_args, &mut ui),
        Command::Score(score_args) => score::score(&args.common, score_args, &mut ui),
        Command::Compare(found) => compare::compare(&args.common, found, &mut ui),
        Command::History(found) => history::history(&args.common, found, &mut ui),
        Command::Calibrate(found) => calibrate::calibrate(&args.common, found, &mut ui),
        Command::Init(init_args) => init::init(&args.common, init_args, &mut ui),
        Command::Data(command) => data::data(&args.common, command, &mut ui),
        Command::Doctor => doctor::doctor(&args.common, &mut ui),
        Command::Slo(SloCommand::Status(slo)) => slo::status(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Alerts(slo)) => slo::alerts(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Explain(slo)) => slo::explain(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Lint(slo)) => slo::lint(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Gate(slo)) => slo::gate(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Compare(slo)) => slo::compare(&args.common, slo, &mut ui),
        Command::Slo(SloCommand::Export(export)) => {
            slo_export::export(&args.common, export, &mut ui)
        }
        Command::Slo(SloCommand::Init(init)) => slo_init::init(&args.common, init, &mut ui),
        Command::Report(command) => report::report(&args.common, command, &mut ui),
        Command::Routine(command) => routine::routine(&args.common, command, &mut ui),
        Command::Rules(RulesCommand::Test(test)) => rules::test(&args.common, test, &mut ui),
    };
    let code = match result.and_then(|code| ui.finish().map(|()| code)) {
        Ok(code) => code,
        Err(Failure::ClosedPipe) => exit::OK,
        Err(failure) => {
            ui.failure(&failure);
            exit::USAGE
        }
    };
    ExitCode::from(code)
}
