//! A picture as SVG: texts, lines and areas in the colours of a theme.
//!
//! Attributes come sorted and numbers with one decimal, so equal figures give equal bytes.

use svg::node::element::{Circle, Description, Element, Group, Line, Path, Rectangle, Text, Title};
use svg::node::{Node, Text as Content};

use super::theme::{FONTS, Theme};

/// A picture that is being made.
pub(super) struct Canvas<'a> {
    pub(super) theme: &'a Theme,
    root: Element,
}

/// Where a text stands, seen from its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Title,
    Label,
    Tick,
}

/// Dashes and thickness.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    pub(super) dashes: Option<&'static str>,
}

impl<'a> Canvas<'a> {
    /// An empty picture with a title and a description for those who do not see it.
    pub(super) fn new(
        theme: &'a Theme,
        (width, height): (f64, f64),
        title: &str,
        description: &str,
    ) -> Canvas<'a> {
        let mut root = Element::new("svg");
        root.assign("xmlns", "http://www.w3.org/2000/svg");
        root.assign("viewBox", format!("0 0 {} {}", number(width), number(height)));
        root.assign("width", number(width));
        root.assign("height", number(height));
        root.assign("role", "img");
        root.assign("aria-labelledby", "title description");
        root.assign("font-family", FONTS);
        let mut canvas = Canvas { theme, root };
        canvas.root.append(Title::new(title).set("id", "title"));
        canvas
            .root
            .append(Description::new().set("id", "description").add(Content::new(description)));
        canvas.rectangle((0.0, 0.0), (width, height), theme.background, 6.0);
        canvas
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, style: Style, text: &str) {
        let node = self.styled(text, anchor, style).set("x", number(x)).set("y", number(y));
        self.root.append(node);
    }

    /// A text that is read over whatever is behind it.
    pub(super) fn text_on_top(&mut self, (x, y): (f64, f64), style: Style, text: &str) {
        let node = self
            .styled(text, Anchor::Start, style)
            .set("x", number(x))
            .set("y", number(y))
            .set("stroke", self.theme.background)
            .set("stroke-width", "4")
            .set("paint-order", "stroke");
        self.root.append(node);
    }

    /// A text that is read from below.
    pub(super) fn upright_text(&mut self, (x, y): (f64, f64), style: Style, text: &str) {
        let turn = format!("translate({} {}) rotate(-90)", number(x), number(y));
        let node = self.styled(text, Anchor::Middle, style).set("transform", turn);
        self.root.append(node);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        let mut node = Line::new()
            .set("x1", number(from.0))
            .set("y1", number(from.1))
            .set("x2", number(to.0))
            .set("y2", number(to.1))
            .set("stroke", stroke.colour)
            .set("stroke-width", number(stroke.width));
        if let Some(dashes) = stroke.dashes {
            node = node.set("stroke-dasharray", dashes);
        }
        self.root.append(node);
    }

    /// A line through all points.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let mut node = Path::new()
            .set("d", path(points))
            .set("fill", "none")
            .set("stroke", stroke.colour)
            .set("stroke-width", number(stroke.width))
            .set("stroke-linejoin", "round");
        if let Some(dashes) = stroke.dashes {
            node = node.set("stroke-dasharray", dashes);
        }
        self.root.append(node);
    }

    /// The area between two lines.
    pub(super) fn band(&mut self, low: &[(f64, f64)], high: &[(f64, f64)], colour: &'static str) {
        let around: Vec<(f64, f64)> = low.iter().chain(high.iter().rev()).copied().collect();
        let d = format!("{}Z", path(&around));
        self.root.append(Path::new().set("d", d).set("fill", colour).set("fill-opacity", "0.2"));
    }

    /// A point that says what it is when it is pointed at.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), colour: &'static str, note: &str) {
        let circle = Circle::new()
            .set("cx", number(x))
            .set("cy", number(y))
            .set("r", "3.5")
            .set("fill", colour)
            .set("stroke", self.theme.background)
            .set("stroke-width", "1");
        self.root.append(Group::new().add(Title::new(note)).add(circle));
    }

    pub(super) fn rectangle(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        colour: &'static str,
        radius: f64,
    ) {
        let node = Rectangle::new()
            .set("x", number(x))
            .set("y", number(y))
            .set("width", number(width))
            .set("height", number(height))
            .set("rx", number(radius))
            .set("fill", colour);
        self.root.append(node);
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        format!("{}\n", self.root)
    }

    fn styled(&self, text: &str, anchor: Anchor, style: Style) -> Text {
        let (size, weight, colour) = match style {
            Style::Title => (16, "600", self.theme.text),
            Style::Label => (13, "400", self.theme.text),
            Style::Tick => (12, "400", self.theme.faint_text),
        };
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        Text::new(text)
            .set("text-anchor", anchor)
            .set("font-size", size)
            .set("font-weight", weight)
            .set("fill", colour)
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        d.push(if at == 0 { 'M' } else { 'L' });
        d.push_str(&format!("{} {}", number(*x), number(*y)));
    }
    d
}

/// With one decimal: less than a tenth of a pixel nobody sees.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::theme::LIGHT;
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut canvas = Canvas::new(&LIGHT, (10.0, 10.0), "<script>", "a & b");
        canvas.text((0.0, 0.0), Anchor::Start, Style::Label, "</text><x>\"'&");
        let picture = canvas.finish();
        assert!(!picture.contains("<script>") && !picture.contains("<x>"), "{picture}");
        assert!(picture.contains("&lt;script&gt;") && picture.contains("a &amp; b"), "{picture}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (number(1.0), number(-0.01), number(2.345)),
            ("1".into(), "0".into(), "2.3".into())
        );
    }
}
