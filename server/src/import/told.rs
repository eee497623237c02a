//! What is told of rows while they are read: some on standard error, all in a
//! file if they are many.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use super::limits::TOLD_MAX;

/// The lines told of one file.
#[derive(Debug)]
pub(super) struct Told {
    /// The file that is read.
    source: PathBuf,
    bar: ProgressBar,
    count: u64,
    /// The first [`TOLD_MAX`], until there is a list.
    first: Vec<String>,
    list: Option<List>,
    /// Whether lines of the same file were told before.
    goes_on: bool,
}

/// A file with every line.
#[derive(Debug)]
struct List {
    path: PathBuf,
    /// None once it cannot be written any more.
    file: Option<BufWriter<File>>,
}

impl Told {
    /// Lines are printed above the bar.
    pub(super) fn new(source: &Path, bar: ProgressBar) -> Self {
        let (source, first) = (source.to_owned(), Vec::new());
        Self { source, bar, count: 0, first, list: None, goes_on: false }
    }

    /// Adds to the list that there is: the lines are of the rest of a file.
    pub(super) fn go_on(&mut self) {
        self.goes_on = true;
    }

    /// Tells a line: prints it, or keeps it in the list once there are many.
    pub(super) fn tell(&mut self, line: String) {
        self.count += 1;
        if self.count <= TOLD_MAX as u64 {
            self.print(&line);
            self.first.push(line);
            return;
        }
        let first = &mut self.first;
        let list = self.list.get_or_insert_with(|| {
            let mut list = List::beside(&self.source, self.goes_on);
            first.drain(..).for_each(|line| list.write(&line));
            list
        });
        list.write(&line);
    }

    /// Ends the bar and the list, and says how many lines are only there.
    pub(super) fn end(&mut self) {
        self.bar.finish_and_clear();
        let Some(list) = &mut self.list else { return };
        let hidden = self.count - TOLD_MAX as u64;
        let whole = list.close();
        let (source, path) = (self.source.display(), list.path.display());
        let line = if whole {
            format!("{source}: and {hidden} more; all {} are in {path}", self.count)
        } else {
            format!("{source}: and {hidden} more; {path}, which was to have them, is not whole")
        };
        self.print(&line);
    }

    /// The list, if there is one.
    pub(super) fn list(&self) -> Option<String> {
        self.list.as_ref().map(|list| list.path.display().to_string())
    }

    fn print(&self, line: &str) {
        // Where standard error is closed, there is nowhere left to tell it.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{line}")));
    }
}

impl List {
    /// `stock.csv.told` beside `stock.csv`. It takes the place of the one of an
    /// earlier import, unless this one `goes_on` with that.
    fn beside(source: &Path, goes_on: bool) -> Self {
        let mut path = source.as_os_str().to_owned();
        path.push(".told");
        let path = PathBuf::from(path);
        let mut open = File::options();
        open.create(true).write(true).append(goes_on).truncate(!goes_on);
        let file = open.open(&path).map(BufWriter::new).ok();
        match file {
            Some(file) => Self { path, file: Some(file) },
            // Files to read often lie where nothing can be written.
            None => Self::temporary(source).unwrap_or(Self { path, file: None }),
        }
    }

    fn temporary(source: &Path) -> Option<Self> {
        let mut prefix = source.file_name()?.to_owned();
        prefix.push(".");
        let made = tempfile::Builder::new().prefix(&prefix).suffix(".told").tempfile().ok()?;
        let (file, path) = made.keep().ok()?;
        Some(Self { path, file: Some(BufWriter::new(file)) })
    }

    fn write(&mut self, line: &str) {
        let written = self.file.as_mut().map(|file| writeln!(file, "{line}"));
        if matches!(written, Some(Err(_))) {
            self.file = None;
        }
    }

    /// Whether every line is in the file.
    fn close(&mut self) -> bool {
        self.file.as_mut().is_some_and(|file| file.flush().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &Path, lines: usize) -> Told {
        tell(Told::new(source, ProgressBar::hidden()), lines)
    }

    fn tell(mut told: Told, lines: usize) -> Told {
        (0..lines).for_each(|no| told.tell(format!("line {no}")));
        told.end();
        told
    }

    #[test]
    fn a_few_lines_make_no_file_and_many_are_all_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("stock.csv");
        assert_eq!(told(&source, TOLD_MAX).list(), None);
        let many = told(&source, TOLD_MAX + 300);
        let list = directory.path().join("stock.csv.told");
        assert_eq!(many.list(), Some(list.display().to_string()));
        let written = std::fs::read_to_string(&list).unwrap();
        assert_eq!(written.lines().count(), TOLD_MAX + 300);
        assert_eq!(written.lines().next(), Some("line 0"));
        assert!(many.first.is_empty(), "nothing is kept in memory");
    }

    #[test]
    fn what_goes_on_adds_to_the_list_and_another_import_begins_it_anew() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("stock.csv");
        let listed = || {
            let list = std::fs::read_to_string(directory.path().join("stock.csv.told"));
            list.unwrap().lines().count()
        };
        let (first, second) = (TOLD_MAX + 300, TOLD_MAX + 5);
        told(&source, first);
        let mut rest = Told::new(&source, ProgressBar::hidden());
        rest.go_on();
        tell(rest, second);
        assert_eq!(listed(), first + second);
        told(&source, second);
        assert_eq!(listed(), second);
    }

    #[test]
    fn beside_a_file_where_nothing_can_be_written_the_list_is_among_the_temporary_ones() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("gone").join("stock.csv");
        let list = PathBuf::from(told(&source, TOLD_MAX + 1).list().unwrap());
        let written = std::fs::read_to_string(&list).unwrap();
        std::fs::remove_file(&list).unwrap();
        assert_eq!(written.lines().count(), TOLD_MAX + 1);
        assert!(list.starts_with(std::env::temp_dir()), "{}", list.display());
    }
}
