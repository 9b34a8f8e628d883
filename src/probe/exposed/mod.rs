//! The exposed probe: what a web server hands out that is no part of the site.

mod declared;
mod kind;

use super::compliance::is_own;
use super::http::of_path;
use super::transport::next_chunk;
use super::transport::to_target::{OWN_NAME, dress};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Target};
use futures_util::future::{BoxFuture, join_all};
use kind::{Kind, decoded, folders_of};
use reqwest::header::{HeaderName, HeaderValue, LOCATION, USER_AGENT};
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
const MOST_FOLDERS: usize = 16;
/// Redirects that are followed, as many as browsers' users ever meet.
const MOST_HOPS: usize = 5;
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
    /// Where it came from.
    address: Url,
    status: u16,
    /// Where a redirect leads.
    next: Option<Url>,
    text: String,
}

impl Answer {
    /// Why it says nothing of what was asked for: a redirect that was not followed, a limit or a failure.
    fn untold(&self) -> Option<String> {
        let status = self.status;
        let next = self.next.as_ref().and_then(Url::host_str);
        match (status, next) {
            (300..=399, Some(host)) => Some(format!("status {status} to {host}")),
            (300..=399 | 429 | 500.., _) => Some(format!("status {status}")),
            _ => None,
        }
    }

    /// What it says of a path that must not be handed out: its kind, nothing of the sort, or why nobody can tell.
    fn kind(&self) -> Result<Option<Kind>, String> {
        match self.untold() {
            Some(why) => Err(why),
            None if (200..300).contains(&self.status) => Ok(Kind::of(&self.text)),
            None => Ok(None),
        }
    }
}

/// A target, and how it is asked.
struct Asked<'a> {
    context: &'a Context,
    target: &'a Target,
    /// What paths that nobody has are answered with.
    stand_ins: Vec<Kind>,
}

async fn look(context: &Context) -> Result<Facts, Hindrance> {
    let target = context.target.as_deref();
    let target =
        target.ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no target is given"))?;
    let mut asked = Asked {
        context,
        target,
        stand_ins: Vec::new(),
    };
    let front = of_path(&target.url, &target.paths.page);
    let front = asked.get(&front).await?;
    let mut folders = folders_of(&front.text, &front.address);
    let left_out = folders.split_off(folders.len().min(MOST_FOLDERS)).len();
    let roots = roots(&target.url);
    let of_roots = |path: &str| -> Vec<Url> {
        let addresses = roots.iter().map(|root| of_path(root, path));
        addresses.collect()
    };
    let files: Vec<Url> = FILES.iter().flat_map(|file| of_roots(file)).collect();

    let made_up = format!("/.env-{:016x}", fastrand::u64(..));
    for address in of_roots(&made_up) {
        let answer = asked.get(&address).await;
        asked
            .stand_ins
            .extend(answer.ok().and_then(|answer| answer.kind().ok()?));
    }
    let (found, files_untold) = asked.search(&files, |kind| kind != Kind::Listing).await;
    let (listed, mut folders_untold) = asked.search(&folders, |kind| kind == Kind::Listing).await;
    folders_untold.extend(front.untold().map(|why| format!("the front page: {why}")));
    if left_out > 0 {
        folders_untold.push(format!("{left_out} more folders"));
    }
    let (echoes, trace_untold) = asked.trace(&front.address).await;
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

/// The target's own address, and the root of its origin where that is another: a folder may be served at either.
fn roots(target: &Url) -> Vec<Url> {
    let mut root = target.clone();
    root.set_path("/");
    root.set_query(None);
    if target.path().trim_end_matches('/').is_empty() {
        return vec![root];
    }
    vec![target.clone(), root]
}

impl Asked<'_> {
    /// Which of the addresses are answered with something of a kind that counts, and those of which nobody can tell.
    async fn search(
        &self,
        addresses: &[Url],
        counts: impl Fn(Kind) -> bool,
    ) -> (Vec<(String, Kind)>, Vec<String>) {
        let (mut found, mut untold) = (Vec::new(), Vec::new());
        for some in addresses.chunks(AT_ONCE) {
            let answers = some.iter().map(|address| self.get(address));
            for (address, answer) in some.iter().zip(join_all(answers).await) {
                let path = address.path();
                match answer.map(|answer| answer.kind()) {
                    Ok(Ok(Some(kind))) if counts(kind) && self.stand_ins.contains(&kind) => {
                        let kind = kind.word();
                        untold.push(format!("{path}: {kind}, as a made-up path is answered"));
                    }
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
    async fn trace(&self, address: &Url) -> (Option<bool>, Option<String>) {
        let word = format!("{:016x}", fastrand::u64(..));
        match self.ask(Method::TRACE, address, Some(&word)).await {
            // The server does not have the method (RFC 9110 section 15.6.2).
            Ok(answer) if answer.status == 501 => (Some(false), None),
            Ok(answer) => match answer.untold() {
                None => (
                    Some(answer.status == 200 && answer.text.contains(&word)),
                    None,
                ),
                why => (None, why),
            },
            Err(hindrance) => (None, Some(hindrance.cause)),
        }
    }

    /// Asks, and follows where that leads as long as it is the target's own site.
    async fn get(&self, address: &Url) -> Result<Answer, Hindrance> {
        let mut answer = self.ask(Method::GET, address, None).await?;
        for _ in 0..MOST_HOPS {
            match &answer.next {
                Some(next) if is_own(next, &self.target.url) => {
                    answer = self.ask(Method::GET, next, None).await?;
                }
                _ => break,
            }
        }
        Ok(answer)
    }

    /// Asks once and follows nothing.
    async fn ask(
        &self,
        method: Method,
        address: &Url,
        echoed: Option<&str>,
    ) -> Result<Answer, Hindrance> {
        let until = self.context.deadline();
        let mut request = Request::new(method, address.clone());
        let headers = request.headers_mut();
        // The target's own headers may let somebody in: they go to no other host.
        if address.host() == self.target.url.host() {
            dress(headers, self.target, "");
        } else {
            headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
        }
        if let Some(word) = echoed.and_then(|word| HeaderValue::from_str(word).ok()) {
            headers.insert(ECHOED, word);
        }
        let sent = self.context.transport.send(request, until).await;
        let (mut response, _) = sent.map_err(|fault| fault.hindrance)?;
        let status = response.status();
        let location = response.headers().get(LOCATION);
        let next = location
            .filter(|_| status.is_redirection())
            .and_then(|location| address.join(location.to_str().ok()?).ok());
        let mut body = Vec::new();
        while body.len() < LONGEST {
            match next_chunk(&mut response, until).await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(fault) => return Err(fault.hindrance),
            }
        }
        body.truncate(LONGEST);
        Ok(Answer {
            address: address.clone(),
            status: status.as_u16(),
            next,
            text: decoded(&body),
        })
    }
}
