//! The arguments of the verbs by which people state and accept things, and the help that teaches them.

use super::SubjectArguments;
use crate::cli::append::day;
use clap::Args;
use jiff::civil::Date;

/// What the help of `attest` ends with.
pub(super) const ATTEST: &str = "\
Examples:
  holdpoint attest infrastructure:I12 --by 'NAME OF THE PERSON' \\
    --statement 'the console shows that the brand is verified' \\
    --evidence docs/evidence/consent.png --until 2026-12-31
  holdpoint attest infrastructure:I12 --refuses --by 'NAME OF THE PERSON' \\
    --statement 'the brand is not verified yet' \\
    --evidence https://tracker.example.com/OPS-7 --until 2026-12-31

It is added to .holdpoint/attestations.toml, which is for everybody to read: name the evidence, never \
a secret. It counts to the end of its last day in UTC. A check that fails outweighs it.";

/// What the help of `waive` ends with.
pub(super) const WAIVE: &str = "\
Example:
  holdpoint waive headers.csp-unsafe-eval --owner 'NAME OF THE PERSON' \\
    --reason 'the policy comes with the next release, OPS-12' \\
    --until 2026-12-31

It is added to .holdpoint/waivers.toml, or to the file that [waivers] in holdpoint.toml names. The check \
still runs and still shows as failed; the decision is then go with waivers. It covers failures only: \
what could not be observed cannot be accepted.";

/// The arguments of `attest`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct AttestArguments {
    /// An item of a document, such as infrastructure:I12, a criterion of a gate, such as release:window, or the id of a check
    #[arg(value_name = "ITEM")]
    pub(in crate::cli) item: String,
    /// Who states it
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: String,
    /// What is stated, in one line
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) statement: String,
    /// Where the evidence is: a link, or a path in the repository
    #[arg(long, value_name = "LINK")]
    pub(in crate::cli) evidence: String,
    /// The last day on which it counts, in UTC, such as 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(in crate::cli) until: Date,
    /// The day on which it was stated; today where none is given
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(in crate::cli) on: Option<Date>,
    /// The person states that it does not hold
    #[arg(long)]
    pub(in crate::cli) refuses: bool,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `waive`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct WaiveArguments {
    /// The id of the check
    #[arg(value_name = "CHECK")]
    pub(in crate::cli) check: String,
    /// Who accepts the finding
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) owner: String,
    /// Why it is accepted, in one line
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: String,
    /// The last day on which it is accepted, in UTC, such as 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(in crate::cli) until: Date,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}
