//! Headers that tell strangers what the site is built with.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object, texts};
use serde_json::{Value, json};

/// Headers that disclose a product, a version or an inner host, other than Server and X-Powered-By.
/// Chosen from the OWASP Secure Headers Project's list of headers to remove; caching and routing
/// headers of Next.js are not here, because they name no version.
const DISCLOSING: &[&str] = &[
    "liferay-portal",
    "microsoftsharepointteamservices",
    "powered-by",
    "sourcemap",
    "x-amz-version-id",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-backend",
    "x-backend-server",
    "x-cf-powered-by",
    "x-cms",
    "x-debug-token",
    "x-debug-token-link",
    "x-envoy-upstream-service-time",
    "x-generator",
    "x-jenkins",
    "x-joomla-version",
    "x-litespeed-version",
    "x-mod-pagespeed",
    "x-oneagent-js-injection",
    "x-page-speed",
    "x-php-version",
    "x-powered-by-plesk",
    "x-powered-cms",
    "x-redirect-by",
    "x-runtime",
    "x-runtime-version",
    "x-server",
    "x-server-name",
    "x-served-by-host",
    "x-sourcemap",
    "x-turbo-charged-by",
    "x-umbraco-version",
    "x-version",
    "x-wix-server-artifact-id",
];

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "leaks",
        vec![
            maybe_text("server", "the Server header"),
            flag("server_version", "the Server header names a version"),
            maybe_text("powered_by", "the X-Powered-By header"),
            texts(
                "others",
                "names of other headers that disclose products, versions or inner hosts",
            ),
        ],
        "what the headers tell about the machinery behind the site",
    )
}

pub(in crate::probe::http) fn read(headers: &Headers) -> Value {
    let server = headers.joined("server");
    let others: Vec<_> = DISCLOSING.iter().filter(|name| headers.has(name)).collect();
    json!({
        "server_version": server.as_deref().is_some_and(names_version),
        "server": server,
        "powered_by": headers.joined("x-powered-by"),
        "others": others,
    })
}

/// `nginx/1.25`, `Apache 2.4`: a digit right after a slash, or digits on both sides of a dot.
fn names_version(server: &str) -> bool {
    let bytes = server.as_bytes();
    bytes
        .windows(2)
        .any(|pair| pair[0] == b'/' && pair[1].is_ascii_digit())
        || bytes
            .windows(3)
            .any(|three| three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_version_from_a_name() {
        for server in [
            "nginx/1.25.3",
            "Apache/2.4.1 (Unix)",
            "Microsoft-IIS/10.0",
            "Kestrel 2.1",
        ] {
            assert!(names_version(server), "{server}");
        }
        for server in ["nginx", "cloudflare", "Vercel", "gws", "AmazonS3", "h2o"] {
            assert!(!names_version(server), "{server}");
        }
    }

    #[test]
    fn lists_names_only() {
        let headers = Headers::from(&[
            ("x-aspnet-version", "4"),
            ("x-nextjs-cache", "HIT"),
            ("x-powered-by", "Next.js"),
        ]);
        let facts = read(&headers);
        assert_eq!(facts["others"], json!(["x-aspnet-version"]));
        assert_eq!(facts["powered_by"], json!("Next.js"));
    }
}
