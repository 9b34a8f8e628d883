//! A mail as it was received: what the receiver verified, and the links in it.

use super::Mark;
use mail_parser::{Message, MessageParser};
use serde_json::{Value, json};
use url::Url;

/// Where a mail was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe::smtp) enum Folder {
    Inbox,
    Junk,
}

impl Folder {
    pub(in crate::probe::smtp) fn word(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Junk => "junk",
        }
    }
}

/// A mail in a mailbox.
#[derive(Debug, Clone)]
pub(in crate::probe::smtp) struct Letter {
    /// What names it within its mailbox.
    pub(in crate::probe::smtp) key: String,
    pub(in crate::probe::smtp) folder: Folder,
    /// The text as it was received, headers first.
    pub(in crate::probe::smtp) raw: Vec<u8>,
}

impl Letter {
    fn parsed(&self) -> Option<Message<'_>> {
        MessageParser::default().parse(&self.raw)
    }

    /// Is it the trial mail with this mark? A bounce of it, or an answer to it, is not.
    pub(in crate::probe::smtp) fn bears(&self, mark: &Mark) -> bool {
        self.parsed().is_some_and(|message| {
            let subject = message.subject().unwrap_or_default();
            message.message_id() == Some(&mark.id)
                || subject == mark.subject
                // Gateways write words in front of it, such as [EXTERNAL].
                || (subject.contains(&mark.subject) && self.is_trial())
        })
    }

    /// Is it a trial mail of a run, which is no answer of an application?
    pub(in crate::probe::smtp) fn is_trial(&self) -> bool {
        self.parsed().is_some_and(|message| {
            message
                .headers_raw()
                .any(|(name, _)| name.eq_ignore_ascii_case("X-Holdpoint-Run"))
        })
    }

    /// The link by which somebody signs in, as NextAuth writes it: the provider's callback with a token.
    pub(in crate::probe::smtp) fn sign_in_link(&self) -> Option<Url> {
        self.links().into_iter().find(|link| {
            link.path().contains("/callback/") && link.query_pairs().any(|(key, _)| key == "token")
        })
    }

    /// The results of SPF, DKIM and DMARC that the receiver wrote down, as a fact.
    pub(in crate::probe::smtp) fn authentication(&self) -> Value {
        // The topmost header is the last one written, by the receiver itself.
        let header = self.parsed().and_then(|message| {
            message
                .headers_raw()
                .find(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"))
                .map(|(_, value)| value.to_owned())
        });
        let header = header.unwrap_or_default();
        json!({
            "spf": result(&header, "spf"),
            "dkim": result(&header, "dkim"),
            "dmarc": result(&header, "dmarc"),
        })
    }

    /// Every http and https link, in the text and in the attributes of HTML.
    pub(in crate::probe::smtp) fn links(&self) -> Vec<Url> {
        let Some(message) = self.parsed() else {
            return Vec::new();
        };
        let mut links: Vec<Url> = Vec::new();
        let bodies = (0..message.text_body_count())
            .filter_map(|at| message.body_text(at))
            .chain((0..message.html_body_count()).filter_map(|at| message.body_html(at)));
        for body in bodies {
            links.extend(addresses(&body));
        }
        links.dedup();
        links
    }
}

/// The result of one method in Authentication-Results (RFC 8601 section 2.2): `spf=pass (…) …`.
fn result(header: &str, method: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let mut words = part.split_whitespace();
        let (name, result) = words.next()?.split_once('=')?;
        let name = name.split('/').next()?;
        // The results are single words (section 2.7); what else a mail says is not repeated.
        let word = !result.is_empty() && result.len() <= 20;
        let word = word && result.bytes().all(|byte| byte.is_ascii_alphabetic());
        (name.eq_ignore_ascii_case(method) && word).then(|| result.to_ascii_lowercase())
    })
}

fn addresses(body: &str) -> Vec<Url> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("http") {
        rest = &rest[at..];
        if rest.starts_with("http://") || rest.starts_with("https://") {
            let end = rest
                .find(|c: char| c.is_whitespace() || "<>\"'`".contains(c))
                .unwrap_or(rest.len());
            let text = rest[..end].trim_end_matches(['.', ',', ')', ']', ';']);
            if let Ok(url) = Url::parse(&text.replace("&amp;", "&")) {
                found.push(url);
            }
            rest = &rest[end..];
        } else {
            rest = &rest[4..];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(text: &str) -> Letter {
        Letter {
            key: "1".into(),
            folder: Folder::Inbox,
            raw: text.replace('\n', "\r\n").into_bytes(),
        }
    }

    #[test]
    fn results_of_the_receiver_are_read() {
        let found = letter(
            "Authentication-Results: mx.receiver.test;\n dkim=pass header.i=@shop.test header.s=resend;\n \
            spf=softfail (not permitted) smtp.mailfrom=a@send.shop.test;\n dmarc=Pass (p=NONE) header.from=shop.test\n\
            Authentication-Results: forged.test; spf=pass\nMessage-ID: <a@b>\n\nText\n",
        );
        assert_eq!(
            found.authentication(),
            json!({ "spf": "softfail", "dkim": "pass", "dmarc": "pass" })
        );
        assert_eq!(
            letter("Subject: x\n\nText\n").authentication(),
            json!({ "spf": null, "dkim": null, "dmarc": null })
        );
        assert_eq!(
            letter(
                "Authentication-Results: mx.test; spf=https://app.test/callback?token=1\n\nText\n"
            )
            .authentication()["spf"],
            Value::Null
        );
        assert_eq!(
            letter("Authentication-Results: mx.test; none\n\nText\n").authentication(),
            json!({ "spf": null, "dkim": null, "dmarc": null })
        );
    }

    #[test]
    fn a_trial_mail_is_known_by_its_mark_whatever_the_provider_rewrites() {
        let mark = Mark {
            id: "holdpoint-r-1@shop.test".into(),
            subject: "holdpoint trial mail r-1".into(),
        };
        for (text, expected) in [
            (
                "Message-ID: <holdpoint-r-1@shop.test>\nSubject: x\n\n",
                true,
            ),
            // Amazon SES writes a Message-ID of its own.
            (
                "Message-ID: <0100-000@email.amazonses.com>\nSubject: holdpoint trial mail r-1\n\n",
                true,
            ),
            (
                "Subject: [EXTERNAL] holdpoint trial mail r-1\nX-Holdpoint-Run: r\n\n",
                true,
            ),
            (
                "Subject: Undeliverable: holdpoint trial mail r-1\nIn-Reply-To: <holdpoint-r-1@shop.test>\n\n",
                false,
            ),
            (
                "Message-ID: <holdpoint-r-11@shop.test>\nSubject: holdpoint trial mail r-11\n\n",
                false,
            ),
            (
                "Message-ID: <a@b>\nSubject: hello\n\nholdpoint trial mail r-1\n",
                false,
            ),
        ] {
            assert_eq!(letter(text).bears(&mark), expected, "{text}");
        }
    }

    #[test]
    fn links_are_found_in_text_and_in_html() {
        let links = |text: &str| {
            letter(text)
                .links()
                .iter()
                .map(Url::to_string)
                .collect::<Vec<_>>()
        };
        let plain = links(
            "Content-Type: text/plain\n\nSign in to app\nhttps://app.test/api/auth/callback/email?token=1&email=a%40b.test\n\n",
        );
        assert_eq!(
            plain[0],
            "https://app.test/api/auth/callback/email?token=1&email=a%40b.test"
        );
        let quoted = links(
            "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<a href=3D\"https://app.test/api/auth/=\ncallback/email?token=3D1&amp;email=3Dx\">Sign in</a>\n",
        );
        assert!(
            quoted.contains(&"https://app.test/api/auth/callback/email?token=1&email=x".to_owned()),
            "{quoted:?}"
        );
        assert_eq!(links("Subject: http\n\nhttp and https: nothing\n"), [""; 0]);
    }
}
