//! What a provider's token endpoint says to a code that was made up: whether it knows the client's secret.

use serde_json::Value;

/// Codes of a refused client secret (RFC 6749 section 5.2), GitHub's own beside it.
const REFUSES_CLIENT: &[&str] = &["invalid_client", "incorrect_client_credentials"];
/// Codes that are sent only once the client has been recognised, where the provider looks at it first.
const RECOGNISES: &[&str] = &[
    "invalid_grant",
    "bad_verification_code",
    "redirect_uri_mismatch",
    "invalid_request",
];

/// What one answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The code was refused and the client was not: the provider's code.
    Recognised(String),
    /// The client was refused: what is wrong, and how to mend it.
    Refused { cause: String, remedy: String },
    /// It cannot be told.
    Untold(String),
}

/// How a client shows its secret (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// In an Authorization header: what NextAuth does unless it is told otherwise.
    Basic,
    /// In the body: what Google documents.
    Post,
}

impl Method {
    /// The name in discovery documents.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// The methods to try, the likeliest first; none where the provider takes neither. One that does
    /// not list any takes the header (OpenID Connect Discovery 1.0 section 3).
    pub(super) fn of(listed: Option<&[String]>, google: bool) -> Vec<Self> {
        let order = match google {
            true => [Self::Post, Self::Basic],
            false => [Self::Basic, Self::Post],
        };
        let offered = |method: Self| match listed {
            Some(listed) => listed.iter().any(|word| word == method.word()),
            None => method == order[0],
        };
        order.into_iter().filter(|one| offered(*one)).collect()
    }
}

/// What the answer to a code that was made up says of the client's secret.
pub(super) fn answer(status: u16, body: Option<&Value>) -> Answer {
    if status == 429 || status >= 500 {
        return Answer::Untold(format!("the token endpoint answers {status}"));
    }
    let text = |name: &str| {
        body.and_then(|body| body[name].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let (error, description) = (text("error"), text("error_description"));
    if error.is_empty() {
        return Answer::Untold(match status {
            200..=299 => format!("the token endpoint answers {status} to a code that was made up"),
            _ => format!("the token endpoint answers {status} without an error code"),
        });
    }
    let code: String = error.chars().take(60).collect();
    match error.as_str() {
        error if REFUSES_CLIENT.contains(&error) => refused(&code, &description),
        // Keycloak's and Auth0's words for a wrong secret; with 400 the first means that the client may not
        // use codes at all, and with 403 the second may be a firewall's.
        "unauthorized_client" | "access_denied" if status == 401 => refused(&code, &description),
        error if RECOGNISES.contains(&error) => Answer::Recognised(code),
        "unauthorized_client" => Answer::Untold(
            "the client is known, but may not use the authorization code flow (unauthorized_client)"
                .into(),
        ),
        _ => Answer::Untold(format!("the token endpoint answers {code}")),
    }
}

/// Tells from the provider's words which half of the pair is wrong.
fn refused(code: &str, description: &str) -> Answer {
    let words = description.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let (cause, remedy) = if has(&["aadsts7000222"]) {
        (
            "the client secret has expired",
            "make a new client secret in the provider's console, set it, and note when it expires",
        )
    } else if has(&["was not found", "aadsts700016", "client not found"]) {
        (
            "the provider does not know the client id",
            "copy the client id from the provider's console again; it may have been deleted",
        )
    } else {
        (
            "the provider refuses the client secret",
            "copy the client secret from the provider's console again, without quotes or spaces; where it cannot be shown any more, make a new one",
        )
    };
    Answer::Refused {
        cause: format!("{cause} ({code})"),
        remedy: remedy.into(),
    }
}

/// A secret of the same length and alphabet that differs in its last character.
pub(super) fn damaged(secret: &str) -> String {
    let mut characters: Vec<char> = secret.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = if *last == 'x' { 'y' } else { 'x' };
    }
    characters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(status: u16, error: &str, description: &str) -> Answer {
        let body = json!({ "error": error, "error_description": description });
        answer(status, Some(&body))
    }

    fn cause(answer: Answer) -> String {
        match answer {
            Answer::Refused { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_table_of_providers() {
        let recognised = |code: &str| Answer::Recognised(code.into());
        // Google, Microsoft Entra, Keycloak, Auth0 (with 403), GitHub (with 200).
        assert_eq!(
            of(400, "invalid_grant", "Malformed auth code."),
            recognised("invalid_grant")
        );
        assert_eq!(
            of(403, "invalid_grant", "Invalid authorization code"),
            recognised("invalid_grant")
        );
        assert_eq!(
            of(200, "bad_verification_code", ""),
            recognised("bad_verification_code")
        );
        assert!(
            cause(of(401, "invalid_client", "The OAuth client was not found."))
                .contains("client id")
        );
        assert!(cause(of(401, "invalid_client", "Unauthorized")).contains("client secret"));
        assert!(cause(of(401, "invalid_client", "AADSTS7000222: expired")).contains("expired"));
        assert!(
            cause(of(401, "unauthorized_client", "Invalid client credentials"))
                .contains("client secret")
        );
        assert!(cause(of(401, "access_denied", "Unauthorized")).contains("client secret"));
    }

    #[test]
    fn strange_answers_tell_nothing() {
        for told in [
            of(429, "invalid_client", ""),
            of(500, "invalid_grant", ""),
            of(400, "unauthorized_client", ""),
            of(400, "slow_down", ""),
            // A firewall's word as well; Auth0 says it with 401.
            of(403, "access_denied", "Access denied"),
            answer(200, Some(&json!({ "access_token": "x" }))),
            answer(403, None),
            answer(401, Some(&json!(["x"]))),
        ] {
            assert!(matches!(told, Answer::Untold(_)), "{told:?}");
        }
    }

    #[test]
    fn a_damaged_secret_differs_in_its_last_character() {
        assert_eq!(damaged("abc"), "abx");
        assert_eq!(damaged("abx"), "aby");
        assert_eq!(damaged("ä"), "x");
        assert_eq!(damaged(""), "");
    }

    #[test]
    fn methods_are_those_that_the_provider_offers() {
        let listed = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(Method::of(None, false), [Method::Basic]);
        assert_eq!(Method::of(None, true), [Method::Post]);
        let both = listed(&["client_secret_post", "client_secret_basic"]);
        assert_eq!(
            Method::of(Some(&both), false),
            [Method::Basic, Method::Post]
        );
        assert_eq!(Method::of(Some(&both), true), [Method::Post, Method::Basic]);
        assert_eq!(Method::of(Some(&listed(&["private_key_jwt"])), false), []);
    }
}
