//! Tables: CSV and spreadsheets. A row is a line, a sheet a heading.

use crate::{Block, Failure, Kind, limits, package::Package};
use calamine::{DataRef, Reader, Xlsx};
use std::io::Cursor;

const TOO_MANY: &str = "more than 1,000,000 cells";

/// # Errors
/// It is no table, or has too many cells.
pub(crate) fn csv_blocks(text: &str) -> Result<Vec<Block>, Failure> {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let count = |c: &u8| first.bytes().filter(|b| b == c).count();
    let delimiter = [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(count);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let (mut table, mut cells) = (String::new(), 0);
    for record in reader.records() {
        let record = record.map_err(|_| Failure::damaged("a row of it cannot be read"))?;
        cells += record.len();
        if cells > limits::CELLS {
            return Err(Failure::too_much(TOO_MANY));
        }
        push_row(&mut table, record.iter());
    }
    Ok(vec![Block {
        kind: Kind::Table,
        page: None,
        heading: Vec::new(),
        text: table,
    }])
}

/// # Errors
/// It is damaged, or has too many cells.
pub(crate) fn xlsx_blocks(bytes: &[u8]) -> Result<Vec<Block>, Failure> {
    // Its parts are looked at before anybody believes its directory.
    check_parts(bytes)?;
    let damaged = |_| Failure::damaged("its sheets cannot be read");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut blocks, mut cells) = (Vec::new(), 0);
    for name in book.sheet_names() {
        let Ok(mut reader) = book.worksheet_cells_reader(&name) else {
            // A chart has no cells.
            continue;
        };
        let (mut table, mut row, mut at) = (String::new(), Vec::<String>::new(), None);
        while let Some(cell) = reader.next_cell().map_err(damaged)? {
            cells += 1;
            if cells > limits::CELLS {
                return Err(Failure::too_much(TOO_MANY));
            }
            let (line, column) = cell.get_position();
            if at != Some(line) {
                push_row(&mut table, row.iter().map(String::as_str));
                row.clear();
                at = Some(line);
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            // Cells that are not there are empty, but not a whole row of them.
            while row.len() < column.min(row.len() + 50) {
                row.push(String::new());
            }
            row.push(shown(cell.get_value()));
        }
        push_row(&mut table, row.iter().map(String::as_str));
        blocks.push(Block {
            kind: Kind::Table,
            page: None,
            heading: vec![name],
            text: table,
        });
    }
    Ok(blocks)
}

fn check_parts(bytes: &[u8]) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    package.part("xl/workbook.xml")?;
    package.part("xl/sharedStrings.xml")?;
    for n in 1..=limits::PARTS {
        if package
            .part(&format!("xl/worksheets/sheet{n}.xml"))?
            .is_none()
        {
            break;
        }
    }
    Ok(())
}

/// A cell as it is shown, as far as that can be told without its format.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(time) => time.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => digits(*number),
        DataRef::Bool(is_so) => is_so.to_string(),
        DataRef::Error(error) => error.to_string(),
    }
}

/// With the 15 digits that a spreadsheet has: the sum of its 0.1 and 0.2 is 0.3.
fn digits(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse::<f64>();
    rounded.unwrap_or(number).to_string()
}

/// Adds a row, unless nothing is in it.
fn push_row<'a>(table: &mut String, cells: impl Iterator<Item = &'a str>) {
    let start = table.len();
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            table.push_str(" | ");
        }
        let words = cell.split_whitespace();
        for (n, word) in words.enumerate() {
            if n > 0 {
                table.push(' ');
            }
            table.push_str(word);
        }
    }
    match table[start..].trim_matches([' ', '|']).is_empty() {
        true => table.truncate(start),
        false => table.push('\n'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_digits_of_a_spreadsheet() {
        let told = [0.1 + 0.2, 27.299999999999997, 4.0, -1e21, 0.0].map(digits);
        assert_eq!(told, ["0.3", "27.3", "4", "-1000000000000000000000", "0"]);
    }
}
