//! `scanvet plan`: what a filing must upload, and which steps follow.

use scanvet::filing::plan::plan;
use scanvet::grpc::json;
use scanvet::report;
use time::OffsetDateTime;

use crate::cli::args::{Common, Format, PlanArguments};
use crate::cli::{Exit, Failure, say, today};

pub(crate) fn run(common: &Common, arguments: &PlanArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    let plan = plan(&book, &arguments.context.context(), today())?;
    let locale = common.locale.into();
    match arguments.format {
        Format::Text => say(&report::plan::table(&book, &plan, locale)),
        Format::Json => {
            let line = json::plan_line(&plan, &[locale], OffsetDateTime::now_utc());
            say(&format!("{line}\n"));
        }
    }
    Ok(Exit::Success)
}
