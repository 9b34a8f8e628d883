//! What an error of the driver, or of a handshake, means for people; pure, so that its table can be tested.

use crate::model::Hindrance;
use crate::model::HindranceKind;
use crate::probe::transport::mongodb::Unshaken;
use mongodb::error::{Error, ErrorKind, WriteFailure};
use rustls::CertificateError;
use std::error::Error as _;

/// Why a rung broke or could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    /// False where the claim was seen to be false; none where it could not be told.
    pub(super) ok: Option<bool>,
    /// The cause, for people.
    pub(super) text: String,
    /// How to mend it; empty where that is not known.
    pub(super) remedy: String,
    /// The server's code, where it refused.
    pub(super) code: Option<i32>,
}

impl Cause {
    /// The claim is false.
    pub(super) fn broke(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            ok: Some(false),
            text: text.into(),
            remedy: remedy.into(),
            code: None,
        }
    }

    /// The claim may be true or false.
    pub(super) fn untold(text: impl Into<String>) -> Self {
        Self {
            ok: None,
            text: text.into(),
            remedy: String::new(),
            code: None,
        }
    }
}

/// What an error says, as far as its meaning depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) code: Option<i32>,
    pub(super) text: String,
}

/// The kinds of errors that mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Selection,
    Authentication,
    Server,
    Network,
    Options,
    Other,
}

impl Seen {
    /// Takes an error of the driver apart.
    pub(super) fn of(error: &Error) -> Self {
        let (kind, code, text) = match error.kind.as_ref() {
            ErrorKind::ServerSelection { message, .. } => (Kind::Selection, None, message.clone()),
            ErrorKind::Authentication { message, .. } => {
                let inner = error
                    .source()
                    .and_then(|inner| inner.downcast_ref::<Error>());
                let code = inner.and_then(|inner| Self::of(inner).code);
                (Kind::Authentication, code, message.clone())
            }
            ErrorKind::Command(refusal) => {
                (Kind::Server, Some(refusal.code), refusal.message.clone())
            }
            ErrorKind::Write(WriteFailure::WriteError(refusal)) => {
                (Kind::Server, Some(refusal.code), refusal.message.clone())
            }
            ErrorKind::Write(WriteFailure::WriteConcernError(refusal)) => {
                (Kind::Server, Some(refusal.code), refusal.message.clone())
            }
            ErrorKind::Io(io) => (Kind::Network, None, io.to_string()),
            ErrorKind::ConnectionPoolCleared { message, .. } => {
                (Kind::Network, None, message.clone())
            }
            ErrorKind::DnsResolve { message, .. } => (Kind::Network, None, message.clone()),
            ErrorKind::InvalidArgument { message, .. }
            | ErrorKind::InvalidTlsConfig { message, .. } => (Kind::Options, None, message.clone()),
            other => (Kind::Other, None, other.to_string()),
        };
        Self { kind, code, text }
    }
}

/// Where an error was met.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The cluster is one of MongoDB Atlas.
    pub(super) atlas: bool,
    /// What was asked of the server, as the name of its privilege.
    pub(super) action: &'a str,
    /// The database it was asked about.
    pub(super) database: &'a str,
    /// The database that users are looked up in.
    pub(super) auth_source: &'a str,
    /// The replica set that the connection string names.
    pub(super) replica_set: Option<&'a str>,
}

const ALLOW: &str = "add this machine's public address under Network Access of the Atlas project, and the deployment's own addresses too";
const PASSWORD: &str = "copy the user and password from Database Access again, percent-encode the password, and name the database that holds the user with authSource";

/// What the error means.
pub(super) fn of(seen: &Seen, place: &Place<'_>) -> Cause {
    let cause = match seen.kind {
        Kind::Selection => of_selection(&seen.text, place),
        Kind::Authentication => of_authentication(seen, place),
        Kind::Server => of_refusal(seen.code.unwrap_or(0), &seen.text, place),
        Kind::Network => of_network(&seen.text, place),
        Kind::Options => Cause::broke(
            format!(
                "the driver refuses the connection string's options: {}",
                seen.text
            ),
            "correct the option that it names",
        ),
        Kind::Other => Cause::untold(format!(
            "the server's answer to {} could not be used",
            place.action
        )),
    };
    Cause {
        code: seen.code,
        ..cause
    }
}

/// The driver calls every failure of an exchange one of authentication; its cause tells which.
fn of_authentication(seen: &Seen, place: &Place<'_>) -> Cause {
    match seen.code {
        // UserNotFound, AuthenticationFailed, AtlasError
        Some(11 | 18 | 8000) => of_login(place),
        Some(334 | 2) => Cause::broke(
            "the server does not offer the way of logging in that the connection string names or the driver chooses",
            "correct authMechanism in the connection string, or leave it out",
        ),
        None if seen.text.contains("Authentication failed") || seen.text.contains("bad auth") => {
            of_login(place)
        }
        _ => Cause::untold("the login was broken off for another reason than the password"),
    }
}

fn of_login(place: &Place<'_>) -> Cause {
    Cause::broke(
        format!(
            "the user name or the password was refused, looking for the user in the database {}: one of the three is wrong, or the password is not percent-encoded",
            place.auth_source
        ),
        PASSWORD,
    )
}

/// The message of a failed selection holds the topology with each server's last error.
fn of_selection(text: &str, place: &Place<'_>) -> Cause {
    let topology = text.split_once("Topology:").map_or("", |(_, rest)| rest);
    if text.contains("None of the available servers suitable") {
        return Cause::broke(
            "the servers answer, and none of them is a writable primary: an election is under way, or too few members are up",
            "look at the cluster's state in Atlas or with rs.status(); a majority of the members must be up to elect a primary",
        );
    }
    // A server of another set is an error where it is the only one, and left out otherwise.
    if topology.contains("does not match actual name") || !topology.contains("Servers:") {
        let named = place.replica_set.unwrap_or("of the TXT record");
        return Cause::broke(
            format!("the servers do not belong to the replica set {named} that is asked for"),
            "correct replicaSet in the connection string; Atlas and `rs.status().set` in mongosh tell the name",
        );
    }
    if topology.contains("Error:") {
        return of_network(topology, place);
    }
    Cause::untold("no server answered the driver within 8 s")
}

/// Failures of connections, by the words that the driver, rustls and the system use.
fn of_network(text: &str, place: &Place<'_>) -> Cause {
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if holds(&["invalid peer certificate"]) {
        let bad = if holds(&["Expired", "expired"]) {
            CertificateError::Expired
        } else if holds(&["NotValidForName", "not valid for name"]) {
            CertificateError::NotValidForName
        } else {
            CertificateError::UnknownIssuer
        };
        return of_certificate(&bad);
    }
    let turned_away = holds(&[
        "InternalError",
        "internal error",
        "handshake eof",
        "close_notify",
        "unexpected end of file",
        "early eof",
        "reset by peer",
    ]);
    if turned_away && place.atlas {
        return turned_away_by_atlas();
    }
    if holds(&["failed to lookup", "resolve"]) {
        return Cause::untold("a member of the cluster has a name that cannot be resolved here");
    }
    if holds(&["timed out", "timeout", "deadline has elapsed"]) {
        let hint = if place.atlas {
            "a firewall on the way blocks port 27017, or the cluster is paused"
        } else {
            "it hangs, or a firewall on the way swallows what it says"
        };
        return Cause::untold(format!(
            "the server did not answer within the time allowed: {hint}"
        ));
    }
    if holds(&["refused"]) {
        return Cause::broke(
            "the connection was refused: nothing listens there",
            "start the database, or correct host and port in the connection string",
        );
    }
    if turned_away {
        return Cause::untold(
            "the server closed the connection without an answer: it turns this machine away, or is going down",
        );
    }
    Cause::untold("the connection to the server broke")
}

/// CommandNotFound, CommandNotSupported and NotImplemented: the server lacks it, whoever asks.
pub(super) fn is_not_offered(code: i32) -> bool {
    matches!(code, 59 | 115 | 238)
}

/// Who is logged in may not do this.
pub(super) fn lacking(action: &str, database: &str) -> Cause {
    Cause::broke(
        format!(
            "the login works, and the user lacks the privilege {action} on the database {database}"
        ),
        format!(
            "give the user the role readWrite on {database}; it covers {action} and all else that an application needs"
        ),
    )
}

/// An answer with an error code of the server (MongoDB manual, error codes).
fn of_refusal(code: i32, text: &str, place: &Place<'_>) -> Cause {
    let Place {
        action, database, ..
    } = place;
    let lower = text.to_ascii_lowercase();
    match code {
        13 => lacking(action, database),
        18 => of_login(place),
        8000 if lower.contains("bad auth") || lower.contains("authentication failed") => {
            of_login(place)
        }
        8000 if lower.contains("quota") => Cause::broke(
            "the storage quota of the cluster's tier is reached, so Atlas refuses writes",
            "delete data that is not needed, or move the cluster to a larger tier",
        ),
        8000 => Cause::untold(format!("Atlas refuses {action} for a reason of its own")),
        11602 | 11600 | 91 | 189 | 10107 | 13435 | 13436 => {
            Cause::untold("the primary stepped down while it was asked: an election is under way")
        }
        64 => Cause::broke(
            "a write was not acknowledged by a majority of the members in time: replication lags, or members are down",
            "look at the members' state and replication lag in Atlas or with rs.status()",
        ),
        100 => Cause::broke(
            "the cluster has too few voting members that hold data for a majority to acknowledge a write",
            "bring the missing members back, or correct the replica set's configuration",
        ),
        50 => Cause::untold(format!("the server did not finish {action} in time")),
        code if is_not_offered(code) => {
            Cause::untold(format!("this server does not offer {action}"))
        }
        _ => Cause::untold(format!("the server refused {action} with code {code}")),
    }
}

/// Why no TLS came about with a server at `address`.
pub(super) fn of_handshake(fault: &Unshaken, address: &str, place: &Place<'_>) -> Cause {
    match fault {
        Unshaken::Untrusted(bad) => of_certificate(bad),
        Unshaken::TurnedAway if place.atlas => turned_away_by_atlas(),
        Unshaken::TurnedAway => Cause::untold(format!(
            "{address} closed the connection as soon as TLS began: it turns this machine away, or speaks no TLS"
        )),
        Unshaken::NotTls => Cause::broke(
            format!("{address} does not speak TLS, and the connection string asks for it"),
            "switch TLS on at the server",
        ),
        Unshaken::Slow => Cause::untold(format!(
            "{address} accepted the connection and did not finish the TLS handshake in time"
        )),
        Unshaken::Other(cause) => {
            Cause::untold(format!("the TLS handshake with {address} failed: {cause}"))
        }
    }
}

fn turned_away_by_atlas() -> Cause {
    Cause::broke(
        "Atlas cut the connection as soon as TLS began, as it does for addresses that are not on the project's access list",
        ALLOW,
    )
}

fn of_certificate(bad: &CertificateError) -> Cause {
    use CertificateError as Bad;
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => Cause::broke(
            "the server's certificate has expired, or this machine's clock is wrong",
            "renew the server's certificate, or set the clock",
        ),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => Cause::broke(
            "the server's certificate is not valid yet, or this machine's clock is wrong",
            "set the clock, here or where the certificate was made",
        ),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Cause::broke(
            "the server's certificate is for another name: the host is wrong, or something answers in its place",
            "write the host as the certificate names it",
        ),
        Bad::UnknownIssuer => Cause::broke(
            "no trusted authority stands behind the server's certificate: it is private, or something on the way intercepts TLS",
            "for a private authority name its certificate with tlsCAFile in the connection string; otherwise find what intercepts the connection",
        ),
        _ => Cause::broke(
            "the server's certificate could not be verified",
            "give the server a certificate that modern clients accept",
        ),
    }
}

/// Why a server could not be connected to.
pub(super) fn of_connection(hindrance: &Hindrance, place: &Place<'_>) -> Cause {
    match hindrance.kind {
        HindranceKind::Refused => of_network("refused", place),
        HindranceKind::Timeout => of_network("timed out", place),
        HindranceKind::Dns => of_network("resolve", place),
        _ => Cause::untold(hindrance.cause.clone()),
    }
}

#[cfg(test)]
mod tests;
