//! The frames of HTTP/2, as far as a peer has to read and write them.

use bytes::Bytes;

use super::peer::Request;

/// What a client sends before its first frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Length of the head of a frame: length, type, flags, stream.
const HEAD: usize = 9;

/// The type of the frame that begins a request.
const HEADERS: u8 = 1;

/// The stream of the first request of a connection, for which inputs are written.
const FIRST_STREAM: u32 = 1;

/// The path of a health probe in the Huffman code of HPACK.
const PROBE_PATH: [u8; 20] = [
    0x62, 0x21, 0xc9, 0x49, 0xaa, 0x61, 0x05, 0xb3, 0xb9, 0x6c, 0x60, 0x7d, 0xc6, 0x6a, 0x07, 0x19, 0xa8,
    0x32, 0x7d, 0x7f,
];

/// Takes the next frame that begins a request; the frames before it are dropped.
pub(crate) fn take_request(received: &mut Vec<u8>) -> Option<Request> {
    if received.starts_with(PREFACE) {
        received.drain(..PREFACE.len());
    }
    while let Some(end) = frame_end(received) {
        let bytes: Vec<u8> = received.drain(..end).collect();
        if bytes[3] == HEADERS {
            let is_probe = bytes.windows(PROBE_PATH.len()).any(|part| part == PROBE_PATH);
            return Some(Request { bytes, is_probe });
        }
    }
    None
}

/// Splits an input behind its first frame.
pub(crate) fn first_frame(input: &[u8]) -> (&[u8], &[u8]) {
    input.split_at(frame_end(input).unwrap_or(input.len()))
}

/// The stream of a frame.
pub(crate) fn stream_of(frame: &[u8]) -> u32 {
    frame.get(5..HEAD).and_then(|id| id.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// Returns frames with `stream` instead of the first stream, so that they respond to this request.
pub(crate) fn with_stream(frames: &[u8], stream: u32) -> Bytes {
    let mut written = frames.to_vec();
    let mut begin = 0;
    while let Some(end) = frame_end(&written[begin..]) {
        let frame = &mut written[begin..begin + end];
        if stream_of(frame) == FIRST_STREAM {
            frame[5..HEAD].copy_from_slice(&stream.to_be_bytes());
        }
        begin += end;
    }
    written.into()
}

/// Where the first frame ends, if it is complete.
fn frame_end(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(..3)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some(HEAD + length).filter(|end| *end <= bytes.len())
}
