//! Sign-offs: what a person's signature on a gate binds, and the ways in which it ceases to count.

use super::Outcome;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::fmt;

/// A person's word on a gate, and everything that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOff {
    /// The gate.
    pub gate: String,
    /// Who signs, as `allowed_signers` names them.
    pub by: String,
    /// The gate is released; otherwise the signer says no.
    pub released: bool,
    /// When it was signed.
    pub at: Timestamp,
    /// The last moment at which it counts.
    pub until: Timestamp,
    /// What the gate's decision was.
    pub decision: Outcome,
    /// The commit that was examined.
    pub commit: String,
    /// The environment that was examined.
    pub environment: String,
    /// The address that was examined, where there was one.
    pub target: Option<String>,
    /// The digest of the gate's definition.
    pub definition: String,
    /// The digest of the checks by which the evidence was judged.
    pub checks: String,
    /// The records that it rests on.
    pub evidence: Vec<BoundRecord>,
    /// The checks that had to pass and were seen to.
    pub passed: BTreeSet<String>,
    /// The waivers that it rests on, by their checks.
    pub waivers: Vec<BoundStatement>,
    /// The attestations that it rests on, by what they attest.
    pub attestations: Vec<BoundStatement>,
    /// The documents, as they were seen.
    pub documents: Vec<BoundDocument>,
    /// The gates that were open before it, each with the digests of the sign-offs that opened it.
    pub upstream: Vec<(String, Vec<String>)>,
    /// The heads of the ledger's chains that were seen, by gate.
    pub heads: Vec<(String, Vec<String>)>,
    /// What the signer says.
    pub comment: String,
}

/// A record that a sign-off rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundRecord {
    /// The run.
    pub run: String,
    /// The digest of the record's bytes.
    pub digest: String,
    /// When the run began, which is before anything in it was observed.
    pub started: Timestamp,
}

/// A waiver or an attestation that a sign-off rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundStatement {
    /// What it is about.
    pub name: String,
    /// The digest of what it says.
    pub digest: String,
    /// Its last day, in UTC.
    pub until: Date,
}

/// A document that a sign-off binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundDocument {
    /// Its name in the settings.
    pub name: String,
    /// Its path, as seen from the root.
    pub path: String,
    /// The digest of its bytes.
    pub raw: String,
    /// The digest of what people wrote in it.
    pub semantic: String,
}

/// Why a sign-off does not count any more. The gravest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lapse {
    /// The signature does not verify, or what it rests on was altered or is gone.
    Altered,
    /// The key was revoked, or the signer may not sign this gate.
    SignerRevoked,
    /// The signer took it back.
    Withdrawn,
    /// The gate or its checks are not what they were.
    CriteriaChanged,
    /// People changed a bound document.
    DocumentEdited,
    /// The code is not that of the evidence.
    CodeChanged,
    /// A check that it rests on was seen not to pass since.
    Regressed,
    /// A waiver that it rests on ended or was taken back.
    WaiverEnded,
    /// An attestation that it rests on ended or was taken back.
    AttestationEnded,
    /// A gate before it is not open any more.
    UpstreamClosed,
    /// The evidence is too old.
    Aged,
    /// The sign-off itself is too old.
    Expired,
}

impl Lapse {
    /// Every way to lapse, the gravest first.
    pub const ALL: &'static [Self] = &[
        Self::Altered,
        Self::SignerRevoked,
        Self::Withdrawn,
        Self::CriteriaChanged,
        Self::DocumentEdited,
        Self::CodeChanged,
        Self::Regressed,
        Self::WaiverEnded,
        Self::AttestationEnded,
        Self::UpstreamClosed,
        Self::Aged,
        Self::Expired,
    ];

    /// The words that everything shows.
    pub fn words(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::SignerRevoked => "signer revoked",
            Self::Withdrawn => "withdrawn",
            Self::CriteriaChanged => "criteria changed",
            Self::DocumentEdited => "document edited",
            Self::CodeChanged => "code changed",
            Self::Regressed => "regressed",
            Self::WaiverEnded => "waiver ended",
            Self::AttestationEnded => "attestation ended",
            Self::UpstreamClosed => "upstream closed",
            Self::Aged => "aged",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// A way in which a sign-off ceased to count, with what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    /// The way.
    pub lapse: Lapse,
    /// What happened, in one line.
    pub why: String,
}

/// A sign-off as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The sign-off.
    pub sign_off: SignOff,
    /// The digest of its statement.
    pub statement: String,
    /// The digest of its entry in the ledger.
    pub entry: String,
    /// The fingerprint of the key; none where the signature does not verify.
    pub fingerprint: Option<String>,
    /// Why it does not count, the gravest first; empty while it is valid.
    pub lapses: Vec<Lapsed>,
    /// What people should know that changes nothing.
    pub remarks: Vec<String>,
}

impl Standing {
    /// It counts.
    pub fn is_valid(&self) -> bool {
        self.lapses.is_empty()
    }

    /// `valid`, or the gravest way in which it does not count.
    pub fn words(&self) -> &'static str {
        self.lapses.first().map_or("valid", |one| one.lapse.words())
    }
}
