//! The watch over a scripted API server, on paused time: what the cluster says late, twice, incompletely
//! or not at all. What a real API server does is for the end-to-end tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::{
    confirm::{
        COMPLETED_LABEL, EVENT_ID_LABEL, PHASE_LABEL,
        error::ConfirmError,
        index::{News, WatchHealth},
        object_set::{Object, State},
        target::{Confirm, ObjectKind},
        unfinished::Holder,
    },
    event::EventId,
    kubernetes::Watches,
    ports::confirmation::{Confirmation, Confirmations},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower::service_fn;

type Reply = UnsyncBoxBody<Bytes, io::Error>;

/// What the API server answers to one request.
enum Answer {
    Json(u16, Value),
    /// The same, after a while.
    Late(Box<Answer>),
    /// The lines of a watch, and how it ends.
    Watch(Vec<Value>, End),
    Refused,
}

enum End {
    /// As the server ends it after its time.
    Usual,
    /// In the middle of a line, with a broken connection.
    Broken(String),
    /// With nothing more to hear, for ever.
    Silence,
}

/// Answers in order; whoever asks beyond the script waits for ever.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn of(answers: impl IntoIterator<Item = Answer>) -> (Arc<Self>, Watches) {
        let script = Arc::new(Self::default());
        script.answers.lock().unwrap().extend(answers);
        let service = service_fn({
            let script = Arc::clone(&script);
            move |request| Arc::clone(&script).answer(request)
        });
        let client = Client::new(service, "ml-pipelines");
        (script, Watches::with(client, "ml-pipelines"))
    }

    async fn answer(self: Arc<Self>, request: Request<Body>) -> io::Result<Response<Reply>> {
        self.asked.lock().unwrap().push(request.uri().to_string());
        let mut answer = self.answers.lock().unwrap().pop_front();
        if let Some(Answer::Late(later)) = answer {
            sleep(Duration::from_secs(1)).await;
            answer = Some(*later);
        }
        match answer {
            Some(Answer::Late(_)) => unreachable!("late once"),
            None => std::future::pending().await,
            Some(Answer::Refused) => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Answer::Json(status, value)) => {
                let body = Full::new(Bytes::from(value.to_string()));
                Ok(response(status, body.map_err(never).boxed_unsync()))
            }
            Some(Answer::Watch(lines, end)) => Ok(response(200, body(lines, end))),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// How often all that exists was asked for, from the first page on.
    fn lists(&self) -> usize {
        let asked = self.asked();
        let first_page = |uri: &&String| !uri.contains("watch=") && !uri.contains("continue=");
        asked.iter().filter(first_page).count()
    }
}

fn never(never: Infallible) -> io::Error {
    match never {}
}

fn response(status: u16, body: Reply) -> Response<Reply> {
    Response::builder().status(status).body(body).unwrap()
}

fn body(lines: Vec<Value>, end: End) -> Reply {
    let lines = lines
        .into_iter()
        .map(|line| Ok(Bytes::from(format!("{line}\n"))));
    let lines = stream::iter(lines);
    let lines = match end {
        End::Usual => lines.boxed(),
        End::Broken(rest) => {
            let broken = Err(io::ErrorKind::ConnectionReset.into());
            lines
                .chain(stream::iter([Ok(Bytes::from(rest)), broken]))
                .boxed()
        }
        End::Silence => lines.chain(stream::pending()).boxed(),
    };
    BodyExt::boxed_unsync(StreamBody::new(lines.map(|line| line.map(Frame::data))))
}

fn meta(name: &str, version: u64, labels: Value) -> Value {
    json!({
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
        "metadata": {"name": name, "resourceVersion": version.to_string(), "labels": labels},
    })
}

fn object(id: u128, version: u64) -> Value {
    let labels = json!({EVENT_ID_LABEL: EventId(id).to_hex()});
    meta(&format!("w-{id}"), version, labels)
}

fn finished(id: u128, version: u64) -> Value {
    let labels = json!({EVENT_ID_LABEL: EventId(id).to_hex(), COMPLETED_LABEL: "true"});
    meta(&format!("w-{id}"), version, labels)
}

fn list(items: Vec<Value>, more: &str) -> Answer {
    Answer::Json(
        200,
        json!({
            "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList",
            "metadata": {"resourceVersion": "100", "continue": more}, "items": items,
        }),
    )
}

fn refusal(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure",
        "code": code, "reason": reason, "message": message, "metadata": {},
    })
}

fn gone() -> Value {
    refusal(410, "Expired", "too old resource version")
}

fn forbidden() -> Answer {
    let message = "workflows.argoproj.io is forbidden: User \"system:serviceaccount:ml-pipelines:abe\" \
                   cannot list resource \"workflows\" in API group \"argoproj.io\" in the namespace \"ml-pipelines\"";
    Answer::Json(403, refusal(403, "Forbidden", message))
}

fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

fn quiet() -> Answer {
    Answer::Watch(Vec::new(), End::Silence)
}

async fn open(watches: &Watches) -> Arc<dyn Confirmation> {
    watches.open(&Confirm::workflows()).await.unwrap()
}

/// Waits for a condition, on paused time.
async fn until(what: &str, mut met: impl FnMut() -> bool) {
    let waiting = async {
        while !met() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let patience = Duration::from_secs(600);
    timeout(patience, waiting)
        .await
        .unwrap_or_else(|_| panic!("waited for {what}"));
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_listed_and_then_it_watches_from_there() {
    let (script, watches) = Script::of([
        list(vec![object(1, 5)], "more"),
        list(vec![finished(2, 6)], ""),
        Answer::Watch(vec![event("ADDED", object(3, 101))], End::Silence),
    ]);
    let watch = open(&watches).await;
    watch.index().ready().await.unwrap();
    assert!(watch.index().has(EventId(1)) && watch.index().has(EventId(2)));
    until("the third", || watch.index().has(EventId(3))).await;
    assert_eq!(watch.index().unfinished(), 2);
    let asked = script.asked();
    assert!(asked[0].starts_with("/apis/argoproj.io/v1alpha1/namespaces/ml-pipelines/workflows?"));
    assert!(
        asked[0].contains("labelSelector=azure-blob-eventsource%2Fevent-id"),
        "{}",
        asked[0]
    );
    assert!(
        !asked[0].contains("resourceVersion"),
        "a cache may answer: {}",
        asked[0]
    );
    assert!(asked[1].contains("continue=more"));
    assert!(asked[2].contains("resourceVersion=100"));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_changes_too_much_while_it_is_read_starts_over() {
    let (_, watches) = Script::of([
        list(vec![object(1, 5)], "more"),
        Answer::Json(410, gone()),
        list(vec![object(2, 5)], ""),
        quiet(),
    ]);
    let watch = open(&watches).await;
    watch.index().ready().await.unwrap();
    assert!(!watch.index().has(EventId(1)) && watch.index().has(EventId(2)));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_too_old_is_answered_with_a_new_list() {
    for watch in [
        Answer::Json(410, gone()),
        Answer::Watch(vec![event("ERROR", gone())], End::Silence),
    ] {
        let (script, watches) = Script::of([
            list(vec![object(1, 5)], ""),
            watch,
            list(vec![object(2, 5)], ""),
            quiet(),
        ]);
        let watch = open(&watches).await;
        until("the new list", || watch.index().has(EventId(2))).await;
        assert!(!watch.index().has(EventId(1)), "what is gone is forgotten");
        assert_eq!(script.lists(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_off_goes_on_where_it_was_and_misses_nothing_in_between() {
    for rest in ["", "{\"type\":\"ADDED\",\"obj"] {
        let came_and_went = [
            event("ADDED", object(2, 102)),
            event("DELETED", object(2, 103)),
        ];
        let (script, watches) = Script::of([
            list(vec![], ""),
            Answer::Watch(
                vec![event("ADDED", object(1, 101))],
                End::Broken(rest.into()),
            ),
            Answer::Watch(came_and_went.into(), End::Silence),
        ]);
        let watch = open(&watches).await;
        let mut news = watch.index().news();
        let told = async { while news.next().await != News::Seen(EventId(2)) {} };
        timeout(Duration::from_secs(10), told).await.unwrap();
        assert!(script.asked()[2].contains("resourceVersion=101"));
        assert_eq!((script.lists(), watch.index().len()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_answered_with_a_new_list() {
    let broken_etcd = event("ERROR", refusal(500, "InternalError", "no leader")).to_string();
    for line in ["no JSON at all", "[]", "{\"type\":\"NEWS\"}", &broken_etcd] {
        let (script, watches) = Script::of([
            list(vec![], ""),
            Answer::Watch(
                vec![event("ADDED", object(1, 101))],
                End::Broken(format!("{line}\n")),
            ),
            list(vec![object(1, 101), object(2, 102)], ""),
            quiet(),
        ]);
        let watch = open(&watches).await;
        until("the new list", || watch.index().has(EventId(2))).await;
        assert_eq!((script.lists(), watch.index().len()), (2, 2), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_at_once_are_not_asked_for_without_a_pause() {
    let short = std::iter::repeat_with(|| Answer::Watch(Vec::new(), End::Usual)).take(1000);
    let (script, watches) = Script::of([list(vec![], "")].into_iter().chain(short));
    let watch = open(&watches).await;
    sleep(Duration::from_secs(60)).await;
    let asked = script.asked().len();
    assert!((7..40).contains(&asked), "{asked} requests in a minute");
    assert_eq!(watch.index().health(), WatchHealth::Live);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_as_usual_goes_on_where_it_was() {
    let bookmark = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": {"resourceVersion": "170"},
    });
    let (script, watches) = Script::of([
        list(vec![], ""),
        Answer::Watch(
            vec![event("ADDED", object(1, 150)), event("BOOKMARK", bookmark)],
            End::Usual,
        ),
        Answer::Watch(vec![event("DELETED", object(1, 180))], End::Silence),
    ]);
    let watch = open(&watches).await;
    until("the deletion", || {
        script.asked().len() == 3 && watch.index().is_empty()
    })
    .await;
    assert_eq!(script.lists(), 1);
    assert!(
        script.asked()[2].contains("resourceVersion=170"),
        "{}",
        script.asked()[2]
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_died_without_a_word_is_noticed() {
    let (script, watches) = Script::of([
        list(vec![], ""),
        quiet(),
        Answer::Watch(vec![event("ADDED", object(1, 101))], End::Silence),
    ]);
    let watch = open(&watches).await;
    watch.index().ready().await.unwrap();
    let noticed = until("the next watch", || watch.index().has(EventId(1)));
    timeout(Duration::from_secs(90), noticed).await.unwrap();
    assert!(script.asked()[2].contains("resourceVersion=100"));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_taken_away_and_given_back_is_only_a_pause() {
    let before = [
        list(vec![object(1, 5)], ""),
        Answer::Watch(vec![], End::Usual),
    ];
    let refused = std::iter::repeat_with(forbidden).take(15);
    let missed = Answer::Watch(vec![event("ADDED", object(2, 102))], End::Silence);
    let (_, watches) = Script::of(before.into_iter().chain(refused).chain([missed]));
    let watch = open(&watches).await;
    let lost = |health| matches!(health, WatchHealth::Lost(ConfirmError::Forbidden(_)));
    until("the loss", || lost(watch.index().health())).await;
    assert!(watch.index().has(EventId(1)), "what was seen is remembered");
    until("the return", || watch.index().health() == WatchHealth::Live).await;
    until("what was missed", || watch.index().has(EventId(2))).await;
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_has_just_started_is_not_believed_when_it_refuses() {
    let (_, watches) = Script::of([
        list(vec![], ""),
        Answer::Watch(vec![], End::Usual),
        Answer::Refused,
        forbidden(),
        quiet(),
    ]);
    let watch = open(&watches).await;
    let mut said = Vec::new();
    until("the return", || {
        if let WatchHealth::Lost(error) = watch.index().health() {
            said.push(error);
        }
        !said.is_empty() && watch.index().health() == WatchHealth::Live
    })
    .await;
    assert!(said.iter().all(ConfirmError::is_transient), "{said:?}");
    let last = said.last().unwrap().to_string();
    assert!(
        last.contains("allowed before") && last.contains("kubectl create role"),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_list_and_not_watch_is_told_so_at_once() {
    let (_, watches) = Script::of([list(vec![], ""), Answer::Late(Box::new(forbidden()))]);
    let watch = open(&watches).await;
    let ready = watch.index().ready().await;
    assert!(
        matches!(ready, Err(ConfirmError::Forbidden(_))),
        "{ready:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_long_absence_all_is_listed_anew() {
    let down = std::iter::repeat_with(|| Answer::Refused).take(65);
    let script = [
        list(vec![object(1, 90)], ""),
        Answer::Watch(vec![], End::Usual),
    ];
    let back = [list(vec![object(2, 50)], ""), quiet()];
    let (script, watches) = Script::of(script.into_iter().chain(down).chain(back));
    let watch = open(&watches).await;
    until("the new list", || watch.index().has(EventId(2))).await;
    assert!(!watch.index().has(EventId(1)));
    let asked = script.asked();
    let from_old = asked
        .iter()
        .filter(|uri| uri.contains("resourceVersion=100"));
    assert!((20..65).contains(&from_old.count()), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_knows_us_not_or_says_nothing_is_told_apart_and_waited_for() {
    let stranger = Answer::Json(401, refusal(401, "Unauthorized", "Unauthorized"));
    for (answer, words) in [
        (Some(stranger), "does not know this server (401)"),
        (None, "gives no answer within 10 s"),
    ] {
        let (_, watches) = Script::of(answer);
        let watch = open(&watches).await;
        let said = |words| match watch.index().health() {
            WatchHealth::Lost(error) => error.is_transient() && error.to_string().contains(words),
            _ => false,
        };
        until(words, || said(words)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_is_waited_for() {
    let down = std::iter::repeat_with(|| Answer::Refused).take(8);
    let busy = Answer::Json(503, refusal(503, "ServiceUnavailable", "etcd is away"));
    let script = [list(vec![], ""), Answer::Watch(vec![], End::Usual)];
    let missed = Answer::Watch(vec![event("ADDED", object(1, 101))], End::Silence);
    let back = [busy, missed];
    let (script, watches) = Script::of(script.into_iter().chain(down).chain(back));
    let watch = open(&watches).await;
    let lost =
        |health: WatchHealth| matches!(health, WatchHealth::Lost(ConfirmError::Unreachable(_)));
    until("the loss", || lost(watch.index().health())).await;
    let back = until("the return", || watch.index().health() == WatchHealth::Live);
    timeout(Duration::from_secs(90), back).await.unwrap();
    until("what was missed", || watch.index().has(EventId(1))).await;
    assert_eq!(script.lists(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_missing_is_said_with_the_lines_that_grant_it_and_taken_when_it_comes() {
    let (_, watches) = Script::of([forbidden(), list(vec![], ""), quiet()]);
    let watch = open(&watches).await;
    let Err(ConfirmError::Forbidden(words)) = watch.index().ready().await else {
        panic!("not forbidden")
    };
    for part in [
        "kubectl create role azure-blob-eventsource-confirm --verb=list,watch --resource=workflows.argoproj.io -n ml-pipelines",
        "kubectl create rolebinding azure-blob-eventsource-confirm --role=azure-blob-eventsource-confirm --serviceaccount=ml-pipelines:abe -n ml-pipelines",
    ] {
        assert!(words.contains(part), "{words}");
    }
    until("the role", || watch.index().health() == WatchHealth::Live).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_told_twice_late_or_with_a_strange_label_does_no_harm() {
    let strange = |labels| event("ADDED", meta("strange", 110, labels));
    let (_, watches) = Script::of([
        list(vec![object(1, 5)], ""),
        Answer::Watch(
            vec![
                event("ADDED", object(1, 5)),
                event("MODIFIED", finished(1, 103)),
                event("ADDED", object(2, 101)),
                event("ADDED", object(2, 101)),
                strange(json!({EVENT_ID_LABEL: "by-hand"})),
                strange(json!({EVENT_ID_LABEL: ""})),
                strange(json!({})),
                event("DELETED", object(9, 104)),
                event("ADDED", object(3, 105)),
            ],
            End::Silence,
        ),
    ]);
    let watch = open(&watches).await;
    until("the last", || watch.index().has(EventId(3))).await;
    assert_eq!((watch.index().len(), watch.index().unfinished()), (3, 2));
}

/// A Workflow that was made at second 1000 of 1970, with a phase or without, and deleted or not.
fn standing(id: u128, version: u64, phase: Option<&str>, deleted: bool) -> Value {
    let mut labels = json!({EVENT_ID_LABEL: EventId(id).to_hex()});
    if let Some(phase) = phase {
        labels[PHASE_LABEL] = phase.into();
    }
    let mut object = meta(&format!("w-{id}"), version, labels);
    object["metadata"]["creationTimestamp"] = "1970-01-01T00:16:40Z".into();
    if deleted {
        object["metadata"]["deletionTimestamp"] = "1970-01-01T00:25:00Z".into();
        object["metadata"]["finalizers"] = json!(["workflows.argoproj.io/artifact-gc"]);
    }
    object
}

#[tokio::test(start_paused = true)]
async fn of_an_unfinished_workflow_it_is_known_since_when_it_is_there_and_its_phase() {
    let (_, watches) = Script::of([
        list(
            vec![
                standing(1, 5, None, false),
                standing(2, 6, Some("Pending"), false),
                standing(3, 7, None, true),
                standing(4, 8, Some(""), false),
                finished(5, 9),
            ],
            "",
        ),
        Answer::Watch(
            vec![event("MODIFIED", standing(4, 101, Some("Running"), false))],
            End::Silence,
        ),
    ]);
    let watch = open(&watches).await;
    watch.index().ready().await.unwrap();
    let names = |group: &[Holder]| {
        let names = group.iter().map(|it| it.name.clone());
        names.collect::<Vec<_>>()
    };
    until("the fourth", || {
        watch.workflows(2000).survey.without_phase.count == 1
    })
    .await;
    let seen = watch.workflows(2000);
    assert_eq!(seen.namespace, "ml-pipelines");
    assert_eq!(seen.survey.count, 4);
    assert_eq!(names(&seen.survey.without_phase.oldest), ["w-1"]);
    assert_eq!(seen.survey.without_phase.oldest[0].age_seconds, 1000);
    assert_eq!(names(&seen.survey.deleted.oldest), ["w-3"]);
    assert_eq!(seen.survey.deleted.oldest[0].deleted_seconds, Some(500));
    assert_eq!(watch.workflows(1180).survey.without_phase.count, 0);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_the_same_shares_one_watch_and_it_ends_with_the_last() {
    let (script, watches) = Script::of([list(vec![], ""), quiet(), list(vec![], ""), quiet()]);
    let first = open(&watches).await;
    let named = Confirm {
        namespace: Some("ml-pipelines".into()),
        ..Confirm::workflows()
    };
    let second = watches.open(&named).await.unwrap();
    second.index().ready().await.unwrap();
    drop(first);
    until("the watch", || script.asked().len() == 2).await;
    drop(second);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(script.asked().len(), 2, "it goes on though nobody holds it");
    open(&watches).await.index().ready().await.unwrap();
    assert_eq!(script.lists(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_object_is_looked_for_by_its_label() {
    let found = list(vec![object(7, 5)], "");
    let (script, watches) = Script::of([list(vec![], ""), quiet(), found, list(vec![], "")]);
    let watch = open(&watches).await;
    until("the watch", || script.asked().len() == 2).await;
    let mut news = watch.index().news();
    assert_eq!(watch.look(EventId(7)).await, Ok(true));
    let told = timeout(Duration::from_secs(1), news.next()).await.unwrap();
    assert_eq!(told, News::Seen(EventId(7)));
    assert_eq!(watch.look(EventId(8)).await, Ok(false));
    let asked = script.asked()[2].clone();
    assert!(
        asked.contains(&format!("event-id%3D{}", EventId(7).to_hex())),
        "{asked}"
    );
    assert!(asked.contains("limit=1"));
}

#[tokio::test(start_paused = true)]
async fn a_selector_goes_to_the_api_server_and_the_limit_still_counts_all() {
    let running = |id, labels: Value| {
        let mut object = standing(id, 5, Some("Running"), false);
        object["metadata"]["labels"]
            .as_object_mut()
            .unwrap()
            .extend(labels.as_object().unwrap().clone());
        object
    };
    let audit = || running(7, json!({"pipeline": "audit"}));
    let train = running(8, json!({"pipeline": "train"}));
    let confirm = Confirm {
        selector: [("pipeline".to_owned(), "audit".to_owned())].into(),
        ..Confirm::workflows()
    };
    // The watch for all comes first.
    let (script, watches) = Script::of([
        list(vec![audit(), train], ""),
        list(vec![audit()], ""),
        quiet(),
        quiet(),
        list(vec![audit()], ""),
    ]);
    let watch = watches.open(&confirm).await.unwrap();
    until("both watches", || script.asked().len() == 4).await;
    assert!(watch.index().has(EventId(7)) && !watch.index().has(EventId(8)));
    assert_eq!((watch.index().len(), watch.all().unfinished()), (1, 2));
    assert_eq!(watch.workflows(1180).survey.count, 2);
    assert_eq!(watch.look(EventId(7)).await, Ok(true));
    let selects = |asked: &String| asked.contains("%2Cpipeline%3Daudit");
    assert_eq!(
        script.asked().iter().filter(|asked| selects(asked)).count(),
        3
    );
}

fn batch(kind: &str) -> Confirm {
    Confirm {
        kind: ObjectKind {
            group: "batch".into(),
            version: "v1".into(),
            kind: kind.into(),
        },
        ..Confirm::workflows()
    }
}

fn resources() -> Answer {
    let resource = |name: &str, kind: &str, namespaced: bool| json!({"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": []});
    let resources = [
        resource("jobs/status", "Job", true),
        resource("jobs", "Job", true),
        resource("farms", "Farm", false),
    ];
    Answer::Json(
        200,
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "batch/v1", "resources": resources}),
    )
}

#[tokio::test(start_paused = true)]
async fn any_kind_of_a_namespace_is_found_by_asking() {
    let (script, watches) = Script::of([
        resources(),
        list(vec![standing(1, 5, None, false)], ""),
        quiet(),
    ]);
    let watch = watches.open(&batch("Job")).await.unwrap();
    watch.index().ready().await.unwrap();
    let job = Object {
        name: "w-1".to_owned(),
        id: EventId(1),
        state: State::Untold,
    };
    assert_eq!(watch.index().find(EventId(1)), Some(job));
    let seen = watch.workflows(i64::MAX);
    assert_eq!((seen.survey.count, seen.survey.without_phase.count), (0, 0));
    let asked = script.asked();
    assert_eq!(asked[0], "/apis/batch/v1");
    assert!(
        asked[1].starts_with("/apis/batch/v1/namespaces/ml-pipelines/jobs?"),
        "{}",
        asked[1]
    );
}

#[tokio::test(start_paused = true)]
async fn the_lines_that_grant_a_role_name_the_resource_as_the_cluster_does() {
    for (answers, resource) in [
        (vec![resources(), forbidden()], "--resource=jobs.batch -n"),
        (vec![forbidden()], "--resource=job.batch -n"),
    ] {
        let (_, watches) = Script::of(answers);
        let watch = watches.open(&batch("Job")).await.unwrap();
        let Err(ConfirmError::Forbidden(words)) = watch.index().ready().await else {
            panic!("not forbidden")
        };
        assert!(words.contains(resource), "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_there_is_not_is_said_with_what_was_meant() {
    let missing = || Answer::Json(404, refusal(404, "NotFound", "not found"));
    for (kind, answer, words) in [
        ("Jobb", resources(), "did you mean `Job`?"),
        ("Farm", resources(), "are not in a namespace"),
        (
            "Pipeline",
            resources(),
            "is its CustomResourceDefinition installed",
        ),
        (
            "Foo",
            resources(),
            "is its CustomResourceDefinition installed",
        ),
        (
            "Job",
            missing(),
            "is its CustomResourceDefinition installed",
        ),
    ] {
        let (_, watches) = Script::of([answer]);
        let watch = watches.open(&batch(kind)).await.unwrap();
        let Err(ConfirmError::UnknownKind(said)) = watch.index().ready().await else {
            panic!("{kind} is known")
        };
        assert!(said.contains(words), "{said}");
    }
    let (_, watches) = Script::of([missing()]);
    let watch = open(&watches).await;
    assert!(matches!(
        watch.index().ready().await,
        Err(ConfirmError::UnknownKind(_))
    ));
}
