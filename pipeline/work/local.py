"""The cores of this machine as an engine."""

import os
from concurrent.futures import Executor, ThreadPoolExecutor

from pipeline.settings import Limits
from pipeline.work.children import Children
from pipeline.work.engine import Engine, Here, by


def local(processes: int, limits: Limits) -> Engine:
    """``processes`` children at work (0: one a core); with one, this process does all that need not be read in a child."""
    width = processes or len(os.sched_getaffinity(0))
    children = Children(width, limits, here=width == 1)
    executor: Executor = Here() if width == 1 else ThreadPoolExecutor(width)  # a thread waits for its child
    return Engine(executor, by(children), width, children)
