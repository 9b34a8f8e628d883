//! Sites written by hand: what frameworks, hosts and people really send, and each trap that is known.

use super::case::{Case, Hop, Session};

type Lines = &'static [(&'static str, &'static str)];

/// A site over HTTPS to which plain HTTP leads, with these headers and this body.
fn site(lines: &[(&str, &str)], body: &str) -> Case {
    let hop = |url: &str, status, lines: &[(&str, &str)], body: &str| Hop {
        url: url.to_owned(),
        status,
        headers: lines
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    let last = hop("https://shop.example/", 200, lines, body);
    let first = hop(
        "http://shop.example/",
        308,
        &[("location", "https://shop.example/")],
        "",
    );
    Case {
        hostname: "shop.example".to_owned(),
        https: Some(Session {
            verified: true,
            hops: vec![last.clone()],
        }),
        http: Some(Session {
            verified: true,
            hops: vec![first, last],
        }),
        preflight: None,
    }
}

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const NEXT: &str = "<!DOCTYPE html><html><head><script src=\"/_next/static/chunks/main.js\" defer=\"\"></script></head><body><div id=\"__next\"></div><script>self.__next_f=[]</script></body></html>";

/// Headers as somebody sends them, with a page of Next.js.
const SENT: &[Lines] = &[
    // Next.js as it comes.
    &[HTML, ("x-powered-by", "Next.js"), ("vary", "RSC")],
    // The same behind a platform that adds HSTS.
    &[HTML, ("strict-transport-security", "max-age=63072000")],
    // Every header that guides name.
    &[
        HTML,
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains; preload",
        ),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self' 'nonce-r4nd0mr4nd0m' 'strict-dynamic'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "set-cookie",
            "__Host-next-auth.csrf-token=x%7Cy; Path=/; HttpOnly; Secure; SameSite=Lax",
        ),
    ],
    // helmet's defaults.
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-xss-protection", "0"),
    ],
    // A policy for old and new browsers.
    &[
        HTML,
        (
            "content-security-policy",
            "script-src 'nonce-abc12345' 'unsafe-inline' 'strict-dynamic' https: http:; object-src 'none'; base-uri 'none'",
        ),
    ],
    // The application and the proxy both send it.
    &[
        HTML,
        ("content-security-policy", "default-src 'self'"),
        ("content-security-policy", "default-src 'self'"),
        ("strict-transport-security", "max-age=31536000"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-frame-options", "DENY"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("x-content-type-options", "nosniff"),
    ],
    &[
        HTML,
        ("content-security-policy", "default-src 'self'"),
        ("content-security-policy", "script-src 'unsafe-inline'"),
    ],
    &[
        HTML,
        ("content-security-policy", "default-src 'self'; img-src *"),
        (
            "content-security-policy",
            "img-src 'self'; default-src 'none'",
        ),
    ],
    // Traps of the parser.
    &[HTML, ("content-security-policy", "default-src 'none',")],
    &[HTML, ("content-security-policy", ", default-src 'self'")],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'none', default-src 'self'",
        ),
    ],
    &[HTML, ("content-security-policy", "")],
    &[
        HTML,
        ("content-security-policy", "script-src data data.x data:"),
    ],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self' 'nonce-abc' 'unsafe-inline'",
        ),
    ],
    &[
        HTML,
        ("content-security-policy", "default-src 'strict-dynamic'"),
    ],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self'; frame-ancestors 'none'; script-src 'strict-dynamic'",
        ),
    ],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self'; report-uri /a; report-uri /b",
        ),
    ],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self'; img-src http:; report-to a; report-to b",
        ),
    ],
    &[
        HTML,
        (
            "content-security-policy",
            "default-src 'self'; report-uri http://reports.example/",
        ),
    ],
    &[
        HTML,
        ("content-security-policy", "upgrade-insecure-requests"),
    ],
    &[
        HTML,
        ("content-security-policy-report-only", "default-src 'self'"),
    ],
    // Traps of the lifetime.
    &[HTML, ("strict-transport-security", "max-age=\"31536000\"")],
    &[HTML, ("strict-transport-security", "max-age=")],
    &[HTML, ("strict-transport-security", "max-age = 31536000")],
    // Cookies.
    &[
        HTML,
        (
            "set-cookie",
            "next-auth.session-token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
        ),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "authjs.csrf-token=x; Path=/; HttpOnly; Secure",
        ),
    ],
    &[HTML, ("set-cookie", "sid=x; Secure; SameSite=Lux")],
    &[HTML, ("set-cookie", "a=x; SameSite=None")],
    &[
        HTML,
        ("set-cookie", "sess=x; HttpOnly"),
        ("set-cookie", "login=x; Secure"),
    ],
    &[HTML, ("set-cookie", "__Host-a=x; Secure; Path=/x")],
    &[HTML, ("set-cookie", "a=x; Domain=example; Secure")],
    &[HTML, ("set-cookie", "lonely")],
    &[
        HTML,
        ("set-cookie", "a=1; Secure; SameSite = Lax; HttpOnly"),
    ],
    &[
        HTML,
        ("set-cookie", "sess=1; secure=no; httponly=no; samesite=lax"),
    ],
    &[
        HTML,
        ("set-cookie", "sess=\u{e9}; Secure; HttpOnly; SameSite=Lax"),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "sess=1; Secure; HttpOnly; SameSite=Lax; Domain=SHOP.example",
        ),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "sess=1; Secure; HttpOnly; SameSite=Lax; Domain=www.shop.example",
        ),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "sess=1; Secure; HttpOnly; SameSite=Lax; Domain=..shop.example",
        ),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "sess=1; Secure; HttpOnly; SameSite=Lax; Domain=shop.example.",
        ),
    ],
    &[
        HTML,
        (
            "set-cookie",
            "__host-sess=1; HttpOnly; SameSite=Lax; Secure",
        ),
    ],
    // Words that mean nothing.
    &[HTML, ("referrer-policy", "")],
    &[
        HTML,
        (
            "referrer-policy",
            "no-referrer, strict-origin-when-cross-origin",
        ),
    ],
    &[
        HTML,
        ("x-frame-options", "ALLOW-FROM https://partner.example"),
    ],
    &[HTML, ("cross-origin-resource-policy", "SAME-SITE")],
    &[("content-type", "application/json")],
    &[],
];

/// Bodies with a policy that is in order otherwise.
const BODIES: &[&str] = &[
    "",
    "<p>no script</p>",
    "<script>inline()</script>",
    "<script src=//shop.example/a.js></script>",
    "<script src=//shop.example/a.js integrity=sha384-x></script>",
    "<script src=https://cdn.example/a.js></script>",
    "<script src=https://cdn.example/a.js integrity=sha384-x crossorigin></script>",
    "<script src=http://cdn.example/a.js integrity=sha384-x></script><script src=https://cdn.example/b.js></script>",
    "<script src=http://cdn.example/a.js></script>",
    "<script src=/a.js integrity=sha384-x></script>",
    "<script src=/a.js integrity=sha384-x></script><script src=https://cdn.example/b.js></script>",
    "<script src=http://www.shop.example/a.js></script>",
    "<base href=https://cdn.example/><script src=a.js></script>",
    "<base href=https://cdn.example/><script src=///a.js></script>",
    "<template><script src=http://cdn.example/a.js></script></template>",
    "<noscript><script src=https://cdn.example/a.js></script></noscript>",
    "<iframe><script src=http://cdn.example/a.js></script></iframe>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">",
    "<meta http-equiv=Content-Security-Policy content=\"frame-ancestors 'none'\">",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'; frame-ancestors 'none'\">",
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'self'\"><meta http-equiv=Content-Security-Policy content=\"script-src 'self' a.example; img-src *\">",
    "<meta http-equiv=Content-Security-Policy content=''>",
    "<meta name=referrer content=no-referrer><meta name=referrer content=unsafe-url>",
    "<meta name=referrer http-equiv=x content=no-referrer>",
    "<noscript><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\"></noscript>",
    "<script src=https://[x></script>",
    // Markup that is easy to read otherwise than browsers do.
    "<select><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\"></select>",
    "<svg><script href=http://cdn.example/a.js></script></svg>",
    "<svg><script src=http://cdn.example/a.js></script></svg>",
    "<script src=http&colon;//cdn.example/a.js></script>",
    "<script src='http&#58//cdn.example/a.js'></script>",
    "<script src=/a.js src=http://cdn.example/a.js></script>",
    "<script/src=http://cdn.example/a.js></script>",
    "<!--><script src=http://cdn.example/a.js></script>-->",
    "<!-- --!><script src=http://cdn.example/a.js></script>",
    "<script><!--<script></script><script src=http://cdn.example/a.js></script>",
    "<plaintext><script src=http://cdn.example/a.js></script>",
    "<noembed><script src=http://cdn.example/a.js></script></noembed>",
    "<title><script src=http://cdn.example/a.js></script></title>",
    "<p title='<script src=http://cdn.example/a.js>'>",
    "<script src=\"ht\ntp://cdn.example/a.js\"></script>",
    "<script src=http://cdn.example/a.js",
    "<template><template></template><script src=http://cdn.example/a.js></script></template><script src=/b.js></script>",
    "</template><script src=http://cdn.example/a.js></script>",
    "<noscript><base href=http://cdn.example/></noscript><script src=a.js></script>",
    "<script src=/a.js integrity></script>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src &#39;self&#39;\">",
    "<meta http-equiv=Content-Security-Policy content=\"default-src &apos;self&apos;&semi; img-src *\">",
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\" content=\"default-src *\">",
    "<body><p><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">",
    "<math><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\"></math>",
    "<?xml version='1.0'?><script src=http://cdn.example/a.js></script>",
    "<![CDATA[<script src=http://cdn.example/a.js></script>]]>",
    "<svg><![CDATA[<script src=http://cdn.example/a.js></script>]]></svg>",
    "<table><script src=http://cdn.example/a.js></script></table>",
    "<option><script src=http://cdn.example/a.js></script>",
    "<frameset><script src=http://cdn.example/a.js></script></frameset>",
    "<head></head><frameset><p><meta name=referrer content=unsafe-url></frameset>",
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = SENT.iter().map(|lines| site(lines, NEXT)).collect();
    for body in BODIES {
        cases.push(site(&[HTML], body));
        cases.push(site(
            &[
                HTML,
                (
                    "content-security-policy",
                    "default-src 'self'; img-src 'self'",
                ),
            ],
            body,
        ));
    }
    for (origin, credentials) in [
        ("*", "false"),
        ("https://probe.example", "true"),
        ("https://shop.example", "true"),
    ] {
        let mut case = site(&[HTML], NEXT);
        case.preflight = Some(vec![
            ("access-control-allow-origin".to_owned(), origin.to_owned()),
            (
                "access-control-allow-credentials".to_owned(),
                credentials.to_owned(),
            ),
        ]);
        cases.push(case);
    }
    cases
}
