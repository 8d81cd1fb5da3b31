/// Whether JSON has objects and lists within one another beyond `limit` levels. Looks at bytes
/// only, so that nothing has to follow them down first.
pub(crate) fn is_deeper(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_objects_and_lists_are_counted() {
        assert!(!is_deeper(r#"{"a": [[]], "b": [{}]}"#, 3));
        assert!(is_deeper(r#"{"a": [[[]]], "b": 1}"#, 3));
    }

    #[test]
    fn brackets_in_strings_are_no_levels() {
        assert!(!is_deeper(r#"{"a": "[[[[\"[[", "b\\": "{{{"}"#, 1));
    }
}
