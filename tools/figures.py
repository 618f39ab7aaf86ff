"""Tables and bars of the demonstrations (make demo-jvm, demo-luajit, demo-nginx, demo-hv)."""

import html
from collections.abc import Callable

Values = dict[str, float | None]  # None: there is no such figure
ROW, LEFT, WIDTH = 20, 330, 860  # of a picture, in pixels


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as they have to be, the first one to the left. A head may have several lines."""
    high = max(head.count("\n") for head in heads) + 1
    split = [head.split("\n") for head in heads]
    above = [[([""] * (high - len(lines)) + lines)[n] for lines in split] for n in range(high)]
    lines = [*above, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(cell.rjust(width) if column else cell.ljust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def number(value: float | None, form: str = "{:.2f}") -> str:
    return "-" if value is None else form.format(value)


def bars(groups: dict[str, Values], form: str, colour: Callable[[str], str], one_scale: bool = False) -> str:
    """A picture (SVG): under each group's name a bar for each of its figures. Bars are to the scale of their group, or
    of all groups."""
    figures = {name: {way: v for way, v in values.items() if v is not None} for name, values in groups.items()}
    all_of_it = max(value for values in figures.values() for value in values.values())
    y, parts = ROW, []
    for name, values in figures.items():
        most = (all_of_it if one_scale else max(values.values(), default=0)) or 1
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{html.escape(name)}</text>')
        y += ROW
        for way, value in values.items():
            length = (WIDTH - LEFT - 90) * value / most
            parts.append(f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{html.escape(way)}</text>'
                         f'<rect x="{LEFT}" y="{y - 12}" width="{length:.1f}" height="15" fill="{colour(way)}"/>'
                         f'<text x="{LEFT + length + 6:.1f}" y="{y}">{html.escape(form.format(value))}</text>')
            y += ROW
        y += ROW // 2
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" '
            f'font-size="13">{"".join(parts)}</svg>')


def page(title: str, intro: str, pictures: dict[str, str]) -> str:
    """A page of pictures, each under its title; well-formed XML too."""
    body = "".join(f"<h2>{html.escape(name)}</h2>{picture}" for name, picture in pictures.items())
    style = "body{font:15px sans-serif;max-width:60em;margin:2em auto;color:#222;background:#fff}"
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>{html.escape(title)}</title>'
            f"<style>{style}</style></head><body><h1>{html.escape(title)}</h1><p>{html.escape(intro)}</p>{body}"
            f"</body></html>\n")
