//! What people should know at once of a document, before they read what it lacks.

use crate::catalog::MAPS;
use crate::diagnostic::Diagnostic;
use crate::document::Remark;

/// What is said at once of a remark; none where `--gaps` lists it and that is soon enough.
pub(super) fn alert(remark: &Remark, shown: &str) -> Option<Diagnostic> {
    let (message, help) = match remark {
        Remark::Contradicted(at, why) => (
            format!(
                "{shown}:{}: {}: a person says yes, and {why}",
                at.line, at.what
            ),
            "a person's word stays; correct it, or mend what failed",
        ),
        Remark::ByHand(at) => (
            format!(
                "{shown}:{}: {}: a person changed it since holdpoint wrote it, and it stays so",
                at.line, at.what
            ),
            "holdpoint docs --write --take-over writes it again",
        ),
        Remark::Lost(line) => (
            format!(
                "{shown}: a line that holdpoint had filled in has changed, and is left: {line}"
            ),
            "give the line its words back, or empty its slot and run again",
        ),
        Remark::Moved(at, to) => (
            format!(
                "{shown}: {} ({}) stands under '{to}' now, and was taken there",
                at.what, at.item
            ),
            "correct the map, so that it is found for certain",
        ),
        Remark::Drifted(at, alike) => (
            format!(
                "{shown}: {} ({}) is not there; it may be {alike}",
                at.what, at.item
            ),
            "if so, correct the map in .holdpoint/maps; nothing was written there",
        ),
        // A shipped map names more than a document of its kind may have; a map of the user's is theirs.
        Remark::Missing(at, place) if place.starts_with(MAPS) => (
            format!("{place}: item {}, {}, is not in {shown}", at.item, at.what),
            "correct the words of the map, or take the item out of it",
        ),
        _ => return None,
    };
    Some(Diagnostic::new(message).help(help))
}
