//! An SPF policy followed as a receiver would follow it at worst: every mechanism asked, every question counted.

mod record;
#[cfg(test)]
mod tests;

use futures_util::future::BoxFuture;
pub(super) use record::is_spf;
use record::{Mechanism, Record};

/// The most mechanisms and modifiers that ask (RFC 7208 section 4.6.4).
pub(super) const LOOKUPS: usize = 10;
/// The most questions without an answer (the same section).
pub(super) const VOID: usize = 2;
/// Names of one `mx` that may be asked for (the same section).
const EXCHANGES: usize = 10;
/// Counting ends here: far beyond the limit, and short of a record made to keep us busy.
const ENOUGH: usize = 60;

/// What was found for a name; empty where the name or the type does not exist. An error means that the
/// name server failed or was silent, which proves nothing.
pub(super) type Answer<T> = Result<Vec<T>, String>;

/// Questions about names.
pub(super) trait Names: Sync {
    /// The texts of a name, each joined from its parts.
    fn texts<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>>;
    /// How many IPv4 and IPv6 addresses a name has, as that many units.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<()>>;
    /// The mail servers of a name, first choice first; the name of the root is empty.
    fn exchanges<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Answer<String>>;
}

/// What following a policy showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Policy {
    /// SPF records at the name itself: more than one counts as none.
    pub(super) records: usize,
    /// The record, where there is one.
    pub(super) text: Option<String>,
    /// Mechanisms and modifiers that ask.
    pub(super) lookups: usize,
    /// Questions that had no answer.
    pub(super) void_lookups: usize,
    /// The qualifier of `all` that ends the policy; none where there is none.
    pub(super) all: Option<char>,
    /// Every domain whose policy is taken in, by include or redirect, in order; not what is included to be
    /// refused (-include).
    pub(super) taken_in: Vec<String>,
    /// The domain's own records name addresses, or names that depend on the message: what they stand for
    /// is not known, so a provider may be among them.
    pub(super) opaque: bool,
    /// What makes receivers give up the policy (permerror).
    pub(super) errors: Vec<String>,
    /// What could not be followed or told.
    pub(super) untold: Vec<String>,
}

/// Follows the policy of a domain.
pub(super) async fn follow(names: &dyn Names, domain: &str) -> Policy {
    let mut walk = Walk {
        names,
        policy: Policy::default(),
        path: Vec::new(),
    };
    walk.visit(domain.to_owned(), true).await;
    let policy = &mut walk.policy;
    if policy.lookups > LOOKUPS {
        let more = if policy.lookups >= ENOUGH {
            "more than "
        } else {
            ""
        };
        policy.errors.push(format!(
            "it takes {more}{} lookups, and receivers give up after {LOOKUPS}",
            policy.lookups
        ));
    }
    if policy.void_lookups > VOID {
        policy.errors.push(format!(
            "{} of its lookups find nothing, and receivers give up after {VOID}",
            policy.void_lookups
        ));
    }
    walk.policy
}

struct Walk<'n> {
    names: &'n dyn Names,
    policy: Policy,
    /// The domains that lead to the present one, for circles.
    path: Vec<String>,
}

impl Walk<'_> {
    /// `own` is true for the domain itself and for what it redirects to: its `all` ends the policy.
    fn visit(&mut self, domain: String, own: bool) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.path.contains(&domain) {
                self.error(format!("{domain} leads back to itself"));
                return;
            }
            let first = self.path.is_empty();
            let texts = match self.names.texts(&domain).await {
                Ok(texts) => texts,
                Err(cause) => {
                    self.policy.untold.push(cause);
                    return;
                }
            };
            if texts.is_empty() && !first {
                self.policy.void_lookups += 1;
            }
            let mut found = texts.iter().filter(|text| is_spf(text));
            let (text, more) = (found.next(), found.count());
            if first {
                self.policy.records = usize::from(text.is_some()) + more;
                self.policy.text = text.cloned();
            }
            let Some(text) = text else {
                if !first {
                    self.error(format!("{domain} is taken in and has no SPF record"));
                }
                return;
            };
            if more > 0 {
                self.error(format!("{domain} has {} SPF records", more + 1));
                return;
            }
            match Record::parse(text) {
                Err(cause) => self.error(format!("in the record of {domain}, {cause}")),
                Ok(record) => {
                    self.path.push(domain.clone());
                    self.mechanisms(&domain, &record, own).await;
                    self.path.pop();
                }
            }
        })
    }

    async fn mechanisms(&mut self, domain: &str, record: &Record, own: bool) {
        let first = self.path.first().map_or("", String::as_str);
        let within = domain == first || domain.ends_with(&format!(".{first}"));
        for mechanism in &record.mechanisms {
            self.policy.opaque |= within
                && match mechanism {
                    Mechanism::Address | Mechanism::Exists(_) => true,
                    Mechanism::Include(target, _) => target.contains('%'),
                    _ => false,
                };
            if self.policy.lookups >= ENOUGH {
                return;
            }
            match mechanism {
                // What stands behind `all` is never asked (section 5.1).
                Mechanism::All(qualifier) => {
                    if own {
                        self.policy.all = Some(*qualifier);
                    }
                    return;
                }
                Mechanism::Address => {}
                Mechanism::Ptr => self.policy.lookups += 1,
                Mechanism::Include(target, permits) => {
                    self.policy.lookups += 1;
                    let before = self.policy.taken_in.len();
                    self.take_in(target, domain, false).await;
                    if !permits {
                        self.policy.taken_in.truncate(before);
                    }
                }
                Mechanism::A(target) => {
                    self.policy.lookups += 1;
                    if let Some(name) = self.named(target.as_deref(), domain) {
                        let found = self.names.addresses(&name).await;
                        self.count(found);
                    }
                }
                Mechanism::Exists(target) => {
                    self.policy.lookups += 1;
                    if let Some(name) = self.named(Some(target), domain) {
                        let found = self.names.addresses(&name).await;
                        self.count(found);
                    }
                }
                Mechanism::Mx(target) => {
                    self.policy.lookups += 1;
                    if let Some(name) = self.named(target.as_deref(), domain) {
                        let found = self.names.exchanges(&name).await;
                        if found.as_ref().is_ok_and(|found| found.len() > EXCHANGES) {
                            self.error(format!(
                                "{name} has more than {EXCHANGES} mail servers for the mechanism mx"
                            ));
                        }
                        self.count(found);
                    }
                }
            }
        }
        if let (Some(target), None) = (&record.redirect, record.all()) {
            self.policy.lookups += 1;
            self.take_in(target, domain, own).await;
        }
    }

    async fn take_in(&mut self, target: &str, domain: &str, own: bool) {
        if self.policy.lookups >= ENOUGH {
            return;
        }
        if let Some(name) = self.named(Some(target), domain) {
            self.policy.taken_in.push(name.clone());
            self.visit(name, own).await;
        }
    }

    /// The name that is asked for. Macros that depend on the message cannot be filled in here.
    fn named(&mut self, target: Option<&str>, domain: &str) -> Option<String> {
        let target = target.unwrap_or(domain);
        if !target.contains('%') {
            return Some(target.to_owned());
        }
        let own = self.path.first().map_or(domain, String::as_str);
        let filled = target
            .replace("%{d}", domain)
            .replace("%{D}", domain)
            .replace("%{o}", own)
            .replace("%{O}", own);
        // What is left is counted, and told apart by the sender's address, which says nothing wrong.
        (!filled.contains('%')).then_some(filled)
    }

    fn count<T>(&mut self, found: Answer<T>) {
        match found {
            Ok(found) if found.is_empty() => self.policy.void_lookups += 1,
            Ok(_) => {}
            Err(cause) => self.policy.untold.push(cause),
        }
    }

    fn error(&mut self, cause: String) {
        if !self.policy.errors.contains(&cause) {
            self.policy.errors.push(cause);
        }
    }
}
