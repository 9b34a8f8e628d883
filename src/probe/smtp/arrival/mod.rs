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
const REMOVAL: Duration = Duration::from_millis(9500);

/// A mailbox that can be read.
#[derive(Clone)]
pub(super) enum Mailbox {
    Imap(ImapMailbox),
    Catcher(Catcher),
}

/// A wait that is shorter than this, in which nothing came, proves nothing: some receivers put strangers
/// off for a while.
const PROOF: Duration = Duration::from_secs(90);

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// One trial mail.
    Trial(Mark),
    /// Messages to this address.
    To(String),
}

/// What tells one trial mail from all other mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its Message-ID without angle brackets, which some providers replace: Amazon SES, and those that
    /// send by it.
    pub(super) id: String,
    /// Its subject, which is no other mail's.
    pub(super) subject: String,
}

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial(mark) => write!(f, "with the subject \"{}\"", mark.subject),
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

    /// Removes the messages that are sought and `meant`, but for those with the keys in `known`, and tells
    /// how many there were. Each is read before it is removed: a search may find more than it was asked for.
    ///
    /// # Errors
    /// Why they could not be removed.
    pub(super) async fn remove(
        &self,
        transport: &Transport,
        sought: &Sought,
        known: &[String],
        meant: impl Fn(&Letter) -> bool,
    ) -> Result<usize, String> {
        let until = clock::tick() + REMOVAL;
        let letters = self.search(transport, sought, known, until).await;
        let keys: Vec<String> = letters
            .map_err(|trouble| trouble.cause)?
            .into_iter()
            .filter(meant)
            .map(|letter| letter.key)
            .collect();
        match self {
            _ if keys.is_empty() => {}
            Self::Imap(mailbox) => mailbox
                .remove(transport, &keys, until)
                .await
                .map_err(|trouble| trouble.cause)?,
            Self::Catcher(catcher) => catcher.remove(transport, &keys, until).await?,
        }
        Ok(keys.len())
    }

    /// Does other mail to an address, with these keys, show that mail to it comes in here? Without any this
    /// may be another mailbox than the address's. A catcher shows what one server took, and the mail may
    /// have gone by another.
    pub(super) fn receives(&self, keys: &[String]) -> bool {
        matches!(self, Self::Imap(_)) && !keys.is_empty()
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

/// Puts down what came of waiting for a mail that was sent. `receives` as [`Mailbox::receives`] tells.
pub(super) fn report(waited: &Waited, receives: bool, ladder: &mut Ladder, facts: &mut Facts) {
    match waited {
        Waited::Found(letter, after) => {
            facts.insert("arrived_after_s".into(), after.as_secs().into());
            facts.insert("folder".into(), letter.folder.word().into());
            ladder.held("arrive");
        }
        Waited::Missing(after, _) => {
            let missing = format!(
                "the mail was said to be sent, and after {} s it is neither in the inbox nor in the junk folder",
                after.as_secs()
            );
            if receives && *after >= PROOF {
                ladder.broke(
                    "arrive",
                    format!("{missing}, where other mail to that address is"),
                    "look into the provider's log: a bounce, a suppressed address or a block says why; a filter of the mailbox may have put it into another folder",
                );
            } else if receives {
                ladder.untold("arrive", format!("{missing}; it may still come"));
            } else {
                ladder.untold(
                    "arrive",
                    format!("{missing}; no other mail shows that this is the mailbox of HOLDPOINT_MAIL_TO and that it gets mail from there"),
                );
            }
        }
        Waited::Unreadable(cause) => {
            ladder.untold(
                "arrive",
                format!("the mailbox could not be searched: {cause}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The rung `arrive` after nothing came.
    fn missing(after: u64, receives: bool) -> serde_json::Value {
        let mut ladder = Ladder::new(crate::probe::smtp::facts::RUNGS);
        let waited = Waited::Missing(Duration::from_secs(after), None);
        report(&waited, receives, &mut ladder, &mut Facts::new());
        ladder.into_fact()["arrive"]["ok"].clone()
    }

    #[test]
    fn a_mail_is_missing_only_where_others_come_in_and_there_was_time() {
        assert_eq!(missing(118, true), json!(false));
        assert_eq!(missing(118, false), json!(null));
        assert_eq!(missing(20, true), json!(null));
    }
}
