//! Tests of differences and streams that git would never write.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_difference_is_taken(base in proptest::collection::vec(any::<u8>(), 0..64), delta in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut out = Vec::new();
        let _ = apply(&base, &delta, 1 << 20, &mut out);
    }

    #[test]
    fn any_stream_is_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut with_head = vec![0x78, 0x9c];
        with_head.extend(bytes);
        let _ = inflate_all(&with_head, 1 << 20);
        let mut out = Vec::new();
        let _ = inflate(&with_head, 100, &mut Decompress::new(true), &mut out);
    }
}

#[test]
fn differences_copy_and_insert() {
    let mut out = Vec::new();
    // From 5 bytes make 7: copy 3 from place 1, insert "xyz", copy 1 from place 0.
    let delta = [5, 7, 0b1001_0001, 1, 3, 3, b'x', b'y', b'z', 0b1001_0000, 1];
    apply(b"abcde", &delta, 100, &mut out).unwrap();
    assert_eq!(out, b"bcdxyza");
    for wrong in [
        &[5, 8, 0b1001_0001, 1, 3][..],
        &[4, 3, 0b1001_0001, 1, 3],
        &[5, 3, 0b1001_0001, 3, 3],
        &[5, 0, 0],
    ] {
        assert!(apply(b"abcde", wrong, 100, &mut out).is_err(), "{wrong:?}");
    }
    assert!(apply(b"abcde", &delta, 6, &mut out).is_err());
}

#[test]
fn a_bomb_is_not_inflated() {
    let mut out = Vec::new();
    assert!(inflate(&[0x78, 0x9c], 1 << 40, &mut Decompress::new(true), &mut out).is_err());
}
