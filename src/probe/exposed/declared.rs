//! The declaration of the exposed probe: what checks may read.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::ProbeSpec;

pub(super) fn spec() -> ProbeSpec {
    use FactKind::{Bool, Object, Text};
    let texts = || FactKind::list(Text);
    let new = FactSpec::new;
    ProbeSpec {
        name: "exposed",
        version: 1,
        summary: "Asks the target for files that a deployment takes along by mistake (environment files, git's folder, npm's \
            settings), for the folders from which the front page loads, and to repeat a request by TRACE. What comes back is told \
            by its content, so that a site that answers every path with its own page is no finding, and neither is one that answers a \
            made-up path alike. Redirects are followed as long as they stay on the target's own site. Asks for at most 32 paths, \
            reads the beginning of each answer, and records nothing of it but its kind.",
        level: Level::Live,
        exclusive: false,
        needs_target: true,
        parameters: Vec::new(),
        facts: vec![
            new(
                "files_asked",
                texts(),
                "the paths of the files that were asked for, below the target's address and at the root of its origin",
            ),
            new(
                "files",
                FactKind::list(Object(vec![
                    new("name", Text, "the path"),
                    new("kind", Text, "what it is by its content"),
                ])),
                "those that were handed out",
            ),
            new(
                "files_untold",
                texts(),
                "those of which nobody can tell, each with the cause",
            ),
            new(
                "folders_asked",
                texts(),
                "the folders of what the front page loads from its own origin and of those above, sixteen at most, those nearest to the root first",
            ),
            new("listings", texts(), "those whose content is listed"),
            new(
                "folders_untold",
                texts(),
                "those of which nobody can tell, each with the cause, and how many more were not asked for",
            ),
            new(
                "trace",
                FactKind::optional(Bool),
                "the server repeats the headers of a TRACE request; null where nobody can tell",
            ),
            new(
                "trace_untold",
                FactKind::optional(Text),
                "why nobody can tell; null where it is known",
            ),
        ],
    }
}
