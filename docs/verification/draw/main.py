"""Tables and figures of docs/verification from the tests' output and runs of the program: main.py BINARY LOG."""

import re
import sys
from collections import defaultdict
from pathlib import Path

import figures
from claims import CLAIMS, README, TABLES
from runs import FIGURES, Program

HERE = Path(__file__).resolve().parents[1]


def read(log):
    claims, rows = [], defaultdict(list)
    for line in Path(log).read_text().splitlines():
        if found := re.search(r"\b(claim|differs)\t(.*)", line):
            claims.append((found[1], *found[2].split("\t")))
        elif found := re.search(r"\brow\t(.*)", line):
            name, *values = found[1].split("\t")
            rows[name].append(values)
    return claims, {name: sorted(set(map(tuple, values)), key=lambda v: [key(x) for x in v]) for name, values in rows.items()}


def key(text):
    try:
        return (0, float(text), "")
    except ValueError:
        return (1, 0.0, text)


def worst(claims, pattern):
    """The claim of that name that comes closest to its tolerance."""
    chosen = [claim for claim in claims if re.fullmatch(pattern, claim[1])]
    if not chosen:
        sys.exit(f"the tests' output has no claim {pattern}")
    return max(chosen, key=lambda claim: abs(float(claim[2])) / float(claim[3]))


def value(text, unit):
    number = float(text)
    if unit == "1":
        return f"{100 * number:.3g} %" if abs(number) >= 1e-5 else f"{number:.2e}"
    return f"{number:.3g} {unit}"


def claim_table(claims):
    lines = ["| claim | reference | tolerance | measured (worst) |", "| --- | --- | --- | --- |"]
    for text, source, pattern in CLAIMS:
        kind, _, measured, tolerance, unit = worst(claims, pattern)
        mark = "" if kind == "claim" else " **not met**, [why](verification/known-differences.md)"
        lines.append(f"| {text} | {source} | {value(tolerance, unit)} | {value(measured, unit)}{mark} |")
    return "\n".join(lines)


def short(text, unit, passing):
    """A claim's size to two digits."""
    number = abs(float(text))
    if passing:
        return f"{100 - 100 * number:.4g} %"
    if unit == "1":
        return f"{100 * number:.2g} %" if number >= 1e-5 else f"{number:.1e}"
    if unit in ("of the peak", "of the maximum"):
        return f"{100 * number:.2g} % {unit}"
    return f"{number:.2g} {unit}"


def largest(claims, pattern, passing):
    chosen = [claim for claim in claims if re.fullmatch(pattern, claim[1])]
    if not chosen:
        sys.exit(f"the tests' output has no claim {pattern}")
    _, _, measured, _, unit = max(chosen, key=lambda claim: abs(float(claim[2])))
    return short(measured, unit, passing)


def readme_table(claims):
    """What a reader of the README sees: the largest figures found."""
    def fill(template):
        return re.sub(r"\{(100 - )?([^{}]*)\}", lambda found: largest(claims, found[2], bool(found[1])), template)
    return row_table(("claim", "reference", "worst found"), [(text, source, fill(template)) for text, source, template in README])


def row_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def put(path, name, text):
    """Replaces what stands between the markers `<!-- name -->` and `<!-- end -->`."""
    begin, end = f"<!-- {name} -->\n", "<!-- end -->"
    page = path.read_text()
    start = page.index(begin) + len(begin)
    path.write_text(page[:start] + text + "\n" + page[page.index(end, start):])


def all_claims(claims):
    rows = [(name, value(measured, unit), value(tolerance, unit), "" if kind == "claim" else "not met") for kind, name, measured, tolerance, unit in sorted(set(claims))]
    text = "# All claims\n\nEvery figure that the tests in tests/verify assert; written by scripts/verify.\n\n"
    return text + row_table(("claim", "measured", "tolerance", ""), sorted(rows)) + "\n"


def main(binary, log):
    FIGURES.mkdir(exist_ok=True)
    claims, rows = read(log)
    page = HERE.parent / "verification.md"
    put(page, "claims", claim_table(claims))
    put(HERE.parents[1] / "README.md", "verification", readme_table(claims))
    for name, head in TABLES.items():
        put(page, name, row_table(head, rows[name]))
    (HERE / "claims.md").write_text(all_claims(claims))
    program = Program(binary)
    figures.processes(rows)
    figures.convergence(rows)
    for draw in (figures.depth_doses, figures.nuclear, figures.distal_edge, figures.ranges, figures.lateral, figures.energies):
        draw(program)
    figures.half_bone(program, (HERE.parents[1] / "examples/half_bone.toml").read_text().replace("{", "{{").replace("}", "}}"))


main(*sys.argv[1:])
