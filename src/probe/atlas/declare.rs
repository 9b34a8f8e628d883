//! The declaration of the atlas probe: its parameters, its rungs and its facts.

use crate::model::FactKind::{self, Bool, Int, Object, Text};
use crate::model::{FactSpec, Level};
use crate::probe::ladder::{Rungs, declared};
use crate::probe::{ParameterSpec, ProbeSpec};

/// The rungs from a service account to the application's cluster.
pub(super) const RUNGS: Rungs = &[
    (
        "sign_in",
        "Atlas gives the service account a token; null where it refuses, since that says nothing of the cluster",
    ),
    ("project", "the service account may read a project"),
    (
        "cluster",
        "the project holds the cluster that the application's connection string leads to",
    ),
];

pub(super) fn spec() -> ProbeSpec {
    ProbeSpec {
        name: "atlas",
        version: 1,
        summary: "Reads through the Administration API of MongoDB Atlas what no connection to the database shows: the access list, the \
            cluster's tier and state, backups, encryption, auditing, and the roles of the application's user. Changes nothing. \
            Needs a service account with the role Project Read Only; without one it does not look.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "id_variable",
                Text,
                "the variable with the service account's client id; default ATLAS_CLIENT_ID",
            ),
            ParameterSpec::optional(
                "secret_variable",
                Text,
                "the variable with its client secret; default ATLAS_CLIENT_SECRET",
            ),
            ParameterSpec::optional(
                "project_variable",
                Text,
                "the variable with the project's id; default ATLAS_PROJECT_ID, and where that is not set the only project that the account may read",
            ),
            ParameterSpec::optional(
                "cluster_variable",
                Text,
                "the variable with the cluster's name; default ATLAS_CLUSTER, and where that is not set the cluster that the connection string leads to",
            ),
            ParameterSpec::optional(
                "variable",
                Text,
                "the variable with the connection string; default MONGODB_URI",
            ),
            ParameterSpec::optional(
                "base_url",
                Text,
                "the address of the Administration API; default \"https://cloud.mongodb.com\"",
            ),
        ],
        facts: facts(),
    }
}

fn fact(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

fn maybe(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(kind), meaning)
}

fn texts(name: &'static str, meaning: &'static str) -> FactSpec {
    maybe(name, FactKind::list(Text), meaning)
}

fn cause() -> FactSpec {
    maybe("cause", Text, "why it could not be read; null where it was")
}

fn facts() -> Vec<FactSpec> {
    vec![
        declared(RUNGS),
        fact(
            "variable",
            Text,
            "the variable with the service account's secret",
        ),
        maybe(
            "origin",
            Text,
            "where it is set: file:line, or the process environment",
        ),
        fact("length", Int, "characters of the secret"),
        fact(
            "fingerprint",
            Text,
            "eight digits that show whether two secrets are equal",
        ),
        fact(
            "cluster",
            Object(vec![
                maybe("name", Text, "its name"),
                maybe("tier", Text, "its size, such as M0 (free), M10, or FLEX"),
                maybe(
                    "shared",
                    Bool,
                    "its servers are shared with others: M0, M2, M5 or FLEX",
                ),
                maybe("provider", Text, "AWS, GCP or AZURE"),
                maybe("region", Text, "the first region, as Atlas names it"),
                maybe("version", Text, "the version of MongoDB"),
                maybe("paused", Bool, "it is paused, so nothing can connect"),
                maybe("backup_enabled", Bool, "cloud backups are switched on"),
                maybe(
                    "termination_protection",
                    Bool,
                    "it cannot be deleted by one click",
                ),
                maybe(
                    "minimum_tls",
                    Text,
                    "the oldest version of TLS that it accepts, such as TLS1_2",
                ),
                maybe(
                    "encryption_provider",
                    Text,
                    "NONE, or whose keys encrypt its storage besides those of Atlas",
                ),
            ]),
            "the cluster; everything is null where it was not found",
        ),
        fact(
            "access_list",
            Object(vec![
                cause(),
                maybe("entries", Int, "how many entries it has"),
                texts(
                    "open",
                    "entries that let every address in, alone or together",
                ),
                texts(
                    "wide",
                    "entries of public addresses that are as wide as a regional registry's block: /8 of IPv4, /12 of IPv6",
                ),
                maybe(
                    "public_ipv4",
                    Int,
                    "different public addresses of IPv4 that all entries together let in",
                ),
                texts(
                    "unread",
                    "entries that are no address, no range and no security group",
                ),
                texts("expired", "temporary entries whose time is over"),
            ]),
            "the project's network access list",
        ),
        fact(
            "backup",
            Object(vec![
                cause(),
                maybe(
                    "policy_items",
                    Int,
                    "how many kinds of snapshots the schedule makes",
                ),
                maybe(
                    "newest_age_hours",
                    Int,
                    "whole hours since the newest complete snapshot; null where there is none",
                ),
            ]),
            "the cluster's backups; not read for clusters with shared servers",
        ),
        fact(
            "encryption",
            Object(vec![
                cause(),
                texts(
                    "own_keys",
                    "where the customer's own keys are kept, if any; Atlas encrypts all storage with keys of its own besides",
                ),
                texts("invalid", "those of them that do not work"),
            ]),
            "encryption at rest",
        ),
        fact(
            "audit",
            Object(vec![
                cause(),
                maybe(
                    "enabled",
                    Bool,
                    "database auditing is switched on for the project",
                ),
                maybe("filtered", Bool, "a filter says which events are recorded"),
            ]),
            "the project's audit log; not read for clusters with shared servers",
        ),
        fact(
            "user",
            Object(vec![
                cause(),
                texts("roles", "its roles as role@database"),
                texts(
                    "broad",
                    "those of them that reach beyond reading and writing one database",
                ),
            ]),
            "the application's user as the project lists it",
        ),
    ]
}
