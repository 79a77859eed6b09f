"""What is done around the import of a library, whoever imports it first."""

import importlib.abc
import importlib.util
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager


class AroundImport(importlib.abc.MetaPathFinder):
    """Runs a module's code inside a context; everything else about its import stays as it is."""

    def __init__(self, name: str, context: Callable[[], AbstractContextManager]):
        self.name = name
        self.context = context
        self.thread = threading.local()

    def find_spec(self, name, path=None, target=None):
        if name != self.name or getattr(self.thread, "looking", False):
            return None
        self.thread.looking = True  # for what the finders after this one find
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.thread.looking = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_inside(module):
                with self.context():
                    execute(module)

            spec.loader.exec_module = execute_inside
        return spec


def around_import(name: str, context: Callable[[], AbstractContextManager]) -> None:
    """Enters `context` before the code of the module `name` runs, and leaves it afterwards.

    If the module is there already, the context is entered and left now.
    """
    if sys.modules.get(name) is not None:
        with context():
            return
    sys.meta_path.insert(0, AroundImport(name, context))
