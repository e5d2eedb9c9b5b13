//! Fakes and fixtures for this crate's unit tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use time::{OffsetDateTime, macros::datetime};

use crate::{
    blob::{BlobRef, Continuation, ListPage, Version},
    config::SourceConfig,
    delivery::policy::{Limits, Redelivery},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    journal::memory::MemoryStore,
    ports::{
        connect::{Connect, ConnectError, Location, Opened, Wanted},
        error::{StorageError, StorageErrorKind},
        listing::BlobListing,
        state::StateStore,
    },
};

/// What the fake service's clock shows.
pub(crate) const SERVICE_TIME: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

/// A configuration with nothing special.
pub(crate) fn config() -> SourceConfig {
    SourceConfig {
        location: Location::Account("account".to_owned()),
        container: "datasets".to_owned(),
        filter: Filter::new(FilterSpec {
            prefix: "raw/".to_owned(),
            patterns: Vec::new(),
        })
        .unwrap(),
        credential: None,
        interval: Duration::from_secs(30),
        listing: true,
        parallelism: 4,
        queue: None,
        change_feed: false,
        existing: Existing::Skip,
        min_age: Duration::ZERO,
        skip_empty: false,
        version: Version::Etag,
        state: None,
        confirm: Vec::new(),
        batch: None,
        redelivery: Redelivery::default(),
        limits: Limits {
            active_workflows: None,
            in_flight: 100,
            settle: Duration::from_secs(10),
        },
        id: None,
    }
}

/// A storage account of one container.
pub(crate) struct FakeAccount {
    pub(crate) listing: FakeListing,
    pub(crate) state: Option<Arc<MemoryStore>>,
}

impl Connect for FakeAccount {
    fn open(&self, _wanted: &Wanted<'_>) -> Result<Opened, ConnectError> {
        let state = self.state.clone();
        Ok(Opened {
            endpoint: "https://account.example".to_owned(),
            blobs: Arc::new(self.listing.clone()),
            state: state.map(|state| state as Arc<dyn StateStore>),
            queue: None,
            feed: None,
        })
    }
}

/// A listing that always answers alike.
#[derive(Clone)]
pub(crate) enum FakeListing {
    Page(ListPage),
    Error(StorageError),
    Silent,
}

impl FakeListing {
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut page = ListPage::new(SERVICE_TIME);
        for name in names {
            page.push(BlobRef {
                name,
                etag: "0x1",
                size: 1,
                ..BlobRef::default()
            });
        }
        Self::Page(page)
    }

    pub(crate) fn failing(kind: StorageErrorKind) -> Self {
        Self::Error(StorageError {
            service_time: Some(SERVICE_TIME),
            ..StorageError::new(kind, "list blobs answered 4xx")
        })
    }

    pub(crate) fn silent() -> Self {
        Self::Silent
    }
}

#[async_trait]
impl BlobListing for FakeListing {
    async fn list_from(
        &self,
        _: &str,
        _: &str,
        _: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        match self {
            Self::Page(page) => Ok(page.clone()),
            Self::Error(error) => Err(error.clone()),
            Self::Silent => std::future::pending().await,
        }
    }
}
