//! The command that goes on with an import which broke off.

use std::path::Path;

use crate::cli::{ImportArgs, Timeout};

/// The command for the files from the one at the place `at` on, the first of them from
/// `line` on.
pub(super) fn command(args: &ImportArgs, at: usize, line: Option<u64>) -> String {
    let mut words = vec!["backstock import".to_owned()];
    words.extend(line.map(|line| format!("--from-line {line}")));
    words.extend(args.kind.map(|kind| format!("--kind {kind}")));
    words.push(format!("--server {}", args.server.server));
    let timeout = args.server.timeout;
    words.extend(timeout.map(|Timeout(time)| format!("--timeout {}ms", time.as_millis())));
    words.extend(args.output.json.then(|| "--json".to_owned()));
    words.extend(args.files[at..].iter().map(|file| quoted(file)));
    words.join(" ")
}

/// A file as a shell takes it.
fn quoted(file: &Path) -> String {
    let text = file.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:=@%".contains(&byte);
    if text.bytes().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn args(words: &[&str]) -> ImportArgs {
        let words = [&["backstock", "import", "--server", "stock:7411"], words].concat();
        let Command::Import(args) = Cli::parse_from(words).command else { unreachable!() };
        args
    }

    #[test]
    fn what_is_done_is_left_out_and_all_else_is_asked_for_as_before() {
        let args = args(&["a.csv", "it's b.csv", "c.csv", "--kind", "stock", "--timeout", "2"]);
        let expected = r"backstock import --from-line 9 --kind stock --server http://stock:7411 \
                         --timeout 2000ms 'it'\''s b.csv' c.csv";
        let expected = expected.split_whitespace().filter(|word| *word != "\\");
        assert_eq!(command(&args, 1, Some(9)), expected.collect::<Vec<_>>().join(" "));
    }
}
