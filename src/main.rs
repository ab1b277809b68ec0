//! The `drill` binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    drill::cli::main()
}
