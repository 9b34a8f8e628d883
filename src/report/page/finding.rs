//! One finding on the page: a line, or all of it behind one.

use super::escape::{VALUE, code, fit, lines, short, steps, text};
use super::links::Links;
use super::{many, term};
use crate::document::escape::cut;
use crate::document::reading::{self, Fault};
use crate::model::{Finding, Note, Verdict};
use jiff::Timestamp;
use std::collections::HashMap;

/// How many distinct faults are shown, looks of each are named, and looks show their facts.
const FAULTS: usize = 5;
const LOOKS: usize = 12;
const FACTS: usize = 3;
/// How many characters of a look's facts are shown.
const FACT: usize = 1_500;

/// Is there more to tell than a line says?
pub(super) fn has_depth(finding: &Finding) -> bool {
    match finding.verdict {
        Verdict::Fail | Verdict::Inconclusive => true,
        // Both axes agree where nothing is to be said of the document.
        Verdict::Pass => finding.note.as_ref().is_some_and(|note| {
            (note.conformance.as_str(), note.assessment.as_str()) != ("met", "sound")
        }),
        _ => false,
    }
}

/// Everything that a line has room for. Its length is bound, whatever the finding holds; where there are too many
/// of them, each text has the `part` of its room.
pub(super) fn line(
    finding: &Finding,
    classes: &str,
    id: &str,
    links: &Links<'_>,
    part: usize,
) -> String {
    format!(
        "<li{id} class=\"{classes}\">{}</li>\n",
        gist(finding, links, part)
    )
}

fn gist(finding: &Finding, links: &Links<'_>, part: usize) -> String {
    let blocked = finding.blocked_by.as_ref();
    let why = match (finding.verdict, blocked) {
        (Verdict::Blocked, Some(by)) => format!("blocked by {}", link(links, by, part)),
        (Verdict::Pass, _) if finding.flaky => "flaky: passed when tried again".into(),
        (Verdict::Pass, _) if finding.looks.len() > 1 => many(finding.looks.len(), "look"),
        (Verdict::Pass, _) => String::new(),
        _ => fit(&finding.reason, 180 / part),
    };
    let why = match why.is_empty() {
        true => why,
        false => format!(" <i>{why}</i>"),
    };
    format!(
        "<code>{}</code> {} <b>{}</b>{why}",
        fit(&finding.check, 100 / part),
        fit(&finding.title, 180 / part),
        finding.severity,
    )
}

/// What passed, in a line that unfolds to what a document says otherwise.
pub(super) fn noted(
    finding: &Finding,
    classes: &str,
    id: &str,
    links: &Links<'_>,
    times: &HashMap<&str, Timestamp>,
) -> String {
    format!(
        "<li class=\"{classes}\"><details><summary>{} <i>a document says otherwise</i></summary>\
         <div{id} class=\"body\">{}</div></details></li>\n",
        gist(finding, links, 1),
        remains(finding, links, times)
    )
}

/// A short link: a line has little room.
fn link(links: &Links<'_>, check: &str, part: usize) -> String {
    match links.anchor(check) {
        Some(anchor) => format!("<a href=\"#{anchor}\">{}</a>", fit(check, 120 / part)),
        None => fit(check, 120 / part),
    }
}

/// All of a finding, folded behind its line. Each text is cut to what can be read, and each list counted beyond that.
pub(super) fn full(
    finding: &Finding,
    classes: &str,
    id: &str,
    open: bool,
    links: &Links<'_>,
    times: &HashMap<&str, Timestamp>,
) -> String {
    let reason = match finding.reason.is_empty() {
        true => &finding.title,
        false => &finding.reason,
    };
    let faults = reading::faults(finding);
    let shown = faults.iter().take(FAULTS);
    let mut body: String = shown.map(|one| fault(one, reason)).collect();
    if let Some(more @ 1..) = faults.len().checked_sub(FAULTS) {
        body += &format!("<p class=\"soft\">and {}</p>", many(more, "more fault"));
    }
    format!(
        "<details class=\"f {waived}{classes}\"{open}><summary><span class=\"tag s-{severity}\">{severity}</span>\
         <h4><code>{check}</code></h4> {reason}</summary>\n<div{id} class=\"body\">\n\
         <p class=\"claim\"><span class=\"soft\">{says}</span> {title}</p>\n{body}{rest}{facts}</div></details>\n",
        waived = match finding.waived {
            Some(_) if finding.verdict == Verdict::Fail => "waived ",
            _ => "",
        },
        open = match open {
            true => " open",
            false => "",
        },
        severity = finding.severity,
        check = short(&finding.check, 120),
        reason = short(reason, VALUE),
        says = match finding.verdict {
            Verdict::Fail => "The claim that does not hold:",
            _ => "The claim:",
        },
        title = short(&finding.title, VALUE),
        rest = remains(finding, links, times),
        facts = facts(finding),
    )
}

/// What was wanted and what was seen.
fn fault(fault: &Fault<'_>, reason: &str) -> String {
    let own = match fault.text == reason {
        true => "",
        false => fault.text,
    };
    let looks: Vec<String> = fault
        .looks
        .iter()
        .take(LOOKS)
        .map(|look| code(look, 120))
        .filter(|look| !look.is_empty())
        .collect();
    let mut looks = looks.join(", ");
    if let Some(more @ 1..) = fault.looks.len().checked_sub(LOOKS) {
        looks += &format!(" and {more} more");
    }
    let terms = [
        term("Fault", &short(own, VALUE)),
        term("Expected", &code(fault.expected, VALUE)),
        term("Found", &code(fault.found, VALUE)),
        term("Where", &looks),
    ];
    list(&terms.concat())
}

/// How to mend it and prove the mend, and where it all comes from.
fn remains(finding: &Finding, links: &Links<'_>, times: &HashMap<&str, Timestamp>) -> String {
    let prove = reading::prove(finding);
    let (mend, prove) = match finding.verdict {
        Verdict::Pass => (String::new(), String::new()),
        Verdict::Inconclusive => (
            steps(&finding.remedy),
            format!("mend the cause, then {}", code(&prove, 160)),
        ),
        _ => (steps(&finding.remedy), code(&prove, 160)),
    };
    let flaky = match finding.flaky {
        true => "It passed only when it was tried again.",
        false => "",
    };
    let replaces = match finding.overrides_shipped {
        true => " (replaces a check that ships with holdpoint)",
        false => "",
    };
    let digest = reading::evidence(finding).unwrap_or_default();
    let mut evidence = code(digest, 100);
    if let Some(at) = times.get(digest) {
        evidence += &format!(", observed {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    }
    let blocked = finding.blocked_by.as_deref();
    let terms = [
        term(
            "Waiver",
            &short(finding.waived.as_deref().unwrap_or_default(), VALUE),
        ),
        term(
            "Blocked by",
            &blocked.map(|by| links.link(by)).unwrap_or_default(),
        ),
        term("Mend", &mend),
        term("Prove", &prove),
        term("Flaky", flaky),
        finding.note.as_ref().map(note).unwrap_or_default(),
        term("Suites", &short(&finding.suites.join(", "), 200)),
        term(
            "Defined",
            &format!("{}{replaces}", code(&finding.defined, 200)),
        ),
        term("Evidence", &evidence),
    ];
    list(&terms.concat())
}

/// What a users' document says, what is true, what was tested.
fn note(note: &Note) -> String {
    let source = match note.source.is_empty() {
        true => String::new(),
        false => format!(" ({})", short(&note.source, 200)),
    };
    [
        term(
            "Document",
            &format!(
                "{} asks for {}",
                short(&note.document, 200),
                code(&note.says, VALUE)
            ),
        ),
        term("True", &format!("{}{source}", short(&note.truth, VALUE))),
        term(
            "Tested",
            &format!(
                "{}; to the letter: {}; as practice: {}",
                short(&note.tested, VALUE),
                text(&note.conformance),
                text(&note.assessment)
            ),
        ),
    ]
    .concat()
}

/// The facts of the looks that gave the verdict, folded.
fn facts(finding: &Finding) -> String {
    let decisive = finding
        .looks
        .iter()
        .filter(|look| look.verdict == finding.verdict && !look.facts.is_empty());
    let many = decisive.clone().count();
    let mut out = String::new();
    for look in decisive.take(FACTS) {
        // Facts are plain data with text keys.
        let all = serde_json::to_string_pretty(&look.facts).unwrap_or_default();
        out += &format!(
            "<p>{}</p><pre>{}</pre>",
            code(&look.label, 120),
            lines(cut(&all, FACT).lines())
        );
    }
    if let Some(more @ 1..) = many.checked_sub(FACTS) {
        out += &format!("<p class=\"soft\">and those of {more} more; the record has them all</p>");
    }
    match out.is_empty() {
        true => out,
        false => format!("<details class=\"facts\"><summary>Facts</summary>{out}</details>"),
    }
}

/// A list of terms; nothing where there are none.
fn list(terms: &str) -> String {
    match terms.is_empty() {
        true => String::new(),
        false => format!("<dl>{terms}</dl>\n"),
    }
}
