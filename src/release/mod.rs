//! From a repository to the standing of each of its gates: evidence, ledger, documents and signatures come together.

pub mod board;
mod ground;
mod history;
mod hold;
mod last_signed;
mod own;
mod sign;
mod signed;
mod stand;
mod wire;

pub use ground::{Ground, checks_of};
pub use history::{History, Told};
pub use hold::Hold;
pub use last_signed::{LastSigned, last_signed};
pub use own::own_paths;
pub use sign::{NothingToSign, Unsigned, decision, enter, enter_grounds, unsigned};
pub use signed::Withheld;
pub use stand::{GateStanding, deciding, stand};
pub use wire::SIGN_OFF;
