"""The stages joined: what a run would do, the run itself, and the account of it."""

from .run import Outcome, Prompts, run

__all__ = ["Outcome", "Prompts", "run"]
