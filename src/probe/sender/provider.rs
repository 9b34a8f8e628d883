//! Mail providers and what each wants to stand in the DNS of a sender's domain.

/// Where a provider's SPF record belongs: at the domain that bounces go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounces {
    /// The sender's own domain.
    Sender,
    /// A name below it, such as `send`.
    Below(&'static str),
    /// The provider's own domain, unless the customer has made another: nothing is needed at the sender's.
    Provider,
}

/// A mail provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Provider {
    pub(super) name: &'static str,
    /// Domains of its mail servers.
    hosts: &'static [&'static str],
    /// Usual selectors of its DKIM keys; empty where each customer has others.
    pub(super) selectors: &'static [&'static str],
    /// Every customer has these selectors and no others.
    pub(super) fixed_selectors: bool,
    /// The domain that an SPF record takes in, where one is wanted.
    pub(super) include: Option<&'static str>,
    pub(super) bounces: Bounces,
    /// The beginning and the end of the mail server that takes bounces, where one is wanted.
    pub(super) feedback: Option<(&'static str, &'static str)>,
}

/// Every provider that is known, with what its customers put into their DNS.
pub(super) const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Resend",
        hosts: &["smtp.resend.com"],
        selectors: &["resend"],
        fixed_selectors: true,
        include: Some("amazonses.com"),
        bounces: Bounces::Below("send"),
        feedback: Some(("feedback-smtp.", ".amazonses.com")),
    },
    Provider {
        name: "Amazon SES",
        hosts: &["amazonaws.com"],
        selectors: &[],
        fixed_selectors: false,
        include: Some("amazonses.com"),
        bounces: Bounces::Provider,
        feedback: None,
    },
    Provider {
        name: "SendGrid",
        hosts: &["smtp.sendgrid.net", "smtp.eu.sendgrid.net"],
        selectors: &["s1", "s2"],
        fixed_selectors: false,
        include: Some("sendgrid.net"),
        bounces: Bounces::Provider,
        feedback: None,
    },
    Provider {
        name: "Postmark",
        hosts: &["smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com"],
        selectors: &[],
        fixed_selectors: false,
        include: Some("spf.mtasv.net"),
        bounces: Bounces::Provider,
        feedback: None,
    },
    Provider {
        name: "Mailgun",
        hosts: &["smtp.mailgun.org", "smtp.eu.mailgun.org"],
        selectors: &[
            "mailo", "smtp", "k1", "krs", "pic", "mta", "mx", "email", "pdk1", "pdk2",
        ],
        fixed_selectors: false,
        include: Some("mailgun.org"),
        bounces: Bounces::Sender,
        feedback: None,
    },
    Provider {
        name: "Google",
        hosts: &[
            "smtp.gmail.com",
            "smtp-relay.gmail.com",
            "smtp.googlemail.com",
        ],
        selectors: &["google"],
        fixed_selectors: false,
        include: Some("_spf.google.com"),
        bounces: Bounces::Sender,
        feedback: None,
    },
    Provider {
        name: "Microsoft 365",
        hosts: &["smtp.office365.com"],
        selectors: &["selector1", "selector2"],
        fixed_selectors: true,
        include: Some("spf.protection.outlook.com"),
        bounces: Bounces::Sender,
        feedback: None,
    },
    Provider {
        name: "Brevo",
        hosts: &["smtp-relay.brevo.com", "smtp-relay.sendinblue.com"],
        selectors: &["brevo1", "brevo2", "mail"],
        fixed_selectors: false,
        include: Some("spf.brevo.com"),
        bounces: Bounces::Provider,
        feedback: None,
    },
];

/// The provider whose mail server this is.
pub(super) fn of_host(host: &str) -> Option<&'static Provider> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    PROVIDERS.iter().find(|provider| {
        provider
            .hosts
            .iter()
            .any(|known| host == *known || host.ends_with(&format!(".{known}")))
    })
}

/// The provider of that name.
pub(super) fn named(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_their_servers() {
        let name = |host| of_host(host).map(|provider| provider.name);
        assert_eq!(name("smtp.resend.com"), Some("Resend"));
        assert_eq!(
            name("email-smtp.eu-west-1.amazonaws.com"),
            Some("Amazon SES")
        );
        assert_eq!(name("SMTP.SendGrid.net."), Some("SendGrid"));
        assert_eq!(name("smtp.gmail.com"), Some("Google"));
        assert_eq!(name("notsmtp.resend.com.evil.test"), None);
        assert_eq!(name("mail.shop.test"), None);
        assert_eq!(
            named("Resend").map(|one| one.bounces),
            Some(Bounces::Below("send"))
        );
    }
}
