//! Parses the messages on a connection far enough to assign bytes to requests and responses.

/// The head of a request or a response.
#[derive(Debug)]
pub(crate) struct Head {
    /// The request line, or the status line.
    pub(crate) start_line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Self { start_line: first, headers: fields }
    }

    /// Returns the value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }
}

/// A part of a message that is complete.
#[derive(Debug)]
pub(crate) enum MessageEvent {
    /// The whole head.
    Head(Head),
    /// The last byte of the message.
    End,
}

/// The messages in one direction of a connection. Parsing stops at bytes that are not HTTP/1.1.
#[derive(Debug)]
pub(crate) enum HttpParser {
    Head(Vec<u8>),
    Body(usize),
    NotHttp1,
}

/// Start of an HTTP/2 connection, which is not parsed here.
const PREFACE: &str = "PRI ";

/// Maximum length of a head. Longer input is not HTTP.
const MAX_HEAD_LENGTH: usize = 16 << 10;

impl HttpParser {
    pub(crate) fn new() -> Self {
        Self::Head(Vec::new())
    }

    /// Parses the next bytes and emits the events that they complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut emit: impl FnMut(MessageEvent)) {
        while !bytes.is_empty() {
            match self {
                Self::NotHttp1 => return,
                Self::Body(rest) => {
                    let length = bytes.len().min(*rest);
                    bytes = &bytes[length..];
                    *rest -= length;
                    if *rest == 0 {
                        *self = Self::new();
                        emit(MessageEvent::End);
                    }
                }
                Self::Head(buffer) => {
                    let already_read = buffer.len();
                    buffer.extend_from_slice(bytes);
                    // TLS and HTTP/2 begin with other bytes.
                    if !buffer.first().is_some_and(u8::is_ascii_alphabetic) {
                        *self = Self::NotHttp1;
                        return;
                    }
                    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
                        if buffer.len() > MAX_HEAD_LENGTH {
                            *self = Self::NotHttp1;
                        }
                        return;
                    };
                    bytes = &bytes[end + 4 - already_read..];
                    let head = Head::parse(&String::from_utf8_lossy(&buffer[..end]));
                    if head.start_line.starts_with(PREFACE) {
                        *self = Self::NotHttp1;
                        return;
                    }
                    let length = head.header("content-length").map_or(Ok(0), str::parse);
                    emit(MessageEvent::Head(head));
                    *self = match length {
                        Ok(0) => {
                            emit(MessageEvent::End);
                            Self::new()
                        }
                        Ok(length) => Self::Body(length),
                        Err(_) => Self::NotHttp1,
                    };
                }
            }
        }
    }
}
