//! A mailbox read by IMAP: its own folder first, then the one for junk.

use super::{Folder, Letter, Sought};
use crate::probe::transport::Transport;
use crate::probe::transport::imap::{Imap, Trouble, log_in};
use async_imap::types::NameAttribute;
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use std::time::{Duration, Instant};
use url::Url;

/// Names of folders for junk, where the server marks none.
const JUNK: &[&str] = &[
    "junk",
    "spam",
    "junk e-mail",
    "junk email",
    "bulk mail",
    "[gmail]/spam",
    "inbox.junk",
    "inbox.spam",
];

/// How long the answer to a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The most messages of one search that are read.
const MANY: usize = 50;
/// As much of a message as is read, unseen: headers, and the text ahead of what is attached.
const BEGINNING: &str = "BODY.PEEK[]<0.262144>";

/// An account of a mailbox.
#[derive(Clone)]
pub(in crate::probe::smtp) struct ImapMailbox {
    host: String,
    port: u16,
    user: String,
    password: String,
    folder: String,
}

impl ImapMailbox {
    /// Reads `imaps://USER:PASSWORD@HOST:993/INBOX`.
    ///
    /// # Errors
    /// Says what is wrong with it, without its value.
    pub(super) fn parse(name: &str, value: &str) -> Result<Self, String> {
        let form = format!("{name} is not of the form imaps://USER:PASSWORD@HOST:993/INBOX");
        let url = Url::parse(value.trim()).map_err(|_| form.clone())?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let folder = decoded(url.path().trim_start_matches('/'));
        match (url.scheme(), url.host_str(), url.password()) {
            ("imaps", Some(host), Some(password)) if !url.username().is_empty() => Ok(Self {
                host: host.to_owned(),
                port: url.port().unwrap_or(993),
                user: decoded(url.username()),
                password: decoded(password),
                folder: if folder.is_empty() {
                    "INBOX".into()
                } else {
                    folder
                },
            }),
            _ => Err(form),
        }
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn named(&self) -> String {
        format!("the mailbox {} at {}", self.folder, self.host)
    }

    /// What names the messages that are sought.
    pub(super) async fn keys(
        &self,
        transport: &Transport,
        sought: &Sought,
        until: Instant,
    ) -> Result<Vec<String>, Trouble> {
        let work = async {
            let mut session = self.open(transport, until).await?;
            let mut keys = Vec::new();
            for (folder, kind) in self.folders(&mut session).await {
                match find(&mut session, &folder, sought).await {
                    Ok(uids) => keys.extend(uids.iter().map(|uid| key(&folder, *uid))),
                    Err(_) if kind == Folder::Junk => {}
                    Err(cause) => return Err(cause.into()),
                }
            }
            leave(session).await;
            Ok(keys)
        };
        limited(work, until).await
    }

    /// The messages that are sought and not known, with their text.
    pub(super) async fn search(
        &self,
        transport: &Transport,
        sought: &Sought,
        known: &[String],
        until: Instant,
    ) -> Result<Vec<Letter>, Trouble> {
        let work = async {
            let mut session = self.open(transport, until).await?;
            let mut letters = Vec::new();
            for (folder, kind) in self.folders(&mut session).await {
                let uids = match find(&mut session, &folder, sought).await {
                    Ok(uids) => uids,
                    // A folder for junk that cannot be opened does not keep the inbox from being read.
                    Err(_) if kind == Folder::Junk => continue,
                    Err(cause) => return Err(cause.into()),
                };
                // SEARCH finds parts of a text; the newest are enough for a mail that has just come.
                let new = uids.into_iter().map(|uid| (uid, key(&folder, uid)));
                let new = new.filter(|(_, key)| !known.contains(key));
                for (uid, key) in new.take(MANY) {
                    if let Some(raw) = read(&mut session, uid).await? {
                        letters.push(Letter {
                            key,
                            folder: kind,
                            raw,
                        });
                    }
                }
            }
            leave(session).await;
            Ok(letters)
        };
        limited(work, until).await
    }

    /// Marks the messages with these keys as deleted, and expunges those and nothing else.
    pub(super) async fn remove(
        &self,
        transport: &Transport,
        keys: &[String],
        until: Instant,
    ) -> Result<(), Trouble> {
        let work = async {
            let mut session = self.open(transport, until).await?;
            let capabilities = session.capabilities().await.map_err(|error| lost(&error))?;
            for (folder, uid) in keys.iter().filter_map(|key| key.rsplit_once('/')) {
                session.select(folder).await.map_err(|error| lost(&error))?;
                drain(session.uid_store(uid, "+FLAGS.SILENT (\\Deleted)").await).await?;
                if !capabilities.has_str("UIDPLUS") {
                    return Err(Trouble::from(
                        "it is marked as deleted, and the server cannot expunge one message alone"
                            .to_owned(),
                    ));
                }
                drain(session.uid_expunge(uid).await).await?;
            }
            leave(session).await;
            Ok(())
        };
        limited(work, until).await
    }

    async fn open(&self, transport: &Transport, until: Instant) -> Result<Imap, Trouble> {
        let login = (self.user.as_str(), self.password.as_str());
        log_in(transport, &self.host, self.port, login, until).await
    }

    /// The mailbox's own folder and those for junk.
    async fn folders(&self, session: &mut Imap) -> Vec<(String, Folder)> {
        let mut folders = vec![(self.folder.clone(), Folder::Inbox)];
        let Ok(mut listed) = session.list(Some(""), Some("*")).await else {
            return folders;
        };
        while let Some(Ok(name)) = listed.next().await {
            let marked = name.attributes().contains(&NameAttribute::Junk);
            let known = JUNK.contains(&name.name().to_ascii_lowercase().as_str());
            if (marked || known) && name.name() != self.folder {
                folders.push((name.name().to_owned(), Folder::Junk));
            }
        }
        folders
    }
}

/// Says goodbye; what was read counts, whatever the answer.
async fn leave(mut session: Imap) {
    session.as_mut().over();
    let _ = tokio::time::timeout(GOODBYE, session.logout()).await;
}

/// What names a message for as long as the folder keeps its UIDs.
fn key(folder: &str, uid: u32) -> String {
    format!("{folder}/{uid}")
}

async fn limited<T>(
    work: impl Future<Output = Result<T, Trouble>>,
    until: Instant,
) -> Result<T, Trouble> {
    tokio::time::timeout_at(until.into(), work)
        .await
        .unwrap_or_else(|_| Err("the mailbox did not answer in time".to_owned().into()))
}

/// The numbers of the messages that are sought, the newest first.
async fn find(session: &mut Imap, folder: &str, sought: &Sought) -> Result<Vec<u32>, String> {
    session
        .select(folder)
        .await
        .map_err(|error| format!("the folder {folder} cannot be opened: {}", lost(&error)))?;
    let query = match sought {
        Sought::Trial(mark) => format!(
            "OR HEADER Message-ID {} SUBJECT {}",
            quoted(&mark.id),
            quoted(&mark.subject)
        ),
        Sought::To(address) => format!("TO {}", quoted(address)),
    };
    let found = session
        .uid_search(query)
        .await
        .map_err(|error| lost(&error))?;
    let mut uids: Vec<u32> = found.into_iter().collect();
    uids.sort_unstable_by(|one, other| other.cmp(one));
    Ok(uids)
}

async fn read(session: &mut Imap, uid: u32) -> Result<Option<Vec<u8>>, String> {
    let mut fetched = session
        .uid_fetch(uid.to_string(), BEGINNING)
        .await
        .map_err(|error| lost(&error))?;
    let mut raw = None;
    while let Some(one) = fetched.next().await {
        let one = one.map_err(|error| lost(&error))?;
        raw = raw.or_else(|| one.body().map(<[u8]>::to_vec));
    }
    Ok(raw)
}

/// Reads a stream of answers to its end.
async fn drain<T>(
    answers: async_imap::error::Result<
        impl futures_util::Stream<Item = async_imap::error::Result<T>>,
    >,
) -> Result<(), String> {
    let mut answers = std::pin::pin!(answers.map_err(|error| lost(&error))?);
    while let Some(one) = answers.next().await {
        one.map_err(|error| lost(&error))?;
    }
    Ok(())
}

/// A quoted string of the protocol (RFC 3501 section 4.3).
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What went wrong, without the server's words: they may hold the account's name.
fn lost(error: &async_imap::error::Error) -> String {
    use async_imap::error::Error;
    match error {
        Error::No(_) => "the server refuses it",
        Error::Bad(_) => "the server does not understand it",
        Error::Io(_) | Error::ConnectionLost => "the connection to the mailbox was lost",
        _ => "the mailbox's answer cannot be read",
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let mailbox =
            ImapMailbox::parse("X", "imaps://probe%40inbox.test:p%2Fw@imap.test/Tests").unwrap();
        assert_eq!(
            (mailbox.user.as_str(), mailbox.password(), mailbox.port),
            ("probe@inbox.test", "p/w", 993)
        );
        assert_eq!(mailbox.named(), "the mailbox Tests at imap.test");
        let other = ImapMailbox::parse("X", "imaps://u:p@127.0.0.1:1993").unwrap();
        assert_eq!((other.folder.as_str(), other.port), ("INBOX", 1993));
        for wrong in [
            "imap://u:p@h",
            "imaps://h",
            "imaps://u@h",
            "u:p@h",
            "https://u:p@h",
        ] {
            assert!(ImapMailbox::parse("X", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn text_is_quoted() {
        assert_eq!(quoted("a\"b\\c\r\n"), "\"a\\\"b\\\\c\"");
    }
}
