"""Small charts as inline SVG. Verdicts differ by pattern as well as by colour: pages are also printed in black and white."""

from collections.abc import Sequence

from markupsafe import Markup

from pipeline.ledger.records import COUNTS, Counts

PATTERNS = Markup(
    '<svg class="motifs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="m-acceptees" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" fill="#14603a"/></pattern>'
    '<pattern id="m-rejetees" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><rect width="3.4" height="6" fill="#9b1c1c"/></pattern>'
    '<pattern id="m-retenues" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="5" height="5" fill="#fff"/><circle cx="2.5" cy="2.5" r="1.5" fill="#7a4a00"/></pattern>'
    '<pattern id="m-deja_prises" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" fill="#c9ced8"/></pattern>'
    "</defs></svg>"
)
"""The pattern of each verdict. A page holds it once, before its charts."""

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 190, 52, 26
"""Size of a chart over runs, in its own units. The values of the axis stand left of ``LEFT``, the dates below ``BOTTOM``."""


def swatch(name: str) -> Markup:
    """The pattern of a verdict (a name of ``COUNTS``) in a legend."""
    return Markup(
        '<svg class="pastille" width="14" height="14" aria-hidden="true"><rect x=".5" y=".5" width="13" height="13" '
        'fill="url(#m-{})" stroke="#1b1f2a"/></svg>'
    ).format(name)


def band(lines: Counts, label: str) -> Markup:
    """One bar shared among the four verdicts; empty where there is no line. ``label``: the chart in words."""
    if not lines.lues:
        return Markup("")
    parts, start = [], 0.0
    for name in COUNTS:
        width = 100 * getattr(lines, name) / lines.lues
        drawn = Markup('<rect x="{:.2f}%" width="{:.2f}%" height="22" fill="url(#m-{})" stroke="#1b1f2a"/>')
        if width:
            parts.append(drawn.format(start, width, name))
        start += width
    return Markup('<svg class="bande" height="22" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(parts)
    )


def _bar(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="url(#m-{})" stroke="#1b1f2a" stroke-width=".6"/>'
    ).format(x, y, width, height, name)


def _ceiling(value: int) -> int:
    """The smallest round number that is at least ``value``: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= value:
                return step * power
        power *= 10


def _frame(top: str, middle: str, dates: Sequence[str], step: float) -> Markup:
    """The axes: three values on the left, and below as many dates as there is room for."""
    room = HEIGHT - BOTTOM
    lines = [
        Markup(
            '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" class="axe"/><text x="{}" y="{:.1f}" class="g">{}</text>'
        ).format(LEFT, WIDTH, y, y, LEFT - 6, y + 4, text)
        for y, text in ((10.0, top), ((room + 10) / 2, middle), (float(room), "0"))
    ]
    every = max(1, -(-len(dates) * 74 // (WIDTH - LEFT)))
    last = len(dates) - 1
    lines += [
        Markup('<text x="{:.1f}" y="{}" class="d">{}</text>').format(LEFT + (n + 0.5) * step, HEIGHT - 8, text)
        for n, text in enumerate(dates)
        if (last - n) % every == 0
    ]
    return Markup("").join(lines)


def _step(count: int) -> float:
    return (WIDTH - LEFT) / max(count, 6)


def _svg(label: str, content: Markup) -> Markup:
    return Markup('<svg class="graphique" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, label, content
    )


def bars(runs: Sequence[tuple[str, Counts]], label: str, top_text: str, middle_text: str) -> Markup:
    """Stacked bars of lines, one for each run: (short date, lines).

    ``top_text``, ``middle_text``: how the axis writes ``axis_top`` and its half.
    """
    top = axis_top(runs)
    step, room = _step(len(runs)), HEIGHT - BOTTOM - 10
    drawn = []
    for position, (_, lines) in enumerate(runs):
        y = float(HEIGHT - BOTTOM)
        for name in COUNTS:
            height = room * getattr(lines, name) / top
            if height:
                y -= height
                drawn.append(_bar(name, LEFT + position * step + step * 0.15, y, step * 0.7, height))
    frame = _frame(top_text, middle_text, [day for day, _ in runs], step)
    return _svg(label, frame + Markup("").join(drawn))


def axis_top(runs: Sequence[tuple[str, Counts]]) -> int:
    """The value at the top of the axis of ``bars``; even, so that its half is whole."""
    top = _ceiling(max([lines.lues for _, lines in runs] or [1]))
    return max(2, top + top % 2)


def curves(dates: Sequence[str], series: Sequence[Sequence[float | None]], label: str, top: str, middle: str) -> Markup:
    """Shares from 0 to 1, one curve for each series: the first solid with dots, the second dashed with squares.

    A share that is None has no point. ``top``, ``middle``: how the axis writes 1 and 0.5.
    """
    step, room = _step(len(dates)), HEIGHT - BOTTOM - 10
    drawn = [_frame(top, middle, dates, step)]
    for style, values in zip(("a", "b"), series, strict=False):
        at = [
            (LEFT + (n + 0.5) * step, HEIGHT - BOTTOM - room * value)
            for n, value in enumerate(values)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        drawn.append(Markup('<polyline points="{}" class="c{}"/>').format(path, style))
        drawn += [_dot(style, x, y) for x, y in at]
    return _svg(label, Markup("").join(drawn))


def _dot(style: str, x: float, y: float) -> Markup:
    if style == "a":
        return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.5" class="pa"/>').format(x, y)
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="7" height="7" class="pb"/>').format(x - 3.5, y - 3.5)


def curve_sample(style: str) -> Markup:
    """A piece of a curve in a legend; ``style``: ``a`` for the first, ``b`` for the second."""
    return Markup(
        '<svg class="pastille" width="28" height="14" aria-hidden="true"><polyline points="0,7 28,7" class="c{}"/>{}</svg>'
    ).format(style, _dot(style, 14, 7))


def spark(values: Sequence[int]) -> Markup:
    """A row of thin bars for a cell of a table: the findings of a rule, run by run."""
    top = max([*values, 1])
    drawn = [
        Markup('<rect x="{}" y="{:.1f}" width="5" height="{:.1f}"/>').format(
            n * 7, 20 - 19 * value / top, 19 * value / top
        )
        for n, value in enumerate(values)
        if value
    ]
    width = 7 * len(values)
    return Markup(
        '<svg class="fil" width="{}" height="20" viewBox="0 0 {} 20" aria-hidden="true"><line x1="0" x2="{}" y1="19.5" '
        'y2="19.5"/>{}</svg>'
    ).format(width, width, width, Markup("").join(drawn))
