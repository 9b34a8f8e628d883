//! Texts as SARIF takes them: nothing in them is a placeholder or a link, and none is endless.

use crate::document::escape::{cut, visible};
use crate::model::{Finding, Verdict};
use crate::report::details::details;

/// A line of a message, in characters.
const LINE: usize = 1_000;

/// A whole message.
const MESSAGE: usize = 8_000;

/// A text of a rule or a remark. Brackets before a parenthesis would be a link (3.11.6), and no escape keeps every
/// reader from making one; a space between them does.
pub(super) fn plain(text: &str) -> String {
    unlinked(&shortened(text))
}

/// On one line, visible, and not endless.
pub(super) fn shortened(text: &str) -> String {
    cut(&visible(text), LINE)
}

pub(super) fn unlinked(text: &str) -> String {
    text.replace("](", "] (")
}

/// The same for a message, in which braces are doubled, since they hold places for arguments (3.11.5). Rules have no
/// arguments; there code keeps its braces, so that it can be copied.
pub(super) fn literal(text: &str) -> String {
    unlinked(text).replace('{', "{{").replace('}', "}}")
}

/// What is said of a finding: what is wrong in one line, then everything that helps to mend it.
pub(super) fn message(finding: &Finding) -> String {
    let reason = match finding.reason.is_empty() {
        true => &finding.title,
        false => &finding.reason,
    };
    let headline = match (finding.verdict, &finding.blocked_by, &finding.waived) {
        (Verdict::Blocked, Some(prerequisite), _) => {
            format!("Not observed, blocked by {prerequisite}: {}", finding.title)
        }
        (Verdict::Inconclusive | Verdict::Blocked, ..) => format!("Not observed: {reason}"),
        (_, _, Some(waiver)) => format!("Waived by {waiver}; failed: {reason}"),
        _ => reason.clone(),
    };
    let headline = shortened(&headline);
    let mut text = match headline.trim().is_empty() {
        true => "failed".to_owned(),
        false => headline,
    };
    // The first line has said it.
    let details = details(finding).into_iter();
    for (name, detail) in details.filter(|(_, detail)| detail != reason) {
        text += &format!("\n{name}: {}", shortened(&detail));
    }
    literal(&cut(&text, MESSAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_placeholder_or_a_link() {
        assert_eq!(literal("{0} [x](javascript:x)"), "{{0}} [x] (javascript:x)");
        assert_eq!(plain("[x\\](y) a[0] {b}"), "[x\\] (y) a[0] {b}");
        assert_eq!(plain("\u{1b}"), "\\u{1b}");
    }
}
