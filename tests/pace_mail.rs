//! What active looks may do to mail servers and mailboxes, and to whom programs may be sent: as over HTTP.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::hostile::Server;
use support::{Holdpoint, holdpoint, write};

/// A mail server without TLS, whose clients are counted and whose mail is kept. Its thread ends with the test.
struct MailDouble {
    port: u16,
    clients: Arc<Mutex<usize>>,
    mail: Arc<Mutex<String>>,
}

impl MailDouble {
    /// Gives each client, counted from 0, its greeting.
    fn greeting(greeting: impl Fn(usize) -> &'static str + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (clients, mail) = <(Arc<Mutex<usize>>, Arc<Mutex<String>>)>::default();
        let (counted, kept) = (clients.clone(), mail.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let number = *counted.lock().unwrap();
                *counted.lock().unwrap() += 1;
                // A client that leaves early is no failure of the test.
                let _ = talk(client, greeting(number), &kept);
            }
        });
        Self {
            port,
            clients,
            mail,
        }
    }

    fn clients(&self) -> usize {
        *self.clients.lock().unwrap()
    }

    fn variable(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }
}

fn talk(mut client: TcpStream, greeting: &str, mail: &Mutex<String>) -> io::Result<()> {
    write!(client, "{greeting}\r\n")?;
    if !greeting.starts_with("220") {
        return Ok(());
    }
    let mut lines = BufReader::new(client.try_clone()?).lines();
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.get(..4) {
            Some("DATA") => "354 go on",
            Some("QUIT") => "221 bye",
            _ => "250 ok",
        };
        write!(client, "{answer}\r\n")?;
        if answer.starts_with("354") {
            let text = lines.by_ref().map_while(Result::ok);
            let text: Vec<_> = text.take_while(|line| line != ".").collect();
            *mail.lock().unwrap() = text.join("\r\n");
            write!(client, "250 ok\r\n")?;
        }
    }
    Ok(())
}

/// Checks `mine.m0`, `mine.m1` … that each send a mail to an address of their own.
fn senders(count: usize, timeout: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for number in 0..count {
        let text = format!(
            "id = \"mine.m{number}\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"active\"\nsuites = []\n\
             [look]\nprobe = \"smtp\"\nlook = \"send\"\nto = \"TO_{number}\"\ntimeout = \"{timeout}\"\n\
             [[expect]]\nthat = \"steps.accept.ok\"\notherwise = \"refused\"\nundecided = \"{{steps.greeting.cause}}\"\n\
             [remedy]\ntext = \"r\"\n"
        );
        let path = format!(".holdpoint/checks/m{number}.toml");
        write(root.path(), &path, &text);
    }
    root
}

fn run(root: &Path, mail: &MailDouble, count: usize) -> Holdpoint {
    let arguments = [
        "run",
        "mine.*",
        "--report",
        "json=-",
        "--level",
        "active",
        "--target",
        "http://127.0.0.1:1",
    ];
    let started = holdpoint(arguments)
        .within(root)
        .env("EMAIL_SERVER", mail.variable())
        .env("EMAIL_FROM", "app@shop.test");
    (0..count).fold(started, |started, number| {
        started.env(format!("TO_{number}"), format!("to{number}@inbox.test"))
    })
}

/// Verdict and reason of each check.
fn findings(stdout: &str) -> Vec<(String, String)> {
    let report: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let each = report["findings"].as_array().unwrap().iter();
    each.map(|one| (word(one, "verdict"), word(one, "reason")))
        .collect()
}

#[test]
fn a_mail_server_that_closes_three_times_in_a_row_gets_no_more() {
    let mail = MailDouble::greeting(|_| "421 mail.test closing");
    let root = senders(7, "20s");
    let outcome = run(root.path(), &mail, 7).run();
    assert_eq!(mail.clients(), 3);
    let found = findings(&outcome.stdout);
    assert_eq!(found.len(), 7);
    assert!(
        found.iter().all(|(verdict, _)| verdict == "inconclusive"),
        "{found:#?}"
    );
    let cause = format!(
        "stopped after three server errors in a row, the last (421) at a connection to smtp://127.0.0.1:{}",
        mail.port
    );
    let of = |words: &str| {
        let those = found.iter().filter(|(_, reason)| reason.contains(words));
        those.count()
    };
    assert_eq!(of(&cause), 4, "{found:#?}");
    assert_eq!(of("turns this client away with 421"), 3, "{found:#?}");
}

#[test]
fn a_mail_server_that_closes_now_and_then_is_waited_for() {
    let mail = MailDouble::greeting(|number| match number % 3 {
        2 => "220 mail.test",
        _ => "421 mail.test closing",
    });
    let root = senders(6, "20s");
    let outcome = run(root.path(), &mail, 6).run();
    assert_eq!(mail.clients(), 6);
    let found = findings(&outcome.stdout);
    let of = |word: &str| found.iter().filter(|(verdict, _)| verdict == word).count();
    assert_eq!((of("pass"), of("inconclusive")), (2, 4), "{found:#?}");
    // Half a second after the first, a whole one after the second, twice.
    assert!(
        outcome.took >= Duration::from_millis(3000),
        "{:?}",
        outcome.took
    );
    assert!(mail.mail.lock().unwrap().contains("X-Holdpoint-Run: "));
}

#[test]
fn the_mail_server_of_another_machine_is_called_ten_times_a_second_at_most() {
    let mail = MailDouble::greeting(|_| "220 mail.test");
    let root = senders(12, "20s");
    // An address of this machine that is not a loopback address, and so is taken for another's.
    let elsewhere = mail.variable().replace("127.0.0.1", "0.0.0.0");
    let outcome = run(root.path(), &mail, 12)
        .env("EMAIL_SERVER", elsewhere)
        .run()
        .expect_code(0);
    assert_eq!(mail.clients(), 12);
    assert!(
        outcome.took >= Duration::from_millis(1100),
        "{:?}",
        outcome.took
    );
}

/// A mail catcher whose first searches fail, and what it was asked.
fn catcher(mail: Arc<Mutex<String>>) -> (Server, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let server = Server::start(move |request, client| {
        let first = request.head.lines().next().unwrap_or_default();
        let word = |place| first.split(' ').nth(place).unwrap_or_default();
        let what = format!("{} {}", word(0), word(1).split('?').next().unwrap());
        let searches = {
            let mut noted = noted.lock().unwrap();
            noted.push(what.clone());
            let searches = noted.iter().filter(|one| one.ends_with("/search"));
            searches.count()
        };
        let (status, body) = match what.as_str() {
            "GET /api/v1/info" => (200, json!({ "Version": "v1" }).to_string()),
            "GET /api/v1/search" if searches <= 3 => (500, String::new()),
            "GET /api/v1/search" => {
                let found = json!({ "messages": [{ "ID": "one", "Subject": subject(&mail) }] });
                (200, found.to_string())
            }
            "GET /api/v1/message/one/raw" => (200, mail.lock().unwrap().clone()),
            "DELETE /api/v1/messages" => (200, "ok".into()),
            _ => (404, String::new()),
        };
        write!(
            client,
            "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    (server, asked)
}

fn subject(mail: &Mutex<String>) -> String {
    let mail = mail.lock().unwrap();
    let line = mail.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

#[test]
fn a_mail_is_taken_out_although_its_mailbox_was_given_up() {
    let mail = MailDouble::greeting(|_| "220 mail.test");
    let (server, asked) = catcher(mail.mail.clone());
    let root = senders(1, "20s");
    let outcome = run(root.path(), &mail, 1)
        .env("HOLDPOINT_MAIL_CATCHER_URL", server.url())
        .run();
    let asked = asked.lock().unwrap().clone();
    let count = |what: &str| asked.iter().filter(|one| *one == what).count();
    // Three that fail, and the one of the removal.
    assert_eq!(
        count("GET /api/v1/search"),
        4,
        "{asked:#?}\n{}",
        outcome.stdout
    );
    assert_eq!(count("DELETE /api/v1/messages"), 1, "{asked:#?}");
    assert_eq!(asked.last().unwrap(), "DELETE /api/v1/messages");
}
