//! Sites as no person would write them: drawn from a fixed seed, out of pieces that are easy to get wrong.

use super::case::{Case, Hop, Session};
use super::policies::policy;
use fastrand::Rng;

const HOSTS: [&str; 8] = [
    "a.example",
    "www.a.example",
    "exact.example",
    "x.whole.example",
    "alice.dyndns.org",
    "shop.co.uk",
    "127.0.0.1",
    "app.vercel.app",
];

/// One of these.
pub(crate) fn one<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

fn cookie(rng: &mut Rng) -> String {
    let name = one(
        rng,
        &[
            "id",
            "sess",
            "PHPSESSID",
            "next-auth.session-token",
            "__Host-next-auth.csrf-token",
            "__Secure-next-auth.session-token",
            "login_state",
            "csrftoken",
            "heroku-session-affinity",
            "theme",
            "samesite",
            "",
        ],
    );
    let mut line = format!("{name}={}", one(rng, &["1", "", "a=b"]));
    for (part, of) in [
        ("; Secure", 170u8),
        ("; HttpOnly", 170),
        ("; SameSite=Lax", 90),
        ("; SameSite=None", 40),
        ("; samesite=STRICT", 20),
        ("; SameSite", 8),
        ("; SameSite=Lux", 10),
        ("; Path=/", 140),
        ("; Path=/x", 20),
        ("; Path=x", 10),
        ("; Domain=a.example", 25),
        ("; Domain=.whole.example", 15),
        ("; Domain=example", 8),
        ("; Domain=co.uk", 8),
        ("; Domain=dyndns.org", 8),
        ("; Domain=vercel.app", 8),
        ("; Domain=127.0.0.1", 8),
        ("; Domain=", 5),
        ("; Max-Age=0", 20),
        ("; Max-Age=60", 30),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 15),
        ("; Expires=never", 10),
        (";;", 5),
    ] {
        if rng.u8(..) < of {
            line.push_str(part);
        }
    }
    line
}

fn script(rng: &mut Rng) -> String {
    let src = one(
        rng,
        &[
            "/a.js",
            "a.js",
            "",
            "//cdn.example/a.js",
            "//a.example/a.js",
            "///a.js",
            "https://cdn.example/a.js",
            "http://cdn.example/a.js",
            "https://www.a.example/a.js",
            "http://a.example/a.js",
            "https://bob.dyndns.org/a.js",
            "HTTPS://CDN.example/a.js",
            "https:cdn.example/a.js",
            "https:\\\\cdn.example\\a.js",
            " https://cdn.example/a.js ",
            "https://other.co.uk/a.js",
            "https://b.vercel.app/a.js",
            "https://10.0.0.1/a.js",
            "data:text/javascript,1",
            "https://cdn.example/?a=1&amp;b=2",
        ],
    );
    let integrity = one(
        rng,
        &[
            "",
            "",
            " integrity=sha384-x",
            " integrity=''",
            " INTEGRITY=\"y\"",
        ],
    );
    match rng.u8(..10) {
        0 => "<script>let x = '<script src=//no>'</script>".to_owned(),
        1 => format!("<!-- <script src=\"{src}\"></script> -->"),
        2 => format!("<template><script src=\"{src}\"{integrity}></script></template>"),
        3 => format!("<textarea><script src=\"{src}\"></script></textarea>"),
        4 => format!("<SCRIPT SRC='{src}'{integrity} crossorigin></SCRIPT>"),
        5 => format!("<noscript><script src=\"{src}\"{integrity}></script></noscript>"),
        _ => format!("<script src=\"{src}\"{integrity} async></script>"),
    }
}

fn body(rng: &mut Rng) -> String {
    let mut body = "<!doctype html><html><head><title>x</title>".to_owned();
    if rng.u8(..) < 20 {
        body.push_str(one(
            rng,
            &[
                "<base href=https://cdn.example/x/>",
                "<base href=/x/>",
                "<base target=_top><base href=http://a.example/>",
            ],
        ));
    }
    if rng.u8(..) < 90 {
        for _ in 0..rng.usize(1..3) {
            let policy = policy(rng);
            body.push_str(&match rng.u8(..6) {
                0 => format!("<noscript><meta http-equiv=content-security-policy content=\"{policy}\"></noscript>"),
                1 => format!("<META HTTP-EQUIV=' Content-Security-Policy ' CONTENT=\"{policy}\"/>"),
                _ => format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"),
            });
        }
    }
    if rng.u8(..) < 40 {
        let value = one(
            rng,
            &["no-referrer", "unsafe-url", "nonsense", "", "ORIGIN"],
        );
        body.push_str(&format!("<meta name=\"Referrer\" content=\"{value}\">"));
    }
    body.push_str("</head><body>");
    for _ in 0..rng.usize(..4) {
        body.push_str(&script(rng));
    }
    body
}

/// One header in so many of 256 answers, with one of these values; now and then twice.
const HEADERS: &[(&str, u8, &[&str])] = &[
    (
        "content-type",
        245,
        &[
            "text/html",
            "text/html; charset=utf-8",
            "text/html",
            "application/json",
            "Text/HTML",
            "text/html ;x",
            "application/xhtml+xml",
            "",
        ],
    ),
    (
        "strict-transport-security",
        170,
        &[
            "max-age=31536000; includeSubDomains; preload",
            "max-age=15552000",
            "max-age=15551999",
            "max-age=\"31536000\"",
            "max-age=abc",
            "includeSubDomains",
            "max-age=0",
            "Max-Age=63072000",
            "max-age= 31536000",
            "max-age =31536000",
            "",
            "max-age=1; max-age=31536000",
        ],
    ),
    (
        "referrer-policy",
        150,
        &[
            "no-referrer",
            "strict-origin-when-cross-origin",
            "unsafe-url",
            "no-referrer, unsafe-url",
            "origin, nonsense",
            "",
            "NO-REFERRER",
            "nonsense",
        ],
    ),
    (
        "x-content-type-options",
        160,
        &["nosniff", "NOSNIFF ", "nosniff,", "sniff", ""],
    ),
    (
        "x-frame-options",
        140,
        &[
            "DENY",
            "sameorigin",
            "ALLOW-FROM https://a.example",
            "allowall",
            "",
            "DENY, DENY",
        ],
    ),
    (
        "cross-origin-resource-policy",
        110,
        &[
            "same-origin",
            "same-site",
            "Cross-Origin",
            "nonsense",
            "",
            " ",
        ],
    ),
    (
        "content-security-policy-report-only",
        30,
        &["default-src 'self'", ""],
    ),
];

fn headers(rng: &mut Rng) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, often, values) in HEADERS {
        if rng.u8(..) < *often {
            for _ in 0..if rng.u8(..) < 16 { 2 } else { 1 } {
                headers.push(((*name).to_owned(), one(rng, values).to_owned()));
            }
        }
    }
    for _ in 0..[0, 1, 1, 1, 1, 2][rng.usize(..6)] {
        headers.push(("content-security-policy".to_owned(), policy(rng)));
    }
    for _ in 0..[0, 0, 1, 1, 2][rng.usize(..5)] {
        headers.push(("set-cookie".to_owned(), cookie(rng)));
    }
    // What goes over the wire has no blanks at the ends of a value.
    for (_, value) in &mut headers {
        *value = value.trim().to_owned();
    }
    headers
}

fn session(rng: &mut Rng, scheme: &str, host: &str) -> Session {
    let mut url = format!("{scheme}://{host}/");
    let mut hops = Vec::new();
    let secure = |rng: &mut Rng| one(rng, &["https", "https", "https", "http"]);
    let redirects = if scheme == "http" {
        [0, 1, 1, 1, 2, 3]
    } else {
        [0, 0, 0, 0, 1, 2]
    };
    for _ in 0..redirects[rng.usize(..6)] {
        let next = match rng.u8(..6) {
            0 => format!("{}://{}/x", secure(rng), one(rng, &HOSTS)),
            1 => format!("{}://{host}/x", secure(rng)),
            _ => format!("https://{host}/"),
        };
        let mut headers = vec![("location".to_owned(), next.clone())];
        if rng.bool() {
            headers.push(("set-cookie".to_owned(), cookie(rng)));
        }
        hops.push(Hop {
            url,
            status: 308,
            headers,
            body: String::new(),
        });
        url = next;
    }
    hops.push(Hop {
        url,
        status: 200,
        headers: headers(rng),
        body: body(rng),
    });
    Session {
        verified: rng.u8(..) > 6,
        hops,
    }
}

/// One site.
pub(crate) fn case(rng: &mut Rng) -> Case {
    let host = one(rng, &HOSTS);
    let https = (rng.u8(..) > 16).then(|| session(rng, "https", host));
    let http = (https.is_none() || rng.u8(..) > 30).then(|| session(rng, "http", host));
    let preflight = (rng.u8(..) < 90).then(|| {
        let origin = one(
            rng,
            &[
                "*",
                " * ",
                "https://probe.example",
                "null",
                "",
                "HTTPS://A.example",
            ],
        );
        let mut headers = vec![(
            "access-control-allow-origin".to_owned(),
            origin.trim().to_owned(),
        )];
        if rng.bool() {
            headers.push((
                "access-control-allow-credentials".to_owned(),
                "true".to_owned(),
            ));
        }
        headers
    });
    Case {
        hostname: host.to_owned(),
        https,
        http,
        preflight,
    }
}
