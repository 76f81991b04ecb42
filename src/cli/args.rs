//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use scanvet::reason::Locale;
use scanvet::rules::Context;
use time::Date;
use time::macros::format_description;

#[cfg(target_os = "linux")]
pub(crate) use crate::cli::doors::WorkerArguments;
pub(crate) use crate::cli::doors::{DialArguments, Isolation, IsolationArguments, Switch};

/// Vets uploaded scans and verification photos before a person has to.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Language of the texts for applicants.
    #[arg(long, global = true, value_enum, default_value = "en")]
    pub(crate) locale: LocaleArgument,
    /// Use the rule packs of this folder, or an archived rule set (.json), instead of the built-in ones.
    #[arg(long, global = true, value_name = "DIR|FILE.json", env = "SCANVET_RULES")]
    pub(crate) rules: Option<PathBuf>,
    /// Read the configuration from this file (TOML).
    #[arg(long, global = true, value_name = "FILE", env = "SCANVET_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LocaleArgument {
    #[value(name = "en")]
    En,
    #[value(name = "zh-CN", alias = "zh")]
    ZhCn,
}

impl From<LocaleArgument> for Locale {
    fn from(argument: LocaleArgument) -> Self {
        match argument {
            LocaleArgument::En => Self::En,
            LocaleArgument::ZhCn => Self::ZhCn,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge files here, without a server.
    Check(CheckArguments),
    /// Serve the gRPC API.
    Serve(ServeArguments),
    /// Judge an archive: a folder, a manifest, or a prefix of an object store. Resumes.
    #[cfg(feature = "archives")]
    Batch(Box<BatchArguments>),
    /// Judge recorded readings under other rules, without the files.
    #[cfg(feature = "archives")]
    Rejudge(RejudgeArguments),
    /// Compare verdicts with labels and print an accuracy table.
    Evaluate(EvaluateArguments),
    /// Judge the samples that this program carries, and write a report to look at.
    Demo(DemoArguments),
    /// Say what a filing must upload, and which steps follow.
    Plan(PlanArguments),
    /// Look at profiles, slots and limits, and lint rule packs.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Ask a server whether it serves.
    Health(HealthArguments),
    /// Judge uploads that come by standard input, for the scanvet that has started this one.
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Worker(WorkerArguments),
}

/// What the uploads belong to.
#[derive(Clone, Debug, Args)]
pub(crate) struct ContextArguments {
    /// Provider's rules over a span of time, e.g. alibaba-2018. Default: generic.
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Province, ISO 3166-2, e.g. CN-SH.
    #[arg(long)]
    pub(crate) province: Option<String>,
    /// Kind of the filing entity, e.g. company.
    #[arg(long)]
    pub(crate) entity: Option<String>,
    /// Kind of the filing, e.g. initial.
    #[arg(long)]
    pub(crate) filing_type: Option<String>,
    /// How the applicant uploads: web, mobile-app, mail.
    #[arg(long)]
    pub(crate) channel: Option<String>,
    /// Content category that needs a pre-approval; may be repeated.
    #[arg(long)]
    pub(crate) content: Vec<String>,
    /// The website earns income.
    #[arg(long)]
    pub(crate) paid: bool,
    /// Domains in the filing.
    #[arg(long, value_name = "N")]
    pub(crate) domains: Option<u32>,
    /// Whether certificate or identity card was issued in another province.
    #[arg(long, value_name = "true|false")]
    pub(crate) issued_elsewhere: Option<bool>,
    /// Day whose rules apply, e.g. 2019-07-01. Default: today in China.
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    pub(crate) as_of: Option<Date>,
}

impl ContextArguments {
    pub(crate) fn context(&self) -> Context {
        self.over(Context::default())
    }

    /// What was typed, over what is known from elsewhere.
    pub(crate) fn over(&self, below: Context) -> Context {
        let contents = &self.content;
        Context {
            profile: self.profile.clone().unwrap_or(below.profile),
            province: self.province.clone().or(below.province),
            entity: self.entity.clone().or(below.entity),
            filing_type: self.filing_type.clone().or(below.filing_type),
            contents: if contents.is_empty() { below.contents } else { contents.clone() },
            channel: self.channel.clone().or(below.channel),
            paid_service: self.paid || below.paid_service,
            domain_count: self.domains.unwrap_or(below.domain_count),
            issued_elsewhere: self.issued_elsewhere.or(below.issued_elsewhere),
            as_of: self.as_of.or(below.as_of),
        }
    }
}

/// `2019-07-01` as a date.
pub(crate) fn parse_day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "expected a day of the form 2019-07-01".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// What the files are meant to be, e.g. id-card-front.
    #[arg(long, default_value = "supporting-document")]
    pub(crate) slot: String,
    /// How to print verdicts.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Stop judging a file at its first blocking fault.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Print what was measured too, to be judged again later (JSON only).
    #[arg(long)]
    pub(crate) readings: bool,
    /// Draw the findings on each file that can be decoded, as DIR/NAME.annotated.jpg.
    #[arg(long, value_name = "DIR")]
    pub(crate) annotate: Option<PathBuf>,
    /// Judge the files of one filing together: a folder whose files are named for their slots, or a
    /// description (TOML) with context and files.
    #[arg(long, value_name = "DIR|FILE.toml", conflicts_with_all = ["files", "annotate", "slot"])]
    pub(crate) filing: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) isolation: IsolationArguments,
    /// The files.
    #[arg(required_unless_present = "filing", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// How to print the plan.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", env = "SCANVET_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// Files judged at the same time. Default: one a core.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// The server's certificate chain (PEM). With it connections are by TLS alone.
    #[arg(long, value_name = "FILE", env = "SCANVET_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The key of the certificate (PEM).
    #[arg(long, value_name = "FILE", env = "SCANVET_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Who may sign the certificates by which callers are known (PEM).
    #[arg(long, value_name = "FILE", env = "SCANVET_CLIENT_CA")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Listen beyond this machine without TLS, as something else protects the connections.
    #[arg(long)]
    pub(crate) insecure: bool,
    #[command(flatten)]
    pub(crate) isolation: IsolationArguments,
    /// Refuse to start when a layer of the sandbox around files is missing.
    #[arg(long)]
    pub(crate) require_sandbox: bool,
    /// Fetch files under this prefix for callers that name them, e.g. s3://scans/2026/ or
    /// file:///srv/scans/; may be repeated. Default: fetch nothing.
    #[cfg(feature = "archives")]
    #[arg(long, value_name = "URI")]
    pub(crate) content_prefix: Vec<String>,
    /// Serve a page for people at /, and gRPC-Web. Default: on where it listens on loopback.
    #[arg(
        long,
        value_enum,
        value_name = "on|off",
        env = "SCANVET_WEB",
        hide_possible_values = true
    )]
    pub(crate) web: Option<Switch>,
    /// Serve /metrics, /livez and /readyz over HTTP here. Default: nowhere.
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Print the settings that would be in force, as a configuration file, and end.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Say whether settings, rules and files are sound, and end: 0 if so, 2 if not.
    #[arg(long, conflicts_with = "print_config")]
    pub(crate) check_config: bool,
}

/// What a batch writes, and when it stops.
#[cfg(feature = "archives")]
#[derive(Debug, Args)]
pub(crate) struct ResultArguments {
    /// Write the results here: a folder, or s3://, gs://, az://, file://. What is there is resumed.
    #[arg(long = "out", value_name = "DIR|URI")]
    pub(crate) results: String,
    /// Items of a part: what is judged and committed together.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) unit: usize,
    /// Compress the parts (.ndjson.zst).
    #[arg(long)]
    pub(crate) zstd: bool,
    /// Write no Parquet beside the records.
    #[arg(long)]
    pub(crate) no_parquet: bool,
    /// Go on with results that another rule set or engine began.
    #[arg(long)]
    pub(crate) allow_mixed: bool,
    /// Stop (exit 4) when a larger share of the items has no verdict.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub(crate) max_error_share: f64,
    /// Say which verdicts flipped against these older results.
    #[arg(long, value_name = "OLD")]
    pub(crate) diff: Option<String>,
    /// Files that report.html lists at most, so that each reason is seen.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) report_cases: usize,
    /// Write counts alone to report.html: the records are not read again for it.
    #[arg(long)]
    pub(crate) report_counts: bool,
}

#[cfg(feature = "archives")]
#[derive(Debug, Args)]
pub(crate) struct BatchArguments {
    /// A folder, a manifest (.csv, .ndjson, .parquet), or a prefix s3://, gs://, az://, file://.
    #[arg(required_unless_present = "queue", value_name = "INPUT")]
    pub(crate) input: Option<String>,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// What files are meant to be whose row does not say it.
    #[arg(long, default_value = "supporting-document")]
    pub(crate) slot: String,
    /// Files judged at the same time here. Default: one a core.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    #[command(flatten)]
    pub(crate) isolation: IsolationArguments,
    /// Record no readings: smaller, but only the files can be judged again.
    #[arg(long)]
    pub(crate) no_readings: bool,
    /// Put pictures of so many listed files into report.html, their findings drawn on them. They show
    /// what the files show: keep the report as safe as these.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["server", "report_counts"])]
    pub(crate) report_pictures: usize,
    /// Judge parts again in which items have no verdict.
    #[arg(long)]
    pub(crate) retry_errors: bool,
    /// Ask this service instead of judging here; may be repeated, every address of a name is used.
    #[arg(long, value_name = "URI", conflicts_with = "workers")]
    pub(crate) server: Vec<String>,
    #[command(flatten)]
    pub(crate) dial: DialArguments,
    /// Send addresses instead of files: the service fetches them, where its operator allows it.
    #[arg(long, requires = "server")]
    pub(crate) by_reference: bool,
    /// Files under way at each address of a service.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) window: usize,
    /// Which share of the work to do, from 0.
    #[arg(long, value_name = "I", default_value_t = 0, env = "JOB_COMPLETION_INDEX")]
    pub(crate) shard_index: u32,
    /// Shares of the work; items go to them by a hash of their id.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "queue")]
    pub(crate) shard_count: u32,
    /// Share the work with other processes over this NATS server, e.g. nats://127.0.0.1:4222.
    #[arg(long, value_name = "URI")]
    pub(crate) queue: Option<String>,
    /// What this process does with the queue.
    #[arg(long, value_enum, default_value = "both", requires = "queue")]
    pub(crate) queue_role: QueueRole,
    /// Seconds after which a unit whose worker is silent goes to another one.
    #[arg(long, value_name = "S", default_value_t = 30)]
    pub(crate) queue_ack_seconds: u64,
    /// Seconds that a queue which does not answer is waited for.
    #[arg(long, value_name = "S", default_value_t = 120)]
    pub(crate) queue_patience_seconds: u64,
    /// Times that a unit is handed out before it counts as poisoned.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) queue_deliveries: i64,
}

/// What a process does with a queue.
#[cfg(feature = "archives")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueRole {
    /// Fill it and work on it.
    Both,
    /// Fill it, wait for the workers, and count.
    Fill,
    /// Work until nothing is left. Needs no INPUT.
    Work,
}

#[cfg(feature = "archives")]
#[derive(Debug, Args)]
pub(crate) struct RejudgeArguments {
    /// Results of a batch, or records with readings as NDJSON: a file or a folder.
    #[arg(value_name = "RESULTS")]
    pub(crate) records: String,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// Cores. Default: all.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// Record the readings again beside the new verdicts.
    #[arg(long)]
    pub(crate) readings: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// CSV with file, slot, profile, verdict, reasons, absent, note.
    #[arg(value_name = "LABELS.csv")]
    pub(crate) labels: PathBuf,
    /// How to print the table.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Exit with 1 when the share of right rows is lower, e.g. 0.97.
    #[arg(long, value_name = "SHARE")]
    pub(crate) min_accuracy: Option<f64>,
    /// Write a report to look at, as one page of HTML.
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
    /// Files that the report lists at most; those not as labelled first.
    #[arg(long, value_name = "N", default_value_t = 200, requires = "report")]
    pub(crate) report_cases: usize,
    /// Of these, how many get a picture with their findings drawn on it.
    #[arg(long, value_name = "N", default_value_t = 50, requires = "report")]
    pub(crate) report_pictures: usize,
    #[command(flatten)]
    pub(crate) isolation: IsolationArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Write the report and the samples into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) isolation: IsolationArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List profiles and their slots.
    List,
    /// Show the limits in force for a profile, slot or reason: their sources, and what they override.
    Show {
        /// A profile, e.g. alibaba-2019, a slot, e.g. passport, or a reason, e.g. IMAGE_BLURRED.
        name: String,
        /// Slot whose limits to show.
        #[arg(long, default_value = "supporting-document")]
        slot: String,
        #[command(flatten)]
        context: ContextArguments,
    },
    /// Lint the rule packs of a folder.
    Check {
        /// The folder.
        folder: PathBuf,
    },
    /// Show what changes for applicants between two profiles or two days.
    Diff {
        /// A profile, a day, or both: alibaba-2018, 2018-05-01, alibaba-2018@2018-05-01.
        before: String,
        /// Another.
        after: String,
        #[command(flatten)]
        context: ContextArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// The server.
    #[arg(long, value_name = "URI", default_value = "127.0.0.1:50051")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) dial: DialArguments,
}
