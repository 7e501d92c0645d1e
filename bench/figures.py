"""A measured figure, its budget, and how it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report; without a budget it is there to be read only."""

    name: str
    value: float
    unit: str
    budget: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the value is above its budget."""
        return self.budget is not None and self.value > self.budget

    def line(self) -> str:
        """Return `name value unit budget ok|over`; `- info` stands where there is no budget."""
        budget = "-" if self.budget is None else f"{self.budget:g}"
        verdict = "info" if self.budget is None else "over" if self.is_over else "ok"
        return f"{self.name:<44} {self.value:>8.5g} {self.unit:<8} {budget:>6} {verdict}"
