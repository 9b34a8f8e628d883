//! Tests of boards.
