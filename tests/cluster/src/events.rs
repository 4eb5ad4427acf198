//! What a person sees with `kubectl events`.

use crate::control_plane::ControlPlane;
use anyhow::{Result, anyhow};
use futures::TryStreamExt;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use std::time::Duration;
use tokio::time::Instant;

/// One event; repeated ones are one with a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// `Normal` or `Warning`.
    pub type_: String,
    pub reason: String,
    pub action: String,
    pub note: String,
    /// Kind and name of the object it is about, as `ChatwootAccount/acme`.
    pub about: String,
    pub count: i32,
}

impl From<Event> for SeenEvent {
    fn from(event: Event) -> Self {
        let regarding = event.regarding.unwrap_or_default();
        Self {
            type_: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            action: event.action.unwrap_or_default(),
            note: event.note.unwrap_or_default(),
            about: format!("{}/{}", regarding.kind.unwrap_or_default(), regarding.name.unwrap_or_default()),
            count: event.series.map_or(1, |series| series.count),
        }
    }
}

impl ControlPlane {
    /// The events of a namespace.
    ///
    /// # Errors
    /// The API server refuses the list.
    pub async fn events(&self, namespace: &str) -> Result<Vec<SeenEvent>> {
        let events: Api<Event> = Api::namespaced(self.client()?, namespace);
        Ok(events.list(&ListParams::default()).await?.into_iter().map(SeenEvent::from).collect())
    }

    /// Waits for an event that fits and returns it.
    ///
    /// # Errors
    /// None came within `timeout`: the message lists those that did.
    pub async fn wait_for_event(
        &self,
        namespace: &str,
        fits: impl Fn(&SeenEvent) -> bool,
        timeout: Duration,
    ) -> Result<SeenEvent> {
        wait_for_event(self.client()?, namespace, fits, timeout).await
    }
}

async fn wait_for_event(
    client: Client,
    namespace: &str,
    fits: impl Fn(&SeenEvent) -> bool,
    timeout: Duration,
) -> Result<SeenEvent> {
    let deadline = Instant::now() + timeout;
    let events: Api<Event> = Api::namespaced(client, namespace);
    let news = watcher(events, watcher::Config::default()).default_backoff().applied_objects();
    let mut news = Box::pin(news);
    let mut seen = Vec::new();
    loop {
        match tokio::time::timeout_at(deadline, news.try_next()).await {
            Ok(Ok(Some(event))) => {
                let event = SeenEvent::from(event);
                if fits(&event) {
                    return Ok(event);
                }
                seen.push(event);
            }
            // The watch is opened again after a pause.
            Ok(Err(_)) => {}
            Ok(Ok(None)) => return Err(anyhow!("the watch on the events of {namespace} ended")),
            Err(_) => break,
        }
    }
    Err(anyhow!("no event in {namespace} was the one waited for within {timeout:?}; there were {seen:#?}"))
}
