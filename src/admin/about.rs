//! What the status page says of the server beside its numbers.

/// Where the server runs, and where else people look.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The pod, as the cluster calls it; or the machine.
    pub pod: Option<String>,
    /// Where Argo's pages are, without a slash at the end.
    pub argo_url: Option<String>,
    /// Host and admin port of all pods of this server, such as those of a headless Service.
    pub peers: Option<String>,
}
