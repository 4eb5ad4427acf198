//! What goes wrong between a client and Chatwoot, on demand.

use crate::{journal::route_matches, strict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What happens to a request. "Commit" is the moment Chatwoot carries it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Chatwoot's own page for a status, such as `{"status":500,"error":"Internal Server Error"}`.
    Status {
        status: u16,
        #[serde(default)]
        after_commit: bool,
    },
    /// A status without a body.
    Empty {
        status: u16,
        #[serde(default)]
        after_commit: bool,
    },
    /// A proxy's web page.
    Html {
        status: u16,
        #[serde(default)]
        after_commit: bool,
    },
    /// A body of your own.
    Json {
        status: u16,
        body: Value,
        #[serde(default)]
        after_commit: bool,
    },
    Text {
        status: u16,
        body: String,
        #[serde(default)]
        after_commit: bool,
    },
    /// The connection is aborted (RST); Chatwoot never hears of the request.
    ResetBeforeCommit,
    ResetAfterCommit,
    /// The connection ends in an orderly way, without an answer.
    CloseBeforeCommit,
    CloseAfterCommit,
    /// Half of Chatwoot's answer, then the connection ends.
    TruncateAfterCommit,
    /// Nothing happens until `release`; the request may then still reach Chatwoot.
    HangBeforeCommit,
    /// Carried out; the answer waits for `release`.
    HangAfterCommit,
    /// Waits inside a request slot, then goes on as usual.
    Delay {
        ms: u64,
        #[serde(default)]
        after_commit: bool,
    },
    /// 308 to `location`, by default the same address with https.
    Redirect {
        #[serde(default = "permanent")]
        status: u16,
        #[serde(default)]
        location: Option<String>,
    },
    /// 429 with a Retry-After header, as a proxy's limiter sends it; Chatwoot's own throttle has none.
    RetryAfter {
        seconds: u64,
    },
    /// A proxy sends the request to Chatwoot twice and passes on the first answer.
    Replay,
}

impl Effect {
    /// The `kind` it has as JSON.
    pub fn name(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

fn permanent() -> u16 {
    308
}

/// One fault: which requests it hits, how often, and how.
///
/// As JSON all fields stand side by side:
/// `{"route": "POST /platform/api/v1/accounts", "count": 2, "kind": "status", "status": 500}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Fault {
    /// A route as the journal names it, `POST *` for every route of a verb, `WRITE *` for every verb that may change
    /// something, or `*`.
    pub route: String,
    /// Only this path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests whose body contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// How many requests it hits; 0 = all of them.
    pub count: u64,
    /// How many matching requests it lets pass first.
    pub skip: u64,
    #[serde(flatten)]
    pub effect: Effect,
}

impl Fault {
    /// Hits the next request of a route.
    pub fn once(route: &str, effect: Effect) -> Self {
        Fault { route: route.to_owned(), path: None, body_contains: None, count: 1, skip: 0, effect }
    }

    /// Hits every request of a route.
    pub fn always(route: &str, effect: Effect) -> Self {
        Fault { count: 0, ..Fault::once(route, effect) }
    }

    pub fn times(self, count: u64) -> Self {
        Fault { count, ..self }
    }

    pub fn skipping(self, skip: u64) -> Self {
        Fault { skip, ..self }
    }

    pub fn on_path(self, path: &str) -> Self {
        Fault { path: Some(path.to_owned()), ..self }
    }

    pub fn with_body(self, text: &str) -> Self {
        Fault { body_contains: Some(text.to_owned()), ..self }
    }

    fn hits(&self, route: &str, path: &str, body: &[u8]) -> bool {
        let contains = |text: &String| String::from_utf8_lossy(body).contains(text.as_str());
        route_matches(&self.route, route)
            && self.path.as_ref().is_none_or(|wanted| wanted == path)
            && self.body_contains.as_ref().is_none_or(contains)
    }
}

/// The fields beside the effect, so that a misspelt one is refused although serde cannot refuse it in a flattened struct.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aim {
    route: String,
    path: Option<String>,
    body_contains: Option<String>,
    #[serde(default = "one")]
    count: u64,
    #[serde(default)]
    skip: u64,
}

fn one() -> u64 {
    1
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = String;

    fn try_from(fields: Map<String, Value>) -> Result<Self, String> {
        const AIM: [&str; 5] = ["route", "path", "body_contains", "count", "skip"];
        let (aim, effect): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(key, _)| AIM.contains(&key.as_str()));
        let aim: Aim =
            serde_json::from_value(Value::Object(aim)).map_err(|error| format!("fault: {error}"))?;
        let effect = strict::read(Value::Object(effect))
            .map_err(|error| format!("fault on {:?}: {error}", aim.route))?;
        let Aim { route, path, body_contains, count, skip } = aim;
        Ok(Fault { route, path, body_contains, count, skip, effect })
    }
}

/// A fault with what is left of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Armed {
    pub fault: Fault,
    /// How many requests it has hit.
    pub hits: u64,
    /// How many it let pass.
    pub skipped: u64,
}

/// Faults in the order in which they were asked for; the first that hits wins.
#[derive(Debug, Default)]
pub struct Faults(Vec<Armed>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(Armed { fault, hits: 0, skipped: 0 });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn list(&self) -> &[Armed] {
        &self.0
    }

    /// The effect on this request, if any, counted.
    pub fn take(&mut self, route: &str, path: &str, body: &[u8]) -> Option<Effect> {
        for armed in &mut self.0 {
            let spent = armed.fault.count > 0 && armed.hits >= armed.fault.count;
            if spent || !armed.fault.hits(route, path, body) {
                continue;
            }
            if armed.skipped < armed.fault.skip {
                armed.skipped += 1;
                continue;
            }
            armed.hits += 1;
            return Some(armed.fault.effect.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(value: Value) -> Result<Fault, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn a_fault_reads_and_writes_flat() {
        let value = json!({"route": "POST *", "count": 2, "skip": 1, "kind": "status", "status": 500, "after_commit": true});
        let read = fault(value.clone()).unwrap();
        assert_eq!(read.effect, Effect::Status { status: 500, after_commit: true });
        assert_eq!(serde_json::to_value(&read).unwrap(), value);
        assert_eq!(fault(json!({"route": "*", "kind": "replay"})).unwrap().count, 1);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(fault(json!({"route": "*", "kind": "replay", "cuont": 2})).is_err());
        assert!(fault(json!({"route": "*", "kind": "explode"})).unwrap_err().to_string().contains("explode"));
        assert!(fault(json!({"kind": "replay"})).unwrap_err().to_string().contains("route"));
    }

    #[test]
    fn it_skips_then_hits_then_is_spent() {
        let mut faults = Faults::default();
        faults.add(Fault::once("POST /a", Effect::Replay).times(2).skipping(1));
        let hit = |faults: &mut Faults, route| faults.take(route, "/a", b"").is_some();
        let seen =
            ["POST /a", "GET /a", "POST /a", "POST /a", "POST /a"].map(|route| hit(&mut faults, route));
        assert_eq!(seen, [false, false, true, true, false]);
        assert_eq!((faults.list()[0].hits, faults.list()[0].skipped), (2, 1));
    }

    #[test]
    fn it_can_be_aimed_at_one_object() {
        let mut faults = Faults::default();
        faults.add(Fault::always("*", Effect::Replay).on_path("/a").with_body("acme"));
        assert!(faults.take("POST /a", "/a", b"{\"name\":\"other\"}").is_none());
        assert!(faults.take("POST /a", "/b", b"acme").is_none());
        assert!(faults.take("POST /a", "/a", b"acme").is_some());
    }
}
