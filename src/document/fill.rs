//! What a slot should say: from the rule of the map, or of its kind, and what is known of its item.

use super::escape;
use super::judged::{ItemState, Judged, Standing};
use super::slot::{Context, OptionMark, Slot, SlotKind, Wants, normal};
use crate::model::{DocumentMap, MapItem, Ruling, Severity, Verdict, Write};
use jiff::Timestamp;

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

/// Do the options say whether something passed?
fn is_verdict(options: &[OptionMark]) -> bool {
    let first = options.first().map(|one| one.label.trim());
    let yes = ["", "✓", "pass", "received", "works", "verified"];
    options.len() == 2 && first.is_some_and(|label| yes.contains(&&*label.to_lowercase()))
}

/// Everything that a slot's words are made from.
pub(super) struct Filling<'a> {
    pub(super) map: &'a DocumentMap,
    pub(super) judged: &'a Judged<'a>,
    pub(super) state: &'a ItemState,
    /// When the item's evidence was gathered.
    pub(super) at: Option<Timestamp>,
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
            Rule::Person | Rule::Write(Write::Person) => Desire::Person,
            Rule::Uncovered => Desire::Uncovered,
            Rule::State => self.state(slot, standing, None, None),
            Rule::Write(Write::State { checks, pass, fail }) => {
                let standing = match checks.is_empty() {
                    true => standing,
                    false => self.judged.of_checks(checks.iter()).standing,
                };
                self.state(slot, standing, pass.as_deref(), fail.as_deref())
            }
            Rule::Date | Rule::Write(Write::Date) => match (standing, self.at) {
                (Standing::NotLooked, _) => Desire::Leave,
                (standing, Some(at)) if standing.holds() => {
                    self.text(slot, &at.strftime("%Y-%m-%d %H:%M UTC").to_string())
                }
                _ => Desire::Original,
            },
            Rule::Write(Write::Fact { check, fact }) => match self.judged.fact(check, fact) {
                Some(value) => self.text(slot, &value),
                None if self.judged.finding(check).is_none() => Desire::Leave,
                None => Desire::Original,
            },
            Rule::Write(Write::Count { passed, of }) => self.count(slot, *passed, of),
            Rule::Write(Write::Failures(severity)) => {
                let failed = self.failed(*severity).len();
                match failed {
                    0 => self.only_when_complete(slot, "0"),
                    some => self.text(slot, &some.to_string()),
                }
            }
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
                    options
                        .iter()
                        .position(|one| one.label.trim().to_lowercase().starts_with(&name))
                };
                let chosen = match standing {
                    standing if standing.holds() => pass.map_or(Some(0), called),
                    Standing::Failed => fail.map_or(Some(1), called),
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

    fn count(&self, slot: &Slot, passed: bool, of: &[String]) -> Desire {
        let standings: Vec<Standing> = of
            .iter()
            .filter_map(|id| self.judged.by_id(id))
            .map(|state| state.standing)
            .collect();
        if !standings.iter().any(|one| one.decided()) {
            return match standings.contains(&Standing::NotLooked) {
                true => Desire::Leave,
                false => Desire::Original,
            };
        }
        let counts = |one: &&Standing| match passed {
            true => one.holds(),
            false => **one == Standing::Failed,
        };
        self.text(slot, &standings.iter().filter(counts).count().to_string())
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

    /// "None" is said only where everything that a probe could find out is known.
    fn only_when_complete(&self, slot: &Slot, words: &str) -> Desire {
        let mut open = self
            .map
            .items
            .iter()
            .filter(|item| item.ruling != Ruling::Attest)
            .map(|item| self.judged.item(item, &[]).standing)
            .filter(|standing| !standing.decided() && *standing != Standing::NeedsPerson);
        match open.next() {
            None => self.text(slot, words),
            Some(Standing::NotLooked) => Desire::Leave,
            Some(first) => {
                match open.any(|one| one == Standing::NotLooked) || first == Standing::NotLooked {
                    true => Desire::Leave,
                    false => Desire::Original,
                }
            }
        }
    }

    fn list(&self, slot: &Slot, severity: Severity) -> Desire {
        let failed = self.failed(severity);
        if failed.is_empty() {
            return self.only_when_complete(slot, "None found.");
        }
        let lines: Vec<String> = failed
            .iter()
            .filter_map(|id| self.judged.finding(id))
            .map(|finding| {
                let waived = match finding.waived {
                    Some(_) => " (accepted by a waiver)",
                    None => "",
                };
                format!(
                    "{}{waived}: fails the claim that {}; prove the mend with: holdpoint run {}",
                    finding.check, finding.title, finding.check
                )
            })
            .collect();
        self.lines(slot, &lines)
    }

    fn text(&self, slot: &Slot, words: &str) -> Desire {
        self.lines(slot, &[words.to_owned()])
    }

    /// Words that cannot change the structure of what they are written into. Only a fenced block takes
    /// more than one line.
    fn lines(&self, slot: &Slot, lines: &[String]) -> Desire {
        let lines: Vec<String> = lines
            .iter()
            .map(|line| {
                let line = escape::visible(&(self.redact)(line));
                let line = escape::cut(line.trim(), 300);
                match slot.context {
                    Context::Text | Context::Cell => escape::markdown(&line),
                    Context::Code => line.replace('`', "'"),
                    Context::CellCode => line.replace('`', "'").replace('|', "/"),
                    Context::Fence => line.replace("```", "'''").replace("~~~", "'''"),
                }
            })
            .collect();
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
