//! Throws arbitrary bytes at the scanner of documents: `cargo fuzz run document --fuzz-dir tests/fuzz`.
//!
//! The scanner's files are taken in by their paths, so that the many libraries of the whole program
//! need not be built with the engine's flags.
//!
//! Without cargo-fuzz, and on a stable compiler:
//!
//! ```text
//! cd tests/fuzz
//! RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!   -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
//!   cargo run --release --target x86_64-unknown-linux-gnu -- -max_total_time=60 -dict=document.dict corpus
//! ```

#![no_main]
#![allow(dead_code, reason = "what else is in the scanner's files is used by the program")]

#[path = "../../src/document/scan/mod.rs"]
mod scan;
#[path = "../../src/document/slot.rs"]
mod slot;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let faults = scan::scan(&text).faults(&text);
    assert!(faults.is_empty(), "{text:?}: {faults:#?}");
});
