//! Policies out of pieces that are easy to get wrong, for the grade and for the evaluator.

use super::generate::one;
use fastrand::Rng;

const SOURCES: &[&str] = &[
    "'self'",
    "'none'",
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'strict-dynamic'",
    "'UNSAFE-INLINE'",
    "'nonce-abc123=='",
    "'nonce-'",
    "'sha256-AbC='",
    "'sha384-x'",
    "'report-sample'",
    "*",
    "https:",
    "http:",
    "ftp:",
    "data:",
    "data",
    "data.x",
    "blob:",
    "https://*",
    "http://*.*",
    "*.a.example",
    "a.example",
    "https://a.example",
    "https://a.example/x",
    "https://a.example/x/",
    "https://a.example/x/y",
    "https://a.example/%78",
    "https://a.example/%zz",
    "http://cdn.example",
    "HTTPS://CDN.example",
    "ws:",
    "wss://a.example",
    "/",
    "a",
    "a-b",
    "a_b",
    "a.b",
    "ä.example",
];

const DIRECTIVES: &[&str] = &[
    "default-src",
    "default-src",
    "script-src",
    "script-src",
    "style-src",
    "style-src",
    "object-src",
    "img-src",
    "media-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
    "report-uri",
    "report-to",
    "upgrade-insecure-requests",
    "sandbox",
    "connect-src",
    "Script-Src",
    "script-src-elem",
    "nonsense",
];

/// A policy; now and then an odd one.
pub(crate) fn policy(rng: &mut Rng) -> String {
    if rng.u8(..) < 10 {
        return one(
            rng,
            &[
                "",
                " ",
                "img-sr",
                "img-src",
                ",",
                "default-src 'none',",
                "; ;",
            ],
        )
        .to_owned();
    }
    let mut directives = Vec::new();
    for _ in 0..rng.usize(1..6) {
        let name = one(rng, DIRECTIVES);
        // A repetition ends the reading, so that most policies have none.
        let known = |directive: &String| directive.to_lowercase().starts_with(&name.to_lowercase());
        if directives.iter().any(known) && rng.u8(..) > 12 {
            continue;
        }
        let sources: Vec<_> = (0..rng.usize(..5)).map(|_| one(rng, SOURCES)).collect();
        directives.push(format!("{name} {}", sources.join(" ")));
    }
    directives.join(one(rng, &["; ", ";", " ;  ", ";;"]))
}

/// Sources that only the evaluator has an eye for.
const EVALUATED: &[&str] = &[
    "cdnjs.cloudflare.com",
    "*.googleapis.com",
    "https://ajax.googleapis.com/ajax/libs/",
    "https://www.google.com/tools/feedback/escalation-options",
    "https://www.google.com/elsewhere",
    "www.googletagmanager.com",
    "*.google-analytics.com",
    "https://*.doubleclick.net:*",
    "//vk.com",
    "vk.com/swf/video.swf",
    "127.0.0.1",
    "https://127.0.0.1:8080",
    "http://[::1]",
    "10.0.0.1:*",
    "self",
    "none",
    "unsafe-inline",
    "nonce-abcdefgh",
    "sha256-abc",
    "'nonce-short'",
    "'nonce-longenough!'",
    "'nonce-abcdefgh12'",
    "'unsafe-hashes'",
    "'script'",
    "'allow-duplicates'",
    "'wasm-unsafe-eval'",
    "'unknown'",
    "script-src",
    "font-src",
    "application/x-shockwave-flash",
    "https://*",
    "//*",
    "x+y://*",
    "http://a.example",
    "DATA:",
    "'Self'",
];

const EVALUATED_DIRECTIVES: &[&str] = &[
    "script-src-attr",
    "style-src-elem",
    "require-trusted-types-for",
    "trusted-types",
    "plugin-types",
    "reflected-xss",
    "referrer",
    "prefetch-src",
    "disown-opener",
    "default-src:",
];

/// A policy for the evaluator.
pub(crate) fn evaluated_policy(rng: &mut Rng) -> String {
    let mut directives = Vec::new();
    for _ in 0..rng.usize(1..6) {
        let name = match rng.u8(..4) {
            0 => one(rng, EVALUATED_DIRECTIVES),
            _ => one(rng, DIRECTIVES),
        };
        let sources: Vec<_> = (0..rng.usize(..5))
            .map(|_| {
                if rng.bool() {
                    one(rng, EVALUATED)
                } else {
                    one(rng, SOURCES)
                }
            })
            .collect();
        directives.push(format!("{name} {}", sources.join(" ")));
    }
    directives.join("; ")
}
