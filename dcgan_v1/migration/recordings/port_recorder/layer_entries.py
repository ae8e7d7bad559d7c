"""A recording's entries for layers, for functions that make some, and for inference."""


def entry_of(names, layer):
    """What a recording says of a call, or None of one that makes no layer.

    Args:
      names: of everything that the program has.
      layer: see `LayerCalls.add`.
    """
    of = layer["of"]
    entry = {"settings": layer["settings"], "given": layer["given"]}
    if not isinstance(of, dict):
        entry["name"] = names.layer_name(of)
        return entry if entry["name"] else None
    parts = {key: _variable_of(names, value) for key, value in of["parts"].items()}
    parts = {key: name for key, name in parts.items() if name}
    if of["parts"] and not parts:
        return None
    entry["name"] = of["model"] = _model_of(names, of, parts)
    entry.update(function=of["name"], parts=parts, call=of["call"])
    return entry if entry["name"] else None


def _variable_of(names, variables):
    """The name of a variable, or of the first that has one of several that it may be; or ''."""
    variables = variables if isinstance(variables, list) else [variables]
    return next((n for n in map(names.variable_name, variables) if n != "?"), "")


def _model_of(names, of, parts):
    """The network that a function's call belongs to."""
    if of["root"] is not None:
        return names.module_names.get(id(of["root"]), "").partition("/")[0]
    for name in parts.values():
        return name.partition("/")[0]
    return (of["after"] or {}).get("model", "")


def inferred_of(names, inference, arrays):
    """Adds what models gave in inference to `arrays`. Returns what describes it.

    Args:
      names: layer or variable -> its name in the recording.
      inference: what models gave, in order.
      arrays: name -> array of the file that is written; they are added here.
    """
    inferred = []
    for module, inputs, layers in inference:
        name = names.module_names.get(id(module))
        if not name:
            continue
        for i, x in enumerate(inputs):
            arrays["%s/input/%d" % (name, i)] = x
        entries = []
        for layer in layers:
            entry = entry_of(names, layer)
            if entry:
                arrays["%s/layer/%d" % (name, len(entries))] = layer["output"]
                entries.append(entry)
        inferred.append({"model": name, "inputs": len(inputs), "layers": entries})
    return inferred
