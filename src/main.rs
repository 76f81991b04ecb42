//! Arguments → one command. The only place that exits.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
