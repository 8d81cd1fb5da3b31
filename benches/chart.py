"""A chart of bars as SVG, for light and dark pages."""

from html import escape

ROW, BAR, NAMES, WIDTH, TOP = 30, 16, 190, 460, 56
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.unit { fill: #59636e; font-size: 12px }
.bar { fill: #0969da }
.least { fill: #8c959f }
.spread { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .unit { fill: #9198a1 }
  .bar { fill: #4493f8 }
  .least { fill: #6e7681 }
  .spread { stroke: #f0f6fc }
}
"""


def bars(title, figures):
    """One bar for each name's median, a line from least to most, and the median as a number. The
    first bar is what the others are measured by."""
    most = max(high for _, _, high in figures.values())
    height = TOP + ROW * len(figures) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {NAMES + WIDTH + 90} {height}"'
        f' role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="8" y="22">{escape(title)}</text>',
        '<text class="unit" x="8" y="42">median, and from least to most; shorter is better</text>',
    ]
    for place, (name, (median, low, high)) in enumerate(figures.items()):
        middle = TOP + ROW * place + ROW / 2
        length, left, right = (WIDTH * figure / most for figure in (median, low, high))
        label = NAMES + max(length, right) + 8
        kind = "bar" if place else "least"
        parts += [
            f'<text x="{NAMES - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{NAMES}" y="{middle - BAR / 2:.1f}" width="{length:.1f}"'
            f' height="{BAR}" rx="2"/>',
            f'<line class="spread" x1="{NAMES + left:.1f}" x2="{NAMES + right:.1f}"'
            f' y1="{middle:.1f}" y2="{middle:.1f}"/>',
            f'<text x="{label:.1f}" y="{middle + 4:.1f}">{median:.1f} µs</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
