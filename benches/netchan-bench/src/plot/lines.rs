//! A curve as a picture: for each contender its median as a line, and a band from minimum to maximum.

use crate::growth::curve::{Axis, Curve, Point, Series};

use super::canvas::{Anchor, Canvas, Stroke, Style};
use super::number;
use super::scale::Scale;
use super::theme::{Theme, colours};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 430.0;
/// The edges of the plane on which the lines are.
const LEFT: f64 = 88.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 78.0;
const BOTTOM: f64 = HEIGHT - 58.0;

/// What one sign of a label takes about, in pixels: there is no font to ask.
const SIGN: f64 = 7.2;

/// How far apart labels of places stand at least.
const TICK_DISTANCE: f64 = 50.0;

/// The curve in the colours of the theme.
pub(super) fn draw(curve: &Curve, theme: &Theme) -> String {
    let mut canvas = Canvas::new(theme, (WIDTH, HEIGHT), &curve.title, &description(curve));
    let points = || curve.series.iter().flat_map(|series| &series.points);
    let x = Scale::new(&curve.x, points().map(|point| point.x), LEFT + 12.0, RIGHT - 12.0);
    let bound = curve.bound.iter().map(|bound| bound.at);
    let heights = points().flat_map(|point| [point.min, point.max]).flatten().chain(bound);
    let y = Scale::new(&curve.y, heights, BOTTOM, TOP).rounded();

    canvas.text((20.0, 30.0), Anchor::Start, Style::Title, &curve.title);
    grid(&mut canvas, curve, &x, &y);
    if let Some(bound) = &curve.bound {
        let stroke = Stroke { colour: theme.faint_text, width: 1.2, dashes: Some("3 4") };
        canvas.line((LEFT, y.at(bound.at)), (RIGHT, y.at(bound.at)), stroke);
        let place = (RIGHT - 6.0, y.at(bound.at) - 6.0);
        canvas.text(place, Anchor::End, Style::Tick, &bound.label);
    }
    let colours = colours(theme, curve.series.iter().map(|series| series.name.as_str()));
    for (series, colour) in curve.series.iter().zip(&colours) {
        band(&mut canvas, series, colour, &x, &y);
    }
    for (series, colour) in curve.series.iter().zip(&colours) {
        line(&mut canvas, curve, series, colour, &x, &y);
    }
    legend(&mut canvas, &curve.series, &colours);
    canvas.finish()
}

fn grid(canvas: &mut Canvas<'_>, curve: &Curve, x: &Scale, y: &Scale) {
    let faint = Stroke { colour: canvas.theme.grid, width: 1.0, dashes: None };
    for tick in y.ticks() {
        canvas.line((LEFT, y.at(tick)), (RIGHT, y.at(tick)), faint);
        let text = number::tick(tick, curve.y.unit);
        canvas.text((LEFT - 8.0, y.at(tick) + 4.0), Anchor::End, Style::Tick, &text);
    }
    for tick in places(curve, x) {
        canvas.line((x.at(tick), BOTTOM), (x.at(tick), BOTTOM + 5.0), faint);
        let text = number::tick(tick, curve.x.unit);
        canvas.text((x.at(tick), BOTTOM + 20.0), Anchor::Middle, Style::Tick, &text);
    }
    let axis = Stroke { colour: canvas.theme.faint_text, width: 1.0, dashes: None };
    canvas.line((LEFT, BOTTOM), (RIGHT, BOTTOM), axis);
    let middle = (LEFT + RIGHT) / 2.0;
    canvas.text((middle, HEIGHT - 14.0), Anchor::Middle, Style::Label, &label(&curve.x));
    canvas.upright_text((22.0, (TOP + BOTTOM) / 2.0), Style::Label, &label(&curve.y));
}

/// The measured places, without those that would stand too close to the one before.
fn places(curve: &Curve, x: &Scale) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::new();
    for point in curve.series.first().iter().flat_map(|series| &series.points) {
        if places.last().is_none_or(|last| x.at(point.x) - x.at(*last) >= TICK_DISTANCE) {
            places.push(point.x);
        }
    }
    places
}

fn band(canvas: &mut Canvas<'_>, series: &Series, colour: &'static str, x: &Scale, y: &Scale) {
    let edge = |of: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        let at = |point: &Point| Some((x.at(point.x), y.at(of(point)?)));
        series.points.iter().filter_map(at).collect()
    };
    let (low, high) = (edge(|point| point.min), edge(|point| point.max));
    if low.len() > 1 {
        canvas.band(&low, &high, colour);
    }
}

fn line(
    canvas: &mut Canvas<'_>,
    curve: &Curve,
    series: &Series,
    colour: &'static str,
    x: &Scale,
    y: &Scale,
) {
    let at = |point: &Point| Some((x.at(point.x), y.at(point.median?)));
    let places: Vec<(f64, f64)> = series.points.iter().filter_map(at).collect();
    canvas.polyline(&places, stroke(series, colour));
    for point in &series.points {
        if let (Some(place), Some(median)) = (at(point), point.median) {
            let note = format!(
                "{}, {}: {} {}",
                series.name,
                number::place(point.x, curve.x.unit),
                number::figure(median),
                curve.y.unit.symbol()
            );
            canvas.dot(place, colour, &note);
        }
    }
}

fn legend(canvas: &mut Canvas<'_>, series: &[Series], colours: &[&'static str]) {
    let mut x = LEFT;
    let y = 54.0;
    for (series, colour) in series.iter().zip(colours) {
        canvas.line((x, y - 4.0), (x + 26.0, y - 4.0), stroke(series, colour));
        canvas.text((x + 32.0, y), Anchor::Start, Style::Label, &series.name);
        x += 32.0 + series.name.chars().count() as f64 * SIGN + 22.0;
    }
    let note = "line: median, band: min to max";
    canvas.text((RIGHT, y), Anchor::End, Style::Tick, note);
}

/// The baseline is told apart without colours, too.
fn stroke(series: &Series, colour: &'static str) -> Stroke {
    let dashes = (series.name == "raw").then_some("7 4");
    Stroke { colour, width: 2.2, dashes }
}

fn label(axis: &Axis) -> String {
    match axis.unit.symbol() {
        "" => axis.label.clone(),
        // Ticks say the unit themselves.
        "B" => axis.label.clone(),
        symbol => format!("{} ({symbol})", axis.label),
    }
}

/// What the picture shows, in words.
fn description(curve: &Curve) -> String {
    let mut text = curve.description.clone();
    for series in &curve.series {
        let ends = [series.points.first(), series.points.last()];
        for point in ends.into_iter().flatten() {
            let Some(median) = point.median else { continue };
            text.push_str(&format!(
                " {} at {}: {} {}.",
                series.name,
                number::place(point.x, curve.x.unit),
                number::figure(median),
                curve.y.unit.symbol()
            ));
        }
    }
    text
}
