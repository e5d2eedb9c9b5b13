//! What the tests of the binary start servers with, and where they keep blobs.

#[allow(dead_code)] // not all of it is needed here
#[path = "../binary/process.rs"]
pub(crate) mod process;
#[allow(dead_code)]
#[path = "../binary/server.rs"]
pub(crate) mod server;
#[allow(dead_code)]
#[path = "../binary/storage.rs"]
pub(crate) mod storage;
