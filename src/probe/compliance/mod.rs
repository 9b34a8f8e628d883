//! The compliance probe: how weaknesses are reported (security.txt), and the policies that pages link.

mod ask;
mod declared;
mod kind;
mod page;
mod parties;
mod policy;
mod security_txt;

use super::http::{masked, of_path};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Target, is_loopback};
pub(super) use ask::is_own;
use ask::{Reached, get};
use futures_util::future::BoxFuture;
use kind::Kind;
use page::Page;
use policy::{Policy, Start};
use security_txt::Document;
use serde_json::{Value, json};
use url::Url;

/// Where the file stands (RFC 9116 section 3, RFC 8615).
const PLACE: &str = "/.well-known/security.txt";

/// Looks at what people are told.
pub(super) struct Compliance;

impl Probe for Compliance {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let what = what(parameters);
        if !declared::LOOKS.contains(&what) {
            return Err(format!(
                "look: '{what}' is none of {}",
                declared::LOOKS.join(", ")
            ));
        }
        Ok(vec![parameters.clone()])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        match what(parameters) {
            "security-txt" => format!("GET {PLACE}"),
            _ => "the policies that pages link".into(),
        }
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_deref()?;
        Some(target.url.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(target) = context.target.as_deref() else {
                let cause = "no target is given";
                return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
            };
            let what = what(parameters);
            let (mut file, mut policies) = (Value::Null, Value::Null);
            let outcome = match what {
                "security-txt" => security_txt(target, context).await.map(|fact| file = fact),
                _ => linked(target, context).await.map(|fact| policies = fact),
            };
            match outcome {
                Ok(()) => Sighting::of(Facts::from_iter([
                    ("look".to_owned(), what.into()),
                    ("security_txt".to_owned(), file),
                    ("policies".to_owned(), policies),
                ])),
                Err(hindrance) => Sighting::hindered(hindrance),
            }
        })
    }
}

fn what(parameters: &Facts) -> &str {
    parameters
        .get("look")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Asks for the file and reads it.
async fn security_txt(target: &Target, context: &Context) -> Result<Value, Hindrance> {
    let mut asked = target.url.clone();
    asked.set_path(PLACE);
    asked.set_query(None);
    asked.set_fragment(None);
    let mut fact = json!({
        "present": null, "cause": null, "address": masked(&asked), "status": null, "secure": null,
        "content_type": null, "plain_text": null, "signed": null, "contacts": null, "wrong_contacts": null,
        "expires": null, "expires_in_days": null, "canonical_matches": null, "policies": null,
        "strange_lines": null,
    });
    let (address, answer) = match get(&asked, target, context).await? {
        Reached::Answer(address, answer) => (address, answer),
        Reached::Elsewhere(address) => {
            let host = address.host_str().unwrap_or_default();
            let to = format!("{}://{host}", address.scheme());
            fact["cause"] =
                format!("{PLACE} leads to another site, {to}, which is not asked").into();
            return Ok(fact);
        }
        Reached::Loop => {
            fact["present"] = false.into();
            fact["cause"] = format!("{PLACE} redirects again and again").into();
            return Ok(fact);
        }
    };
    fact["address"] = masked(&address).into();
    fact["status"] = answer.status.into();
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    fact["content_type"] = kind.as_str().into();
    let coding = answer.header("content-encoding").unwrap_or("identity");
    match answer.status {
        200 if !coding.eq_ignore_ascii_case("identity") => {
            fact["cause"] =
                format!("the file is sent in the coding {coding}, which nobody asked for").into();
            return Ok(fact);
        }
        200 if kind.starts_with("text/html") => {
            fact["present"] = false.into();
            fact["cause"] = format!("{PLACE} is answered with a page in place of the file").into();
            return Ok(fact);
        }
        200 => fact["present"] = true.into(),
        404 | 410 => {
            fact["present"] = false.into();
            fact["cause"] = format!("there is no {PLACE}: status {}", answer.status).into();
            return Ok(fact);
        }
        status => {
            fact["cause"] = format!("{PLACE} answers with status {status}").into();
            return Ok(fact);
        }
    }
    let document = Document::parse(&answer.text());
    let values = |name| document.values(name).collect::<Vec<_>>();
    fact["secure"] = (address.scheme() == "https" || is_loopback(&address)).into();
    fact["plain_text"] = is_plain_text(&kind).into();
    fact["signed"] = document.signed.into();
    fact["contacts"] = values("contact").into();
    fact["wrong_contacts"] = document.wrong_contacts().into();
    fact["expires"] = values("expires").into();
    fact["expires_in_days"] = document
        .expires()
        .map(|expires| (expires.as_second() - context.now).div_euclid(24 * 60 * 60))
        .into();
    // Elsewhere than in production the file names the addresses of production, and so it should.
    if target.environment == "production" && !target.is_loopback() {
        fact["canonical_matches"] = document.is_canonical(&[&asked, &address]).into();
    }
    fact["policies"] = values("policy").into();
    fact["strange_lines"] = document.strange_lines.into();
    Ok(fact)
}

/// RFC 9116 section 3: text/plain, in UTF-8.
fn is_plain_text(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    parts.next() == Some("text/plain")
        && parts
            .filter_map(|part| part.strip_prefix("charset="))
            .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"))
}

/// Reads the front page and the sign-in page, and follows their links.
async fn linked(target: &Target, context: &Context) -> Result<Value, Hindrance> {
    let front = read(&target.paths.page, target, context).await?;
    let mut starts = vec![front];
    if target.paths.sign_in != target.paths.page {
        match read(&target.paths.sign_in, target, context).await {
            // An application without a sign-in page has one page less on which links may stand.
            Ok(start) if matches!(start.status, Some(404 | 410)) => {}
            Ok(start) => starts.push(start),
            Err(hindrance) => starts.push(Start {
                path: target.paths.sign_in.clone(),
                read: Err(format!(
                    "{} could not be read: {}",
                    target.paths.sign_in, hindrance.cause
                )),
                status: None,
            }),
        }
    }
    let privacy = Policy::find(Kind::Privacy, &starts, target, context).await;
    let terms = Policy::find(Kind::Terms, &starts, target, context).await;
    let parties: Vec<_> = parties::found(context, target)
        .into_iter()
        .map(|party| {
            let named = privacy.text.as_ref();
            let named = named.map(|text| parties::is_named(party.name, text));
            json!({ "name": party.name, "because": party.because, "named": named })
        })
        .collect();
    let unnamed: Vec<_> = parties
        .iter()
        .filter(|party| party["named"] == false)
        .map(|party| party["name"].clone())
        .collect();
    Ok(json!({
        "pages": starts.iter().map(|start| json!({
            "path": start.path,
            "status": start.status,
            "rendered": start.read.as_ref().ok().map(|(_, page)| page.is_rendered()),
        })).collect::<Vec<_>>(),
        "privacy": privacy.fact(),
        "terms": terms.fact(),
        "parties": parties,
        "unnamed": privacy.text.as_ref().map(|_| unnamed),
    }))
}

async fn read(path: &str, target: &Target, context: &Context) -> Result<Start, Hindrance> {
    let address: Url = of_path(&target.url, path);
    let untold = |status, cause: String| Start {
        path: path.to_owned(),
        read: Err(cause),
        status,
    };
    Ok(match get(&address, target, context).await? {
        Reached::Elsewhere(_) => untold(None, format!("{path} leads to another site")),
        Reached::Loop => untold(None, format!("{path} redirects again and again")),
        Reached::Answer(place, answer) => {
            let status = Some(answer.status);
            let kind = answer.header("content-type").unwrap_or_default();
            let coding = answer.header("content-encoding").unwrap_or("identity");
            if answer.status != 200 {
                untold(
                    status,
                    format!("{path} answers with status {}", answer.status),
                )
            } else if !kind.to_ascii_lowercase().starts_with("text/html")
                || !coding.eq_ignore_ascii_case("identity")
            {
                untold(status, format!("{path} is not HTML that can be read"))
            } else {
                Start {
                    path: path.to_owned(),
                    read: Ok((place, Page::read(&answer.text()))),
                    status,
                }
            }
        }
    })
}
