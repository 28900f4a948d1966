//! The document's parts that are made: between markers, so that no figure is copied by hand.

use crate::Failure;

/// Replaces what is between `<!-- begin: name -->` and `<!-- end: name -->`.
///
/// # Errors
///
/// When the document has no such markers, or in the wrong order.
pub(super) fn replace(document: &str, name: &str, content: &str) -> Result<String, Failure> {
    let begin = format!("<!-- begin: {name} -->\n");
    let end = format!("<!-- end: {name} -->");
    let (before, rest) =
        document.split_once(&begin).ok_or_else(|| format!("no line {:?}", begin.trim_end()))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| format!("no line {end:?} behind it"))?;
    let content = match content.trim() {
        "" => String::new(),
        content => format!("\n{content}\n\n"),
    };
    Ok(format!("{before}{begin}{content}{end}{after}"))
}

/// The names of all markers.
pub(super) fn names(document: &str) -> Vec<String> {
    let name = |line: &str| {
        let rest = line.strip_prefix("<!-- begin: ")?;
        Some(rest.strip_suffix(" -->")?.to_owned())
    };
    document.lines().filter_map(name).collect()
}

/// A table in Markdown. Figures stand to the right.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| -> String {
        let cells: Vec<String> = cells.collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&mut head.iter().map(|cell| escape(cell)));
    let is_figures = |at: usize| {
        at > 0
            && rows
                .iter()
                .filter_map(|row| row.get(at))
                .any(|cell| cell.starts_with(|sign: char| sign.is_ascii_digit()))
    };
    let align = |at: usize| if is_figures(at) { "---:" } else { "---" }.to_owned();
    text.push_str(&line(&mut (0..head.len()).map(align)));
    for row in rows {
        text.push_str(&line(&mut row.iter().map(|cell| escape(cell))));
    }
    text
}

/// A picture in both themes, of which the reader's is shown.
pub(super) fn picture(folder: &str, name: &str, title: &str) -> String {
    let title = html(title);
    format!(
        "<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"{folder}/{name}-dark.svg\">\n  \
         <img alt=\"{title}\" src=\"{folder}/{name}-light.svg\">\n</picture>\n"
    )
}

fn escape(cell: &str) -> String {
    cell.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_the_markers_is_replaced_and_nothing_else() {
        let document = "a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb\n";
        let once = replace(document, "x", "new\n").unwrap();
        assert_eq!(once, "a\n<!-- begin: x -->\n\nnew\n\n<!-- end: x -->\nb\n");
        assert_eq!(replace(&once, "x", "new").unwrap(), once);
        assert_eq!(names(&once), ["x"]);
        let empty = "a\n<!-- begin: x -->\n<!-- end: x -->\nb\n";
        assert_eq!(replace(&once, "x", "").unwrap(), empty);
    }

    #[test]
    fn a_document_without_the_markers_is_not_touched() {
        assert!(replace("nothing", "x", "new").is_err());
        assert!(replace("<!-- end: x -->\n<!-- begin: x -->\n", "x", "new").is_err());
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let rows = [vec!["a|b".to_owned(), "1".to_owned()]];
        assert_eq!(table(&["work", "ns"], &rows), "| work | ns |\n| --- | ---: |\n| a\\|b | 1 |\n");
    }
}
