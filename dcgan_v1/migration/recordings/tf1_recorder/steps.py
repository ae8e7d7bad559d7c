"""Which runs make up a whole step."""

ONE_KIND = 130  # runs that train of one kind before it is taken for the whole step


def whole_steps(kinds, alone=False, sets=()):
    """Returns the runs that make up each whole step: [[0, 1, 2], [3, 4, 5], ...].

    A step ends where the first kind of run comes again after another that trains: at the first
    such place from which on all runs repeat, or before which there were runs of all kinds. What
    is unlike the first step is left out, with all after it.

    Args:
      kinds: what each run updates, the first by an optimiser.
      alone: whether the first run does all the updates that the graph has.
      sets: kinds that only assign, as clips do: a critic that is updated and clipped in two runs,
        several times before the generator, is no step.
    """
    first = kinds[0] if kinds else None
    if alone or (set(kinds) - set(sets) == {first} and kinds.count(first) >= ONE_KIND):
        if not set(kinds) & set(sets):
            return [[i] for i, kind in enumerate(kinds) if kind == first]
        sets = ()  # an update with its clip
    for length in _ends(kinds, sets):
        steps = _repeats(kinds, length)
        if not departs(kinds, steps) or set(kinds[:length]) == set(kinds):
            return steps
    return []  # the end of the first step is not known yet


def _ends(kinds, sets):
    """Returns where the first kind comes again after another that is not among `sets`."""
    ends, is_other = [], False
    for i, kind in enumerate(kinds):
        if kind == kinds[0] and is_other:
            ends.append(i)
            is_other = False
        is_other = is_other or (kind != kinds[0] and kind not in sets)
    return ends


def _repeats(kinds, length):
    """Returns the first runs, so many, and all that follow and are like them."""
    steps, begin = [], 0
    while kinds[begin : begin + length] == kinds[:length]:
        steps.append(list(range(begin, begin + length)))
        begin += length
    return steps


def departs(kinds, steps):
    """Whether runs after the whole steps are not the beginning of another like them."""
    if not steps:
        return False
    pattern = [kinds[i] for i in steps[0]]
    rest = kinds[steps[-1][-1] + 1 :]
    return rest != pattern[: len(rest)]
