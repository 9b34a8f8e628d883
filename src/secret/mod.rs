//! The book of registered secrets, the redactor that takes them out in every form they take, and the making of new ones.

mod book;
mod forms;
mod generate;
mod hunt;
mod recognise;

pub use book::Book;
pub use generate::{VapidPair, random, random_secret};
pub use hunt::{Find, Hunt, Quarry, SHORTEST_SOUGHT};
pub use recognise::{is_secret, looks_secret, names_secret, shows_secret};
