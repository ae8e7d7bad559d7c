"""Which variables make a network, and what it is called."""

import keyword
import re
from collections.abc import Collection, Iterable, Mapping

PREFIXES = {  # how variables of a GAN begin that has no scopes
    **{"d": "discriminator", "dis": "discriminator", "disc": "discriminator"},
    **{"g": "generator", "gen": "generator"},
}
NAMELESS = re.compile(r"network\d+")  # what `groups` calls one of several
RESERVED = {*keyword.kwlist, "self", "tf", "keras", "np", "layers", "torch", "nn", "dtype"}
RESERVED |= {"training", "moves", "averages", "tape", "inner"}
CALLED = {  # functions and modules that lines of ports use by their bare names
    *("list", "zip", "enumerate", "range", "getattr", "super", "float", "math", "partial"),
    *("apply", "clip_by_norm", "clip_by_global_norm", "truncated_normal", "resize_bilinear"),
    *(
        "leaky_max",
        "leaky_abs",
        "leaky_min",
        "beside_pixels",
        "glorot",
        "fan_in",
        "conv2d_transpose",
    ),
}


def groups(
    trained: list[list[str]], order: Iterable[str], wished: Mapping[str, str]
) -> dict[str, list[str]]:
    """Returns network -> its trained variables: those that the same updates train.

    Args:
      trained: variables of each update.
      order: all variables.
      wished: variable -> network, of a map.
    """
    by_updates: dict[tuple[int, ...], list[str]] = {}
    order = list(order)
    for name in order:
        signature = tuple(i for i, names in enumerate(trained) if name in names)
        if signature:
            by_updates.setdefault(signature, []).append(name)
    result: dict[str, list[str]] = {}
    for number, names in enumerate(by_updates.values()):
        name = name_of(names, order) or (
            "model" if len(by_updates) == 1 else f"network{number + 1}"
        )
        result[name if name not in result else f"{name}_{number + 1}"] = names
    return _regrouped(result, wished)


def roles(calls: Collection[tuple[str, Collection[str]]]) -> dict[str, str]:
    """Returns network -> what it is called after its place in the program: of two that nothing
    names, one that judges what the other makes, and something else beside it.

    Args:
      calls: of all networks, with the networks that made what each is given.
    """
    names = {name for name, _ in calls}
    given = {(maker, name) for name, makers in calls for maker in makers if maker != name}
    if len(names) != 2 or len(given) != 1 or not all(NAMELESS.fullmatch(name) for name in names):
        return {}
    ((maker, judge),) = given
    has_reals = any(name == judge and maker not in makers for name, makers in calls)
    return {maker: "generator", judge: "discriminator"} if has_reals else {}


def scopes(
    order: list[str], kernels: Collection[str], wished: Mapping[str, str]
) -> dict[str, list[str]]:
    """Returns network -> its variables of a program without updates: those below one scope, where
    every scope holds more than a layer; else all.

    Args:
      order: all variables.
      kernels: those of them that layers multiply by.
      wished: variable -> network, of a map.
    """
    by_scope: dict[str, list[str]] = {}
    for name in order:
        by_scope.setdefault(name.partition("/")[0], []).append(name)
    if any(len(set(names) & set(kernels)) < 2 for names in by_scope.values()):
        by_scope = {name_of(order, order) or "model": order}
    result: dict[str, list[str]] = {}
    for scope, names in by_scope.items():
        result[unused(_word_of(scope, order), result)] = names
    return _regrouped(result, wished)


def _regrouped(networks: dict[str, list[str]], wished: Mapping[str, str]) -> dict[str, list[str]]:
    """Moves variables into the networks that a map says."""
    result: dict[str, list[str]] = {}
    for name, variables in networks.items():
        for variable in variables:
            result.setdefault(wished.get(variable, name), []).append(variable)
    return result


def name_of(names: list[str], beside: Collection[str]) -> str:
    """Returns an identifier of the scope that variables have in common, or of how their names
    begin; '' where they have nothing in common.

    Args:
      names: of the variables.
      beside: of the whole program's: a lone 'd' is a discriminator where there is a generator.
    """
    scope = common_scope(names)
    if scope:
        return _word_of(scope.rpartition("/")[2], beside)
    firsts = {_beginning(name) for name in names}
    word = firsts.pop() if len(firsts) == 1 else ""
    if word not in PREFIXES and any("/" in name for name in names):
        return ""  # conv_1/w and conv_2/w have no more in common than what they are
    return "" if word.startswith("variable") else word and _word_of(word, beside)


def _word_of(scope: str, beside: Collection[str]) -> str:
    """Returns an identifier of a scope, of a GAN's 'G' and 'd_' what they stand for: the letter D
    alone may be a decoder's, too."""
    word = scope.lower().strip("_")
    if len(word) == 1 and not _are_of_a_gan(beside):
        return identifier(scope)
    return PREFIXES.get(word, identifier(scope))


def _are_of_a_gan(names: Collection[str]) -> bool:
    """Whether there are scopes, or beginnings of names, of a generator and of a discriminator; or
    nothing beside one of them."""
    words = {part.lower().strip("_") for name in names for part in name.split("/")[:-1]}
    firsts = {_beginning(name) for name in names}
    roles = {PREFIXES.get(word, word) for word in words | firsts}
    is_both = "generator" in roles and bool(roles & {"discriminator", "critic"})
    return is_both or len(firsts) <= 1


def _beginning(name: str) -> str:
    return name.partition("/")[0].partition("_")[0].lower()


def common_scope(names: list[str]) -> str:
    """Returns the scope that variables have in common."""
    parts = [name.split("/")[:-1] for name in names]
    common = []
    for words in zip(*parts, strict=False):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    return "/".join(common)


def unused(word: str, taken: Collection[str]) -> str:
    """Returns a word, with a number where it is taken."""
    number, name = 1, word
    while name in taken:
        number += 1
        name = f"{word}_{number}"
    return name


def identifier(text: str) -> str:
    """Returns a name that Python takes."""
    name = re.sub(r"\W+", "_", text).strip("_").lower() or "x"
    if name in RESERVED:
        return f"{name}_"
    return f"_{name}" if name[0].isdigit() else name


def value_name(text: str) -> str:
    """Returns a name for a value: one that hides nothing that a line of a port calls."""
    name = identifier(text)
    return f"{name}_" if name in CALLED else name
