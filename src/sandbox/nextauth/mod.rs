//! An application that does nothing but sign people in, with NextAuth 4 or Auth.js 5, rightly or with one fault.

mod library;
mod mail;
mod sign_in;

pub(super) use library::{Library, router};
pub(super) use mail::Mailer;
pub(super) use sign_in::{ByMail, Google};

use super::oidc::Provider;
use super::{keys, serve};
use crate::probe::nextauth_library::jwe::Edition;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::collections::HashSet;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// 30 days in seconds, the default of both versions.
pub(super) const MONTH: i64 = 30 * 24 * 3600;

/// Which library it pretends to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAuthVersion {
    /// NextAuth 4.
    Four,
    /// Auth.js 5.
    Five,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Tokens are taken without verifying that nobody altered them.
    AcceptsAltered,
    /// Tokens are taken after their end.
    AcceptsExpired,
    /// Each session is accepted once.
    AcceptsOnce,
    /// Requests without a cookie are answered with somebody's session, as by a cache.
    AnswersStrangers,
    /// Sessions are answered with those of somebody else.
    AnswersSomebodyElse,
    /// A sign-in writes sessions that are not found again.
    LosesSessions,
    /// Sessions are numbers of records in a database. No fault, but no session can be minted.
    KeepsSessionsInDatabase,
    /// Forms are taken without their CSRF token.
    NeedsNoCsrf,
    /// Forms are taken with any token.
    TakesAnyCsrf,
    /// The token of a form is compared with its cookie, and nobody looks who signed that.
    TakesUnsignedCsrf,
    /// Signing out leaves the cookie.
    KeepsCookieOnSignOut,
    /// The host that a client names becomes that of callback addresses.
    TrustsForeignHost,
    /// An address of another site is kept as the place to go after sign-in.
    KeepsForeignCallback,
    /// The secret stands in tutorials.
    SignsWithSampleSecret,
    /// Two instances with different secrets answer in turn.
    HasTwoSecrets,
    /// Caches may keep every answer.
    AllowsCaching,
    /// What comes back from the provider is believed whatever its state. Auth.js 5 only: NextAuth 4 shows no difference.
    IgnoresState,
    /// All guests are one user.
    SharesGuests,
    /// Cookies go along with requests from every site.
    SendsCookiesEverywhere,
    /// No fault, but there is a provider `account` that asks for an address and a password.
    AsksForAccounts,
    /// The same; an address without an account is answered with another status.
    TellsAccountsByStatus,
    /// The same, with another error in the address that it leads to.
    TellsAccountsByAddress,
    /// The same, with another message.
    TellsAccountsByBody,
    /// The same; a password is hashed only where there is an account.
    TellsAccountsByTime,
    /// The same; a limit answers after a few.
    LimitsAccounts,
    /// Scripts can read the session.
    OpensCookiesToScripts,
    /// Every endpoint says that the configuration is wrong.
    Misconfigured,
    /// Requests are never answered.
    Hangs,
    /// Requests that carry a session are never answered.
    HangsOnSessions,
    /// Every request is answered with status 500 and a page.
    Breaks,
    /// Every request is answered with a page, as by deployment protection or a captive portal.
    AnswersPages,
    /// Too many requests.
    Limits,
    /// Nothing is there.
    Missing,
}

impl Fault {
    /// Has the application a provider that asks for an account?
    pub(super) fn asks_for_account(self) -> bool {
        matches!(
            self,
            Self::AsksForAccounts
                | Self::TellsAccountsByStatus
                | Self::TellsAccountsByAddress
                | Self::TellsAccountsByBody
                | Self::TellsAccountsByTime
                | Self::LimitsAccounts
        )
    }
}

/// The application, on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct NextAuthDouble {
    version: NextAuthVersion,
    url: String,
    secret: String,
    google: Arc<OnceLock<Google>>,
    _stop: watch::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl NextAuthDouble {
    /// Starts it on a free port, over plain HTTP. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes for the secret.
    pub async fn start(version: NextAuthVersion, fault: Option<Fault>) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", socket.local_addr()?);
        let secret = match fault {
            Some(Fault::SignsWithSampleSecret) => "changeme".to_owned(),
            _ => keys::text::<32>()?,
        };
        let google: Arc<OnceLock<Google>> = Arc::default();
        let library = Library {
            edition: match version {
                NextAuthVersion::Four => Edition::Four,
                NextAuthVersion::Five => Edition::Five,
            },
            secret: secret.clone(),
            base_url: url.clone(),
            secure: false,
            life: MONTH,
            password: None,
            fault,
            database: Mutex::new(HashSet::new()),
            remembers: false,
            ended: Mutex::default(),
            answered: AtomicUsize::new(0),
            google: Arc::clone(&google),
            by_mail: None,
        };
        let (stop, _) = watch::channel(());
        let mut site = router(Arc::new(library));
        if fault.is_some_and(Fault::asks_for_account) {
            site = site.route("/api/auth/signin", get(sign_in::page));
        }
        let site = site.layer(middleware::from_fn_with_state(fault, surround));
        let server = serve(socket, site, &stop);
        Ok(Self {
            version,
            url,
            secret,
            google,
            _stop: stop,
            server,
        })
    }

    /// Sends sign-ins with Google to this provider from now on, as this client. What was set first stays.
    pub fn sign_in_at(&self, provider: &Provider, client_id: &str) {
        self.google.get_or_init(|| Google {
            authorization_endpoint: provider.authorization_endpoint(),
            client_id: client_id.to_owned(),
        });
    }

    /// Where it answers, without a trailing slash.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What an application sets that uses it: the secret and its own address.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let (secret, url) = match self.version {
            NextAuthVersion::Four => ("NEXTAUTH_SECRET", "NEXTAUTH_URL"),
            NextAuthVersion::Five => ("AUTH_SECRET", "AUTH_URL"),
        };
        vec![(secret, self.secret.clone()), (url, self.url.clone())]
    }
}

impl Drop for NextAuthDouble {
    fn drop(&mut self) {
        // Answers that never come must not hold up the end.
        self.server.abort();
    }
}

/// Answers in place of the library where the fault is the whole server's.
pub(super) async fn surround(
    State(fault): State<Option<Fault>>,
    request: Request,
    next: Next,
) -> Response {
    let carries_session = request
        .headers()
        .get("cookie")
        .and_then(|line| line.to_str().ok())
        .is_some_and(|line| line.contains("session-token"));
    match fault {
        Some(Fault::HangsOnSessions) if carries_session => std::future::pending().await,
        Some(Fault::Hangs) => std::future::pending().await,
        Some(Fault::Misconfigured) => library::misconfigured(),
        Some(Fault::Breaks) => {
            let page = Html("<h1>Internal Server Error</h1>");
            (StatusCode::INTERNAL_SERVER_ERROR, page).into_response()
        }
        Some(Fault::AnswersPages) => Html("<h1>Authentication required</h1>").into_response(),
        Some(Fault::Limits) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Some(Fault::Missing) => StatusCode::NOT_FOUND.into_response(),
        _ => next.run(request).await,
    }
}
