//! Certificate authorities that the application trusts beside the public ones.

use super::choice::Chooser;
use super::read;
use crate::diagnostic::Diagnostic;
use std::path::Path;

/// Node.js trusts the authorities in this file beside its own; only the process environment counts.
const VARIABLE: &str = "NODE_EXTRA_CA_CERTS";

/// The authorities that Node.js would add for the application, as PEM text.
///
/// A file that cannot be read is a warning, as it is for Node.js.
pub(super) fn of_node(root: &Path, chooser: &mut Chooser<'_>) -> Option<String> {
    let path = chooser
        .process
        .get(VARIABLE)
        .filter(|path| !path.is_empty())?;
    let wrong = match read::whole(&root.join(path)) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => {
                let path = path.clone();
                chooser.note("services.ca_file", path, VARIABLE);
                return Some(text);
            }
            _ => "holds no certificate in PEM form".to_owned(),
        },
        Err(error) => format!("cannot be read: {error}"),
    };
    let warning = Diagnostic::new(format!("the file that {VARIABLE} names, {path}, {wrong}"));
    let help =
        "Node.js ignores it too; name the file of your private authority, or unset the variable";
    chooser.warnings.push(warning.help(help));
    None
}

#[cfg(test)]
mod tests {
    use crate::secret::Book;
    use crate::settings::{Arguments, load};
    use std::collections::BTreeMap;

    #[test]
    fn the_authority_of_node_is_trusted_and_a_missing_one_is_a_warning() {
        let root = tempfile::tempdir().unwrap();
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(root.path().join("ca.pem"), pem).unwrap();
        let settings = |path: &str| {
            let process = BTreeMap::from([(super::VARIABLE.to_owned(), path.to_owned())]);
            let arguments = Arguments {
                root: Some(root.path().to_owned()),
                ..Arguments::default()
            };
            load(&arguments, &process, &Book::default()).unwrap()
        };
        assert_eq!(settings("ca.pem").authority_of_node.as_deref(), Some(pem));
        let missing = settings("none.pem");
        assert_eq!(missing.authority_of_node, None);
        assert!(
            missing
                .warnings
                .iter()
                .any(|one| one.to_string().contains("none.pem"))
        );
    }
}
