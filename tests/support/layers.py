"""What the modules of a package import, read from their source: who knows whom, for tests of the architecture."""

import ast
from functools import cached_property
from graphlib import TopologicalSorter


class Layers:
    """The modules below one folder, by their dotted names within it.

    Args:
        folder: The folder of a package.
        without: Names of subfolders that are looked at elsewhere.
    """

    TOP = "(top)"

    def __init__(self, folder, *, without=()):
        self._folder = folder
        self.paths = {
            self._name(path): path
            for path in sorted(folder.rglob("*.py"))
            if path != folder / "__init__.py" and path.relative_to(folder).parts[0] not in without
        }
        self.trees = {name: ast.parse(path.read_text("utf-8")) for name, path in self.paths.items()}

    def _name(self, path):
        parts = path.relative_to(self._folder).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def is_package(self, name):
        return self.paths[name].stem == "__init__"

    def folder(self, name):
        """Return the first folder on the way to a module; `TOP` for those in none."""
        first, _, rest = name.partition(".")
        return first if rest or self.is_package(name) else self.TOP

    @cached_property
    def imports(self):
        """What each module imports at run time: (module, whether it is one of these, whether in a function)."""
        return {name: _Imports(self, name).found for name in self.trees}

    def own(self, name):
        return {module for module, ours, _ in self.imports[name] if ours} - {name}

    def foreign(self, name, *, on_import=False):
        return {
            module
            for module, ours, later in self.imports[name]
            if not ours and not (on_import and later)
        }

    def reached(self, name):
        """Return every one of these modules that a module needs, directly or not."""
        todo, seen = [name], set()
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo.extend(self.own(current))
        return seen

    def folders_known(self, name):
        return {self.folder(other) for other in self.own(name)}

    def in_order(self):
        """Return all modules, each after those that it needs; a circle raises `graphlib.CycleError`."""
        return [*TopologicalSorter({name: self.own(name) for name in self.trees}).static_order()]

    def summary(self, name):
        return (ast.get_docstring(self.trees[name]) or "").split("\n")[0].rstrip()


class _Imports(ast.NodeVisitor):
    def __init__(self, layers, name):
        self.found = set()
        self._layers = layers
        package = name if layers.is_package(name) else name.rpartition(".")[0]
        self._package = package.split(".") if package else []
        self._depth = 0
        self.visit(layers.trees[name])

    def visit_If(self, node):
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
        else:
            for other in node.orelse:
                self.visit(other)

    def visit_FunctionDef(self, node):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_AsyncFunctionDef(self, node):
        self.visit_FunctionDef(node)

    def visit_Import(self, node):
        self.found |= {(alias.name, False, self._depth > 0) for alias in node.names}

    def visit_ImportFrom(self, node):
        up = node.level - 1
        if up < 0 or up > len(self._package):
            self.found.add(("." * node.level + (node.module or ""), False, self._depth > 0))
            return
        start = self._package[: len(self._package) - up]
        module = ".".join([*start, *([node.module] if node.module else [])])
        members = {".".join(filter(None, [module, alias.name])) for alias in node.names}
        known = members & set(self._layers.trees)
        targets = known or {module}
        self.found |= {
            (target, target in self._layers.trees, self._depth > 0) for target in targets
        }
