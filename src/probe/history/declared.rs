//! The declaration of the history probe: what checks may read.

use super::kinds;
use crate::model::{FactKind, FactSpec, Level};
use crate::probe::ProbeSpec;
use std::borrow::Cow;

pub(super) fn spec() -> ProbeSpec {
    use FactKind::{Bool, Int, Text};
    ProbeSpec {
        name: "history",
        version: 1,
        summary: "Reads every object of the git repository that holds the application's root (commits, trees, files, \
            tags, in packs and by themselves), without running git, and searches them for the values of the configured \
            secrets in every form, and for texts that have the shape of a secret. What references reach is told from what \
            only git's logs remember. Text in UTF-16 is read; archives, compressed files and values that are broken \
            over several lines are not seen through. A value is never recorded.",
        level: Level::Static,
        exclusive: false,
        needs_target: false,
        parameters: Vec::new(),
        facts: vec![
            FactSpec::new(
                "complete",
                Bool,
                "everything that references reach was read",
            ),
            FactSpec::new("incomplete", FactKind::list(Text), "why not everything was"),
            FactSpec::new(
                "refs",
                Int,
                "references: branches, tags, remotes, notes, stashes, HEAD of every working tree",
            ),
            FactSpec::new("objects", Int, "objects that references reach"),
            FactSpec::new("commits", Int, "commits among them"),
            FactSpec::new(
                "reflog_only",
                Int,
                "objects that only logs of references and unfinished work remember; searched, and counted apart",
            ),
            FactSpec::new(
                "unreachable",
                Int,
                "objects that nothing refers to; searched, and counted apart",
            ),
            FactSpec::new(
                "bytes",
                Int,
                "inflated bytes of all objects that were searched",
            ),
            FactSpec::new(
                "submodules",
                Int,
                "different commits of other repositories that are referred to; those repositories are not searched",
            ),
            FactSpec::new(
                "remotes",
                FactKind::list(Text),
                "names of the remotes: where it may have been sent",
            ),
            searched(),
            not_searched(),
            FactSpec::new(
                "secrets",
                FactKind::list(FactKind::Object(finding("variables"))),
                "configured secrets in what references reach, one for each path; the first 200",
            ),
            FactSpec::new("secrets_count", Int, "how many there are"),
            FactSpec::new(
                "shapes",
                FactKind::list(FactKind::Object(finding("shape"))),
                "texts with the shape of a secret in what references reach, one for each path; the first 200",
            ),
            FactSpec::new("shapes_count", Int, "how many there are"),
            kinds::declared(),
            FactSpec::new(
                "reflog_secrets",
                FactKind::list(Text),
                "variables whose value stands only in objects that only logs remember",
            ),
            FactSpec::new(
                "unreachable_secrets",
                FactKind::list(Text),
                "variables whose value stands only in objects that nothing refers to",
            ),
        ],
    }
}

/// The fact `searched`.
pub(in crate::probe) fn searched() -> FactSpec {
    use FactKind::{Int, Text};
    FactSpec::new(
        "searched",
        FactKind::list(FactKind::Object(vec![
            FactSpec::new("name", Text, "the variable"),
            FactSpec::new("length", Int, "the characters of its value"),
            FactSpec::new(
                "fingerprint",
                Text,
                "a short hash with the project's own key",
            ),
        ])),
        "the variables whose values were looked for",
    )
}

/// The fact `not_searched`.
pub(in crate::probe) fn not_searched() -> FactSpec {
    use FactKind::Text;
    FactSpec::new(
        "not_searched",
        FactKind::list(FactKind::Object(vec![
            FactSpec::new("name", Text, "the variable"),
            FactSpec::new("reason", Text, "why its value was not looked for"),
        ])),
        "variables with the name or the look of a secret whose values were not looked for",
    )
}

/// What is told of one finding, first what was found.
fn finding(what: &'static str) -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Text};
    let first = match what {
        "variables" => FactSpec::new(
            "variables",
            FactKind::list(Text),
            "the variables that have this value",
        ),
        _ => FactSpec::new("shape", Text, "what it looks like"),
    };
    let maybe = |name: &'static str, kind, meaning: &'static str| FactSpec {
        name: Cow::Borrowed(name),
        kind: FactKind::optional(kind),
        meaning: Cow::Borrowed(meaning),
    };
    let mut told = vec![
        first,
        FactSpec::new(
            "fingerprint",
            Text,
            "a short hash with the project's own key",
        ),
        FactSpec::new(
            "in",
            Text,
            "\"file\", \"file name\", \"commit message\" or \"tag message\"",
        ),
        maybe("commit", Text, "the first commit with it, in short"),
        maybe("date", Text, "the day of that commit"),
        maybe("path", Text, "the path, from the top of the repository"),
        maybe("line", Int, "the line, from 1"),
        maybe("ref", Text, "a reference that keeps it"),
        FactSpec::new("in_tip", Bool, "the last commit of a branch still has it"),
        FactSpec::new("versions", Int, "how many versions of the file hold it"),
        FactSpec::new("at", Text, "the same in a word: commit, path, line"),
    ];
    if what == "variables" {
        told.push(FactSpec::new(
            "as_written",
            Bool,
            "the value as it is; otherwise encoded, or a part that is secret by itself",
        ));
    }
    told
}
