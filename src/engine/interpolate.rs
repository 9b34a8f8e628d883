//! Fills `${…}` in the parameters of a look: the target, its paths, and variables of the environment.

use crate::model::{Environment, Facts, Target};
use serde_json::Value;

/// What `${…}` may name.
pub(super) struct Names<'a> {
    pub(super) target: Option<&'a Target>,
    pub(super) environment: &'a Environment,
}

/// A `${…}` that cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) name: String,
    pub(super) help: String,
}

/// Parameters with everything filled in, and the names of the secrets that went into them.
pub(super) struct Filled {
    pub(super) parameters: Facts,
    pub(super) secrets: Vec<String>,
}

/// Fills in every text of the parameters. A text that is one `${…}` alone may become a list.
pub(super) fn interpolate(parameters: &Facts, names: &Names<'_>) -> Result<Filled, Unresolved> {
    let mut secrets = Vec::new();
    let mut filled = Facts::new();
    for (key, value) in parameters {
        filled.insert(key.clone(), fill(value, names, &mut secrets)?);
    }
    Ok(Filled {
        parameters: filled,
        secrets,
    })
}

fn fill(value: &Value, names: &Names<'_>, secrets: &mut Vec<String>) -> Result<Value, Unresolved> {
    Ok(match value {
        Value::String(text) => fill_text(text, names, secrets)?,
        Value::Array(items) => {
            let mut list = Vec::new();
            for item in items {
                match fill(item, names, secrets)? {
                    // A list named inside a list adds its items.
                    Value::Array(inner) if item.is_string() => list.extend(inner),
                    one => list.push(one),
                }
            }
            Value::Array(list)
        }
        Value::Object(map) => {
            let mut object = Facts::new();
            for (key, item) in map {
                object.insert(key.clone(), fill(item, names, secrets)?);
            }
            Value::Object(object)
        }
        other => other.clone(),
    })
}

fn fill_text(
    text: &str,
    names: &Names<'_>,
    secrets: &mut Vec<String>,
) -> Result<Value, Unresolved> {
    let alone = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = alone.filter(|name| !name.contains('}')) {
        return names.value(name, secrets);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let Some(end) = after.find('}') else {
            return Err(Unresolved {
                name: after.into(),
                help: "close it with }".into(),
            });
        };
        match names.value(&after[..end], secrets)? {
            Value::String(value) => out.push_str(&value),
            Value::Array(_) => {
                let help = "it is a list, so it must stand alone in its text".into();
                return Err(Unresolved {
                    name: after[..end].into(),
                    help,
                });
            }
            other => out.push_str(&other.to_string()),
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

impl Names<'_> {
    fn value(&self, name: &str, secrets: &mut Vec<String>) -> Result<Value, Unresolved> {
        let unresolved = |help: &str| Unresolved {
            name: name.into(),
            help: help.into(),
        };
        if let Some(part) = name.strip_prefix("target.") {
            let target = self.target.ok_or_else(|| unresolved("give --target URL"))?;
            return match part {
                "url" => Ok(target.url.as_str().trim_end_matches('/').into()),
                "host" => Ok(target.url.host_str().unwrap_or_default().into()),
                "scheme" => Ok(target.url.scheme().into()),
                "port" => Ok(target
                    .url
                    .port_or_known_default()
                    .unwrap_or_default()
                    .into()),
                "environment" => Ok(target.environment.as_str().into()),
                _ => Err(unresolved(
                    "known: target.url, target.host, target.port, target.scheme, target.environment",
                )),
            };
        }
        if let Some(part) = name.strip_prefix("paths.") {
            let paths = &self
                .target
                .ok_or_else(|| unresolved("give --target URL"))?
                .paths;
            return match part {
                "every_class" => Ok(paths.every_class().into()),
                "page" => Ok(paths.page.as_str().into()),
                "sign_in" => Ok(paths.sign_in.as_str().into()),
                "api" => Ok(paths.api.as_str().into()),
                "service_worker" => Ok(paths.service_worker.as_str().into()),
                "manifest" => Ok(paths.manifest.as_str().into()),
                "chunk" => Ok(crate::model::PathClasses::CHUNK.into()),
                "missing" => Ok(paths.missing.as_str().into()),
                _ => Err(unresolved(
                    "known: paths.every_class, page, sign_in, api, service_worker, manifest, chunk, missing",
                )),
            };
        }
        let (name, default) = match name.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (name, None),
        };
        match (self.environment.get(name), default) {
            (Some(variable), _) if !variable.value.is_empty() || default.is_none() => {
                if variable.secret {
                    secrets.push(name.into());
                }
                Ok(variable.value.as_str().into())
            }
            (_, Some(default)) => Ok(default.into()),
            (_, None) => Err(unresolved(&format!(
                "set {name} in the environment or an environment file, or write ${{{name}:-default}}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PathClasses, Variable, VariableOrigin};
    use serde_json::json;

    fn filled(value: Value) -> Result<(Value, Vec<String>), Unresolved> {
        let target = Target {
            url: "https://app.example:8443/".parse().unwrap(),
            environment: "staging".into(),
            owned: false,
            plain_url: None,
            authority_pem: None,
            headers: vec![],
            paths: PathClasses::default(),
        };
        let variable = |name: &str, value: &str, secret| Variable {
            name: name.into(),
            value: value.into(),
            raw: value.into(),
            origin: VariableOrigin::Process,
            secret,
            shadowed: vec![],
        };
        let environment = Environment {
            variables: vec![
                variable("TOKEN", "t0psecret", true),
                variable("NAME", "x", false),
            ],
            files: vec![],
            required: vec![],
        };
        let names = Names {
            target: Some(&target),
            environment: &environment,
        };
        let parameters = Facts::from_iter([("k".to_owned(), value)]);
        interpolate(&parameters, &names)
            .map(|filled| (filled.parameters["k"].clone(), filled.secrets))
    }

    #[test]
    fn fills_in_and_tells_secrets() {
        assert_eq!(
            filled(json!("${target.url}/a-${NAME}")),
            Ok((json!("https://app.example:8443/a-x"), vec![]))
        );
        assert_eq!(
            filled(json!("Bearer ${TOKEN}")),
            Ok((json!("Bearer t0psecret"), vec!["TOKEN".into()]))
        );
        assert_eq!(filled(json!("${MISSING:-d}")), Ok((json!("d"), vec![])));
        assert_eq!(
            filled(json!("${paths.every_class}"))
                .unwrap()
                .0
                .as_array()
                .unwrap()
                .len(),
            7
        );
        assert_eq!(
            filled(json!(["/x", "${paths.every_class}"]))
                .unwrap()
                .0
                .as_array()
                .unwrap()
                .len(),
            8
        );
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(filled(json!("a${MISSING}")).unwrap_err().name, "MISSING");
        assert!(filled(json!("${target.nothing}")).is_err());
        assert!(filled(json!("a ${NAME")).is_err());
        assert!(filled(json!("a ${paths.every_class}")).is_err());
    }
}
