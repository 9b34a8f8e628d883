//! The library's forms for other probes: which providers there are, and the token that every form needs.

use super::climb::{csrf_pair, line};
use super::site::Site;
use crate::probe::transport::{Fault, Fetched};
use std::time::Instant;

/// Forms of one browser.
pub(in crate::probe) struct Forms {
    /// Where they are sent.
    pub(in crate::probe) site: Site,
    /// Each provider's id and kind: credentials, email, oauth …
    pub(in crate::probe) providers: Vec<(String, String)>,
    cookie: String,
    token: String,
}

impl Forms {
    /// Asks for the providers and for a token; none where nothing lists them or no token comes.
    ///
    /// # Errors
    /// There was no answer.
    pub(in crate::probe) async fn of(site: Site, until: Instant) -> Result<Option<Self>, Fault> {
        let listed = site.get("providers", "", &[], until).await?;
        let providers: Option<Vec<_>> = listed.json.as_ref().and_then(|json| {
            let each = json.as_object()?.iter();
            each.map(|(id, one)| Some((id.clone(), one["type"].as_str()?.to_owned())))
                .collect()
        });
        let answer = site.get("csrf", "", &[], until).await?;
        let (Some(providers), Some((cookie, pair))) = (providers, csrf_pair(&answer)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            site,
            providers,
            cookie: line([(&*cookie.name, &*cookie.value)]),
            token: pair.token,
        }))
    }

    /// Sends a form with its token.
    ///
    /// # Errors
    /// There was no answer.
    pub(in crate::probe) async fn send(
        &self,
        endpoint: &str,
        fields: &[(&str, &str)],
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let token = [("csrfToken", self.token.as_str())];
        let fields = [&token, fields].concat();
        self.site
            .submit(endpoint, &self.cookie, &fields, until)
            .await
    }
}
