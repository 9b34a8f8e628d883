use super::*;
use futures_util::FutureExt as _;
use std::collections::HashMap;

/// Names that are made up.
#[derive(Default)]
struct Zone {
    texts: HashMap<String, Vec<String>>,
    addresses: Vec<String>,
    exchanges: HashMap<String, Vec<String>>,
    failing: Vec<String>,
}

impl Zone {
    fn of(texts: &[(&str, &str)]) -> Self {
        let mut zone = Self::default();
        for (name, text) in texts {
            let list = zone.texts.entry((*name).to_owned()).or_default();
            list.push((*text).to_owned());
        }
        zone
    }

    fn with_addresses(mut self, names: &[&str]) -> Self {
        self.addresses = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    fn answer<T: Clone>(&self, name: &str, list: Option<&Vec<T>>) -> Answer<T> {
        if self.failing.iter().any(|one| one == name) {
            return Err(format!(
                "TXT of {name}: the name server answered Server Failure"
            ));
        }
        Ok(list.cloned().unwrap_or_default())
    }
}

impl Names for Zone {
    fn texts<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>> {
        let answer = self.answer(name, self.texts.get(name));
        async move { answer }.boxed()
    }
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<()>> {
        let found = self.addresses.iter().any(|one| one == name);
        let answer = self.answer(name, found.then(|| vec![()]).as_ref());
        async move { answer }.boxed()
    }
    fn exchanges<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>> {
        let answer = self.answer(name, self.exchanges.get(name));
        async move { answer }.boxed()
    }
}

async fn policy(zone: &Zone) -> Policy {
    follow(zone, "shop.test").await
}

#[tokio::test]
async fn what_is_included_to_be_refused_may_not_send() {
    for sign in ["-", "~", "?"] {
        let text = format!("v=spf1 {sign}include:one.test include:end.test -all");
        let zone = Zone::of(&[
            ("shop.test", &text),
            ("one.test", "v=spf1 include:two.test -all"),
            ("two.test", "v=spf1 -all"),
            ("end.test", "v=spf1 -all"),
        ]);
        let policy = policy(&zone).await;
        assert_eq!(policy.taken_in, ["end.test"], "{text}");
        assert_eq!(policy.lookups, 3);
    }
}

#[tokio::test]
async fn a_plain_policy_asks_nothing() {
    let zone = Zone::of(&[
        ("shop.test", "v=spf1 ip4:192.0.2.1 -all"),
        ("shop.test", "site-verification=1"),
    ]);
    let policy = policy(&zone).await;
    assert_eq!(
        (policy.records, policy.lookups, policy.all),
        (1, 0, Some('-'))
    );
    assert!(policy.errors.is_empty() && policy.untold.is_empty());
}

#[tokio::test]
async fn none_and_two_are_told_apart() {
    let none = policy(&Zone::of(&[("shop.test", "hello")])).await;
    assert_eq!((none.records, none.text), (0, None));
    assert!(none.errors.is_empty());
    let two = policy(&Zone::of(&[
        ("shop.test", "v=spf1 -all"),
        ("shop.test", "v=spf1 a -all"),
    ]))
    .await;
    assert_eq!(two.records, 2);
    assert_eq!(two.errors, ["shop.test has 2 SPF records"]);
}

#[tokio::test]
async fn includes_and_redirects_are_followed() {
    let zone = Zone::of(&[
        ("shop.test", "v=spf1 include:one.test redirect=end.test"),
        ("one.test", "v=spf1 include:two.test ?all"),
        ("two.test", "v=spf1 ip4:192.0.2.1 -all"),
        ("end.test", "v=spf1 mx ~all"),
    ]);
    let policy = policy(&zone).await;
    assert_eq!(policy.taken_in, ["one.test", "two.test", "end.test"]);
    assert_eq!(policy.lookups, 4);
    // An include's own `all` ends nothing; that of a redirect does.
    assert_eq!(policy.all, Some('~'));
}

#[tokio::test]
async fn nothing_behind_all_is_asked() {
    let zone = Zone::of(&[(
        "shop.test",
        "v=spf1 -all include:none.test redirect=none.test",
    )]);
    let policy = policy(&zone).await;
    assert_eq!((policy.lookups, policy.errors.len()), (0, 0));
}

#[tokio::test]
async fn ten_lookups_are_allowed_and_eleven_are_not() {
    let names: Vec<String> = (0..11).map(|number| format!("m{number}.test")).collect();
    for (count, right) in [(10, true), (11, false)] {
        let terms: Vec<String> = names[..count]
            .iter()
            .map(|name| format!("a:{name}"))
            .collect();
        let record = format!("v=spf1 {} -all", terms.join(" "));
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let zone = Zone::of(&[("shop.test", &record)]).with_addresses(&all);
        let policy = policy(&zone).await;
        assert_eq!(policy.lookups, count);
        assert_eq!(policy.errors.is_empty(), right, "{:?}", policy.errors);
    }
}

#[tokio::test]
async fn nested_lookups_add_up() {
    let zone = Zone::of(&[
        (
            "shop.test",
            "v=spf1 include:a.test include:b.test mx ptr -all",
        ),
        (
            "a.test",
            "v=spf1 include:c.test include:c.test exists:%{i}.x.test -all",
        ),
        ("b.test", "v=spf1 a:w.test include:c.test -all"),
        ("c.test", "v=spf1 ip4:192.0.2.1 mx:w.test -all"),
    ]);
    let policy = policy(&zone).await;
    // a, b, mx, ptr; in a: c + mx, c + mx, exists; in b: a, c + mx.
    assert_eq!(policy.lookups, 12);
    assert!(
        policy.errors[0].contains("12 lookups"),
        "{:?}",
        policy.errors
    );
}

#[tokio::test]
async fn circles_end() {
    let zone = Zone::of(&[
        ("shop.test", "v=spf1 include:one.test -all"),
        ("one.test", "v=spf1 include:shop.test -all"),
    ]);
    let circle = policy(&zone).await;
    assert_eq!(circle.errors, ["shop.test leads back to itself"]);
    assert_eq!(circle.lookups, 2);
    let own = policy(&Zone::of(&[("shop.test", "v=spf1 redirect=shop.test")])).await;
    assert_eq!(own.errors, ["shop.test leads back to itself"]);
}

#[tokio::test]
async fn a_record_that_grows_without_end_is_left() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for level in 0..10 {
        let next: String = (0..9)
            .map(|_| format!("include:l{}.test ", level + 1))
            .collect();
        texts.push((format!("l{level}.test"), format!("v=spf1 {next}-all")));
    }
    texts.push(("shop.test".into(), "v=spf1 include:l0.test -all".into()));
    let pairs: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let policy = policy(&Zone::of(&pairs)).await;
    assert!((ENOUGH..ENOUGH + 10).contains(&policy.lookups));
    assert!(
        policy
            .errors
            .iter()
            .any(|cause| cause.contains("more than"))
    );
}

#[tokio::test]
async fn what_finds_nothing_is_counted() {
    let mut zone = Zone::of(&[(
        "shop.test",
        "v=spf1 a:gone.test mx:gone.test exists:gone.test -all",
    )]);
    let three = policy(&zone).await;
    assert_eq!(three.void_lookups, 3);
    assert!(
        three.errors[0].contains("find nothing"),
        "{:?}",
        three.errors
    );
    zone = zone.with_addresses(&["gone.test"]);
    zone.exchanges
        .insert("gone.test".into(), vec!["mx.test".into()]);
    let none = policy(&zone).await;
    assert_eq!((none.void_lookups, none.errors.len()), (0, 0));
}

#[tokio::test]
async fn an_include_without_a_record_is_an_error() {
    let missing = policy(&Zone::of(&[("shop.test", "v=spf1 include:gone.test -all")])).await;
    assert_eq!(
        missing.errors,
        ["gone.test is taken in and has no SPF record"]
    );
    assert_eq!(missing.void_lookups, 1);
    let broken = policy(&Zone::of(&[
        ("shop.test", "v=spf1 include:one.test -all"),
        ("one.test", "v=spf1 ip4:nonsense -all"),
    ]))
    .await;
    assert!(broken.errors[0].contains("'ip4:nonsense' is not understood"));
}

#[tokio::test]
async fn too_many_mail_servers_are_an_error() {
    let mut zone = Zone::of(&[("shop.test", "v=spf1 mx -all")]);
    let many = (0..11).map(|number| format!("mx{number}.test")).collect();
    zone.exchanges.insert("shop.test".into(), many);
    assert!(policy(&zone).await.errors[0].contains("more than 10 mail servers"));
}

#[tokio::test]
async fn a_failing_name_server_proves_nothing() {
    let mut zone = Zone::of(&[("shop.test", "v=spf1 include:one.test a:two.test -all")]);
    zone.failing = vec!["one.test".into(), "two.test".into()];
    let policy = policy(&zone).await;
    assert_eq!(
        (
            policy.untold.len(),
            policy.errors.len(),
            policy.void_lookups
        ),
        (2, 0, 0)
    );
    assert_eq!(policy.lookups, 2);
}

#[tokio::test]
async fn macros_of_the_domain_are_filled_in_and_others_are_counted() {
    let zone = Zone::of(&[
        (
            "shop.test",
            "v=spf1 include:_spf.%{d} exists:%{i}._spf.%{d} include:%{l}.test -all",
        ),
        ("_spf.shop.test", "v=spf1 ip4:192.0.2.1 -all"),
    ]);
    let policy = policy(&zone).await;
    assert_eq!(policy.lookups, 3);
    assert_eq!(policy.taken_in, ["_spf.shop.test"]);
    assert_eq!((policy.void_lookups, policy.errors.len()), (0, 0));
}

#[tokio::test]
async fn addresses_written_out_may_be_anybodys() {
    for (record, opaque) in [
        ("v=spf1 ip4:192.0.2.1 -all", true),
        ("v=spf1 include:_spf.shop.test -all", true),
        ("v=spf1 exists:%{i}.x.test -all", true),
        ("v=spf1 include:%{l}.test -all", true),
        ("v=spf1 include:other.test -all", false),
        ("v=spf1 -all", false),
    ] {
        let zone = Zone::of(&[
            ("shop.test", record),
            ("_spf.shop.test", "v=spf1 ip6:2001:db8::1 -all"),
            ("other.test", "v=spf1 ip4:192.0.2.7 -all"),
        ]);
        assert_eq!(policy(&zone).await.opaque, opaque, "{record}");
    }
}
