//! An application that signs in by mail as NextAuth does, and its ways of going wrong.

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use holdpoint::sandbox::smtp::MailServer;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// What the application does with a request for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Sends a link to itself.
    Right,
    /// The same with the provider's name of Auth.js 5.
    RightInFive,
    /// Cannot send, and says so in the url of an answer with status 200.
    CannotSend,
    /// Throws: 500.
    Throws,
    /// Lets the address not sign in.
    Denies,
    /// Is not reached by the proxy before it: 502.
    Unreached,
    /// Says that it sent, and sends nothing.
    Forgets,
    /// Sends a link to a developer's machine.
    LinksElsewhere,
    /// Has other providers only.
    NoMail,
}

/// A running application.
pub(crate) struct NextAuth {
    pub(crate) url: String,
    task: tokio::task::JoinHandle<()>,
}

struct Application {
    conduct: Conduct,
    url: String,
    mailer: AsyncSmtpTransport<Tokio1Executor>,
}

const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

impl NextAuth {
    /// Starts it; its mail goes by `server`.
    pub(crate) async fn start(conduct: Conduct, server: &MailServer) -> Self {
        let login = (server.user(), server.password());
        let port = server.address().port();
        Self::start_with(conduct, port, login, server.authority_pem()).await
    }

    /// The same by any server on this machine that wants STARTTLS.
    pub(crate) async fn start_with(
        conduct: Conduct,
        port: u16,
        (user, password): (&str, &str),
        authority: &str,
    ) -> Self {
        let pem = authority.as_bytes();
        let tls = TlsParameters::builder("127.0.0.1".into())
            .add_root_certificate(Certificate::from_pem(pem).expect("a certificate"))
            .build_rustls()
            .expect("settings of TLS");
        let login = Credentials::new(user.into(), password.into());
        let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(port)
            .tls(Tls::Required(tls))
            .credentials(login)
            .build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let url = format!("http://{address}");
        let application = Arc::new(Application {
            conduct,
            url: url.clone(),
            mailer,
        });
        let site = Router::new()
            .route("/api/auth/providers", get(providers))
            .route("/api/auth/csrf", get(csrf))
            .route("/api/auth/signin/{provider}", post(sign_in))
            .with_state(application);
        let task = tokio::spawn(async move {
            let _ended = axum::serve(listener, site).await;
        });
        Self { url, task }
    }
}

impl Drop for NextAuth {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn providers(State(application): State<Arc<Application>>) -> Json<Value> {
    let google = json!({ "id": "google", "type": "oauth" });
    let mail = |id: &str| json!({ "id": id, "type": "email" });
    Json(match application.conduct {
        Conduct::NoMail => json!({ "google": google }),
        Conduct::RightInFive => json!({ "google": google, "nodemailer": mail("nodemailer") }),
        _ => json!({ "google": google, "email": mail("email") }),
    })
}

async fn csrf() -> Response {
    let cookie = format!("next-auth.csrf-token={TOKEN}%7Cdigest; Path=/; HttpOnly; SameSite=Lax");
    (
        [("set-cookie", cookie)],
        Json(json!({ "csrfToken": TOKEN })),
    )
        .into_response()
}

async fn sign_in(
    State(application): State<Arc<Application>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let url = &application.url;
    let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
    let known = cookie.is_some_and(|cookie| cookie.contains(&format!("csrf-token={TOKEN}")));
    if !known || form.get("csrfToken").map(String::as_str) != Some(TOKEN) {
        let back = format!("{url}/api/auth/signin?csrf=true");
        return Json(json!({ "url": back })).into_response();
    }
    let address = form.get("email").cloned().unwrap_or_default();
    let host = match application.conduct {
        Conduct::Throws => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Conduct::Unreached => return StatusCode::BAD_GATEWAY.into_response(),
        Conduct::Denies => {
            let back = format!("{url}/api/auth/error?error=AccessDenied");
            return Json(json!({ "url": back })).into_response();
        }
        Conduct::CannotSend => {
            let back = format!("{url}/auth/signin?error=EmailSignin");
            return Json(json!({ "url": back })).into_response();
        }
        Conduct::LinksElsewhere => "http://localhost:3000",
        _ => url,
    };
    if application.conduct != Conduct::Forgets {
        let link = format!(
            "{host}/api/auth/callback/{provider}?token=abcdef0123&email=probe%40inbox.test"
        );
        let message = Message::builder()
            .from("Sandbox <app@sandbox.test>".parse().expect("an address"))
            .to(address.parse().expect("an address"))
            .subject("Sign in")
            .message_id(None)
            .body(format!("Sign in\r\n{link}\r\n\r\n"))
            .expect("a message");
        application
            .mailer
            .send(message)
            .await
            .expect("a mail server that takes it");
    }
    let next = format!("{url}/api/auth/verify-request?provider={provider}&type=email");
    Json(json!({ "url": next })).into_response()
}
