//! The forms that a secret takes on its way, and where they are looked for.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Every form that must not appear.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut hex = String::new();
    for byte in secret.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    let json = serde_json::to_string(secret).unwrap();
    let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC)
        .to_string();
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent.to_lowercase(),
        percent,
        hex.to_uppercase(),
        hex,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        // In the middle of a longer text, at each of the three alignments.
        STANDARD_NO_PAD.encode(format!("x{secret}"))[2..].to_owned(),
        STANDARD_NO_PAD.encode(format!("xy{secret}"))[3..].to_owned(),
    ];
    // The ends of an encoding depend on what follows.
    for form in &mut forms[6..] {
        form.truncate(form.len() - 2);
    }
    forms
}

/// Adds every file below a folder.
pub(crate) fn every_file(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        if entry.path().is_dir() {
            every_file(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}
