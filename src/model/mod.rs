//! The vocabulary of holdpoint as plain types: no files, no network, no clock.

mod application;
mod baseline;
mod check;
mod comparison;
mod document;
mod environment;
mod fact;
mod finding;
mod gate;
mod gate_decision;
mod hindrance;
mod leftover;
mod observation;
mod plan_entry;
mod sign_off;
mod subject;
mod target;
mod timing;
mod verdict;
mod waiver;

pub use application::{Api, Application, Collection, Framework, RateLimit, Route};
pub use baseline::{Baseline, Held};
pub use check::{
    Assessment, Check, CheckId, Contradiction, Example, Expectation, Look, Origin, Place, Remedy,
};
pub use comparison::{Change, Changed, Worse};
pub use document::{Attestation, DocumentMap, MapItem, MapNote, MapSlot, Ruling, Signature, Write};
pub use environment::{Environment, Variable, VariableOrigin};
pub use fact::{FactKind, FactSpec, Facts};
pub use finding::{Decision, Finding, LookVerdict, Note, Outcome, Reason};
pub use gate::{Criterion, Exemption, Gate, Proof};
pub use gate_decision::{Blocker, Counts, GateDecision, Weighed};
pub use hindrance::{Hindrance, HindranceKind};
pub use leftover::{Leftover, Pledges};
pub use observation::{Excerpt, Observation};
pub use plan_entry::PlanEntry;
pub use sign_off::{BoundDocument, BoundRecord, BoundStatement, Lapse, Lapsed, SignOff, Standing};
pub use subject::Subject;
pub use target::{PathClasses, Target, is_loopback, origin, same_origin};
pub use timing::Timing;
pub use verdict::{Level, Severity, Verdict};
pub use waiver::Waiver;
