//! What a run is about: arguments, `holdpoint.toml`, environment files and what was found in the repository.

mod address;
mod detect;
pub mod dotenv;
mod file;
