//! What was typed: the verbs and options, and the help that teaches them.

mod docs;
mod gates;
mod keys;
mod pipeline;
mod records;
mod statement;
mod status;
#[cfg(test)]
mod tests;

pub(super) use docs::{DocsArguments, GuideArguments};
pub(super) use gates::{ExportArguments, GateArguments, SignArguments, VerifyArguments};
pub(super) use keys::{Keys, KeysTo};
pub(super) use pipeline::Pipeline;
pub(super) use records::{DiffArguments, ExplainArguments};
pub(super) use statement::{AttestArguments, WaiveArguments};
pub(super) use status::{Since, StatusArguments};

use super::exit::Exit;
use crate::diagnostic::parse_duration;
use crate::model::{Level, Severity};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Proves that a web deployment is ready, writes the proof into the documents that people sign, and
/// holds the release until it is.
#[derive(Debug, Parser)]
#[command(name = "holdpoint", version, styles = STYLES, after_help = after_help(), max_term_width = 100)]
#[command(
    propagate_version = true,
    disable_help_subcommand = true,
    args_override_self = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) output: OutputArguments,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

fn after_help() -> String {
    format!(
        "Start here:\n  \
         holdpoint demo         see the whole flow against an embedded application\n  \
         holdpoint run --target http://localhost:3000\n  \
         holdpoint smoke https://staging.example.com\n\n{}",
        Exit::table()
    )
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Look, judge, decide, and report
    #[command(after_help = "\
Examples:
  holdpoint run                   every check, on the target of holdpoint.toml
  holdpoint run security --target http://localhost:3000
  holdpoint run 'headers.*' --skip headers.api
  holdpoint run --level static    the repository only, no network
  holdpoint run limits --infer --level active   which limiters stand there
  holdpoint run --report json=report.json --report junit=junit.xml
  holdpoint run security --report sign-off=SECURITY_SIGN_OFF.md")]
    Run(RunArguments),
    /// Tell in seconds whether a deployment is alive and is the application
    Smoke(SmokeArguments),
    /// Show what a run would look at, and where every setting comes from; looks at nothing
    Plan(RunArguments),
    /// List the checks
    List(ListArguments),
    /// Explain a check, a probe, or a verdict: everything under it, down to the facts and requests
    #[command(after_help = records::EXPLAIN)]
    Explain(ExplainArguments),
    /// Write an execution guide from checks: what they verify, what they need, how to mend
    #[command(after_help = "\
Examples:
  holdpoint guide infrastructure   to read now
  holdpoint guide email push       of two areas of checks
  holdpoint guide infrastructure --write GUIDE.md    people may write around it
  holdpoint guide security --write GUIDE.md --append   at the end of it")]
    Guide(GuideArguments),
    /// Make reports from a record, without looking again
    Report(ReportArguments),
    /// Compare two records: what broke, what is mended, what else differs
    #[command(after_help = records::DIFF)]
    Diff(DiffArguments),
    /// Show what a record says in the people's documents, and write it where told
    #[command(after_help = "\
Examples:
  holdpoint docs                   what the latest record would change: a diff
  holdpoint docs --write           the same, written
  holdpoint docs infrastructure --gaps   what no evidence covers
  holdpoint docs --check           for pipelines: 5 where one is not up to date
  holdpoint docs --restore         takes out all that holdpoint wrote

A box is ticked only where every check behind it passed in the record. What people wrote is never \
changed. What holdpoint wrote is remembered in .holdpoint/documents, which belongs into the repository.")]
    Docs(DocsArguments),
    /// Write a commented holdpoint.toml for the application found here
    Init(InitArguments),
    /// Write down what a person states that no probe can observe, with evidence and a last day
    #[command(after_help = statement::ATTEST)]
    Attest(AttestArguments),
    /// Write down who accepts a failing check, why, and until when
    #[command(after_help = statement::WAIVE)]
    Waive(WaiveArguments),
    /// Show the teams on one board: who blocks whom and since when, what is next, whether it ships
    #[command(after_help = status::STATUS)]
    Status(StatusArguments),
    /// Tell how the gates stand: what each decides, what holds it, who must act
    #[command(after_help = gates::GATE)]
    Gate(GateArguments),
    /// Sign a gate: show what its decision rests on, and put your word to it
    #[command(after_help = gates::SIGN)]
    Sign(SignArguments),
    /// Verify records, ledger, signatures and documents, with nothing but the repository
    #[command(after_help = gates::VERIFY)]
    Verify(VerifyArguments),
    /// Export a record or a gate's decision for other programs: a signed in-toto statement (DSSE)
    #[command(after_help = gates::EXPORT)]
    Export(ExportArguments),
    /// Make a key pair for web push, or a secret, and show or write it only where told
    #[command(
        subcommand,
        after_help = "\
Examples:
  holdpoint keys vapid                     a new pair, its public half shown
  holdpoint keys vapid --write .env.push   both, in a new file only you can read
  holdpoint keys vapid --write .env.local --append   both, at the end of a file
  holdpoint keys secret --name AUTH_SECRET --write .env.local --append
  holdpoint keys secret --stdout | vercel env add NEXTAUTH_SECRET production"
    )]
    Keys(Keys),
    /// Examine an embedded application and explain what came of it
    Demo(DemoArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the reference pages and tables that are generated
    #[command(hide = true)]
    Generate {
        /// What to print: checks, documents, exit-statuses, variables or probe:NAME
        what: String,
    },
}

/// How things are shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArguments {
    /// When to use colour; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(super) color: When,
    /// Show the decision and failures only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show everything: every look, every check that does not apply
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
    /// Whose pipeline this is: adds annotations, a step summary and outputs on GitHub, sections of the log on GitLab
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "PLATFORM",
        default_value = "auto"
    )]
    pub(super) pipeline: Pipeline,
}

/// When to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to examine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Subject")]
pub(super) struct SubjectArguments {
    /// The application's repository; the current folder where none is given
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// An environment file, in place of those the framework would load; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Vec<PathBuf>,
    /// The settings, in place of holdpoint.toml in the root
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// What the target is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Subject")]
pub(super) struct TargetArguments {
    /// The name of the target's environment, such as staging
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
    /// The target is yours, so level active is allowed there
    #[arg(long)]
    pub(super) owned: bool,
    /// Level active may go to a target in production too; said anew for each run, and by nothing else
    #[arg(long)]
    pub(super) on_production: bool,
}

/// How far, how much at once, how long.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArguments {
    /// How far a look may reach: static (no network), live (reads; the default) or active (sends mail, bursts; own targets only)
    #[arg(long, value_name = "LEVEL", value_parser = word::<Level>)]
    pub(super) level: Option<Level>,
    /// The time allowed for one look, such as 10s, which is the default; 5s for smoke
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) timeout: Option<Duration>,
    /// The time allowed for the whole run, such as 5m, which is the default; 15m where active looks are allowed, 20s for smoke
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) deadline: Option<Duration>,
    /// Looks at once; 64 where nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) concurrency: Option<u32>,
    /// Looks at once at one origin; 16 where nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) per_host: Option<u32>,
    /// Further attempts after a passing fault (a failed connection, 502, 503, 504, or 429 with Retry-After); 2 where nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10))]
    pub(super) retries: Option<u32>,
}

/// What decides and what is written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Decision and reports")]
pub(super) struct DecisionArguments {
    /// Findings of at least this severity must pass; medium where nothing is said
    #[arg(long, value_name = "SEVERITY", value_parser = word::<Severity>)]
    pub(super) fail_on: Option<Severity>,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report_target, help = formats())]
    pub(super) report: Vec<ReportTarget>,
    /// Only be no worse than this record, as diff judges it: what failed there in the same way is accepted; a run or the beginning of one, latest, or a path
    #[arg(long, value_name = "RECORD")]
    pub(super) baseline: Option<PathBuf>,
}

/// The arguments of `run` and `plan`.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArguments {
    /// Suites, ids, globs and tags of checks; everything where none is given
    #[arg(value_name = "SELECTOR")]
    pub(super) selectors: Vec<String>,
    /// Leave out suites, ids, globs or tags
    #[arg(long, value_name = "SELECTOR")]
    pub(super) skip: Vec<String>,
    /// Only checks of at least this severity
    #[arg(long, value_name = "SEVERITY", value_parser = word::<Severity>)]
    pub(super) severity: Option<Severity>,
    /// The base address of the running application
    #[arg(long, value_name = "URL", help_heading = "Subject")]
    pub(super) target: Option<String>,
    #[command(flatten)]
    pub(super) about: TargetArguments,
    #[command(flatten)]
    pub(super) subject: SubjectArguments,
    #[command(flatten)]
    pub(super) limits: LimitArguments,
    /// Tell which limiter stands before each path under [rate_limits], or before PATH: up to 800 requests and ten minutes each, at level active
    #[arg(
        long,
        value_name = "PATH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes",
        value_parser = infer,
        help_heading = "Limits"
    )]
    pub(super) infer: Option<String>,
    /// Run a suite whose gate waits for another, and say why; the record keeps it
    #[arg(long, value_name = "REASON", help_heading = "Decision and reports")]
    pub(super) before_gate: Option<String>,
    /// In GitHub Actions: have the runner mask the secrets of environment files, which it does not know, in later steps
    #[arg(long, help_heading = "Output")]
    pub(super) mask: bool,
    #[command(flatten)]
    pub(super) decision: DecisionArguments,
    /// Write what was seen into the people's documents; without it, only how much would change is said
    #[arg(long, help_heading = "Decision and reports")]
    pub(super) write: bool,
}

/// The arguments of `smoke`.
#[derive(Debug, Clone, Args)]
pub(super) struct SmokeArguments {
    /// The base address of the running application; that of the settings where none is given
    #[arg(value_name = "URL")]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) about: TargetArguments,
    #[command(flatten)]
    pub(super) subject: SubjectArguments,
    #[command(flatten)]
    pub(super) limits: LimitArguments,
    /// In GitHub Actions: have the runner mask the secrets of environment files, which it does not know, in later steps
    #[arg(long, help_heading = "Output")]
    pub(super) mask: bool,
    #[command(flatten)]
    pub(super) decision: DecisionArguments,
}

/// The arguments of `list`.
#[derive(Debug, Clone, Args)]
pub(super) struct ListArguments {
    /// Suites, ids, globs and tags of checks; everything where none is given
    #[arg(value_name = "SELECTOR")]
    pub(super) selectors: Vec<String>,
    #[command(flatten)]
    pub(super) subject: SubjectArguments,
}

/// The arguments of `report`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportArguments {
    /// The record: a run or the beginning of one, latest, latest~1 for the one before, or a path
    #[arg(long, value_name = "RECORD")]
    pub(super) from: PathBuf,
    /// Judge by the checks as they are now, in place of those in the record
    #[arg(long)]
    pub(super) rejudge: bool,
    #[command(flatten)]
    pub(super) subject: SubjectArguments,
    #[command(flatten)]
    pub(super) decision: DecisionArguments,
}

/// The arguments of `init`.
#[derive(Debug, Clone, Args)]
pub(super) struct InitArguments {
    /// The application's repository; the current folder where none is given
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
}

/// The arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArguments {
    /// Examine the application after everything was mended
    #[arg(long)]
    pub(super) mended: bool,
    /// Write record, report and document here, in place of a new folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

/// A report to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportTarget {
    /// The name of the format.
    pub(super) format: String,
    /// Where to; none for standard output.
    pub(super) path: Option<PathBuf>,
}

/// What the help says of `--report`.
fn formats() -> String {
    let names: Vec<&str> = crate::report::FORMATS.iter().map(|one| one.name).collect();
    format!(
        "Write a report: {}, or a generated document such as security-headers-audit; repeatable; the path - is standard output",
        names.join(", ")
    )
}

fn report_target(text: &str) -> Result<ReportTarget, String> {
    let (name, path) = text.split_once('=').unwrap_or((text, "-"));
    let names: Vec<_> = crate::report::FORMATS
        .iter()
        .map(|format| format.name)
        .chain(crate::document::GENERATED.iter().map(|one| one.name))
        .collect();
    if !names.contains(&name) {
        let near = crate::diagnostic::nearest(name, names.iter().copied());
        let near = near
            .map(|near| format!("did you mean '{near}'? "))
            .unwrap_or_default();
        return Err(format!(
            "there is no format '{name}'; {near}the formats are {}",
            names.join(", ")
        ));
    }
    if path.is_empty() {
        return Err(format!(
            "no path is given; write {name}=PATH, or {name}=- for standard output"
        ));
    }
    let path = (path != "-").then(|| PathBuf::from(path));
    Ok(ReportTarget {
        format: name.into(),
        path,
    })
}

/// What `--infer` may say: nothing, or a path.
fn infer(text: &str) -> Result<String, String> {
    if text == "yes" || text.starts_with('/') {
        Ok(text.into())
    } else {
        Err("it takes a path, which begins with a slash: --infer=/api/tasks".into())
    }
}

fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, String> {
    text.parse()
}
