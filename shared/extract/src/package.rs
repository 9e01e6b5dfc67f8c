//! Packages of parts: zip archives, which say of themselves what they like.

use crate::{Failure, Format, limits};
use std::io::{Cursor, Read};
use zip::ZipArchive;

pub(crate) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// How many bytes its parts may still have together.
    left: u64,
}

impl<'a> Package<'a> {
    /// # Errors
    /// It is damaged, or larger than it looks.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Failure> {
        let archive = ZipArchive::new(Cursor::new(bytes));
        let archive = archive.map_err(|_| Failure::damaged("its directory cannot be read"))?;
        if archive.len() > limits::PARTS {
            return Err(Failure::too_much("more than 2,000 parts"));
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let left = length.saturating_mul(limits::EXPANSION).max(1 << 20);
        if archive
            .decompressed_size()
            .is_some_and(|said| said > u128::from(left))
        {
            return Err(Failure::Limits);
        }
        Ok(Self { archive, left })
    }

    /// What it is, by which parts it has.
    pub(crate) fn format(&self) -> Option<Format> {
        let has = |name: &str| self.archive.index_for_name(name).is_some();
        match () {
            () if has("word/document.xml") => Some(Format::Docx),
            () if has("xl/workbook.xml") => Some(Format::Xlsx),
            () if has("ppt/presentation.xml") => Some(Format::Pptx),
            () => None,
        }
    }

    /// A part; none if there is none of that name.
    ///
    /// # Errors
    /// It is damaged, encrypted, or too large, whatever the directory says.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let part = match self.archive.by_name(name) {
            Ok(part) => part,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(_) => return Err(Failure::damaged("a part of it cannot be read")),
        };
        let most = self.left.min(limits::PART);
        let mut read = Vec::new();
        let length = part.take(most + 1).read_to_end(&mut read);
        let length = length.map_err(|_| Failure::damaged("a part of it cannot be read"))?;
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if length > most {
            return Err(Failure::Limits);
        }
        self.left -= length;
        Ok(Some(read))
    }
}
