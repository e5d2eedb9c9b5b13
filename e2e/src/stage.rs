//! One case's own installation: a namespace with the product, its bus and its storage account.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use kube::Client;
use testkit::rng::Rng;

use crate::{
    cluster::Cluster,
    command::{self, kubectl},
    install::{self, Setup},
    pods::{BUS, EVENT_SOURCE, PATIENCE, SENSOR, SERVER},
    say::Say,
    status::{Live, Statuses},
    storage::Storage,
    wait::until,
    witness::{Version, Witness},
};

/// The arguments with which a command in a server's pod reads a configuration from its input.
pub(crate) const OF_THE_SOURCE: [&str; 4] = [
    "--config",
    "-",
    "--credentials-dir",
    "/etc/azure-blob-eventsource/credentials",
];

/// The installation, and who watches it.
pub(crate) struct Stage {
    /// Where it is.
    pub(crate) cluster: Cluster,
    /// Its namespace.
    pub(crate) namespace: String,
    /// The API server.
    pub(crate) client: Client,
    /// Sees every Workflow.
    pub(crate) witness: Witness,
    /// Tells the story.
    pub(crate) say: Say,
    setup: Setup,
    /// The storage account.
    pub(crate) storage: Storage,
}

impl Stage {
    /// Installs everything in a new namespace and waits until it works.
    pub(crate) async fn set(
        cluster: Cluster,
        namespace: String,
        setup: Setup,
        say: Say,
    ) -> Result<Self> {
        let client = Client::try_default().await?;
        command::run("kubectl", &["create", "namespace", &namespace], "").await?;
        let witness = Witness::start(client.clone(), &namespace);
        install::install(&namespace, setup).await?;
        let storage = Storage::open(&cluster, &namespace).await?;
        let stage = Self {
            cluster,
            namespace,
            client,
            witness,
            say,
            setup,
            storage,
        };
        stage.is_streaming().await?;
        stage.say.line(format!("{} runs", stage.namespace));
        Ok(stage)
    }

    /// Applies the Sensor's folder again: what the case took away is there again.
    pub(crate) async fn install_sensor(&self) -> Result<()> {
        install::install_sensor(&self.namespace, self.setup).await
    }

    /// `kubectl` in the namespace.
    pub(crate) async fn kubectl(&self, args: &[&str]) -> Result<String> {
        kubectl(&self.namespace, args, "").await
    }

    /// Waits until a server has a live stream that has swept the container.
    pub(crate) async fn is_streaming(&self) -> Result<Live> {
        let look = async || self.statuses().await?.live();
        until("a live stream", PATIENCE, look).await
    }

    /// What the servers tell of themselves.
    pub(crate) async fn statuses(&self) -> Result<Statuses> {
        Statuses::read(&self.cluster, &self.client, &self.namespace).await
    }

    /// Writes a blob below `raw/`, as a new version when it is there.
    pub(crate) async fn put(&self, name: &str) -> Version {
        self.storage
            .put(&format!("raw/{name}.csv"), "a,b\n1,2\n")
            .await
    }

    /// Writes blobs `<stem>-1` to `<stem>-<count>`.
    pub(crate) async fn put_all(&self, stem: &str, count: usize) -> Vec<Version> {
        let mut versions = Vec::new();
        for number in 1..=count {
            versions.push(self.put(&format!("{stem}-{number}")).await);
        }
        self.say.line(format!(
            "{count} blobs are there: {stem}-1 to {stem}-{count}"
        ));
        versions
    }

    /// Kills pods, without a chance to say goodbye.
    pub(crate) async fn kill(&self, selector: &str) -> Result<()> {
        let args = [
            "delete",
            "pod",
            "-l",
            selector,
            "--grace-period=0",
            "--force",
            "--wait=false",
        ];
        let said = self.kubectl(&args).await?;
        let pods = said.lines().count();
        self.say.count("pods killed", pods);
        self.say.line(format!("killed {selector}: {pods} pods"));
        Ok(())
    }

    /// Kills one pod, likewise.
    pub(crate) async fn kill_pod(&self, name: &str) -> Result<()> {
        self.kubectl(&["delete", "pod", name, "--grace-period=0", "--force"])
            .await?;
        self.say.count("pods killed", 1);
        self.say.line(format!("killed {name}"));
        Ok(())
    }

    /// Kills a part of the control plane, and waits until it is healthy again.
    pub(crate) async fn kill_component(&self, component: &str) -> Result<()> {
        self.cluster.kill(component).await?;
        self.say.count(&format!("{component} killed"), 1);
        self.say
            .line(format!("{component} was killed, and is healthy again"));
        Ok(())
    }

    /// Notes how many blobs were written and Workflows were made, where the case has not done so itself.
    pub(crate) fn sum_up(&self) {
        let noted = self.say.figures();
        for (name, number) in [
            ("blob versions", self.storage.written()),
            ("Workflows", self.witness.count()),
        ] {
            if number > 0 && !noted.contains_key(name) {
                self.say.figure(name, number);
            }
        }
    }

    /// Dice for `what` goes wrong in a case, whose seed is told.
    pub(crate) fn dice(&self, what: &str) -> Result<Rng> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let seed = now.as_secs();
        self.say.figure("seed", seed);
        self.say
            .line(format!("the order of the {what} is that of seed {seed}"));
        Ok(Rng::new(seed))
    }

    /// Kills the pods of one part of the product, or of the bus.
    pub(crate) async fn kill_some(&self, dice: &mut Rng) -> Result<()> {
        let selector = *dice.pick(&[SERVER, SERVER, EVENT_SOURCE, SENSOR, BUS]);
        self.kill(selector).await
    }

    /// Restarts Deployments, and waits until they run again and nothing is left of the pods before.
    pub(crate) async fn restart(&self, selector: &str) -> Result<()> {
        self.replace(
            selector,
            &["rollout", "restart", "deployment", "-l", selector],
        )
        .await?;
        self.say.line(format!("restarted {selector}"));
        Ok(())
    }

    /// Runs a `kubectl` command that replaces pods, and waits until others run and they are gone.
    pub(crate) async fn replace(&self, selector: &str, change: &[&str]) -> Result<()> {
        let pods = self
            .kubectl(&["get", "pods", "-l", selector, "-o", "name"])
            .await?;
        self.kubectl(change).await?;
        // A rollout is complete while the old pods are still on their way out, with live streams; and one of Argo's
        // begins only when its controller has seen the change.
        let timeout = "--timeout=120s";
        let gone = ["wait", "--for=delete", timeout];
        self.kubectl(&gone.into_iter().chain(pods.lines()).collect::<Vec<_>>())
            .await?;
        self.kubectl(&["rollout", "status", "deployment", "-l", selector, timeout])
            .await?;
        Ok(())
    }

    /// Waits until each version has exactly one Workflow, then until the server has recorded all of
    /// them as done and looked again twice, and makes sure that nothing more came.
    pub(crate) async fn comes_to_exactly(&self, versions: &[Version]) -> Result<()> {
        self.comes_to_exactly_within(versions, PATIENCE).await
    }

    /// As [`Self::comes_to_exactly`], with another patience.
    pub(crate) async fn comes_to_exactly_within(
        &self,
        versions: &[Version],
        patience: Duration,
    ) -> Result<()> {
        self.has_exactly(versions, patience).await?;
        self.is_at_rest().await?;
        self.witness.is_exactly(versions)?;
        self.say
            .line("all are recorded as done, and no other Workflow came");
        Ok(())
    }

    /// Waits until each version has exactly one Workflow.
    pub(crate) async fn has_exactly(&self, versions: &[Version], patience: Duration) -> Result<()> {
        let look = async || self.witness.is_exactly(versions);
        until("exactly one Workflow for each version", patience, look).await?;
        self.say.line(format!(
            "{} versions, {} Workflows",
            versions.len(),
            self.witness.count()
        ));
        Ok(())
    }

    /// Waits until nothing is under way and two more sweeps have found nothing; where there are no sweeps, until the
    /// queue is empty.
    pub(crate) async fn is_at_rest(&self) -> Result<()> {
        self.rests(Statuses::live).await
    }

    /// As [`Self::is_at_rest`], for the stream that is looked for.
    pub(crate) async fn rests(&self, live: impl Fn(&Statuses) -> Result<Live>) -> Result<()> {
        let idle = async || {
            let live = live(&self.statuses().await?)?;
            match live.in_flight {
                0 => Ok((live.pod, live.sweeps)),
                n => bail!("{n} are in flight"),
            }
        };
        let (pod, sweeps) = until("nothing is under way", PATIENCE, idle).await?;
        let look = async || {
            let live = live(&self.statuses().await?)?;
            let further = match live.alone {
                true => live.messages == 0,
                false => live.pod != pod || live.sweeps >= sweeps + 2,
            };
            (further && live.in_flight == 0)
                .then_some(())
                .context("it has not swept twice, or not emptied its queue yet")
        };
        // Messages that a killed server had in hand come again after five minutes.
        let patience = PATIENCE + Duration::from_secs(300);
        until("two more sweeps, or an empty queue", patience, look).await
    }

    /// Runs a command of the product in a server's pod, on the source of this case.
    ///
    /// # Errors
    /// It failed; with what it said.
    pub(crate) async fn product(&self, args: &[&str]) -> Result<String> {
        let (status, said) = self.product_any(args).await?;
        ensure!(status == 0, "`{}` failed: {said}", args.join(" "));
        Ok(said)
    }

    /// Asks the product about a dataset, and expects certain words and exit status in its answer.
    ///
    /// # Errors
    /// It answers otherwise.
    pub(crate) async fn explains(&self, version: &Version, status: i32, word: &str) -> Result<()> {
        let (found, said) = self.product_any(&["explain", &version.blob]).await?;
        ensure!(
            found == status && said.contains(word),
            "`explain {}` ends with {found}, not {status}, or does not say `{word}`: {said}",
            version.blob
        );
        let verdict = said.lines().find(|line| line.starts_with("=>"));
        let verdict = verdict.unwrap_or_default();
        self.say
            .line(format!("explain {}: {verdict}", version.blob));
        Ok(())
    }

    async fn product_any(&self, args: &[&str]) -> Result<(i32, String)> {
        let config = install::config(&self.namespace, self.setup);
        self.program(&[args, &OF_THE_SOURCE].concat(), &config)
            .await
    }

    /// Runs a command of the product in a server's pod with this input; what it prints, and when it failed its errors as well.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn program(&self, args: &[&str], stdin: &str) -> Result<(i32, String)> {
        let exec = ["exec", "-i", "deployment/azure-blob-eventsource", "--"];
        let namespace = ["--namespace", &self.namespace];
        let program = ["azure-blob-eventsource"];
        let args = [&namespace[..], &exec, &program, args].concat();
        command::run_any("kubectl", &args, stdin).await
    }
}
