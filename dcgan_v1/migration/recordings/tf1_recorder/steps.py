"""Which training runs make up a whole step."""

ONE_KIND = 130  # runs of one kind before it is taken for the whole step


def whole_steps(kinds, alone=False):
    """Returns the runs that make up each whole step: [[0, 1, 2], [3, 4, 5], ...].

    A step begins where the first kind of run comes again after another kind. Steps that
    are unlike the first one are left out, with all after them.

    Args:
      kinds: what each run updates.
      alone: whether the first run does all the updates that the graph has.
    """
    if not kinds:
        return []
    if alone or (set(kinds) == {kinds[0]} and len(kinds) >= ONE_KIND):
        return [[i] for i, kind in enumerate(kinds) if kind == kinds[0]]
    starts = [0] + [
        i for i in range(1, len(kinds)) if kinds[i] == kinds[0] and kinds[i - 1] != kinds[0]
    ]
    if len(starts) == 1:
        return []  # the end of the first step is not known yet
    pattern = kinds[: starts[1]]
    steps, begin = [], 0
    while kinds[begin : begin + len(pattern)] == pattern:
        steps.append(list(range(begin, begin + len(pattern))))
        begin += len(pattern)
    return steps


def departs(kinds, steps):
    """Whether runs after the whole steps are not the beginning of another like them."""
    if not steps:
        return False
    pattern = [kinds[i] for i in steps[0]]
    rest = kinds[steps[-1][-1] + 1 :]
    return rest != pattern[: len(rest)]
