//! Waiting for a mail in a mailbox that can be read: by IMAP, or by a mail catcher's API.

mod catcher;
mod letter;
mod mailbox;

use super::text;
use crate::clock;
use crate::model::Facts;
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::Transport;
use crate::probe::transport::imap::Trouble;
use catcher::Catcher;
pub(super) use letter::{Folder, Letter};
use mailbox::ImapMailbox;
use std::fmt;
use std::time::{Duration, Instant};

/// The longest pause between two searches; the first ones follow more closely.
const PAUSE: Duration = Duration::from_secs(3);
/// What one search may take.
const SEARCH: Duration = Duration::from_secs(15);
/// What a removal may take; the run gives it not much more.
const REMOVAL: Duration = Duration::from_millis(4500);

/// A mailbox that can be read.
#[derive(Clone)]
pub(super) enum Mailbox {
    Imap(ImapMailbox),
    Catcher(Catcher),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// The message with this Message-ID, written without angle brackets.
    Id(String),
    /// Messages to this address.
    To(String),
}

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "with Message-ID <{id}>"),
            Self::To(address) => write!(f, "to {address}"),
        }
    }
}

/// What came of waiting.
pub(super) enum Waited {
    /// The first message that was sought and not known before, and when it was seen.
    Found(Letter, Duration),
    /// The mailbox was searched to the end of the wait, and it was not there; with the last mail that
    /// came instead, where one did.
    Missing(Duration, Option<Letter>),
    /// The mailbox could not be searched.
    Unreadable(String),
}

impl Mailbox {
    /// The mailbox that the variables name; none where they name none.
    ///
    /// # Errors
    /// Says what is wrong with the variable.
    pub(super) fn configured(
        parameters: &Facts,
        context: &Context,
    ) -> Result<Option<Self>, String> {
        let set = |key, default| {
            let name = text(parameters, key).unwrap_or(default);
            context
                .environment
                .get(name)
                .filter(|variable| !variable.value.trim().is_empty())
        };
        if let Some(variable) = set("mailbox", "HOLDPOINT_IMAP_URL") {
            context.secrets.register(&variable.name, &variable.value);
            let mailbox = ImapMailbox::parse(&variable.name, &variable.value)?;
            context.secrets.register(&variable.name, mailbox.password());
            return Ok(Some(Self::Imap(mailbox)));
        }
        match set("catcher", "HOLDPOINT_MAIL_CATCHER_URL") {
            Some(variable) => {
                let catcher = Catcher::parse(&variable.name, &variable.value)?;
                if let Some(password) = catcher.password() {
                    context.secrets.register(&variable.name, password);
                }
                Ok(Some(Self::Catcher(catcher)))
            }
            None => Ok(None),
        }
    }

    /// The kind, as a fact.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Imap(_) => "imap",
            Self::Catcher(_) => "catcher",
        }
    }

    /// The mailbox for people.
    pub(super) fn named(&self) -> String {
        match self {
            Self::Imap(mailbox) => mailbox.named(),
            Self::Catcher(catcher) => catcher.named(),
        }
    }

    /// The keys of every message that is there and sought.
    ///
    /// # Errors
    /// Why the mailbox cannot be searched.
    pub(super) async fn keys(
        &self,
        transport: &Transport,
        sought: &Sought,
        until: Instant,
    ) -> Result<Vec<String>, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.keys(transport, sought, until).await,
            Self::Catcher(catcher) => Ok(catcher.keys(transport, sought, until).await?),
        }
    }

    /// Every message that is there and sought, but for those with the keys in `known`.
    ///
    /// # Errors
    /// Why the mailbox cannot be searched.
    pub(super) async fn search(
        &self,
        transport: &Transport,
        sought: &Sought,
        known: &[String],
        until: Instant,
    ) -> Result<Vec<Letter>, Trouble> {
        match self {
            Self::Imap(mailbox) => mailbox.search(transport, sought, known, until).await,
            Self::Catcher(catcher) => Ok(catcher.search(transport, sought, known, until).await?),
        }
    }

    /// Removes the message with a Message-ID, and tells how many there were.
    ///
    /// # Errors
    /// Why it could not be removed.
    pub(super) async fn remove(
        &self,
        transport: &Transport,
        sought: &Sought,
    ) -> Result<usize, String> {
        let until = clock::tick() + REMOVAL;
        match self {
            Self::Imap(mailbox) => mailbox
                .remove(transport, sought, until)
                .await
                .map_err(|trouble| trouble.cause),
            Self::Catcher(catcher) => catcher.remove(transport, sought, until).await,
        }
    }

    /// Searches again and again until a message is there that is `meant`. Those with the keys in `known`
    /// were there before.
    pub(super) async fn wait(
        &self,
        context: &Context,
        sought: &Sought,
        known: &[String],
        meant: impl Fn(&Letter) -> bool,
        until: Instant,
    ) -> Waited {
        let begun = clock::tick();
        let mut passed = known.to_vec();
        let mut other = None;
        let mut pause = Duration::from_millis(200);
        loop {
            let limit = until.min(clock::tick() + SEARCH);
            let searched = self
                .search(&context.transport, sought, &passed, limit)
                .await;
            let last = match searched {
                Ok(letters) => {
                    for letter in letters {
                        if meant(&letter) {
                            return Waited::Found(letter, begun.elapsed());
                        }
                        passed.push(letter.key.clone());
                        if !letter.is_trial() {
                            other = Some(letter);
                        }
                    }
                    None
                }
                Err(trouble) if trouble.settled => return Waited::Unreadable(trouble.cause),
                Err(trouble) => Some(trouble.cause),
            };
            // One more search must fit into what is left.
            if clock::tick() + pause + pause / 4 >= until {
                return match last {
                    Some(cause) => Waited::Unreadable(cause),
                    None => Waited::Missing(begun.elapsed(), other),
                };
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE);
        }
    }
}

/// Puts down what came of waiting for a mail that was sent.
pub(super) fn report(waited: &Waited, ladder: &mut Ladder, facts: &mut Facts) {
    match waited {
        Waited::Found(letter, after) => {
            facts.insert("arrived_after_s".into(), after.as_secs().into());
            facts.insert("folder".into(), letter.folder.word().into());
            ladder.held("arrive");
        }
        Waited::Missing(after, _) => ladder.broke(
            "arrive",
            format!(
                "the server took the mail, and after {} s it is neither in the inbox nor in the junk folder",
                after.as_secs()
            ),
            "see that the mailbox is the one that HOLDPOINT_MAIL_TO names; then look into the provider's log: a bounce, a suppressed address or a block says why",
        ),
        Waited::Unreadable(cause) => {
            ladder.untold("arrive", format!("the mailbox could not be searched: {cause}"));
        }
    }
}
