//! How a connection to a mail server is secured, and what stands in the way of that.

use super::account::Account;
use super::answer::Answer;
use super::session::{ehlo, is_local, note_offers, said};
use crate::model::Facts;
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::TlsFault;
use crate::probe::transport::smtp::Smtp;
use lettre::transport::smtp::commands::Starttls;
use lettre::transport::smtp::extension::{Extension, ServerInfo};
use std::time::Instant;

/// Puts down why there is no TLS.
pub(super) fn insecure(account: &Account, fault: TlsFault, ladder: &mut Ladder) {
    let place = format!("{}:{}", account.host, account.port);
    match fault {
        TlsFault::Untrusted(cause) if !account.verifies && is_local(&account.host) => ladder.untold(
            "tls",
            format!("the certificate of {place} is not trusted: {cause}; the mailer is told to take any (tls.rejectUnauthorized=false), and from here no password is sent to it"),
        ),
        TlsFault::Untrusted(cause) => ladder.broke(
            "tls",
            format!("the certificate of {place} is not trusted: {cause}"),
            "use the host name that the certificate is for, or have the server's certificate renewed; a private authority goes into NODE_EXTRA_CA_CERTS",
        ),
        TlsFault::NotTls => ladder.broke(
            "tls",
            format!("{place} does not speak TLS from the first byte, as smtps:// means"),
            "write smtp:// with this port, which upgrades with STARTTLS, or smtps:// with port 465",
        ),
        TlsFault::Refused(cause) => ladder.broke(
            "tls",
            format!("{place}: {cause}"),
            "have the server offer TLS 1.2 or 1.3 with modern ciphers",
        ),
        TlsFault::Untold(cause) => ladder.untold("tls", format!("{place}: {cause}")),
    }
}

/// Does the server take a TLS handshake where it did not greet?
pub(super) async fn wants_tls_first(account: &Account, context: &Context, until: Instant) -> bool {
    let (transport, host) = (&context.transport, &account.host);
    let Ok(smtp) = Smtp::open(transport, host, account.port, until).await else {
        return false;
    };
    matches!(
        smtp.secured(transport, host, until).await,
        Ok(_) | Err(TlsFault::Untrusted(_))
    )
}

/// Upgrades with STARTTLS where it is offered, as the mailer does by itself.
pub(super) async fn upgraded(
    account: &Account,
    context: &Context,
    mut smtp: Smtp,
    offers: ServerInfo,
    until: Instant,
    ladder: &mut Ladder,
    facts: &mut Facts,
) -> Option<(Smtp, ServerInfo)> {
    let offered = offers.supports_feature(Extension::StartTls);
    let place = format!("{}:{}", account.host, account.port);
    if account.ignores_tls || !offered {
        if account.login.is_none() && !account.requires_tls {
            facts.insert("security".into(), "none".into());
            return Some((smtp, offers));
        }
        facts.insert("security".into(), "none".into());
        if offered {
            ladder.broke(
                "tls",
                "ignoreTLS is set, so the password would be sent in clear",
                "take ignoreTLS out of the address",
            );
        } else if account.requires_tls {
            ladder.broke(
                "tls",
                format!(
                    "{place} does not offer STARTTLS, and requireTLS is set: the mailer gives up"
                ),
                "use a port that offers TLS: 465 with smtps://, or 587",
            );
        } else {
            ladder.broke(
                "tls",
                format!("{place} does not offer STARTTLS, so the password would be sent in clear"),
                "use a port that offers TLS: 465 with smtps://, or 587",
            );
        }
        return None;
    }
    match smtp.command(Starttls, until).await {
        Ok(response) if response.has_code(220) => {}
        Ok(response) => {
            let codes = Answer::of(&response).codes();
            ladder.untold(
                "tls",
                format!("{place} offers STARTTLS and then answers {codes}"),
            );
            return None;
        }
        Err(broken) => {
            ladder.untold("tls", said(&broken, "STARTTLS"));
            return None;
        }
    }
    let mut smtp = match smtp.secured(&context.transport, &account.host, until).await {
        Ok(smtp) => smtp,
        Err(TlsFault::NotTls) => {
            ladder.untold(
                "tls",
                format!("{place} agreed to STARTTLS and then spoke no TLS"),
            );
            return None;
        }
        Err(fault) => {
            insecure(account, fault, ladder);
            return None;
        }
    };
    // What was offered in clear does not count any more (RFC 3207 section 4.2).
    match ehlo(&mut smtp, until).await {
        Ok((offers, response)) => {
            note_offers(facts, &response);
            facts.insert("security".into(), "starttls".into());
            Some((smtp, offers))
        }
        Err(cause) => {
            ladder.untold("tls", format!("after STARTTLS, {cause}"));
            None
        }
    }
}
