//! What helps when a case has failed.

use azure_blob_eventsource::text::plain::{Lines, Plain};

use crate::{
    command::kubectl,
    pods::{EVENT_SOURCE, SENSOR, SERVER},
};

/// Prints Workflows, pods, warnings and the ends of the logs of a namespace.
pub(crate) async fn dump(namespace: &str) {
    let looks: [&[&str]; 3] = [
        &["get", "workflows,eventbus,eventsource,sensor"],
        &["get", "pods", "--field-selector", "status.phase!=Succeeded"],
        &["get", "events", "--field-selector", "type=Warning"],
    ];
    for args in looks {
        show(namespace, args).await;
    }
    for selector in [SERVER, EVENT_SOURCE, SENSOR] {
        let args = [
            "logs",
            "-l",
            selector,
            "--tail=15",
            "--prefix",
            "--all-containers",
        ];
        show(namespace, &args).await;
    }
}

async fn show(namespace: &str, args: &[&str]) {
    println!("  --- kubectl {}", args.join(" "));
    match kubectl(namespace, args, "").await {
        Ok(text) => text
            .lines()
            .rev()
            .take(40)
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .for_each(|line| println!("    {}", Plain(line))),
        Err(error) => println!("    {}", Lines(&format!("{error:#}"))),
    }
}
