//! What others wrote, in front of a terminal: no command and no log passes on what would move its
//! cursor, write into its clipboard, or turn the direction of writing.

use std::process::{Command, Stdio};

use testkit::{
    account::{FakeAccount, NewBlob},
    http::HttpFace,
};

use crate::{
    dead_letters::{letter, write_letter},
    process::binary,
    server::{EVENT, Server},
    storage::Place,
};

/// A window's title, the clipboard, colours, C1, DEL, line breaks of all kinds, directions, no width.
const HOSTILE: &str = "raw/\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{7f}\r\n\u{85}\u{2028}\u{202e}\u{2066}\u{200b}\u{feff}x.csv";

/// What no terminal may see.
fn is_hidden(c: char) -> bool {
    let others = "\u{2028}\u{202e}\u{2066}\u{200b}\u{feff}";
    c.is_control() || others.contains(c)
}

/// Asserts that nothing of what was said does anything but stand there.
#[track_caller]
fn assert_plain(what: &str, said: &[u8]) {
    let text = std::str::from_utf8(said).unwrap();
    let hidden = text.chars().find(|c| *c != '\n' && is_hidden(*c));
    assert_eq!(hidden, None, "{what}: {text:?}");
}

/// All that a command says, as bytes.
async fn said(mut command: Command) -> (Vec<u8>, Vec<u8>) {
    let command = command.stdin(Stdio::null());
    let output = std::thread::scope(|scope| scope.spawn(|| command.output()).join().unwrap());
    let output = output.unwrap();
    (output.stdout, output.stderr)
}

/// A source with a blob of a hostile name that is done, and a dead letter of it.
async fn hostile() -> (Place, HttpFace) {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let account = face.account();
    put(account, &place, HOSTILE);
    let mut stream = server.stream(&place.config()).await;
    assert_eq!(stream.name().await, HOSTILE);
    server.reaches("done", 1).await;
    let mut letter = letter(&place, HOSTILE);
    letter.last_reason = format!("because {HOSTILE}");
    write_letter(&place, &letter).await;
    (place, face)
}

fn put(account: &FakeAccount, place: &Place, name: &str) {
    account
        .put(&place.container, name, NewBlob::new("x"))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_passes_on_what_a_name_would_do_to_a_terminal() {
    let (place, face) = hostile().await;
    // One second on, so that a replay may ask for what is there.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let source = ["--config", &file, "--name", EVENT, &storage[0], &storage[1]];
    let neighbour = "raw/none.csv";
    for (command, shows) in [
        (&["watch", "--once", "--output", "table"][..], false),
        (&["watch", "--once", "--output", "json"], false),
        (&["check"], false),
        (&["explain", HOSTILE], false),
        (&["explain", HOSTILE, "--output", "json"], true),
        (&["explain", neighbour], true),
        (&["explain", neighbour, "--output", "json"], true),
        (&["replay", "--all", "--dry-run"], true),
        (&["replay", "--blob", "raw/\u{1b}]0;none"], false),
        (&["replay", "--since", "\u{1b}]0;none"], false),
        (&["dead-letters", "list"], true),
        (&["dead-letters", "list", "--output", "json"], true),
        (
            &["dead-letters", "drop", "\u{1b}]0;none-of-this-name"],
            false,
        ),
        (&["explain", "\u{1b}]0;x", "--no-such-\u{1b}[31m"], false),
    ] {
        for log in [
            &[][..],
            &["--log", "debug", "--log-format", "text"],
            &["--log", "debug", "--log-format", "json"],
        ] {
            let args = [command, &source, log].concat();
            let (out, err) = said(binary(&args)).await;
            assert_plain(&format!("{command:?} on stdout"), &out);
            assert_plain(&format!("{command:?} on stderr"), &err);
            let out = String::from_utf8(out).unwrap();
            let escaped = out.contains(r"\u{1b}]0;owned") || out.contains(r"\u001b]0;owned");
            assert!(escaped || !shows, "{command:?}: {out}");
        }
    }
    // What is new shows in both forms of `watch`.
    put(face.account(), &place, &format!("new-{HOSTILE}"));
    for output in ["table", "json"] {
        let args = [&["watch", "--once", "--output", output], &source[..]].concat();
        let (out, err) = said(binary(&args)).await;
        assert_plain(output, &out);
        assert_plain(output, &err);
        assert!(String::from_utf8(out).unwrap().contains("]0;owned"));
    }
}

/// Node runs the client of the quick start's Azurite, whose answers are made up.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_the_quick_start_shows_names_as_they_are_written() {
    let script = format!(
        "{}/manifests/quick-start/storage.mjs",
        env!("CARGO_MANIFEST_DIR")
    );
    let run = |status: u16, body: &str| {
        let body = serde_json::to_string(body).unwrap();
        let code =
            format!("globalThis.fetch = async () => new Response({body}, {{status: {status}}});");
        let mut command = Command::new("node");
        command.env("AZURITE_ACCOUNTS", "acct:a2V5");
        command
            .arg("--import")
            .arg(format!("data:text/javascript,{}", encode(&code)));
        command.args([&script, "list", "datasets"]);
        command
    };
    let names = format!("<Name>{HOSTILE}</Name><Name>b&amp;c&#x1b;]0;x</Name>");
    let (out, err) = said(run(200, &names)).await;
    assert_plain("names", &out);
    let shown = String::from_utf8(out).unwrap();
    assert!(
        shown.starts_with("raw/\\u{1b}]0;owned\\u{7}\\u{1b}[2J"),
        "{shown} {err:?}"
    );
    assert!(shown.contains("\nb&c"), "{shown}");
    assert_eq!(shown.lines().count(), 2);
    let (out, err) = said(run(403, HOSTILE)).await;
    assert_plain("refusal", &[out, err.clone()].concat());
    assert!(
        String::from_utf8(err)
            .unwrap()
            .contains("Azurite answered 403")
    );
}

fn encode(code: &str) -> String {
    percent_encoding::utf8_percent_encode(code, percent_encoding::NON_ALPHANUMERIC).to_string()
}
