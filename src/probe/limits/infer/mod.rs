//! Inference of a limit that is not known: which families of limiters, with which numbers, explain what was let through.

pub(super) mod families;
pub(super) mod fit;
pub(super) mod log;
pub(super) mod probing;
mod region;

#[cfg(test)]
mod limiter;
#[cfg(test)]
mod tests;
