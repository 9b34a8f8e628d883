//! The harness of the tests: runs the built program in a scrubbed environment, and provides servers
//! that misbehave and servers that others wrote.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod browser;
pub(crate) mod dnsmasq;
pub(crate) mod ferretdb;
pub(crate) mod forms;
pub(crate) mod git;
pub(crate) mod hostile;
pub(crate) mod limiters;
pub(crate) mod looking;
pub(crate) mod mail;
pub(crate) mod next;
pub(crate) mod next_auth;
pub(crate) mod oidc;
pub(crate) mod openssh;
pub(crate) mod peers;
pub(crate) mod refusal;

use holdpoint::clock;
use regex::Regex;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing that a test starts takes longer, on a machine that has much else to do; what does is ended, and the test fails.
const LIMIT: Duration = Duration::from_secs(400);

/// One call of the program, about to be made.
pub(crate) struct Holdpoint {
    command: Command,
    scratch: TempDir,
    root: PathBuf,
    input: Vec<u8>,
}

/// The program with these arguments. Its environment holds PATH, HOME and TMPDIR and nothing else;
/// HOME, TMPDIR and the working directory are fresh and empty folders.
pub(crate) fn holdpoint<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Holdpoint {
    let scratch = tempfile::tempdir().expect("a folder for temporary files");
    let root = scratch.path().join("root");
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin");
    for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp")] {
        let folder = scratch.path().join(folder);
        std::fs::create_dir(&folder).expect("a fresh folder");
        command.env(name, folder);
    }
    std::fs::create_dir(&root).expect("a fresh folder");
    Holdpoint {
        command,
        scratch,
        root,
        input: Vec::new(),
    }
}

impl Holdpoint {
    /// Runs in `folder` instead of an empty one.
    pub(crate) fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.root = folder.into();
        self
    }

    /// Adds arguments.
    pub(crate) fn arguments<A: AsRef<OsStr>>(mut self, more: &[A]) -> Self {
        self.command.args(more);
        self
    }

    /// Adds a variable to the environment.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives the program this on standard input, which is empty otherwise.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Runs to the end.
    pub(crate) fn run(self) -> Outcome {
        self.start().wait()
    }

    /// Runs to the end at a terminal of so many columns, where standard output and standard error are one text.
    pub(crate) fn at_terminal(self, columns: u16) -> Outcome {
        let (ours, theirs) = terminal(columns);
        let errors = theirs.try_clone().expect("a second handle");
        let mut running = self.start_with(theirs.into(), errors.into());
        running.stdout = read_to_end(ours);
        running.stderr = read_to_end(std::io::empty());
        running.wait()
    }

    /// Starts without waiting.
    pub(crate) fn start(self) -> Running {
        let mut running = self.start_with(Stdio::piped(), Stdio::piped());
        let child = &mut running.child;
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        running.stdout = read_to_end(stdout);
        running.stderr = read_to_end(stderr);
        running
    }

    /// Starts; what it writes is still to be read.
    fn start_with(self, stdout: Stdio, stderr: Stdio) -> Running {
        let Self {
            mut command,
            scratch,
            root,
            input,
        } = self;
        command
            .current_dir(&root)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr);
        let started = clock::tick();
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        // A program that ends without reading its input closes the pipe: not a failure of the test.
        thread::spawn(move || stdin.write_all(&input));
        Running {
            child,
            stdout: channel().1,
            stderr: channel().1,
            started,
            root,
            scratch,
        }
    }
}

/// A terminal of so many columns: the end that reads what is shown there, and the one that a program has.
fn terminal(columns: u16) -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};
    use std::os::unix::ffi::OsStrExt as _;
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("a terminal of ours");
    unlockpt(&ours).expect("a terminal that can be opened");
    let name = ptsname(&ours, Vec::new()).expect("a terminal has a name");
    let theirs = File::options()
        .read(true)
        .write(true)
        .open(OsStr::from_bytes(name.as_bytes()))
        .expect("the other end of the terminal");
    let size = Winsize {
        ws_row: 50,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).expect("a terminal has a size");
    (File::from(ours), theirs)
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _length = pipe.read_to_end(&mut bytes);
        let _gone = sender.send(bytes);
    });
    receiver
}

/// The program while it runs. Dropping it ends it.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    started: Instant,
    root: PathBuf,
    scratch: TempDir,
}

impl Running {
    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .expect("the program runs until it has been waited for");
    }

    /// Waits for the end.
    pub(crate) fn wait(mut self) -> Outcome {
        let stdout = self.collect(|running| &running.stdout);
        let stderr = self.collect(|running| &running.stderr);
        let status = self.child.wait().expect("the program was started here");
        Outcome {
            stdout: String::from_utf8(stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(stderr).expect("standard error is UTF-8"),
            status,
            took: clock::tick() - self.started,
            volatile: vec![
                (self.root.clone(), "[ROOT]"),
                (self.scratch.path().to_owned(), "[SCRATCH]"),
            ],
        }
    }

    fn collect(&self, pipe: impl Fn(&Self) -> &Receiver<Vec<u8>>) -> Vec<u8> {
        let left = LIMIT.saturating_sub(clock::tick() - self.started);
        match pipe(self).recv_timeout(left) {
            Ok(bytes) => bytes,
            // Unwinding drops `self`, which ends the program.
            Err(RecvTimeoutError::Timeout) => {
                panic!("the program was still running after {LIMIT:?}")
            }
            Err(RecvTimeoutError::Disconnected) => {
                panic!("a pipe of the program could not be read")
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: ExitStatus,
    /// From start to end, as the test saw it.
    pub(crate) took: Duration,
    volatile: Vec<(PathBuf, &'static str)>,
}

impl Outcome {
    /// The exit status; a death by signal fails the test.
    pub(crate) fn code(&self) -> i32 {
        self.status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {}\n{}", self.status, self.stderr))
    }

    /// Fails with everything that was printed, unless the exit status is `code`.
    pub(crate) fn expect_code(self, code: i32) -> Self {
        let Self {
            stdout,
            stderr,
            status,
            ..
        } = &self;
        assert_eq!(
            status.code(),
            Some(code),
            "{status}\n── stdout\n{stdout}\n── stderr\n{stderr}"
        );
        self
    }

    /// Standard output with a word in place of whatever differs from run to run.
    pub(crate) fn stable_stdout(&self) -> String {
        stable(&self.stdout, &self.volatile)
    }

    /// Standard error with a word in place of whatever differs from run to run.
    pub(crate) fn stable_stderr(&self) -> String {
        stable(&self.stderr, &self.volatile)
    }
}

/// `text` with a word for each path of `paths`, and for ports, times, durations, run names and
/// digests. Whole seconds stay: they come from what was examined, such as a max-age.
pub(crate) fn stable(text: &str, paths: &[(PathBuf, &'static str)]) -> String {
    static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"\b(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:[PORT]"),
            (
                r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z|[+-]\d\d:\d\d)?",
                "[TIME]",
            ),
            (r"\b\d{8}T\d{6}(\.\d+)?Z?(-[0-9a-z]+)?\b", "[RUN]"),
            (r#"("[a-z_]*_ms": ?)\d+(\.\d+)?"#, "$1[DURATION]"),
            (r"\b\d+\.\d+ ?s\b|\b\d+(\.\d+)? ?(ms|µs)\b", "[DURATION]"),
            (r"\bsha256:[0-9a-f]{12,64}\b|\b[0-9a-f]{64}\b", "[DIGEST]"),
            (
                concat!(r"\bholdpoint ", env!("CARGO_PKG_VERSION")),
                "holdpoint [VERSION]",
            ),
        ]
        .map(|(pattern, word)| (Regex::new(pattern).expect("a pattern of ours"), word))
        .into()
    });
    let mut text = text.to_owned();
    for (path, word) in paths {
        for path in [Some(path.clone()), path.canonicalize().ok()]
            .into_iter()
            .flatten()
        {
            text = text.replace(&*path.to_string_lossy(), word);
        }
    }
    for (pattern, word) in VOLATILE.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}

/// Writes `text` to `path` below `root`, with the folders on the way.
pub(crate) fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("a file has a folder"))
        .expect("a folder can be made");
    std::fs::write(path, text).expect("a file can be written");
}
