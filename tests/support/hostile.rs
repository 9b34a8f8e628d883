//! Servers that break the rules of HTTP, each in one way, on a port of their own of 127.0.0.1.

use flate2::{Compress, Compression, Crc, FlushCompress};
use holdpoint::clock;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Nothing that a test waits for takes longer, on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

const MIB: usize = 1 << 20;
const GIB: u64 = 1 << 30;

/// The request line and headers, without the body.
pub(crate) struct Request {
    pub(crate) head: String,
}

impl Request {
    /// The path and query as sent.
    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// One server, a thread for each connection. Dropping it closes every connection and ends them.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    sent: AtomicU64,
    stopped: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

/// The client's side of one exchange, counting what is sent to it.
pub(crate) struct Client<'a> {
    stream: TcpStream,
    seen: &'a Seen,
}

impl Write for Client<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.stream.write(bytes)?;
        self.seen.sent.fetch_add(length as u64, Ordering::SeqCst);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Client<'_> {
    /// Waits until the client closes the connection, or the server is dropped.
    pub(crate) fn until_closed(&mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }
}

impl Server {
    /// Answers each request with `answer`, then closes the connection. An error of it is the client's leaving.
    pub(crate) fn start(
        answer: impl Fn(&Request, &mut Client) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let seen = Arc::new(Seen::default());
        let accepting = thread::spawn({
            let (seen, answer) = (Arc::clone(&seen), Arc::new(answer));
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if seen.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    if let Ok(copy) = stream.try_clone() {
                        seen.open
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(copy);
                    }
                    let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                    thread::spawn(move || {
                        let _left = exchange(stream, &seen, &*answer);
                    });
                }
            }
        });
        Self {
            address,
            seen,
            accepting: Some(accepting),
        }
    }

    /// Sends these bytes for every request.
    pub(crate) fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |_, client| client.write_all(&bytes))
    }

    /// Takes the request and never answers.
    pub(crate) fn hang() -> Self {
        Self::start(|_, client| client.until_closed())
    }

    /// Closes after the request, without a byte.
    pub(crate) fn close_at_once() -> Self {
        Self::start(|_, _| Ok(()))
    }

    /// Closes in the middle of the headers.
    pub(crate) fn close_in_head() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Type: text/ht")
    }

    /// Sends a body of 1 GiB for as long as anybody reads it.
    pub(crate) fn gigabyte() -> Self {
        Self::start(|_, client| {
            write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {GIB}\r\nConnection: close\r\n\r\n"
            )?;
            let block = vec![b'a'; MIB];
            (0..GIB / MIB as u64).try_for_each(|_| client.write_all(&block))
        })
    }

    /// Redirects every address to itself.
    pub(crate) fn redirect_loop() -> Self {
        Self::start(|request, client| redirect(client, request.target()))
    }

    /// Redirects every address to one that was never asked for before.
    pub(crate) fn redirect_forever() -> Self {
        let next = AtomicUsize::new(1);
        Self::start(move |_, client| {
            redirect(client, &format!("/{}", next.fetch_add(1, Ordering::SeqCst)))
        })
    }

    /// Sends 1 MiB that decompresses to 1 GiB, with a right checksum.
    pub(crate) fn gzip_bomb() -> Self {
        let bomb = bomb();
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            bomb.len()
        )
        .into_bytes();
        answer.extend(bomb);
        Self::answering(answer)
    }

    /// Declares 1000 bytes, sends 10 and closes.
    pub(crate) fn declares_more() -> Self {
        Self::answering(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n0123456789",
        )
    }

    /// Declares 5 bytes and sends 10.
    pub(crate) fn declares_less() -> Self {
        Self::answering(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\n0123456789",
        )
    }

    /// Sends header values that are neither ASCII nor UTF-8; a right answer otherwise.
    pub(crate) fn non_utf8_headers() -> Self {
        Self::answering(
            *b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Odd: \xff\xfe\xc3\r\nX-Frame-Options: D\xc9NY\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        )
    }

    /// Sends one byte of an endless header every `pause`.
    pub(crate) fn slow_drip(pause: Duration) -> Self {
        Self::start(move |_, client| {
            client.write_all(b"HTTP/1.1 200 OK\r\nX-Drip: ")?;
            loop {
                client.write_all(b"a")?;
                thread::sleep(pause);
            }
        })
    }

    /// Speaks another protocol.
    pub(crate) fn not_http() -> Self {
        Self::answering("SSH-2.0-server\r\n")
    }

    /// Where it answers, without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it has read.
    pub(crate) fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// Waits until it has read so many requests.
    pub(crate) fn wait_for(&self, requests: usize) {
        let begun = clock::tick();
        while self.requests() < requests {
            assert!(begun.elapsed() < PATIENCE, "{} requests", self.requests());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many bytes its clients' sockets have taken.
    pub(crate) fn sent(&self) -> u64 {
        self.seen.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.seen.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ended = accepting.join();
        }
        for stream in self
            .seen
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Reads one request, counts it, answers it, and closes so that the client still gets every byte.
fn exchange(
    stream: TcpStream,
    seen: &Seen,
    answer: &(impl Fn(&Request, &mut Client) -> io::Result<()> + ?Sized),
) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
    }
    seen.requests.fetch_add(1, Ordering::SeqCst);
    let request = Request {
        head: String::from_utf8_lossy(&head).into_owned(),
    };
    let mut client = Client { stream, seen };
    answer(&request, &mut client)?;
    client.stream.shutdown(Shutdown::Write)?;
    client.until_closed()
}

fn redirect(client: &mut Client, to: &str) -> io::Result<()> {
    write!(
        client,
        "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

/// 1 GiB of zeros in gzip (RFC 1952): one compressed MiB that stands alone, 1024 times over.
fn bomb() -> Vec<u8> {
    let zeros = vec![0; MIB];
    let mut block = Vec::with_capacity(MIB);
    let mut compress = Compress::new(Compression::fast(), false);
    compress
        .compress_vec(&zeros, &mut block, FlushCompress::Full)
        .expect("zeros compress");

    let mut one = Crc::new();
    one.update(&zeros);
    let mut sum = Crc::new();
    (0..1024).for_each(|_| sum.combine(&one));
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    (0..1024).for_each(|_| gzip.extend(&block));
    gzip.extend([3, 0]); // an empty last block
    gzip.extend(sum.sum().to_le_bytes());
    gzip.extend((GIB as u32).to_le_bytes());
    gzip
}

/// A port that refuses connections for as long as this lives: bound, so that nobody else gets it,
/// and not listening.
pub(crate) struct Refusing {
    address: SocketAddr,
    _socket: tokio::net::TcpSocket,
}

impl Refusing {
    /// Binds a port.
    pub(crate) fn start() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        Self {
            address,
            _socket: socket,
        }
    }

    /// Where nobody answers, without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Sends one GET to `url` and returns every byte that comes back, up to `limit`.
pub(crate) fn raw_get(url: &str, path: &str, limit: u64) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
