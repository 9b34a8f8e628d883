//! What a blank asks for, by the words around it.

use super::super::slot::{Wants, normal};

/// Ends of labels that ask for a date.
const DATES: &[&str] = &[
    "date",
    "date/time",
    "date and time",
    "datum",
    "verified",
    "validated",
    "verified on",
    "validated on",
    "tested on",
    "completed on",
];

/// Words before those that make it another day than the one on which somebody looked.
const OTHER_DATES: &[&str] = &[
    "target",
    "due",
    "planned",
    "expiry",
    "expiration",
    "renewal",
    "start",
    "end",
    "release",
    "launch",
    "next",
    "birth",
];

/// Ends of labels that ask for a person's hand.
const HANDS: &[&str] = &[
    "signature",
    "signed",
    "sign-off",
    "signoff",
    "approver",
    "initials",
    "signed by",
    "approved by",
    "verified by",
    "reviewed by",
    "tested by",
    "full name",
    "printed name",
];

/// Words that name something secret.
const SECRETS: &[&str] = &[
    "key",
    "keys",
    "secret",
    "secrets",
    "password",
    "passwords",
    "passphrase",
    "passphrases",
    "token",
    "tokens",
    "credential",
    "credentials",
];

/// Words that, after those, name something about the secret that is none itself.
const ABOUT: &[&str] = &[
    "age",
    "count",
    "created",
    "date",
    "exists",
    "expires",
    "expiry",
    "format",
    "generated",
    "id",
    "length",
    "lifetime",
    "location",
    "name",
    "present",
    "rotated",
    "rotation",
    "size",
    "ttl",
    "type",
    "validated",
    "verified",
    "version",
];

/// The words before a blank ask for a signature: then every blank of the line is a person's.
pub(super) fn is_signing(label: &str) -> bool {
    let label = normal(label);
    ends_in(&label, HANDS) || starts_with_word(&label, "sign-off") || label == "name"
}

/// What a blank asks for that no person must sign: by the words before it, those after it up to the next
/// slot, and the heading of its column.
pub(super) fn wanted(label: &str, after: &str, column: &str) -> Wants {
    let after = after.trim_start().to_lowercase();
    if after.contains("(secured") {
        return Wants::Secret;
    }
    if after.starts_with("(date") {
        return Wants::Date;
    }
    let own = normal(label);
    let label = if own.is_empty() { normal(column) } else { own };
    if asks_for_date(&label) {
        Wants::Date
    } else if ends_in(&label, DATES) {
        Wants::Text
    } else if ends_in(&label, HANDS) {
        Wants::Signature
    } else if is_secret(&label) {
        Wants::Secret
    } else {
        Wants::Text
    }
}

/// Normalised words that ask for the day on which somebody looked or signed.
pub(in crate::document) fn asks_for_date(label: &str) -> bool {
    let mut words = label.split(|c: char| !c.is_alphanumeric());
    ends_in(label, DATES) && !words.any(|word| OTHER_DATES.contains(&word))
}

/// Normalised words that ask for the name of who signs.
pub(in crate::document) fn asks_for_name(label: &str) -> bool {
    label == "name" || ends_in(label, &["full name", "printed name"])
}

/// What a blank asks for in a table with a column for signatures: the name and the date beside one are a
/// person's too.
pub(super) fn wanted_beside_signatures(wants: Wants, column: &str) -> Wants {
    match wants {
        Wants::Date => Wants::Signature,
        Wants::Text if column == "name" => Wants::Signature,
        other => other,
    }
}

/// A column is for signatures.
pub(super) fn is_signed(column: &str) -> bool {
    ends_in(column, HANDS)
}

fn ends_in(label: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| {
        label
            .strip_suffix(end)
            .is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    })
}

fn starts_with_word(label: &str, word: &str) -> bool {
    label
        .strip_prefix(word)
        .is_some_and(|after| !after.starts_with(char::is_alphanumeric))
}

/// A label that names a secret, when in doubt too: what is taken for one is never written. A public key
/// is none, nor is what is said about a secret, such as its lifetime.
fn is_secret(label: &str) -> bool {
    let words: Vec<&str> = label
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let after = words.get(at + 1);
        SECRETS.contains(word)
            && before != Some(&"public")
            && !after.is_some_and(|after| ABOUT.contains(after))
    })
}
