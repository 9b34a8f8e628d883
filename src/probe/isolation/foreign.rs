//! Cross-site request forgery: what a page of another origin can have a signed-in person's browser send.
//!
//! A browser sends GET, and POST with one of three content types, without asking first (Fetch Standard, CORS-safelisted
//! methods and headers). Everything else, PUT and DELETE too, it sends only where a preflight allows it. Whether the
//! session goes along is another question: a cookie with SameSite=Lax does not go along with a POST from another site,
//! but it does with a link, and from a sibling subdomain, which is no other site (RFC 6265bis section 5.2).

use super::ask::{Answer, Call, Caller};
use super::audit::Audit;
use super::claim::About;
use super::find;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

/// An origin of nobody, under a name that is reserved for that (RFC 2606).
const FOREIGN: &str = "https://holdpoint-foreign.example";

const JSON: &str = "application/json";
/// What the site's own front answers where it does not reach the application: such an answer is no refusal.
const UNREACHED: std::ops::RangeInclusive<u16> = 502..=504;

const TEXT: &str = "text/plain;charset=UTF-8";
const FORM: &str = "application/x-www-form-urlencoded";

/// One way to write.
struct Way {
    method: &'static str,
    /// None for what has no body.
    content_type: Option<&'static str>,
    /// For people, before "is taken".
    what: &'static str,
}

const WITHOUT_ASKING: [Way; 3] = [
    Way {
        method: "POST",
        content_type: Some(TEXT),
        what: "JSON that calls itself text/plain",
    },
    Way {
        method: "POST",
        content_type: Some(FORM),
        what: "a form",
    },
    Way {
        method: "GET",
        content_type: None,
        what: "a link with the values in its query",
    },
];

/// The page that has a request sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Own,
    Foreign,
}

const AFTER_ASKING: Way = Way {
    method: "POST",
    content_type: Some(JSON),
    what: "JSON",
};

impl Audit<'_> {
    /// Writes as A from the application's own origin, and then as a page of another would.
    pub(super) async fn foreign(&mut self) -> Result<(), String> {
        self.own_creates().await?;
        for way in &WITHOUT_ASKING {
            self.judge_write(way).await;
        }
        let both = [About::ForeignOrigin, About::OtherSites];
        match self.preflight_allows().await {
            Ok(true) => self.judge_write(&AFTER_ASKING).await,
            // Whatever the server would do with it, no browser sends it.
            Ok(false) => {
                for claim in both {
                    self.claims.of(claim).held();
                }
            }
            Err(cause) => self.claims.untold(&both, &cause),
        }
        // A session that was lost midway has every write refused.
        if let Err(cause) = self.own_creates().await {
            self.claims.untold(&both, &format!("at the end {cause}"));
        }
        Ok(())
    }

    /// The control: what the application's own page sends as A creates.
    async fn own_creates(&mut self) -> Result<(), String> {
        let by = "from its own origin";
        match self.write(&AFTER_ASKING, Page::Own, by).await? {
            (_, true) => Ok(()),
            (answer, false) => Err(format!(
                "{} as A with the application's own Origin is answered with {} and creates nothing, so refusals of others tell nothing",
                self.shown("POST"),
                answer.status
            )),
        }
    }

    async fn judge_write(&mut self, way: &Way) {
        let route = self.shown(way.method);
        let by = "as A from a foreign origin";
        let outcome = self.write(way, Page::Foreign, by).await;
        let (foreign, sites) = (About::ForeignOrigin, About::OtherSites);
        match outcome {
            Err(cause) => self.claims.untold(&[foreign, sites], &cause),
            Ok((answer, false)) if UNREACHED.contains(&answer.status) => {
                let status = answer.status;
                let cause = format!("{route} {by} is answered with {status}, which is no refusal");
                self.claims.untold(&[foreign, sites], &cause);
            }
            Ok((_, false)) => {
                self.claims.of(foreign).held();
                self.claims.of(sites).held();
            }
            Ok((answer, true)) => {
                let taken = format!("{} is taken with {}", way.what, answer.status);
                let along = goes_along(self.same_site, way.method);
                let how = format!("{taken}; {}", along.says());
                self.claims.of(foreign).broke(&route, by, &*how);
                match along {
                    Along::Yes(_) => self.claims.of(sites).broke(&route, by, how),
                    Along::No(_) => self.claims.of(sites).held(),
                    Along::Unknown => self.claims.of(sites).untold(format!("{route} {by}: {how}")),
                }
            }
        }
    }

    /// Sends one request that would create, and looks as A whether it did; what it created is removed again.
    async fn write(&mut self, way: &Way, page: Page, by: &str) -> Result<(Answer, bool), String> {
        let mark = self.next_mark();
        let body = self.body(json!(mark));
        let fields = || {
            let pairs = body.iter().map(|(key, value)| (key, plain(value)));
            Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let (path, text) = match way.content_type {
            None => (format!("{}?{}", self.place.path, fields()), None),
            Some(FORM) => (self.place.path.clone(), Some(fields())),
            Some(_) => (
                self.place.path.clone(),
                Some(Value::Object(body.clone()).to_string()),
            ),
        };
        let headers = headers(way, page, &self.home);
        let call = Call {
            method: way.method,
            path,
            shown: format!("{} {by}", self.shown(way.method)),
            body: text,
            headers,
        };
        let a = self.a.clone();
        let answer = self.ask_to_create(&a, &call).await?;
        let key = self.key().map(str::to_owned);
        let key = key.as_deref();
        // A list shows whatever was created, however the request was answered.
        let id = match self.place.lists {
            true => {
                let list = self.on_list(&a, "GET", None).await;
                let list = list.inspect_err(|_| self.made.untold(&self.place.path))?;
                if !list.is_success() {
                    self.made.untold(&self.place.path);
                    return Err(format!(
                        "{} as A is answered with {}",
                        self.shown("GET"),
                        list.status
                    ));
                }
                let json = list.json.unwrap_or_default();
                find::all_marked(&json, &mark, key).into_iter().next()
            }
            false => answer
                .json
                .as_ref()
                .filter(|_| answer.is_success())
                .and_then(|json| {
                    let marked = find::marked(json, &mark, key).and_then(|map| find::id(map, key));
                    marked.or_else(|| find::only_id(json, key))
                }),
        };
        let Some(id) = id else {
            return match !self.place.lists && answer.status < 400 {
                true => {
                    self.made.untold(&self.place.path);
                    Err(format!(
                        "{} {by} is answered with {} and no id, and no list shows whether it created anything",
                        self.shown(way.method),
                        answer.status
                    ))
                }
                false => Ok((answer, false)),
            };
        };
        self.made.note(&self.place.path, &id, None);
        let there = self.seen(&id).await?;
        let created = there.is_some_and(|map| find::carries(&Value::Object(map), &mark));
        self.clear(&id).await;
        Ok((answer, created))
    }

    /// Would a browser be allowed to send JSON from the foreign origin, with the session?
    async fn preflight_allows(&mut self) -> Result<bool, String> {
        let headers = vec![
            ("origin", FOREIGN.to_owned()),
            ("sec-fetch-site", "cross-site".to_owned()),
            ("sec-fetch-mode", "cors".to_owned()),
            ("access-control-request-method", "POST".to_owned()),
            ("access-control-request-headers", "content-type".to_owned()),
        ];
        let call = Call {
            method: "OPTIONS",
            path: self.place.path.clone(),
            shown: self.shown("OPTIONS"),
            body: None,
            headers,
        };
        // A browser asks without cookies.
        let browser = Caller {
            by: "from a foreign origin".into(),
            cookies: String::new(),
        };
        let answer = self.asking.ask(&browser, &call).await?;
        match answer.status {
            status if UNREACHED.contains(&status) => Err(format!(
                "{} from a foreign origin is answered with {status}, which is no refusal",
                self.shown("OPTIONS")
            )),
            _ => Ok(allows(&answer)),
        }
    }
}

/// What a browser adds. For a link, which takes the person to it, it names no origin (Fetch Standard, "append a request
/// `Origin` header").
fn headers(way: &Way, page: Page, home: &str) -> Vec<(&'static str, String)> {
    let (origin, site) = match page {
        Page::Own => (home, "same-origin"),
        Page::Foreign => (FOREIGN, "cross-site"),
    };
    let mut headers = vec![("sec-fetch-site", site)];
    if way.method == "GET" {
        headers.extend([
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ]);
    } else {
        headers.push(("origin", origin));
    }
    headers.extend(way.content_type.map(|kind| ("content-type", kind)));
    let owned = headers.into_iter();
    owned
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

/// Does the answer to a preflight let the foreign origin send JSON with credentials? With them a star stands for
/// itself only (Fetch Standard, CORS-preflight fetch).
fn allows(answer: &Answer) -> bool {
    let header = |name: &str| {
        let value = answer
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().trim().to_owned()
    };
    let lists = |name: &str, wanted: &str| {
        let list = header(name);
        list.split(',')
            .any(|one| one.trim().eq_ignore_ascii_case(wanted))
    };
    answer.is_success()
        && header("access-control-allow-origin") == FOREIGN
        && header("access-control-allow-credentials") == "true"
        && lists("access-control-allow-headers", "content-type")
}

/// A value as forms send it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Does the session's cookie go along with a request from another site?
#[derive(Debug, PartialEq)]
enum Along {
    Yes(&'static str),
    No(&'static str),
    Unknown,
}

impl Along {
    fn says(&self) -> &'static str {
        match self {
            Self::Yes(why) | Self::No(why) => why,
            Self::Unknown => {
                "whether browsers send the session along is not known, as its cookie's SameSite was not seen"
            }
        }
    }
}

fn goes_along(same_site: Option<&str>, method: &str) -> Along {
    match (same_site, method) {
        (Some("none"), _) => {
            Along::Yes("the session goes along from every site, as its cookie says SameSite=None")
        }
        (Some("unset"), "GET") => Along::Yes(
            "the session goes along with a link from every site, as its cookie has no SameSite",
        ),
        (Some("unset"), _) => Along::Yes(
            "the session's cookie has no SameSite: some browsers send it along from every site, and those that take that for Lax \
             do so for two minutes after it is set",
        ),
        (Some("lax"), "GET") => {
            Along::Yes("the session goes along with a link from every site, also with SameSite=Lax")
        }
        (Some("lax"), _) => Along::No(
            "SameSite=Lax alone keeps the session from going along from other sites; from a sibling subdomain it goes along",
        ),
        (Some("strict"), _) => Along::No(
            "SameSite=Strict alone keeps the session from going along from other sites; from a sibling subdomain it goes along",
        ),
        _ => Along::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    #[test]
    fn what_goes_along_depends_on_cookie_and_method() {
        for (same_site, method, goes) in [
            (Some("none"), "POST", Some(true)),
            (Some("unset"), "POST", Some(true)),
            (Some("lax"), "POST", Some(false)),
            (Some("lax"), "GET", Some(true)),
            (Some("strict"), "GET", Some(false)),
            (Some("strict"), "POST", Some(false)),
            (None, "POST", None),
        ] {
            let found = match goes_along(same_site, method) {
                Along::Yes(_) => Some(true),
                Along::No(_) => Some(false),
                Along::Unknown => None,
            };
            assert_eq!(found, goes, "{same_site:?} {method}");
        }
    }

    #[test]
    fn a_link_names_no_origin() {
        let home = "https://app.example";
        let names = |way, page| {
            let headers = headers(way, page, home);
            move |name: &str| {
                headers
                    .iter()
                    .find(|(it, _)| *it == name)
                    .map(|(_, value)| value.clone())
            }
        };
        let link = names(&WITHOUT_ASKING[2], Page::Foreign);
        assert_eq!(link("origin"), None);
        assert_eq!(link("sec-fetch-site").as_deref(), Some("cross-site"));
        assert_eq!(link("sec-fetch-mode").as_deref(), Some("navigate"));
        let form = names(&WITHOUT_ASKING[1], Page::Foreign);
        assert_eq!(form("origin").as_deref(), Some(FOREIGN));
        let own = names(&AFTER_ASKING, Page::Own);
        assert_eq!(own("origin").as_deref(), Some(home));
    }

    #[test]
    fn a_preflight_allows_only_with_credentials_and_by_name() {
        let answer = |status, headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            Answer {
                status,
                text: String::new(),
                json: None,
                content_type: String::new(),
                nosniff: false,
                headers: map,
            }
        };
        let origin = ("access-control-allow-origin", FOREIGN);
        let credentials = ("access-control-allow-credentials", "true");
        let types = ("access-control-allow-headers", "X-A, Content-Type");
        assert!(allows(&answer(204, &[origin, credentials, types])));
        for (status, headers) in [
            (403, vec![origin, credentials, types]),
            (204, vec![origin, types]),
            (204, vec![origin, credentials]),
            (
                204,
                vec![("access-control-allow-origin", "*"), credentials, types],
            ),
            (
                204,
                vec![origin, credentials, ("access-control-allow-headers", "*")],
            ),
            (200, vec![]),
        ] {
            assert!(!allows(&answer(status, &headers)), "{status} {headers:?}");
        }
    }
}
