//! By what the blobs of a session are known. Pure.
//!
//! When `version` changes in a configuration, nothing that is done may run again, and nothing that was
//! on its way may run twice. So what is done by the version that was in use before is carried over,
//! and what nobody knows and was modified before the change is announced as it was then: what was on
//! its way keeps its id.

use crate::{
    blob::{Blob, BlobRef, Version},
    ledger::{
        Ledger, Standing,
        done_set::DoneSet,
        facts::{Facts, VersionUse},
        fingerprint::{Fingerprint, FingerprintKey},
    },
};

/// How fingerprints are made of blobs.
#[derive(Debug, Clone)]
pub struct Identity {
    key: FingerprintKey,
    version: Version,
    earlier: Vec<VersionUse>,
}

impl Identity {
    /// That of a ledger with these facts, once they [fit](Facts::with_version) the configuration.
    pub fn new(facts: &Facts) -> Self {
        Self {
            key: facts.key,
            version: facts.version,
            earlier: facts.earlier_versions.to_vec(),
        }
    }

    /// The fingerprint by which the ledger knows a blob version.
    pub fn of(&self, blob: &BlobRef<'_>) -> Fingerprint {
        self.by(blob, self.version)
    }

    /// The fingerprint of a blob version of which only name and ETag are known. `None`: more tells versions apart.
    pub fn of_etag(&self, name: &str, etag: &str) -> Option<Fingerprint> {
        match self.version {
            Version::Etag => Some(self.key.of(name, etag)),
            Version::Name => Some(self.key.of(name, "")),
            Version::Content => None,
        }
    }

    /// How a blob version that a sweep shows, and that was never done or begun by [its fingerprint](Self::of),
    /// stands by those that it had before `version` changed. As [`Ledger::shown`].
    pub fn shown_earlier(&self, ledger: &mut Ledger, blob: &BlobRef<'_>) -> Standing {
        let standings = self
            .versions_before()
            .map(|v| ledger.shown(self.by(blob, v)));
        strongest(standings)
    }

    /// How a blob version stands, by whichever fingerprint. What is being carried over is done. Asking
    /// changes nothing.
    pub fn standing(&self, ledger: &Ledger, blob: &BlobRef<'_>) -> Standing {
        let standings = self.versions().map(|v| ledger.standing(self.by(blob, v)));
        strongest(standings)
    }

    /// By what a blob version is under way, if it is.
    pub fn under_way(&self, ledger: &Ledger, blob: &BlobRef<'_>) -> Option<Fingerprint> {
        let mut fingerprints = self.versions().map(|v| self.by(blob, v));
        fingerprints.find(|f| ledger.standing(*f) == Standing::UnderWay)
    }

    /// Whether a blob version is done, by whichever fingerprint.
    pub fn is_done(&self, done: &DoneSet, blob: &BlobRef<'_>) -> bool {
        self.versions().any(|v| done.contains(self.by(blob, v)))
    }

    /// Whether a blob version is among `members`, by whichever fingerprint.
    pub fn is_among(&self, members: &[Fingerprint], blob: &BlobRef<'_>) -> bool {
        self.versions().any(|v| members.contains(&self.by(blob, v)))
    }

    /// What is announced of a blob that nobody knows, and by what the ledger will know it; whether that
    /// is by a version that was in use before is the last.
    pub fn announced(&self, blob: &BlobRef<'_>) -> (Blob, Fingerprint, bool) {
        let before = |used: &&VersionUse| blob.last_modified <= used.until;
        let used = self.earlier.iter().find(before);
        let version = used.map_or(self.version, |used| used.version);
        (
            Blob::of(blob, version),
            self.by(blob, version),
            used.is_some(),
        )
    }

    /// A replay is about the very blob versions that its listing shows, so these are told by their
    /// ETags always: a change of `version` in the middle of a replay repeats none of it.
    pub fn of_replay(&self, blob: &BlobRef<'_>, replay: &str) -> Fingerprint {
        self.key.of_replay(blob.name, blob.etag, replay)
    }

    /// Until when, in seconds since 1970, blobs are announced as a version before; `None` when `version`
    /// did not change, or all that was on its way then is done.
    pub fn settles_after(&self) -> Option<i64> {
        self.earlier.iter().map(|used| used.until).max()
    }

    /// All that was on its way when `version` changed is done.
    pub fn settle(&mut self) {
        self.earlier.clear();
    }

    /// The table of loops knows a blob by its name and its content, whatever a version is.
    pub fn of_name_and_content(&self, blob: &BlobRef<'_>) -> (Fingerprint, Fingerprint) {
        let content = format!("{}:{}", blob.content_md5, blob.size);
        (self.key.of(blob.name, ""), self.key.of("", &content))
    }

    fn by(&self, blob: &BlobRef<'_>, version: Version) -> Fingerprint {
        self.key.of(blob.name, &version.text(blob))
    }

    fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        std::iter::once(self.version).chain(self.versions_before())
    }

    fn versions_before(&self) -> impl Iterator<Item = Version> + '_ {
        self.earlier.iter().map(|used| used.version)
    }
}

// Done before all else: what is under way as one version may be done as another.
fn strongest(standings: impl Iterator<Item = Standing>) -> Standing {
    standings.fold(Standing::New, |all, one| match (all, one) {
        (Standing::Done, _) | (_, Standing::Done) => Standing::Done,
        (Standing::UnderWay, _) | (_, Standing::UnderWay) => Standing::UnderWay,
        _ => Standing::New,
    })
}

#[cfg(test)]
mod tests {
    use crate::gate::identity::*;
    use crate::{filter::FilterSpec, ledger::frame::Entry};

    fn facts(version: Version) -> Facts {
        let key = FingerprintKey(1, 2);
        Facts::new("c".to_owned(), key, FilterSpec::default(), "", 0).with_version(version, 0)
    }

    fn blob(etag: &'static str, last_modified: i64) -> BlobRef<'static> {
        BlobRef {
            name: "a.csv",
            etag,
            last_modified,
            size: 7,
            content_md5: "sQqNsWTgdUEFt6mb5y4/5Q==",
            ..BlobRef::default()
        }
    }

    #[test]
    fn what_was_done_before_version_changed_is_done() {
        let (before, after) = (facts(Version::Etag), facts(Version::Etag));
        let after = Identity::new(&after.with_version(Version::Content, 100));
        let mut ledger = Ledger::default();
        let done = Identity::new(&before).of(&blob("0x1", 50));
        ledger.recorded(Entry::Done(vec![done]));
        assert_eq!(after.standing(&ledger, &blob("0x1", 50)), Standing::Done);
        assert_eq!(after.standing(&ledger, &blob("0x2", 50)), Standing::New);
        // While that is being recorded it is done anyway.
        ledger.begin(after.of(&blob("0x1", 50)));
        assert_eq!(after.standing(&ledger, &blob("0x1", 50)), Standing::Done);
    }

    #[test]
    fn what_was_modified_before_the_change_keeps_its_id_and_what_comes_later_has_another() {
        let facts = facts(Version::Etag).with_version(Version::Content, 100);
        let mut identity = Identity::new(&facts);
        let announced = |identity: &Identity, at| {
            let (blob, fingerprint, before) = identity.announced(&blob("0x1", at));
            assert_eq!(
                before,
                fingerprint != identity.of(&super::tests::blob("0x1", at))
            );
            blob.version
        };
        assert_eq!(announced(&identity, 100), "0x1");
        let content = "md5:sQqNsWTgdUEFt6mb5y4/5Q==:7";
        assert_eq!(announced(&identity, 101), content);
        identity.settle();
        assert_eq!(announced(&identity, 100), content);
    }

    #[test]
    fn a_change_and_back_remembers_both() {
        let facts = facts(Version::Etag)
            .with_version(Version::Content, 100)
            .with_version(Version::Etag, 200);
        let identity = Identity::new(&facts);
        let version = |at| identity.announced(&blob("0x1", at)).0.version;
        assert_eq!(version(100), "0x1");
        assert!(version(150).starts_with("md5:"));
        assert_eq!(version(201), "0x1");
    }
}
