//! Looks at a site as the Observatory does: over HTTPS, over plain HTTP, and with a preflight.

use super::jar::Jar;
use super::seen::{Answer, Plain, Preload, Secure, Seen, joined};
use crate::model::{Excerpt, Hindrance, HindranceKind, Target};
use crate::probe::http::of_path;
use crate::probe::http::whole::{Question, Whole, ask};
use crate::probe::{Context, Sighting, Transient};
use url::Url;

/// The most redirects that are followed (`src/retriever/session.js`).
const MOST_REDIRECTS: usize = 10;
/// The Origin of the preflight.
const ORIGIN: &str = "https://holdpoint-foreign.example";

/// What was seen, and what else is worth telling.
pub(super) struct Retrieved {
    pub(super) seen: Seen,
    /// The body was longer than is read, or could not be decoded.
    pub(super) cut: bool,
    pub(super) transient: Option<Transient>,
    pub(super) excerpts: Vec<Excerpt>,
}

/// A chain of answers and the cookies that it left.
struct Session {
    hops: Vec<Url>,
    jar: Jar,
    last: Whole,
}

/// Looks at a path of the target.
pub(super) async fn retrieve(
    path: &str,
    target: &Target,
    context: &Context,
) -> Result<Retrieved, Box<Sighting>> {
    let own = of_path(&target.url, path);
    let (begun, secure, plain) = if own.scheme() == "https" {
        let session = follow(own.clone(), context).await?;
        let hsts = joined(&session.last.headers, "strict-transport-security");
        let plain = over_plain(path, target, context).await;
        (session, Secure::Answered(hsts), plain)
    } else {
        over_both(own.clone(), context).await?
    };
    let preflight = preflight(&begun.last.address, context).await;
    let host = own.host_str().unwrap_or_default().to_owned();
    Ok(Retrieved {
        cut: begun.last.cut,
        transient: begun.last.transient,
        excerpts: begun.last.excerpts,
        seen: Seen {
            host,
            began_secure: begun
                .hops
                .first()
                .is_some_and(|first| first.scheme() == "https"),
            page: Answer {
                url: begun.last.address,
                status: begun.last.status,
                headers: begun.last.headers,
                body: begun.last.body,
            },
            secure,
            plain,
            preflight,
            preflight_origin: ORIGIN.to_owned(),
            jar: begun.jar,
            preload: Preload::whole_domains(),
        },
    })
}

/// The same page a second time, to see what changes from one answer to the next; none where it is not
/// answered as a whole.
pub(super) async fn again(address: &Url, context: &Context) -> Option<Answer> {
    let question = question("GET", address.clone(), Vec::new());
    let again = ask(question, context).await.ok();
    again
        .filter(|again| !again.cut && again.leads_to.is_none())
        .map(|again| Answer {
            url: again.address,
            status: again.status,
            headers: again.headers,
            body: again.body,
        })
}

fn question(method: &str, address: Url, headers: Vec<(String, String)>) -> Question<'_> {
    Question {
        method,
        address,
        headers,
        origin: None,
        follow: 0,
    }
}

/// Follows redirects with a cookie jar of its own.
async fn follow(start: Url, context: &Context) -> Result<Session, Box<Sighting>> {
    let (mut jar, mut hops, mut address) = (Jar::default(), Vec::new(), start);
    loop {
        let cookies = jar.take_along(&address);
        let headers = match cookies.is_empty() {
            true => Vec::new(),
            false => vec![("cookie".to_owned(), cookies)],
        };
        let answer = ask(question("GET", address.clone(), headers), context).await?;
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            jar.set(line, &address, context.now);
        }
        hops.push(address);
        match &answer.leads_to {
            Some(next) if matches!(next.scheme(), "http" | "https") => {
                if hops.len() > MOST_REDIRECTS {
                    let cause = format!("more than {MOST_REDIRECTS} redirects");
                    return Err(Box::new(Sighting::hindered(Hindrance::new(
                        HindranceKind::RedirectLoop,
                        cause,
                    ))));
                }
                address = next.clone();
            }
            _ => {
                return Ok(Session {
                    hops,
                    jar,
                    last: answer,
                });
            }
        }
    }
}

/// Where plain HTTP leads to. An address of it that nobody knows is left open.
async fn over_plain(path: &str, target: &Target, context: &Context) -> Plain {
    let Some(plain) = &target.plain_url else {
        return Plain::Unknown;
    };
    match follow(of_path(plain, path), context).await {
        Ok(session) => Plain::Led(session.hops),
        Err(sighting) => match sighting.hindrance.map(|hindrance| hindrance.kind) {
            Some(HindranceKind::Refused) => Plain::Closed,
            Some(HindranceKind::Tls) => Plain::Untrusted,
            _ => Plain::Unknown,
        },
    }
}

/// A target over plain HTTP: it is graded over HTTPS where it answers there too.
async fn over_both(own: Url, context: &Context) -> Result<(Session, Secure, Plain), Box<Sighting>> {
    let session = follow(own.clone(), context).await?;
    let plain = Plain::Led(session.hops.clone());
    let mut secured = own;
    let named = secured.port();
    // A port that is written out is asked over both schemes; neither call fails on http.
    let _ = secured.set_scheme("https");
    let _ = secured.set_port(named);
    // A server that waits for more than a TLS greeting must not use up the look's time.
    let left = context
        .until
        .saturating_duration_since(crate::clock::tick());
    match tokio::time::timeout(left / 3, follow(secured, context)).await {
        Ok(Ok(secured)) => {
            let hsts = joined(&secured.last.headers, "strict-transport-security");
            Ok((secured, Secure::Answered(hsts), plain))
        }
        Ok(Err(_)) | Err(_) => Ok((session, Secure::Closed, plain)),
    }
}

/// What a preflight is answered; none where that is no success.
async fn preflight(address: &Url, context: &Context) -> Option<Vec<(String, String)>> {
    let asked = ("access-control-request-method".to_owned(), "GET".to_owned());
    let question = Question {
        origin: Some(ORIGIN),
        follow: MOST_REDIRECTS,
        ..question("OPTIONS", address.clone(), vec![asked])
    };
    let answer = ask(question, context).await.ok()?;
    (200..300)
        .contains(&answer.status)
        .then_some(answer.headers)
}
