//! CPU per blob of a listing: ours, and the official client's pager, on the same fake server.
//!
//! `cargo bench --bench listing`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{hint::black_box, sync::Arc};

use azure_blob_eventsource::ports::listing::BlobListing;
use azure_core::http::Url;
use azure_storage_blob::{
    BlobContainerClient,
    models::{BlobContainerClientListBlobsOptions, BlobItem, ListBlobsIncludeItem},
};
use futures::StreamExt;
use support::{
    cpu, median, micros_each, print_table, row, size,
    source::{self, CONTAINER, Service, Sweep},
    spread, verdict,
};

mod support;

/// How many times the official pager's CPU ours may take less.
const TARGET: f64 = 4.5;

/// What is measured. The official pager is read in both ways that it has.
const WAYS: [&str; 4] = [
    "ours, pages only",
    "ours, whole sweep (1M known)",
    "official pager, item by item",
    "official pager, page by page",
];

#[tokio::main]
async fn main() {
    source::serve_or(measure()).await;
}

async fn measure() {
    let (blobs, rounds) = size((1_000_000, 7), (12_000, 1));
    let service = Service::start(blobs);
    let config = source::config(&service.endpoint);
    let listing = source::listing(&service.endpoint);
    let contents = source::contents(&config, blobs);
    let mut sweep = Sweep::new(Arc::clone(&listing), &config, contents);
    // The first pass makes connections, and the server's pages.
    page_through(&*listing).await;
    let mut costs: [Vec<f64>; 4] = Default::default();
    for round in 0..rounds {
        for turn in 0..WAYS.len() {
            let way = (round + turn) % WAYS.len();
            let before = cpu();
            let seen = match way {
                0 => page_through(&*listing).await,
                1 => sweep.run().await,
                2 => official_items(&service.endpoint).await,
                _ => official_pages(&service.endpoint).await,
            };
            costs[way].push(micros_each(cpu() - before, blobs));
            assert_eq!(seen, blobs, "{} saw not every blob", WAYS[way]);
        }
    }
    print(&costs, blobs);
}

fn print(costs: &[Vec<f64>; 4], blobs: u64) {
    let title = format!(
        "CPU per blob of a listing of {blobs} blobs, medians of {} rounds (least to greatest)",
        costs[0].len()
    );
    let mut rows = vec![row(["", "us a blob", "blobs a second and core"])];
    for (way, costs) in WAYS.iter().zip(costs) {
        let rate = format!("{:.0}", 1e6 / median(costs));
        rows.push(row([way, &spread(costs), &rate]));
    }
    print_table(&title, &rows);
    let mut rows = vec![row(["ratio", "", "target", ""])];
    for official in [2, 3] {
        for ours in [0, 1] {
            let pairs = costs[official].iter().zip(&costs[ours]);
            let ratios: Vec<_> = pairs.map(|(official, ours)| official / ours).collect();
            rows.push(row([
                &format!("{} / {}", WAYS[official], WAYS[ours]),
                &spread(&ratios),
                &format!(">= {TARGET}"),
                verdict(median(&ratios) >= TARGET),
            ]));
        }
    }
    print_table("Less CPU than the official client", &rows);
}

async fn page_through(listing: &dyn BlobListing) -> u64 {
    let (mut seen, mut after) = (0, None);
    loop {
        let page = listing.list("", after.as_ref()).await.expect("a page");
        for blob in page.blobs() {
            black_box((blob.name, blob.etag, blob.last_modified));
            seen += 1;
        }
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn pager_options() -> BlobContainerClientListBlobsOptions<'static> {
    BlobContainerClientListBlobsOptions {
        include: Some(vec![ListBlobsIncludeItem::Metadata]),
        maxresults: Some(5000),
        ..Default::default()
    }
}

fn official(endpoint: &str) -> BlobContainerClient {
    let url = Url::parse(&format!("{endpoint}/{CONTAINER}")).expect("a URL");
    BlobContainerClient::new(url, None, None).expect("a client")
}

async fn official_items(endpoint: &str) -> u64 {
    let client = official(endpoint);
    let mut pager = client.list_blobs(Some(pager_options())).expect("a pager");
    let mut seen = 0;
    while let Some(item) = pager.next().await {
        touch(&item.expect("an item"));
        seen += 1;
    }
    seen
}

async fn official_pages(endpoint: &str) -> u64 {
    let client = official(endpoint);
    let pager = client.list_blobs(Some(pager_options())).expect("a pager");
    let mut pages = pager.into_pages();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        let page = page.expect("a page").into_model().expect("a model");
        page.blob_items.iter().for_each(touch);
        seen += page.blob_items.len() as u64;
    }
    seen
}

fn touch(item: &BlobItem) {
    let properties = item.properties.as_ref().expect("properties");
    black_box((&item.name, &properties.etag, properties.last_modified));
}
