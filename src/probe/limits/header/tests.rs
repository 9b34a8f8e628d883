//! Tests of reading announcements: every dialect's shape, what breaks them, and properties.

use super::*;
use proptest::prelude::*;

fn of(lines: &[&str]) -> Announcement {
    let lines: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    read(&lines)
}

/// The one limit that is announced soundly.
fn one(lines: &[&str]) -> Announced {
    let told = of(lines);
    assert_eq!(told.faults, [""; 0], "{lines:?}");
    assert_eq!(told.limits.len(), 1, "{lines:?}");
    told.limits.into_iter().next().unwrap()
}

fn numbers(told: &Announced) -> (Option<u64>, Option<u64>, Option<f64>, Option<Reset>) {
    (told.limit, told.window, told.remaining, told.reset)
}

#[test]
fn each_dialect_of_express_rate_limit_is_read() {
    for (lines, dialect, window, reset) in [
        (
            &[
                "X-RateLimit-Limit: 10",
                "X-RateLimit-Remaining: 9",
                "X-RateLimit-Reset: 1795348318",
            ][..],
            "x-ratelimit",
            None,
            1_795_348_318.0,
        ),
        (
            &[
                "RateLimit-Policy: 10;w=10",
                "RateLimit-Limit: 10",
                "RateLimit-Remaining: 9",
                "RateLimit-Reset: 10",
            ],
            "draft-6",
            Some(10),
            10.0,
        ),
        (
            &[
                "RateLimit-Policy: 10;w=10",
                "RateLimit: limit=10, remaining=9, reset=10",
            ],
            "draft-7",
            Some(10),
            10.0,
        ),
        (
            &[
                "RateLimit: \"lab\"; r=9; t=10",
                "RateLimit-Policy: \"lab\"; q=10; w=10; pk=:MTJjYTE3YjQ5YWYy:",
            ],
            "draft-8",
            Some(10),
            10.0,
        ),
    ] {
        let told = one(lines);
        assert_eq!(told.dialect, dialect);
        let reset = Some(Reset::Number(reset));
        assert_eq!(
            numbers(&told),
            (Some(10), window, Some(9.0), reset),
            "{dialect}"
        );
    }
}

#[test]
fn services_without_a_specification_are_read() {
    let github = one(&[
        "X-RateLimit-Limit: 60",
        "X-RateLimit-Remaining: 59",
        "X-RateLimit-Reset: 1795348318",
        "X-RateLimit-Used: 1",
        "X-RateLimit-Resource: core",
    ]);
    assert_eq!((github.limit, github.remaining), (Some(60), Some(59.0)));
    let kong = of(&[
        "X-RateLimit-Limit-Minute: 5",
        "X-RateLimit-Remaining-Minute: 4",
        "X-RateLimit-Limit-Hour: 100",
    ]);
    assert_eq!(kong.limits.len(), 2);
    assert_eq!(
        (kong.limits[1].limit, kong.limits[1].window),
        (Some(5), Some(60))
    );
    let envoy = one(&[
        "X-RateLimit-Limit: 10, 10;w=1;name=\"a\", 30;w=60",
        "X-RateLimit-Remaining: 3",
        "X-RateLimit-Reset: 1",
    ]);
    assert_eq!((envoy.limit, envoy.window), (Some(10), Some(1)));
    let openai = one(&[
        "x-ratelimit-limit-requests: 60",
        "x-ratelimit-remaining-requests: 59",
        "x-ratelimit-reset-requests: 6m0s",
    ]);
    assert_eq!(
        (openai.policy.as_str(), openai.reset),
        ("requests", Some(Reset::Duration(360.0)))
    );
    let discord = one(&[
        "X-RateLimit-Limit: 5",
        "X-RateLimit-Remaining: 0",
        "X-RateLimit-Reset: 1470173023.123",
        "X-RateLimit-Reset-After: 64.57",
        "X-RateLimit-Bucket: abcd1234",
    ]);
    assert_eq!(discord.reset, Some(Reset::Duration(64.57)));
    let reddit = one(&["x-ratelimit-remaining: 98.0", "x-ratelimit-reset: 300"]);
    assert_eq!((reddit.limit, reddit.remaining), (None, Some(98.0)));
    let shopify = one(&["X-Shopify-Shop-Api-Call-Limit: 32/40"]);
    assert_eq!((shopify.limit, shopify.remaining), (Some(40), Some(8.0)));
    let dashed = one(&[
        "X-Rate-Limit-Limit: 15",
        "X-Rate-Limit-Remaining: 14",
        "X-Rate-Limit-Reset: 1795348318",
    ]);
    assert_eq!((dashed.dialect, dashed.limit), ("x-rate-limit", Some(15)));
}

#[test]
fn other_headers_announce_nothing() {
    for lines in [
        &["Retry-After: 10"][..],
        &["X-RateLimited: no"],
        &["X-RateLimit-Bucket: a"],
        &["Cache-Control: max-age=10"],
        &[],
    ] {
        assert_eq!(of(lines), Announcement::default(), "{lines:?}");
    }
}

#[test]
fn what_breaks_its_dialect_is_said() {
    for (lines, fault) in [
        (&["RateLimit: r=9;t=10"][..], "no list of named items"),
        (&["RateLimit: \"a\";t=10"], "no remaining quota r"),
        (&["RateLimit: \"a\";r=1;t=1.5"], "no number of seconds"),
        (&["RateLimit-Policy: \"a\";w=10"], "no quota q"),
        (&["RateLimit-Policy: \"a\";q=1;w=0"], "no positive number"),
        (
            &["RateLimit: limit=ten, remaining=9, reset=1"],
            "as numbers",
        ),
        (&["X-RateLimit-Limit: unlimited"], "not understood"),
        (
            &["X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 11"],
            "11 are said to remain of 10",
        ),
        (
            &["X-RateLimit-Limit: 10", "X-RateLimit-Limit: 20"],
            "sent twice",
        ),
    ] {
        let told = of(lines);
        assert!(
            told.faults.iter().any(|said| said.contains(fault)),
            "{lines:?}: {told:?}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_panics(lines in prop::collection::vec((
        "(x-)?rate-?limit(-(limit|remaining|reset|reset-after|policy))?(-minute)?|x-shopify-shop-api-call-limit", "\\PC{0,40}"), 0..6)) {
        let _ = read(&lines);
    }

    #[test]
    fn a_limit_is_the_same_in_every_dialect(limit in 1u64..100_000, used in 0u64..100_000, window in 1u64..86_400) {
        let left = limit.saturating_sub(used);
        let dialects = [
            vec![format!("RateLimit-Limit: {limit}"), format!("RateLimit-Remaining: {left}"), format!("RateLimit-Reset: {window}"), format!("RateLimit-Policy: {limit};w={window}")],
            vec![format!("RateLimit: limit={limit}, remaining={left}, reset={window}"), format!("RateLimit-Policy: {limit};w={window}")],
            vec![format!("RateLimit: \"p\";r={left};t={window}"), format!("RateLimit-Policy: \"p\";q={limit};w={window}")],
        ];
        for lines in dialects {
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let wanted = (Some(limit), Some(window), Some(left as f64), Some(Reset::Number(window as f64)));
            prop_assert_eq!(numbers(&one(&lines)), wanted);
        }
    }
}
