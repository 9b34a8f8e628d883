//! The table of causes, on texts that the driver, rustls and servers really give.

use super::*;

const ATLAS: Place<'_> = Place {
    atlas: true,
    action: "insert",
    database: "shop",
    auth_source: "admin",
    replica_set: Some("rs0"),
};
const OWN: Place<'_> = Place {
    atlas: false,
    ..ATLAS
};

fn selection(end: &str) -> Seen {
    let text = format!(
        "Server selection timeout: No available servers. Topology: {{ Type: ReplicaSetNoPrimary, Set Name: rs0{end} }}"
    );
    Seen {
        kind: Kind::Selection,
        code: None,
        text,
    }
}

/// As the driver tells of one server that could not be spoken to.
fn server(error: &str) -> Seen {
    selection(&format!(
        ", Servers: [ {{ Address: 127.0.0.1:44787, Type: Unknown, Error: Kind: {error}, labels: {{\"SystemOverloadedError\", \"RetryableError\"}}, source: None, server response: None }} ]"
    ))
}

fn refusal(code: i32, text: &str) -> Seen {
    Seen {
        kind: Kind::Server,
        code: Some(code),
        text: text.into(),
    }
}

fn login(code: Option<i32>, text: &str) -> Seen {
    Seen {
        kind: Kind::Authentication,
        code,
        text: text.into(),
    }
}

/// Whether the error proves a claim false; its cause holds these words.
fn told(seen: &Seen, place: &Place<'_>, words: &str) -> Option<bool> {
    let cause = of(seen, place);
    assert!(cause.text.contains(words), "{}", cause.text);
    assert_eq!(
        cause.ok == Some(false),
        !cause.remedy.is_empty(),
        "{}",
        cause.text
    );
    cause.ok
}

const BROKE: Option<bool> = Some(false);
const OPEN: Option<bool> = None;

#[test]
fn addresses_that_atlas_does_not_let_in() {
    for error in [
        "I/O error: unexpected end of file",
        "I/O error: received fatal alert: InternalError",
        "I/O error: Connection reset by peer (os error 104)",
        "I/O error: tls handshake eof",
    ] {
        assert_eq!(
            told(&server(error), &ATLAS, "access list"),
            BROKE,
            "{error}"
        );
    }
    assert_eq!(
        told(
            &server("I/O error: unexpected end of file"),
            &OWN,
            "turns this machine away"
        ),
        OPEN
    );
}

#[test]
fn silence_is_open() {
    let error = server("I/O error: timed out");
    assert_eq!(told(&error, &ATLAS, "paused"), OPEN);
    assert_eq!(told(&error, &OWN, "hangs"), OPEN);
}

#[test]
fn nobody_listens() {
    let error = server("I/O error: Connection refused (os error 111)");
    assert_eq!(told(&error, &OWN, "nothing listens"), BROKE);
}

#[test]
fn names_of_members() {
    let error =
        server("I/O error: failed to lookup address information: Name or service not known");
    assert_eq!(told(&error, &OWN, "cannot be resolved"), OPEN);
}

#[test]
fn certificates() {
    let error = |word: &str| server(&format!("I/O error: invalid peer certificate: {word}"));
    assert_eq!(
        told(&error("UnknownIssuer"), &OWN, "no trusted authority"),
        BROKE
    );
    assert_eq!(
        told(
            &error("certificate expired: verified at time 1"),
            &OWN,
            "expired"
        ),
        BROKE
    );
    assert_eq!(
        told(
            &error("certificate not valid for name \"db\""),
            &OWN,
            "another name"
        ),
        BROKE
    );
    let cause = of_handshake(&Unshaken::Untrusted(CertificateError::Expired), "h:1", &OWN);
    assert!(cause.text.contains("expired"));
    let cause = of_handshake(&Unshaken::TurnedAway, "h:1", &ATLAS);
    assert_eq!(
        (cause.ok, cause.text.contains("access list")),
        (Some(false), true)
    );
    assert_eq!(of_handshake(&Unshaken::TurnedAway, "h:1", &OWN).ok, None);
    assert_eq!(of_handshake(&Unshaken::NotTls, "h:1", &OWN).ok, Some(false));
    assert_eq!(of_handshake(&Unshaken::Slow, "h:1", &OWN).ok, None);
}

#[test]
fn elections_and_other_sets() {
    let seen = Seen {
        kind: Kind::Selection,
        code: None,
        text: "Server selection timeout: None of the available servers suitable for criteria ReadPreference(Primary). Topology: { Type: ReplicaSetNoPrimary, Set Name: rs0, Servers: [ { Address: 127.0.0.1:40961, Type: RsSecondary, Average RTT: 682.772µs, Last Update Time: 2026-11-25 14:17:06.092 +00:00:00, Max Wire Version: 21, Min Wire Version: 0, Replica Set Name: rs0, Replica Set Version: 1 } ] }".into(),
    };
    assert_eq!(told(&seen, &OWN, "no"), BROKE);
    assert_eq!(told(&selection(""), &OWN, "replica set rs0"), BROKE);
    let direct = server(
        "An invalid argument was provided: Connection string replicaSet name \"other\" does not match actual name \"rs0\"",
    );
    assert_eq!(told(&direct, &OWN, "replica set"), BROKE);
    assert_eq!(
        told(&refusal(10107, "not primary"), &OWN, "stepped down"),
        OPEN
    );
}

#[test]
fn logins() {
    let scram = "SCRAM failure: Authentication failed.";
    assert_eq!(told(&login(Some(18), scram), &OWN, "database admin"), BROKE);
    assert_eq!(
        told(
            &login(
                Some(8000),
                "SCRAM failure: bad auth : authentication failed"
            ),
            &ATLAS,
            "refused"
        ),
        BROKE
    );
    assert_eq!(told(&login(None, scram), &OWN, "refused"), BROKE);
    // A mechanism that is not offered says nothing of the password.
    assert_eq!(
        told(
            &login(Some(334), "SCRAM failure: mechanism"),
            &OWN,
            "way of logging in"
        ),
        BROKE
    );
    assert_eq!(
        told(
            &login(None, "SCRAM failure: internal error"),
            &OWN,
            "broken off"
        ),
        OPEN
    );
    assert_eq!(
        told(
            &refusal(8000, "bad auth : Authentication failed."),
            &ATLAS,
            "refused"
        ),
        BROKE
    );
}

#[test]
fn privileges_and_limits() {
    let text = "not authorized on shop to execute command { insert: \"tasks\" }";
    assert_eq!(
        told(
            &refusal(13, text),
            &OWN,
            "lacks the privilege insert on the database shop"
        ),
        BROKE
    );
    let quota = "you are over your space quota, using 512 MB of 512 MB";
    assert_eq!(told(&refusal(8000, quota), &ATLAS, "quota"), BROKE);
    assert_eq!(
        told(
            &refusal(8000, "something else"),
            &ATLAS,
            "reason of its own"
        ),
        OPEN
    );
}

#[test]
fn majorities() {
    assert_eq!(
        told(
            &refusal(64, "waiting for replication timed out"),
            &OWN,
            "majority"
        ),
        BROKE
    );
    assert_eq!(
        told(
            &refusal(100, "Not enough data-bearing nodes"),
            &OWN,
            "voting members"
        ),
        BROKE
    );
    assert_eq!(
        told(
            &refusal(50, "operation exceeded time limit"),
            &OWN,
            "in time"
        ),
        OPEN
    );
}

#[test]
fn what_a_server_does_not_offer() {
    assert_eq!(
        told(
            &refusal(238, "index option not implemented"),
            &OWN,
            "does not offer"
        ),
        OPEN
    );
    assert_eq!(told(&refusal(4242, "?"), &OWN, "code 4242"), OPEN);
}

#[test]
fn connections() {
    let of = |kind| of_connection(&Hindrance::new(kind, "x"), &OWN);
    assert_eq!(of(HindranceKind::Refused).ok, Some(false));
    assert_eq!(of(HindranceKind::Timeout).ok, None);
    assert_eq!(of(HindranceKind::Unreachable).ok, None);
}
