//! The compiled expectations of one check.

use super::expr::{Expr, SyntaxError};
use super::fill::{at, fill, listed, show};
use super::scope::Scope;
use crate::model::{
    Check, Expectation, Facts, HindranceKind, LookVerdict, Note, Observation, Reason, Verdict,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A check's expressions, compiled.
#[derive(Debug)]
pub struct Rules {
    applies_when: Option<Arc<Expr>>,
    expect: Vec<Rule>,
    met_when: Option<Arc<Expr>>,
    assess: Vec<(Arc<Expr>, String)>,
}

#[derive(Debug)]
struct Rule {
    that: Arc<Expr>,
    when: Option<Arc<Expr>>,
}

/// What an expectation gave at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gave {
    /// It is met.
    Met,
    /// It is not.
    Unmet,
    /// Its guard says that it does not concern the look.
    Unconcerned,
    /// Whether it concerns the look could not be told, for this reason.
    Unguarded(String),
    /// Whether it is met could not be told, for this reason.
    Undecided(String),
}

/// An expectation with what it gave at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The expression.
    pub that: String,
    /// The guard.
    pub when: Option<String>,
    /// What it gave.
    pub gave: Gave,
    /// The facts that decided this, as `name = value`.
    pub read: String,
    /// The line in the check's file.
    pub line: usize,
}

impl Rule {
    fn gave(&self, scope: Scope<'_>) -> Gave {
        let guard = self.when.as_ref();
        match guard.map_or(Ok(true), |when| when.evaluate(scope)) {
            Ok(false) => return Gave::Unconcerned,
            Ok(true) => {}
            Err(error) => return Gave::Unguarded(error),
        }
        match self.that.evaluate(scope) {
            Ok(true) => Gave::Met,
            Ok(false) => Gave::Unmet,
            Err(error) => Gave::Undecided(error),
        }
    }
}

impl Rules {
    /// Compiles everything a check says.
    ///
    /// # Errors
    /// The first expression that is not CEL. Checks that came through the catalogue have none.
    pub fn compile(check: &Check) -> Result<Self, SyntaxError> {
        let optional = |source: &Option<String>| source.as_deref().map(Expr::compile).transpose();
        let contradiction = check.contradiction.as_ref();
        Ok(Self {
            applies_when: optional(&check.applies_when)?,
            expect: check
                .expect
                .iter()
                .map(|one| {
                    Ok(Rule {
                        that: Expr::compile(&one.that)?,
                        when: optional(&one.when)?,
                    })
                })
                .collect::<Result<_, SyntaxError>>()?,
            met_when: contradiction
                .map(|one| Expr::compile(&one.met_when))
                .transpose()?,
            assess: contradiction
                .iter()
                .flat_map(|one| &one.assess)
                .map(|one| Ok((Expr::compile(&one.when)?, one.word.clone())))
                .collect::<Result<_, SyntaxError>>()?,
        })
    }

    /// Does the check concern this subject? True where it does not say.
    ///
    /// # Errors
    /// The expression gave neither true nor false.
    pub fn applies(&self, subject: &Facts) -> Result<bool, String> {
        self.applies_when
            .as_ref()
            .map_or(Ok(true), |expr| expr.evaluate(subject))
    }

    /// Every fact that some expression reads.
    pub fn reads(&self) -> BTreeSet<Vec<String>> {
        let rules = self
            .expect
            .iter()
            .flat_map(|rule| [Some(&rule.that), rule.when.as_ref()]);
        let notes = self
            .met_when
            .iter()
            .chain(self.assess.iter().map(|(expr, _)| expr));
        rules
            .flatten()
            .chain(notes)
            .flat_map(|expr| expr.reads().iter().cloned())
            .collect()
    }

    /// The verdict of one look.
    pub fn judge(&self, check: &Check, observation: &Observation, subject: &Facts) -> LookVerdict {
        let (
            Weighed {
                verdict,
                reasons,
                unjudged,
            },
            facts,
        ) = match &observation.hindrance {
            Some(hindrance) => {
                let verdict = if hindrance.kind == HindranceKind::Absent {
                    Verdict::NotApplicable
                } else if check.fails_on.contains(&hindrance.kind) {
                    Verdict::Fail
                } else {
                    Verdict::Inconclusive
                };
                let reason = Reason {
                    text: hindrance.cause.clone(),
                    expected: check.title.clone(),
                    found: hindrance.cause.clone(),
                    line: 0,
                    listed: 0,
                };
                let weighed = Weighed {
                    verdict,
                    reasons: vec![reason],
                    unjudged: Vec::new(),
                };
                (weighed, Facts::new())
            }
            None => {
                let scope = Scope::new(&observation.facts, subject);
                let read = read_of(&self.reads(), &observation.facts);
                (self.judge_facts(check, scope), read)
            }
        };
        LookVerdict {
            label: observation.label.clone(),
            verdict,
            reasons,
            unjudged,
            facts,
            evidence: observation.digest.clone(),
            retried: observation.attempts > 1,
        }
    }

    /// Any false is a failure; else any error leaves it open; else it holds. An expectation whose
    /// guard is false does not concern the look.
    fn judge_facts(&self, check: &Check, scope: Scope<'_>) -> Weighed {
        let mut failures = Vec::new();
        let mut errors = Vec::new();
        let mut met = 0;
        for (rule, text) in self.expect.iter().zip(&check.expect) {
            let reason = |line: String, found: String, listed: usize| Reason {
                text: line,
                expected: text
                    .expected
                    .as_ref()
                    .map_or_else(|| text.that.clone(), |text| fill(text, scope)),
                found,
                line: text.line,
                listed,
            };
            match rule.gave(scope) {
                Gave::Unconcerned => {}
                Gave::Met => met += 1,
                Gave::Unmet => {
                    let found = text
                        .found
                        .as_ref()
                        .map_or_else(|| shown(&rule.that, scope), |text| fill(text, scope));
                    let listed = listed(&text.otherwise, scope);
                    failures.push(reason(fill(&text.otherwise, scope), found, listed));
                }
                Gave::Unguarded(error) => {
                    errors.push(reason(undecided(text, scope, &error), error, 0));
                }
                Gave::Undecided(error) => {
                    let found = shown(&rule.that, scope);
                    errors.push(reason(undecided(text, scope, &error), found, 0));
                }
            }
        }
        let (verdict, reasons, unjudged) = if !failures.is_empty() {
            (Verdict::Fail, failures, errors)
        } else if !errors.is_empty() {
            (Verdict::Inconclusive, errors, Vec::new())
        } else if met > 0 {
            (Verdict::Pass, Vec::new(), Vec::new())
        } else {
            (Verdict::NotApplicable, Vec::new(), Vec::new())
        };
        Weighed {
            verdict,
            reasons,
            unjudged,
        }
    }

    /// What each expectation gave at a look that came about.
    pub fn answers(&self, check: &Check, facts: &Facts, subject: &Facts) -> Vec<Answered> {
        let scope = Scope::new(facts, subject);
        let each = self.expect.iter().zip(&check.expect).map(|(rule, text)| {
            let gave = rule.gave(scope);
            let decided = match (&gave, &rule.when) {
                (Gave::Unconcerned | Gave::Unguarded(_), Some(when)) => when,
                _ => &rule.that,
            };
            Answered {
                that: text.that.clone(),
                when: text.when.clone(),
                read: shown(decided, scope),
                gave,
                line: text.line,
            }
        });
        each.collect()
    }

    /// Both axes of a requirement that present guidance contradicts, for one look.
    pub fn note(&self, check: &Check, facts: Option<&Facts>, subject: &Facts) -> Option<Note> {
        let contradiction = check.contradiction.as_ref()?;
        let scope = facts.map(|facts| Scope::new(facts, subject));
        let truth = |expr: &Arc<Expr>| scope.and_then(|scope| expr.evaluate(scope).ok());
        let conformance = match self.met_when.as_ref().and_then(truth) {
            Some(true) => "met",
            Some(false) => "not met",
            None => "not testable",
        };
        let assessment = self
            .assess
            .iter()
            .find(|(expr, _)| truth(expr) == Some(true));
        Some(Note {
            document: contradiction.document.clone(),
            says: contradiction.says.clone(),
            truth: contradiction.truth.clone(),
            source: contradiction.source.clone(),
            tested: check.title.clone(),
            conformance: conformance.into(),
            assessment: assessment.map_or("unknown", |(_, word)| word).into(),
        })
    }
}

/// What one look comes to.
struct Weighed {
    verdict: Verdict,
    reasons: Vec<Reason>,
    /// What could not be judged beside a failure.
    unjudged: Vec<Reason>,
}

/// Why an expectation is neither met nor unmet.
fn undecided(text: &Expectation, scope: Scope<'_>, error: &str) -> String {
    match &text.undecided {
        Some(text) => fill(text, scope),
        None => format!("could not be judged: {error}"),
    }
}

/// The facts at these paths, by their dotted names; those within the elements of a list as the list.
pub(super) fn read_of(paths: &BTreeSet<Vec<String>>, facts: &Facts) -> Facts {
    let mut read = Facts::new();
    for path in paths {
        let names: Vec<_> = path
            .iter()
            .take_while(|name| *name != super::expr::ELEMENT)
            .map(String::as_str)
            .collect();
        if let Some(value) = at(facts, names.iter().copied()) {
            read.insert(names.join("."), value.clone());
        }
    }
    read
}

/// The facts an expression reads, as `name = value`.
pub(super) fn shown(expr: &Expr, scope: Scope<'_>) -> String {
    let mut parts = Vec::new();
    for path in expr.reads() {
        let names: Vec<_> = path
            .iter()
            .take_while(|name| *name != super::expr::ELEMENT)
            .map(String::as_str)
            .collect();
        let value = at(scope, names.iter().copied()).map_or_else(|| "unknown".into(), show);
        let part = cause(&names, scope).unwrap_or_else(|| format!("{} = {value}", names.join(".")));
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(", ")
}

/// What stands beside `….ok` as its cause, which tells more than a bare no.
fn cause(names: &[&str], scope: Scope<'_>) -> Option<String> {
    let (_, above) = names.split_last().filter(|(last, _)| **last == "ok")?;
    let path = above.iter().copied().chain(["cause"]);
    let told = at(scope, path)?.as_str().filter(|told| !told.is_empty())?;
    Some(told.to_owned())
}
