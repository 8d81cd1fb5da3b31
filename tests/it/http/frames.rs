//! HTTP/2 of which every byte is the test's own (RFC 9113, RFC 7541).

use super::raw::Raw;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;
pub(super) const REFUSED_STREAM: u32 = 7;

pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The error of a cancelled request, or of a farewell.
    pub(super) fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    /// The status of an answer, where HPACK has a number for it.
    pub(super) fn status(&self) -> u16 {
        let statuses = [(0x88, 200), (0x8c, 400), (0x8d, 404), (0x8e, 500)];
        let status = statuses.iter().find(|(byte, _)| self.payload[0] == *byte);
        status.unwrap().1
    }
}

/// What a client says first, with no setting of its own.
pub(super) fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &*frame(4, 0, 0, b"")].concat()
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let stream = stream.to_be_bytes();
    [&length[1..], &[kind, flags], &stream, payload].concat()
}

/// The header of a request with these lines.
pub(super) fn header(method: &str, path: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let own = [(":method", method), (":scheme", "http"), (":path", path)];
    let mut block = Vec::new();
    for (name, value) in own.iter().chain(lines) {
        // A literal that is not indexed, with a new name.
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A request without a body.
pub(super) fn get(stream: u32, path: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let block = header("GET", path, lines);
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)
}

/// A request whose body is still to come.
pub(super) fn post(stream: u32, path: &str) -> Vec<u8> {
    let block = header("POST", path, &[(":authority", "x")]);
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// The next frame of one of these kinds; nothing where the service closes the connection before.
pub(super) async fn next(connection: &mut Raw, kinds: &[u8]) -> Option<Frame> {
    loop {
        let head: [u8; 9] = connection.bytes(9).await.try_into().ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let frame = Frame {
            kind: head[3],
            stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
            payload: connection.bytes(length as usize).await,
        };
        if kinds.contains(&frame.kind) {
            return Some(frame);
        }
    }
}
