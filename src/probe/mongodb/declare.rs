//! The declaration of the mongodb probe: its parameters, its rungs and its facts.

use super::Look;
use crate::model::FactKind::{self, Bool, Float, Int, Json, Object, Text};
use crate::model::{FactSpec, Level};
use crate::probe::ladder::{Rungs, declared};
use crate::probe::{ParameterSpec, ProbeSpec};

/// The rungs from a connection string to a user who may work.
pub(super) const RUNGS: Rungs = &[
    (
        "parse",
        "a driver takes the connection string, and nothing in it is sample text or badly encoded",
    ),
    (
        "resolve",
        "SRV and TXT records name the servers, or the string does, and at least one has an address",
    ),
    ("connect", "at least one server takes a TCP connection"),
    (
        "tls",
        "TLS is agreed on with a certificate that the application's driver trusts, or the string asks for none",
    ),
    (
        "hello",
        "the driver finds a writable primary, or a router of a sharded cluster",
    ),
    (
        "authenticate",
        "the server names the user of the string as logged in",
    ),
    (
        "privileges",
        "the user may read, write and create indexes in the application's database; null where the server names no privileges",
    ),
];

pub(super) fn spec() -> ProbeSpec {
    ProbeSpec {
        name: "mongodb",
        version: 1,
        summary: "Climbs from the application's connection string to a logged-in user, as its driver does: names, TCP, TLS, \
            a primary, the login, privileges. On request it looks at what strangers may do, at indexes, or writes, reads and \
            removes a document in a collection of its own. Collections of the application are never written to.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "look",
                Text,
                "what to look at: reach, the ladder alone (the default); open, also what is answered without a login and without TLS; \
                 indexes, also those that code and documents ask for; round-trip, also a document written, read and removed",
            )
            .one_of(Look::WORDS),
            ParameterSpec::optional(
                "variable",
                Text,
                "the variable that holds the connection string; default the first that is set of MONGODB_URI, MONGODB_URL, MONGO_URI, MONGO_URL",
            ),
            ParameterSpec::optional(
                "database_variable",
                Text,
                "the variable that names the database; default MONGODB_DB, then MONGODB_DATABASE",
            ),
            ParameterSpec::optional(
                "dns_server",
                Text,
                "the name server to ask, as address:port; default this machine's",
            ),
            ParameterSpec::optional(
                "required",
                FactKind::list(Text),
                "indexes that must exist besides those that the code creates, each as \"tasks { userId: 1, createdAt: -1 } unique\"; for look indexes",
            ),
        ],
        facts: facts(),
    }
}

fn fact(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

/// A fact that is null where the ladder did not reach it.
fn maybe(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(kind), meaning)
}

fn texts(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::list(Text), meaning)
}

fn facts() -> Vec<FactSpec> {
    let mut facts = vec![
        declared(RUNGS),
        fact(
            "variable",
            Text,
            "the variable that holds the connection string",
        ),
        maybe(
            "origin",
            Text,
            "where it is set: file:line, or the process environment",
        ),
        fact("length", Int, "characters of the connection string"),
        fact(
            "fingerprint",
            Text,
            "eight digits that show whether two connection strings are equal",
        ),
        maybe("loopback", Bool, "every host of the string is this machine"),
        maybe(
            "atlas",
            Bool,
            "every host of the string belongs to MongoDB Atlas",
        ),
        maybe("srv", Bool, "the string is of the form mongodb+srv"),
        texts(
            "insecure",
            "options of the string that weaken TLS, as written",
        ),
        maybe(
            "auth_source",
            Text,
            "the database that users are looked up in",
        ),
    ];
    facts.push(fact(
        "database",
        Object(vec![
            maybe("name", Text, "the database that the application uses: the variable's word, then the path's, then test"),
            maybe("path", Text, "the database in the path of the string"),
            maybe("variable", Text, "the value of the variable that names the database"),
            maybe("agrees", Bool, "the path and the variable name the same database, or only one of them names any"),
        ]),
        "the application's database",
    ));
    facts.push(maybe(
        "password",
        Object(vec![
            fact("length", Int, "its characters, decoded"),
            fact(
                "entropy_bits",
                Float,
                "Shannon's estimate from this one text, in bits",
            ),
        ]),
        "the password in the string; null where there is none",
    ));
    facts.push(fact(
        "seeds",
        FactKind::list(Object(vec![
            fact("host", Text, "host:port"),
            fact("connected", Bool, "it took a TCP connection"),
            fact("ms", Int, "milliseconds until it did, or did not"),
            maybe("cause", Text, "why it did not, or why TLS with it failed"),
        ])),
        "the servers that the string or the SRV records name; empty where that was not reached",
    ));
    facts.push(fact(
        "tls",
        Object(vec![
            maybe(
                "used",
                Bool,
                "the string asks for TLS, or its form implies it",
            ),
            maybe(
                "trusted",
                Bool,
                "the driver trusts the certificate; null where none was seen",
            ),
            maybe("version", Text, "the version that was agreed on"),
        ]),
        "encryption on the way",
    ));
    facts.push(fact(
        "server",
        Object(vec![
            maybe("primary", Bool, "the server that answered takes writes"),
            maybe("mongos", Bool, "it is a router of a sharded cluster"),
            maybe(
                "set_name",
                Text,
                "the name of its replica set; null for a single server",
            ),
            maybe(
                "max_wire_version",
                Int,
                "the newest protocol that it speaks: 17 is MongoDB 6.0, 21 is 7.0, 25 is 8.0",
            ),
            maybe("version", Text, "the version that it names"),
        ]),
        "who answered hello",
    ));
    facts.push(fact(
        "identity",
        Object(vec![
            maybe("roles", FactKind::list(Text), "the user's roles as role@database"),
            maybe("broad", FactKind::list(Text), "roles and privileges that reach beyond reading and writing the application's database"),
            maybe("missing", FactKind::list(Text), "actions that an application needs and no privilege covers; null where the server names no privileges"),
        ]),
        "what the logged-in user may do",
    ));
    facts.extend([open(), indexes(), round_trip()]);
    facts
}

fn open() -> FactSpec {
    maybe(
        "open",
        Object(vec![
            maybe(
                "anonymous_refused",
                Bool,
                "listDatabases without a login is refused for want of one; null where that could not be told",
            ),
            maybe(
                "anonymous_code",
                Int,
                "the code of the refusal; 13 says that a login is needed",
            ),
            maybe("anonymous_cause", Text, "what happened instead"),
            maybe(
                "plaintext_refused",
                Bool,
                "hello without TLS on the same port gets no valid answer; null where the string asks for no TLS or it could not be told",
            ),
            maybe("plaintext_cause", Text, "what happened instead"),
        ]),
        "what the server lets strangers do; null for other looks",
    )
}

fn indexes() -> FactSpec {
    maybe(
        "indexes",
        Object(vec![
            maybe(
                "ok",
                Bool,
                "every index that code or settings ask for exists as asked; null where a collection does not exist yet or could not be looked at",
            ),
            texts(
                "required",
                "indexes that code or settings ask for, each with its place",
            ),
            texts(
                "missing",
                "those that do not exist, though their collection does",
            ),
            texts(
                "differing",
                "those that exist otherwise: unique, partial or with another lifetime",
            ),
            texts(
                "unborn",
                "collections that do not exist yet, so that nothing can be said of their indexes",
            ),
            texts(
                "documented",
                "indexes that documents ask for, each with its place",
            ),
            texts(
                "documented_only",
                "indexes that documents ask for, and that neither the code creates nor the database has",
            ),
            texts(
                "unread",
                "file:line of calls that create indexes whose collection or keys are not written there",
            ),
            texts("unparsed", "files of code that could not be parsed"),
            maybe(
                "cause",
                Text,
                "why the database's indexes could not be listed",
            ),
            fact(
                "present",
                FactKind::map(Json),
                "the indexes that the database has, by collection",
            ),
        ]),
        "indexes that are asked for and those that exist; null for other looks",
    )
}

fn round_trip() -> FactSpec {
    maybe(
        "round_trip",
        Object(vec![
            maybe(
                "ok",
                Bool,
                "a document was written with the acknowledgement of a majority, read back, changed and removed",
            ),
            maybe("failed", Text, "the step that went wrong"),
            maybe("cause", Text, "why"),
            maybe("remedy", Text, "how to mend that"),
            fact("collection", Text, "the collection that was made for it"),
            maybe(
                "removed",
                Bool,
                "the collection is gone again; null where it was not made",
            ),
            maybe(
                "expires",
                Bool,
                "documents in it would have expired by themselves (a TTL index of 600 s)",
            ),
            fact(
                "steps",
                FactKind::list(Object(vec![
                    fact(
                        "name",
                        Text,
                        "create-index, insert, find, update, delete, count, drop",
                    ),
                    maybe(
                        "ok",
                        Bool,
                        "it did as asked; null where it could not be told",
                    ),
                    fact("ms", Int, "milliseconds until it had"),
                ])),
                "the steps that were taken, in order",
            ),
        ]),
        "a document of our own there and back; null for other looks, and where the login did not succeed",
    )
}
