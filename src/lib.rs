//! Holdpoint proves that a web deployment is ready, writes the proof into the documents that
//! people sign, and holds the release until it is.
//!
//! The rooms and the rules between them are in `src/README.md`; `tests/tidy.rs` holds the source to them.

pub mod attest;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod diagnostic;
pub mod document;
pub mod engine;
pub mod evidence;
pub mod gate;
pub mod judge;
pub mod model;
pub mod probe;
pub mod report;
pub mod sandbox;
pub mod secret;
pub mod settings;
