//! Judging: facts and expectations in, verdicts out. Pure; the same inputs give the same finding.

mod conclude;
mod criteria;
mod expr;
mod fill;
mod lint;
mod needed;
mod rules;
mod scope;
mod subject;

pub use conclude::{blocked, conclude, inconclusive, not_applicable, not_run};
pub use criteria::{Answer, criterion};
pub use expr::{Expr, SyntaxError};
pub use fill::{fill, placeholders};
pub use lint::{Misread, lint, lint_placeholder, resolve};
pub use rules::{Answered, Gave, Rules};
pub use scope::Scope;
pub use subject::{subject, subject_facts};
