//! Deciding: findings, waivers, statements, sign-offs and a date in, a decision out. Pure.

mod asked;
mod baseline;
mod compare;
mod facts;
mod run;
mod validity;
mod weigh;

pub use baseline::{Against, held};
pub use compare::compare;
pub use facts::{facts, facts_at_best, facts_declared};
pub use run::{decide, decide_against};
pub use validity::{News, Now, SignatureFault, validity};
pub use weigh::{Case, Code, Evidence, Upstream, accept, attested, weigh};

#[cfg(test)]
mod tests;
