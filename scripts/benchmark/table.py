"""Figures, ratios and the Markdown table."""
from __future__ import annotations

import statistics
from dataclasses import dataclass


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Median of the ratios round by round: what slows the machine in one round slows both."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def spread(ours: list[float], theirs: list[float]) -> tuple[float, float]:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return min(ratios), max(ratios)


@dataclass
class Row:
    figure: str
    ours: str
    theirs: str = ""
    value: float | None = None  # what the target is about; None: a figure without one
    spread: tuple[float, float] | None = None
    most: float | None = None
    least: float | None = None
    shown: str = ""  # the value, if it is no ratio

    def passed(self) -> bool | None:
        """None when there is no target."""
        if self.value is None or (self.most is None and self.least is None):
            return None
        # Judged as it is shown: 1.004 is 1.00.
        value = round(self.value, 3 if self.value < 0.1 else 2)
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def cells(self) -> list[str]:
        value = self.shown
        if not value and self.value is not None:
            value = f"{self.value:.2f}"
            if self.spread:
                value += f" ({self.spread[0]:.2f}–{self.spread[1]:.2f})"
        must = f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}" if self.least is not None else ""
        return [self.figure, self.ours, self.theirs, value, must, {True: "pass", False: "FAIL", None: ""}[self.passed()]]


def compared(figure: str, unit: str, ours: list[float], theirs: list[float], **target: float) -> Row:
    digits = 0 if statistics.median(ours) >= 1000 else 2
    def shown(values: list[float]) -> str:
        return f"{statistics.median(values):,.{digits}f} {unit}".strip()
    return Row(figure, shown(ours), shown(theirs), ratio(ours, theirs), spread(ours, theirs), **target)


def markdown(rows: list[Row], peer: str) -> str:
    head = ["figure", "oblivd", peer, "ratio or figure (min–max)", "must", ""]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row.cells()) + " |" for row in rows])
