//! From a request to its answer.

use std::{io, sync::Arc};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{
    Shared,
    answer::{self, Answer},
    blob,
    call::{Call, HttpOp},
    fault::HttpFault,
    list, queue,
};
use crate::account::Refusal;

/// Answers a request. An error closes the connection without an answer.
pub(super) async fn serve(shared: &Shared, request: Request<Incoming>) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let now = shared.account.now();
    let call = match Call::read(&head, body) {
        Ok(call) => call,
        Err(refusal) => return Ok(answer::refusal(refusal, now)),
    };
    shared.count(call.op);
    let authorized = Arc::clone(&shared.authorized.lock().expect("a rule"));
    if !authorized(&head) {
        return Ok(answer::refusal(Refusal::AuthenticationFailed, now));
    }
    shared.wait(call.op).await;
    let fault = shared.faults.lock().expect("faults").next(call.op);
    match fault {
        Some(fault) => faulty(shared, &call, &fault).await,
        None => Ok(act(shared, &call)),
    }
}

/// Answers a call with which something goes wrong.
async fn faulty(shared: &Shared, call: &Call, fault: &HttpFault) -> io::Result<Answer> {
    if let Some(answer) = fault.instead(shared.account.now()) {
        return Ok(answer);
    }
    match fault {
        HttpFault::DropRequest => Err(io::Error::other("a simulated cut")),
        HttpFault::LoseAnswer => {
            act(shared, call);
            Err(io::Error::other("a simulated cut"))
        }
        HttpFault::Delay(time) => {
            tokio::time::sleep(*time).await;
            Ok(act(shared, call))
        }
        // The answer to a HEAD has no body that could be without end.
        HttpFault::EndlessAnswer { .. } if call.op == HttpOp::BlobProperties => {
            Ok(act(shared, call))
        }
        HttpFault::Lost(lost) if call.op == HttpOp::ListBlobs => {
            Ok(list::lost(shared, call, *lost))
        }
        fault => {
            let marker = call.query.get("marker").map(String::as_str);
            Ok(fault.spoil(act(shared, call), marker).await)
        }
    }
}

/// Does what the call says.
fn act(shared: &Shared, call: &Call) -> Answer {
    let account = &shared.account;
    let now = account.now();
    let empty = |status| answer::empty(status, now);
    let answer = match call.op {
        HttpOp::CreateContainer => account
            .create_container(&call.container)
            .map(|()| empty(201)),
        HttpOp::DeleteContainer => account
            .delete_container(&call.container)
            .map(|()| empty(202)),
        HttpOp::ContainerProperties => account
            .container_exists(&call.container)
            .map(|()| empty(200)),
        HttpOp::ListBlobs => list::list(shared, call),
        HttpOp::PutBlob => blob::put(account, call),
        HttpOp::PutBlock => blob::put_block(account, call),
        HttpOp::PutBlockList => blob::put_block_list(account, call),
        HttpOp::AppendBlock => blob::append(account, call),
        HttpOp::GetBlob | HttpOp::BlobProperties => blob::get(account, call),
        HttpOp::DeleteBlob => account
            .delete(&call.container, &call.blob)
            .map(|()| empty(202)),
        _ => Ok(queue::act(&shared.queues, call)),
    };
    answer.unwrap_or_else(|refusal| answer::refusal(refusal, now))
}

impl Shared {
    async fn wait(&self, op: HttpOp) {
        let latency = self.latency.lock().expect("durations").get(&op).copied();
        if let Some(latency) = latency {
            tokio::time::sleep(latency).await;
        }
    }

    fn count(&self, op: HttpOp) {
        *self
            .requests
            .lock()
            .expect("counters")
            .entry(op)
            .or_default() += 1;
    }
}
