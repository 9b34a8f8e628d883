//! What check files may write for the isolation probe, and what expectations may read of it.

use super::claim;
use crate::model::{FactKind, FactSpec, Level};
use crate::probe::{ParameterSpec, ProbeSpec};

pub(super) fn spec() -> ProbeSpec {
    use FactKind::Text;
    ProbeSpec {
        name: "isolation",
        version: 1,
        summary: "Lets two synthetic users A and B into the application, by a provider that needs no person or else by sessions \
            minted with the configured secret of NextAuth 4 or Auth.js 5. As A it creates things through the API's own routes, where \
            a route beside them deletes them; as B, without a session and with false sessions it tries to read, change and delete \
            them; as A it sends what no form would, and what a page of another origin could have a browser send. Other routes whose files ask for a session are asked \
            without one, with a body that nothing parses. At most 400 requests, none after three answers in a row with status 500 or \
            above. Everything that it creates carries its mark and is removed; a user that a provider keeps in a database stays.",
        level: Level::Active,
        exclusive: true,
        needs_target: true,
        parameters: vec![
            ParameterSpec::optional(
                "base_path",
                Text,
                "the path that the endpoints of NextAuth lie below; default where the route's file lies, else \"/api/auth\"",
            ),
            ParameterSpec::optional(
                "provider",
                Text,
                "the credentials provider that lets users in without a form; default \"guest\"",
            ),
        ],
        facts: facts(),
    }
}

fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    let of = FactSpec::new;
    let maybe = |name, kind, meaning| FactSpec::new(name, FactKind::optional(kind), meaning);
    vec![
        of(
            "users",
            Object(vec![
                maybe(
                    "by",
                    Text,
                    "guests where they signed in by the provider, minted where their sessions were; null where nobody came in",
                ),
                maybe(
                    "differ",
                    Bool,
                    "A and B have different ids; null where the sessions do not tell",
                ),
                maybe(
                    "same_site",
                    Text,
                    "SameSite of the session's cookie: strict, lax, none, or unset; null where the cookie was not seen",
                ),
                maybe("cause", Text, "why nobody came in, for people"),
            ]),
            "the two users",
        ),
        of(
            "collections",
            FactKind::list(Object(vec![
                of("path", Text, "the path that lists and creates"),
                of("item", Text, "the path of one thing"),
                of(
                    "file",
                    Text,
                    "where it was found: the route's file, or holdpoint.toml",
                ),
                of(
                    "created",
                    Bool,
                    "A could create something there and find it",
                ),
                maybe("cause", Text, "why not, for people"),
            ])),
            "the routes where things are created and deleted",
        ),
        claim::declared(),
        of(
            "open",
            FactKind::list(Text),
            "routes that answer strangers with success, whose files do not ask for a session and which [api] public does not name",
        ),
        of(
            "left_alone",
            FactKind::list(Text),
            "what was not tried, and why",
        ),
        of(
            "requests",
            Int,
            "requests to the API, without those that remove",
        ),
        maybe("left", Text, "what could not be removed, for people"),
    ]
}
