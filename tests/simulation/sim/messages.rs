//! Reads what passes on a connection just far enough to know which request or answer it belongs to.

/// The head of a request or an answer.
#[derive(Debug)]
pub(crate) struct Head {
    /// The request line, or the status line.
    pub(crate) first: String,
    fields: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Self { first, fields }
    }

    /// The value of a field, by its name in small letters.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }
}

/// What has just passed.
#[derive(Debug)]
pub(crate) enum Passed {
    /// A whole head.
    Head(Head),
    /// The last byte of a message.
    End,
}

/// One direction of a connection, as a row of messages. Once something is not HTTP it reads no further.
#[derive(Debug)]
pub(crate) enum Messages {
    Head(Vec<u8>),
    Body(usize),
    Lost,
}

/// How a client begins that speaks HTTP/2, whose requests are not read here.
const PREFACE: &str = "PRI ";

/// A head that is longer than this is none.
const LONGEST_HEAD: usize = 16 << 10;

impl Messages {
    pub(crate) fn new() -> Self {
        Self::Head(Vec::new())
    }

    /// Takes the next bytes and tells what is complete by them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Passed)) {
        while !bytes.is_empty() {
            match self {
                Self::Lost => return,
                Self::Body(rest) => {
                    let taken = bytes.len().min(*rest);
                    bytes = &bytes[taken..];
                    *rest -= taken;
                    if *rest == 0 {
                        *self = Self::new();
                        tell(Passed::End);
                    }
                }
                Self::Head(seen) => {
                    let before = seen.len();
                    seen.extend_from_slice(bytes);
                    // TLS and HTTP/2 begin with other bytes.
                    if !seen.first().is_some_and(u8::is_ascii_alphabetic) {
                        *self = Self::Lost;
                        return;
                    }
                    let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else {
                        if seen.len() > LONGEST_HEAD {
                            *self = Self::Lost;
                        }
                        return;
                    };
                    bytes = &bytes[end + 4 - before..];
                    let head = Head::parse(&String::from_utf8_lossy(&seen[..end]));
                    if head.first.starts_with(PREFACE) {
                        *self = Self::Lost;
                        return;
                    }
                    let length = head.field("content-length").map_or(Ok(0), str::parse);
                    tell(Passed::Head(head));
                    *self = match length {
                        Ok(0) => {
                            tell(Passed::End);
                            Self::new()
                        }
                        Ok(length) => Self::Body(length),
                        Err(_) => Self::Lost,
                    };
                }
            }
        }
    }
}
