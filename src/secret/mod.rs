//! The book of registered secrets, and the redactor that takes them out in every form they take.

mod book;
mod forms;
mod recognise;

pub use book::Book;
pub use recognise::{is_secret, looks_secret, names_secret};
