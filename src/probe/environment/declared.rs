//! The declaration of the environment probe: its parameters and its facts.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::{ParameterSpec, ProbeSpec};
use FactKind::{Bool, Float, Int, Object, Text};

/// The declaration.
pub(super) fn spec() -> ProbeSpec {
    ProbeSpec {
        name: "environment",
        version: 1,
        summary: "Compares the variables that are set with those that the code and its dependencies read and those \
                  that the documents name, and tells the shape of each value. Never tells a value, runs nothing, \
                  and uses no network.",
        level: Level::Static,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "name",
                Text,
                "only this variable; default: all, in one look",
            ),
            ParameterSpec::optional(
                "names",
                FactKind::list(Text),
                "only these variables, each in a look of its own",
            ),
        ],
        facts: facts(),
    }
}

fn facts() -> Vec<FactSpec> {
    vec![
        fact(
            "files",
            texts(),
            "the environment files that were loaded, the one that wins first",
        ),
        fact(
            "set",
            texts(),
            "variables that are set and concern the application",
        ),
        fact(
            "variables",
            FactKind::map(Object(variable())),
            "each variable that is set, read or documented; one of them that is not set has set = false",
        ),
        fact(
            "read",
            FactKind::map(Object(vec![
                fact(
                    "scopes",
                    texts(),
                    "where it is read: server, client, build, test, dead (nothing reaches the code)",
                ),
                fact(
                    "places",
                    texts(),
                    "file:line of each read; for a dependency, its line in package.json",
                ),
                fact(
                    "by_dependency",
                    FactKind::optional(Text),
                    "a dependency that reads it by itself",
                ),
                fact(
                    "has_default",
                    Bool,
                    "all code that a deployment runs does without it: a default, a test, an optional key",
                ),
                fact(
                    "required",
                    Bool,
                    "some code that a deployment runs needs it, and no platform sets it",
                ),
            ])),
            "each variable that code or a dependency reads",
        ),
        fact(
            "documented",
            FactKind::map(Object(vec![fact(
                "places",
                texts(),
                "file:line of each mention",
            )])),
            "each variable that a sample file, README, or document names; archives are left out",
        ),
        fact(
            "missing",
            objects(needed()),
            "variables that deployed code needs, without a default, and that are not set",
        ),
        fact(
            "empty",
            objects(vec![name(), origin()]),
            "variables that deployed code needs and that are set to nothing",
        ),
        fact(
            "placeholders",
            objects(vec![
                name(),
                origin(),
                fact("reason", Text, "what shows it"),
            ]),
            "variables that still hold sample text",
        ),
        fact(
            "undocumented",
            objects(needed()),
            "variables that deployed code needs and no document or sample file names",
        ),
        fact(
            "unread",
            objects(vec![name(), places()]),
            "variables that are assigned in an environment file, a sample or a document and that nothing reads",
        ),
        fact(
            "client_secrets",
            objects(vec![
                name(),
                places(),
                fact("reason", Text, "what shows it"),
            ]),
            "secrets that are built into code for browsers or read there",
        ),
        fact(
            "node_env_set",
            objects(vec![origin()]),
            "assignments of NODE_ENV in environment files, loaded or not",
        ),
        fact(
            "expansion_damage",
            objects(vec![
                name(),
                origin(),
                fact("raw_length", Int, "characters as written"),
                fact("length", Int, "characters after expansion"),
            ]),
            "values from which expansion removed text, because the name after the dollar sign is not set",
        ),
        fact(
            "shell_substitution",
            objects(vec![name(), origin()]),
            "values written as a shell command, which no loader runs",
        ),
        fact(
            "duplicates",
            objects(vec![
                name(),
                fact("file", Text, "the file"),
                fact("lines", FactKind::list(Int), "the lines, from 1"),
            ]),
            "variables that one file sets more than once",
        ),
        fact(
            "committed",
            texts(),
            "environment files in git's index that are of one machine or hold a secret's real value",
        ),
        fact(
            "index_read",
            Bool,
            "git's index and the environment files in it could be read, so that committed is complete",
        ),
        fact(
            "ignored",
            Bool,
            "the ignore rules cover .env.local, .env.development.local and .env.production.local",
        ),
        fact(
            "dynamic_reads",
            texts(),
            "file:line of deployed reads whose variable is not written there",
        ),
        fact("scanned_files", Int, "files of code that were parsed"),
        fact(
            "excluded",
            texts(),
            "folders left out because they are projects of their own",
        ),
        fact(
            "unparsed",
            texts(),
            "files that could not be read or parsed, each with the cause",
        ),
    ]
}

fn variable() -> Vec<FactSpec> {
    vec![
        fact("set", Bool, "something sets it, be it to nothing"),
        fact("empty", Bool, "it has no characters, or is not set"),
        fact("placeholder", Bool, "the value is sample text"),
        fact(
            "placeholder_reason",
            FactKind::optional(Text),
            "what shows it",
        ),
        fact("length", Int, "characters after expansion"),
        fact("raw_length", Int, "characters as written"),
        fact("changed_by_expansion", Bool, "a $NAME in it was expanded"),
        fact(
            "origin",
            FactKind::optional(Text),
            "file:line, or process environment",
        ),
        fact("secret", Bool, "the value is treated as a secret"),
        fact("duplicate", Bool, "one file sets it more than once"),
        fact("shadowed", texts(), "places that set it too and lost"),
        fact("shape", Object(shape()), "the form of the value"),
    ]
}

fn shape() -> Vec<FactSpec> {
    vec![
        fact("url", Bool, "an http or https address"),
        fact("https", Bool, "an https address"),
        fact("loopback", Bool, "an address of this machine"),
        fact(
            "host",
            FactKind::optional(Text),
            "the host of the address or connection string",
        ),
        fact("has_path", Bool, "the address has a path or a query"),
        fact("trailing_slash", Bool, "the address ends in a slash"),
        fact(
            "email",
            Bool,
            "a mail address, with or without a display name",
        ),
        fact(
            "mailto",
            Bool,
            "a mailto: address, as contacts of push servers are written",
        ),
        fact(
            "mongodb_uri",
            Bool,
            "a MongoDB connection string with a host",
        ),
        fact(
            "mongodb",
            FactKind::optional(Object(vec![
                fact("srv", Bool, "mongodb+srv"),
                fact("hosts", texts(), "the hosts, with ports where written"),
                fact(
                    "database",
                    FactKind::optional(Text),
                    "the database in the path",
                ),
                fact("credentials", Bool, "it has a user name and a password"),
                fact(
                    "unescaped",
                    Bool,
                    "the user name or password has a character that must be percent-encoded",
                ),
                fact("insecure", texts(), "options that weaken TLS"),
            ])),
            "what the connection string says",
        ),
        fact(
            "decoded_bytes",
            FactKind::optional(Int),
            "bytes that hexadecimal or base64 text of 16 or more characters stands for",
        ),
        fact(
            "entropy_per_char",
            Float,
            "Shannon's estimate from this value alone, in bits for each character",
        ),
        fact(
            "entropy_bits",
            Float,
            "the same for the whole value, in bits",
        ),
        fact(
            "published_sample",
            Bool,
            "the value stands in public documentation",
        ),
        fact(
            "whitespace",
            Bool,
            "white space at an end, or a line break outside a PEM block",
        ),
        fact("quotes", Bool, "it begins or ends with a quotation mark"),
        fact(
            "shell_substitution",
            Bool,
            "it is written as a shell command",
        ),
        fact("base64url", Bool, "only letters, digits, - and _"),
        fact("base64_padded", Bool, "base64 that ends in ="),
    ]
}

fn fact(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

fn texts() -> FactKind {
    FactKind::list(Text)
}

fn objects(facts: Vec<FactSpec>) -> FactKind {
    FactKind::list(Object(facts))
}

fn name() -> FactSpec {
    fact("name", Text, "the variable")
}

fn origin() -> FactSpec {
    fact("origin", Text, "file:line, or process environment")
}

fn places() -> FactSpec {
    fact("places", texts(), "file:line of each")
}

fn needed() -> Vec<FactSpec> {
    vec![
        name(),
        places(),
        fact(
            "alternatives",
            texts(),
            "variables of which any would do instead",
        ),
    ]
}
