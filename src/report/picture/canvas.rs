//! A canvas in whole pixels over the SVG backend of plotters.
//!
//! Whole pixels make the bytes the same everywhere: no float is ever printed. Text is placed by
//! its anchor and cut by columns, since no fonts are measured here; readers bring their own.

use std::fmt::Write;

use plotters::backend::SVGBackend;
use plotters::prelude::DrawingBackend;
use plotters::style::{Color as _, RGBColor, ShapeStyle};
use unicode_width::UnicodeWidthChar;

use super::super::text::columns;
use super::super::xml::escape;

/// A colour with its stand-in for readers who prefer dark pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(u32, u32);

/// Text.
pub(super) const INK: Ink = Ink(0x1f_2328, 0xe7_e9e6);
/// Labels.
pub(super) const SOFT: Ink = Ink(0x59_636e, 0xa3_abb2);
/// Grid lines.
pub(super) const LINE: Ink = Ink(0xd9_dcd6, 0x36_3c42);
/// Stripes behind rows.
pub(super) const STRIPE: Ink = Ink(0xf4_f5f1, 0x23_282c);
/// What lies behind everything.
pub(super) const PANEL: Ink = Ink(0xff_ffff, 0x1d_2125);
/// Not measured, not reached.
pub(super) const NONE: Ink = Ink(0xb4_bab3, 0x5a_6269);
// The hues are those of Okabe and Ito, which people tell apart whatever their colour vision;
// lightness differs too, and every colour comes with a word, a letter or a shape.
/// P, up.
pub(super) const GREEN: Ink = Ink(0x00_9e73, 0x2f_b58d);
/// Up, as a calm surface.
pub(super) const PALE_GREEN: Ink = Ink(0xbf_e3d5, 0x1d_4a3d);
/// S, recovering.
pub(super) const BLUE: Ink = Ink(0x3a_93c9, 0x6a_b9e8);
/// M, degraded.
pub(super) const AMBER: Ink = Ink(0xe6_9f00, 0xe9_b03a);
/// U, down, failed.
pub(super) const RED: Ink = Ink(0xc4_4a00, 0xf0_7b3a);
/// Overloaded, decisions.
pub(super) const PURPLE: Ink = Ink(0xa8_5a8c, 0xcf_8bb6);

/// Text on a light colour, whatever the page.
pub(super) const BLACK: Ink = Ink(0x1a_1a1a, 0x1a_1a1a);
/// Text on a dark colour, whatever the page.
pub(super) const WHITE: Ink = Ink(0xff_fffe, 0xff_fffe);

const ALL: [Ink; 12] =
    [INK, SOFT, LINE, STRIPE, PANEL, NONE, GREEN, PALE_GREEN, BLUE, AMBER, RED, PURPLE];

impl Ink {
    fn rgb(self) -> RGBColor {
        let [_, r, g, b] = self.0.to_be_bytes();
        RGBColor(r, g, b)
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Pixels one column of text takes at the ordinary size; generous, as fonts differ.
pub(super) const COLUMN: i32 = 7;

/// A point in pixels from the upper left.
pub(super) type Point = (i32, i32);

pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    texts: String,
}

/// Draws a picture of `size` pixels that says `title` to those who cannot see it.
pub(super) fn draw(size: (i32, i32), title: &str, paint: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut shapes = String::with_capacity(32 * 1024);
    let pixels = (size.0.unsigned_abs(), size.1.unsigned_abs());
    let mut canvas =
        Canvas { backend: SVGBackend::with_string(&mut shapes, pixels), texts: String::new() };
    canvas.rect((0, 0), size, PANEL);
    paint(&mut canvas);
    let texts = std::mem::take(&mut canvas.texts);
    // A string takes whatever is written to it, so this cannot fail.
    let _ = canvas.backend.present();
    drop(canvas);
    let body = shapes.split_once('>').map_or("", |(_, body)| body);
    let body = body.trim_end().trim_end_matches("</svg>").trim();
    let title = escape(title);
    let (width, height) = size;
    let style = style();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drill\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\" \
         font-family=\"sans-serif\">\n\
         <title>{title}</title>\n<style>{style}</style>\n{body}\n{texts}</svg>\n"
    )
}

/// Dark stand-ins, chosen by the colour itself so that the shapes need no classes.
fn style() -> String {
    let mut css = String::from("@media (prefers-color-scheme: dark){");
    for Ink(light, dark) in ALL {
        for attribute in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = write!(css, ".drill [{attribute}=\"#{light:06X}\"]{{{attribute}:#{dark:06X}}}");
        }
    }
    css.push('}');
    css
}

/// The text, cut to `most` columns with an ellipsis.
pub(super) fn fit(text: &str, most: i32) -> String {
    let most = usize::try_from(most).unwrap_or(0);
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > most {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Pixels that `text` takes, roughly and rather too many.
pub(super) fn width(text: &str) -> i32 {
    i32::try_from(columns(text)).unwrap_or(i32::MAX / COLUMN) * COLUMN
}

impl Canvas<'_> {
    pub(super) fn rect(&mut self, from: Point, to: Point, ink: Ink) {
        self.rect_at(from, to, ink, 1.0);
    }

    pub(super) fn rect_at(&mut self, from: Point, to: Point, ink: Ink, opacity: f64) {
        if to.0 > from.0 && to.1 > from.1 {
            let style = ShapeStyle::from(ink.rgb().mix(opacity)).filled();
            let _ = self.backend.draw_rect(from, to, &style, true);
        }
    }

    pub(super) fn line(&mut self, from: Point, to: Point, ink: Ink, wide: u32) {
        let style = ShapeStyle::from(ink.rgb().mix(1.0)).stroke_width(wide);
        let _ = self.backend.draw_line(from, to, &style);
    }

    /// A vertical line in dashes.
    pub(super) fn dashes(&mut self, x: i32, (top, bottom): (i32, i32), ink: Ink) {
        let mut y = top;
        while y < bottom {
            self.line((x, y), (x, (y + 3).min(bottom)), ink, 1);
            y += 6;
        }
    }

    pub(super) fn polygon(&mut self, points: &[Point], ink: Ink, opacity: f64) {
        let style = ShapeStyle::from(ink.rgb().mix(opacity)).filled();
        let _ = self.backend.fill_polygon(points.iter().copied(), &style);
    }

    pub(super) fn path(&mut self, points: &[Point], ink: Ink, wide: u32) {
        let style = ShapeStyle::from(ink.rgb().mix(1.0)).stroke_width(wide);
        let _ = self.backend.draw_path(points.iter().copied(), &style);
    }

    pub(super) fn circle(&mut self, center: Point, radius: u32, ink: Ink) {
        let style = ShapeStyle::from(ink.rgb().mix(1.0)).filled();
        let _ = self.backend.draw_circle(center, radius, &style, true);
    }

    /// Text on the baseline of `at`.
    pub(super) fn text(&mut self, at: Point, text: &str, anchor: Anchor, ink: Ink) {
        self.text_of(at, text, anchor, ink, "12");
    }

    /// Small text.
    pub(super) fn small(&mut self, at: Point, text: &str, anchor: Anchor, ink: Ink) {
        self.text_of(at, text, anchor, ink, "11");
    }

    /// Bold text.
    pub(super) fn bold(&mut self, at: Point, text: &str, anchor: Anchor, ink: Ink) {
        self.text_of(at, text, anchor, ink, "12\" font-weight=\"bold");
    }

    fn text_of(&mut self, (x, y): Point, text: &str, anchor: Anchor, Ink(ink, _): Ink, size: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        let _ = writeln!(
            self.texts,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-size=\"{size}\" \
             fill=\"#{ink:06X}\">{text}</text>"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_titles_and_texts_stay_text() {
        let evil = "</text><script>alert('x')</script>\"\u{0}";
        let svg = draw((10, 10), evil, |canvas| {
            canvas.text((1, 1), evil, Anchor::Start, INK);
        });
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains('\u{0}'), "{svg}");
    }

    #[test]
    fn long_text_is_cut_by_columns() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("認証基盤", 6), "認証…");
        assert_eq!(fit("認証", 4), "認証");
    }
}
