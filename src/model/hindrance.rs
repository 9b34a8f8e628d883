//! Why a probe could not look, as data.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kept a probe from looking, in a closed list that checks can name in `fails_on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HindranceKind {
    /// The name could not be resolved.
    Dns,
    /// No route, or the network is down on this side.
    Unreachable,
    /// The host refused the connection.
    Refused,
    /// No answer within the time allowed.
    Timeout,
    /// The TLS handshake failed.
    Tls,
    /// The peer closed the connection before its answer was complete.
    Closed,
    /// The peer's answer breaks its protocol.
    Protocol,
    /// Redirects lead in a circle or never end.
    RedirectLoop,
    /// The answer is larger than the limit.
    TooLarge,
    /// The target asked for patience (429, or 503 with Retry-After).
    RateLimited,
    /// holdpoint held a request of an active look back: its budget was spent, or the peer failed too often.
    Withheld,
    /// What was to be looked at does not exist here; the look does not apply.
    Absent,
    /// A file, program or credential may not be used.
    Denied,
    /// A program could not be started or did not keep its contract.
    Program,
    /// The run ended first: its deadline passed or it was interrupted.
    RunEnded,
    /// A fault of holdpoint's own.
    Internal,
}

impl HindranceKind {
    /// Every kind, for help and diagnostics.
    pub const ALL: &'static [Self] = &[
        Self::Dns,
        Self::Unreachable,
        Self::Refused,
        Self::Timeout,
        Self::Tls,
        Self::Closed,
        Self::Protocol,
        Self::RedirectLoop,
        Self::TooLarge,
        Self::RateLimited,
        Self::Withheld,
        Self::Absent,
        Self::Denied,
        Self::Program,
        Self::RunEnded,
        Self::Internal,
    ];

    /// The word used in check files and records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::RedirectLoop => "redirect-loop",
            Self::TooLarge => "too-large",
            Self::RateLimited => "rate-limited",
            Self::Withheld => "withheld",
            Self::Absent => "absent",
            Self::Denied => "denied",
            Self::Program => "program",
            Self::RunEnded => "run-ended",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for HindranceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A look that did not come about, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hindrance {
    /// The kind, for rules.
    pub kind: HindranceKind,
    /// The cause in a sentence, for people; redacted like every other text.
    pub cause: String,
}

impl Hindrance {
    /// A hindrance of a kind with its cause.
    pub fn new(kind: HindranceKind, cause: impl Into<String>) -> Self {
        Self {
            kind,
            cause: cause.into(),
        }
    }
}
