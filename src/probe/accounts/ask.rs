//! Asks about accounts, keeps apart what could be told from what could not, and compares.

use super::door::Door;
use super::shape::Shape;
use super::timing::{self, ROUNDS};
use crate::clock;
use crate::model::Facts;
use crate::probe::Context;
use crate::probe::http::cookie;
use crate::probe::nextauth::{Forms, Site};
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

/// The questions of one look.
pub(super) struct Asking<'a> {
    forms: &'a Forms,
    root: &'a Site,
    context: &'a Context,
    until: Instant,
    rng: Rng,
    pub(super) asked: u32,
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
            asked: 0,
        }
    }

    /// One answer: its shape, and how long it took in milliseconds.
    async fn ask(&mut self, door: &Door, account: &str) -> Result<(Shape, f64), String> {
        self.asked += 1;
        let begun = clock::tick();
        let fetched = door.ask(self.forms, self.root, account, self.until).await;
        let took = clock::tick().duration_since(begun).as_secs_f64() * 1000.0;
        let place = door.shown();
        let fetched = fetched.map_err(|fault| format!("{place}: {}", fault.hindrance.cause))?;
        match fetched.status {
            429 => Err(format!(
                "{place}: after {} questions a limit answers (status 429)",
                self.asked
            )),
            status @ 500..=599 => Err(format!("{place} is answered with {status}")),
            _ => {
                let headers = fetched.headers.get_all("set-cookie").iter();
                let set = headers.filter_map(|value| cookie::parse(value.to_str().ok()?));
                let mut opens = false;
                for one in set {
                    one.hide(&self.context.secrets);
                    opens |=
                        one.name.contains("session-token") && !one.is_removal(self.context.now);
                }
                match opens {
                    true => Err(format!("{place} opens a session whatever the password is")),
                    false => Ok((Shape::of(&fetched, account), took)),
                }
            }
        }
    }

    /// One question about each of two addresses.
    pub(super) async fn by_mail(
        &mut self,
        door: &Door,
        known: &str,
        unknown: &str,
        findings: &mut Findings,
    ) {
        let place = door.shown();
        let answers = match self.ask(door, unknown).await {
            Ok((unknown, _)) => self
                .ask(door, known)
                .await
                .map(|(known, _)| (known, unknown)),
            Err(cause) => Err(cause),
        };
        let cause = match answers {
            Ok((known, unknown)) if known.is_unsent() && unknown.is_unsent() => {
                format!("{place}: the application could send no mail, so its answers do not tell")
            }
            Ok((known, unknown)) => {
                let differ = findings.compare(&place, &known, &unknown);
                return findings.place(&place, &differ, Value::Null, None);
            }
            Err(cause) => cause,
        };
        findings.place(&place, &[], Value::Null, Some(&cause));
        findings.answer.untold.push(cause);
    }

    /// Questions with a wrong password: the shapes first, and then the times where they are read.
    pub(super) async fn by_password(
        &mut self,
        door: &Door,
        known: &str,
        times: bool,
        findings: &mut Findings,
    ) {
        let place = door.shown();
        let nobody = self.nobody(known);
        let another = self.nobody(known);
        let shapes = self.shapes(door, known, &nobody, &another).await;
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
        match self.times(door, accounts, &first).await {
            Err(cause) => {
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

    /// Milliseconds for each account, asked in turn in random order; what came before was the warm-up.
    async fn times(
        &mut self,
        door: &Door,
        accounts: [&str; 3],
        first: &Shape,
    ) -> Result<[Vec<f64>; 3], String> {
        let mut took: [Vec<f64>; 3] = Default::default();
        for round in 0..ROUNDS {
            let mut order = [0, 1, 2];
            self.rng.shuffle(&mut order);
            for which in order {
                let (shape, time) = self.ask(door, accounts[which]).await?;
                if which == 0 && shape != *first {
                    return Err(format!(
                        "{}: after {} wrong passwords the account that exists is answered otherwise ({}): it is limited or locked",
                        door.shown(),
                        round + 1,
                        shape.says()
                    ));
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
