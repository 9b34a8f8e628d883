//! Asks about accounts, keeps apart what could be told from what could not, and compares.

use super::door::{Door, WRONG};
use super::shape::{Mask, Shape};
use super::timing::{self, ROUNDS};
use crate::model::Facts;
use crate::probe::Context;
use crate::probe::http::cookie::{self, Cookie};
use crate::probe::nextauth::{Forms, Site};
use crate::probe::transport::{Fetched, keeps_secrets};
use fastrand::Rng;
use serde_json::{Value, json};
use std::time::Instant;

/// What is known of one claim.
#[derive(Debug, Default)]
struct Claim {
    asked: u32,
    broken: Vec<String>,
    untold: Vec<String>,
}

impl Claim {
    fn fact(&self) -> Value {
        let (ok, causes) = match (&self.broken[..], &self.untold[..]) {
            ([], []) if self.asked == 0 => (None, vec!["there was nothing to compare".to_owned()]),
            ([], []) => (Some(true), Vec::new()),
            ([], untold) => (None, untold.to_vec()),
            (broken, _) => (Some(false), broken.to_vec()),
        };
        let cause = (!causes.is_empty()).then(|| causes.join("; "));
        json!({ "ok": ok, "cause": cause, "asked": self.asked })
    }
}

/// What a look has found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    answer: Claim,
    time: Claim,
    places: Vec<Value>,
}

impl Findings {
    /// Neither claim could be told.
    pub(super) fn untold(&mut self, cause: &str) {
        self.answer.untold.push(cause.to_owned());
        self.time.untold.push(cause.to_owned());
    }

    /// The first could not.
    pub(super) fn of_answer(&mut self, cause: &str) {
        self.answer.untold.push(cause.to_owned());
    }

    pub(super) fn facts(&self) -> Facts {
        Facts::from_iter([
            ("answer".to_owned(), self.answer.fact()),
            ("time".to_owned(), self.time.fact()),
            ("places".to_owned(), self.places.clone().into()),
        ])
    }

    /// Compares two answers, the first for the known account.
    fn compare(&mut self, place: &str, known: &Shape, unknown: &Shape) -> Vec<&'static str> {
        let differ = known.differs(unknown);
        self.answer.asked += 1;
        if !differ.is_empty() {
            self.answer.broken.push(format!(
                "{place}: an account that exists is told from one that does not by {}: {} against {}",
                differ.join(", "),
                known.says(),
                unknown.says()
            ));
        }
        differ
    }

    fn place(&mut self, place: &str, differ: &[&str], time: Value, cause: Option<&str>) {
        self.places
            .push(json!({ "place": place, "differ": differ, "time": time, "cause": cause }));
    }
}

/// Why no times can be compared.
enum Stop {
    Untold(String),
    /// The answers themselves told the account.
    Told(String),
}

impl From<String> for Stop {
    fn from(cause: String) -> Self {
        Self::Untold(cause)
    }
}

/// An account that exists, as far as its name was given.
pub(super) struct Known<'a> {
    pub(super) account: &'a str,
    /// Its password, and the variable that holds it or would.
    pub(super) password: Option<&'a str>,
    pub(super) variable: &'a str,
}

/// The questions of one look.
pub(super) struct Asking<'a> {
    forms: &'a Forms,
    root: &'a Site,
    context: &'a Context,
    until: Instant,
    rng: Rng,
    mask: Mask,
    pub(super) asked: u32,
    /// Questions that may have sent a mail.
    pub(super) mails: u32,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        forms: &'a Forms,
        root: &'a Site,
        context: &'a Context,
        until: Instant,
    ) -> Self {
        Self {
            forms,
            root,
            context,
            until,
            rng: Rng::new(),
            mask: Mask::of(&[]),
            asked: 0,
            mails: 0,
        }
    }

    /// One answer to a wrong password: its shape, and how long it took in milliseconds.
    async fn ask(&mut self, door: &Door, account: &str) -> Result<(Shape, f64), String> {
        let (fetched, session) = self.fetch(door, account, WRONG).await?;
        if session.is_empty() {
            let took = fetched.took.as_secs_f64() * 1000.0;
            return Ok((Shape::of(&fetched, &self.mask), took));
        }
        let left = match self.forms.sign_out(&session).await {
            Ok(()) => "it was signed out".to_owned(),
            Err(cause) => format!("it could not be signed out ({cause})"),
        };
        Err(format!(
            "{} opens a session whatever the password is; {left}, and an account '{account}' may be left if it was made then",
            door.shown()
        ))
    }

    /// An answer, with the cookies of the session that it opens.
    async fn fetch(
        &mut self,
        door: &Door,
        account: &str,
        password: &str,
    ) -> Result<(Fetched, Vec<Cookie>), String> {
        self.asked += 1;
        self.mails += u32::from(door.sends());
        let asked = door.ask(self.forms, self.root, account, password, self.until);
        let place = door.shown();
        let fetched = asked
            .await
            .map_err(|fault| format!("{place}: {}", fault.hindrance.cause))?;
        match fetched.status {
            429 => Err(format!(
                "{place}: after {} questions a limit answers (status 429)",
                self.asked
            )),
            status @ 500..=599 => Err(format!("{place} is answered with {status}")),
            _ => {
                let headers = fetched.headers.get_all("set-cookie").iter();
                let set = headers.filter_map(|value| cookie::parse(value.to_str().ok()?));
                let mut session = Vec::new();
                for one in set {
                    one.hide(&self.context.secrets);
                    if one.name.contains("session-token") && !one.is_removal(self.context.now) {
                        session.push(one);
                    }
                }
                Ok((fetched, session))
            }
        }
    }

    /// One question about each of two addresses, and another where they are answered otherwise.
    pub(super) async fn by_mail(
        &mut self,
        door: &Door,
        known: &str,
        unknown: &str,
        findings: &mut Findings,
    ) {
        self.mask = Mask::of(&[known, unknown]);
        let place = door.shown();
        match self.mailed(door, known, unknown).await {
            Ok((known, unknown)) => {
                let differ = findings.compare(&place, &known, &unknown);
                findings.place(&place, &differ, Value::Null, None);
            }
            Err(cause) => {
                findings.place(&place, &[], Value::Null, Some(&cause));
                findings.answer.untold.push(cause);
            }
        }
    }

    async fn mailed(
        &mut self,
        door: &Door,
        known: &str,
        unknown: &str,
    ) -> Result<(Shape, Shape), String> {
        let place = door.shown();
        let (of_unknown, _) = self.ask(door, unknown).await?;
        let (of_known, _) = self.ask(door, known).await?;
        if of_known.is_unsent() || of_unknown.is_unsent() {
            return Err(format!(
                "{place}: the application could send no mail, so its answers do not tell"
            ));
        }
        let leads = of_known.leads() || matches!(door, Door::Reset { .. });
        if !of_known.takes() || !leads {
            return Err(format!(
                "{place}: the answer for the account that is named ({}) does not show that it was looked up",
                of_known.says()
            ));
        }
        if of_known != of_unknown && self.ask(door, unknown).await?.0 != of_unknown {
            return Err(format!("{place}: its answers change from one to the next"));
        }
        Ok((of_known, of_unknown))
    }

    /// Questions with a wrong password: the shapes first, and then the times where they are read.
    pub(super) async fn by_password(
        &mut self,
        door: &Door,
        named: &Known<'_>,
        times: bool,
        findings: &mut Findings,
    ) {
        let place = door.shown();
        let known = named.account;
        let nobody = self.nobody(known);
        let another = self.nobody(known);
        self.mask = Mask::of(&[known, &nobody, &another]);
        let mut shapes = self.shapes(door, known, &nobody, &another).await;
        if let Ok((first, unknown)) = &shapes
            && first == unknown
            && let Err(cause) = self.looked_up(door, named, first).await
        {
            shapes = Err(cause);
        }
        let (first, unknown) = match shapes {
            Ok(shapes) => shapes,
            Err(cause) => {
                findings.place(&place, &[], Value::Null, Some(&cause));
                return findings.untold(&cause);
            }
        };
        let differ = findings.compare(&place, &first, &unknown);
        if !times {
            return findings.place(&place, &differ, Value::Null, None);
        }
        let accounts = [known, nobody.as_str(), another.as_str()];
        match self.times(door, accounts, &first, &unknown).await {
            Err(stop) => {
                let cause = match stop {
                    Stop::Untold(cause) => cause,
                    Stop::Told(cause) => {
                        findings.answer.broken.push(cause.clone());
                        cause
                    }
                };
                findings.place(&place, &differ, Value::Null, Some(&cause));
                findings.time.untold.push(cause);
            }
            Ok([known, unknown, null]) => {
                let compared = timing::compare(&known, &unknown, &null, &mut self.rng);
                let says = compared.says();
                findings.time.asked += 1;
                match compared.differs() {
                    Some(true) => findings.time.broken.push(format!(
                        "{place}: an account that exists is answered in another time: {says}"
                    )),
                    Some(false) => {}
                    None => findings.time.untold.push(format!(
                        "{place}: the times vary too much to be compared: {says}"
                    )),
                }
                findings.place(&place, &differ, compared.fact(), None);
            }
        }
    }

    /// What an account that exists is answered, and one that does not; each as often as it takes to know that it is
    /// no chance.
    async fn shapes(
        &mut self,
        door: &Door,
        known: &str,
        nobody: &str,
        another: &str,
    ) -> Result<(Shape, Shape), String> {
        let (unknown, _) = self.ask(door, nobody).await?;
        let (first, _) = self.ask(door, known).await?;
        let (second, _) = self.ask(door, another).await?;
        let varies = unknown.differs(&second);
        if !varies.is_empty() {
            return Err(format!(
                "{}: the answers for two accounts that do not exist differ from each other ({})",
                door.shown(),
                varies.join(", ")
            ));
        }
        if first != unknown {
            let (again, _) = self.ask(door, known).await?;
            let (unknown_again, _) = self.ask(door, nobody).await?;
            if again != first || unknown_again != unknown {
                return Err(format!(
                    "{}: its answers change from one to the next",
                    door.shown()
                ));
            }
        }
        Ok((first, unknown))
    }

    /// Do equal answers show that the account was looked up? Its right password proves that. Without it the answer
    /// must refuse a password, in a form that the page shows; that the account exists is then taken from who named it.
    async fn looked_up(
        &mut self,
        door: &Door,
        named: &Known<'_>,
        first: &Shape,
    ) -> Result<(), String> {
        let place = door.shown();
        let variable = named.variable;
        if !first.refuses() {
            return Err(format!(
                "{place}: the answer to a wrong password ({}) does not show that the account was looked up",
                first.says()
            ));
        }
        let Some(password) = named.password else {
            let Door::Password { shown: false, .. } = door else {
                return Ok(());
            };
            return Err(format!(
                "{place}: the sign-in page does not show what its fields are called, so equal answers do not show that the account was looked up; set {variable} to its password, so that one sign-in proves it"
            ));
        };
        let home = self.forms.site.home().parse();
        if !home.is_ok_and(|home| keeps_secrets(&home)) {
            return Err(format!("{variable} is not sent over plain HTTP"));
        }
        let (_, session) = self.fetch(door, named.account, password).await?;
        if session.is_empty() {
            return Err(format!(
                "{place}: the password in {variable} opens no session, so nothing shows that the account is the right one"
            ));
        }
        let left = self.forms.sign_out(&session).await;
        left.map_err(|cause| format!("{place}: its session could not be signed out: {cause}"))
    }

    /// Milliseconds for each account, asked in turn in random order; what came before was the warm-up.
    async fn times(
        &mut self,
        door: &Door,
        accounts: [&str; 3],
        first: &Shape,
        unknown: &Shape,
    ) -> Result<[Vec<f64>; 3], Stop> {
        let mut took: [Vec<f64>; 3] = Default::default();
        for round in 0..ROUNDS {
            let mut order = [0, 1, 2];
            self.rng.shuffle(&mut order);
            for which in order {
                let (shape, time) = self.ask(door, accounts[which]).await?;
                if which == 0 && shape != *first {
                    let [known, nobody, _] = accounts;
                    let again = self.ask(door, known).await?.0 != *first;
                    // Asked as often as the known one by then.
                    let mut same = true;
                    for _ in 0..2 {
                        same &= self.ask(door, nobody).await?.0 == *unknown;
                    }
                    let says = format!(
                        "{}: after {} wrong passwords the account that exists is answered otherwise ({})",
                        door.shown(),
                        round + 1,
                        shape.says()
                    );
                    return Err(match again && same {
                        true => Stop::Told(format!("{says}, and one that does not exist is not")),
                        false => Stop::Untold(format!("{says}: it is limited or locked")),
                    });
                }
                if which != 0 && shape != *unknown {
                    let cause = "its answers change from one to the next";
                    return Err(Stop::Untold(format!("{}: {cause}", door.shown())));
                }
                took[which].push(time);
            }
        }
        Ok(took)
    }

    /// An account that nobody has, of the same form.
    fn nobody(&mut self, known: &str) -> String {
        let number = self.rng.u64(..);
        match known.split_once('@') {
            Some((_, domain)) => format!("holdpoint-{number:016x}@{domain}"),
            None => format!("holdpoint-{number:016x}"),
        }
    }
}
