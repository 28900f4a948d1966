//! Colours and sizes. Okabe and Ito's palette: told apart by those who see fewer colours, too.

/// A set of colours. A document shows the one that its reader has chosen.
pub(super) struct Theme {
    /// The end of its files' names.
    pub(super) name: &'static str,
    pub(super) background: &'static str,
    pub(super) text: &'static str,
    pub(super) faint_text: &'static str,
    pub(super) grid: &'static str,
    /// The baseline's colour: it is not a contender.
    pub(super) baseline: &'static str,
    /// The contenders' colours, in the order in which they are given away.
    pub(super) palette: [&'static str; 7],
}

pub(super) const LIGHT: Theme = Theme {
    name: "light",
    background: "#ffffff",
    text: "#1f2328",
    faint_text: "#59636e",
    grid: "#d8dee4",
    baseline: "#59636e",
    palette: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f7f00"],
};

/// On dark ground the palette's blue is too dark and changes places with its light sibling.
pub(super) const DARK: Theme = Theme {
    name: "dark",
    background: "#0d1117",
    text: "#f0f6fc",
    faint_text: "#9198a1",
    grid: "#30363d",
    baseline: "#9198a1",
    palette: ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442", "#3d8fd1"],
};

/// Fonts that are there; none is loaded.
pub(super) const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif";

/// The colour of each name, the baseline apart.
pub(super) fn colours<'a>(
    theme: &Theme,
    names: impl Iterator<Item = &'a str>,
) -> Vec<&'static str> {
    let mut free = theme.palette.iter().cycle();
    names
        .map(|name| match name {
            "raw" => theme.baseline,
            _ => free.next().copied().unwrap_or(theme.text),
        })
        .collect()
}
