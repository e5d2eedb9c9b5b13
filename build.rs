//! Compiles the contract with protox, so that no protoc is needed, and keeps its
//! descriptors for gRPC reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto/generic.proto");
    let descriptors = protox::compile(["generic.proto"], ["proto"])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("generic.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .codec_path("crate::grpc::codec::PromptCodec")
        .extern_path(".generic.Event", "crate::grpc::message::Event")
        .compile_fds(descriptors)?;
    Ok(())
}
