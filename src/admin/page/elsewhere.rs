//! The sources that other pods stream.

use std::fmt::{self, Write};

use super::text::{Escaped, Many};
use crate::admin::peers::Elsewhere;

pub(super) fn write(page: &mut String, elsewhere: &[Elsewhere]) -> fmt::Result {
    if elsewhere.is_empty() {
        return Ok(());
    }
    page.push_str("<section id=elsewhere><h2>On other pods</h2><ul class=list>");
    for Elsewhere { pod, sources } in elsewhere {
        let pod = Escaped(pod);
        let count = Many(sources.len() as u64, "source");
        write!(
            page,
            "<li><b class=name>{pod}</b> {count}: <code>kubectl port-forward pod/{pod} 9090</code> shows its page<ul>"
        )?;
        for it in sources {
            write!(
                page,
                "<li>{}: {} (event {}, container {})</li>",
                Escaped(&it.source),
                Escaped(&it.state.replace('-', " ")),
                Escaped(&it.event),
                Escaped(&it.container),
            )?;
        }
        page.push_str("</ul></li>");
    }
    page.push_str("</ul></section>");
    Ok(())
}
