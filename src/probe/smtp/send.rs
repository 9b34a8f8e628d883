//! One short mail from the application's sender to the probe's address, and whether it arrives.

use super::answer::{self, Answer};
use super::arrival::{Letter, Mailbox, Mark, Sought, Waited, report};
use super::session::{self, Session, climbed, said};
use super::{absent, deadline, denied, facts, text};
use crate::clock;
use crate::model::{Environment, Facts, Hindrance, Leftover};
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::smtp::Broken;
use lettre::message::Mailbox as Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::response::Response;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// What is left of a wait to see whether the mailbox gets mail at all.
const CONTROL: Duration = Duration::from_secs(5);

/// Variables that hold the sender, the usual one first.
const SENDERS: &[&str] = &[
    "EMAIL_FROM",
    "AUTH_EMAIL_FROM",
    "AUTH_RESEND_FROM",
    "RESEND_FROM",
    "RESEND_FROM_EMAIL",
    "SMTP_FROM",
    "MAIL_FROM",
    "FROM_EMAIL",
    "AUTH_EMAIL",
];

/// The sender that the application writes into its mail.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Sender {
    /// The variable.
    pub(in crate::probe) variable: String,
    /// file:line, or the process environment.
    pub(in crate::probe) origin: String,
    /// The value as it stands.
    pub(in crate::probe) value: String,
    /// The address with its display name, or why there is none.
    pub(in crate::probe) address: Result<Address, String>,
}

impl Sender {
    /// The domain of the address, in lower case.
    pub(in crate::probe) fn domain(&self) -> Option<String> {
        let address = self.address.as_ref().ok()?;
        Some(address.email.domain().to_ascii_lowercase())
    }
}

/// Reads the sender; none where no variable of the kind is set. `only` names the one to read.
pub(in crate::probe) fn sender_address(
    environment: &Environment,
    only: Option<&str>,
) -> Option<Sender> {
    let names: Vec<&str> = only.map_or_else(|| SENDERS.to_vec(), |only| vec![only]);
    let variable = names
        .iter()
        .filter_map(|name| environment.get(name))
        .find(|variable| !variable.value.trim().is_empty())?;
    let value = variable.value.trim();
    let address = match value.parse::<Address>() {
        Ok(address) => Ok(address),
        // A display name with characters that want quotation marks, which mailers bear.
        Err(_) => value
            .rsplit_once('<')
            .and_then(|(_, rest)| rest.strip_suffix('>'))
            .and_then(|bare| bare.trim().parse().ok())
            .map(|email| Address::new(None, email))
            .ok_or_else(|| format!("{} holds no mail address", variable.name)),
    };
    Some(Sender {
        variable: variable.name.clone(),
        origin: variable.origin.to_string(),
        value: value.to_owned(),
        address,
    })
}

/// The address that probes send to, from the variable that names it.
pub(super) fn recipient(parameters: &Facts, context: &Context) -> Result<Address, Hindrance> {
    let name = text(parameters, "to").unwrap_or("HOLDPOINT_MAIL_TO");
    let variable = context
        .environment
        .get(name)
        .filter(|variable| !variable.value.trim().is_empty())
        .ok_or_else(|| {
            denied(format!(
                "{name} is not set, so there is no address of yours to send to"
            ))
        })?;
    variable
        .value
        .trim()
        .parse()
        .map_err(|_| denied(format!("{name} holds no mail address")))
}

/// Sends and waits.
///
/// # Errors
/// No mail server, no sender, or no address to send to is configured.
pub(super) async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let mut ladder = Ladder::new(facts::RUNGS);
    let mut facts = facts::blank();
    let until = deadline(context);
    if let super::Reading::Absent =
        super::account::read(&context.environment, text(parameters, "variable"))
    {
        return Err(absent("no variable holds a mail server"));
    }
    let sender = sender_address(&context.environment, text(parameters, "from"))
        .ok_or_else(|| denied("no variable holds the sender; set EMAIL_FROM"))?;
    let to = recipient(parameters, context)?;
    let mailbox = Mailbox::configured(parameters, context).map_err(denied)?;
    facts.insert("from_variable".into(), sender.variable.as_str().into());
    facts.insert("from_domain".into(), sender.domain().into());
    facts.insert("to_domain".into(), to.email.domain().into());
    facts.insert("mailbox".into(), mailbox.as_ref().map(Mailbox::word).into());
    let begun = session::begin(parameters, context, until, &mut ladder, &mut facts).await?;
    if let Some((session, _)) = begun {
        match &sender.address {
            Err(cause) => ladder.broke(
                "sender",
                cause.clone(),
                "write an address, or a name with an address in angle brackets: Shop <mail@shop.tld>",
            ),
            Ok(from) => {
                let trial = Trial {
                    from,
                    to: &to,
                    mailbox: mailbox.as_ref(),
                    context,
                    until,
                };
                trial.run(session, &mut ladder, &mut facts).await;
            }
        }
    }
    facts.insert("steps".into(), ladder.into_fact());
    Ok(facts)
}

/// One mail that is sent.
struct Trial<'a> {
    from: &'a Address,
    to: &'a Address,
    mailbox: Option<&'a Mailbox>,
    context: &'a Context,
    until: Instant,
}

impl Trial<'_> {
    async fn run(&self, mut session: Session, ladder: &mut Ladder, facts: &mut Facts) {
        let once = format!("{}-{:08x}", self.context.run, fastrand::u32(..));
        let domain = self.from.email.domain();
        let mark = Mark {
            id: format!("holdpoint-{}@{domain}", once.to_ascii_lowercase()),
            subject: format!("holdpoint trial mail {once}"),
        };
        facts.insert("message_id".into(), mark.id.as_str().into());
        let Ok(message) = self.compose(&mark) else {
            ladder.untold("sender", "the trial mail could not be composed");
            return;
        };
        if self.offer(&mut session, ladder, facts).await.is_none() {
            session.leave(self.until).await;
            return;
        }
        // Whether the server took the mail over; from the moment it has the text it may have.
        let accepted = Arc::new(AtomicBool::new(false));
        let promise = match self.mailbox {
            None => None,
            Some(mailbox) => match self.promise(mailbox, &mark, accepted.clone()) {
                Ok(promise) => Some(promise),
                Err(cause) => {
                    ladder.untold(
                        "accept",
                        format!(
                            "nothing was sent, because its removal could not be noted: {cause}"
                        ),
                    );
                    return;
                }
            },
        };
        let taken = self
            .deliver(&mut session, &message, &accepted, ladder, facts)
            .await;
        session.leave(self.until).await;
        if taken.is_some() {
            self.arrive(mark, ladder, facts).await;
        }
        if let Some(promise) = promise {
            let removed = promise.keep().await;
            facts.insert(
                "removed".into(),
                (taken.is_some() && removed.is_ok()).into(),
            );
        }
    }

    fn compose(&self, mark: &Mark) -> Result<Vec<u8>, String> {
        let run = &self.context.run;
        let now = u64::try_from(self.context.now).unwrap_or_default();
        let header = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        let message = lettre::Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(mark.subject.as_str())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(now))
            .message_id(Some(format!("<{}>", mark.id)))
            .raw_header(header("X-Holdpoint-Run", run))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .body(format!(
                "This mail shows that the application's mail account works.\r\n\
                It was sent by holdpoint in the run {run} and may be deleted.\r\n"
            ))
            .map_err(|error| error.to_string())?;
        Ok(message.formatted())
    }

    /// Sender and recipient.
    async fn offer(
        &self,
        session: &mut Session,
        ladder: &mut Ladder,
        facts: &mut Facts,
    ) -> Option<()> {
        let mail = Mail::new(Some(self.from.email.clone()), vec![]);
        let (answer, words) = self.ask("sender", "MAIL", mail, session, ladder).await?;
        note_refusal(answer, facts);
        let domain = self.from.email.domain();
        climbed("sender", answer::sender(answer, &words, domain), ladder)?;
        let rcpt = Rcpt::new(self.to.email.clone(), vec![]);
        let (answer, words) = self.ask("recipient", "RCPT", rcpt, session, ladder).await?;
        note_refusal(answer, facts);
        climbed("recipient", answer::recipient(answer, &words), ladder)
    }

    /// The message itself.
    async fn deliver(
        &self,
        session: &mut Session,
        message: &[u8],
        accepted: &AtomicBool,
        ladder: &mut Ladder,
        facts: &mut Facts,
    ) -> Option<()> {
        let domain = self.from.email.domain();
        let (answer, words) = self.ask("accept", "DATA", Data, session, ladder).await?;
        if answer.code != 354 {
            note_refusal(answer, facts);
            return climbed("accept", answer::accepted(answer, &words, domain), ladder).and_then(
                |()| {
                    ladder.untold("accept", "the server took DATA for a whole message");
                    None
                },
            );
        }
        accepted.store(true, Ordering::SeqCst);
        match session.smtp.message(message, self.until).await {
            Ok(response) => {
                let (answer, words) = (Answer::of(&response), joined(&response));
                accepted.store(response.is_positive(), Ordering::SeqCst);
                note_refusal(answer, facts);
                facts.insert("queue_id".into(), answer::queue_id(&words).into());
                climbed("accept", answer::accepted(answer, &words, domain), ladder)
            }
            Err(broken) => {
                ladder.untold("accept", said(&broken, "the message"));
                None
            }
        }
    }

    async fn ask(
        &self,
        rung: &str,
        word: &str,
        command: impl Display,
        session: &mut Session,
        ladder: &mut Ladder,
    ) -> Option<(Answer, String)> {
        let answered: Result<Response, Broken> = session.smtp.command(command, self.until).await;
        match answered {
            Ok(response) => Some((Answer::of(&response), joined(&response))),
            Err(broken) => {
                ladder.untold(rung, said(&broken, word));
                None
            }
        }
    }

    /// Writes down that the mail is taken out of the mailbox again.
    fn promise(
        &self,
        mailbox: &Mailbox,
        mark: &Mark,
        accepted: Arc<AtomicBool>,
    ) -> Result<crate::probe::Promise, String> {
        let sought = Sought::Trial(mark.clone());
        let leftover = Leftover {
            service: mailbox.named(),
            what: format!("the trial mail {sought}"),
            removal: format!("delete the mail {sought} in that mailbox"),
            expires_after: None,
        };
        let (mailbox, mark) = (mailbox.clone(), mark.clone());
        let transport = self.context.transport.clone();
        self.context.scratch.promise(leftover, async move {
            let removed = mailbox.remove(&transport, &sought, &[], |letter| letter.bears(&mark));
            match removed.await? {
                0 if accepted.load(Ordering::SeqCst) => {
                    Err("it was sent and has not arrived yet; delete it when it does".into())
                }
                _ => Ok(()),
            }
        })
    }

    async fn arrive(&self, mark: Mark, ladder: &mut Ladder, facts: &mut Facts) {
        let Some(mailbox) = self.mailbox else {
            ladder.untold("arrive", "no mailbox is configured to look into: set HOLDPOINT_IMAP_URL or HOLDPOINT_MAIL_CATCHER_URL; that the server took the mail does not mean that it arrived");
            return;
        };
        let sought = Sought::Trial(mark.clone());
        let meant = |letter: &Letter| letter.bears(&mark);
        let left = self.until.saturating_duration_since(clock::tick());
        let searched = self.until - CONTROL.min(left / 4);
        let waited = mailbox
            .wait(self.context, &sought, &[], meant, searched)
            .await;
        if let Waited::Found(letter, _) = &waited {
            facts.insert("authentication".into(), letter.authentication());
        }
        let mut others = Vec::new();
        if matches!(waited, Waited::Missing(..)) {
            let sought = Sought::To(self.to.email.to_string());
            let searched = mailbox
                .keys(&self.context.transport, &sought, self.until)
                .await;
            others = searched.unwrap_or_default();
        }
        report(&waited, mailbox.receives(&others), ladder, facts);
    }
}

/// The last code that was not a consent.
fn note_refusal(answer: Answer, facts: &mut Facts) {
    if !(200..400).contains(&answer.code) {
        facts.insert("refusal_code".into(), answer.code.into());
    }
}

fn joined(response: &Response) -> String {
    response.message().collect::<Vec<_>>().join(" ")
}
