//! The facts of the smtp probe, declared once for its three kinds of look.

use crate::model::{FactKind, FactSpec, Facts};
use crate::probe::ladder::{self, Rungs};
use serde_json::Value;

/// The steps of all looks. A session ends with `noop`, a trial mail with `arrive`; a sign-in mail has
/// `form`, `request`, `arrive` and `link`.
pub(super) const RUNGS: Rungs = &[
    (
        "parse",
        "the account's variables say where the mailer connects, and how",
    ),
    ("resolve", "the server's name has an address"),
    ("connect", "the server's port accepts a connection"),
    (
        "greeting",
        "the server greets as a mail server, and takes EHLO",
    ),
    (
        "tls",
        "the connection is secured with a certificate that is trusted, or carries nothing secret",
    ),
    ("authenticate", "user name and password are accepted"),
    ("noop", "the session answers after the login"),
    ("sender", "the server takes mail from the sender"),
    ("recipient", "the server takes mail for the probe's address"),
    ("accept", "the server took the message over"),
    (
        "form",
        "the application gives a CSRF token and has a provider for sign-in by mail",
    ),
    (
        "request",
        "the application says that it sent the sign-in mail",
    ),
    ("arrive", "the message is in the mailbox"),
    ("link", "the sign-in mail has a link to the application"),
];

pub(super) fn declared() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    let result = |name, meaning| FactSpec::new(name, optional(Text), meaning);
    vec![
        ladder::declared(RUNGS),
        FactSpec::new(
            "variable",
            optional(Text),
            "the variable that holds the account's secret, or else its address; null where none is used",
        ),
        FactSpec::new(
            "origin",
            optional(Text),
            "file:line of that variable, or process environment",
        ),
        FactSpec::new("length", optional(Int), "the characters of its value"),
        FactSpec::new(
            "fingerprint",
            optional(Text),
            "eight hexadecimal digits that are equal where values are equal",
        ),
        FactSpec::new(
            "host",
            optional(Text),
            "the mail server's name, as the mailer reads it",
        ),
        FactSpec::new(
            "port",
            optional(Int),
            "the mail server's port, as the mailer reads it",
        ),
        FactSpec::new("local", optional(Bool), "the mail server is this machine"),
        FactSpec::new(
            "credentials",
            optional(Bool),
            "the account has a user name and a password",
        ),
        FactSpec::new(
            "unescaped",
            optional(Bool),
            "the user name or password has a character that an address must percent-encode",
        ),
        FactSpec::new(
            "verifies_certificate",
            optional(Bool),
            "the mailer is told to verify the server's certificate, which it does by default",
        ),
        FactSpec::new(
            "security",
            optional(Text),
            "how the connection is secured: \"tls\" from the first byte, \"starttls\", or \"none\"",
        ),
        FactSpec::new(
            "tls_version",
            optional(Text),
            "the version of TLS that was agreed on",
        ),
        FactSpec::new(
            "offers",
            FactKind::list(Text),
            "what the server offers (EHLO), by first word, and AUTH with its mechanisms",
        ),
        FactSpec::new("greeting_code", optional(Int), "the code of the greeting"),
        FactSpec::new(
            "login_mechanism",
            optional(Text),
            "how the login was made: PLAIN or LOGIN",
        ),
        FactSpec::new(
            "login_code",
            optional(Int),
            "the code of the answer to the login",
        ),
        FactSpec::new(
            "login_enhanced",
            optional(Text),
            "its enhanced code, such as 5.7.8",
        ),
        FactSpec::new(
            "from_variable",
            optional(Text),
            "the variable that holds the sender",
        ),
        FactSpec::new("from_domain", optional(Text), "the domain of the sender"),
        FactSpec::new(
            "to_domain",
            optional(Text),
            "the domain of the address that was sent to",
        ),
        FactSpec::new(
            "message_id",
            optional(Text),
            "the Message-ID of the trial mail",
        ),
        FactSpec::new(
            "refusal_code",
            optional(Int),
            "the code with which sender, recipient or message was refused or put off",
        ),
        FactSpec::new(
            "queue_id",
            optional(Text),
            "the name under which the server queued the message, where it tells one",
        ),
        FactSpec::new(
            "mailbox",
            optional(Text),
            "where the mail was looked for: imap or catcher; null where no mailbox is configured",
        ),
        FactSpec::new(
            "arrived_after_s",
            optional(Int),
            "whole seconds until the message was found",
        ),
        FactSpec::new(
            "folder",
            optional(Text),
            "where it was found: inbox or junk",
        ),
        FactSpec::new(
            "authentication",
            Object(vec![
                result(
                    "spf",
                    "pass, fail, softfail, none, …; null where the receiver does not say",
                ),
                result(
                    "dkim",
                    "pass, fail, none, …; null where the receiver does not say",
                ),
                result(
                    "dmarc",
                    "pass, fail, none, …; null where the receiver does not say",
                ),
            ]),
            "what the receiver verified (Authentication-Results, RFC 8601)",
        ),
        FactSpec::new(
            "removed",
            optional(Bool),
            "the message was removed from the mailbox again",
        ),
        FactSpec::new(
            "provider",
            optional(Text),
            "the id of the provider that was asked for a sign-in mail",
        ),
        FactSpec::new(
            "request_status",
            optional(Int),
            "the status of the answer to the request for a sign-in mail",
        ),
        FactSpec::new(
            "request_error",
            optional(Text),
            "the error that the answer's url carries; a status of 200 does not mean sent",
        ),
        FactSpec::new(
            "link_host",
            optional(Text),
            "the host that the sign-in link points to",
        ),
        FactSpec::new(
            "link_https",
            optional(Bool),
            "the sign-in link is an https address",
        ),
    ]
}

/// Every fact without a value.
pub(super) fn blank() -> Facts {
    let mut facts: Facts = declared()
        .into_iter()
        .map(|spec| (spec.name.into_owned(), Value::Null))
        .collect();
    facts.insert("offers".into(), Value::Array(Vec::new()));
    facts.insert(
        "authentication".into(),
        serde_json::json!({ "spf": null, "dkim": null, "dmarc": null }),
    );
    facts
}
