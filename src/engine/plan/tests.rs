//! Tests of whom active looks spare, and of the origins by which looks take turns.

use super::*;
use crate::model::PathClasses;

#[test]
fn others_and_production_are_spared() {
    let why = |url: &str, environment: &str, owned, on_production| {
        let target = Target {
            url: url.parse().unwrap(),
            environment: environment.into(),
            owned,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        };
        spared(&target, on_production).unwrap_or_default()
    };
    let (site, local) = ("https://a.example", "http://127.0.0.1:3000");
    assert_eq!(why(local, "production", false, false), "");
    assert_eq!(why(site, "staging", true, false), "");
    assert_eq!(why(site, "production", true, true), "");
    assert!(why(site, "staging", false, true).contains("owned = true"));
    assert!(why(site, "Production", true, false).contains("--on-production"));
}

#[test]
fn looks_at_one_peer_have_one_origin() {
    let same = |origin: &str| same_for_all(origin.to_owned());
    assert_eq!(same("https://a.example"), same("https://a.example:443"));
    assert_eq!(same("http://127.0.0.1:3000"), same("http://localhost:3000"));
    assert_eq!(same("dns://system"), "dns://system");
    assert_eq!(same("smtp://a.example:587"), "smtp://a.example:587");
}
