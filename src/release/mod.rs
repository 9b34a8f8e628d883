//! From a repository to the standing of each of its gates: evidence, ledger, documents and signatures come together.

mod history;
mod own;
mod wire;

pub use history::{History, Told};
pub use own::own_paths;
pub use wire::SIGN_OFF;
