//! Grades of whole sites, and where the two editions of the rules part.

use super::*;

type Lines<'a> = &'a [(&'a str, &'a str)];

fn seen(lines: Lines<'_>, body: &str) -> Seen {
    Seen {
        host: "shop.example".to_owned(),
        began_secure: true,
        page: Answer {
            url: "https://shop.example/".parse().unwrap(),
            status: 200,
            headers: lines
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned(),
        },
        secure: Secure::Answered(Some("max-age=31536000".to_owned())),
        plain: Plain::Led(vec![
            "http://shop.example/".parse().unwrap(),
            "https://shop.example/".parse().unwrap(),
        ]),
        preflight: None,
        preflight_origin: "https://probe.example".to_owned(),
        jar: Jar::default(),
        preload: Preload::default(),
    }
}

fn result(seen: &Seen, test: &str, edition: Edition) -> &'static str {
    let graded = grade(seen, edition);
    let found = graded.tests.iter().find(|(name, _)| *name == test);
    found.and_then(|(_, outcome)| *outcome).unwrap().result
}

const HTML: (&str, &str) = ("content-type", "text/html");
const FULL: &[(&str, &str)] = &[
    HTML,
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin; report-to=\"x\""),
    ("cross-origin-embedder-policy", "require-corp"),
];

#[test]
fn bonuses_count_from_ninety_on_and_the_score_has_a_floor() {
    let full = grade(&seen(FULL, "<p>"), Edition::Four);
    assert_eq!((full.score, full.grade), (130, "A+"));
    assert_eq!(grade(&seen(FULL, "<p>"), Edition::Six).score, 150);
    // One penalty of 20 takes every bonus away.
    let without_frames: Vec<_> = FULL
        .iter()
        .map(|(name, value)| match *name {
            "content-security-policy" => (*name, "default-src 'self' 'unsafe-inline'"),
            _ => (*name, *value),
        })
        .collect();
    let graded = grade(&seen(&without_frames, "<p>"), Edition::Four);
    assert_eq!((graded.score, graded.grade), (80, "B+"));
    let mut bare = seen(&[HTML], "<script src=http://cdn.example/a.js></script>");
    bare.secure = Secure::Closed;
    bare.jar.set("sess=1", &bare.page.url.clone(), 0);
    let graded = grade(&bare, Edition::Four);
    assert_eq!((graded.score, graded.grade), (0, "F"));
}

#[test]
fn what_is_not_known_counts_nothing_and_may_be_as_bad_as_can_be() {
    let mut unknown = seen(FULL, "<p>");
    unknown.plain = Plain::Unknown;
    let graded = grade(&unknown, Edition::Four);
    assert_eq!(graded.score, 130);
    assert_eq!(graded.worst_score(false), 80);
    assert_eq!(graded.worst_score(true), 30);
    assert_eq!(
        grade(&seen(FULL, "<p>"), Edition::Four).worst_score(false),
        130
    );
}

#[test]
fn the_later_edition_splits_policies_at_commas() {
    let unsafe_inline = "csp-implemented-with-unsafe-inline";
    let no_unsafe = "csp-implemented-with-no-unsafe";
    let none = "csp-implemented-with-no-unsafe-default-src-none";
    let invalid = "csp-header-invalid";
    for (lines, four, six) in [
        (
            vec!["default-src 'self'", "script-src 'unsafe-inline'"],
            unsafe_inline,
            no_unsafe,
        ),
        (
            vec![
                "default-src 'self'; img-src *",
                "img-src 'self'; default-src 'none'",
            ],
            invalid,
            none,
        ),
        (vec!["default-src 'none',"], no_unsafe, invalid),
        (
            vec!["default-src 'none', default-src 'self'"],
            no_unsafe,
            none,
        ),
        (vec![", default-src 'self'"], unsafe_inline, invalid),
    ] {
        let headers: Vec<_> = std::iter::once(HTML)
            .chain(lines.iter().map(|line| ("content-security-policy", *line)))
            .collect();
        let seen = seen(&headers, "");
        let test = "content-security-policy";
        assert_eq!(result(&seen, test, Edition::Four), four, "{lines:?}");
        assert_eq!(result(&seen, test, Edition::Six), six, "{lines:?}");
    }
}

#[test]
fn the_later_edition_reads_markup_as_a_flat_run_of_tags() {
    let test = "subresource-integrity";
    let hidden = "<template><script src=http://cdn.example/a.js></script></template>";
    assert_eq!(
        result(&seen(&[HTML], hidden), test, Edition::Four),
        "sri-not-implemented-but-no-scripts-loaded"
    );
    assert_eq!(
        result(&seen(&[HTML], hidden), test, Edition::Six),
        "sri-not-implemented-and-external-scripts-not-loaded-securely"
    );
    let untyped = seen(&[], "<script>1</script>");
    assert_eq!(
        result(&untyped, test, Edition::Four),
        "sri-not-implemented-response-not-html"
    );
    assert_eq!(
        result(&untyped, test, Edition::Six),
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"
    );
}

#[test]
fn a_structured_field_is_one_token() {
    for (value, expected) in [
        ("same-origin", "coop-implemented-with-same-origin"),
        (
            "same-origin; report-to=\"a\"",
            "coop-implemented-with-same-origin",
        ),
        ("Same-Origin", "coop-header-invalid"),
        ("\"same-origin\"", "coop-header-invalid"),
        ("same-origin, same-origin", "coop-header-invalid"),
    ] {
        let seen = seen(&[HTML, ("cross-origin-opener-policy", value)], "");
        let found = result(&seen, "cross-origin-opener-policy", Edition::Six);
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn a_chain_is_judged_by_its_hosts_and_schemes() {
    let of = |hops: &[&str]| {
        let mut site = seen(&[HTML], "");
        site.preload = Preload::of([("whole.example".to_owned(), true)]);
        site.plain = Plain::Led(hops.iter().map(|hop| hop.parse().unwrap()).collect());
        result(&site, "redirection", Edition::Four)
    };
    for (hops, expected) in [
        (vec!["http://a.example/"], "redirection-missing"),
        (
            vec!["http://a.example/", "https://a.example/"],
            "redirection-to-https",
        ),
        (
            vec!["http://a.example/", "https://b.example/"],
            "redirection-off-host-from-http",
        ),
        (
            vec!["http://a.example/", "http://a.example/x"],
            "redirection-not-to-https",
        ),
        (
            vec![
                "http://a.example/",
                "http://a.example/x",
                "https://a.example/",
            ],
            "redirection-not-to-https-on-initial-redirection",
        ),
        (
            vec!["http://x.whole.example/"],
            "redirection-all-redirects-preloaded",
        ),
    ] {
        assert_eq!(of(&hops), expected);
    }
}
