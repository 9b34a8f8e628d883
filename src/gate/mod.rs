//! Deciding: findings, waivers, statements, sign-offs and a date in, a decision out. Pure.

mod asked;
mod baseline;
mod compare;
mod facts;
mod no_worse;
mod run;
mod validity;
mod weigh;

pub use baseline::Against;
pub use compare::{Side, compare, worse};
pub use facts::{facts, facts_at_best, facts_declared};
pub use no_worse::held;
pub use run::{decide, decide_against, unobserved, waived};
pub use validity::{News, Now, SignatureFault, validity};
pub use weigh::{Case, Code, Evidence, Upstream, accept, attested, weigh};

#[cfg(test)]
mod tests;
