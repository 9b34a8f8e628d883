//! The parameters of the probe: declared, checked, and multiplied out into looks.

use super::address;
use super::ask::ORIGIN_WORDS;
use crate::diagnostic::nearest;
use crate::model::{FactKind, Facts, PathClasses, Target};
use crate::probe::{Context, ParameterSpec};
use serde_json::{Map, Value, json};
use url::Url;

/// Decoded bytes of a body that are read where nothing else is said: 2 MiB.
pub(super) const BODY_LIMIT: u64 = 2 * 1024 * 1024;
/// The most that a check may ask for: 64 MiB.
const MOST_BODY: u64 = 64 * 1024 * 1024;
/// The most redirects that a check may have followed; browsers stop at 20.
const MOST_FOLLOW: u64 = 20;
const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

pub(super) fn declared() -> Vec<ParameterSpec> {
    let text = || FactKind::Text;
    let texts = || FactKind::list(FactKind::Text);
    let optional = ParameterSpec::optional;
    vec![
        optional(
            "path",
            text(),
            "a path below the target's address, an absolute address on its origin, or @chunk for a script of its own that the front page loads; default /",
        ),
        optional("paths", texts(), "several paths, each looked at by itself"),
        optional("method", text(), "the request method; default GET").one_of(METHODS),
        optional("methods", texts(), "several methods, each its own look").one_of(METHODS),
        optional(
            "headers",
            FactKind::map(text()),
            "further request headers, sent to the target's own origin only",
        ),
        optional(
            "origin",
            text(),
            "an Origin header: foreign, lookalike (begins like the target), lookalike-end (ends like it), null, own, or an origin such as https://partner.example",
        ),
        optional("origins", texts(), "several origins, each its own look"),
        optional(
            "preflight",
            FactKind::Bool,
            "asks as a browser does before a POST from elsewhere: OPTIONS with Access-Control-Request-Method; origin is foreign unless given",
        ),
        optional(
            "plain",
            FactKind::Bool,
            "asks where the same site answers over plain HTTP",
        ),
        optional(
            "follow",
            FactKind::Int,
            "how many redirects are followed; default 0, at most 20; no credentials leave the target's own origin",
        ),
        optional(
            "contains",
            texts(),
            "texts to look for in the body, given as body.contains",
        ),
        optional(
            "body_limit",
            FactKind::Int,
            "bytes of decoded body that are read; default 2097152, at most 67108864",
        ),
    ]
}

/// One set of parameters for each path, method and origin, with every default written out.
pub(super) fn looks(parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
    for (name, value) in parameters {
        check(name, value)?;
    }
    let preflight = parameters
        .get("preflight")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let paths = one_or_several(parameters, "path", "paths")?.unwrap_or_else(|| vec!["/".into()]);
    let methods = one_or_several(parameters, "method", "methods")?
        .map(|methods| {
            methods
                .iter()
                .map(|method| method.to_ascii_uppercase())
                .collect::<Vec<_>>()
        })
        .unwrap_or_else(|| vec![if preflight { "OPTIONS" } else { "GET" }.to_owned()]);
    if preflight && methods != ["OPTIONS"] {
        return Err("a preflight is an OPTIONS request; leave 'method' out".into());
    }
    let origins = match one_or_several(parameters, "origin", "origins")? {
        Some(origins) => origins.into_iter().map(Some).collect(),
        None => vec![preflight.then(|| "foreign".to_owned())],
    };
    for path in &paths {
        check_path(path, context.target.as_deref())?;
    }
    for origin in origins.iter().flatten() {
        check_origin(origin)?;
    }
    let mut looks = Vec::new();
    for path in &paths {
        for method in &methods {
            for origin in &origins {
                let look = written_out(parameters, path, method, origin.as_deref(), preflight);
                if !looks.contains(&look) {
                    looks.push(look);
                }
            }
        }
    }
    Ok(looks)
}

fn written_out(
    given: &Facts,
    path: &str,
    method: &str,
    origin: Option<&str>,
    preflight: bool,
) -> Facts {
    let or = |name: &str, default: Value| given.get(name).cloned().unwrap_or(default);
    let headers: Map<String, Value> = given
        .get("headers")
        .and_then(Value::as_object)
        .map(|headers| {
            headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect()
        })
        .unwrap_or_default();
    let mut look = Facts::new();
    look.insert("path".into(), json!(path));
    look.insert("method".into(), json!(method));
    look.insert("headers".into(), Value::Object(headers));
    look.insert("origin".into(), json!(origin));
    look.insert("preflight".into(), json!(preflight));
    look.insert("plain".into(), or("plain", json!(false)));
    look.insert("follow".into(), or("follow", json!(0)));
    look.insert("contains".into(), or("contains", json!([])));
    look.insert("body_limit".into(), or("body_limit", json!(BODY_LIMIT)));
    look
}

fn check(name: &str, value: &Value) -> Result<(), String> {
    let specs = declared();
    let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
        let near = nearest(name, specs.iter().map(|spec| spec.name));
        let hint = near
            .map(|near| format!("; did you mean '{near}'?"))
            .unwrap_or_default();
        return Err(format!("the http probe has no parameter '{name}'{hint}"));
    };
    // An origin that is written out as absent, in the parameters of one look.
    let fits = |kind: &FactKind, value: &Value| match kind {
        FactKind::Text => value.is_string() || (name == "origin" && value.is_null()),
        FactKind::Bool => value.is_boolean(),
        _ => value.is_u64(),
    };
    let fine = match &spec.kind {
        FactKind::List(kind) => value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| fits(kind, item))),
        FactKind::Map(kind) => value
            .as_object()
            .is_some_and(|map| map.values().all(|item| fits(kind, item))),
        kind => fits(kind, value),
    };
    if !fine {
        return Err(format!(
            "'{name}' wants {}, not {value}",
            spec.kind.describe()
        ));
    }
    let words: Vec<&str> = value
        .as_str()
        .into_iter()
        .chain(
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        )
        .collect();
    if let Some(word) = words.iter().find(|word| {
        !spec.choices.is_empty() && !spec.choices.contains(&word.to_ascii_uppercase().as_str())
    }) {
        return Err(format!(
            "'{name}' wants one of {}, not '{word}'",
            spec.choices.join(", ")
        ));
    }
    match (name, value.as_u64()) {
        ("follow", Some(number)) if number > MOST_FOLLOW => {
            Err(format!("'follow' is at most {MOST_FOLLOW}"))
        }
        ("body_limit", Some(number)) if number > MOST_BODY => {
            Err(format!("'body_limit' is at most {MOST_BODY} bytes"))
        }
        ("headers", _) => value
            .as_object()
            .into_iter()
            .flatten()
            .try_for_each(|(name, value)| check_header(name, value)),
        _ => Ok(()),
    }
}

fn check_header(name: &str, value: &Value) -> Result<(), String> {
    let named = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok();
    let valued = value
        .as_str()
        .is_some_and(|value| reqwest::header::HeaderValue::from_str(value).is_ok());
    // The value may be secret, so it is not shown.
    if named && valued {
        Ok(())
    } else {
        Err(format!(
            "'{name}' cannot be sent as a header with that value"
        ))
    }
}

fn one_or_several(
    parameters: &Facts,
    one: &str,
    several: &str,
) -> Result<Option<Vec<String>>, String> {
    let single = parameters.get(one).and_then(Value::as_str);
    match (single, parameters.get(several)) {
        (Some(_), Some(_)) => Err(format!("give '{one}' or '{several}', not both")),
        (Some(text), None) => Ok(Some(vec![text.to_owned()])),
        (None, Some(values)) if values.as_array().is_some_and(Vec::is_empty) => {
            Err(format!("'{several}' is empty"))
        }
        (None, Some(values)) => Ok(Some(list(Some(values)))),
        (None, None) => Ok(None),
    }
}

pub(super) fn list(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn check_path(path: &str, target: Option<&Target>) -> Result<(), String> {
    if path.starts_with('/') || path == PathClasses::CHUNK {
        return Ok(());
    }
    if let Some(word) = path.strip_prefix('@') {
        return Err(format!(
            "'@{word}' names no path; the one word there is, is {}",
            PathClasses::CHUNK
        ));
    }
    match (Url::parse(path), target) {
        (Ok(url), Some(target)) if url.has_host() => {
            if url.origin() == target.url.origin() {
                return Ok(());
            }
            Err(format!(
                "'{}' is not on the target's own origin",
                address::masked(&url)
            ))
        }
        (Ok(url), None) if url.has_host() => Ok(()),
        _ => Err(format!("'{path}' is not a path: begin it with /")),
    }
}

fn check_origin(origin: &str) -> Result<(), String> {
    if ORIGIN_WORDS.contains(&origin) {
        return Ok(());
    }
    if Url::parse(origin)
        .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == origin)
    {
        return Ok(());
    }
    let hint = nearest(origin, ORIGIN_WORDS);
    let hint = hint
        .map(|word| format!("; did you mean '{word}'?"))
        .unwrap_or_default();
    Err(format!(
        "'{origin}' is not an origin such as https://partner.example, nor foreign, lookalike, lookalike-end, null or own{hint}"
    ))
}
