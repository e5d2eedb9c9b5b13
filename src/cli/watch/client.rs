//! `watch --connect`: a client as Argo's is.

use std::{error::Error, fs, io, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow, bail};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Status, Streaming,
    metadata::{Ascii, MetadataValue},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use super::{
    cure::{last, not_grpc, told, unanswered},
    own::Claim,
    print::Printer,
};
use crate::{
    cli::{address, args::WatchArgs, progress::Progress, say::say},
    config::SourceConfig,
    grpc::{
        auth::read_token,
        code_name::code_name,
        contract::{Event, EventSource, eventing_client::EventingClient},
        limits::{ONCE_METADATA, TAKE_OVER_METADATA, WATCH_METADATA},
    },
    text::plain::Plain,
};

const CONNECT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// That of Argo's client: the smaller it is, the more exactly the server sees what was read.
const WINDOW: u32 = 65_535;

/// A client of one server for one source.
pub(super) struct Client {
    url: String,
    endpoint: Endpoint,
    config: Vec<u8>,
    claim: Claim,
    /// Whether the configuration has `confirm`.
    confirms: bool,
    /// Whether the server has given us the source: then a stream of it that still looks alive is ours.
    has_claim: bool,
    token_file: Option<PathBuf>,
}

/// What was named does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Mistyped(String);

/// How a stream ended that did not end in an error of ours.
enum Ended {
    /// The server has said all.
    Over,
    /// We were told to stop.
    Stopped,
    /// The server went away; it may come back.
    Away(String),
    /// Somebody has a live stream of this source.
    Taken(String),
}

impl Client {
    pub(super) fn new(url: &str, args: &WatchArgs, config: Vec<u8>) -> anyhow::Result<Self> {
        let ca = args.ca_file.as_ref().map(|file| {
            fs::read(file).with_context(|| format!("cannot read --ca-file {}", file.display()))
        });
        let endpoint = endpoint(url, ca.transpose()?)?;
        let parsed = SourceConfig::parse(&config)?;
        let claim = Claim::of(&parsed, args.name.as_deref(), args.take_over);
        Ok(Self {
            url: url.to_owned(),
            endpoint,
            config,
            claim: claim.map_err(|told| anyhow!(told))?,
            confirms: !parsed.confirm.is_empty(),
            has_claim: false,
            token_file: args.token_file.clone(),
        })
    }

    /// Prints what the server sends. Unless `once`, it comes back when the server went away, as
    /// `tail -F` does.
    pub(super) async fn watch(
        &mut self,
        printer: &mut Printer<impl io::Write>,
        once: bool,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut delays = delays();
        self.introduce();
        loop {
            let mut received = false;
            let ended = tokio::select! {
                ended = self.stream(printer, once, &mut received) => ended?,
                () = stop.cancelled() => Ended::Stopped,
            };
            let why = match ended {
                Ended::Stopped => return Ok(()),
                Ended::Over if once => return Ok(()),
                Ended::Away(why) if once => bail!("{why}"),
                Ended::Over => "the server ended the stream".to_owned(),
                Ended::Away(why) => why,
                // Our own, of which the server does not know yet that it is dead.
                Ended::Taken(why) if self.has_claim => why,
                Ended::Taken(why) => match self.claim.next() {
                    Some(next) => {
                        self.claim = next;
                        self.introduce();
                        continue;
                    }
                    None => bail!("{why}"),
                },
            };
            if received {
                delays = self::delays();
            }
            let delay = delays.next().unwrap_or(LONGEST_DELAY);
            let seconds = delay.as_secs_f64();
            say(format_args!(
                "{}; trying again in {seconds:.1} s",
                Plain(&why)
            ));
            tokio::select! {
                () = sleep(delay) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    fn introduce(&self) {
        say(self.claim.introduction(self.confirms));
    }

    async fn stream(
        &mut self,
        printer: &mut Printer<impl io::Write>,
        once: bool,
        received: &mut bool,
    ) -> anyhow::Result<Ended> {
        let channel = match self.endpoint.connect().await {
            Ok(channel) => channel,
            Err(error) => return Ok(Ended::Away(told(&self.url, &error))),
        };
        let mut events = match self.start(channel, once).await? {
            Ok(events) => events,
            Err(status) => return self.refused(status),
        };
        self.has_claim = true;
        loop {
            // The server's sweep cannot be seen from here.
            let waiting = || "waiting for the server's next event".to_owned();
            let next = Progress::new().during(waiting, events.message());
            match next.await {
                Ok(Some(event)) => printer.print(&event.payload)?,
                Ok(None) => return Ok(Ended::Over),
                Err(status) => return self.refusal(&status),
            }
            *received = true;
        }
    }

    fn refused(&self, status: Status) -> anyhow::Result<Ended> {
        let own = matches!(self.claim, Claim::Own(_));
        match status.code() {
            Code::AlreadyExists if own => Ok(Ended::Taken(status.message().to_owned())),
            Code::NotFound if !own => Err(Mistyped(status.message().to_owned()).into()),
            _ => self.refusal(&status),
        }
    }

    /// What a status means to us: come back, or give up with its words.
    fn refusal(&self, status: &Status) -> anyhow::Result<Ended> {
        // A status with a cause was made on this side, of a connection that broke.
        if let Some(error) = status.source() {
            return Ok(Ended::Away(match self.has_claim {
                true => format!("the connection to the server was lost ({})", last(error)),
                false => unanswered(&self.url, error),
            }));
        }
        let message = status.message();
        // tonic's words for an answer of HTTP alone.
        if message.contains("grpc-status header missing") {
            bail!("{}", not_grpc(&self.url, message));
        }
        if status.code() == Code::Unavailable {
            return Ok(Ended::Away(message.to_owned()));
        }
        let code = code_name(status.code());
        let cure = match (status.code(), &self.token_file) {
            (Code::Unauthenticated, None) => {
                "; for this command, give it with --token-file FILE".to_owned()
            }
            (Code::Unauthenticated, Some(file)) => {
                format!("; this command has its token from {}", file.display())
            }
            _ => String::new(),
        };
        bail!("{message}{cure} ({code})")
    }

    async fn start(
        &self,
        channel: Channel,
        once: bool,
    ) -> anyhow::Result<Result<Streaming<Event>, Status>> {
        let mut request = Request::new(EventSource {
            name: self.claim.event(),
            config: self.config.clone(),
        });
        let watches = matches!(self.claim, Claim::Own(_));
        for (asked, metadata) in [
            (once, ONCE_METADATA),
            (watches, WATCH_METADATA),
            (!watches, TAKE_OVER_METADATA),
        ] {
            if asked {
                let yes = MetadataValue::from_static("1");
                request.metadata_mut().insert(metadata, yes);
            }
        }
        if let Some(token) = self.token()? {
            request.metadata_mut().insert("authorization", token);
        }
        let started = EventingClient::new(channel)
            .start_event_source(request)
            .await;
        Ok(started.map(tonic::Response::into_inner))
    }

    // Read each time, so that a rotated token is taken up when the stream is started again.
    fn token(&self) -> anyhow::Result<Option<MetadataValue<Ascii>>> {
        let Some(file) = &self.token_file else {
            return Ok(None);
        };
        let token = format!("Bearer {}", read_token(file)?);
        let mut value: MetadataValue<Ascii> = token.parse().map_err(|_| {
            anyhow!(
                "the token in {} has characters that are not allowed in a header",
                file.display()
            )
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

const LONGEST_DELAY: Duration = Duration::from_secs(15);

fn delays() -> impl Iterator<Item = Duration> + use<> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(LONGEST_DELAY)
        .with_jitter()
        .without_max_times()
        .build()
}

fn endpoint(url: &str, ca: Option<Vec<u8>>) -> anyhow::Result<Endpoint> {
    let wrong = || {
        let meant = address::url(url);
        format!(
            "--connect {url:?} is not a URL: write `{meant}`, or with TLS `{}`",
            meant.replacen("http", "https", 1)
        )
    };
    if let Some(wrong) = address::wrong_port(url) {
        bail!("--connect {url:?}: {wrong}");
    }
    let endpoint = Endpoint::from_shared(url.to_owned()).with_context(wrong)?;
    let path = endpoint.uri().path();
    if !matches!(path, "" | "/") {
        bail!(
            "--connect {url:?} has the path `{}`, which gRPC does not use: leave it out",
            Plain(path)
        );
    }
    let endpoint = match (endpoint.uri().scheme_str(), ca) {
        (Some("https"), ca) => endpoint.tls_config(tls(ca))?,
        (Some("http"), None) => endpoint,
        (Some("http"), Some(_)) => bail!("--ca-file is for https, and --connect says http"),
        _ => bail!("{}", wrong()),
    };
    Ok(endpoint
        .connect_timeout(CONNECT)
        .initial_stream_window_size(WINDOW)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true))
}

fn tls(ca: Option<Vec<u8>>) -> ClientTlsConfig {
    match ca {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_how_to_connect() {
        assert!(endpoint("http://localhost:50051", None).is_ok());
        assert!(endpoint("https://localhost:50051", None).is_ok());
        assert!(endpoint("http://localhost:50051/", None).is_ok());
        assert!(endpoint("http://localhost:50051/foo", None).is_err());
        assert!(endpoint("http://localhost:50051", Some(Vec::new())).is_err());
        let wrong = endpoint("http://localhost:99999", None).map(drop);
        let wrong = wrong.unwrap_err().to_string();
        assert!(
            wrong.ends_with("99999 is not a port number: allowed is 1 to 65535"),
            "{wrong}"
        );
        for wrong in ["localhost:50051", "ftp://localhost", "", "a b"] {
            let error = endpoint(wrong, None).map(drop).unwrap_err();
            assert!(
                format!("{error:#}").contains("is not a URL: write `http://"),
                "{wrong}: {error:#}"
            );
        }
    }

    fn client() -> Client {
        Client {
            url: "http://h:1".to_owned(),
            endpoint: endpoint("http://h:1", None).unwrap(),
            config: Vec::new(),
            claim: Claim::Own(1),
            confirms: false,
            has_claim: false,
            token_file: None,
        }
    }

    #[test]
    fn a_server_that_goes_away_may_come_back_and_a_refusal_is_final() {
        let mut client = client();
        let away = client.refusal(&Status::unavailable("the server is shutting down"));
        assert!(matches!(away, Ok(Ended::Away(why)) if why.contains("shutting down")));
        let broken = Status::from_error(Box::new(io::Error::other("reset")));
        let first = client.refusal(&broken);
        assert!(
            matches!(first, Ok(Ended::Away(why)) if why.starts_with("no gRPC answer from http://h:1 ("))
        );
        client.has_claim = true;
        let later = client.refusal(&broken);
        assert!(matches!(later, Ok(Ended::Away(why)) if why.contains("was lost (reset)")));
        for (status, told) in [
            (
                Status::failed_precondition("2 mistakes"),
                "2 mistakes (FAILED_PRECONDITION)",
            ),
            (Status::aborted("taken over"), "taken over (ABORTED)"),
            (
                Status::unauthenticated("a token"),
                "a token; for this command, give it with --token-file FILE (UNAUTHENTICATED)",
            ),
            (
                Status::unimplemented(
                    "grpc-status header missing, mapped from HTTP status code 404",
                ),
                "the server at http://h:1 is no gRPC server (grpc-status header missing, mapped from HTTP status code 404): \
                 gRPC is on port 50051 of the server, the status page on 9090",
            ),
        ] {
            let error = client.refusal(&status).map(drop).unwrap_err();
            assert_eq!(error.to_string(), told);
        }
    }

    #[test]
    fn delays_grow_to_a_bound_and_never_end() {
        let delays: Vec<_> = delays().take(20).collect();
        assert_eq!(delays.len(), 20);
        assert!(delays[0] < Duration::from_secs(2));
        assert!(delays[19] >= LONGEST_DELAY);
    }
}
