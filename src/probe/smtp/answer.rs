//! What a mail server's answer means: held, broken for a known cause, or not to be told.

use crate::probe::transport::smtp::number;
use lettre::transport::smtp::response::Response;

/// An answer in numbers, which is all of it that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// The three digits (RFC 5321 section 4.2).
    pub(super) code: u16,
    /// The enhanced code (RFC 3463), such as 5.7.8, where one is sent.
    pub(super) enhanced: Option<(u16, u16, u16)>,
}

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Held,
    Broke { cause: String, remedy: &'static str },
    Untold(String),
}

fn broke(cause: String, remedy: &'static str) -> Meaning {
    Meaning::Broke { cause, remedy }
}

impl Answer {
    pub(super) fn of(response: &Response) -> Self {
        let code = number(response);
        let enhanced = response.first_word().and_then(|word| {
            let mut numbers = word.split('.').map(str::parse);
            let three = (
                numbers.next()?.ok()?,
                numbers.next()?.ok()?,
                numbers.next()?.ok()?,
            );
            numbers.next().is_none().then_some(three)
        });
        Self { code, enhanced }
    }

    /// The codes as a person reads them: `535 5.7.8`.
    pub(super) fn codes(&self) -> String {
        match self.enhanced {
            Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail}", self.code),
            None => self.code.to_string(),
        }
    }

    /// The enhanced code as a fact.
    pub(super) fn enhanced_text(&self) -> Option<String> {
        self.enhanced
            .map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"))
    }

    /// The server asks to come back, or closes: nothing is proven.
    fn passing(&self) -> bool {
        (400..500).contains(&self.code)
    }
}

/// What the answer to a login means (RFC 4954 sections 4 and 6).
pub(super) fn login(answer: Answer, host: &str, user: &str) -> Meaning {
    let codes = answer.codes();
    match answer.code {
        235 => Meaning::Held,
        535 if answer.enhanced == Some((5, 7, 139)) => broke(
            format!(
                "the account may not log in with a password: SMTP AUTH is switched off ({codes})"
            ),
            "have the administrator of Microsoft 365 allow Authenticated SMTP for this mailbox, or send by another provider",
        ),
        534 if answer.enhanced == Some((5, 7, 9)) => broke(
            format!(
                "the server wants a password made for applications, not the account's own ({codes})"
            ),
            "make an app password in the account's security settings and put it in place of the password",
        ),
        535 | 534 => broke(
            format!("the server refuses the user name or password ({codes})"),
            login_remedy(host, user),
        ),
        530 | 538 => broke(
            format!(
                "the server accepts no login over this connection, it wants TLS first ({codes})"
            ),
            "use smtps:// with port 465, or port 587 with STARTTLS",
        ),
        525 => broke(
            format!("the account is disabled ({codes})"),
            "ask the provider why the account is disabled",
        ),
        code if (400..500).contains(&code) => Meaning::Untold(format!(
            "the server could not verify the login just now ({codes}); whether the password is right cannot be told"
        )),
        _ => Meaning::Untold(format!(
            "the server answered the login with {codes}, which tells neither right nor wrong"
        )),
    }
}

/// The login itself, by provider, because two of them want a fixed user name.
fn login_remedy(host: &str, user: &str) -> &'static str {
    let at = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if at("resend.com") && user != "resend" {
        "with Resend the user name is the word resend, and the password is the API key"
    } else if at("resend.com") {
        "make a new API key with sending access at https://resend.com/api-keys and put it in as the password"
    } else if at("sendgrid.net") && user != "apikey" {
        "with SendGrid the user name is the word apikey, and the password is the API key"
    } else if at("amazonaws.com") {
        "use SMTP credentials made in the SES console; the keys of an IAM user do not work, and each region has its own"
    } else if at("gmail.com") || at("googlemail.com") {
        "make an app password at https://myaccount.google.com/apppasswords; the account's own password does not work"
    } else {
        "copy user name and password from the provider again, percent-encode both in an address, and escape $ in the environment file"
    }
}

/// What the answer to MAIL FROM means.
pub(super) fn sender(answer: Answer, response: &str, domain: &str) -> Meaning {
    let codes = answer.codes();
    match answer.code {
        250..=252 => Meaning::Held,
        530 => broke(
            format!("the server wants a login before it takes mail ({codes})"),
            "put user name and password into the account's variables",
        ),
        552 | 452 => Meaning::Untold(format!("the server takes no mail just now ({codes})")),
        500..=504 => Meaning::Untold(format!(
            "the server did not understand the sender ({codes})"
        )),
        _ if answer.passing() => Meaning::Untold(format!(
            "the server put the sender off ({codes}); whether it may send cannot be told"
        )),
        _ if blocklisted(response) => Meaning::Untold(listed(&codes)),
        _ => refused_sender(&codes, response, domain),
    }
}

/// Does the server refuse this machine, which is not the application's?
fn blocklisted(response: &str) -> bool {
    let said = response.to_ascii_lowercase();
    let words = [
        "client host",
        "spamhaus",
        "blocklist",
        "blacklist",
        "dnsbl",
        "rbl",
    ];
    words.iter().any(|word| said.contains(word))
}

fn listed(codes: &str) -> String {
    format!(
        "the server takes no mail from the address of this machine ({codes}); the application's host may fare otherwise"
    )
}

fn refused_sender(codes: &str, response: &str, domain: &str) -> Meaning {
    let said = response.to_ascii_lowercase();
    if said.contains("testing emails") || said.contains("your own email") {
        return broke(
            format!(
                "the provider sends from a shared sender to the account's owner only ({codes})"
            ),
            "verify a domain of your own at the provider and use an address of it as EMAIL_FROM",
        );
    }
    // Amazon SES names the addresses that it does not know.
    if said.contains("failed the check") && !said.contains(domain) {
        return broke(
            format!("the provider sends to addresses that are verified there only ({codes})"),
            "have the account taken out of the sandbox: SES console, account dashboard, request production access",
        );
    }
    broke(
        format!(
            "the server refuses mail from {domain}: the sender is not verified there ({codes})"
        ),
        "verify the domain of EMAIL_FROM at the provider, or use an address of a domain that is",
    )
}

/// What the answer to RCPT TO means.
pub(super) fn recipient(answer: Answer, response: &str) -> Meaning {
    let codes = answer.codes();
    let said = response.to_ascii_lowercase();
    let relays = ["relay", "rcpthosts", "authenticat", "log in", "login"]
        .iter()
        .any(|word| said.contains(word));
    match (answer.code, answer.enhanced) {
        (250..=252, _) => Meaning::Held,
        // The mailbox or its domain: a fault of the probe address.
        (500..600, Some((5, 1 | 2 | 4, _))) => Meaning::Untold(format!(
            "the server does not know the address in HOLDPOINT_MAIL_TO ({codes})"
        )),
        (500..=504, _) => Meaning::Untold(format!(
            "the server did not understand the recipient ({codes})"
        )),
        (550..600, _) if blocklisted(response) => Meaning::Untold(listed(&codes)),
        // Without more than 550 it may be the mailbox that is not there.
        (550..600, None) if !relays => Meaning::Untold(format!(
            "the server refuses the address in HOLDPOINT_MAIL_TO and does not say why ({codes})"
        )),
        (530 | 550..600, _) => broke(
            format!("the server does not take mail of this account for other domains ({codes})"),
            "log in with an account that may send, and see that the provider allows sending to others than its owner",
        ),
        _ => Meaning::Untold(format!("the server put the recipient off ({codes})")),
    }
}

/// What the answer to the text of the message means.
pub(super) fn accepted(answer: Answer, response: &str, domain: &str) -> Meaning {
    let codes = answer.codes();
    match answer.code {
        250 => Meaning::Held,
        550 | 553 | 554
            if answer
                .enhanced
                .is_none_or(|code| code.0 == 5 && code.1 != 6) =>
        {
            let said = response.to_ascii_lowercase();
            if ["spam", "content", "blocked"]
                .iter()
                .any(|word| said.contains(word))
            {
                broke(
                    format!(
                        "the server refuses the message for its content or its sender's reputation ({codes})"
                    ),
                    "ask the provider why mail of this domain is blocked",
                )
            } else {
                refused_sender(&codes, response, domain)
            }
        }
        552 => Meaning::Untold(format!(
            "a limit of the account or the mailbox is reached ({codes})"
        )),
        _ if answer.passing() => {
            Meaning::Untold(format!("the server put the message off ({codes})"))
        }
        _ => Meaning::Untold(format!("the server answered the message with {codes}")),
    }
}

/// The name under which the server queued the message, where it says one.
pub(super) fn queue_id(response: &str) -> Option<String> {
    let words: Vec<&str> = response.split_whitespace().collect();
    let after = |marker: &str| {
        let at = words
            .iter()
            .position(|word| word.trim_end_matches(':').eq_ignore_ascii_case(marker))?;
        words.get(at + 1).copied()
    };
    let id = after("as")
        .or_else(|| after("queued"))
        .or_else(|| after("ok"))?;
    let id = id.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (id.len() >= 4 && id.len() <= 80 && id.bytes().any(|byte| byte.is_ascii_digit()))
        .then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer::of(&format!("{text}\r\n").parse().unwrap())
    }

    fn word(meaning: Meaning) -> &'static str {
        match meaning {
            Meaning::Held => "held",
            Meaning::Broke { cause, remedy } => {
                assert!(!cause.is_empty() && !remedy.is_empty());
                "broke"
            }
            Meaning::Untold(_) => "untold",
        }
    }

    #[test]
    fn codes_are_read() {
        let code = answer("535 5.7.8 Username and Password not accepted");
        assert_eq!(
            (code.codes(), code.enhanced),
            ("535 5.7.8".into(), Some((5, 7, 8)))
        );
        assert_eq!(answer("250 OK").enhanced, None);
        assert_eq!(answer("220 1.2.3.4 ESMTP").enhanced, None);
    }

    #[test]
    fn logins_are_told_apart() {
        for (text, expected) in [
            ("235 2.7.0 Accepted", "held"),
            ("535 5.7.8 Username and Password not accepted", "broke"),
            ("534 5.7.9 Application-specific password required", "broke"),
            ("530 Must issue a STARTTLS command first", "broke"),
            ("454 4.7.0 Temporary authentication failure", "untold"),
            ("421 too many connections", "untold"),
            ("503 bad sequence", "untold"),
        ] {
            assert_eq!(
                word(login(answer(text), "mail.test", "u")),
                expected,
                "{text}"
            );
        }
        let remedy = |host, user| match login(answer("535 no"), host, user) {
            Meaning::Broke { remedy, .. } => remedy,
            other => panic!("{other:?}"),
        };
        assert!(remedy("smtp.resend.com", "me@x").contains("the word resend"));
        assert!(remedy("smtp.resend.com", "resend").contains("API key"));
        assert!(remedy("smtp.sendgrid.net", "me").contains("apikey"));
        assert!(remedy("notresend.com", "me").contains("percent-encode"));
    }

    #[test]
    fn refusals_are_told_from_delays() {
        for (text, expected) in [
            ("250 2.1.0 Ok", "held"),
            ("550 5.7.1 not verified", "broke"),
            ("553 sender rejected", "broke"),
            ("554 5.7.1 denied", "broke"),
            ("451 4.3.0 try later", "untold"),
            ("421 closing", "untold"),
            ("501 syntax", "untold"),
            (
                "554 5.7.1 Client host rejected: listed at dnsbl.test",
                "untold",
            ),
        ] {
            assert_eq!(
                word(sender(answer(text), text, "shop.test")),
                expected,
                "{text}"
            );
        }
        for (text, expected) in [
            ("250 ok", "held"),
            ("550 5.1.1 no such user", "untold"),
            ("550 No such user here", "untold"),
            ("550 5.7.1 relaying denied", "broke"),
            (
                "553 sorry, that domain isn't in my list of allowed rcpthosts",
                "broke",
            ),
            (
                "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org",
                "untold",
            ),
            ("530 5.7.0 Authentication required", "broke"),
            ("450 4.2.0 greylisted", "untold"),
        ] {
            assert_eq!(word(recipient(answer(text), text)), expected, "{text}");
        }
        for (text, expected) in [
            ("250 2.0.0 Ok: queued as 4X", "held"),
            ("550 The shop.test domain is not verified", "broke"),
            ("554 5.7.1 spam detected", "broke"),
            ("552 5.3.4 too big", "untold"),
            ("451 4.7.1 greylisted", "untold"),
        ] {
            assert_eq!(
                word(accepted(answer(text), text, "shop.test")),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_party_that_is_not_verified_is_named() {
        let refused = |address: &str| {
            let text = format!(
                "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: {address}"
            );
            match accepted(answer(&text), &text, "shop.test") {
                Meaning::Broke { cause, .. } => cause,
                other => panic!("{other:?}"),
            }
        };
        assert!(refused("mail@shop.test").contains("refuses mail from shop.test"));
        assert!(refused("probe@inbox.test").contains("verified there only"));
        let tenant = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant";
        let Meaning::Broke { cause, .. } = login(answer(tenant), "smtp.office365.com", "u") else {
            panic!("a refusal")
        };
        assert!(cause.contains("switched off"), "{cause}");
    }

    #[test]
    fn queue_names_are_found() {
        assert_eq!(
            queue_id("2.0.0 Ok: queued as 4XyZ123").as_deref(),
            Some("4XyZ123")
        );
        assert_eq!(
            queue_id("Message queued as 28mxf76n").as_deref(),
            Some("28mxf76n")
        );
        assert_eq!(
            queue_id("Ok 0100018f-aa11-bb22").as_deref(),
            Some("0100018f-aa11-bb22")
        );
        assert_eq!(queue_id("OK"), None);
        assert_eq!(queue_id("Ok, thanks"), None);
    }
}
