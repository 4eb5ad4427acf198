//! `GET /api` and `GET /health`: without a token.

use crate::{model::World, reply::Reply};
use jiff::Timestamp;
use serde_json::json;

pub fn version(world: &World, now: Timestamp) -> Reply {
    let word = |ok| if ok { "ok" } else { "failing" };
    Reply::view(&json!({
        "version": world.installation.version.to_string(),
        "timestamp": now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "queue_services": word(world.installation.redis_ok),
        "data_services": word(world.installation.postgres_ok),
    }))
}

pub fn health() -> Reply {
    Reply::view(&json!({"status": "woot"}))
}
