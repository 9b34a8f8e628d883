//! Tests of indexes and entries on bytes that git would never write.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_index_is_taken(bytes in proptest::collection::vec(any::<u8>(), 0..2000), second in any::<bool>()) {
        let mut whole = if second { b"\xfftOc\0\0\0\x02".to_vec() } else { Vec::new() };
        whole.extend(bytes);
        let _ = read_index(&whole);
    }

    #[test]
    fn any_header_is_taken(bytes in proptest::collection::vec(any::<u8>(), 0..40), offset in any::<u64>()) {
        let index = Index { objects: vec![(Id([1; 20]), 12)], pack: [0; 20] };
        let _ = header_of(&bytes, offset, &[12], &index, &[0]);
    }
}
