//! The findings on the page: failures first, each in full as far as the page stays small, what passed in a line.

use super::escape::{code, text};
use super::filters::Filters;
use super::links::Links;
use super::{finding, many};
use crate::document::reading;
use crate::model::{Finding, Severity, Timing, Verdict};
use crate::report::Report;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// What the page of ten thousand findings may take in bytes.
const ALL: usize = 4_800_000;
/// What the lines of them may take before their texts are cut shorter, and the parts to which they are cut.
const LINES: usize = 3_200_000;
const PARTS: [usize; 3] = [1, 2, 4];
/// What may be spent on findings in full at most, and is spent on the gravest however many lines there are.
const FULL: std::ops::RangeInclusive<usize> = 300_000..=3_500_000;
/// Lists longer than this are laid out only where they are looked at.
const MANY: usize = 300;
/// Failures that hold the release are open when the page is opened, where they are so few.
const FEW: usize = 3;

/// Findings that mean the same to the reader.
pub(super) struct Group<'a> {
    pub(super) heading: &'static str,
    pub(super) intro: String,
    pub(super) verdict: Verdict,
    /// The gravest first.
    pub(super) members: Vec<&'a Finding>,
}

/// All findings in the order of the page.
pub(super) struct Told<'a> {
    pub(super) groups: Vec<Group<'a>>,
}

impl<'a> Told<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let fail_on = report.decision.fail_on;
        let mut ordered = reading::ordered(report.findings);
        ordered.sort_by_key(|one| std::cmp::Reverse(one.severity));
        let groups = KINDS.iter().map(|kind| Group {
            heading: kind.heading,
            intro: kind.intro.replace("{}", fail_on.word()),
            verdict: kind.verdict,
            members: ordered
                .iter()
                .copied()
                .filter(|one| one.verdict == kind.verdict && (kind.takes)(one, fail_on))
                .collect(),
        });
        Self {
            groups: groups.filter(|group| !group.members.is_empty()).collect(),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a Finding> + '_ {
        self.groups
            .iter()
            .flat_map(|group| group.members.iter().copied())
    }
}

/// What a group takes, and says of itself.
struct Kind {
    heading: &'static str,
    intro: &'static str,
    verdict: Verdict,
    takes: fn(&Finding, Severity) -> bool,
}

const KINDS: [Kind; 9] = [
    Kind {
        heading: "Failed",
        intro: "These must be mended, or accepted by a waiver, before the release.",
        verdict: Verdict::Fail,
        takes: |one, fail_on| one.waived.is_none() && one.severity >= fail_on,
    },
    Kind {
        heading: "Failed, and too small to hold the release",
        intro: "Findings below {} do not decide.",
        verdict: Verdict::Fail,
        takes: |one, fail_on| one.waived.is_none() && one.severity < fail_on,
    },
    Kind {
        heading: "Failed, and accepted by a waiver",
        intro: "",
        verdict: Verdict::Fail,
        takes: |one, _| one.waived.is_some(),
    },
    Kind {
        heading: "Could not be observed",
        intro: "Whether these hold is not known. Nothing passes that was not observed.",
        verdict: Verdict::Inconclusive,
        takes: |_, _| true,
    },
    Kind {
        heading: "Blocked",
        intro: "Nothing was looked at, because another check did not pass.",
        verdict: Verdict::Blocked,
        takes: |_, _| true,
    },
    Kind {
        heading: "Need a person's statement",
        intro: "No probe can observe these.",
        verdict: Verdict::NeedsAttestation,
        takes: |_, _| true,
    },
    Kind {
        heading: "Passed",
        intro: "",
        verdict: Verdict::Pass,
        takes: |_, _| true,
    },
    Kind {
        heading: "Not run",
        intro: "Nothing is known of these: they were left out of this run.",
        verdict: Verdict::NotRun,
        takes: |_, _| true,
    },
    Kind {
        heading: "Not applicable",
        intro: "",
        verdict: Verdict::NotApplicable,
        takes: |_, _| true,
    },
];

pub(super) fn section(
    report: &Report<'_>,
    told: &Told<'_>,
    links: &Links<'_>,
    filters: &Filters<'_>,
    around: usize,
) -> String {
    if told.groups.is_empty() {
        return "<p class=\"none\">No check was selected, so nothing is known.</p>\n".into();
    }
    let times: HashMap<&str, Timestamp> = report.beside.timings.iter().map(time).collect();
    let mut lines = Vec::new();
    let mut spent = 0;
    for part in PARTS {
        lines = in_lines(told, links, filters, part);
        spent = lines.iter().map(|(line, _)| line.len()).sum();
        if spent <= LINES {
            break;
        }
    }
    let room = ALL.saturating_sub(spent + around);
    let mut room = room.clamp(*FULL.start(), *FULL.end());
    let mut out = format!("{}<div class=\"all\">\n", filters.form);
    let mut lines = lines.iter();
    for group in &told.groups {
        let holds = group.heading == KINDS[0].heading;
        let open = holds && group.members.len() <= FEW;
        let (mut full, mut short, mut crowded) = (String::new(), String::new(), 0);
        for (one, (line, id)) in group.members.iter().zip(&mut lines) {
            if finding::has_depth(one) {
                let classes = filters.classes(one);
                let block = match one.verdict {
                    Verdict::Pass => finding::noted(one, &classes, id, links, &times),
                    _ => finding::full(one, &classes, id, open, links, &times),
                };
                match block.len() <= room {
                    true => {
                        room -= block.len();
                        match one.verdict {
                            Verdict::Pass => short += &block,
                            _ => full += &block,
                        }
                        continue;
                    }
                    // What comes after is not told in full either, so that the gravest are.
                    false => room = 0,
                }
                crowded += 1;
            }
            short += line;
        }
        let class = format!("v{}", group.verdict as usize);
        out += &format!(
            "<h3 class=\"{class}\">{} ({})</h3>\n",
            group.heading,
            group.members.len()
        );
        if !group.intro.is_empty() {
            out += &format!("<p class=\"intro {class}\">{}</p>\n", text(&group.intro));
        }
        out += &full;
        if crowded > 0 {
            out += &format!(
                "<p class=\"intro {class}\"><strong>{} told in one line each, because the page would grow too large.</strong> \
                 All of each: {}. One alone: <code>holdpoint explain NAME</code> says how to mend it, <code>holdpoint run NAME</code> shows it in full.</p>\n",
                are(crowded),
                code(&again(report, "markdown=report.md"), 400),
            );
        }
        if !short.is_empty() {
            let class = match group.members.len() > MANY {
                true => "lines many",
                false => "lines",
            };
            out += &format!("<ul class=\"{class}\">\n{short}</ul>\n");
        }
    }
    out + "</div>\n"
}

/// Each finding in a line, with the attribute that is its anchor.
fn in_lines(
    told: &Told<'_>,
    links: &Links<'_>,
    filters: &Filters<'_>,
    part: usize,
) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    let each = told.all().map(|one| {
        // The second of a name has no anchor: it would be that of the first.
        let first = seen.insert(one.check.as_str());
        let anchor = first.then(|| links.anchor(&one.check)).flatten();
        let id = anchor.map_or_else(String::new, |anchor| format!(" id=\"{anchor}\""));
        let line = finding::line(one, &filters.classes(one), &id, links, part);
        (line, id)
    });
    each.collect()
}

fn are(crowded: usize) -> String {
    match crowded {
        1 => "1 finding is".into(),
        _ => format!("{} are", many(crowded, "finding")),
    }
}

fn time(one: &Timing) -> (&str, Timestamp) {
    (one.digest.as_str(), one.started)
}

/// The command that makes a report of the same record.
pub(super) fn again(report: &Report<'_>, target: &str) -> String {
    let record = report.subject.record.as_deref().unwrap_or("latest");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    let record = match record.chars().all(is_plain) {
        true => record.to_owned(),
        // As a shell takes it for one word.
        false => format!("'{}'", record.replace('\'', "'\\''")),
    };
    format!("holdpoint report --from {record} --report {target}")
}
