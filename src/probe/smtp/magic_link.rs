//! The application's own sign-in mail: asked for as its page does, looked for in the mailbox.

use super::arrival::{Letter, Mailbox, Sought, Waited, report};
use super::{absent, deadline, denied, facts, send, text};
use crate::model::{Facts, Hindrance, HindranceKind, Leftover};
use crate::probe::ladder::Ladder;
use crate::probe::transport::Fetched;
use crate::probe::{Context, Promise};
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use url::Url;

/// Ids of providers that sign in by mail: NextAuth 4, then those of Auth.js 5.
const PROVIDERS: &[&str] = &["email", "nodemailer", "resend", "sendgrid", "postmark"];

/// Asks for the mail and waits for it.
///
/// # Errors
/// No address of the application, no address to send to, or no sign-in by mail there.
pub(super) async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let mut ladder = Ladder::new(facts::RUNGS);
    let mut facts = facts::blank();
    let until = deadline(context);
    let base = text(parameters, "url")
        .and_then(|url| Url::parse(url).ok())
        .ok_or_else(|| absent("no target is given that could send a mail"))?;
    let to = send::recipient(parameters, context)?;
    let mailbox = Mailbox::configured(parameters, context).map_err(denied)?;
    facts.insert("to_domain".into(), to.email.domain().into());
    facts.insert("mailbox".into(), mailbox.as_ref().map(Mailbox::word).into());
    let application = Application {
        base: &base,
        context,
        until,
    };
    let address = to.email.to_string();
    let asked = text(parameters, "provider");
    let form = match application.form(asked).await? {
        Ok(form) => form,
        Err(cause) => {
            ladder.untold("form", cause);
            facts.insert("steps".into(), ladder.into_fact());
            return Ok(facts);
        }
    };
    facts.insert("provider".into(), form.provider.as_str().into());
    ladder.held("form");

    // What is in the mailbox before is not the answer.
    let sought = Sought::To(address.clone());
    let known = match &mailbox {
        Some(mailbox) => mailbox
            .keys(&context.transport, &sought, until)
            .await
            .map_err(|trouble| trouble.cause),
        None => Ok(Vec::new()),
    };
    let known: Vec<String> = match known {
        Ok(known) => known,
        Err(cause) => {
            ladder.untold(
                "request",
                format!(
                    "nothing was asked for, because the mailbox could not be searched: {cause}"
                ),
            );
            facts.insert("steps".into(), ladder.into_fact());
            return Ok(facts);
        }
    };
    let asked_for = Arc::new(AtomicBool::new(false));
    let promise = match &mailbox {
        Some(mailbox) => match promise(mailbox, &sought, &known, &asked_for, context) {
            Ok(promise) => Some(promise),
            Err(cause) => {
                ladder.untold(
                    "request",
                    format!("nothing was asked for, because the mail's removal could not be noted: {cause}"),
                );
                facts.insert("steps".into(), ladder.into_fact());
                return Ok(facts);
            }
        },
        None => None,
    };
    // An answer that is lost does not keep the mail from coming.
    asked_for.store(true, Ordering::SeqCst);
    let requested = application.request(&form, &address).await;
    let settled = requested.as_ref().is_ok_and(|answer| answer.status <= 500);
    let sent = judge_request(requested, &base, &mut ladder, &mut facts);
    if settled && !sent {
        asked_for.store(false, Ordering::SeqCst);
    }
    if sent {
        arrive(
            &application,
            mailbox.as_ref(),
            &sought,
            &known,
            &mut ladder,
            &mut facts,
        )
        .await;
    }
    if let Some(promise) = promise {
        let removed = promise.keep().await.is_ok() && sent;
        facts.insert("removed".into(), removed.into());
    }
    facts.insert("steps".into(), ladder.into_fact());
    Ok(facts)
}

async fn arrive(
    application: &Application<'_>,
    mailbox: Option<&Mailbox>,
    sought: &Sought,
    known: &[String],
    ladder: &mut Ladder,
    facts: &mut Facts,
) {
    let Some(mailbox) = mailbox else {
        ladder.untold("arrive", "no mailbox is configured to look into: set HOLDPOINT_IMAP_URL or HOLDPOINT_MAIL_CATCHER_URL; that the application says it sent the mail does not mean that it did");
        return;
    };
    let signs_in = |letter: &Letter| letter.sign_in_link().is_some();
    let waited = mailbox
        .wait(
            application.context,
            sought,
            known,
            signs_in,
            application.until,
        )
        .await;
    match &waited {
        Waited::Found(letter, _) => {
            report(&waited, true, ladder, facts);
            facts.insert("authentication".into(), letter.authentication());
            judge_link(letter, application.base, ladder, facts);
        }
        Waited::Missing(_, Some(other)) => {
            if other.links().is_empty() {
                ladder.untold("arrive", "a mail arrived, and it has no link: it is not the sign-in mail, or its sendVerificationRequest leaves the url out");
            } else {
                ladder.untold("arrive", "a mail arrived whose links are none of NextAuth's: another mail, or one whose links the provider rewrites to count clicks; it was not opened and not removed");
            }
        }
        Waited::Missing(_, None) | Waited::Unreadable(_) => {
            report(&waited, mailbox.receives(known), ladder, facts);
        }
    }
}

/// Writes down that a sign-in mail that comes to the address from now on is taken out of the mailbox
/// again; other mail is left alone.
fn promise(
    mailbox: &Mailbox,
    sought: &Sought,
    known: &[String],
    asked_for: &Arc<AtomicBool>,
    context: &Context,
) -> Result<Promise, String> {
    let leftover = Leftover {
        service: mailbox.named(),
        what: format!("the application's sign-in mail {sought}"),
        removal: "delete the sign-in mail in that mailbox; nobody opened its link".into(),
        expires_after: None,
    };
    let (mailbox, sought, known) = (mailbox.clone(), sought.clone(), known.to_vec());
    let (asked_for, transport) = (asked_for.clone(), context.transport.clone());
    context.scratch.promise(leftover, async move {
        let meant = |letter: &Letter| letter.sign_in_link().is_some();
        let removed = mailbox.remove(&transport, &sought, &known, meant).await?;
        if removed == 0 && asked_for.load(Ordering::SeqCst) {
            return Err("it was asked for and has not arrived; delete it when it does".into());
        }
        Ok(())
    })
}

/// What a request for a sign-in mail carries.
struct Form {
    provider: String,
    token: String,
    cookies: String,
}

struct Application<'a> {
    base: &'a Url,
    context: &'a Context,
    until: Instant,
}

impl Application<'_> {
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}/api/auth/{path}"));
        url.set_query(None);
        url
    }

    async fn fetch(&self, mut request: Request) -> Result<Fetched, Hindrance> {
        if let Some(target) = &self.context.target
            && target.url.origin() == self.base.origin()
        {
            for (name, value) in &target.headers {
                if let (Ok(name), Ok(value)) =
                    (name.parse::<HeaderName>(), HeaderValue::from_str(value))
                {
                    request.headers_mut().insert(name, value);
                }
            }
        }
        let answer = self.context.transport.fetch(request, self.until).await;
        answer.map_err(|fault| fault.hindrance)
    }

    /// The provider, the CSRF token and its cookie. The inner error says what could not be told.
    async fn form(&self, asked: Option<&str>) -> Result<Result<Form, String>, Hindrance> {
        let providers = self
            .fetch(Request::new(Method::GET, self.url("providers")))
            .await?;
        let list = match (providers.status, providers.json()) {
            (200, Some(Value::Object(list))) => list,
            (404, _) => return Err(absent("the application has no NextAuth at /api/auth")),
            (status, _) => {
                return Ok(Err(format!(
                    "/api/auth/providers answered {status} without a list of providers"
                )));
            }
        };
        let named = asked.map_or_else(|| PROVIDERS.to_vec(), |asked| vec![asked]);
        let Some(provider) = named
            .into_iter()
            .find(|name| list.contains_key(*name))
            .map(str::to_owned)
            .or_else(|| by_type(&list).filter(|_| asked.is_none()))
        else {
            return Err(absent(
                "the application has no provider for sign-in by mail",
            ));
        };
        let csrf = self
            .fetch(Request::new(Method::GET, self.url("csrf")))
            .await?;
        let token = csrf
            .json()
            .as_ref()
            .and_then(|body| body.get("csrfToken")?.as_str().map(str::to_owned));
        let Some(token) = token.filter(|_| csrf.status == 200) else {
            return Ok(Err(format!(
                "/api/auth/csrf answered {} without a token",
                csrf.status
            )));
        };
        self.context.secrets.register("CSRF_TOKEN", &token);
        Ok(Ok(Form {
            provider,
            token,
            cookies: cookies(&csrf.headers),
        }))
    }

    /// Posts the address, as the sign-in page does.
    async fn request(&self, form: &Form, address: &str) -> Result<Fetched, Hindrance> {
        let back = self.base.to_string();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("email", address)
            .append_pair("csrfToken", &form.token)
            .append_pair("callbackUrl", &back)
            .append_pair("json", "true")
            .finish();
        let url = self.url(&format!("signin/{}", form.provider));
        let mut request = Request::new(Method::POST, url);
        let headers = request.headers_mut();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, kind);
        // Auth.js answers in JSON to those who ask for it so.
        headers.insert("x-auth-return-redirect", HeaderValue::from_static("1"));
        if let Ok(cookies) = HeaderValue::from_str(&form.cookies) {
            headers.insert(COOKIE, cookies);
        }
        *request.body_mut() = Some(body.into());
        self.fetch(request).await
    }
}

/// A provider whose type says that it sends mail.
fn by_type(list: &Facts) -> Option<String> {
    list.iter()
        .find(|(_, provider)| provider.get("type").and_then(Value::as_str) == Some("email"))
        .map(|(name, _)| name.clone())
}

/// The cookies that an answer sets, as the next request sends them.
fn cookies(headers: &HeaderMap) -> String {
    let pairs: Vec<&str> = headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next())
        .collect();
    pairs.join("; ")
}

/// Did the application say that it sent the mail? A status of 200 does not say so; its url does.
fn judge_request(
    requested: Result<Fetched, Hindrance>,
    base: &Url,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> bool {
    let answer = match requested {
        Ok(answer) => answer,
        Err(hindrance) => {
            let cause = match hindrance.kind {
                HindranceKind::Timeout => "the application did not answer in time; its mailer may be waiting for the mail server".to_owned(),
                _ => hindrance.cause,
            };
            ladder.untold("request", cause);
            return false;
        }
    };
    facts.insert("request_status".into(), answer.status.into());
    let body = answer.json();
    let url = body
        .as_ref()
        .and_then(|body| body.get("url")?.as_str())
        .or_else(|| answer.header("location"))
        .and_then(|url| base.join(url).ok());
    let error = url.as_ref().and_then(|url| {
        url.query_pairs()
            .find(|(key, _)| key == "error")
            .map(|(_, error)| error.into_owned())
    });
    facts.insert("request_error".into(), error.as_deref().map(short).into());
    match (answer.status, error.as_deref(), url) {
        (_, Some("EmailSignin" | "EmailSignInError"), _) => ladder.broke(
            "request",
            "the application says that the mail could not be sent",
            "see that the application reads the same account that the checks before this one proved, and read its log for SEND_VERIFICATION_EMAIL_ERROR",
        ),
        (_, Some("Configuration"), _) => ladder.broke(
            "request",
            "the application says that its sign-in is misconfigured: the mailer's account, the database adapter or the secret is missing",
            "sign-in by mail needs a database adapter, a server and a sender; the application's log names what is missing",
        ),
        (_, Some("AccessDenied"), _) => ladder.untold(
            "request",
            "the application does not let the address in HOLDPOINT_MAIL_TO sign in (AccessDenied); let it, or name one that may",
        ),
        (_, Some(other), _) => ladder.broke(
            "request",
            format!("the application answered with the error {}", short(other)),
            "read the application's log at the time of this run",
        ),
        (429, ..) => ladder.untold("request", "the application limits how often a mail may be asked for"),
        (501.., ..) => ladder.untold(
            "request",
            format!("what stands before the application answered {} to the request for a sign-in mail", answer.status),
        ),
        (500, ..) => ladder.broke(
            "request",
            format!("the application answered {} to the request for a sign-in mail", answer.status),
            "read the application's log at the time of this run: the mailer's account is missing or its server is not reached",
        ),
        (200 | 302 | 303 | 307, None, Some(url)) if url.path().contains("csrf") || url.query_pairs().any(|(key, _)| key == "csrf") => {
            ladder.untold("request", "the application did not accept the CSRF token");
        }
        (200 | 302 | 303 | 307, None, Some(_)) => {
            ladder.held("request");
            return true;
        }
        (status, ..) => ladder.untold("request", format!("the application answered {status} without saying where to go next")),
    }
    false
}

/// An error's word, and no more than that.
fn short(error: &str) -> String {
    error
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c))
        .take(60)
        .collect()
}

fn judge_link(letter: &Letter, base: &Url, ladder: &mut Ladder, facts: &mut Facts) {
    let Some(link) = letter.sign_in_link() else {
        return;
    };
    facts.insert("link_host".into(), link.host_str().into());
    facts.insert("link_https".into(), (link.scheme() == "https").into());
    if link.origin() == base.origin() {
        ladder.held("link");
    } else {
        ladder.broke(
            "link",
            format!(
                "the sign-in link points to {}, not to {}",
                link.origin().ascii_serialization(),
                base.origin().ascii_serialization()
            ),
            "set NEXTAUTH_URL (or AUTH_URL) of this deployment to its own address",
        );
    }
}
