//! The test harness itself: servers misbehave as they say, peers run, and the program runs alone.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;
use support::hostile::{Refusing, Server, raw_get};
use support::peers::Nginx;

fn whole(server: &Server) -> String {
    String::from_utf8_lossy(&raw_get(&server.url(), "/", u64::MAX).expect("an answer")).into_owned()
}

#[test]
fn a_refusing_port_refuses() {
    let refusing = Refusing::start();
    let error = raw_get(&refusing.url(), "/", 1).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_hanging_server_takes_the_request_and_says_nothing() {
    let server = Server::hang();
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    server.wait_for(1);
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    ));
    assert_eq!(server.requests(), 1);
    drop(server);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn early_ends_are_early() {
    let server = Server::close_at_once();
    assert_eq!(whole(&server), "");
    assert_eq!(server.requests(), 1);
    assert!(!whole(&Server::close_in_head()).contains("\r\n\r\n"));
    assert!(whole(&Server::not_http()).starts_with("SSH"));
}

#[test]
fn a_gigabyte_is_sent_only_as_far_as_it_is_read() {
    let server = Server::gigabyte();
    assert_eq!(raw_get(&server.url(), "/", 3 << 20).unwrap().len(), 3 << 20);
    assert!(server.sent() < 64 << 20);
}

#[test]
fn redirects_lead_nowhere() {
    let server = Server::redirect_loop();
    let answer = raw_get(&server.url(), "/here?a=1", u64::MAX).unwrap();
    assert!(
        String::from_utf8(answer)
            .unwrap()
            .contains("Location: /here?a=1\r\n")
    );
    let server = Server::redirect_forever();
    assert!(whole(&server).contains("Location: /1\r\n"));
    assert!(whole(&server).contains("Location: /2\r\n"));
    assert_eq!(server.requests(), 2);
}

#[test]
fn the_bomb_is_small_and_becomes_large() {
    let answer = raw_get(&Server::gzip_bomb().url(), "/", u64::MAX).unwrap();
    let body = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(answer.len() < 16 << 20, "{} bytes", answer.len());
    // All of it takes a while without optimisation; its beginning shows that it is right.
    let mut start = vec![1; 64 << 20];
    flate2::read::GzDecoder::new(&answer[body..])
        .read_exact(&mut start)
        .unwrap();
    assert!(start.iter().all(|byte| *byte == 0));
}

#[test]
fn lengths_and_headers_lie() {
    assert!(
        whole(&Server::declares_more()).ends_with("1000\r\nConnection: close\r\n\r\n0123456789")
    );
    assert!(whole(&Server::declares_less()).ends_with("5\r\nConnection: close\r\n\r\n0123456789"));
    let answer = raw_get(&Server::non_utf8_headers().url(), "/", u64::MAX).unwrap();
    assert!(String::from_utf8(answer).is_err());
    let drip = Server::slow_drip(Duration::from_millis(1));
    assert!(raw_get(&drip.url(), "/", 40).unwrap().ends_with(b"aaaa"));
}

#[test]
fn nginx_serves_a_template() {
    let template = "events {}\nhttp {\n access_log off;\n client_body_temp_path {dir}/body;\n \
                    proxy_temp_path {dir}/proxy;\n fastcgi_temp_path {dir}/fastcgi;\n \
                    uwsgi_temp_path {dir}/uwsgi;\n scgi_temp_path {dir}/scgi;\n \
                    server { listen 127.0.0.1:{port}; root {dir}/site; }\n \
                    server { listen 127.0.0.1:{plain_port}; return 308 http://127.0.0.1:{port}$request_uri; }\n}\n";
    let prepare = |folder: &std::path::Path| support::write(folder, "site/index.html", "a page");
    let Some(nginx) = Nginx::start_with(template, prepare) else {
        return;
    };
    let page = String::from_utf8(raw_get(&nginx.url(), "/", u64::MAX).unwrap()).unwrap();
    assert!(
        page.starts_with("HTTP/1.1 200") && page.ends_with("a page"),
        "{page}"
    );
    let redirect =
        String::from_utf8(raw_get(&nginx.plain_url(), "/x?y", u64::MAX).unwrap()).unwrap();
    assert!(
        redirect.contains(&format!("Location: {}/x?y\r\n", nginx.url())),
        "{redirect}"
    );
    let (url, folder) = (nginx.url(), nginx.folder().to_owned());
    drop(nginx);
    assert!(raw_get(&url, "/", 1).is_err());
    assert!(!folder.exists());
}

#[test]
fn the_program_starts_in_a_folder_of_its_own() {
    let outcome = support::holdpoint(["--version"])
        .env("NO_COLOR", "1")
        .input("ignored")
        .run();
    let outcome = outcome.expect_code(0);
    assert_eq!(outcome.code(), 0);
    assert!(outcome.took < Duration::from_secs(60));
}

#[test]
fn what_is_volatile_gets_a_name() {
    let text = "holdpoint VERSION at https://127.0.0.1:40213/x in /tmp/a/b/app at 2026-11-22T13:37:00.123Z took 1.2 s, \
                12 ms; max-age is 300 s; {\"duration_ms\": 17} sha256:0123456789abcdef";
    let text = text.replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        support::stable(&text, &[(PathBuf::from("/tmp/a/b"), "[ROOT]")]),
        "holdpoint [VERSION] at https://127.0.0.1:[PORT]/x in [ROOT]/app at [TIME] took [DURATION], \
         [DURATION]; max-age is 300 s; {\"duration_ms\": [DURATION]} [DIGEST]"
    );
}
