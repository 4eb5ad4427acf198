//! In what two pictures differ, a line each.

use super::Picture;
use serde_json::Value;

/// Empty when `found` is as `expected`.
pub fn differences(expected: &Picture, found: &Picture) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, wanted) in &expected.0 {
        let got = found.0.get(key).map(Vec::as_slice).unwrap_or_default();
        match (wanted.as_slice(), got) {
            (wanted, got) if wanted.len() != got.len() => {
                lines.push(format!("{key}: {} instead of {}", got.len(), wanted.len()));
            }
            ([wanted], [got]) => fields(key, wanted, got, &mut lines),
            (wanted, got) if wanted != got => lines.push(format!("{key}: {got:?} instead of {wanted:?}")),
            _ => {}
        }
    }
    let extra = found.0.iter().filter(|(key, _)| !expected.0.contains_key(*key));
    lines.extend(extra.map(|(key, got)| format!("{key}: {} instead of none", got.len())));
    lines
}

fn fields(place: &str, wanted: &Value, got: &Value, lines: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, wanted) in wanted {
                let got = got.get(key).unwrap_or(&Value::Null);
                fields(&format!("{place} .{key}"), wanted, got, lines);
            }
            for (key, got) in got.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                fields(&format!("{place} .{key}"), &Value::Null, got, lines);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                fields(&format!("{place} [{index}]"), wanted, got, lines);
            }
        }
        (wanted, got) if wanted != got => lines.push(format!("{place}: {got} instead of {wanted}")),
        _ => {}
    }
}
