//! What a text that is no US postal code may have been meant for.

/// Shapes of postal codes that are written in no other way elsewhere: `9` stands for
/// a digit, `A` for a letter.
const SHAPES: [(&str, &str); 14] = [
    ("A9A 9A9", "Canada"),
    ("A9A9A9", "Canada"),
    ("A9 9AA", "the United Kingdom"),
    ("A99 9AA", "the United Kingdom"),
    ("AA9 9AA", "the United Kingdom"),
    ("AA99 9AA", "the United Kingdom"),
    ("A9A 9AA", "the United Kingdom"),
    ("AA9A 9AA", "the United Kingdom"),
    ("9999 AA", "the Netherlands"),
    ("9999AA", "the Netherlands"),
    ("99999-999", "Brazil"),
    ("99999999", "Brazil"),
    ("999-9999", "Japan"),
    ("99-999", "Poland"),
];

/// The country whose postal codes look like that, if they look like no other's.
pub(super) fn country_of(postal_code: &str) -> Option<&'static str> {
    let fits = |shape: &str| {
        shape.len() == postal_code.len()
            && shape.bytes().zip(postal_code.bytes()).all(|(wanted, byte)| match wanted {
                b'9' => byte.is_ascii_digit(),
                b'A' => byte.is_ascii_alphabetic(),
                other => byte == other,
            })
    };
    SHAPES.iter().find(|(shape, _)| fits(shape)).map(|(_, country)| *country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_some_countries_are_told_by_their_shape() {
        let cases = [
            ("K1A 0B1", Some("Canada")),
            ("k1a0b1", Some("Canada")),
            ("SW1A 1AA", Some("the United Kingdom")),
            ("1012 AB", Some("the Netherlands")),
            ("01310-100", Some("Brazil")),
            ("100-0001", Some("Japan")),
            ("00-950", Some("Poland")),
            // Of many countries, or of none.
            ("1010", None),
            ("110001", None),
            ("10115", None),
            ("", None),
            ("\u{e9}1A 0B1", None),
        ];
        for (code, country) in cases {
            assert_eq!(country_of(code), country, "{code}");
        }
    }
}
