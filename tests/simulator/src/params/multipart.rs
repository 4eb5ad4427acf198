//! Multipart bodies: only bots take one, for their picture.

use super::{FILE, forms};
use serde_json::{Map, Value};

/// Fields by name; a file becomes a mark, its content is not kept.
pub fn parse(content_type: &str, body: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    let Some(boundary) = parameter(content_type, "boundary") else { return fields };
    // A picture is no UTF-8; only the parts' headers and texts matter here.
    let text = String::from_utf8_lossy(body);
    for part in text.split(&format!("--{boundary}")).skip(1) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { continue };
        let Some(disposition) =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition"))
        else {
            continue;
        };
        let Some(name) = parameter(disposition, "name") else { continue };
        let value = match parameter(disposition, "filename") {
            Some(_) => FILE.to_owned(),
            None => content.strip_suffix("\r\n").unwrap_or(content).to_owned(),
        };
        forms::insert(&mut fields, &name, Value::String(value));
    }
    fields
}

fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (key, value) = piece.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_files_are_told_apart() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nBot\r\n\
            --B\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\n\r\n\xff\xfe\r\n--B--\r\n";
        let fields = parse("multipart/form-data; boundary=B", body);
        assert_eq!(fields["name"], "Bot");
        assert_eq!(fields["avatar"], FILE);
        assert_eq!(fields.len(), 2);
    }
}
