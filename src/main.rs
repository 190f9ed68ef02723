//! The binary: does what the command line says.

use std::process::ExitCode;

fn main() -> ExitCode {
    hydria::cli::run()
}
