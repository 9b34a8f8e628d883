//! Which names and which values say "secret".

/// Does the name of a variable say that its value is secret?
pub fn names_secret(name: &str) -> bool {
    name.contains("SECRET")
}

/// Does the shape of a value say that it is secret, whatever its name?
pub fn looks_secret(value: &str) -> bool {
    value.contains("PRIVATE KEY")
}
