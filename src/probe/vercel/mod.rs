//! The vercel probe: which variables the host has for each target, how the project is set up, what serves production.

mod api;
mod climb;
mod compare;
mod declared;
mod host;
mod subject;

use super::transport::keeps_secrets;
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use futures_util::future::BoxFuture;
use serde_json::Value;
use subject::Subject;
use url::Url;

/// Asks the host's API.
pub(super) struct Vercel;

impl Probe for Vercel {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        for name in ["base_url", "variable", "project", "team"] {
            match parameters.get(name) {
                None => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::String(text)) => {
                    look.insert(name.into(), text.as_str().into());
                }
                Some(other) => return Err(format!("{name}: {other} is not text")),
            }
        }
        look.entry("base_url")
            .or_insert_with(|| api::ADDRESS.into());
        base(&look)?;
        Ok(vec![look])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "the project at Vercel".into()
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        Some(base(parameters).ok()?.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let seen = async {
                let base = base(parameters)
                    .map_err(|cause| Hindrance::new(HindranceKind::Denied, cause))?;
                let subject = Subject::find(parameters, base, context)?;
                let token = subject.token.variable;
                context.secrets.register(&token.name, &token.value);
                climb::look(subject, context).await
            };
            match seen.await {
                Ok(facts) => Sighting::of(facts),
                Err(hindrance) => Sighting::hindered(hindrance),
            }
        })
    }
}

fn base(parameters: &Facts) -> Result<Url, String> {
    let text = text(parameters, "base_url").unwrap_or(api::ADDRESS);
    let url: Url = text
        .parse()
        .map_err(|error| format!("base_url is not an address: {error}"))?;
    if keeps_secrets(&url) {
        Ok(url)
    } else {
        Err("base_url is neither an https address nor this machine".into())
    }
}

fn text<'a>(parameters: &'a Facts, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_over_tls_or_to_this_machine() {
        let base = |text: &str| base(&Facts::from_iter([("base_url".to_owned(), text.into())]));
        for text in [
            api::ADDRESS,
            "http://127.0.0.1:4000",
            "http://[::1]:4000",
            "http://localhost",
        ] {
            assert!(base(text).is_ok(), "{text}");
        }
        for text in [
            "http://vercel.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "x",
        ] {
            assert!(base(text).is_err(), "{text}");
        }
    }
}
