//! A minimal PDF writer: lines of text with an amount at the right margin, on as many A4 pages as they need (ISO 32000-1).

use std::fmt::Write as _;

/// Points between two lines.
const LEADING: usize = 18;
/// The first line's distance from the lower edge, in points.
const TOP: usize = 770;
const LINES_PER_PAGE: usize = 38;
/// The left margin, and the start of the amounts, in points.
const COLUMNS: [usize; 2] = [56, 470];

/// A row: a text in the left column, and one in the right column.
pub(crate) struct Row {
    pub(crate) left: String,
    pub(crate) right: String,
}

/// Renders a document.
pub(crate) fn render(rows: &[Row]) -> Vec<u8> {
    let pages: Vec<&[Row]> = rows.chunks(LINES_PER_PAGE).collect();
    // Objects: catalogue, page tree, font, and then a page and its content for each page.
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let kids = kids.join(" ");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    for (number, page) in pages.iter().enumerate() {
        let content = content(page);
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
            5 + 2 * number
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}endstream", content.len()));
    }
    file(&objects)
}

fn content(rows: &[Row]) -> String {
    let mut content = String::from("BT /F1 11 Tf\n");
    for (number, Row { left, right }) in rows.iter().enumerate() {
        let y = TOP - number * LEADING;
        for (x, text) in [(COLUMNS[0], left), (COLUMNS[1], right)] {
            // Writing to a String cannot fail.
            let _ = writeln!(content, "1 0 0 1 {x} {y} Tm ({}) Tj", escaped(text));
        }
    }
    content.push_str("ET\n");
    content
}

/// Escapes a literal string. The standard fonts have Latin letters only, so other characters become question marks.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '(' | ')' | '\\' => escaped.extend(['\\', char]),
            '×' => escaped.push_str("\\327"),
            ' '..='~' => escaped.push(char),
            _ => escaped.push('?'),
        }
    }
    escaped
}

/// Renders the file: the objects, and the table of their offsets.
fn file(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let start = file.len();
    let size = objects.len() + 1;
    let _ = write!(file, "{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_points_at_each_object() {
        let rows: Vec<_> =
            (0..50).map(|number| Row { left: format!("Line ({number})"), right: "$1.00".to_owned() }).collect();
        let pdf = String::from_utf8(render(&rows)).unwrap();
        assert!(pdf.contains("/Count 2") && pdf.contains("(Line \\(49\\)) Tj"));
        let start: usize = pdf.lines().rev().nth(1).unwrap().parse().unwrap();
        let offsets = pdf[start..].lines().skip(3).take_while(|line| line.ends_with(" n "));
        for (number, line) in offsets.enumerate() {
            let offset: usize = line[..10].parse().unwrap();
            assert!(pdf[offset..].starts_with(&format!("{} 0 obj", number + 1)), "{line}");
        }
    }
}
