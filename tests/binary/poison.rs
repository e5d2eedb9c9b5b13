//! `dead-letters` and `explain` about poison messages: notifications that could not be used.

use serde_json::{Value, json};

use crate::{
    commands::{ask, replay},
    dead_letters::{letter, write_letter},
    notified::{Queues, seen},
    process::{Finished, run, wait_for},
    server::Server,
    storage::Place,
};

/// `dead-letters` of a source that has a queue, and neither a ledger nor a name.
async fn nameless(place: &Place, command: &str, rest: &[&str]) -> Finished {
    let file = place.config_file(&place.stateless_config());
    let storage = place.storage_args();
    let source = ["--config", &file, &storage[0], &storage[1]];
    run(&[&["dead-letters", command][..], &source, rest].concat()).await
}

#[tokio::test]
async fn poison_messages_are_listed_and_stay_where_they_are() {
    let (place, queues) = Queues::alone().await;
    let none = nameless(&place, "list", &[]).await;
    assert_eq!(none.code(), 0, "{none:?}");
    let words = format!("no poison messages in queue {}-poison\n", queues.name);
    assert!(none.stdout.ends_with(&words), "{none:?}");
    assert!(none.stdout.starts_with("no dead letters: without `state`"));

    let text = queues.set_aside(&place, "raw/a.csv").await;
    queues.poison.put("{\"no\": \"event\"").await.unwrap();
    queues.set_text_aside(&"\"".repeat(60_000)).await;
    let before = seen(&queues.poison).await;
    for _ in 0..2 {
        let listed = nameless(&place, "list", &[]).await;
        assert_eq!(
            (listed.code(), listed.stderr.as_str()),
            (0, ""),
            "{listed:?}"
        );
        let line = format!(
            "{}           6  2026-01-01T00:00:00Z  raw/a.csv\n    it was delivered 6 times and never done\n",
            before[0].0
        );
        for words in [
            &line,
            "it does not say why it is here; its text: {\"no\": \"event\"\n",
            "(its text names no blob)\n    it was delivered 6 times and never done\n",
        ] {
            assert!(listed.stdout.contains(words), "{words}: {}", listed.stdout);
        }
    }
    assert_eq!(seen(&queues.poison).await, before);
    queues
        .set_aside(&place, "raw/\u{1b}]0;owned\u{7}.csv")
        .await;
    let hostile = nameless(&place, "list", &[]).await.stdout;
    let plain = r"raw/\u{1b}]0;owned\u{7}.csv";
    assert!(
        hostile.contains(plain) && !hostile.contains('\u{1b}'),
        "{hostile}"
    );

    let json = nameless(&place, "list", &["--output", "json"]).await.stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["deadLetters"], Value::Null);
    let messages = json["poisonMessages"].as_array().unwrap();
    assert_eq!(
        (messages.len(), &json["poisonMessagesNotShown"]),
        (4, &0.into())
    );
    assert_eq!(messages[0]["text"], text);
    assert_eq!(messages[0]["blobs"][0]["name"], "raw/a.csv");
    assert_eq!(messages[1]["reason"], Value::Null);
}

#[tokio::test]
async fn of_many_poison_messages_it_is_said_how_many_are_not_shown() {
    let (place, queues) = Queues::alone().await;
    for n in 0..40 {
        queues.set_aside(&place, &format!("raw/{n}.csv")).await;
    }
    let listed = nameless(&place, "list", &[]).await;
    assert_eq!(listed.stdout.matches("never done").count(), 32);
    let words = "and about 8 more: a queue shows only its first 32 messages, and no message that a program works on\n";
    assert!(listed.stdout.ends_with(words), "{}", listed.stdout);
    // One of those that are not shown is found anyway, and the others are back at once.
    let retried = nameless(&place, "retry", &["raw/37.csv"]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    assert_eq!(queues.poison.depth().await.unwrap(), 39);
    assert_eq!(seen(&queues.poison).await.len(), 32);
    let one = nameless(&place, "drop", &["raw/36.csv", "-o", "json"]).await;
    let told: Value = serde_json::from_str(&one.stdout).unwrap();
    let messages = json!({"dropped": 1, "takenByOthers": 0, "failed": 0});
    assert_eq!(told, json!({"poisonMessages": messages}), "{one:?}");
    let dropped = nameless(&place, "drop", &["--all"]).await;
    assert!(
        dropped.stdout.starts_with("dropped 38 poison messages: "),
        "{dropped:?}"
    );
    assert_eq!(queues.poison.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_poison_message_goes_back_into_the_queue_as_it_was() {
    let (place, queues) = Queues::alone().await;
    let mut texts = Vec::new();
    for name in ["raw/a.csv", "raw/b.csv", "raw/c.csv"] {
        texts.push(queues.set_aside(&place, name).await);
    }
    let before = seen(&queues.poison).await;
    for (asked, words) in [
        ("abc", "at least 6 digits"),
        ("ffffffff", "there is no such dead letter or poison message"),
    ] {
        let refused = nameless(&place, "retry", &[&before[1].0, asked]).await;
        assert_eq!(refused.code(), 2, "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let after = seen(&queues.poison).await;
    assert_eq!(after.len(), 3, "what is not meant is back at once");
    assert_eq!(queues.queue.depth().await.unwrap(), 0);

    let retried = nameless(&place, "retry", &[&before[1].0[..13]]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    let words = format!("put 1 poison message back into queue {}; ", queues.name);
    assert!(retried.stdout.starts_with(&words), "{retried:?}");
    assert_eq!(seen(&queues.queue).await[0].1, texts[1]);
    let left = seen(&queues.poison).await;
    assert!(left.len() == 2 && left.iter().all(|it| it.0 != before[1].0));

    let dropped = nameless(&place, "drop", &["raw/a.csv"]).await;
    assert_eq!(dropped.code(), 0, "{dropped:?}");
    let retried = nameless(&place, "retry", &["--all"]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    let mut put_back: Vec<_> = seen(&queues.queue)
        .await
        .into_iter()
        .map(|it| it.1)
        .collect();
    put_back.sort();
    let mut expected = [texts[1].clone(), texts[2].clone()];
    expected.sort();
    assert_eq!(put_back, expected);
    assert_eq!(queues.poison.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_text_that_was_too_long_goes_back_whole_and_takes_its_reason_along() {
    let (place, queues) = Queues::alone().await;
    let long = "\"".repeat(60_000);
    queues.set_text_aside(&long).await;
    let both = seen(&queues.poison).await;
    let refused = nameless(&place, "retry", &[&both[1].0]).await;
    assert_eq!(refused.code(), 2, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("only the reason of another message")
    );
    let retried = nameless(&place, "retry", &[&both[0].0]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    assert_eq!(seen(&queues.queue).await[0].1, long);
    assert_eq!(queues.poison.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_retry_that_fails_in_the_middle_loses_nothing() {
    let (place, queues) = Queues::alone().await;
    queues.set_aside(&place, "raw/a.csv").await;
    queues.set_aside(&place, "raw/b.csv").await;
    let before = seen(&queues.poison).await;
    // Good for taking messages and giving them back, and not for adding any.
    place.write_credential("storage", &queues.sas(&place, "rup"));
    for which in ["--all", "raw/b.csv"] {
        let failed = nameless(&place, "retry", &[which]).await;
        assert_eq!(
            (failed.code(), failed.stdout.as_str()),
            (1, ""),
            "{failed:?}"
        );
        let words = format!(
            "error: poison messages: adding a message to queue `{}` at ",
            queues.name
        );
        assert!(failed.stderr.starts_with(&words), "{failed:?}");
        let mut after = seen(&queues.poison).await;
        after.sort_by_key(|it| before.iter().position(|other| other == it));
        assert_eq!(after, before, "what was taken is back at once");
    }
}

#[tokio::test]
async fn what_is_set_aside_again_is_not_put_back_again() {
    let (place, queues) = Queues::alone().await;
    let server = Server::of(&place).await;
    let _stream = server.stream(&place.config()).await;
    const MANY: u64 = 300;
    for n in 0..MANY {
        queues.set_text_aside(&format!("{{\"broken\": {n}")).await;
    }
    let retried = nameless(&place, "retry", &["--all"]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    let words = format!("put {MANY} poison messages back into queue ");
    assert!(retried.stdout.starts_with(&words), "{retried:?}");
    wait_for("poison messages", async || {
        let there = queues.poison.depth().await.unwrap();
        (there == MANY).then_some(())
    })
    .await;
    let listed = nameless(&place, "list", &[]).await.stdout;
    assert_eq!(listed.matches("is not JSON").count(), 32, "{listed}");
}

#[tokio::test]
async fn without_the_right_to_one_of_them_the_other_is_shown() {
    let (place, queues) = Queues::alone().await;
    queues.after_a_run(&place).await;
    let one = letter(&place, "raw/one.csv");
    write_letter(&place, &one).await;
    queues.set_aside(&place, "raw/a.csv").await;
    let both = ask(&place, &["dead-letters", "list"], &[]).await;
    assert_eq!(both.code(), 0, "{both:?}");
    for words in [
        "dead letters:\n",
        "raw/one.csv",
        "poison messages, in queue",
        "raw/a.csv",
    ] {
        assert!(both.stdout.contains(words), "{words}: {}", both.stdout);
    }

    // Dead letters are retried with `confirm` alone, and poison messages without.
    let refused = ask(&place, &["dead-letters", "retry"], &["raw/one.csv"]).await;
    assert_eq!(refused.code(), 2, "{refused:?}");
    assert!(refused.stderr.contains("has no `confirm`"), "{refused:?}");
    let left = ask(&place, &["dead-letters", "retry", "-o", "json"], &["--all"]).await;
    assert_eq!(left.code(), 1, "{left:?}");
    assert!(!left.stdout.contains("deadLetters"), "{left:?}");
    queues.set_aside(&place, "raw/a.csv").await;

    // This one may add messages, and do nothing else with queues.
    place.write_credential("queues", &queues.sas(&place, "a"));
    let with_credential = place.more.replace("{name: ", "{credential: queues, name: ");
    let place = place.with(&with_credential);
    for output in ["table", "json"] {
        let some = ask(&place, &["dead-letters", "list", "--output", output], &[]).await;
        assert_eq!(some.code(), 1, "{some:?}");
        assert!(some.stdout.contains("raw/one.csv"), "{some:?}");
        assert_eq!(some.stderr.lines().count(), 1, "{some:?}");
        let words = format!(
            "error: poison messages: looking into queue `{}-poison` at ",
            queues.name
        );
        assert!(some.stderr.starts_with(&words), "{some:?}");
        assert!(
            some.stderr
                .contains("Storage Queue Data Contributor on both queues")
        );
    }

    // And the other way round: a source that has never run.
    let (place, queues) = Queues::alone().await;
    queues.set_aside(&place, "raw/a.csv").await;
    let some = ask(&place, &["dead-letters", "list"], &[]).await;
    assert_eq!(some.code(), 1, "{some:?}");
    assert!(some.stdout.contains("raw/a.csv"), "{some:?}");
    assert!(
        some.stderr.contains("error: dead letters: the source `"),
        "{some:?}"
    );
}

#[tokio::test]
async fn a_blob_of_which_nothing_tells_is_explained_and_told_of() {
    let (place, queues) = Queues::alone().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("raw/lost.csv").await;
    let lost = wait_for("a ledger", async || {
        let lost = ask(&place, &["explain"], &["raw/lost.csv"]).await;
        (!lost.stdout.contains("has never run")).then_some(lost)
    });
    let lost = lost.await;
    assert_eq!(lost.code(), 1, "{lost:?}");
    for words in [
        "FAIL queue    no notification of it is in the queue",
        "`replay --blob` writes a notification now",
        "=> it is not announced: there is no notification of it, and no sweep finds it\n",
    ] {
        assert!(lost.stdout.contains(words), "{words}: {}", lost.stdout);
    }

    // The notification was set aside.
    queues.set_aside(&place, "raw/lost.csv").await;
    let aside = ask(&place, &["explain"], &["raw/lost.csv"]).await;
    assert_eq!(aside.code(), 1, "{aside:?}");
    let id = &seen(&queues.poison).await[0].0;
    let cure = format!("{id}` puts it back into the queue");
    assert!(aside.stdout.contains(&cure), "{}", aside.stdout);
    let words = "=> it is not announced as long as its notification is a poison message\n";
    assert!(aside.stdout.ends_with(words), "{}", aside.stdout);

    // What is put back is announced, and who is told of it again does nothing more.
    let retried = ask(&place, &["dead-letters", "retry"], &["raw/lost.csv"]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    assert_eq!(stream.name().await, "raw/lost.csv");
    server.reaches("done", 1).await;
    place.put("raw/late.csv").await;
    let told = wait_for("the next second", async || {
        let told = replay(&place, &["--blob", "raw/late.csv"]).await;
        (told.code() == 0).then_some(told)
    });
    let told = told.await;
    let words = "put 1 notification into the queue: the live stream takes them from there\n";
    assert!(told.stdout.ends_with(words), "{told:?}");
    assert_eq!(stream.name().await, "raw/late.csv");
    server.reaches("done", 2).await;
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn a_notification_that_waits_is_explained() {
    let (place, queues) = Queues::alone().await;
    queues.after_a_run(&place).await;
    place.put("raw/a.csv").await;
    queues.tell(&place, "raw/a.csv").await;
    let waits = ask(&place, &["explain"], &["raw/a.csv"]).await;
    assert_eq!(waits.code(), 0, "{waits:?}");
    for words in [
        "ok   queue    a notification of it has waited in the queue since ",
        "=> it will be announced when its notification is taken from the queue",
    ] {
        assert!(waits.stdout.contains(words), "{words}: {}", waits.stdout);
    }
}
