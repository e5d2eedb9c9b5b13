//! `fetch`: the blob of an event as a file, or those of a batch as the files of a directory, for the steps of a
//! Workflow.
//!
//! An event has a blob's name in a form that no template evaluates (see [`crate::event::encoded`]). This is where
//! it is turned back: in a program, which evaluates nothing.

mod beside;
mod failure;
mod folder;
pub mod manifest;
mod many;
mod typed;

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, bail};

use self::failure::{advice, told};
use super::{
    args::FetchArgs,
    counts::counted,
    mistake,
    progress::Progress,
    say::{report, say_error},
};
use crate::{
    azure::{Account, Connector, text_of_secret},
    event::encoded::decoded,
    ports::connect::Location,
    text::plain::Plain,
};

/// Downloads what the arguments name.
pub async fn run(args: FetchArgs) -> anyhow::Result<ExitCode> {
    let account = match connect(&args) {
        Ok(account) => account,
        Err(error) => return Ok(mistake(&error)),
    };
    let (container, out) = (args.container.as_str(), args.out.as_path());
    if let Some(place) = &args.manifest {
        let (members, all) = manifest::members(&account, place, args.part, out).await?;
        let ended = many::save(&account, container, &members, args.part.is_some(), out).await?;
        return with_beside(&account, &args, beside::folder(&all), ended).await;
    }
    if let Some(folder) = &args.folder {
        let folder = decoded(folder);
        let members = folder::members(&account, container, &folder).await?;
        let ended = many::save(&account, container, &members, false, out).await?;
        return with_beside(&account, &args, Some(folder.trim_end_matches('/')), ended).await;
    }
    let name = args.blob.as_deref().map(decoded).unwrap_or_default();
    let etag = args.etag.as_deref().filter(|etag| !etag.is_empty());
    let downloading = account.download(container, &name, etag, out);
    let text = || format!("downloading {name}");
    match Progress::new().during(text, downloading).await {
        Ok(done) => {
            let (plain, etag) = (Plain(&name), Plain(&done.etag));
            let size = counted(done.bytes, "byte");
            report(format_args!("{plain}: {size}, ETag {etag}"));
            if let Some(file) = &args.metadata {
                beside::keep_metadata(&done.metadata, file)?;
            }
            with_beside(&account, &args, Some(&name), ExitCode::SUCCESS).await
        }
        Err(error) => {
            let advice = advice(&error, &args.endpoint, container, &name);
            say_error(format_args!("{}{advice}", told(&error, out)));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Downloads what `--beside` asks for, where the dataset is there.
async fn with_beside(
    account: &Account,
    args: &FetchArgs,
    dataset: Option<&str>,
    ended: ExitCode,
) -> anyhow::Result<ExitCode> {
    if let (Some(suffix), Some(dataset)) = (&args.beside, dataset)
        && ended == ExitCode::SUCCESS
    {
        beside::save(account, (&args.container, dataset), suffix, &args.out).await?;
    }
    Ok(ended)
}

fn connect(args: &FetchArgs) -> anyhow::Result<Account> {
    let secret = args.key_file.as_deref().map(read_secret).transpose()?;
    let connector = Connector {
        credentials_dir: None,
        allowed_endpoints: args.endpoints.allowed.clone(),
        ..Connector::default()
    };
    let endpoint = typed::endpoint(args)?;
    Ok(connector.connect_with(&Location::Endpoint(endpoint), secret.as_deref())?)
}

fn read_secret(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let bytes = fs::read(file).with_context(|| format!("cannot read the key file {shown}"))?;
    match text_of_secret(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(problem) => bail!("the key file {shown} cannot be used: {problem}"),
    }
}
