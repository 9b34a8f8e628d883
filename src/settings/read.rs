//! Reads files that users keep, up to a size that such a file has.

use std::io::{Error, Read};
use std::path::Path;

/// No file of settings is larger; a device or a dump that was named by mistake may be.
const LARGEST: u64 = 16 << 20;

/// Reads a whole file.
pub(super) fn whole(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::other("it is larger than 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        assert!(
            whole(Path::new("/dev/zero"))
                .unwrap_err()
                .to_string()
                .contains("16 MiB")
        );
    }
}
