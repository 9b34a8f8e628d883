//! Tests of generated documents.
