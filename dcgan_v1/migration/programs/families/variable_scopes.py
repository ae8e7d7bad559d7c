"""The variable scope as a collection of the graph, which it was until 1.3.

Libraries of that time (prettytensor) enter a scope by putting it there."""

from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.ops import variable_scope

from dcgan_v1.migration.programs.amending import add_names

KEY = ("__varscope",)


class Current(list[Any]):
    """`[scope]`, whose element is the scope that is entered."""

    def __init__(self) -> None:
        super().__init__([tf.get_variable_scope()])

    def __setitem__(self, place: Any, scope: Any) -> None:
        super().__setitem__(place, scope)
        variable_scope.get_variable_scope_store().current_scope = scope


def get_collection_ref(key: Any) -> list[Any]:
    """`tf.get_collection_ref`."""
    return Current() if key == KEY else tf.get_collection_ref(key)


def names() -> dict[str, Any]:
    """Returns the names of tf's top, and gives the inner module the key."""
    add_names(variable_scope, {"_VARSCOPE_KEY": KEY}, "variable_scope")
    return {"get_collection_ref": get_collection_ref}
