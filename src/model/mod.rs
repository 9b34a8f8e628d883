//! The vocabulary of holdpoint as plain types: no files, no network, no clock.

mod application;
mod check;
mod document;
mod environment;
mod fact;
mod finding;
mod hindrance;
mod leftover;
mod observation;
mod subject;
mod target;
mod verdict;
mod waiver;

pub use application::{Api, Application, Collection, Framework, RateLimit, Route};
pub use check::{
    Assessment, Check, CheckId, Contradiction, Example, Expectation, Look, Origin, Place, Remedy,
};
pub use document::{Attestation, DocumentMap, MapItem, MapNote, MapSlot, Ruling, Signature, Write};
pub use environment::{Environment, Variable, VariableOrigin};
pub use fact::{FactKind, FactSpec, Facts};
pub use finding::{Decision, Finding, LookVerdict, Note, Outcome, Reason};
pub use hindrance::{Hindrance, HindranceKind};
pub use leftover::{Leftover, Pledges};
pub use observation::{Excerpt, Observation};
pub use subject::Subject;
pub use target::{PathClasses, Target, is_loopback, origin, same_origin};
pub use verdict::{Level, Severity, Verdict};
pub use waiver::Waiver;
