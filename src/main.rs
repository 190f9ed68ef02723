//! The binary: parses the command, does it, and prints the chain of errors where it fails.

use std::process::ExitCode;

fn main() -> ExitCode {
    match hydria::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hydria: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
