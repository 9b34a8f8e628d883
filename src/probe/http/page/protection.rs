//! Pages that a platform puts in the application's place: protection, challenges, its own errors.

use crate::probe::http::headers::Headers;

/// Whose page this is; none where it may be the application's own.
pub(super) fn name(
    status: u16,
    headers: &Headers,
    title: &str,
    html: &str,
    visible: &str,
) -> Option<String> {
    vercel(status, headers, title, html, visible)
        .or_else(|| cloudflare(status, headers, title))
        .or_else(|| others(status, headers, title, html))
}

fn vercel(
    status: u16,
    headers: &Headers,
    title: &str,
    html: &str,
    visible: &str,
) -> Option<String> {
    // The code stands in the header and, on the page, in the text beside the request's id.
    let code = headers.first("x-vercel-error").unwrap_or_default();
    if code.starts_with("DEPLOYMENT_") {
        return Some(format!("Vercel {code}"));
    }
    if status == 404 && visible.contains("DEPLOYMENT_NOT_FOUND") {
        return Some("Vercel DEPLOYMENT_NOT_FOUND".into());
    }
    if headers.first("x-vercel-mitigated") == Some("challenge")
        || title == "Vercel Security Checkpoint"
    {
        return Some("Vercel Security Checkpoint".into());
    }
    let sso = |text: &str| text.contains("vercel.com/sso");
    let nonce = headers
        .all("set-cookie")
        .any(|cookie| cookie.starts_with("_vercel_sso_nonce="));
    let redirected = headers.first("location").is_some_and(sso);
    if redirected || (status == 401 && (nonce || sso(html))) {
        return Some("Vercel Authentication".into());
    }
    let from_vercel = headers
        .first("server")
        .is_some_and(|server| server.eq_ignore_ascii_case("vercel"));
    (status == 401 && from_vercel && title.contains("Authentication Required"))
        .then(|| "Vercel Password Protection".into())
}

fn cloudflare(status: u16, headers: &Headers, title: &str) -> Option<String> {
    let from_cloudflare = headers
        .first("server")
        .is_some_and(|server| server.eq_ignore_ascii_case("cloudflare"));
    let refused = matches!(status, 403 | 429 | 503);
    let waiting = title.starts_with("Just a moment");
    if headers.first("cf-mitigated") == Some("challenge")
        || (waiting && (from_cloudflare || refused))
    {
        return Some("Cloudflare challenge".into());
    }
    if headers
        .first("location")
        .is_some_and(|location| host_ends_with(location, ".cloudflareaccess.com"))
    {
        return Some("Cloudflare Access".into());
    }
    if refused && title.ends_with("| Cloudflare") {
        return Some("Cloudflare block".into());
    }
    (from_cloudflare && (520..=530).contains(&status)).then(|| format!("Cloudflare error {status}"))
}

fn others(status: u16, headers: &Headers, title: &str, html: &str) -> Option<String> {
    let server = |name: &str| {
        headers
            .first("server")
            .is_some_and(|server| server.eq_ignore_ascii_case(name))
    };
    if server("netlify") && status == 404 && title == "Site not found" {
        return Some("Netlify site not found".into());
    }
    if server("netlify")
        && status == 401
        && title.to_ascii_lowercase().contains("password protected")
    {
        return Some("Netlify password protection".into());
    }
    if status >= 400 && html.contains("herokucdn.com/error-pages") {
        let what = if html.contains("no-such-app") {
            "no such app"
        } else {
            "application error"
        };
        return Some(format!("Heroku {what}"));
    }
    headers
        .has("ngrok-error-code")
        .then(|| "ngrok error".into())
}

/// Is the host of an absolute address below that domain?
fn host_ends_with(address: &str, domain: &str) -> bool {
    url::Url::parse(address)
        .is_ok_and(|url| url.host_str().is_some_and(|host| host.ends_with(domain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&str, &str)], title: &str, html: &str) -> Option<String> {
        name(status, &Headers::from(headers), title, html, html)
    }

    #[test]
    fn names_the_platform() {
        let sso = [("set-cookie", "_vercel_sso_nonce=x; Path=/")];
        assert_eq!(
            of(401, &sso, "", "").as_deref(),
            Some("Vercel Authentication")
        );
        assert_eq!(
            of(
                401,
                &[],
                "",
                "<a href=\"https://vercel.com/sso-api?url=x\">"
            )
            .as_deref(),
            Some("Vercel Authentication")
        );
        assert_eq!(
            of(
                302,
                &[("location", "https://vercel.com/sso-api?url=x")],
                "",
                ""
            )
            .as_deref(),
            Some("Vercel Authentication")
        );
        assert_eq!(
            of(404, &[("x-vercel-error", "DEPLOYMENT_NOT_FOUND")], "", "").as_deref(),
            Some("Vercel DEPLOYMENT_NOT_FOUND")
        );
        assert_eq!(
            of(403, &[("cf-mitigated", "challenge")], "", "").as_deref(),
            Some("Cloudflare challenge")
        );
        assert_eq!(
            of(403, &[], "Just a moment...", "").as_deref(),
            Some("Cloudflare challenge")
        );
        assert_eq!(
            of(
                503,
                &[],
                "Application Error",
                "<iframe src=//www.herokucdn.com/error-pages/application-error.html>"
            )
            .as_deref(),
            Some("Heroku application error")
        );
    }

    #[test]
    fn leaves_the_application_its_own_pages() {
        assert_eq!(
            of(200, &[("server", "cloudflare")], "Just another page", ""),
            None
        );
        assert_eq!(of(401, &[("server", "Vercel")], "Sign in", ""), None);
        assert_eq!(of(404, &[("x-vercel-error", "NOT_FOUND")], "", ""), None);
        assert_eq!(
            of(
                200,
                &[],
                "",
                "how to fix DEPLOYMENT_NOT_FOUND and vercel.com/sso"
            ),
            None
        );
        assert_eq!(
            of(
                302,
                &[("location", "/login?next=.cloudflareaccess.com")],
                "",
                ""
            ),
            None
        );
    }
}
