//! How much a file may take: far more than an honest one does.

/// Of text, in bytes.
pub(crate) const TEXT: usize = 20 << 20;
/// Pages.
pub(crate) const PAGES: usize = 2_000;
/// Cells of a spreadsheet.
pub(crate) const CELLS: usize = 1_000_000;
/// Parts of a package, which is a zip archive.
pub(crate) const PARTS: usize = 2_000;
/// How many times larger than the package its parts may be together.
pub(crate) const EXPANSION: u64 = 200;
/// And how large one of them, in bytes.
pub(crate) const PART: u64 = 128 << 20;
/// The longest heading, in characters.
pub(crate) const HEADING: usize = 200;
/// Memory that the reading process may ask for, in bytes: eight times what a book of a thousand pages takes.
pub(crate) const MEMORY: u64 = 512 << 20;
/// Processor time that it may take, in seconds.
pub(crate) const PROCESSOR: u64 = 60;
/// And time in all.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
/// What it may say, in bytes.
pub(crate) const ANSWER: u64 = 96 << 20;
