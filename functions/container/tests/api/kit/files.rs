//! Files, made as they are needed.

use super::{Answer, Kit, request};
use axum::body::Body;
use flate2::{Compression, write::ZlibEncoder};
use std::{
    fmt::Write as _,
    io::{Cursor, Write},
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A PDF of pages of lines, with the titles that its outline lists: page, from 1, and title.
pub fn pdf(pages: &[&[&str]], outline: &[(usize, &str)]) -> Vec<u8> {
    pdf_of(&objects(pages, outline), "")
}

/// The objects of such a PDF, of which the first is the catalogue.
pub fn objects(pages: &[&[&str]], outline: &[(usize, &str)]) -> Vec<Vec<u8>> {
    let (first_page, first_entry) = (5, 5 + 2 * pages.len());
    let page = |n: usize| first_page + 2 * n;
    let kids: String = (0..pages.len())
        .map(|n| format!("{} 0 R ", page(n)))
        .collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{kids}] >>", pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    let last = first_entry + outline.len();
    objects.push(match outline.is_empty() {
        true => "<< /Type /Outlines /Count 0 >>".to_owned(),
        false => format!(
            "<< /Type /Outlines /First {first_entry} 0 R /Last {} 0 R /Count {} >>",
            last - 1,
            outline.len()
        ),
    });
    for (n, lines) in pages.iter().enumerate() {
        let mut drawn = "BT /F1 12 Tf 14 TL 72 720 Td ".to_owned();
        for line in *lines {
            let line = line
                .replace('\\', "\\\\")
                .replace('(', "\\(")
                .replace(')', "\\)");
            write!(drawn, "({line}) Tj T* ").expect("a string takes it");
        }
        drawn += "ET";
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            page(n) + 1
        ));
        objects.push(format!(
            "<< /Length {} >>\nstream\n{drawn}\nendstream",
            drawn.len()
        ));
    }
    for (n, (on, title)) in outline.iter().enumerate() {
        let at = first_entry + n;
        let next = if at + 1 < last {
            format!("/Next {} 0 R ", at + 1)
        } else {
            String::new()
        };
        let previous = if n > 0 {
            format!("/Prev {} 0 R ", at - 1)
        } else {
            String::new()
        };
        objects.push(format!(
            "<< /Title ({title}) /Parent 4 0 R {next}{previous}/Dest [{} 0 R /Fit] >>",
            page(on - 1)
        ));
    }
    objects.into_iter().map(String::into_bytes).collect()
}

/// A PDF of these objects, of which the first is the catalogue; and what else its trailer says.
pub fn pdf_of(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (object, n) in objects.iter().zip(1..) {
        places.push(file.len());
        file.extend_from_slice(format!("{n} 0 obj\n").as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let (table, count) = (file.len(), objects.len() + 1);
    let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
    for place in places {
        writeln!(end, "{place:010} 00000 n ").expect("a string takes it");
    }
    write!(
        end,
        "trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n"
    )
    .expect("a string takes it");
    file.extend_from_slice(end.as_bytes());
    file
}

/// So many zeros, compressed as a PDF's stream is.
pub fn zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let some = vec![0; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&some).expect("memory takes it");
    }
    encoder.finish().expect("memory takes it")
}

/// A zip archive of these parts.
pub fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("memory takes it");
        writer.write_all(content).expect("memory takes it");
    }
    writer.finish().expect("memory takes it").into_inner()
}

const W: &str = r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main""#;

/// A DOCX of this body; its styles are those of a German Word.
pub fn docx(body: &str) -> Vec<u8> {
    let document =
        format!("<?xml version=\"1.0\"?><w:document {W}><w:body>{body}</w:body></w:document>");
    let styles = format!(
        r#"<?xml version="1.0"?><w:styles {W}>
           <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
           <w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style></w:styles>"#
    );
    package(&[
        ("word/document.xml", document.as_bytes()),
        ("word/styles.xml", styles.as_bytes()),
    ])
}

/// A paragraph of a DOCX, with a style.
pub fn paragraph(style: &str, text: &str) -> String {
    format!(
        r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>"#
    )
}

/// A spreadsheet of one sheet with these rows.
pub fn xlsx(sheet: &str, rows: &str) -> Vec<u8> {
    let spreadsheet = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main""#;
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let workbook = format!(
        r#"<?xml version="1.0"?><workbook {spreadsheet} xmlns:r="{relations}"><sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let related = format!(
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
           <Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
    );
    let cells = format!(
        r#"<?xml version="1.0"?><worksheet {spreadsheet}><sheetData>{rows}</sheetData></worksheet>"#
    );
    let root = format!(
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
           <Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    package(&[
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", related.as_bytes()),
        ("xl/worksheets/sheet1.xml", cells.as_bytes()),
    ])
}

/// Slides of titles and texts, shown in the opposite order of their files; the first has notes.
pub fn pptx(slides: &[(&str, &str)]) -> Vec<u8> {
    let shape = |kind: &str, text: &str| {
        format!(
            r#"<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"#
        )
    };
    let spaces = r#"xmlns:p="p" xmlns:a="a" xmlns:r="r""#;
    let mut parts: Vec<(String, String)> = Vec::new();
    let (mut ids, mut related) = (String::new(), String::new());
    for (n, (title, text)) in slides.iter().enumerate() {
        let file = slides.len() - n;
        let slide = format!(
            "<p:sld {spaces}>{}{}</p:sld>",
            shape("title", title),
            shape("body", text)
        );
        parts.push((format!("ppt/slides/slide{file}.xml"), slide));
        write!(ids, r#"<p:sldId id="{}" r:id="rId{n}"/>"#, 256 + n).expect("a string takes it");
        write!(
            related,
            r#"<Relationship Id="rId{n}" Target="slides/slide{file}.xml"/>"#
        )
        .expect("a string takes it");
    }
    let notes = r#"<Relationships><Relationship Id="n" Target="../notesSlides/notesSlide1.xml"/></Relationships>"#.to_owned();
    parts.push((
        format!("ppt/slides/_rels/slide{}.xml.rels", slides.len()),
        notes,
    ));
    parts.push((
        "ppt/notesSlides/notesSlide1.xml".into(),
        format!(
            "<p:notes {spaces}>{}</p:notes>",
            shape("body", "Say hello first.")
        ),
    ));
    parts.push((
        "ppt/presentation.xml".into(),
        format!("<p:presentation {spaces}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"),
    ));
    parts.push((
        "ppt/_rels/presentation.xml.rels".into(),
        format!("<Relationships>{related}</Relationships>"),
    ));
    let parts: Vec<(&str, &[u8])> = parts
        .iter()
        .map(|(name, text)| (&**name, text.as_bytes()))
        .collect();
    package(&parts)
}

/// The body of a form with a file, and its media type.
pub fn form(name: &str, content: &[u8], fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let boundary = uuid::Uuid::now_v7().simple().to_string();
    let mut body = Vec::new();
    for (field, value) in fields {
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

impl Kit {
    /// Sends a file, with other fields of its form.
    pub async fn send_file(
        &self,
        token: &str,
        (method, path): (&str, &str),
        (name, content): (&str, &[u8]),
        fields: &[(&str, &str)],
    ) -> Answer {
        let (media_type, body) = form(name, content, fields);
        let request = request(token, method, path).header("content-type", media_type);
        self.send(request, Body::from(body)).await
    }
}
