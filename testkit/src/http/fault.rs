//! What goes wrong between a client and the service.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use time::OffsetDateTime;

use super::{
    answer::{self, Answer, Body, full, http_date, set},
    call::HttpOp,
};
use crate::{lost::Lost, rng::Rng};

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFault {
    /// An error answer; nothing happened.
    Status {
        /// 429, 500, 503 …
        status: u16,
        /// The service's code for it: `ServerBusy`, `InternalError`, …
        code: &'static str,
        /// The `Retry-After` header.
        retry_after: Option<RetryAfter>,
    },
    /// The connection is closed before anything happened.
    DropRequest,
    /// It happens, and the connection is closed in place of an answer.
    LoseAnswer,
    /// It happens, and the answer breaks off after this many bytes of its body.
    CutAnswer(usize),
    /// Everything waits this long first.
    Delay(Duration),
    /// A proxy's sign-in page, with 200; nothing happened.
    Html,
    /// White space without end where the XML should be.
    Endless,
    /// An error answer whose words have no end; nothing happened.
    EndlessRefusal {
        /// 403, 503 …
        status: u16,
        /// The service's code for it.
        code: &'static str,
    },
    /// It happens, and the answer's body has no end: white space, as fast as it is read or
    /// (`silent`) none at all after its first bytes.
    EndlessAnswer {
        /// Whether the body comes to a halt.
        silent: bool,
    },
    /// The right answer under another `Content-Range`.
    ContentRange(&'static str),
    /// A page of a listing that goes nowhere; other calls go well.
    Lost(Lost),
    /// A whole answer whose XML stops in the middle.
    UnclosedXml,
    /// A page whose continuation is the one that it was asked with.
    RepeatMarker,
    /// The right answer under a wrong content type.
    WrongContentType,
}

/// The two ways in which an answer says how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// The time that is so many seconds from now by this machine's clock.
    Date(u64),
    /// Anything.
    Text(&'static str),
}

impl HttpFault {
    /// 503 `ServerBusy`.
    pub fn busy(retry_after: Option<RetryAfter>) -> Self {
        Self::Status {
            status: 503,
            code: "ServerBusy",
            retry_after,
        }
    }

    /// The answer that takes the place of the service's, for faults in which nothing happens.
    pub(super) fn instead(&self, now: OffsetDateTime) -> Option<Answer> {
        match self {
            Self::Status {
                status,
                code,
                retry_after,
            } => {
                let mut answer = answer::error(*status, code, "A simulated fault.", now);
                if let Some(after) = retry_after {
                    set(&mut answer, header::RETRY_AFTER.as_str(), &after.header());
                }
                Some(answer)
            }
            Self::Html => {
                let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>";
                let mut answer = answer::xml(200, now, full(page));
                set(&mut answer, header::CONTENT_TYPE.as_str(), "text/html");
                Some(answer)
            }
            Self::Endless => Some(answer::xml(200, now, endless())),
            Self::EndlessRefusal { status, code } => {
                let mut answer = answer::error(*status, code, "", now);
                *answer.body_mut() = endless();
                Some(answer)
            }
            _ => None,
        }
    }

    /// Spoils the service's own answer. `marker` is the continuation of the request.
    pub(super) async fn spoil(&self, answer: Answer, marker: Option<&str>) -> Answer {
        let (mut head, body) = answer.into_parts();
        if let Self::EndlessAnswer { silent } = self {
            head.headers.remove(header::CONTENT_LENGTH);
            let body = if *silent { halting() } else { endless() };
            return Answer::from_parts(head, body);
        }
        let body = body.collect().await.map(|it| it.to_bytes());
        let body = body.expect("the service's own body is whole");
        let body = match self {
            Self::CutAnswer(after) => {
                let length = body.len().to_string().parse().expect("a number");
                head.headers.insert(header::CONTENT_LENGTH, length);
                cut(body, *after)
            }
            Self::UnclosedXml => full(body.slice(..body.len() * 3 / 5)),
            Self::RepeatMarker => full(with_marker(&body, marker)),
            Self::ContentRange(range) => {
                let range = header::HeaderValue::from_static(range);
                head.headers.insert(header::CONTENT_RANGE, range);
                full(body)
            }
            Self::WrongContentType => {
                let wrong = header::HeaderValue::from_static("application/octet-stream");
                head.headers.insert(header::CONTENT_TYPE, wrong);
                full(body)
            }
            _ => full(body),
        };
        Answer::from_parts(head, body)
    }
}

impl RetryAfter {
    fn header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Text(text) => text.to_owned(),
            Self::Date(seconds) => {
                http_date((SystemTime::now() + Duration::from_secs(seconds)).into())
            }
        }
    }
}

/// Which fault comes next.
#[derive(Debug, Default)]
pub(super) struct HttpFaults {
    script: VecDeque<(HttpOp, HttpFault)>,
    storm: Option<(Rng, u32, Vec<HttpFault>)>,
}

impl HttpFaults {
    pub(super) fn script(&mut self, op: HttpOp, fault: HttpFault) {
        self.script.push_back((op, fault));
    }

    pub(super) fn storm(&mut self, seed: u64, per_mille: u32, faults: Vec<HttpFault>) {
        self.storm = Some((Rng::new(seed), per_mille, faults));
    }

    pub(super) fn next(&mut self, op: HttpOp) -> Option<HttpFault> {
        if let Some(at) = self.script.iter().position(|(of, _)| *of == op) {
            return self.script.remove(at).map(|(_, fault)| fault);
        }
        let (rng, per_mille, faults) = self.storm.as_mut()?;
        rng.chance(*per_mille).then(|| rng.pick(faults).clone())
    }
}

/// A body that promises all its bytes and breaks off after some of them.
fn cut(body: Bytes, after: usize) -> Body {
    let first = Ok(Frame::data(body.slice(..after.min(body.len()))));
    let broken = Err(io::Error::other("a simulated cut"));
    // The pause lets the first part leave before the connection breaks.
    let frames = stream::iter([first, broken]).then(async |frame| {
        tokio::task::yield_now().await;
        frame
    });
    StreamBody::new(frames).boxed_unsync()
}

fn endless() -> Body {
    let spaces = Bytes::from(vec![b' '; 64 * 1024]);
    let frames = stream::repeat(spaces).then(async |part| {
        tokio::task::yield_now().await;
        Ok(Frame::data(part))
    });
    StreamBody::new(frames).boxed_unsync()
}

fn halting() -> Body {
    let first = stream::iter([Ok(Frame::data(Bytes::from_static(b"  ")))]);
    StreamBody::new(first.chain(stream::pending())).boxed_unsync()
}

/// The page with `marker` as its continuation; on the first page, which has none, with its own.
fn with_marker(page: &[u8], marker: Option<&str>) -> Bytes {
    let page = String::from_utf8_lossy(page).into_owned();
    let (Some(marker), Some((head, _))) = (marker, page.split_once("<NextMarker")) else {
        return page.into();
    };
    format!("{head}<NextMarker>{marker}</NextMarker></EnumerationResults>").into()
}
