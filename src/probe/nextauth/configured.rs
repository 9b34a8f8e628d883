//! What the configuration says: the secret that signs sessions, and the application's own address.

use super::jwe::Edition;
use crate::model::{Environment, Variable};
use url::Url;

/// A secret as the libraries would use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// The variable; of a list of secrets, the one that new sessions are encrypted with.
    pub(super) variable: String,
    /// What sets it: file:line, or the process environment.
    pub(super) origin: String,
    /// What the CSRF token is signed with.
    pub(super) signs: String,
    /// What sessions are encrypted with.
    pub(super) encrypts: String,
}

impl Secret {
    fn of(variable: &Variable) -> Self {
        Self {
            variable: variable.name.clone(),
            origin: variable.origin.to_string(),
            signs: variable.value.clone(),
            encrypts: variable.value.clone(),
        }
    }
}

/// The secrets that the deployment may use, the likeliest first; all that is not empty.
///
/// NextAuth 4 takes NEXTAUTH_SECRET before AUTH_SECRET; Auth.js 5 takes AUTH_SECRET first, and the numbered
/// ones only where both are absent. An application may also pass any of them in its code, so each is a candidate.
pub(super) fn secrets(
    environment: &Environment,
    named: Option<&str>,
    edition: Option<Edition>,
) -> Vec<Secret> {
    if let Some(name) = named {
        return set(environment, name).map(Secret::of).into_iter().collect();
    }
    let order = match edition {
        Some(Edition::Five) => ["AUTH_SECRET", "NEXTAUTH_SECRET"],
        Some(Edition::Four) | None => ["NEXTAUTH_SECRET", "AUTH_SECRET"],
    };
    let plain: Vec<_> = order
        .iter()
        .filter_map(|name| set(environment, name).map(Secret::of))
        .collect();
    if !plain.is_empty() || edition == Some(Edition::Four) {
        return plain;
    }
    // Auth.js puts the numbered ones in front, the highest number first, and writes the list as text.
    let numbered: Vec<_> = ["AUTH_SECRET_3", "AUTH_SECRET_2", "AUTH_SECRET_1"]
        .iter()
        .filter_map(|name| set(environment, name).map(Secret::of))
        .collect();
    let signs = numbered
        .iter()
        .map(|secret| secret.signs.as_str())
        .collect::<Vec<_>>()
        .join(",");
    let first = numbered.into_iter().next();
    first
        .map(|first| Secret { signs, ..first })
        .into_iter()
        .collect()
}

/// The application's address as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The variable.
    pub(super) variable: String,
    /// What sets it.
    pub(super) origin: String,
    /// The address; none where the value is no http or https address.
    pub(super) url: Option<Url>,
}

/// The address that the variable names, or that the edition reads; none where it is not set.
pub(super) fn address(
    environment: &Environment,
    named: Option<&str>,
    edition: Option<Edition>,
) -> Option<Address> {
    let order: &[&str] = match (&named, edition) {
        (Some(name), _) => &[*name],
        (None, Some(Edition::Five)) => &["AUTH_URL", "NEXTAUTH_URL"],
        (None, _) => &["NEXTAUTH_URL", "AUTH_URL"],
    };
    let variable = order.iter().find_map(|name| set(environment, name))?;
    let url = Url::parse(variable.value.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    Some(Address {
        variable: variable.name.clone(),
        origin: variable.origin.to_string(),
        url,
    })
}

fn set<'a>(environment: &'a Environment, name: &str) -> Option<&'a Variable> {
    environment
        .get(name)
        .filter(|variable| !variable.value.is_empty())
}

/// Scheme, host and port, which say nothing secret.
pub(super) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VariableOrigin;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variable = |(name, value): &(&str, &str)| Variable {
            name: (*name).into(),
            value: (*value).into(),
            raw: (*value).into(),
            origin: VariableOrigin::Process,
            secret: true,
            shadowed: Vec::new(),
        };
        Environment {
            variables: variables.iter().map(variable).collect(),
            ..Environment::default()
        }
    }

    fn signs(variables: &[(&str, &str)], edition: Edition) -> Vec<String> {
        secrets(&environment(variables), None, Some(edition))
            .into_iter()
            .map(|secret| secret.signs)
            .collect()
    }

    #[test]
    fn each_edition_has_its_order() {
        let both = [("AUTH_SECRET", "a"), ("NEXTAUTH_SECRET", "n")];
        assert_eq!(signs(&both, Edition::Four), ["n", "a"]);
        assert_eq!(signs(&both, Edition::Five), ["a", "n"]);
        assert_eq!(signs(&[("NEXTAUTH_SECRET", "")], Edition::Four), [""; 0]);
    }

    #[test]
    fn numbered_secrets_count_only_alone_and_in_version_5() {
        let numbered = [("AUTH_SECRET_1", "one"), ("AUTH_SECRET_2", "two")];
        assert_eq!(signs(&numbered, Edition::Five), ["two,one"]);
        assert_eq!(signs(&numbered, Edition::Four), [""; 0]);
        let secret = &secrets(&environment(&numbered), None, Some(Edition::Five))[0];
        assert_eq!(
            (secret.variable.as_str(), secret.encrypts.as_str()),
            ("AUTH_SECRET_2", "two")
        );
        let beside = [("AUTH_SECRET", "plain"), ("AUTH_SECRET_1", "one")];
        assert_eq!(signs(&beside, Edition::Five), ["plain"]);
    }

    #[test]
    fn a_named_variable_is_the_only_one() {
        let given = environment(&[("AUTH_SECRET", "a"), ("OTHER", "o")]);
        let found = secrets(&given, Some("OTHER"), Some(Edition::Five));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].signs, "o");
        assert_eq!(secrets(&given, Some("ABSENT"), None), []);
    }

    #[test]
    fn addresses_are_read_in_the_order_of_the_edition() {
        let given = environment(&[("AUTH_URL", "https://a.example"), ("NEXTAUTH_URL", "n")]);
        let five = address(&given, None, Some(Edition::Five)).unwrap();
        assert_eq!(five.url.unwrap().as_str(), "https://a.example/");
        let four = address(&given, None, Some(Edition::Four)).unwrap();
        assert_eq!((four.variable.as_str(), four.url), ("NEXTAUTH_URL", None));
        assert_eq!(address(&environment(&[]), None, None), None);
    }
}
