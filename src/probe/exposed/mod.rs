//! The exposed probe: what a web server hands out that is no part of the site.

mod declared;
mod kind;

use super::http::of_path;
use super::transport::next_chunk;
use super::transport::to_target::dress;
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Target};
use futures_util::future::{BoxFuture, join_all};
use kind::{Kind, folders_of};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use url::Url;

/// Files that a deployment of a folder takes along by mistake.
const FILES: [&str; 6] = [
    "/.env",
    "/.env.local",
    "/.env.production",
    "/.git/HEAD",
    "/.git/config",
    "/.npmrc",
];
/// Folders that are asked for at most.
const MOST_FOLDERS: usize = 8;
/// More of an answer is not read: its kind shows at its beginning.
const LONGEST: usize = 256 << 10;
/// Asked for at once.
const AT_ONCE: usize = 4;
/// The header that a server would repeat.
const ECHOED: HeaderName = HeaderName::from_static("x-holdpoint-trace");

/// Asks for what nobody should be given.
pub(super) struct Exposed;

impl Probe for Exposed {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, _: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        Ok(vec![Facts::new()])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "files and folders that are no part of the site".into()
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_ref()?;
        Some(target.url.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        _: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            look(context)
                .await
                .map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

/// As much of an answer as is read.
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    /// What it says of a path that must not be handed out: its kind, nothing of the sort, or why nobody can tell.
    fn kind(&self) -> Result<Option<Kind>, String> {
        match self.status {
            200 => Ok(Kind::of(&self.text)),
            429 | 500.. => Err(format!("status {}", self.status)),
            _ => Ok(None),
        }
    }
}

async fn look(context: &Context) -> Result<Facts, Hindrance> {
    let target = context.target.as_deref();
    let target =
        target.ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no target is given"))?;
    let front = of_path(&target.url, &target.paths.page);
    let page = ask(Method::GET, &front, None, context, target).await?;
    let folders = folders_of(&page.text, &front, MOST_FOLDERS);
    let files: Vec<Url> = FILES
        .iter()
        .map(|file| of_path(&target.url, file))
        .collect();

    let (found, files_untold) = search(&files, context, target, |kind| kind != Kind::Listing).await;
    let (listed, folders_untold) =
        search(&folders, context, target, |kind| kind == Kind::Listing).await;
    let (echoes, trace_untold) = trace(&front, context, target).await;
    let named = |found: &[(String, Kind)]| -> Vec<Value> {
        let told = found.iter();
        told.map(|(path, kind)| json!({ "name": path, "kind": kind.word() }))
            .collect()
    };
    let paths = |addresses: &[Url]| -> Vec<String> {
        let paths = addresses.iter();
        paths.map(|address| address.path().to_owned()).collect()
    };
    Ok(Facts::from_iter([
        ("files_asked".to_owned(), json!(paths(&files))),
        ("files".to_owned(), json!(named(&found))),
        ("files_untold".to_owned(), json!(files_untold)),
        ("folders_asked".to_owned(), json!(paths(&folders))),
        (
            "listings".to_owned(),
            listed.iter().map(|(path, _)| path.as_str()).collect(),
        ),
        ("folders_untold".to_owned(), json!(folders_untold)),
        ("trace".to_owned(), json!(echoes)),
        ("trace_untold".to_owned(), json!(trace_untold)),
    ]))
}

/// Which of the addresses are answered with something of a kind that counts, and those of which nobody can tell.
async fn search(
    addresses: &[Url],
    context: &Context,
    target: &Target,
    counts: impl Fn(Kind) -> bool,
) -> (Vec<(String, Kind)>, Vec<String>) {
    let (mut found, mut untold) = (Vec::new(), Vec::new());
    for some in addresses.chunks(AT_ONCE) {
        let answers = some
            .iter()
            .map(|address| ask(Method::GET, address, None, context, target));
        for (address, answer) in some.iter().zip(join_all(answers).await) {
            let path = address.path();
            match answer.map(|answer| answer.kind()) {
                Ok(Ok(Some(kind))) if counts(kind) => found.push((path.to_owned(), kind)),
                Ok(Ok(_)) => {}
                Ok(Err(why)) => untold.push(format!("{path}: {why}")),
                Err(hindrance) => untold.push(format!("{path}: {}", hindrance.cause)),
            }
        }
    }
    (found, untold)
}

/// Does the server repeat a request to whoever sent it (RFC 9110 section 9.3.8)? Or why nobody can tell.
async fn trace(
    address: &Url,
    context: &Context,
    target: &Target,
) -> (Option<bool>, Option<String>) {
    let word = format!("{:016x}", fastrand::u64(..));
    match ask(Method::TRACE, address, Some(&word), context, target).await {
        Ok(answer) => (
            Some(answer.status == 200 && answer.text.contains(&word)),
            None,
        ),
        Err(hindrance) => (None, Some(hindrance.cause)),
    }
}

/// Asks once and follows nothing.
async fn ask(
    method: Method,
    address: &Url,
    echoed: Option<&str>,
    context: &Context,
    target: &Target,
) -> Result<Answer, Hindrance> {
    let until = context.deadline();
    let mut request = Request::new(method, address.clone());
    dress(request.headers_mut(), target, "");
    if let Some(word) = echoed.and_then(|word| HeaderValue::from_str(word).ok()) {
        request.headers_mut().insert(ECHOED, word);
    }
    let sent = context.transport.send(request, until).await;
    let (mut response, _) = sent.map_err(|fault| fault.hindrance)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < LONGEST {
        match next_chunk(&mut response, until).await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(fault) => return Err(fault.hindrance),
        }
    }
    body.truncate(LONGEST);
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status, text })
}
