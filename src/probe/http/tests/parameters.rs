//! Which looks parameters make, and which parameters are refused.

use super::*;
use crate::model::PathClasses;

fn app() -> Context {
    context(target(&Url::parse("https://app.example/").unwrap()), AMPLE)
}

fn looks(parameters: Value) -> Result<Vec<Facts>, String> {
    Http.looks(&given(parameters), &app())
}

fn labels(parameters: Value) -> Vec<String> {
    let context = app();
    looks(parameters)
        .unwrap()
        .iter()
        .map(|look| Http.label(look, &context))
        .collect()
}

#[tokio::test]
async fn multiply_out() {
    let every = PathClasses::default().every_class();
    assert_eq!(looks(json!({ "paths": every })).unwrap().len(), 7);
    assert_eq!(
        labels(
            json!({ "paths": ["/", "/api"], "methods": ["get", "HEAD"], "origins": ["foreign", "null"] })
        ),
        [
            "GET / from a foreign origin",
            "GET / from origin null",
            "HEAD / from a foreign origin",
            "HEAD / from origin null",
            "GET /api from a foreign origin",
            "GET /api from origin null",
            "HEAD /api from a foreign origin",
            "HEAD /api from origin null",
        ]
    );
    assert_eq!(
        labels(json!({ "path": "/api", "preflight": true })),
        ["OPTIONS /api preflight"]
    );
    assert_eq!(labels(json!({ "paths": ["/", "/"] })), ["GET /"]);
    assert_eq!(labels(json!({})), ["GET /"]);
}

#[tokio::test]
async fn equal_looks_have_equal_parameters() {
    let bare = looks(json!({})).unwrap();
    let spelled =
        looks(json!({ "paths": ["/"], "method": "get", "follow": 0, "plain": false })).unwrap();
    assert_eq!(bare, spelled);
    // What was written out is taken again.
    assert_eq!(looks(Value::Object(bare[0].clone())).unwrap(), bare);
}

#[tokio::test]
async fn are_refused_with_the_way_out() {
    for (parameters, hint) in [
        (json!({ "pth": "/" }), "did you mean 'path'?"),
        (json!({ "path": "/", "paths": ["/a"] }), "not both"),
        (json!({ "paths": [] }), "empty"),
        (json!({ "path": "api" }), "begin it with /"),
        (json!({ "path": "" }), "begin it with /"),
        (json!({ "path": "@chnk" }), "@chunk"),
        (
            json!({ "path": "https://other.example/" }),
            "not on the target's own origin",
        ),
        (json!({ "path": 5 }), "wants text"),
        (json!({ "method": "TRACE" }), "one of GET"),
        (json!({ "follow": -1 }), "wants int"),
        (json!({ "follow": 50 }), "at most 20"),
        (json!({ "body_limit": 1_u64 << 40 }), "at most"),
        (json!({ "origin": "foregin" }), "did you mean 'foreign'?"),
        (
            json!({ "origin": "https://a.example/path" }),
            "not an origin",
        ),
        (json!({ "preflight": true, "method": "GET" }), "preflight"),
        (json!({ "headers": { "bad name": "x" } }), "cannot be sent"),
        (json!({ "headers": { "x": "a\nb" } }), "cannot be sent"),
        (json!({ "contains": "x" }), "wants list of text"),
    ] {
        let error = looks(parameters.clone()).unwrap_err();
        assert!(error.contains(hint), "{parameters}: {error}");
    }
}

#[tokio::test]
async fn name_the_origin_spoken_to() {
    let context = app();
    let own = looks(json!({ "path": "https://app.example:443/x" })).unwrap();
    assert_eq!(
        Http.origin(&own[0], &context).as_deref(),
        Some("https://app.example:443")
    );
    assert_eq!(
        Http.origin(&looks(json!({ "path": "@chunk" })).unwrap()[0], &context)
            .as_deref(),
        Some("https://app.example:443")
    );
    assert_eq!(
        Http.origin(&looks(json!({ "plain": true })).unwrap()[0], &context),
        None
    );
}

#[test]
fn every_fact_and_parameter_is_declared_once_and_says_what_it_means() {
    let spec = Http.spec();
    let mut names: Vec<_> = spec
        .facts
        .iter()
        .map(|fact| fact.name.to_string())
        .collect();
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert!(spec.facts.iter().all(|fact| !fact.meaning.is_empty()));
    assert!(
        spec.parameters
            .iter()
            .all(|parameter| !parameter.required && !parameter.meaning.is_empty())
    );
}
