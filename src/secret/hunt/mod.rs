//! Finds known secrets in bytes, in every form they take, and texts that have the shape of somebody's secret.

mod shapes;

use super::forms;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// Forms with fewer bytes are not looked for: ordinary text is full of them.
pub const SHORTEST_SOUGHT: usize = 8;
/// As much of a form stands in the automaton; the rest is compared, so that long keys do not make it large.
const HEAD: usize = 16;

/// Looks for some secrets, and for shapes, in one pass over the bytes.
#[derive(Debug)]
pub struct Hunt {
    /// None where none could be built; then nothing can be looked for.
    automaton: Option<AhoCorasick>,
    /// What each pattern of the automaton begins.
    begun: Vec<Begun>,
    /// The longest form, in bytes.
    longest: usize,
    /// Seconds since 1970; a token that ran out before lets nobody in.
    now: i64,
}

/// The forms and shapes that begin with one pattern.
#[derive(Debug, Default)]
struct Begun {
    /// A whole form, the secrets that take it, and whether it is the value as it is.
    forms: Vec<(Vec<u8>, Vec<Sought>)>,
    /// Positions in the table of shapes.
    shapes: Vec<usize>,
}

/// One secret of those that are looked for, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sought {
    secret: usize,
    as_written: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What.
    pub what: Quarry,
}

/// A known secret or a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quarry {
    /// The secret at this position of those that are looked for.
    Secret {
        /// Its position.
        secret: usize,
        /// It stands there as it is; otherwise encoded, or a part that is secret by itself.
        as_written: bool,
    },
    /// Something with the look of a secret: what kind.
    Shape(&'static str),
}

impl Hunt {
    /// Looks for these values and for shapes. `now` is in seconds since 1970.
    pub fn new(values: &[&str], now: i64) -> Self {
        let mut begun: BTreeMap<Vec<u8>, Begun> = BTreeMap::new();
        let mut longest = 0;
        for (secret, value) in values.iter().enumerate() {
            for form in forms::of(value) {
                let form = form.into_bytes();
                if form.len() < SHORTEST_SOUGHT {
                    continue;
                }
                longest = longest.max(form.len());
                let as_written = form == value.as_bytes();
                let head = form[..form.len().min(HEAD)].to_vec();
                let forms = &mut begun.entry(head).or_default().forms;
                let one = Sought { secret, as_written };
                match forms.iter_mut().find(|(known, _)| *known == form) {
                    Some((_, takers)) => takers.push(one),
                    None => forms.push((form, vec![one])),
                }
            }
        }
        for (place, shape) in shapes::SHAPES.iter().enumerate() {
            let anchor = shape.anchor.as_bytes().to_vec();
            begun.entry(anchor).or_default().shapes.push(place);
        }
        let build = |kind| {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(kind))
                .build(begun.keys())
        };
        // The fast one takes more memory; where it would take too much, another does as well.
        let automaton = build(AhoCorasickKind::DFA)
            .or_else(|_| build(AhoCorasickKind::ContiguousNFA))
            .ok();
        Self {
            automaton,
            begun: begun.into_values().collect(),
            longest,
            now,
        }
    }

    /// Could the searcher be built? Where not, nothing is found and nothing may be concluded.
    pub fn is_ready(&self) -> bool {
        self.automaton.is_some()
    }

    /// How many bytes around a border must be looked at together, so that nothing is cut by it.
    pub fn reach(&self) -> usize {
        self.longest.max(shapes::REACH)
    }

    /// Everything in these bytes, in the order of the ends of their beginnings. A shape inside a known secret is left out.
    pub fn search(&self, bytes: &[u8]) -> Vec<Find> {
        let mut found: Vec<Find> = Vec::new();
        let Some(automaton) = &self.automaton else {
            return found;
        };
        for head in automaton.find_overlapping_iter(bytes) {
            let at = head.start();
            let Some(begun) = self.begun.get(head.pattern().as_usize()) else {
                continue;
            };
            for (form, takers) in &begun.forms {
                if bytes[at..].starts_with(form) {
                    let span = at..at + form.len();
                    found.extend(takers.iter().map(|one| Find {
                        span: span.clone(),
                        what: Quarry::Secret {
                            secret: one.secret,
                            as_written: one.as_written,
                        },
                    }));
                }
            }
            for place in &begun.shapes {
                let shape = &shapes::SHAPES[*place];
                if let Some(span) = (shape.read)(bytes, at, self.now) {
                    found.push(Find {
                        span,
                        what: Quarry::Shape(shape.name),
                    });
                }
            }
        }
        if found.len() > 1 {
            let known: Vec<Range<usize>> = found
                .iter()
                .filter(|one| matches!(one.what, Quarry::Secret { .. }))
                .map(|one| one.span.clone())
                .collect();
            found.retain(|one| {
                matches!(one.what, Quarry::Secret { .. })
                    || !known
                        .iter()
                        .any(|span| span.start < one.span.end && one.span.start < span.end)
            });
        }
        found
    }
}

#[cfg(test)]
mod tests;
