//! One cache, fed by a watch for each namespace.

use super::*;
use kube::core::Status;

/// A pump with a watch each for `acme` and `bpo`, fed by hand.
struct Merged {
    acme: mpsc::UnboundedSender<Seen<ConfigMap>>,
    bpo: mpsc::UnboundedSender<Seen<ConfigMap>>,
    told: Arc<Mutex<Vec<String>>>,
    /// What was said about whether a namespace can be seen.
    sights: Arc<Mutex<Vec<(String, bool)>>>,
    cache: Cache<ConfigMap>,
    health: Health,
}

impl Merged {
    fn new() -> Self {
        let ((acme, of_acme), (bpo, of_bpo)) = (mpsc::unbounded(), mpsc::unbounded());
        let (told, sights) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let seen = sights.clone();
        let hooks = PumpHooks {
            failed: Arc::new(|_| {}),
            unreadable: Arc::new(|_, _| {}),
            sight: Arc::new(move |_, namespace, sight| {
                seen.lock().unwrap().push((namespace.to_owned(), sight))
            }),
        };
        let health = Health::default();
        let pump =
            Pump::new(health.wait_for("config maps"), health.pulse("pump", Duration::from_secs(30)), hooks);
        let (cache, notes) = (pump.cache(), told.clone());
        let sources = [
            Source { place: Some("acme".into()), events: of_acme.boxed() },
            Source { place: Some("bpo".into()), events: of_bpo.boxed() },
        ];
        tokio::spawn(pump.merge(sources, move |change| notes.lock().unwrap().push(place_of(&change))));
        Self { acme, bpo, told, sights, cache, health }
    }

    async fn told(&self) -> Vec<String> {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let mut told = std::mem::take(&mut *self.told.lock().unwrap());
        told.sort();
        told
    }

    async fn list(&self, namespace: &str, objects: Vec<DeserializeGuard<ConfigMap>>) -> Vec<String> {
        let feed = if namespace == "acme" { &self.acme } else { &self.bpo };
        list(objects).into_iter().for_each(|event| feed.unbounded_send(Ok(event)).unwrap());
        self.told().await
    }

    async fn forbid(&self, feed: &mpsc::UnboundedSender<Seen<ConfigMap>>) {
        let status = Status { code: 403, reason: "Forbidden".into(), ..Status::default() };
        let error = watcher::Error::InitialListFailed(kube::Error::Api(Box::new(status)));
        feed.unbounded_send(Err(error)).unwrap();
        assert!(self.told().await.is_empty());
    }
}

fn place_of(change: &Change<'_, ConfigMap>) -> String {
    let place = |o: &ConfigMap| {
        format!("{}/{}", o.metadata.namespace.clone().unwrap(), o.metadata.name.clone().unwrap())
    };
    match change {
        Change::New(o) => format!("new {}", place(o)),
        Change::Changed { new, .. } => format!("changed {}", place(new)),
        Change::Gone(o) => format!("gone {}", place(o)),
        Change::Unreadable { key, .. } => format!("unreadable {key}"),
        Change::ReadableAgain(o) => format!("readable {}", place(o)),
        Change::UnreadableGone(key) => format!("unreadable gone {key}"),
    }
}

fn at(namespace: &str, name: &str, uid: &str, version: &str) -> DeserializeGuard<ConfigMap> {
    guarded_in(namespace, name, uid, version, json!({"k": "v"}))
}

#[tokio::test]
async fn a_list_of_one_namespace_drops_nothing_of_another() {
    let merged = Merged::new();
    merged.list("acme", vec![at("acme", "a", "1", "1"), at("acme", "b", "2", "1")]).await;
    let bad = guarded_in("bpo", "bad", "4", "1", json!("not a map"));
    assert_eq!(merged.list("bpo", vec![at("bpo", "a", "3", "1"), bad]).await.len(), 2);
    let told = merged.list("acme", vec![at("acme", "a", "1", "2")]).await;
    assert_eq!(told, ["changed acme/a", "gone acme/b"]);
    assert!(merged.cache.get("bpo", "a").is_some() && merged.cache.is_unreadable("bpo", "bad"));
    assert_eq!(merged.cache.all().len(), 2);
    // Objects of one name in two namespaces are two objects.
    merged.bpo.unbounded_send(Ok(Event::Delete(at("bpo", "a", "3", "2")))).unwrap();
    assert_eq!(merged.told().await, ["gone bpo/a"]);
    assert!(merged.cache.get("acme", "a").is_some());
    assert_eq!(merged.list("bpo", vec![]).await.len(), 1);
}

#[tokio::test]
async fn lists_that_come_in_at_the_same_time_do_not_mix() {
    let merged = Merged::new();
    let mut of_acme = list(vec![at("acme", "a", "1", "1")]);
    let done = of_acme.pop().unwrap();
    of_acme.into_iter().for_each(|event| merged.acme.unbounded_send(Ok(event)).unwrap());
    assert_eq!(merged.list("bpo", vec![at("bpo", "b", "2", "1")]).await, ["new bpo/b"]);
    assert!(!merged.cache.is_ready(), "one namespace has not answered");
    merged.acme.unbounded_send(Ok(done)).unwrap();
    assert_eq!(merged.told().await, ["new acme/a"]);
    assert!(merged.cache.is_ready() && merged.health.ready().is_ok());
}

/// A namespace that is not there yet has no Role either: the API server says "forbidden" to both.
#[tokio::test]
async fn a_namespace_that_may_not_be_seen_holds_up_no_other_and_is_known() {
    let merged = Merged::new();
    merged.list("acme", vec![at("acme", "a", "1", "1")]).await;
    assert!(!merged.cache.is_ready());
    merged.forbid(&merged.bpo).await;
    assert!(merged.cache.is_ready());
    assert!(merged.cache.is_unseen("bpo") && !merged.cache.is_unseen("acme"));
    merged.forbid(&merged.bpo).await;
    assert_eq!(merged.list("bpo", vec![at("bpo", "b", "2", "1")]).await, ["new bpo/b"]);
    assert_eq!(merged.cache.any_unseen(), None);
    assert_eq!(
        *merged.sights.lock().unwrap(),
        [("bpo".to_owned(), false), ("bpo".to_owned(), true)],
        "said once each"
    );
}

#[tokio::test]
async fn what_was_known_of_a_namespace_stays_its_last_word_while_it_cannot_be_seen() {
    let merged = Merged::new();
    for namespace in ["acme", "bpo"] {
        merged.list(namespace, vec![at(namespace, "a", namespace, "1")]).await;
    }
    merged.forbid(&merged.bpo).await;
    assert!(merged.cache.get("bpo", "a").is_some() && merged.cache.is_unseen("bpo"));
    let told = merged.list("bpo", vec![at("bpo", "a", "another", "5")]).await;
    assert_eq!(told, ["gone bpo/a", "new bpo/a"], "the namespace was deleted and made again");
}

/// Trouble of the API server passes; nothing is concluded from it.
#[tokio::test]
async fn a_list_that_fails_for_another_reason_is_waited_for() {
    let merged = Merged::new();
    merged.list("acme", vec![]).await;
    merged.bpo.unbounded_send(Err(watcher::Error::NoResourceVersion)).unwrap();
    assert!(merged.told().await.is_empty());
    assert!(!merged.cache.is_ready() && !merged.cache.is_unseen("bpo"));
}
