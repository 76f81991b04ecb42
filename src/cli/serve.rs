//! `scanvet serve` and `scanvet health`.

use crate::cli::args::{Common, HealthArguments, ServeArguments};
use crate::cli::{Exit, Failure};

pub(crate) fn run(common: &Common, arguments: &ServeArguments) -> Result<Exit, Failure> {
    let s = common.config()?.serve;
    drop((
        s.listen,
        s.workers,
        s.queue,
        s.max_deadline_seconds,
        s.drain_seconds,
        arguments.listen,
        arguments.workers,
    ));
    Err("not yet".into())
}

pub(crate) fn health(arguments: &HealthArguments) -> Result<Exit, Failure> {
    Err(arguments.server.clone().into())
}
