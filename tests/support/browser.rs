//! Chromium without a window, spoken to over its DevTools protocol: opens a page, presses keys, and tells what happened.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// No answer takes longer, and no page.
const LIMIT: Duration = Duration::from_secs(60);

/// A running browser with one page. Dropping it ends it.
pub(crate) struct Browser {
    process: Child,
    _folder: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    last: u64,
    events: VecDeque<Value>,
}

impl Browser {
    /// Starts the program with a profile of its own.
    pub(crate) async fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let mut process = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the browser is a program");
        let mut lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.trim().to_owned()))
            .expect("the browser says where it listens");
        // What it says afterwards must not fill the pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let large = WebSocketConfig::default()
            .max_message_size(Some(256 << 20))
            .max_frame_size(Some(256 << 20));
        let (socket, _) = connect_async_with_config(address, Some(large), true)
            .await
            .expect("the browser takes connections");
        let mut browser = Self {
            process,
            _folder: folder,
            socket,
            session: None,
            last: 0,
            events: VecDeque::new(),
        };
        let made = browser
            .call("Target.createTarget", json!({ "url": "about:blank" }))
            .await;
        let target = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", target).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    /// Calls a method and waits for its answer; events that come meanwhile are kept.
    pub(crate) async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("the browser reads");
        loop {
            let answer = self.next().await;
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(LIMIT, self.socket.next()).await;
            let message = next.expect("an answer in time").expect("an open browser");
            if let Message::Text(text) = message.expect("a whole message") {
                return serde_json::from_str(&text).expect("the protocol is JSON");
            }
        }
    }

    /// Waits for an event of that name.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let place = self.events.iter().position(|one| one["method"] == name);
            if let Some(event) = place.and_then(|place| self.events.remove(place)) {
                return event["params"].clone();
            }
            let event = self.next().await;
            self.events.push_back(event);
        }
    }

    /// The events of that name that have come so far.
    pub(crate) fn seen(&self, name: &str) -> Vec<&Value> {
        let named = self.events.iter().filter(|one| one["method"] == name);
        named.map(|one| &one["params"]).collect()
    }

    /// Opens a file and waits until it is loaded. What happened before is forgotten.
    pub(crate) async fn open(&mut self, file: &Path) {
        self.events.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", json!({ "url": url })).await;
        self.event("Page.loadEventFired").await;
    }

    /// The value of an expression in the page, awaited.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters).await;
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression:.200}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Presses and releases a key, as a person would.
    pub(crate) async fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            " " => ("Space", 32, " "),
            "Enter" => ("Enter", 13, "\r"),
            _ => panic!("no code is known of the key {key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event =
                json!({ "type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Clicks in the middle of the first element of a selector.
    pub(crate) async fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const one = document.querySelector({}); one.scrollIntoView({{ block: 'center' }}); \
             const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        );
        let place = self.evaluate(&place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Shows the page in so many pixels across, in a scheme of colours (`light`, `dark`), on `screen` or for `print`.
    pub(crate) async fn show(&mut self, width: u32, scheme: &str, media: &str) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": scheme });
        let media = json!({ "media": media, "features": [scheme] });
        self.call("Emulation.setEmulatedMedia", media).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let process = rustix::process::Pid::from_child(&self.process);
        // Fails only where it has ended already.
        let _sent = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let _waited = self.process.wait();
    }
}
