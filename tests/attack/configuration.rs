//! Configurations that were made to cost: to read, to refuse, to keep, and to match names with.

use std::time::{Duration, Instant};

use testkit::account::NewBlob;
use tonic::Code;

use crate::{
    bystanders::stream,
    harness::{Victim, sized},
};

/// How many clients attack.
const CLIENTS: usize = 4;
/// How many streams of a costly filter are held.
const STREAMS: usize = 16;
/// How many blobs with names as long as they may be each of these matches.
const NAMES: usize = 50;

/// As many copies of a line as fit into a configuration, after its head.
fn filled(head: &str, line: &str) -> String {
    head.to_owned() + &line.repeat((64 * 1024 - head.len()) / line.len())
}

fn patterns(head: &str, pattern: &str, times: usize) -> String {
    format!(
        "{head}pattern:\n{}",
        format!("- '{pattern}'\n").repeat(times)
    )
}

/// Each ends as soon as it has been read: they are wrong, or their credential is missing.
fn costly_to_read(place: &str) -> Vec<String> {
    let head = place.replace("credential: storage", "credential: missing");
    let laughs: String = (1..60)
        .map(|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(", ")
            )
        })
        .collect();
    vec![
        patterns(&head, &"[ -~]".repeat(200), 62),
        patterns(&head, &"[ -~]".repeat(200), 8),
        patterns(&head, &"{{a,b},{c,*}}".repeat(70), 62),
        patterns(&head, &format!("*{}", "{,}".repeat(250)), 1),
        filled(&head, "x: 1\n"),
        filled(&format!("{head}pattern:\n"), "- 1e308\n"),
        filled("a: [", "[],"),
        format!("a0: &a0 [x, x, x]\n{laughs}"),
        "[".repeat(64 * 1024),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_that_cost_most_to_read() {
    let victim = Victim::start(&[]).await;
    let texts = costly_to_read(&victim.bystanders.place.config());
    let lasts = Duration::from_secs(sized(4, 15));
    victim
        .endures(
            "4 clients with the costliest configurations",
            async |victim| {
                let end = Instant::now() + lasts;
                let clients = (0..CLIENTS).map(|client| {
                    let (texts, target) = (texts.clone(), victim.target.clone());
                    tokio::spawn(async move {
                        for text in texts.iter().cycle().skip(2 * client) {
                            if Instant::now() > end {
                                break;
                            }
                            let refused = stream(&target, text).await.unwrap_err();
                            let codes = [Code::InvalidArgument, Code::FailedPrecondition];
                            assert!(codes.contains(&refused.code()), "{refused:?}");
                        }
                    })
                });
                for client in clients.collect::<Vec<_>>() {
                    client.await.unwrap();
                }
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_cost_most_to_match() {
    let victim = Victim::start(&["--max-streams", "100"]).await;
    let place = &victim.bystanders.place;
    let account = victim.bystanders.face().account();
    account.create_container("costly").unwrap();
    for number in 0..NAMES {
        let name = format!("{number:04}{}", "a".repeat(1020));
        account.put("costly", &name, NewBlob::new("x")).unwrap();
    }
    let head = place.stateless_config().replace(&place.container, "costly");
    let pattern = format!("*{}b?", "{,}".repeat(230));
    let text = patterns(&head, &pattern, 1);
    let lasts = Duration::from_secs(sized(4, 15));
    victim
        .endures("16 streams with the costliest filter", async |victim| {
            let mut held = Vec::new();
            for number in 0..STREAMS {
                let text = format!("{text}id: costly-{number}\n");
                held.push(stream(&victim.target, &text).await.unwrap());
            }
            tokio::time::sleep(lasts).await;
        })
        .await;
}
