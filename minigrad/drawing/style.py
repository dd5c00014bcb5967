"""Colours and type of the SVG, for light and dark pages."""

__all__ = ["CELLS", "KINDS", "cell_stylesheet", "stylesheet"]

# kind: fill and line on a light page, fill and line on a dark one
KINDS = {
    "operation": ("#eef3fb", "#9cb3d4", "#1c2838", "#4a6690"),
    "module": ("#e2f2f4", "#5aa5b5", "#142e35", "#3c8797"),
    "parameter": ("#fdf2d9", "#d6a63a", "#352b14", "#a8832f"),
    "leaf": ("#e4f5e8", "#62b07a", "#15301e", "#418c5b"),
    "data": ("#f1f2f4", "#b0b8c1", "#22272e", "#5a6673"),
    "output": ("#f0e8fc", "#9b7bd6", "#2b2142", "#8766c9"),
    "more": ("#ffffff", "#8795a3", "#14181e", "#6f7d8b"),
}

_LIGHT = {"page": "#ffffff", "ink": "#17212b", "soft": "#566573", "line": "#8493a2", "grad": "#b8134f",
          "c1": "#f7f9fb", "c0": "#eff3f6", "edge": "#d3dbe2"}  # fmt: skip
_DARK = {"page": "#14181e", "ink": "#e6edf3", "soft": "#9dabb8", "line": "#708090", "grad": "#ff86b3",
         "c1": "#191f27", "c0": "#1f2630", "edge": "#364150"}  # fmt: skip

_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

# How the pages of notebooks, of editors and of documentation say that they are dark, or light, whatever the system is.
_FORCED_DARK = ('[data-theme="dark"]', '[data-jp-theme-light="false"]', ".vscode-dark")
_FORCED_LIGHT = ('[data-theme="light"]', '[data-jp-theme-light="true"]', ".vscode-light")

# Cells of arrays. Zero has the colour of the ground, a number as much of hot or cold as it is large beside the others;
# digits are readable on all of them.
CELLS = (
    {"page": "#ffffff", "ink": "#17212b", "soft": "#566573", "edge": "#c3ccd5", "ground": "#ffffff",
     "outside": "#eff3f6", "hot": "#f28c7a", "cold": "#7fb0e6", "odd": "#f3b6ee", "mark0": "#0b6b3a",
     "mark1": "#6d28d9", "mark2": "#9a4708", "onmark": "#ffffff"},
    {"page": "#14181e", "ink": "#e6edf3", "soft": "#9dabb8", "edge": "#3d4a5a", "ground": "#1b2129",
     "outside": "#12161b", "hot": "#a53c30", "cold": "#2b66ab", "odd": "#7d2a7b", "mark0": "#4cc585",
     "mark1": "#b794f6", "mark2": "#f0a94b", "onmark": "#0b1016"},
)  # fmt: skip

# How long a dash is, and the room behind it, of the first, second and third mark.
DASHES = ("none", "5 3", "2 2.5")


def _colours(dark: bool) -> dict[str, str]:
    colours = dict(_DARK if dark else _LIGHT)
    for kind, all_four in KINDS.items():
        colours[f"{kind}-fill"], colours[f"{kind}-line"] = all_four[2:] if dark else all_four[:2]
    return colours


def _themed(me: str, light: dict[str, str], dark: dict[str, str]) -> list[str]:
    """The colours of a drawing, by the system's theme unless the page says otherwise."""
    day, night = ("{" + ";".join(f"--{name}:{colour}" for name, colour in each.items()) + "}" for each in (light, dark))
    return [
        f"{me}{day}",
        f"@media (prefers-color-scheme:dark){{{me}{night}}}",
        ",".join(f"{page} {me}" for page in _FORCED_DARK) + night,
        ",".join(f"{page} {me}" for page in _FORCED_LIGHT) + day,
    ]


def stylesheet(name: str) -> str:
    """The rules for one drawing, all of which begin with its class."""
    me = f".{name}"
    rules = [
        *_themed(me, _colours(dark=False), _colours(dark=True)),
        f"{me} text{{font-family:{_SANS};fill:var(--ink)}}",
        f"{me} .mg-page{{fill:var(--page)}}",
        f"{me} .mg-cluster{{stroke:var(--edge);stroke-width:1}}",
        f"{me} .mg-c0{{fill:var(--c0)}} {me} .mg-c1{{fill:var(--c1)}}",
        f"{me} .mg-head{{font-size:11px;font-weight:600;fill:var(--soft);paint-order:stroke;stroke:var(--c1);"
        "stroke-width:3px}",
        f"{me} .mg-tag{{font-size:10px;fill:var(--soft);text-anchor:middle}}",
        f"{me} .mg-mid{{text-anchor:middle}}",
        f"{me} .mg-title{{font-size:13px;font-weight:600}}",
        f"{me} .mg-badge{{font-size:10px;fill:var(--soft)}}",
        f"{me} .mg-note{{font-size:11px;fill:var(--soft)}}",
        f"{me} .mg-missing{{font-size:10px;font-style:italic;fill:var(--soft)}}",
        f"{me} text.mg-value,{me} text.mg-grad{{font-family:{_MONO};font-size:10.5px}}",
        f"{me} text.mg-grad{{fill:var(--grad)}}",
        f"{me} text.mg-word{{opacity:.75}}",
        f"{me} .mg-wire{{fill:none;stroke:var(--line);stroke-width:1.4}}",
        f"{me} .mg-loose{{stroke-dasharray:4 3}}",
        f"{me} .mg-tip{{fill:var(--line)}} {me} .mg-back{{fill:var(--grad)}}",
        f"{me} image{{image-rendering:pixelated}}",
        f"{me} .mg-frame{{fill:none;stroke:var(--soft);stroke-width:.6}} {me} .mg-frame.mg-grad{{stroke:var(--grad)}}",
        f"{me} .mg-box>rect:not(.mg-frame){{stroke-width:1.2}}",
        f"{me} .mg-more>rect{{stroke-dasharray:4 3}}",
        f"{me} .mg-box:hover>rect:not(.mg-frame){{stroke-width:2.2}}",
    ]
    rules += [
        f"{me} .mg-{kind}>rect:not(.mg-frame){{fill:var(--{kind}-fill);stroke:var(--{kind}-line)}}" for kind in KINDS
    ]
    return "\n".join(rules) + "\n"


def cell_stylesheet(name: str) -> str:
    """The rules for one picture of arrays, all of which begin with its class."""
    me = f".{name}"
    rules = [
        *_themed(me, *CELLS),
        f"{me}.mg-flow{{display:flex;flex-wrap:wrap;align-items:center;gap:14px;padding:10px;border-radius:8px;"
        "background:var(--page)}",
        f"{me} .mg-break{{flex-basis:100%}}",
        f"{me} .mg-piece{{max-width:100%;height:auto;overflow:visible}}",
        f"{me} text{{font-family:{_SANS};font-variant-numeric:tabular-nums;text-anchor:middle;fill:var(--ink)}}",
        f"{me} .mg-page{{fill:var(--page)}} {me} .mg-ground{{fill:var(--ground)}}",
        f"{me} .mg-outside{{fill:var(--outside)}} {me} text.mg-zero{{fill:var(--soft)}}",
        f"{me} .mg-hot{{fill:var(--hot)}} {me} .mg-cold{{fill:var(--cold)}} {me} .mg-odd{{fill:var(--odd)}}",
        f"{me} .mg-grid{{fill:none;stroke:var(--edge);stroke-width:1}}",
        f"{me} text.mg-label{{font-size:13px;font-weight:600}} {me} text.mg-sign{{font-size:22px}}",
        f"{me} text.mg-star{{font-size:34px}}",
        f"{me} text.mg-words{{font-size:13px}} {me} text.mg-note{{font-size:11px;fill:var(--soft)}}",
        f"{me} text.mg-sum{{font-family:{_MONO};font-size:12px;text-anchor:start}}",
        f"{me} text.mg-kernel{{fill:var(--onmark)}} {me} .mg-strip{{fill:var(--mark0)}}",
        f"{me} image{{image-rendering:pixelated}}",
    ]
    rules += [
        f"{me} .mg-mark{at}{{fill:none;stroke:var(--mark{at});stroke-width:2.5;stroke-dasharray:{dash}}}"
        for at, dash in enumerate(DASHES)
    ]
    return "\n".join(rules) + "\n"
