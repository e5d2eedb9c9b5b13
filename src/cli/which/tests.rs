#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{words::SHOWN, *};

const HERE: &str = "https://a.example/datasets";

fn known(id: &str, container: &str, prefix: &str) -> Known {
    Known {
        id: id.to_owned(),
        container: Some(container.to_owned()),
        prefix: Some(prefix.to_owned()),
    }
}

fn id_of(name: &str) -> String {
    format!("{}-0123456789abcdef", name.to_lowercase())
}

fn asked<'a>(id: Option<&'a str>, name: Option<&'a str>) -> Asked<'a> {
    Asked {
        container: HERE,
        prefix: "raw/",
        id,
        name,
        id_of: &id_of,
        state: "state",
    }
}

fn choose(id: Option<&str>, name: Option<&str>, known: &[Known]) -> Result<Which, String> {
    let chosen = asked(id, name).choose(known);
    chosen.map_err(|unclear| unclear.told)
}

#[test]
fn the_only_one_of_the_container_is_found() {
    let datasets = id_of("datasets");
    let other = known("images", "https://a.example/images", "raw/");
    let all = [known(&datasets, HERE, "raw/"), other.clone()];
    assert_eq!(choose(None, None, &all), Ok(Which::Only(datasets.clone())));
    let named = choose(None, Some("Datasets"), &all);
    assert_eq!(named, Ok(Which::Named(datasets.clone())));
    // Another of the same container is not in the way, when it has another prefix.
    let wide = known("all", HERE, "");
    let more = [all.to_vec(), vec![wide]].concat();
    assert_eq!(choose(None, None, &more), Ok(Which::Only(datasets)));
    // Nothing of this container has run.
    let none = choose(None, None, std::slice::from_ref(&other));
    assert_eq!(none, Ok(Which::NeverRan(None)));
    let none = choose(None, Some("datasets"), &[other]);
    assert_eq!(none.unwrap().id(), Some("datasets-0123456789abcdef"));
}

#[test]
fn whoever_watched_is_not_in_the_way() {
    let views = [
        known(&id_of("watch-connect"), HERE, "raw/"),
        known(&id_of("watch-connect-2"), HERE, "raw/"),
    ];
    assert_eq!(choose(None, None, &views), Ok(Which::NeverRan(None)));
    let own = choose(None, Some("watch-connect"), &views);
    assert_eq!(own, Ok(Which::Named(id_of("watch-connect"))));
    let datasets = known("watch-dogs", HERE, "raw/");
    let all = [views.to_vec(), vec![datasets]].concat();
    assert_eq!(
        choose(None, None, &all),
        Ok(Which::Only("watch-dogs".to_owned()))
    );
    assert_eq!(
        [0, 1, 2].map(own_event),
        ["watch-connect", "watch-connect", "watch-connect-2"]
    );
}

#[test]
fn of_several_one_is_chosen_from_a_list() {
    let all = [
        known(&id_of("one"), HERE, "raw/"),
        known("two-ffffffffffffffff", HERE, "raw/"),
    ];
    let told = choose(None, None, &all).unwrap_err();
    assert!(told.contains("2 sources of this container"), "{told}");
    assert!(
        told.contains("\n  --name one    the prefix `raw/`\n"),
        "{told}"
    );
    // Its event's name is not this one, so the id is what can be typed.
    let last = "--name two-ffffffffffffffff    the prefix `raw/`";
    assert!(told.ends_with(last), "{told}");
    let typed = choose(None, Some("two-ffffffffffffffff"), &all);
    assert_eq!(typed, Ok(Which::Named("two-ffffffffffffffff".to_owned())));
}

#[test]
fn a_name_that_nothing_has_is_told_with_the_nearest() {
    let all = [known(&id_of("datasets"), HERE, "raw/")];
    let told = choose(None, Some("datsets"), &all).unwrap_err();
    assert!(told.contains("did you mean `--name datasets`?"), "{told}");
    let told = choose(None, Some("xyz"), &all).unwrap_err();
    assert!(!told.contains("did you mean"), "{told}");
    assert!(told.contains("  --name datasets"), "{told}");
    let told = choose(
        Some("datasets-raw"),
        None,
        &[known("datasets-rwa", HERE, "")],
    );
    let told = told.unwrap_err();
    assert!(told.contains("did you mean `id: datasets-rwa`?"), "{told}");
}

#[test]
fn another_prefix_is_told() {
    let told = choose(None, None, &[known("x", HERE, "old/")]).unwrap_err();
    assert!(
        told.contains("no source with the prefix `raw/` has run"),
        "{told}"
    );
    assert!(told.contains("--name x    the prefix `old/`"), "{told}");
}

#[test]
fn a_list_has_a_bound() {
    let all: Vec<_> = (0..15)
        .map(|n| known(&format!("s{n}"), HERE, "raw/"))
        .collect();
    let told = choose(None, None, &all).unwrap_err();
    assert_eq!(told.lines().count(), 1 + SHOWN + 1, "{told}");
    assert!(told.ends_with("… and 5 more"), "{told}");
}

#[test]
fn a_list_follows_on_a_whole_sentence() {
    let all = [known(&id_of("datasets"), HERE, "raw/")];
    for told in [
        choose(None, Some("xyz"), &all).unwrap_err(),
        choose(Some("xyz"), None, &all).unwrap_err(),
    ] {
        assert!(
            told.contains("`state`. These have run for this container:\n"),
            "{told}"
        );
    }
}

#[test]
fn the_same_event_with_another_prefix_is_told_with_its_id() {
    let before = "im-f01bf01bf01bf01b";
    let told = choose(None, Some("im"), &[known(before, HERE, "")]).unwrap_err();
    for words in [
        "the source of the event `im` has run with no prefix, and the configuration has the prefix `raw/`",
        "Write `id: im-f01bf01bf01bf01b`",
    ] {
        assert!(told.contains(words), "{told}");
    }
    // What has the same prefix has another name for another reason.
    let told = choose(None, Some("im"), &[known(before, HERE, "raw/")]).unwrap_err();
    assert!(told.contains("  --name im-f01bf01bf01bf01b"), "{told}");
}

#[test]
fn a_new_name_is_no_slip_of_the_pen() {
    let all = [known(&id_of("datasets"), HERE, "raw/")];
    let new = |id, name| asked(id, name).choose(&all).unwrap_err().or_new();
    let never = |id: &str| Ok(Which::NeverRan(Some(id.to_owned())));
    assert_eq!(new(None, Some("xyz")), never(&id_of("xyz")));
    assert_eq!(new(Some("xyz"), None), never("xyz"));
    assert!(new(None, Some("datsets")).is_err());
    let two = [known("a", HERE, "raw/"), known("b", HERE, "raw/")];
    assert!(
        asked(None, None)
            .choose(&two)
            .unwrap_err()
            .or_new()
            .is_err()
    );
}

#[test]
fn who_has_run_is_told_where_nothing_has() {
    let own = known(&id_of("watch-connect"), HERE, "raw/");
    let other = known("images", "https://a.example/images", "");
    let never = |id, known: &[Known]| asked(None, None).never_ran(id, known);
    let none = "no source has ever run with this state container";
    assert_eq!(never(None, &[]), none);
    let told = never(Some("x"), &[]);
    assert_eq!(
        told,
        "the source `x` has never run with this state container, and no other source has"
    );
    let told = never(None, std::slice::from_ref(&other));
    let words = "no source of https://a.example/datasets has ever run with this state container, but images did, for another";
    assert!(told.starts_with(words), "{told}");
    for id in [None, Some("x")] {
        let told = never(id, &[own.clone(), other.clone()]);
        assert!(
            told.contains("only `watch --connect` has: connect the EventSource"),
            "{told}"
        );
        assert!(told.ends_with("`--name watch-connect`"), "{told}");
    }
    // Of another container, it is like any other.
    let far = known(&id_of("watch-connect"), "https://a.example/images", "");
    assert!(never(None, &[far]).contains("for another container"));
}
