//! `a[b]=c&d[]=e`, nested the way Rack nests it.

use serde_json::{Map, Value};

pub fn parse(encoded: &[u8]) -> Map<String, Value> {
    let mut root = Map::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        insert(&mut root, &name, Value::String(value.into_owned()));
    }
    root
}

/// Puts one value under a name such as `features[sla]` or `migrations[][email]`.
pub fn insert(root: &mut Map<String, Value>, name: &str, value: Value) {
    let (first, rest) = name.split_once('[').unwrap_or((name, ""));
    let keys: Vec<&str> = rest.split('[').filter_map(|part| part.strip_suffix(']')).collect();
    put(root, first, &keys, value);
}

fn put(map: &mut Map<String, Value>, key: &str, rest: &[&str], value: Value) {
    match rest {
        [] => {
            map.insert(key.to_owned(), value);
        }
        ["", rest @ ..] => {
            let slot = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = slot {
                push(items, rest, value);
            }
        }
        [next, rest @ ..] => {
            let slot = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = slot {
                put(inner, next, rest, value);
            }
        }
    }
}

/// A list of objects starts its next object when a key comes again.
fn push(items: &mut Vec<Value>, rest: &[&str], value: Value) {
    let [key, rest @ ..] = rest else {
        items.push(value);
        return;
    };
    let fresh =
        !matches!(items.last(), Some(Value::Object(last)) if !last.contains_key(*key) || !rest.is_empty());
    if fresh {
        items.push(Value::Object(Map::new()));
    }
    if let Some(Value::Object(last)) = items.last_mut() {
        put(last, key, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_nest() {
        let parsed =
            parse(b"name=A+B&features[sla]=false&m[][email]=a%40b.c&m[][x]=1&m[][email]=d&l[]=1&l[]=2");
        let expected = json!({
            "name": "A B", "features": {"sla": "false"},
            "m": [{"email": "a@b.c", "x": "1"}, {"email": "d"}], "l": ["1", "2"],
        });
        assert_eq!(Value::Object(parsed), expected);
    }
}
