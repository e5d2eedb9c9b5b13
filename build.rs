//! Compiles the contract with protox, so that no protoc is needed, and keeps its
//! descriptors for gRPC reflection. Says which commit is built.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=proto/generic.proto");
    println!("cargo:rustc-env=BUILD={}", build());
    let descriptors = protox::compile(["generic.proto"], ["proto"])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("generic.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .codec_path("crate::grpc::codec::PromptCodec")
        .extern_path(".generic.Event", "crate::grpc::message::Event")
        .compile_fds(descriptors)?;
    Ok(())
}

/// The commit and its day. They come from the environment (`BUILD_COMMIT`, `SOURCE_DATE_EPOCH`), or from Git: not the
/// day on which the build ran, or no build could be repeated byte by byte.
fn build() -> String {
    for name in ["BUILD_COMMIT", "SOURCE_DATE_EPOCH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let given = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let (mut commit, mut epoch) = (given("BUILD_COMMIT"), given("SOURCE_DATE_EPOCH"));
    // While people develop, each commit would compile everything again.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && commit.is_none() && Path::new(".git").exists() {
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
            println!("cargo:rerun-if-changed={log}");
        }
        commit = git(&["rev-parse", "HEAD"]);
        epoch = epoch.or_else(|| git(&["log", "-1", "--format=%ct"]));
    }
    let commit = commit.map(|commit| commit.chars().take(12).collect::<String>());
    let day = epoch.and_then(|epoch| epoch.trim().parse().ok()).map(day);
    match (commit, day) {
        (Some(commit), Some(day)) => format!("commit {commit} of {day}"),
        (Some(commit), None) => format!("commit {commit}"),
        (None, Some(day)) => format!("a build of {day}"),
        (None, None) => "a build from sources".to_owned(),
    }
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The day of a moment in seconds since 1970, in UTC ("days from civil", the other way round).
fn day(epoch: i64) -> String {
    let days = epoch.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
