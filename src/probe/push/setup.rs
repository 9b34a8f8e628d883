//! What the application is set up with: the variables that hold the pair and the contact, read and compared.

use super::{keys, subject};
use crate::model::{Facts, Variable};
use crate::probe::Context;
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};

/// Names of the public key, the most usual first.
pub(super) const PUBLIC: &[&str] = &[
    "NEXT_PUBLIC_VAPID_PUBLIC_KEY",
    "VAPID_PUBLIC_KEY",
    "NEXT_PUBLIC_VAPID_KEY",
    "NEXT_PUBLIC_WEB_PUSH_PUBLIC_KEY",
    "WEB_PUSH_PUBLIC_KEY",
];
/// Names of the private key.
pub(super) const PRIVATE: &[&str] = &["VAPID_PRIVATE_KEY", "WEB_PUSH_PRIVATE_KEY"];
/// Names of the contact.
pub(super) const SUBJECT: &[&str] = &[
    "VAPID_SUBJECT",
    "VAPID_EMAIL",
    "VAPID_CONTACT",
    "VAPID_CONTACT_EMAIL",
    "VAPID_MAILTO",
    "WEB_PUSH_EMAIL",
];
/// Beginnings of names whose values are put into what browsers get.
const BROWSER: &[&str] = &[
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "VITE_",
    "REACT_APP_",
    "GATSBY_",
    "PUBLIC_",
];

/// The pair and the contact.
pub(super) struct Setup<'a> {
    context: &'a Context,
    publics: Vec<&'a Variable>,
    /// The name looked for, where none of the usual ones is set.
    public_name: String,
    private: Option<&'a Variable>,
    private_name: String,
    /// The contact, as the application hands it over, and where it is set.
    contact: Option<Contact>,
    subject_name: String,
}

/// The contact as push services get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contact {
    /// The variable; none where it is written in the code.
    pub(super) variable: Option<String>,
    /// file:line
    pub(super) origin: String,
    /// The contact itself.
    pub(super) text: String,
}

impl<'a> Setup<'a> {
    /// Finds the variables.
    pub(super) fn of(parameters: &Facts, context: &'a Context) -> Self {
        let given = |key: &str| parameters.get(key).and_then(Value::as_str);
        let set = |name: &str| {
            let variable = context.environment.get(name);
            variable.filter(|variable| !variable.value.is_empty())
        };
        let all = |key: &str, usual: &[&'static str]| -> (String, Vec<&'a Variable>) {
            match given(key) {
                Some(name) => (name.to_owned(), set(name).into_iter().collect()),
                None => (
                    usual[0].to_owned(),
                    usual.iter().filter_map(|name| set(name)).collect(),
                ),
            }
        };
        let (public_name, publics) = all("public", PUBLIC);
        let (private_name, privates) = all("private", PRIVATE);
        let (subject_name, subjects) = all("subject", SUBJECT);
        let private = privates.first().copied();
        if let Some(private) = private {
            // The name may be one that says nothing.
            context.secrets.register(&private.name, &private.value);
        }
        Self {
            context,
            publics,
            public_name,
            private,
            private_name,
            contact: subjects.first().map(|one| Contact::of(one)),
            subject_name,
        }
    }

    /// Is there a pair, or half of one, and no variable with a contact? Then the code may write it out.
    pub(super) fn wants_contact(&self) -> bool {
        !self.is_absent() && self.contact.is_none()
    }

    /// The same with a contact that the code writes out.
    pub(super) fn with_contact(self, written: Option<Contact>) -> Self {
        Self {
            contact: self.contact.or(written),
            ..self
        }
    }

    /// Is nothing of web push set?
    pub(super) fn is_absent(&self) -> bool {
        self.publics.is_empty()
            && self.private.is_none()
            && !self.context.application.uses("web-push")
    }

    /// The public key as the application gives it to browsers.
    ///
    /// # Errors
    /// It is not set.
    pub(super) fn public_text(&self) -> Result<&'a str, String> {
        let first = self.publics.first();
        first
            .map(|variable| variable.value.as_str())
            .ok_or_else(|| format!("{} is not set", self.public_name))
    }

    /// The private key in the form that libraries take, and itself.
    ///
    /// # Errors
    /// It is not set, or no key.
    pub(super) fn private_key(&self) -> Result<SecretKey, String> {
        let Some(variable) = self.private else {
            return Err(format!("{} is not set", self.private_name));
        };
        let read = keys::private(&variable.value);
        read.key.ok_or_else(|| {
            let cause = read.cause.unwrap_or_default();
            format!("{} cannot sign: {cause}", variable.name)
        })
    }

    /// The contact.
    ///
    /// # Errors
    /// There is none that a service takes.
    pub(super) fn contact(&self) -> Result<&str, String> {
        let Some(contact) = &self.contact else {
            return Err(format!(
                "{} is not set, and no contact is written in the code",
                self.subject_name
            ));
        };
        match subject::fault(&contact.text) {
            None => Ok(&contact.text),
            Some(cause) => Err(format!(
                "the contact at {} cannot be used: {cause}",
                contact.origin
            )),
        }
    }

    /// The fact `keys`.
    pub(super) fn facts(&self) -> Value {
        let publics: Vec<_> = self
            .publics
            .iter()
            .map(|variable| (*variable, keys::public(&variable.value)))
            .collect();
        let private = self
            .private
            .map(|variable| (variable, keys::private(&variable.value)));
        let point = publics.first().and_then(|(_, read)| read.key);
        let derived: Option<PublicKey> = private
            .as_ref()
            .and_then(|(_, read)| read.key.as_ref())
            .map(SecretKey::public_key);
        let matches = point.zip(derived).map(|(point, derived)| point == derived);
        let listed: Vec<Value> = publics
            .iter()
            .map(|(variable, read)| {
                let mut half = self.half(variable, read);
                // Written anew it differs from what is set only where that is wrong.
                let corrected = read.key.as_ref().map(keys::written);
                half["corrected"] = corrected.filter(|_| read.cause.is_some()).into();
                half["begins"] = variable.value.chars().take(3).collect::<String>().into();
                half
            })
            .collect();
        let agree = publics
            .windows(2)
            .all(|two| match (&two[0].1.key, &two[1].1.key) {
                (Some(one), Some(other)) => one == other,
                _ => two[0].0.value == two[1].0.value,
            });
        let of_publics = publics.iter().filter_map(|(variable, read)| {
            let rightly = read.key.as_ref().map(keys::written);
            let rightly =
                rightly.map_or_else(String::new, |text| format!("; rightly written: {text}"));
            Some(format!(
                "{}: {}{rightly}",
                at(variable),
                read.cause.as_ref()?
            ))
        });
        let of_private = private.iter().filter_map(|(variable, read)| {
            Some(format!("{}: {}", at(variable), read.cause.as_ref()?))
        });
        let faults: Vec<String> = of_publics.chain(of_private).collect();
        json!({
            "public": listed.first().cloned(),
            "publics": listed,
            "publics_agree": agree,
            "public_names": publics.iter().map(|(variable, _)| at(variable)).collect::<Vec<_>>(),
            "faults": faults,
            "private": private.as_ref().map(|(variable, read)| self.half(variable, read)),
            "missing": self.missing(),
            "matches": matches,
            "derived_public": derived.as_ref().map(keys::written),
            "exposed": self.exposed(),
            "subject": self.contact.as_ref().map(|contact| {
                let cause = subject::fault(&contact.text);
                json!({
                    "variable": contact.variable,
                    "origin": contact.origin,
                    "length": contact.text.chars().count(),
                    "fingerprint": self.context.secrets.fingerprint(&contact.text),
                    "scheme": contact.text.split_once(':').map(|(scheme, _)| scheme)
                        .filter(|scheme| matches!(*scheme, "mailto" | "https" | "http")),
                    "cause": cause,
                })
            }),
        })
    }

    fn missing(&self) -> Vec<&str> {
        let mut missing = Vec::new();
        if self.publics.is_empty() {
            missing.push(self.public_name.as_str());
        }
        if self.private.is_none() {
            missing.push(self.private_name.as_str());
        }
        missing
    }

    fn half<K>(&self, variable: &Variable, read: &keys::Reading<K>) -> Value {
        json!({
            "variable": variable.name,
            "origin": variable.origin.to_string(),
            "length": variable.value.chars().count(),
            "fingerprint": self.context.secrets.fingerprint(&variable.value),
            "bytes": read.bytes,
            "is_key": read.key.is_some(),
            "cause": read.cause,
        })
    }

    /// Variables that browsers get and that carry the private key.
    fn exposed(&self) -> Vec<Value> {
        let key = self.private.and_then(|one| keys::private(&one.value).key);
        let variables = self.context.environment.variables.iter();
        variables
            .filter(|variable| !variable.value.is_empty())
            .filter(|variable| {
                BROWSER
                    .iter()
                    .any(|prefix| variable.name.starts_with(prefix))
            })
            .filter(|variable| {
                let named = ["VAPID", "WEB_PUSH", "WEBPUSH"]
                    .iter()
                    .any(|word| variable.name.contains(word))
                    && variable.name.contains("PRIVATE");
                let same = key
                    .as_ref()
                    .is_some_and(|key| keys::private(&variable.value).key.as_ref() == Some(key));
                named || same
            })
            .map(|variable| json!({ "name": variable.name, "origin": variable.origin.to_string() }))
            .collect()
    }
}

/// The variable and the place that sets it.
fn at(variable: &Variable) -> String {
    format!("{} at {}", variable.name, variable.origin)
}

impl Contact {
    /// Code commonly writes `mailto:` before what is named an e-mail address; a subject is whole.
    fn of(variable: &Variable) -> Self {
        let whole = variable.name.ends_with("SUBJECT") || variable.value.contains(':');
        let text = if whole {
            variable.value.clone()
        } else {
            format!("mailto:{}", variable.value)
        };
        Self {
            variable: Some(variable.name.clone()),
            origin: variable.origin.to_string(),
            text,
        }
    }
}
