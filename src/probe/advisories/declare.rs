//! The declaration of the advisories probe: its parameters and facts.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::{ParameterSpec, ProbeSpec};

/// The declaration.
pub(super) fn spec() -> ProbeSpec {
    use FactKind::{Bool, Int, Object, Text};
    ProbeSpec {
        name: "advisories",
        version: 1,
        summary: "Asks OSV which advisories concern the packages of the lockfile, by name and version, or reads a folder of its \
            records without asking anybody; and reads the audit that the package manager wrote, where one is given. Runs no package \
            manager. One package with a known vulnerability is asked about as well: a source that lists nothing against it is \
            not believed.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "base_url",
                Text,
                "OSV's address; default https://api.osv.dev",
            ),
            ParameterSpec::optional(
                "folder",
                Text,
                "a folder with the records of OSV for npm, one JSON file each, read in place of asking, which level static allows too; default none",
            ),
            ParameterSpec::optional(
                "audit",
                Text,
                "a file with what `npm audit --json` wrote, or pnpm's or Yarn's; default none",
            ),
            ParameterSpec::optional(
                "private",
                Text,
                "scopes whose packages are not asked about, with commas between, such as \"@acme\"; default none",
            ),
            ParameterSpec::optional(
                "first",
                Text,
                "the source that decides, the other being the second: osv or audit; default osv",
            ),
        ],
        facts: vec![
            FactSpec::new("file", Text, "the lockfile's name"),
            FactSpec::new("count", Int, "packages of others in it"),
            FactSpec::new(
                "withheld",
                Int,
                "packages of private scopes that were not asked about",
            ),
            FactSpec::new("first", Object(source()), "what the first source lists"),
            FactSpec::new("second", Object(source()), "what the second source lists"),
            FactSpec::new("second_given", Bool, "there is a second source"),
            FactSpec::new(
                "only_second",
                advisories(),
                "advisories that are critical by the second source and not by the first",
            ),
        ],
    }
}

fn source() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    vec![
        FactSpec::new("source", Text, "what it is"),
        FactSpec::new("from", Text, "its address, folder or file"),
        FactSpec::new(
            "complete",
            Bool,
            "every package was asked about, and every answer understood",
        ),
        FactSpec::new("cause", optional(Text), "why it is not complete"),
        FactSpec::new(
            "as_of",
            optional(Text),
            "the day of its knowledge: of the newest record of a folder, or of the audit's file",
        ),
        FactSpec::new("age_days", optional(Int), "whole days since then"),
        FactSpec::new("asked", Int, "packages that it was asked about"),
        FactSpec::new(
            "critical",
            advisories(),
            "advisories with a critical severity; each once, whatever the number of its names and packages",
        ),
        FactSpec::new(
            "high",
            advisories(),
            "those with a high one; at most 200 stand in a list",
        ),
        FactSpec::new("high_count", Int, "the number of those"),
        FactSpec::new("medium", advisories(), "those with a medium one"),
        FactSpec::new("low", advisories(), "those with a low one"),
        FactSpec::new("unrated", advisories(), "those that say no severity"),
    ]
}

fn advisories() -> FactKind {
    use FactKind::{Object, Text};
    let optional = FactKind::optional;
    FactKind::list(Object(vec![
        FactSpec::new("name", Text, "the packages with their versions"),
        FactSpec::new(
            "advisory",
            Text,
            "the advisory's id, GitHub's where it has one",
        ),
        FactSpec::new(
            "rated",
            Text,
            "the severity and by what: the worst vector of CVSS 3 or 4, else the database's word",
        ),
        FactSpec::new("mended", optional(Text), "the version that mends it"),
        FactSpec::new("way", Text, "what pulls the package in"),
        FactSpec::new("use", Text, "in production, or for development only"),
    ]))
}
