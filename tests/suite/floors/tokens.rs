//! Rust source as tokens, as far as reading its paths needs them.

/// The names and the punctuation of a source text. Comments, literals and lifetimes are
/// left out; `::` is one token.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = next(rest, first);
        if is_token {
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found
}

/// Whether a token is a name: an identifier or a keyword.
pub(super) fn is_name(token: &str) -> bool {
    token.starts_with(is_name_start)
}

/// Bytes of what `rest` begins with, and whether it is a token.
fn next(rest: &str, first: char) -> (usize, bool) {
    if let Some(length) = literal_or_comment(rest, first) {
        return (length, false);
    }
    match first {
        _ if is_name_start(first) => (name_length(rest), true),
        ':' if rest.starts_with("::") => (2, true),
        _ => (first.len_utf8(), !first.is_whitespace()),
    }
}

fn literal_or_comment(rest: &str, first: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment_length(rest));
    }
    match first {
        '"' => Some(text_length(rest)),
        '\'' => Some(quoted_length(rest)),
        '0'..='9' => Some(name_length(rest)),
        'r' | 'b' | 'c' => prefixed_length(rest),
        _ => None,
    }
}

/// A comment that others may lie within.
fn comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, two) in rest.as_bytes().windows(2).enumerate() {
        match two {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return at + 2,
            b"*/" => depth -= 1,
            _ => {}
        }
    }
    rest.len()
}

/// A string in which a backslash takes the next character with it.
fn text_length(rest: &str) -> usize {
    let mut is_escaped = true;
    for (at, character) in rest.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character or a lifetime.
fn quoted_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((escaped, _))) => {
            let end = rest[escaped + 1..].find('\'');
            end.map_or(rest.len(), |end| escaped + 1 + end + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1 + name_length(&rest[1..]),
    }
}

/// A literal that letters stand before, such as `br#"..."#`; none for what only begins so.
fn prefixed_length(rest: &str) -> Option<usize> {
    let mut start = rest.char_indices().take(3);
    let (prefix, _) = start.find(|(_, character)| matches!(character, '"' | '\'' | '#'))?;
    if !matches!(&rest[..prefix], "r" | "b" | "c" | "br" | "cr") {
        return None;
    }
    let behind = &rest[prefix..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if !rest[..prefix].contains('r') {
        let is_character = behind.starts_with('\'');
        return Some(
            prefix + if is_character { quoted_length(behind) } else { text_length(behind) },
        );
    }
    let opening = prefix + hashes + 1;
    // Otherwise it is a name, as in `r#type`.
    rest[prefix + hashes..].starts_with('"').then(|| {
        let closing = format!("\"{}", "#".repeat(hashes));
        let end = rest[opening..].find(&closing);
        end.map_or(rest.len(), |end| opening + end + closing.len())
    })
}

fn is_name_start(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn name_length(rest: &str) -> usize {
    let end = rest.find(|character: char| character != '_' && !character.is_alphanumeric());
    end.unwrap_or(rest.len())
}

/// The tokens without the items that only tests see.
pub(super) fn without_test_items<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some(first) = rest.first() {
        if rest.starts_with(&TEST_ONLY) {
            rest = &rest[item_length(rest)..];
        } else {
            kept.push(*first);
            rest = &rest[1..];
        }
    }
    kept
}

/// Tokens of the item at the start, its attributes included.
fn item_length(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        let ends = match *token {
            ";" => depth == 0,
            // As in `use a::{b};`, which goes on.
            "}" => depth == 0 && tokens.get(at + 1) != Some(&";"),
            _ => false,
        };
        if ends {
            return at + 1;
        }
    }
    tokens.len()
}
