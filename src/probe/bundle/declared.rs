//! The declaration of the bundle probe: what checks may write and read.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::history::{not_searched, searched};
use crate::probe::{ParameterSpec, ProbeSpec};

pub(super) fn spec() -> ProbeSpec {
    use FactKind::{Bool, Int, Text};
    let finding = |more: Vec<FactSpec>| {
        let mut told = vec![
            FactSpec::new(
                "name",
                Text,
                "what it is: the variables, or what it looks like",
            ),
            FactSpec::new("at", Text, "where, in a word"),
            FactSpec::new(
                "fingerprint",
                Text,
                "a short hash with the project's own key",
            ),
            FactSpec::new("path", Text, "the path of the page or script"),
            FactSpec::new("offset", Int, "the first place there, in bytes"),
            FactSpec::new("times", Int, "how often it stands there"),
        ];
        told.extend(more);
        FactKind::list(FactKind::Object(told))
    };
    ProbeSpec {
        name: "bundle",
        version: 1,
        summary: "Fetches pages of the target and the scripts that they load, those of the target's own origin and of its \
            build (/_next/static/) wherever they lie, up to 150 scripts and 32 MiB, and searches them for the values of \
            the configured secrets in every form and for texts that have the shape of a secret. Runs no script, and \
            records no value. Source maps beside and within them are searched too, within the same limit. Scripts that other scripts put together the names of are not seen.",
        level: Level::Live,
        exclusive: false,
        needs_target: true,
        parameters: vec![ParameterSpec::optional(
            "paths",
            FactKind::list(Text),
            "the pages; default the target's page",
        )],
        facts: vec![
            FactSpec::new("pages", Int, "pages that were read"),
            FactSpec::new(
                "scripts",
                Int,
                "scripts that the pages and their scripts name",
            ),
            FactSpec::new(
                "third_party",
                Int,
                "scripts of other origins that are no part of the build; not read",
            ),
            FactSpec::new("bytes", Int, "bytes that were searched"),
            FactSpec::new(
                "unread",
                FactKind::list(Text),
                "pages and scripts that could not be read, each with the cause",
            ),
            searched(),
            not_searched(),
            FactSpec::new(
                "secrets_found",
                FactKind::list(Text),
                "the configured secrets that were found, in words",
            ),
            FactSpec::new(
                "shapes_found",
                FactKind::list(Text),
                "the shapes that were found, in words",
            ),
            FactSpec::new(
                "secrets",
                finding(vec![
                    FactSpec::new(
                        "variables",
                        FactKind::list(Text),
                        "the variables that have this value",
                    ),
                    FactSpec::new(
                        "as_written",
                        Bool,
                        "the value as it is; otherwise encoded, or a part that is secret by itself",
                    ),
                ]),
                "the configured secrets that were found, one for each page or script",
            ),
            FactSpec::new(
                "shapes",
                finding(Vec::new()),
                "texts with the shape of a secret; keys of Google and web tokens, which may be meant for browsers, are left out",
            ),
            FactSpec::new(
                "maps",
                FactKind::list(Text),
                "source maps with the text of their sources that are served beside the scripts, or scripts that carry theirs within; of those that scripts name 24 are asked for, and three of scripts that name none",
            ),
            FactSpec::new(
                "maps_untold",
                FactKind::list(Text),
                "maps of which nobody can tell, each with the cause, and how many more were not asked for",
            ),
        ],
    }
}
