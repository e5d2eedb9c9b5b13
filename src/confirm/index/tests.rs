#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures::FutureExt;

use super::*;
use crate::confirm::{object_set::State, unfinished::Unfinished};

fn object(name: &str, id: u128, finished: bool) -> Object {
    Object {
        name: name.to_owned(),
        id: EventId(id),
        state: match finished {
            true => State::Finished,
            false => State::Unfinished(made(0, Some("Running"))),
        },
    }
}

fn made(created: i64, phase: Option<&str>) -> Unfinished {
    Unfinished {
        created,
        phase: phase.map(str::to_owned),
        deleted: None,
    }
}

fn open(name: &str, id: u128, unfinished: Unfinished) -> Object {
    Object {
        state: State::Unfinished(unfinished),
        ..object(name, id, false)
    }
}

fn hear(feed: &mut NewsFeed) -> Vec<News> {
    std::iter::from_fn(|| feed.next().now_or_never()).collect()
}

#[test]
fn of_two_objects_of_an_event_the_one_that_is_left_is_found() {
    for gone in ["a", "b"] {
        let index = Index::default();
        index.applied(object("a", 1, true));
        index.applied(object("b", 1, true));
        index.deleted(&object(gone, 1, true));
        let left = if gone == "a" { "b" } else { "a" };
        assert_eq!(index.find(EventId(1)), Some(object(left, 1, true)));
        index.deleted(&object(left, 1, true));
        assert_eq!(index.find(EventId(1)), None);
    }
}

#[test]
fn an_object_is_there_from_its_first_sighting_to_its_deletion() {
    let index = Index::default();
    let mut feed = index.news();
    index.applied(object("a", 1, false));
    assert!(index.has(EventId(1)));
    assert_eq!(index.unfinished(), 1);
    assert_eq!(hear(&mut feed), [News::Seen(EventId(1))]);
    index.applied(object("a", 1, true));
    assert_eq!(index.unfinished(), 0);
    assert_eq!(hear(&mut feed), [News::Changed]);
    index.deleted(&object("a", 1, true));
    assert!(!index.has(EventId(1)));
    assert_eq!(hear(&mut feed), [News::Changed]);
}

#[test]
fn two_objects_of_one_event_are_one_sighting_and_both_count() {
    let index = Index::default();
    let mut feed = index.news();
    index.applied(object("a", 1, false));
    index.applied(object("b", 1, false));
    assert_eq!(hear(&mut feed), [News::Seen(EventId(1)), News::Changed]);
    assert_eq!(index.unfinished(), 2);
    index.deleted(&object("a", 1, false));
    assert!(index.has(EventId(1)));
}

#[test]
fn a_deletion_of_what_was_never_seen_is_a_sighting() {
    let index = Index::default();
    let mut feed = index.news();
    index.deleted(&object("a", 1, false));
    assert_eq!(hear(&mut feed), [News::Seen(EventId(1)), News::Changed]);
    assert!(!index.has(EventId(1)));
}

#[test]
fn a_list_replaces_all_that_was_known() {
    let index = Index::default();
    index.applied(object("a", 1, false));
    index.applied(object("b", 2, false));
    let mut feed = index.news();
    index.replace(vec![object("b", 2, true), object("c", 3, false)]);
    assert!(!index.has(EventId(1)) && index.has(EventId(2)) && index.has(EventId(3)));
    assert_eq!(index.unfinished(), 1);
    assert_eq!(hear(&mut feed), [News::Seen(EventId(3)), News::Changed]);
}

#[test]
fn a_name_that_is_used_again_for_another_event_is_another_sighting() {
    let index = Index::default();
    index.applied(object("a", 1, false));
    let mut feed = index.news();
    index.applied(object("a", 2, false));
    assert!(!index.has(EventId(1)) && index.has(EventId(2)));
    assert_eq!(hear(&mut feed), [News::Seen(EventId(2))]);
}

#[test]
fn who_listens_too_slowly_hears_that_something_was_missed() {
    let index = Index::default();
    let mut feed = index.news();
    for id in 0..SIGHTINGS as u128 + 1 {
        index.applied(object(&format!("{id}"), id, false));
    }
    assert_eq!(hear(&mut feed)[0], News::Missed);
}

#[tokio::test]
async fn readiness_waits_out_what_passes_and_ends_with_what_does_not() {
    let index = Index::default();
    assert!(index.ready().now_or_never().is_none());
    index.lost(ConfirmError::Unreachable("down".to_owned()));
    assert!(index.ready().now_or_never().is_none());
    let forbidden = ConfirmError::Forbidden("no".to_owned());
    index.lost(forbidden.clone());
    assert_eq!(index.ready().await, Err(forbidden));
    index.live();
    assert_eq!(index.ready().await, Ok(()));
}

#[test]
fn a_workflow_is_surveyed_from_its_sighting_until_it_finishes_or_goes() {
    let index = Index::default();
    index.applied(open("a", 1, made(100, None)));
    index.applied(open("b", 2, made(200, Some("Pending"))));
    index.applied(object("c", 3, true));
    let survey = index.survey(1000);
    assert_eq!((survey.count, survey.without_phase.count), (2, 1));
    assert_eq!(survey.oldest.unwrap().name, "a");
    index.applied(open("a", 1, made(100, Some("Running"))));
    assert_eq!(index.survey(1000).without_phase.count, 0);
    index.applied(object("a", 1, true));
    index.deleted(&object("b", 2, false));
    assert_eq!(index.survey(1000), Survey::default());
}

#[test]
fn an_object_is_found_as_it_was_told() {
    let index = Index::default();
    let untold = Object {
        state: State::Untold,
        ..object("job", 3, false)
    };
    let all = [object("a", 1, true), open("b", 2, made(100, None)), untold];
    index.replace(all.to_vec());
    for object in all {
        assert_eq!(index.find(object.id), Some(object));
    }
    assert_eq!(index.find(EventId(4)), None);
    assert_eq!(index.unfinished(), 1, "of a job nobody knows that");
}

#[test]
fn a_stuck_workflow_is_told_once_to_all_who_ask_and_again_when_it_comes_back() {
    let index = Index::default();
    let stuck = |now| {
        let new = index.newly_stuck(&index.survey(now));
        new.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    index.applied(open("b", 2, made(101, None)));
    index.applied(open("a", 1, made(100, None)));
    assert!(stuck(280).is_empty());
    assert_eq!(stuck(282), ["a", "b"]);
    assert!(stuck(300).is_empty());
    // A list has all of it again.
    index.replace(vec![
        open("a", 1, made(100, None)),
        open("c", 3, made(102, None)),
    ]);
    assert_eq!(stuck(301), ["c"]);
    let deleted = Unfinished {
        deleted: Some(400),
        ..made(100, None)
    };
    index.applied(open("a", 1, deleted));
    assert!(stuck(500).is_empty());
    assert_eq!(stuck(581), ["a"], "that a finalizer keeps it is news");
    index.deleted(&object("a", 1, false));
    assert!(stuck(600).is_empty());
    index.applied(open("a", 1, made(500, None)));
    assert_eq!(stuck(700), ["a"]);
}
