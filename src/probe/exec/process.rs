//! One program from its start to the end of everything it started, within limits of time, memory and output.

use crate::model::{Environment, Hindrance, HindranceKind, VariableOrigin};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The most that a program may write on standard output, in bytes.
const OUTPUT: usize = 1 << 20;

/// How much of standard error is kept, in bytes; the rest is read and dropped.
const COMPLAINT: usize = 4096;

/// Where programs are looked for when the process environment does not say.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What to start, and with what.
pub(super) struct Order {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) folder: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) input: Vec<u8>,
    pub(super) limits: Limits,
}

/// How a program ended, and what it said.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    pub(super) complaint: Vec<u8>,
}

/// What each process of the program may take.
pub(super) struct Limits {
    memory: u64,
}

impl Limits {
    pub(super) fn new(memory_mib: u64) -> Self {
        Self {
            memory: memory_mib << 20,
        }
    }

    /// Limits writable memory rather than address space: JavaScript engines and Go reserve
    /// gigabytes of addresses that they never write to, and do not start without them.
    /// No core file is written either, since it would hold the secrets.
    #[cfg(target_os = "linux")]
    fn set(&self, pid: Pid) -> io::Result<()> {
        use rustix::process::{Resource, Rlimit, prlimit};
        for (resource, bytes) in [(Resource::Data, self.memory), (Resource::Core, 0)] {
            let limit = Rlimit {
                current: Some(bytes),
                maximum: Some(bytes),
            };
            match prlimit(Some(pid), resource, limit) {
                // It has ended already.
                Ok(_) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn set(&self, _: Pid) -> io::Result<()> {
        let _ = self.memory;
        Ok(())
    }
}

/// A process group, ended when this is dropped, and once only: its number may mean another group later.
struct Group {
    leader: Pid,
    ended: AtomicBool,
}

impl Group {
    fn end(&self) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            // It fails only where no process of the group is left.
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// The variables that every program gets. An environment file may not say where programs are found.
pub(super) fn basic_environment(environment: &Environment) -> BTreeMap<String, String> {
    let mut basic = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    for name in ["PATH", "HOME", "LANG", "TMPDIR"] {
        if let Some(variable) = environment
            .get(name)
            .filter(|variable| variable.origin == VariableOrigin::Process)
        {
            basic.insert(name.into(), variable.value.clone());
        }
    }
    basic
}

/// Runs the program until it ends, the time is over, or this future is dropped; nothing of its
/// process group outlives that.
pub(super) async fn run(order: Order, until: Instant) -> Result<Ended, Hindrance> {
    let shown = order.program.display().to_string();
    let fault = |cause: String| Hindrance::new(HindranceKind::Program, cause);
    let mut child = Command::new(&order.program)
        .args(&order.arguments)
        .current_dir(&order.folder)
        .env_clear()
        .envs(&order.environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                Hindrance::new(HindranceKind::Denied, format!("{shown} may not be run"))
            }
            _ => fault(format!("{shown} could not be started: {error}")),
        })?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let leader = pid.ok_or_else(|| fault(format!("{shown} ended before it began")))?;
    let group = Group {
        leader,
        ended: AtomicBool::new(false),
    };
    order
        .limits
        .set(group.leader)
        .map_err(|error| fault(format!("{shown} could not be limited: {error}")))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(fault(format!("{shown} has no standard streams")));
    };

    let feed = async {
        // A program need not read its input.
        let _ = stdin.write_all(&order.input).await;
        drop(stdin);
    };
    let wait = async {
        let status = child.wait().await;
        // Whatever it left behind would keep the pipes open.
        group.end();
        status
    };
    let listen = async {
        let output = take(stdout, OUTPUT, Beyond::Stop).await;
        if output.is_none() {
            group.end();
        }
        output
    };
    let work = async { tokio::join!(feed, wait, listen, take(stderr, COMPLAINT, Beyond::Drop)) };
    let Ok(((), status, output, complaint)) = tokio::time::timeout_at(until.into(), work).await
    else {
        return Err(Hindrance::new(
            HindranceKind::Timeout,
            format!("{shown} did not end in time"),
        ));
    };
    Ok(Ended {
        status: status.map_err(|error| fault(format!("{shown} was lost: {error}")))?,
        output: output.ok_or_else(|| fault(format!("{shown} wrote more than {OUTPUT} bytes")))?,
        complaint: complaint.unwrap_or_default(),
    })
}

/// What to do with bytes beyond the limit.
enum Beyond {
    Stop,
    Drop,
}

/// Reads to the end or to the limit; none where the limit was passed and that stops the reading.
async fn take(mut stream: impl AsyncRead + Unpin, limit: usize, beyond: Beyond) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; 16 << 10];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        let room = limit - kept.len();
        if count > room && matches!(beyond, Beyond::Stop) {
            return None;
        }
        kept.extend_from_slice(&chunk[..count.min(room)]);
    }
    Some(kept)
}
