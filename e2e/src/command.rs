//! Programs of this machine: kubectl above all.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::{io::AsyncWriteExt, process::Command};

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// It cannot be started, or failed; then with what it said.
pub(crate) async fn run(program: &str, args: &[&str], stdin: &str) -> Result<String> {
    let (status, output) = run_any(program, args, stdin).await?;
    if status != 0 {
        bail!("`{program} {}` failed: {}", args.join(" "), output.trim());
    }
    Ok(output)
}

/// Runs a program to its end and returns its exit status and what it printed: its output, or when it
/// failed its errors as well.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn run_any(program: &str, args: &[&str], stdin: &str) -> Result<(i32, String)> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{program} cannot be started; is it on the PATH?"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // Who does not read its input closes it early.
        let _ = pipe.write_all(stdin.as_bytes()).await;
    }
    let output = child.wait_with_output().await?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    Ok((output.status.code().unwrap_or(-1), text))
}

/// `kubectl` in a namespace.
///
/// # Errors
/// As [`run`].
pub(crate) async fn kubectl(namespace: &str, args: &[&str], stdin: &str) -> Result<String> {
    let args = [&["--namespace", namespace], args].concat();
    run("kubectl", &args, stdin).await
}

/// Runs a program to its end, before there is anything else to do, and lets it print.
///
/// # Errors
/// It cannot be started, or failed.
pub(crate) fn wait(command: &mut std::process::Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("{program} failed: {status}");
    }
    Ok(())
}
