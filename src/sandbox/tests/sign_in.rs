//! Sign-in with Google and by mail, and the routes behind it, as a browser meets them.

use super::{Sandbox, Variant, client, cookies, get, text};
use mail_parser::MessageParser;
use reqwest::{Client, Response};
use std::collections::BTreeMap;
use url::Url;

/// A browser with its cookies.
struct Browser<'s> {
    client: Client,
    sandbox: &'s Sandbox,
    jar: BTreeMap<String, String>,
}

impl<'s> Browser<'s> {
    fn at(sandbox: &'s Sandbox) -> Self {
        Self {
            client: client(sandbox),
            sandbox,
            jar: BTreeMap::new(),
        }
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in cookies(answer) {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.jar.insert(name.into(), value.into());
        }
    }

    fn cookies(&self) -> String {
        let pairs = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    async fn visit(&mut self, address: String) -> Response {
        let asked = self.client.get(address).header("cookie", self.cookies());
        let answer = asked.send().await.unwrap();
        self.keep(&answer);
        answer
    }

    /// Posts a form of the application's own.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let form = self
            .visit(self.sandbox.https_url() + "/api/auth/csrf")
            .await;
        let body: serde_json::Value = serde_json::from_str(&form.text().await.unwrap()).unwrap();
        let token = body["csrfToken"].as_str().unwrap();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("csrfToken", token)
            .finish();
        let asked = self.client.post(self.sandbox.https_url() + path);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded");
        let asked = asked.header("cookie", self.cookies()).body(body);
        let answer = asked.send().await.unwrap();
        self.keep(&answer);
        answer
    }
}

fn location(answer: &Response) -> &str {
    text(answer.headers(), "location").unwrap()
}

#[tokio::test]
async fn a_link_in_a_mail_signs_in_once() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let mail = &sandbox.services().mail;
    let client = client(&sandbox);
    let forged = client
        .post(sandbox.https_url() + "/api/auth/signin/email")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=ann@inbox.test");
    assert!(location(&forged.send().await.unwrap()).contains("csrf=true"));
    assert!(mail.mails().is_empty());

    let mut browser = Browser::at(&sandbox);
    let fields = [("email", "ann@inbox.test"), ("callbackUrl", "/tasks")];
    let answer = browser.post("/api/auth/signin/email", &fields).await;
    assert!(location(&answer).starts_with("/api/auth/verify-request"));
    let page = sandbox.https_url() + location(&answer);
    assert_eq!(get(&client, page).await.status(), 200);
    let [mail] = &mail.mails()[..] else {
        panic!("one mail is sent");
    };
    assert_eq!(mail.to, ["ann@inbox.test"]);
    let parsed = MessageParser::default().parse(mail.raw.as_bytes()).unwrap();
    let text = parsed.body_text(0).unwrap();
    let link = text.lines().find(|line| line.contains("token=")).unwrap();
    assert!(link.starts_with(&(sandbox.https_url() + "/api/auth/callback/email?")));

    let answer = browser.visit(link.into()).await;
    assert_eq!(location(&answer), sandbox.https_url() + "/tasks");
    let tasks = browser.visit(sandbox.https_url() + "/api/tasks").await;
    assert_eq!(tasks.status(), 200);
    let again = get(&client, link.into()).await;
    assert!(location(&again).ends_with("error=Verification"));
    assert!(cookies(&again).is_empty());
}

#[tokio::test]
async fn google_is_asked_with_a_state_and_a_challenge() {
    for (variant, prefix) in [(Variant::AsFound, ""), (Variant::Mended, "__Secure-")] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let mut browser = Browser::at(&sandbox);
        let answer = browser.post("/api/auth/signin/google", &[]).await;
        let to = Url::parse(location(&answer)).unwrap();
        let sent: BTreeMap<_, _> = to.query_pairs().into_owned().collect();
        assert_eq!(
            to.origin().ascii_serialization(),
            sandbox.services().provider.issuer()
        );
        assert_eq!(
            sent["redirect_uri"],
            sandbox.https_url() + "/api/auth/callback/google"
        );
        assert_eq!(sent["code_challenge_method"], "S256");
        assert!(sent["state"].len() > 40 && sent["code_challenge"].len() == 43);
        for purpose in ["state", "pkce.code_verifier"] {
            assert!(
                browser
                    .jar
                    .contains_key(&format!("{prefix}next-auth.{purpose}"))
            );
        }
        let back = sandbox.https_url() + "/api/auth/callback/google?code=c&state=another";
        let answer = browser.visit(back).await;
        assert!(location(&answer).ends_with("error=OAuthCallback"));
        assert!(cookies(&answer).is_empty());
    }
}

#[tokio::test]
async fn routes_are_for_those_who_are_signed_in() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let mut browser = Browser::at(&sandbox);
    let ask = async |browser: &Browser<'_>, path: &str, body: &'static str| {
        let asked = browser.client.post(sandbox.https_url() + path);
        let asked = asked.header("content-type", "application/json").body(body);
        let asked = asked.header("cookie", browser.cookies());
        asked.send().await.unwrap().status().as_u16()
    };
    let subscription = r#"{"endpoint":"https://push.test/1"}"#;
    assert_eq!(
        ask(&browser, "/api/push/subscribe", subscription).await,
        401
    );
    assert_eq!(ask(&browser, "/api/ai/suggest", "").await, 401);
    browser.post("/api/auth/callback/guest", &[]).await;
    assert_eq!(
        ask(&browser, "/api/push/subscribe", subscription).await,
        201
    );
    assert_eq!(ask(&browser, "/api/push/subscribe", "no JSON").await, 400);
    assert_eq!(ask(&browser, "/api/ai/suggest", "").await, 200);

    let summary = |shown: String| {
        let asked = browser
            .client
            .get(sandbox.https_url() + "/api/cron/summary");
        asked.header("authorization", shown).send()
    };
    let refused = summary("Bearer undefined".into()).await.unwrap();
    assert_eq!(refused.status(), 401);
    let right = format!("Bearer {}", sandbox.keys.cron_secret);
    assert_eq!(summary(right).await.unwrap().status(), 200);
}
