//! Contenders side by side, work by work: a bar for each, as a share of the baseline.

use std::collections::BTreeSet;

use crate::growth::curve::{Axis, Unit};

use super::canvas::{Anchor, Canvas, Stroke, Style};
use super::number;
use super::scale::Scale;
use super::theme::{Theme, colours};

/// What is drawn.
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) groups: Vec<Group>,
}

/// The bars of one work.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
}

/// One contender in one work.
pub(super) struct Bar {
    pub(super) name: String,
    /// How fast it is, as a share of the baseline.
    pub(super) ratio: f64,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 214.0;
const RIGHT: f64 = WIDTH - 64.0;
const TOP: f64 = 40.0;
const BAR: f64 = 13.0;
const BAR_GAP: f64 = 3.0;
const GROUP_GAP: f64 = 15.0;
const SIGN: f64 = 7.2;
const LEGEND_LINE: f64 = 22.0;

/// The bars in the colours of the theme.
pub(super) fn draw(bars: &Bars, theme: &Theme) -> String {
    let names = names(bars);
    let colours = colours(theme, names.iter().map(String::as_str));
    let legend = legend_places(&names);
    let legend_end = TOP + legend.last().map_or(0.0, |(_, y)| *y) + LEGEND_LINE;
    let top = legend_end + 14.0;
    let heights: f64 = bars.groups.iter().map(|group| height(group) + GROUP_GAP).sum();
    let bottom = top + heights;
    let mut canvas = Canvas::new(theme, (WIDTH, bottom + 52.0), &bars.title, &description(bars));
    canvas.text((20.0, 30.0), Anchor::Start, Style::Title, &bars.title);
    for ((name, (x, y)), colour) in names.iter().zip(&legend).zip(&colours) {
        canvas.rectangle((x + 20.0, TOP + y + 5.0), (14.0, 12.0), colour, 2.0);
        canvas.text((x + 40.0, TOP + y + 16.0), Anchor::Start, Style::Label, name);
    }
    let axis = Axis { label: String::new(), unit: Unit::Count, is_logarithmic: false };
    let ratios = || bars.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.ratio);
    let x = Scale::new(&axis, ratios().chain([1.0]), LEFT, RIGHT).rounded();
    ground(&mut canvas, &x, top - 6.0, bottom);
    let mut y = top;
    for group in &bars.groups {
        let middle = y + height(group) / 2.0 + 4.0;
        canvas.text((LEFT - 12.0, middle), Anchor::End, Style::Label, &group.name);
        for bar in &group.bars {
            let colour = names.iter().position(|name| *name == bar.name).map(|at| colours[at]);
            let length = (x.at(bar.ratio) - LEFT).max(1.0);
            canvas.rectangle((LEFT, y), (length, BAR), colour.unwrap_or(theme.text), 1.5);
            let place = (LEFT + length + 5.0, y + BAR - 2.5);
            canvas.text_on_top(place, Style::Tick, &number::ratio(bar.ratio));
            y += BAR + BAR_GAP;
        }
        y += GROUP_GAP - BAR_GAP;
    }
    canvas.finish()
}

/// Ticks, and the line of the baseline.
fn ground(canvas: &mut Canvas<'_>, x: &Scale, top: f64, bottom: f64) {
    let faint = Stroke { colour: canvas.theme.grid, width: 1.0, dashes: None };
    for tick in x.ticks() {
        canvas.line((x.at(tick), top), (x.at(tick), bottom), faint);
        let text = number::tick(tick, Unit::Count);
        canvas.text((x.at(tick), bottom + 16.0), Anchor::Middle, Style::Tick, &text);
    }
    let baseline = Stroke { colour: canvas.theme.baseline, width: 2.0, dashes: Some("7 4") };
    canvas.line((x.at(1.0), top), (x.at(1.0), bottom), baseline);
    let middle = ((LEFT + RIGHT) / 2.0, bottom + 38.0);
    canvas.text(middle, Anchor::Middle, Style::Label, "speed as a share of raw (dashed line: raw)");
}

fn height(group: &Group) -> f64 {
    group.bars.len() as f64 * (BAR + BAR_GAP) - BAR_GAP
}

/// All contenders in the order in which they come.
fn names(bars: &Bars) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = bars.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.name.clone());
    all.filter(|name| seen.insert(name.clone())).collect()
}

/// Where each name of the legend is, in lines that are not too long.
fn legend_places(names: &[String]) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let mut places = Vec::new();
    for name in names {
        let length = 20.0 + name.chars().count() as f64 * SIGN + 22.0;
        if x > 0.0 && x + length > WIDTH - 40.0 {
            (x, y) = (0.0, y + LEGEND_LINE);
        }
        places.push((x, y));
        x += length;
    }
    places
}

/// What the picture shows, in words.
fn description(bars: &Bars) -> String {
    let mut text = bars.description.clone();
    for group in &bars.groups {
        let all: Vec<String> = group
            .bars
            .iter()
            .map(|bar| format!("{} {}", bar.name, number::ratio(bar.ratio)))
            .collect();
        text.push_str(&format!(" {}: {}.", group.name, all.join(", ")));
    }
    text
}
