//! Segments and elements. The header of an interchange has a fixed width, and says by what the rest is
//! separated.

use smallvec::SmallVec;

use super::fault::FileFault;
use crate::partner::limits::{ELEMENTS_MAX, FILE_BYTES_MAX, SEGMENTS_MAX};

/// Bytes of an ISA segment, its terminator included.
const ISA_BYTES: usize = 106;

/// Where the elements of an ISA segment begin and end, in bytes; before each stands a separator.
pub(super) const ISA_ELEMENTS: [(usize, usize); 16] = [
    (4, 6),
    (7, 17),
    (18, 20),
    (21, 31),
    (32, 34),
    (35, 50),
    (51, 53),
    (54, 69),
    (70, 76),
    (77, 81),
    (82, 83),
    (84, 89),
    (90, 99),
    (100, 101),
    (102, 103),
    (104, 105),
];

/// By what a file is separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Separators {
    pub(super) element: u8,
    pub(super) component: u8,
    pub(super) segment: u8,
}

/// What is written: those that most files have.
pub(super) const USUAL: Separators = Separators { element: b'*', component: b'>', segment: b'~' };

/// One segment.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    /// Its name, such as `W12`.
    pub(super) id: &'a str,
    elements: SmallVec<[&'a str; 20]>,
}

impl<'a> Segment<'a> {
    /// An element, from 1; empty if it is not there.
    pub(super) fn element(&self, no: usize) -> &'a str {
        self.elements.get(no.wrapping_sub(1)).copied().unwrap_or("")
    }

    fn new(text: &'a str, separators: Separators, no: usize) -> Result<Self, FileFault> {
        let mut parts = text.split(char::from(separators.element));
        let id = parts.next().unwrap_or("");
        let elements: SmallVec<_> = parts.by_ref().take(ELEMENTS_MAX).collect();
        if parts.next().is_some() {
            let (what, max) = ("elements in a segment", ELEMENTS_MAX);
            return Err(FileFault::TooMany { segment: no, what, max });
        }
        Ok(Self { id, elements })
    }
}

/// The text of a file, if its bytes are one.
pub(super) fn text(bytes: &[u8]) -> Result<&str, FileFault> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(FileFault::TooLong { max: FILE_BYTES_MAX });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| FileFault::NotUtf8 { at: error.valid_up_to() })
}

/// Walks over the segments of a text.
#[derive(Clone, Debug)]
pub(super) struct Segments<'a> {
    rest: &'a str,
    separators: Separators,
    /// Segments taken so far.
    no: usize,
}

impl<'a> Segments<'a> {
    /// Those of a file; the separators are taken from each interchange's header.
    pub(super) fn of_file(text: &'a str) -> Self {
        Self { rest: text.trim_start(), separators: USUAL, no: 0 }
    }

    /// Those of a part of a file.
    pub(super) fn of_part(text: &'a str, separators: Separators) -> Self {
        Self { rest: text, separators, no: 0 }
    }

    /// Segments taken so far: the number of the last one, from 1.
    pub(super) const fn no(&self) -> usize {
        self.no
    }

    /// The separators of the interchange that is read.
    pub(super) const fn separators(&self) -> Separators {
        self.separators
    }

    /// What was not taken yet.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Whether nothing is left.
    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the header of an interchange: its sixteen elements, as wide as they stand.
    pub(super) fn header(&mut self) -> Result<[&'a str; 16], FileFault> {
        self.no += 1;
        let fault = |why| FileFault::Header { segment: self.no, why };
        let bytes = self.rest.as_bytes();
        let isa =
            bytes.get(..ISA_BYTES).ok_or_else(|| fault("it has fewer than 106 characters"))?;
        if !isa.is_ascii() {
            return Err(fault("it has a character that is not ascii"));
        }
        if !isa.starts_with(b"ISA") {
            return Err(fault("it does not begin with ISA"));
        }
        let separators = Separators { element: isa[3], component: isa[104], segment: isa[105] };
        if !is_usable(separators) {
            return Err(fault("its separators are letters, digits, or the same"));
        }
        if ISA_ELEMENTS.iter().any(|(from, _)| isa[from - 1] != separators.element) {
            return Err(fault("its elements are not as wide as they have to be"));
        }
        let text = self.rest;
        self.separators = separators;
        self.rest = text[ISA_BYTES..].trim_start();
        Ok(ISA_ELEMENTS.map(|(from, to)| &text[from..to]))
    }

    /// Takes the next segment; none at the end. What the last terminator is missing of is a segment too.
    pub(super) fn next(&mut self) -> Result<Option<Segment<'a>>, FileFault> {
        if self.is_at_end() {
            return Ok(None);
        }
        self.no += 1;
        if self.no > SEGMENTS_MAX {
            let (what, max) = ("segments", SEGMENTS_MAX);
            return Err(FileFault::TooMany { segment: self.no, what, max });
        }
        let end = char::from(self.separators.segment);
        let (text, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        Segment::new(text, self.separators, self.no).map(Some)
    }
}

/// Whether these tell apart what they stand between.
fn is_usable(of: Separators) -> bool {
    let Separators { element, component, segment } = of;
    let is_free = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b' ';
    let all_free = [element, component, segment].into_iter().all(is_free);
    all_free && element != component && component != segment && segment != element
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with these three separators.
    fn isa(element: char, component: char, segment: char) -> String {
        let usual = "ISA*00*          *00*          *ZZ*3PL7           *ZZ*SHOP           \
                     *261201*1200*U*00401*000000001*0*P*";
        format!("{usual}{component}{segment}").replace('*', &element.to_string())
    }

    #[test]
    fn the_header_says_by_what_the_rest_is_separated() {
        for (element, component, segment) in [('*', '>', '~'), ('|', ':', '\n'), ('^', '<', '\x1c')]
        {
            let file =
                format!("{}GS{element}SW{element}A{segment}", isa(element, component, segment));
            let mut segments = Segments::of_file(&file);
            assert_eq!(segments.header().unwrap()[12], "000000001");
            let group = segments.next().unwrap().unwrap();
            assert_eq!((group.id, group.element(1), group.element(9)), ("GS", "SW", ""));
            assert!(segments.next().unwrap().is_none());
        }
    }

    #[test]
    fn what_is_no_header_is_told() {
        let good = isa('*', '>', '~');
        let bad = [
            String::new(),
            good[..60].to_owned(),
            good.replace("ISA", "GS*"),
            good.replace("3PL7           ", "3PL7"),
            good.replace("3PL7           ", "\u{d6}\u{d6}\u{d6}\u{d6}       "),
            isa('*', '*', '~'),
            isa('*', 'A', '~'),
            isa('1', '>', '~'),
        ];
        for text in bad {
            let told = Segments::of_file(&text).header();
            assert!(matches!(told, Err(FileFault::Header { segment: 1, .. })), "{text}: {told:?}");
        }
    }

    #[test]
    fn segments_and_elements_are_bounded() {
        let many = "LX*1~".repeat(SEGMENTS_MAX + 1);
        let mut segments = Segments::of_part(&many, USUAL);
        let end = std::iter::from_fn(|| segments.next().transpose()).find(Result::is_err);
        assert!(matches!(end, Some(Err(FileFault::TooMany { .. }))));
        let wide = format!("LX{}~", "*".repeat(100_000));
        assert!(Segments::of_part(&wide, USUAL).next().is_err());
        assert!(text(&vec![b' '; FILE_BYTES_MAX + 1]).is_err());
        assert_eq!(text(b"ISA\xff"), Err(FileFault::NotUtf8 { at: 3 }));
    }
}
