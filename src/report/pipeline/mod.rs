//! What a pipeline's platform is told beside the reports: pure text for each platform, in its own dialect.

mod code_quality;
mod github;
mod gitlab;
mod inert;
mod outputs;

pub use github::{Annotation, Level, ROOM, annotations, cut_to, escape_data, escape_property};
pub use gitlab::{section_end, section_start};
pub use inert::{Syntax, inert};
pub use outputs::{Output, assignments, of_decision, of_gates};

pub(super) use code_quality::render as code_quality;
pub(super) use gitlab::dotenv;

use crate::model::{Finding, Severity, Verdict};
use std::cmp::Reverse;

/// Why the verdict is what it is, or the claim where nothing more is known.
fn reason(finding: &Finding) -> &str {
    match (&finding.blocked_by, finding.reason.is_empty()) {
        (None, false) => &finding.reason,
        _ => &finding.title,
    }
}

/// The gravest first; of those as grave, what failed before what could not be observed.
fn gravity(finding: &Finding) -> (Reverse<Severity>, u8, &str) {
    let verdict = match finding.verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Blocked => 2,
        _ => 3,
    };
    (Reverse(finding.severity), verdict, &finding.check)
}

/// The text cut so that it takes at most `limit` UTF-16 units, which is how the platforms count characters.
fn fit(text: &str, limit: usize) -> String {
    if text.encode_utf16().count() <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 1; // for the sign that something is missing
    for c in text.chars() {
        taken += c.len_utf16();
        if taken > limit {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}
