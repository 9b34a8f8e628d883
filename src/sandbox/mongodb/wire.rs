//! Messages of MongoDB's wire protocol: OP_MSG with document sequences, and OP_QUERY of the first greeting.

use mongodb::bson::{Bson, Document};
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;
/// The longest message that is read; a client of ours sends far less.
const LONGEST: usize = 1 << 20;
/// OP_MSG: a checksum follows the sections.
const CHECKSUM_PRESENT: u32 = 1;
/// OP_MSG: the sender waits for no answer.
const MORE_TO_COME: u32 = 2;

/// A command that was received.
pub(super) struct Request {
    id: i32,
    operation: i32,
    /// The command, with the documents of its sequences as arrays in it.
    pub(super) body: Document,
    pub(super) wants_answer: bool,
}

/// The next message; none where the client has closed the connection.
pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<Request>> {
    let mut header = [0; 16];
    match stream.read_exact(&mut header).await {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut fields = &header[..];
    let (length, id) = (take_i32(&mut fields)?, take_i32(&mut fields)?);
    take_i32(&mut fields)?;
    let operation = take_i32(&mut fields)?;
    let length = usize::try_from(length).map_err(|_| invalid("a negative length"))?;
    if !(16..=LONGEST).contains(&length) {
        return Err(invalid("a length that cannot be"));
    }
    let mut payload = vec![0; length - 16];
    stream.read_exact(&mut payload).await?;
    let (body, wants_answer) = match operation {
        OP_MSG => message(&payload)?,
        OP_QUERY => (query(&payload)?, true),
        other => return Err(invalid(&format!("operation {other}"))),
    };
    Ok(Some(Request {
        id,
        operation,
        body,
        wants_answer,
    }))
}

/// Answers in the form of the request.
pub(super) async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    request: &Request,
    answer: &Document,
) -> io::Result<()> {
    let answer = answer.to_vec().map_err(io::Error::other)?;
    let (operation, mut payload) = if request.operation == OP_QUERY {
        // Flags, a cursor, where it starts, and that one document follows.
        let mut fields = vec![0; 16];
        fields.extend(1_i32.to_le_bytes());
        (OP_REPLY, fields)
    } else {
        (OP_MSG, vec![0; 5])
    };
    payload.extend(answer);
    let length = i32::try_from(16 + payload.len()).map_err(io::Error::other)?;
    let mut message = Vec::with_capacity(16 + payload.len());
    for field in [length, 0, request.id, operation] {
        message.extend(field.to_le_bytes());
    }
    message.extend(payload);
    stream.write_all(&message).await?;
    stream.flush().await
}

fn message(payload: &[u8]) -> io::Result<(Document, bool)> {
    let mut rest = payload;
    let flags = take_i32(&mut rest)?.cast_unsigned();
    if flags & CHECKSUM_PRESENT != 0 {
        rest = rest.get(..rest.len().saturating_sub(4)).unwrap_or_default();
    }
    let mut body = Document::new();
    let mut sequences = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        match kind {
            0 => body = document(&mut rest)?,
            1 => {
                let length = usize::try_from(take_i32(&mut { rest })?)
                    .map_err(|_| invalid("a negative length"))?;
                let section = rest
                    .get(4..length)
                    .ok_or_else(|| invalid("a sequence that is cut off"))?;
                rest = &rest[length..];
                sequences.push(sequence(section)?);
            }
            _ => return Err(invalid("a section of a kind that does not exist")),
        }
    }
    for (name, documents) in sequences {
        body.insert(name, documents);
    }
    Ok((body, flags & MORE_TO_COME == 0))
}

fn sequence(mut section: &[u8]) -> io::Result<(String, Vec<Bson>)> {
    let name = take_text(&mut section)?;
    let mut documents = Vec::new();
    while !section.is_empty() {
        documents.push(Bson::Document(document(&mut section)?));
    }
    Ok((name, documents))
}

fn query(payload: &[u8]) -> io::Result<Document> {
    let mut rest = payload;
    take_i32(&mut rest)?;
    let collection = take_text(&mut rest)?;
    take_i32(&mut rest)?;
    take_i32(&mut rest)?;
    let mut body = document(&mut rest)?;
    let database = collection.split('.').next().unwrap_or_default();
    body.insert("$db", database);
    Ok(body)
}

fn document(rest: &mut &[u8]) -> io::Result<Document> {
    Document::from_reader(rest).map_err(|error| invalid(&error.to_string()))
}

fn take_i32(rest: &mut &[u8]) -> io::Result<i32> {
    let (bytes, after) = rest
        .split_first_chunk()
        .ok_or_else(|| invalid("a message that is cut off"))?;
    *rest = after;
    Ok(i32::from_le_bytes(*bytes))
}

fn take_text(rest: &mut &[u8]) -> io::Result<String> {
    let end = rest
        .iter()
        .position(|byte| *byte == 0)
        .ok_or_else(|| invalid("a text without an end"))?;
    let text = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    Ok(text)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
