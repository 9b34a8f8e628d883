//! The table of causes, on texts that the driver, rustls and servers really give.

use super::*;
