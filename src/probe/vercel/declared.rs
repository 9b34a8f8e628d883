//! The declaration of the vercel probe: its parameters and its facts.

use super::host::Target;
use crate::model::{FactKind, FactSpec, Level};
use crate::probe::ladder::{self, Rungs};
use crate::probe::{ParameterSpec, ProbeSpec};
use FactKind::{Bool, Int, Object, Text};

/// The steps from a token to what is deployed.
pub(super) const RUNGS: Rungs = &[
    ("project", "the token reads the project"),
    ("variables", "the list of the project's variables is read"),
    ("deployment", "the deployments to production are read"),
];

/// The declaration.
pub(super) fn spec() -> ProbeSpec {
    ProbeSpec {
        name: "vercel",
        version: 1,
        summary: "Asks Vercel's API about the project: which variables each target has, how the project is set up, and \
            what serves production. Compares them with what the code needs, with this machine, and with each other. \
            Reads only; values are compared and never kept, and what Vercel gives to nobody (sensitive) is looked at for presence alone.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "base_url",
                Text,
                "where the API answers; default https://api.vercel.com",
            ),
            ParameterSpec::optional(
                "variable",
                Text,
                "the variable with the token; default VERCEL_TOKEN",
            ),
            ParameterSpec::optional(
                "project",
                Text,
                "the id or the name of the project; default VERCEL_PROJECT_ID, else .vercel/project.json",
            ),
            ParameterSpec::optional(
                "team",
                Text,
                "the id of the team; default VERCEL_TEAM_ID, else VERCEL_ORG_ID, else .vercel/project.json",
            ),
        ],
        facts: facts(),
    }
}

fn fact(name: &'static str, kind: FactKind, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, kind, meaning)
}

fn texts() -> FactKind {
    FactKind::list(Text)
}

/// The same for each target.
fn by_target(kind: &FactKind) -> FactKind {
    let each = |target: Target| fact(target.word(), kind.clone(), "for this target");
    Object(Target::ALL.into_iter().map(each).collect())
}

fn facts() -> Vec<FactSpec> {
    let optional = FactKind::optional;
    let missing = FactKind::list(Object(vec![
        fact("name", Text, "the variable"),
        fact("places", texts(), "file:line of each read that needs it"),
        fact(
            "alternatives",
            texts(),
            "variables of which any would do instead",
        ),
    ]));
    let entry = Object(vec![
        fact("type", Text, "plain, encrypted or sensitive"),
        fact(
            "edited",
            optional(Int),
            "when it was last edited, in seconds since 1970",
        ),
        fact(
            "fingerprint",
            optional(Text),
            "shows whether two values are equal; null where the value is not given out",
        ),
        fact(
            "same_as_local",
            optional(Bool),
            "the value is the same on this machine; null where one of them is not known",
        ),
    ]);
    let mut facts = vec![
        ladder::declared(RUNGS),
        fact("address", Text, "where the API was asked"),
        fact("variable", Text, "the variable that holds the token"),
        fact(
            "origin",
            optional(Text),
            "where the token is set: file:line; null for the process environment",
        ),
        fact("length", Int, "characters of the token"),
        fact(
            "fingerprint",
            Text,
            "shows whether two tokens are equal, and nothing else",
        ),
        fact(
            "needed",
            Int,
            "how many variables deployed code needs, whatever is set",
        ),
        fact(
            "scanned_files",
            Int,
            "how many files of code were read for that",
        ),
        fact(
            "unparsed",
            texts(),
            "files that could not be read, so that they may need more",
        ),
        fact(
            "team_variables_read",
            optional(Bool),
            "the variables that the team shares with its projects were read too; null where the project is no team's",
        ),
        fact(
            "variables",
            optional(FactKind::map(by_target(&optional(entry)))),
            "each variable of the project, by target; null where it has none for a target, and as a whole where the list was not read",
        ),
        fact(
            "missing",
            optional(by_target(&missing)),
            "variables that deployed code needs and a target does not have",
        ),
        fact(
            "add",
            optional(by_target(&texts())),
            "the command that adds each of them",
        ),
    ];
    facts.push(fact(
        "app_address",
        optional(Object(vec![
            fact("name", Text, "NEXTAUTH_URL or AUTH_URL"),
            fact(
                "readable",
                Bool,
                "the value is given out; the others tell nothing where it is not",
            ),
            fact("https", Bool, "an https address"),
            fact("bare", Bool, "without path, query and slash at its end"),
            fact("loopback", Bool, "an address of one machine"),
            fact("host", optional(Text), "the host"),
        ])),
        "the application's own address as production has it; null where it has none",
    ));
    facts.extend(lists());
    facts.extend(project_and_deployment());
    facts
}

fn lists() -> Vec<FactSpec> {
    let list = |name, kind, meaning| fact(name, FactKind::optional(FactKind::list(kind)), meaning);
    let name = || fact("name", Text, "the variable");
    vec![
        list(
            "node_env_set",
            Text,
            "targets in which NODE_ENV is set, which the framework sets by itself",
        ),
        list(
            "shared_databases",
            Text,
            "database addresses that are the same for production and preview",
        ),
        list(
            "unknown_databases",
            Text,
            "database addresses of which that cannot be told, because values are not given out",
        ),
        list(
            "shared_secrets",
            Object(vec![
                name(),
                fact("with", texts(), "targets, or this machine"),
            ]),
            "secrets that sign sessions and are the same in production as elsewhere",
        ),
        list(
            "unknown_secrets",
            Object(vec![
                name(),
                fact("with", texts(), "targets, or this machine"),
            ]),
            "secrets that sign sessions of which that cannot be told, because values are not given out",
        ),
        list(
            "plain_secrets",
            Text,
            "secrets that are kept as plain text, for every member of the team to see",
        ),
        list(
            "unread",
            Text,
            "variables that are set at the host and that nothing in the project reads or names",
        ),
        list(
            "differing",
            Object(vec![name(), fact("targets", texts(), "the targets")]),
            "variables whose value differs between this machine and a target, where both are known",
        ),
        list(
            "stale",
            Object(vec![
                name(),
                fact("edited", Int, "when, in seconds since 1970"),
            ]),
            "variables of production that were edited after what serves it was deployed",
        ),
    ]
}

fn project_and_deployment() -> Vec<FactSpec> {
    let optional = FactKind::optional;
    let setting = |name, meaning| fact(name, optional(Text), meaning);
    vec![
        fact(
            "project",
            optional(Object(vec![
                fact("name", Text, "its name"),
                setting("framework", "the framework that the host builds for"),
                setting(
                    "root_directory",
                    "the folder that is built; null for the root",
                ),
                setting("build_command", "replaces the framework's own"),
                setting("install_command", "replaces the package manager's own"),
                setting("output_directory", "replaces the framework's own"),
                setting("node_version", "the version of Node, such as 22.x"),
                setting(
                    "repository",
                    "the repository that is deployed, as owner/name in lower case",
                ),
                setting("production_branch", "the branch that becomes production"),
            ])),
            "how the project is set up",
        ),
        fact(
            "engines",
            optional(Text),
            "the versions of Node that package.json asks for",
        ),
        fact(
            "remote",
            optional(Text),
            "the repository that git's remote origin names, as owner/name in lower case",
        ),
        fact(
            "next",
            Bool,
            "package.json says that it is a Next.js application",
        ),
        fact(
            "node_admitted",
            optional(Bool),
            "package.json admits the host's version of Node; null where one of them is not known",
        ),
        fact(
            "deployment",
            optional(Object(vec![
                fact(
                    "state",
                    Text,
                    "of the latest deployment to production, such as READY",
                ),
                fact("created", Int, "when, in seconds since 1970"),
                fact("url", optional(Text), "where it answers"),
                fact("commit", optional(Text), "what it was built from"),
                fact(
                    "serving",
                    optional(Bool),
                    "it serves production; null where the host does not say what does",
                ),
            ])),
            "the latest deployment to production; null where there is none",
        ),
        fact(
            "serving_created",
            optional(Int),
            "when what serves production was deployed, in seconds since 1970",
        ),
    ]
}
