//! Tests of the execution guide.
