//! Annotations and the step summary of GitHub Actions.
//!
//! What holds here was read in the platform's documentation and in the source of its runner:
//!
//! - Commands and their escaping: [workflow commands][commands], `ActionCommand.cs` of actions/runner (what
//!   it reads) and `command.ts` of actions/toolkit (what it writes). Data escapes `%`, CR and LF; properties
//!   `:` and `,` besides. Both streams of a step are read, each by the line.
//! - A step gives at most 10 annotations of each kind, and a message is cut after 4,096 characters:
//!   `_maxCountPerIssueType` and `_maxIssueMessageLength` in `ExecutionContext.cs`.
//! - A title has at most 255 characters, and so has no use for more: [check runs][checks], "annotations".
//! - The summary of a step has at most 1 MiB; of a longer one nothing is shown: [step isolation and
//!   limits][commands].
//!
//! [commands]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
//! [checks]: https://docs.github.com/en/rest/checks/runs

use super::{fit, gravity, reason};
use crate::document::escape::{cut, hides, visible};
use crate::document::reading;
use crate::model::{Finding, Verdict};
use crate::report::Report;
use std::collections::HashMap;

/// Annotations of one kind that a step shows.
const MOST: usize = 10;
/// Characters of a message, counted as the platform does.
const MESSAGE: usize = 4_096;
/// Characters of a title.
const TITLE: usize = 255;
/// Characters of one part of a message: a found value may be a whole page.
const PART: usize = 600;
/// Names of checks that the last annotation of a kind gives.
const NAMED: usize = 20;
/// Bytes of a step's summary.
pub const ROOM: usize = 1_024 * 1_024;
/// Bytes that are kept free for the line that says what was left out.
const NOTICE: usize = 512;

/// How an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It failed and must pass.
    Error,
    /// It failed below what must pass, could not be observed though it must pass, or passed only when tried again.
    Warning,
    /// It failed, and somebody accepted that.
    Notice,
}

impl Level {
    /// Every level, the gravest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    /// The name of its command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn of(finding: &Finding, report: &Report<'_>) -> Option<Self> {
        let must_pass = finding.severity >= report.decision.fail_on;
        match finding.verdict {
            Verdict::Fail if finding.waived.is_some() => Some(Self::Notice),
            Verdict::Fail if must_pass => Some(Self::Error),
            Verdict::Fail => Some(Self::Warning),
            Verdict::Inconclusive | Verdict::Blocked | Verdict::NeedsAttestation if must_pass => {
                Some(Self::Warning)
            }
            Verdict::Pass if finding.flaky => Some(Self::Warning),
            _ => None,
        }
    }

    /// What findings that are left out of this level have in common.
    fn of_the_rest(self) -> &'static str {
        match self {
            Self::Error => "that must pass failed",
            Self::Warning => {
                "failed below what must pass, are open, or passed only when tried again"
            }
            Self::Notice => "failed and are accepted by a waiver",
        }
    }
}

/// One annotation, in plain text that nothing acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How it is shown.
    pub level: Level,
    /// Its heading.
    pub title: String,
    /// What it says; may have several lines.
    pub message: String,
    /// The file and line that it is shown at.
    pub place: Option<(String, usize)>,
}

impl std::fmt::Display for Annotation {
    /// The command, on one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The runner trims what stands before the message, so the title must not be the last where it can help it.
        write!(
            f,
            "::{} title={}",
            self.level.command(),
            escape_property(&self.title)
        )?;
        if let Some((file, line)) = &self.place {
            write!(f, ",file={},line={line}", escape_property(file))?;
        }
        write!(f, "::{}", escape_data(&self.message))
    }
}

/// The text as the message of a command.
pub fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The text as a property of a command.
pub fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What the run is annotated with, the gravest of each kind first. `redact` takes secrets out before anything is
/// escaped, where they could not be recognised any more; `elsewhere` says where the rest can be read.
pub fn annotations(
    report: &Report<'_>,
    redact: &dyn Fn(&str) -> String,
    elsewhere: &str,
) -> Vec<Annotation> {
    let mut ordered: Vec<&Finding> = report.findings.iter().collect();
    ordered.sort_by(|a, b| gravity(a).cmp(&gravity(b)));
    let plain = |text: &str| visible(redact(text).trim());
    let each = Level::ALL.into_iter().flat_map(|level| {
        let of_level = |one: &&&Finding| Level::of(one, report) == Some(level);
        let these = by_cause(ordered.iter().filter(of_level).copied());
        let shown = match these.len() > MOST {
            true => MOST - 1,
            false => these.len(),
        };
        let (shown, rest) = these.split_at(shown);
        let mut told: Vec<Annotation> = shown
            .iter()
            .map(|these| match these.as_slice() {
                [one] => annotation(one, level, report, &plain),
                many => blocked(many, level, report, &plain),
            })
            .collect();
        if !rest.is_empty() {
            told.push(others(&rest.concat(), level, elsewhere, &plain));
        }
        told
    });
    each.collect()
}

fn annotation(
    finding: &Finding,
    level: Level,
    report: &Report<'_>,
    plain: &dyn Fn(&str) -> String,
) -> Annotation {
    let how = match (finding.verdict, level) {
        (Verdict::Pass, _) => ", passed when tried again",
        (Verdict::Inconclusive | Verdict::Blocked, _) => ", not observed",
        (Verdict::NeedsAttestation, _) => ", needs a person's statement",
        (_, Level::Notice) => ", accepted",
        _ => "",
    };
    // It begins with a word of our own: of a value that begins with "=" the runner loses that.
    let title = format!("{}{how}: {}", finding.severity, plain(&finding.check));
    Annotation {
        level,
        title: fit(&title, TITLE).trim_end().to_owned(),
        message: fit(&message(finding, plain), MESSAGE),
        place: place(finding, report),
    }
}

fn place(finding: &Finding, report: &Report<'_>) -> Option<(String, usize)> {
    let (path, line) = report.beside.places?.get(&finding.check)?;
    let is_sound = !path.starts_with('=') && !path.chars().any(hides);
    is_sound.then(|| (path.clone(), *line))
}

/// What the same prerequisite blocks is one thing to mend, and told as one.
fn by_cause<'a>(ordered: impl Iterator<Item = &'a Finding>) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let cause = |one: &'a Finding| match one.verdict {
        Verdict::Blocked => one.blocked_by.as_deref(),
        _ => None,
    };
    let mut causes: HashMap<&str, usize> = HashMap::new();
    for one in ordered {
        let next = groups.len();
        match cause(one).map(|cause| *causes.entry(cause).or_insert(next)) {
            Some(at) if at < next => groups[at].push(one),
            _ => groups.push(vec![one]),
        }
    }
    groups
}

/// Several checks that one prerequisite blocks.
fn blocked(
    findings: &[&Finding],
    level: Level,
    report: &Report<'_>,
    plain: &dyn Fn(&str) -> String,
) -> Annotation {
    let first = findings.first();
    let cause = first.and_then(|one| one.blocked_by.as_deref());
    let cause = plain(cause.unwrap_or_default());
    let severity = first.map_or("", |one| one.severity.word());
    let title = format!(
        "{severity}, not observed: {} checks blocked by {cause}",
        findings.len()
    );
    let message = format!(
        "{} cannot be looked at before {} passes\nprove: holdpoint run {}",
        names(findings, plain),
        cut(&cause, PART),
        cut(&cause, PART)
    );
    Annotation {
        level,
        title: fit(&title, TITLE).trim_end().to_owned(),
        message: fit(&message, MESSAGE),
        place: first.and_then(|one| place(one, report)),
    }
}

/// The checks by name, as many as can be read.
fn names(findings: &[&Finding], plain: &dyn Fn(&str) -> String) -> String {
    let named = findings.iter().take(NAMED);
    let named: Vec<String> = named.map(|one| cut(&plain(&one.check), 100)).collect();
    match findings.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn message(finding: &Finding, plain: &dyn Fn(&str) -> String) -> String {
    let mut lines = vec![cut(&plain(reason(finding)), PART)];
    let mut say = |name: &str, text: &str| {
        let text = cut(&plain(text), PART);
        if !text.is_empty() {
            lines.push(format!("{name}: {text}"));
        }
    };
    match finding.verdict {
        Verdict::Fail => {
            say("expected", &finding.expected);
            say("found", &finding.found);
            say("mend", &finding.remedy);
        }
        Verdict::Blocked => say(
            "blocked by",
            finding.blocked_by.as_deref().unwrap_or_default(),
        ),
        _ => {}
    }
    say("accepted by", finding.waived.as_deref().unwrap_or_default());
    if finding.flaky {
        say("flaky", "it passed only when it was tried again");
    }
    say("prove", &reading::prove(finding));
    lines.join("\n")
}

fn others(
    rest: &[&Finding],
    level: Level,
    elsewhere: &str,
    plain: &dyn Fn(&str) -> String,
) -> Annotation {
    let message = format!(
        "{} more checks {}: {}\n{}",
        rest.len(),
        level.of_the_rest(),
        names(rest, plain),
        plain(elsewhere)
    );
    Annotation {
        level,
        title: format!("{} more", rest.len()),
        message: fit(&message, MESSAGE),
        place: None,
    }
}

/// The Markdown report within `room` bytes: whole, or cut where a finding ends with a line that says so. None
/// where there is no room for any of it.
pub fn cut_to(markdown: &str, room: usize, elsewhere: &str) -> Option<String> {
    if markdown.len() <= room {
        return Some(markdown.to_owned());
    }
    let room = room.checked_sub(NOTICE)?;
    // Blocks of details are kept or left out as a whole: an open one would swallow what follows it.
    let (mut at, mut end, mut open) = (0, 0, false);
    for line in markdown.split_inclusive('\n') {
        at += line.len();
        if at > room {
            break;
        }
        match line.trim_end() {
            text if text.starts_with("<details>") => open = true,
            "</details>" => open = false,
            _ => {}
        }
        if !open {
            end = at;
        }
    }
    let kept = markdown.get(..end).filter(|kept| !kept.trim().is_empty())?;
    let left = markdown.len() - end;
    let notice = format!(
        "\n\n> **This is not all of it:** a step's summary takes 1 MiB, so {left} of {} bytes are left out. {}\n",
        markdown.len(),
        crate::document::escape::markdown(&cut(elsewhere, 200))
    );
    Some(kept.trim_end().to_owned() + &notice)
}
