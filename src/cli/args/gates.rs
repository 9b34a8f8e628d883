//! The arguments of the verbs by which gates are decided, signed and verified, and the help that teaches them.

use super::{ReportTarget, SubjectArguments};
use clap::Args;
use std::path::PathBuf;

/// What the help of `gate` ends with.
pub(super) const GATE: &str = "\
Examples:
  holdpoint gate            every gate: whose it is, how it stands, what blocks
  holdpoint gate security   one: each criterion, what blocks it, who must act
  holdpoint gate pi         the same, by the name of its team
  holdpoint gate security --from RECORD   what it would decide on another record
  holdpoint gate release --report markdown=.holdpoint/decision.md

A gate decides on records that are there already: holdpoint run makes them. It ends with 0 where \
the gate, or every gate, is open: everything asked was seen, and its people have signed. It ends with 1 where \
something speaks against it, and with 3 where something was not seen, or nobody has signed yet.";

/// What the help of `sign` ends with.
pub(super) const SIGN: &str = "\
Examples:
  holdpoint sign security          with the only key of the ssh-agent
  holdpoint sign security --key ~/.ssh/id_ed25519
  holdpoint sign security --show   what would be signed, byte for byte
  holdpoint sign security --no --comment 'the audit of the sessions is not done'

Who may sign stands in .holdpoint/allowed_signers, in the form that ssh-keygen reads:
  ann@example.com namespaces=\"security@holdpoint\" ssh-ed25519 AAAA…
The namespace is the gate's name with @holdpoint; *@holdpoint is for every gate. Keys that count \
no longer stand in .holdpoint/revoked_keys, one a line. Sign-offs, and what they rest on, are kept \
in .holdpoint/ledger and .holdpoint/records, which belong into the repository.";

/// What the help of `verify` ends with.
pub(super) const VERIFY: &str = "\
It needs nothing but the repository: no network, no key. A single sign-off can be verified without \
holdpoint, too; statement and signature lie beside each other in .holdpoint/ledger/statements:
  ssh-keygen -Y verify -f .holdpoint/allowed_signers -I ann@example.com \\
    -n security@holdpoint -s STATEMENT.json.sig < STATEMENT.json
It ends with 0 where all is as it was written and every sign-off counts, with 1 where something \
was changed, is gone or is not signed by whom it says, with 3 where all is whole and a sign-off has \
lapsed, and with 4 where nothing was signed yet.";

/// What the help of `export` ends with.
pub(super) const EXPORT: &str = "\
Examples:
  holdpoint export latest --key ~/.ssh/id_ed25519 --output run.dsse.json
  holdpoint export release --output release.dsse.json --public-key key.pem

A record becomes a test-result v0.1; a gate's decision as it stands becomes a verification summary v1, which \
has PASSED only where the gate may be released, and the level HOLDPOINT_GATE_RELEASED only where it is open.
OpenSSL verifies the envelope, whose signature is over the payload and its type:
  jq -r .payload run.dsse.json | base64 -d > statement.json
  jq -r '.signatures[0].sig' run.dsse.json | base64 -d > signature
  { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' \\
    $(wc -c < statement.json); cat statement.json; } > signed
  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed \\
    -sigfile signature
An ECDSA key wants -digest sha256 (P-256), sha384 (P-384) or sha512 (P-521) besides, and an RSA key -digest sha512.";

/// The arguments of `export`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ExportArguments {
    /// A record: a run or the beginning of one, latest, or a path; or a gate, or the name of its team
    #[arg(value_name = "RECORD|GATE")]
    pub(in crate::cli) what: String,
    /// The key: a file, or the fingerprint (SHA256:…) or comment of one in the ssh-agent; the agent's only key where none is given
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) key: Option<String>,
    /// Where the envelope is written; standard output where no path is given
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Write the key's public half here, in the form that OpenSSL reads
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) public_key: Option<PathBuf>,
    /// The environment that the gate is asked about; that of the newest evidence where none is given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `gate`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct GateArguments {
    /// The gate, or the name of its team; every gate where none is given
    #[arg(value_name = "GATE")]
    pub(in crate::cli) gate: Option<String>,
    /// Decide on this record (a run or the beginning of one, latest, or a path) in place of the newest that holds the whole suite
    #[arg(long, value_name = "RECORD", requires = "gate")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// The environment that is asked about; that of the newest evidence where none is given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,
    /// Write the decision as terminal, json or markdown; repeatable; the path - is standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub(in crate::cli) report: Vec<ReportTarget>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `sign`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SignArguments {
    /// The gate, or the name of its team
    #[arg(value_name = "GATE")]
    pub(in crate::cli) gate: String,
    /// The key: a file, or the fingerprint (SHA256:…) or comment of one in the ssh-agent; the agent's only key that may sign where none is given
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) key: Option<String>,
    /// Who signs, as .holdpoint/allowed_signers names them; whoever has the key where it is one person's
    #[arg(long = "as", value_name = "PRINCIPAL")]
    pub(in crate::cli) principal: Option<String>,
    /// Say no: the gate is not released, and what was signed before is taken back
    #[arg(long)]
    pub(in crate::cli) no: bool,
    /// What the signer says beside it, in one line
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(in crate::cli) comment: String,
    /// Print the exact statement that would be signed, and sign nothing
    #[arg(long)]
    pub(in crate::cli) show: bool,
    /// Do not ask
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// The environment that is signed for; that of the newest evidence where none is given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The arguments of `verify`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct VerifyArguments {
    /// The gate, or the name of its team; every gate where none is given
    #[arg(value_name = "GATE")]
    pub(in crate::cli) gate: Option<String>,
    /// The environment that is asked about; that of the newest evidence where none is given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// The formats of a gate's decision.
const FORMATS: [&str; 3] = ["terminal", "json", "markdown"];

pub(super) fn report(text: &str) -> Result<ReportTarget, String> {
    let (format, path) = text.split_once('=').unwrap_or((text, "-"));
    if !FORMATS.contains(&format) {
        return Err(format!(
            "there is no format '{format}' of gates; the formats are {}",
            FORMATS.join(", ")
        ));
    }
    if path.is_empty() {
        return Err(format!(
            "no path is given; write {format}=PATH, or {format}=- for standard output"
        ));
    }
    Ok(ReportTarget {
        format: format.into(),
        path: (path != "-").then(|| PathBuf::from(path)),
    })
}
