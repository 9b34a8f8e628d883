//! Deciding: findings, waivers, statements, sign-offs and a date in, a decision out. Pure.

mod facts;
mod run;

pub use facts::{facts, facts_declared};
pub use run::decide;
