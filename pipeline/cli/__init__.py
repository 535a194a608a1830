"""The verbs, nothing else: each parses, calls its own module in ``commands``, and says what came back.

stdout is the answer, stderr the progress. Heavy imports stand inside the verbs, so that ``dsf --help`` answers at once. Each
docstring is a verb's help in English, ``fr`` beside it the same in French.
"""

from pipeline.cli import files, keeping, nightly, start, telling
from pipeline.cli.top import main
from pipeline.commands.console import Exit

__all__ = ["Exit", "files", "keeping", "main", "nightly", "start", "telling"]
