//! What a slot should say: from the rule of the map, or of its kind, and what is known of its item.

use super::escape;
use super::judged::{ItemState, Judged, Standing};
use super::memory::Known;
use super::roster::States;
use super::signing::Asked;
use super::slot::{Context, OptionMark, Slot, SlotKind, Wants, normal};
use crate::model::{DocumentMap, MapItem, Ruling, Severity, Verdict, Write};
use std::collections::BTreeMap;

/// Before a number that may be larger.
const AT_LEAST: &str = "at least ";
/// In a list, between the check that failed and its claim.
const FAILS: &str = ": fails the claim that ";
/// A list of nothing.
const NONE: &str = "None found.";

/// What a slot should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Desire {
    /// These words, one for each of its ranges.
    Words(Vec<String>),
    /// What it said before anybody wrote there.
    Original,
    /// What it says now.
    Leave,
    /// Nothing of holdpoint's, ever.
    Never,
    /// What a person writes.
    Person,
    /// The map says nothing about it.
    Uncovered,
}

/// How a slot is filled.
#[derive(Debug, Clone)]
pub(super) enum Rule<'m> {
    Write(&'m Write),
    Date,
    State,
    Never,
    Person,
    /// A place of a signature line, for sign-offs of this gate or of any.
    Signed(Option<&'m str>, Asked),
    Uncovered,
}

/// The rule of the map for a slot of an item, or that of its kind. `own`: the slot is the item's own box.
pub(super) fn rule<'m>(item: &'m MapItem, slot: &Slot, own: bool) -> Rule<'m> {
    let address = &slot.address;
    let is_block = matches!(slot.kind, SlotKind::Placeholder { .. });
    let of_map = item.slots.iter().find(|one| {
        // A list wants a block, and a block takes nothing else.
        let fits = match &one.write {
            Write::List(_) => is_block,
            Write::Never(_) | Write::Person => true,
            Write::Signature { .. } => matches!(slot.kind, SlotKind::Blank { .. }),
            _ => !is_block,
        };
        let column = one.column.as_deref().map(normal);
        let label = one.label.as_deref().map(normal);
        fits && match (column, label) {
            (Some(column), _) => address
                .cell
                .as_ref()
                .is_some_and(|(_, heading)| *heading == column),
            (None, Some(label)) => {
                address.label == label || address.label.ends_with(&format!(" {label}"))
            }
            // A section's only blank, or only block, needs no name.
            (None, None) => match one.write {
                Write::List(_) => matches!(slot.kind, SlotKind::Placeholder { .. }),
                Write::Failures(_) => matches!(slot.kind, SlotKind::Blank { .. }),
                _ => false,
            },
        }
    });
    let is_box = matches!(slot.kind, SlotKind::Box { .. });
    if let (Some(one), false) = (of_map, is_box) {
        return Rule::Write(&one.write);
    }
    match &slot.kind {
        SlotKind::Box { .. } if own => Rule::State,
        SlotKind::Blank { wants, .. } => match wants {
            Wants::Date => Rule::Date,
            Wants::Signature => Rule::Person,
            Wants::Secret => Rule::Never,
            Wants::Text => Rule::Uncovered,
        },
        SlotKind::Choice { options } if is_verdict(options) => Rule::State,
        _ => Rule::Uncovered,
    }
}

/// The slot has checks of its own.
fn has_checks(rule: &Rule<'_>) -> bool {
    matches!(rule, Rule::Write(Write::State { checks, .. }) if !checks.is_empty())
}

/// Do the options say whether something passed?
fn is_verdict(options: &[OptionMark]) -> bool {
    let first = options.first().map(|one| one.label.trim());
    let yes = ["", "✓", "pass", "received", "works", "verified"];
    options.len() == 2 && first.is_some_and(|label| yes.contains(&&*label.to_lowercase()))
}

/// `Failed`, `Not received`, `✗`; neither `N/A` nor `Pending`, which are no answer to a failure.
fn says_no(option: &OptionMark) -> bool {
    let label = option.label.trim().to_lowercase();
    let word = label.split([' ', '(', ',']).next().unwrap_or_default();
    let no = [
        "",
        "✗",
        "✘",
        "❌",
        "no",
        "not",
        "broken",
        "missing",
        "wrong",
        "incomplete",
        "action",
    ];
    let aside = [
        "not applicable",
        "not tested",
        "not yet",
        "not run",
        "not needed",
    ];
    (no.contains(&word) || word.starts_with("fail"))
        && !aside.iter().any(|words| label.starts_with(words))
}

/// Everything that a slot's words are made from.
pub(super) struct Filling<'a> {
    pub(super) map: &'a DocumentMap,
    pub(super) judged: &'a Judged<'a>,
    pub(super) state: &'a ItemState,
    /// What was told of the item, or is to be.
    pub(super) told: Option<&'a Known>,
    /// What is known of every item.
    pub(super) states: &'a States<'a>,
    /// What holdpoint wrote into the slot last.
    pub(super) written: Option<&'a [String]>,
    pub(super) redact: &'a dyn Fn(&str) -> String,
    /// The text that the slot's ranges are of.
    pub(super) base: &'a str,
}

impl Filling<'_> {
    /// What the slot should say by this rule.
    pub(super) fn desire(&self, rule: &Rule<'_>, slot: &Slot) -> Desire {
        let standing = self.state.standing;
        match rule {
            Rule::Never | Rule::Write(Write::Never(_)) => Desire::Never,
            Rule::Person | Rule::Write(Write::Person | Write::Signature { .. }) => Desire::Person,
            Rule::Signed(gate, asked) => self.signed(slot, *gate, *asked),
            Rule::Uncovered => Desire::Uncovered,
            // Nobody looked, and nothing that was told before answers for it.
            Rule::State | Rule::Write(Write::State { .. })
                if standing == Standing::NotLooked && self.told.is_none() && !has_checks(rule) =>
            {
                Desire::Original
            }
            Rule::State => self.state(slot, standing, None, None),
            Rule::Write(Write::State { checks, pass, fail }) => {
                let standing = match checks.is_empty() {
                    true => standing,
                    false => self.judged.of_checks(checks.iter()).standing,
                };
                self.state(slot, standing, pass.as_deref(), fail.as_deref())
            }
            Rule::Date | Rule::Write(Write::Date) => match (standing, self.told) {
                (Standing::NotLooked, Some(_)) => Desire::Leave,
                (standing, Some(told)) if standing.holds() => self.text(slot, &told.seen()),
                _ => Desire::Original,
            },
            Rule::Write(Write::Fact { check, fact }) => match self.judged.fact(check, fact) {
                Some(value) => self.text(slot, &value),
                None if self.not_looked(check) => Desire::Leave,
                None => Desire::Original,
            },
            Rule::Write(Write::Count { passed, of }) => self.count(slot, *passed, of),
            Rule::Write(Write::Failures(severity)) => match self.failed(*severity).len() {
                0 => self.only_when_complete(slot, "0"),
                some => self.number(slot, some, self.is_partial()),
            },
            Rule::Write(Write::List(severity)) => self.list(slot, *severity),
        }
    }

    fn state(
        &self,
        slot: &Slot,
        standing: Standing,
        pass: Option<&str>,
        fail: Option<&str>,
    ) -> Desire {
        if standing == Standing::NotLooked {
            return Desire::Leave;
        }
        match &slot.kind {
            SlotKind::Box { .. } if standing.holds() => Desire::Words(vec!["x".into()]),
            SlotKind::Sign { .. } if standing.holds() => Desire::Words(vec!["✅".into()]),
            SlotKind::Sign { .. } if standing == Standing::Failed => {
                Desire::Words(vec!["❌".into()])
            }
            SlotKind::Claim { .. } if standing == Standing::Failed => {
                Desire::Words(vec!["✗".into()])
            }
            SlotKind::Choice { options } => {
                let called = |name: &str| {
                    let name = name.to_lowercase();
                    let labels = || options.iter().map(|one| one.label.trim().to_lowercase());
                    let whole = labels().position(|label| label == name);
                    whole.or_else(|| labels().position(|label| label.starts_with(&name)))
                };
                let chosen = match standing {
                    standing if standing.holds() => pass.map_or(Some(0), called),
                    Standing::Failed => match fail {
                        Some(fail) => called(fail),
                        None => options.iter().skip(1).position(says_no).map(|at| at + 1),
                    },
                    Standing::NotApplicable => called("n/a"),
                    _ => None,
                };
                match chosen.filter(|at| *at < options.len()) {
                    Some(chosen) => Desire::Words(self.marks(options, chosen, standing)),
                    None => Desire::Original,
                }
            }
            _ => Desire::Original,
        }
    }

    /// The signs of a choice of which one is chosen, in the manner of the document.
    fn marks(&self, options: &[OptionMark], chosen: usize, standing: Standing) -> Vec<String> {
        let sign = |one: &OptionMark| self.base.get(one.at.clone()).unwrap_or_default();
        let wordless = options.iter().all(|one| one.label.trim().is_empty());
        let mark = if wordless && standing == Standing::Failed {
            // The second of two signs without words says no; a tick there would read as yes.
            "✗"
        } else if options.iter().any(|one| sign(one) == "✓") {
            "✓"
        } else {
            "☑"
        };
        let each = options.iter().enumerate();
        each.map(|(at, _)| if at == chosen { mark } else { "☐" }.to_owned())
            .collect()
    }

    fn not_looked(&self, check: &str) -> bool {
        let finding = self.judged.finding(check);
        finding.is_none_or(|finding| finding.verdict == Verdict::NotRun)
    }

    fn count(&self, slot: &Slot, passed: bool, of: &[String]) -> Desire {
        let states: Vec<_> = of.iter().filter_map(|id| self.states.get(&**id)).collect();
        let aside = |one: &Standing| *one == Standing::NotLooked;
        let standings = || states.iter().map(|(state, _)| state.standing);
        if !standings().any(Standing::decided) {
            return match standings().any(|one| aside(&one)) {
                true => Desire::Leave,
                false => Desire::Original,
            };
        }
        // What this run did not look at counts as it was told.
        let before = |wanted: &dyn Fn(&Known) -> bool| {
            let unlooked = states.iter().filter(|(state, _)| aside(&state.standing));
            let told = unlooked.filter_map(|(_, told)| told.as_ref());
            told.filter(|told| wanted(told)).count()
        };
        if passed {
            let holding = standings().filter(|one| one.holds()).count();
            return self.text(slot, &(holding + before(&Known::holds)).to_string());
        }
        let failed = standings().filter(|one| *one == Standing::Failed).count();
        let failed_before = |told: &Known| told.standing == Standing::Failed.words();
        let unknown = states
            .iter()
            .any(|(state, told)| aside(&state.standing) && told.is_none());
        self.number(slot, failed + before(&failed_before), unknown)
    }

    /// How many failed; where not all was looked at, that is the least, and what was found before stands.
    fn number(&self, slot: &Slot, failed: usize, unknown: bool) -> Desire {
        if !unknown {
            return self.text(slot, &failed.to_string());
        }
        let written = self.written.and_then(|words| words.first());
        let before: Option<usize> =
            written.and_then(|words| words.trim_start_matches(AT_LEAST).parse().ok());
        match before {
            Some(before) if failed <= before => Desire::Leave,
            None if failed == 0 => Desire::Leave,
            _ => self.text(slot, &format!("{AT_LEAST}{failed}")),
        }
    }

    /// The checks of the document that failed at this severity.
    fn failed(&self, severity: Severity) -> Vec<&str> {
        let checks = self.map.items.iter().flat_map(|item| &item.checks);
        let mut failed: Vec<&str> = checks
            .filter(|id| {
                self.judged.finding(id).is_some_and(|finding| {
                    finding.verdict == Verdict::Fail && finding.severity == severity
                })
            })
            .map(String::as_str)
            .collect();
        failed.sort_unstable();
        failed.dedup();
        failed
    }

    /// What is known of the items of the document that a probe could find out.
    fn probed(&self) -> impl Iterator<Item = Standing> {
        let items = self.map.items.iter();
        items
            .filter(|item| item.ruling != Ruling::Attest)
            .map(|item| self.judged.item(item, &[]).standing)
    }

    /// Not everything that the document asks for was looked at.
    fn is_partial(&self) -> bool {
        let mut probed = self.probed();
        probed.any(|standing| standing == Standing::NotLooked)
    }

    /// "None" is said only where everything that a probe could find out is known.
    fn only_when_complete(&self, slot: &Slot, words: &str) -> Desire {
        let open = |standing: &Standing| !standing.decided() && *standing != Standing::NeedsPerson;
        match self.probed().any(|standing| open(&standing)) {
            false => self.text(slot, words),
            true if self.is_partial() => Desire::Leave,
            true => Desire::Original,
        }
    }

    fn list(&self, slot: &Slot, severity: Severity) -> Desire {
        let failed = self.failed(severity);
        let mut lines: BTreeMap<&str, String> = BTreeMap::new();
        // What failed before and was not looked at again has not become better.
        for line in self
            .written
            .into_iter()
            .flatten()
            .flat_map(|words| words.lines())
        {
            let line = line.trim();
            let id = line.split([':', ' ']).next().unwrap_or_default();
            let asked = || self.map.items.iter().flat_map(|item| &item.checks);
            if line.contains(FAILS) && asked().any(|one| one == id) && self.not_looked(id) {
                lines.insert(id, line.to_owned());
            }
        }
        if failed.is_empty() && lines.is_empty() {
            let is_said = self.written.is_some_and(|words| words == [NONE]);
            return match self.only_when_complete(slot, NONE) {
                Desire::Leave if !is_said => Desire::Original,
                desire => desire,
            };
        }
        for finding in failed.iter().filter_map(|id| self.judged.finding(id)) {
            let waived = match finding.waived {
                Some(_) => " (accepted by a waiver)",
                None => "",
            };
            let line = format!(
                "{}{waived}{FAILS}{}; prove the mend with: holdpoint run {}",
                finding.check, finding.title, finding.check
            );
            lines.insert(&finding.check, self.harmless(slot, &line));
        }
        self.joined(slot, &lines.into_values().collect::<Vec<_>>())
    }

    fn text(&self, slot: &Slot, words: &str) -> Desire {
        self.joined(slot, &[self.harmless(slot, words)])
    }

    /// Words that cannot change the structure of what they are written into.
    pub(super) fn harmless(&self, slot: &Slot, line: &str) -> String {
        let line = escape::visible(&(self.redact)(line));
        let line = escape::cut(line.trim(), 300);
        match slot.context {
            Context::Text | Context::Cell => escape::markdown(&line),
            Context::Code => line.replace('`', "'"),
            Context::CellCode => line.replace('`', "'").replace('|', "/"),
            Context::Fence => line.replace("```", "'''").replace("~~~", "'''"),
        }
    }

    /// Harmless lines as one; only a fenced block takes more than one.
    pub(super) fn joined(&self, slot: &Slot, lines: &[String]) -> Desire {
        let words = match (&slot.kind, slot.ranges().first()) {
            (SlotKind::Placeholder { .. }, Some(at)) => lines.join(&self.line_break(at.start)),
            _ => lines.join("; "),
        };
        match words.is_empty() {
            true => Desire::Original,
            false => Desire::Words(vec![words]),
        }
    }

    /// The line break of the document, with the indentation of the line that holds `at`.
    fn line_break(&self, at: usize) -> String {
        let before = self.base.get(..at).unwrap_or_default();
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let indent = before.get(start..).unwrap_or_default();
        let end = match before.get(..start) {
            Some(above) if above.ends_with("\r\n") => "\r\n",
            Some(above) if above.ends_with('\r') => "\r",
            _ => "\n",
        };
        format!("{end}{indent}")
    }
}
