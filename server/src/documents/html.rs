//! HTML, escaped.

use std::fmt;

/// For paper of any size: what belongs together stays on a page, and the head of a table is on each.
const STYLE: &str = "\
@page{margin:14mm}\
*{box-sizing:border-box}\
body{font:11pt/1.35 system-ui,sans-serif;color:#000;background:#fff;margin:0 auto;max-width:190mm}\
h1{font-size:17pt;margin:0 0 2mm}h2{font-size:13pt;margin:6mm 0 2mm}\
p{margin:0 0 2mm}\
table{border-collapse:collapse;width:100%}thead{display:table-header-group}\
tr{break-inside:avoid}th,td{border-bottom:.3mm solid #999;padding:1.2mm 2mm;text-align:left;\
vertical-align:top;overflow-wrap:anywhere}\
th{border-bottom:.5mm solid #000}.n{text-align:right;white-space:nowrap}\
.b{width:8mm}.b::before{content:\"\";display:inline-block;width:4mm;height:4mm;\
border:.4mm solid #000}\
section{break-inside:avoid}.late{font-weight:bold;border:.5mm solid #000;padding:0 1.5mm}\
footer{margin-top:6mm;font-size:9pt;color:#444}\
@media screen{body{padding:8mm}}";

/// Text that stands for itself.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Not to be in HTML at all.
                char if char.is_control() && char != '\n' && char != '\t' => {
                    f.write_str("\u{fffd}")?;
                }
                char => fmt::Write::write_char(f, char)?,
            }
        }
        Ok(())
    }
}

/// A whole page: `body` is HTML.
pub(super) fn page(title: &str, body: &str) -> String {
    let title = Escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_for_itself() {
        let text = "<script>alert('\"&\u{0}\u{7}')</script>\n";
        let escaped = Escaped(text).to_string();
        let expected =
            "&lt;script&gt;alert(&#39;&quot;&amp;\u{fffd}\u{fffd}&#39;)&lt;/script&gt;\n";
        assert_eq!(escaped, expected);
    }

    #[test]
    fn a_page_has_no_script_and_nothing_from_elsewhere() {
        let page = page("A & B", "<p>x</p>\n");
        assert!(page.contains("<title>A &amp; B</title>"));
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("url("));
    }
}
