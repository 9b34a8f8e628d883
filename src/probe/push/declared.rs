//! The declaration of the push probe: what checks may write and read.

use super::delivery;
use crate::model::{FactKind, FactSpec, Level};
use crate::probe::ladder;
use crate::probe::{ParameterSpec, ProbeSpec};

/// What may be looked at.
pub(super) const LOOKS: &[&str] = &["keys", "delivery", "subscription", "routes", "bundle"];

pub(super) fn spec() -> ProbeSpec {
    use FactKind::Text;
    let optional = ParameterSpec::optional;
    ProbeSpec {
        name: "push",
        version: 1,
        summary: "Looks at web push. `keys`: the pair and the contact, by mathematics, without network. `delivery`: opens a \
            channel for the application's public key at a push service, as a browser does, sends a message signed with the \
            private key, receives and decrypts it, and gives the channel up. `subscription`: sends one message to a \
            subscription that the user gives. `routes`: asks the target for the routes that the notification code calls, \
            with OPTIONS first, and tries a method that changes something on a target of the user's own only, with a body \
            that is no JSON. `bundle`: reads pages and their scripts for the keys. A private key is never sent, nor recorded.",
        level: Level::Static,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::required("look", Text, "what to look at").one_of(LOOKS),
            optional(
                "public",
                Text,
                "the variable that holds the public key; default the usual ones, NEXT_PUBLIC_VAPID_PUBLIC_KEY first",
            ),
            optional(
                "private",
                Text,
                "the variable that holds the private key; default VAPID_PRIVATE_KEY or WEB_PUSH_PRIVATE_KEY",
            ),
            optional(
                "subject",
                Text,
                "the variable that holds the contact; default VAPID_SUBJECT, VAPID_EMAIL and the like, then what the code writes",
            ),
            optional(
                "url",
                Text,
                "delivery: the push service, a wss address (ws on this machine); default wss://push.services.mozilla.com/",
            ),
            optional(
                "subscription",
                Text,
                "subscription: the variable that holds it as JSON; default HOLDPOINT_PUSH_SUBSCRIPTION",
            ),
            optional(
                "paths",
                FactKind::list(Text),
                "routes: what to ask for in place of what the code calls, such as [\"POST /api/push/subscribe\"]; bundle: the \
                 pages whose scripts are read, default the front page",
            ),
        ],
        facts: vec![
            FactSpec::new("look", Text, "what was looked at"),
            FactSpec::new(
                "keys",
                FactKind::optional(keys()),
                "the pair and the contact; null for routes",
            ),
            ladder::declared(delivery::RUNGS),
            FactSpec::new(
                "delivery",
                FactKind::optional(delivered()),
                "what the delivery showed besides its steps; null for other looks",
            ),
            FactSpec::new(
                "subscription",
                FactKind::optional(subscription()),
                "what became of the message to the user's subscription; null for other looks",
            ),
            FactSpec::new(
                "routes",
                FactKind::optional(routes()),
                "the routes that the notification code calls; null for other looks",
            ),
            FactSpec::new(
                "bundle",
                FactKind::optional(bundle()),
                "the keys in the scripts that browsers load; null for other looks",
            ),
        ],
    }
}

fn half(more: Vec<FactSpec>) -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    let mut parts = vec![
        FactSpec::new("variable", Text, "the variable that holds it"),
        FactSpec::new("origin", Text, "file:line, or the process environment"),
        FactSpec::new("length", Int, "characters"),
        FactSpec::new(
            "fingerprint",
            Text,
            "shows whether two values are equal, and nothing else",
        ),
        FactSpec::new(
            "bytes",
            optional(Int),
            "bytes that it decodes to; null where it is not base64",
        ),
        FactSpec::new(
            "is_key",
            Bool,
            "the bytes are a key: a point on P-256, or a number from 1 to its order",
        ),
        FactSpec::new(
            "cause",
            optional(Text),
            "why libraries or services refuse it; null where they take it",
        ),
    ];
    parts.extend(more);
    FactKind::Object(parts)
}

fn keys() -> FactKind {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    let public = || {
        half(vec![
            FactSpec::new(
                "corrected",
                optional(Text),
                "the same key as libraries take it, where only the writing is wrong",
            ),
            FactSpec::new("begins", Text, "its first three characters"),
        ])
    };
    Object(vec![
        FactSpec::new(
            "public",
            optional(public()),
            "the public key that browsers are given; null where none is set",
        ),
        FactSpec::new(
            "publics",
            FactKind::list(public()),
            "every variable with a public key",
        ),
        FactSpec::new("publics_agree", Bool, "they all hold the same key"),
        FactSpec::new(
            "public_names",
            FactKind::list(Text),
            "these variables, each with the place that sets it",
        ),
        FactSpec::new(
            "faults",
            FactKind::list(Text),
            "each variable of the pair that is refused, with the reason and, for a public key, the right writing",
        ),
        FactSpec::new(
            "private",
            optional(half(Vec::new())),
            "the private key; null where none is set",
        ),
        FactSpec::new(
            "missing",
            FactKind::list(Text),
            "variables of the pair that are not set",
        ),
        FactSpec::new(
            "matches",
            optional(Bool),
            "the public key is the private one times the generator; null where one of them is no key",
        ),
        FactSpec::new(
            "derived_public",
            optional(Text),
            "the public key that belongs to the private one",
        ),
        FactSpec::new(
            "exposed",
            FactKind::list(Object(vec![
                FactSpec::new("name", Text, "the variable"),
                FactSpec::new("origin", Text, "file:line, or the process environment"),
            ])),
            "variables that are built into code for browsers and carry the private key",
        ),
        FactSpec::new(
            "subject",
            optional(Object(vec![
                FactSpec::new(
                    "variable",
                    optional(Text),
                    "the variable; null where the code writes it out",
                ),
                FactSpec::new("origin", Text, "file:line, or the process environment"),
                FactSpec::new(
                    "length",
                    Int,
                    "characters, with mailto: where the code adds it",
                ),
                FactSpec::new(
                    "fingerprint",
                    Text,
                    "shows whether two values are equal, and nothing else",
                ),
                FactSpec::new(
                    "scheme",
                    optional(Text),
                    "mailto, https or http; null for anything else",
                ),
                FactSpec::new(
                    "cause",
                    optional(Text),
                    "why services refuse it, or nobody reads it; null where it is good",
                ),
            ])),
            "the contact; null where none was found",
        ),
    ])
}

fn delivered() -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    FactKind::Object(vec![
        FactSpec::new("service", Text, "the host of the push service"),
        FactSpec::new(
            "endpoint_origin",
            optional(Text),
            "the origin that messages are posted to, and signatures are for",
        ),
        FactSpec::new(
            "status",
            optional(Int),
            "the status of the answer to the message",
        ),
        FactSpec::new(
            "errno",
            optional(Int),
            "the service's number for the error, where it gives one",
        ),
        FactSpec::new(
            "foreign_key_refused",
            optional(Bool),
            "a message signed with a fresh pair is refused; null where it could not be told",
        ),
        FactSpec::new(
            "foreign_key_status",
            optional(Int),
            "the status of the answer to it",
        ),
        FactSpec::new(
            "arrived_ms",
            optional(Int),
            "milliseconds from posting the message until it had arrived, with the control sent meanwhile",
        ),
    ])
}

fn subscription() -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    FactKind::Object(vec![
        FactSpec::new("variable", Text, "the variable that holds it"),
        FactSpec::new("origin", Text, "file:line, or the process environment"),
        FactSpec::new("length", Int, "characters"),
        FactSpec::new(
            "fingerprint",
            Text,
            "shows whether two values are equal, and nothing else",
        ),
        FactSpec::new(
            "service",
            optional(Text),
            "the host of the push service; null where the subscription cannot be read",
        ),
        FactSpec::new(
            "status",
            optional(Int),
            "the status of the answer; null where there was none",
        ),
        FactSpec::new(
            "errno",
            optional(Int),
            "the service's number for the error, where it gives one",
        ),
        FactSpec::new(
            "accepted",
            optional(Bool),
            "the service took the message; null where the answer does not say",
        ),
        FactSpec::new(
            "cause",
            optional(Text),
            "why it was refused, or why it cannot be told",
        ),
        FactSpec::new(
            "remedy",
            optional(Text),
            "how to mend that cause, where it is known",
        ),
    ])
}

fn bundle() -> FactKind {
    use FactKind::{Bool, Int, Text};
    FactKind::Object(vec![
        FactSpec::new("scripts", Int, "scripts that the pages name"),
        FactSpec::new("unread", Int, "scripts among them that could not be read"),
        FactSpec::new(
            "keys",
            FactKind::list(Text),
            "public keys of web push in them, but for Firebase's own",
        ),
        FactSpec::new(
            "matches",
            FactKind::optional(Bool),
            "one of these belongs to the private key; null where none was found, or scripts could not be read",
        ),
        FactSpec::new(
            "private_in",
            FactKind::list(Text),
            "pages and scripts that hold the private key",
        ),
    ])
}

fn routes() -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    FactKind::Object(vec![
        FactSpec::new(
            "files",
            Int,
            "files of code that speak to the browser's push interface",
        ),
        FactSpec::new(
            "asked",
            FactKind::list(FactKind::Object(vec![
                FactSpec::new(
                    "method",
                    optional(Text),
                    "the method that the code uses; null where it is not written there",
                ),
                FactSpec::new(
                    "path",
                    Text,
                    "the path, with […] for parts that are computed",
                ),
                FactSpec::new(
                    "at",
                    Text,
                    "file:line of the call, or the check that names it",
                ),
                FactSpec::new("declared", Bool, "the repository has a route for this path"),
                FactSpec::new(
                    "status",
                    optional(Int),
                    "the status of the last answer; null where the path is computed, or nothing answered",
                ),
                FactSpec::new(
                    "exists",
                    optional(Bool),
                    "the route exists and takes the method; null where it could not be told",
                ),
                FactSpec::new("cause", optional(Text), "why not, or why it cannot be told"),
            ])),
            "each route with what was found",
        ),
        FactSpec::new(
            "exist",
            optional(Bool),
            "all of them exist; false as soon as one does not; null where one could not be told",
        ),
        FactSpec::new(
            "cause",
            optional(Text),
            "what is wrong with those that do not exist; where all may, with those that cannot be told",
        ),
    ])
}
