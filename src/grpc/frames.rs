//! What a client's side of an HTTP/2 connection says about flow control, read along without a part
//! in it (RFC 9113, sections 3.4, 4.1, 6.5 and 6.9).

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const INITIAL_WINDOW_SIZE: u16 = 4;
/// A parameter of a SETTINGS frame, and the content of a WINDOW_UPDATE frame.
const SETTING: usize = 6;
const INCREMENT: usize = 4;

/// Something that a client says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Its stream of this number begins (or, without harm, ends with trailers).
    Request(u32),
    /// The windows of its streams are to be so large.
    Window(u32),
    /// It grants a stream so many bytes more.
    Granted(u32, u32),
}

/// Takes the frames out of bytes that arrive in pieces. Keeps a few bytes at most.
#[derive(Debug, Default)]
pub struct Frames {
    place: FramePosition,
    /// Bytes of what is being read: a head, a parameter, an increment.
    part: [u8; HEAD],
    filled: usize,
}

#[derive(Debug, Clone, Copy)]
enum FramePosition {
    Preface(usize),
    Head,
    Content {
        kind: u8,
        stream: u32,
        left: usize,
    },
    /// It is no HTTP/2, or it is encrypted.
    Lost,
}

impl Default for FramePosition {
    fn default() -> Self {
        Self::Preface(0)
    }
}

impl Frames {
    /// Whether the connection is not understood.
    pub fn is_lost(&self) -> bool {
        matches!(self.place, FramePosition::Lost)
    }

    /// Reads the next bytes, and tells `say` what the client says in them.
    pub fn push(&mut self, mut bytes: &[u8], mut say: impl FnMut(Said)) {
        while let Some(&next) = bytes.first() {
            bytes = match self.place {
                FramePosition::Lost => return,
                FramePosition::Preface(at) => {
                    self.place = match PREFACE.get(at) {
                        Some(expected) if *expected != next => FramePosition::Lost,
                        _ if at + 1 == PREFACE.len() => FramePosition::Head,
                        _ => FramePosition::Preface(at + 1),
                    };
                    &bytes[1..]
                }
                FramePosition::Head => self.head(bytes, &mut say),
                FramePosition::Content { kind, stream, left } => {
                    self.content((kind, stream, left), bytes, &mut say)
                }
            };
        }
    }

    fn head<'a>(&mut self, bytes: &'a [u8], say: &mut impl FnMut(Said)) -> &'a [u8] {
        let (rest, whole) = self.fill(HEAD, bytes);
        if whole {
            let [a, b, c, kind, flags, s @ ..] = self.part;
            let left = u32::from_be_bytes([0, a, b, c]) as usize;
            let stream = u32::from_be_bytes(s) & !(1 << 31);
            if kind == HEADERS {
                say(Said::Request(stream));
            }
            // An acknowledgement says no more than data do.
            let kind = if kind == SETTINGS && flags & ACK != 0 {
                DATA
            } else {
                kind
            };
            self.place = match left {
                0 => FramePosition::Head,
                left => FramePosition::Content { kind, stream, left },
            };
        }
        rest
    }

    fn content<'a>(
        &mut self,
        (kind, stream, left): (u8, u32, usize),
        bytes: &'a [u8],
        say: &mut impl FnMut(Said),
    ) -> &'a [u8] {
        let within = &bytes[..left.min(bytes.len())];
        let (taken, whole) = match kind {
            SETTINGS => {
                let (rest, whole) = self.fill(SETTING, within);
                (within.len() - rest.len(), whole)
            }
            WINDOW_UPDATE => {
                let (rest, whole) = self.fill(INCREMENT, within);
                (within.len() - rest.len(), whole)
            }
            _ => (within.len(), false),
        };
        let [a, b, c, d, e, f, ..] = self.part;
        if whole && kind == SETTINGS && u16::from_be_bytes([a, b]) == INITIAL_WINDOW_SIZE {
            say(Said::Window(u32::from_be_bytes([c, d, e, f])));
        }
        if whole && kind == WINDOW_UPDATE {
            let increment = u32::from_be_bytes([a, b, c, d]) & !(1 << 31);
            say(Said::Granted(stream, increment));
        }
        self.place = match left - taken {
            0 => {
                self.filled = 0;
                FramePosition::Head
            }
            left => FramePosition::Content { kind, stream, left },
        };
        &bytes[taken..]
    }

    // Fills `part` up to `size`; whether it is whole, and what is left of the bytes.
    fn fill<'a>(&mut self, size: usize, bytes: &'a [u8]) -> (&'a [u8], bool) {
        let (now, rest) = bytes.split_at(bytes.len().min(size - self.filled));
        self.part[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        let whole = self.filled == size;
        if whole {
            self.filled = 0;
        }
        (rest, whole)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u32).to_be_bytes();
        let head = [length[1], length[2], length[3], kind, flags];
        [&head, &stream.to_be_bytes()[..], content].concat()
    }

    fn setting(id: u16, value: u32) -> Vec<u8> {
        [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
    }

    fn connection() -> (Vec<u8>, Vec<Said>) {
        let settings = [setting(3, 100), setting(4, 131_072), setting(5, 4)].concat();
        let bytes = [
            PREFACE.to_vec(),
            frame(SETTINGS, 0, 0, &settings),
            frame(SETTINGS, ACK, 0, &[]),
            frame(WINDOW_UPDATE, 0, 0, &9_u32.to_be_bytes()),
            frame(HEADERS, 4, 1, &[0x55; 300]),
            frame(0, 1, 1, &[0x08; 70]),
            frame(WINDOW_UPDATE, 0, 1, &((1 << 31) | 16_384_u32).to_be_bytes()),
            frame(6, 0, 0, &[8; 8]),
            frame(SETTINGS, 0, 0, &setting(4, 65_535)),
            frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]),
        ];
        let said = vec![
            Said::Window(131_072),
            Said::Granted(0, 9),
            Said::Request(1),
            Said::Granted(1, 16_384),
            Said::Window(65_535),
            Said::Granted(1, 1),
        ];
        (bytes.concat(), said)
    }

    #[test]
    fn bytes_that_are_no_http_2_say_nothing() {
        let mut frames = Frames::default();
        frames.push(b"PRI * HTTP/1.1\r\n\r\n", |said| panic!("{said:?}"));
        assert!(frames.is_lost());
        frames.push(&connection().0, |said| panic!("{said:?}"));
    }

    #[test]
    fn frames_of_impossible_length_do_no_harm() {
        let mut frames = Frames::default();
        frames.push(PREFACE, |_| {});
        let mut said = Vec::new();
        for kind in [SETTINGS, WINDOW_UPDATE] {
            for length in 0..20 {
                frames.push(&frame(kind, 0, 1, &vec![0; length]), |_| {});
                frames.push(&frame(HEADERS, 0, 7, &[]), |it| said.push(it));
            }
        }
        assert_eq!(said, vec![Said::Request(7); 40]);
    }

    proptest! {
        #[test]
        fn a_connection_is_understood_in_whatever_pieces_it_arrives(cuts in prop::collection::vec(1_usize..40, 1..60)) {
            let (bytes, expected) = connection();
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                frames.push(piece, |said| found.push(said));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut frames = Frames::default();
            frames.push(PREFACE, |_| {});
            frames.push(&bytes, |_| {});
        }
    }
}
