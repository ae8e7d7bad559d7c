"""Which averages of batch norms a session run moves, and by which of its batch norms."""

from typing import TYPE_CHECKING

from dcgan_v1.porting.graphs.graph import Tensor
from dcgan_v1.porting.patterns.norms import bare, moment_of
from dcgan_v1.porting.reading.averages import key_of
from dcgan_v1.porting.reading.flow import Piece

if TYPE_CHECKING:
    from dcgan_v1.porting.reading.averages import Averages
    from dcgan_v1.porting.reading.runs import Run

Moved = dict[Piece, tuple[tuple[str, str], int, float]]  # see `of_run`


def of_run(run: "Run", averages: "Averages", refused: list[str]) -> Moved:
    """Returns batch norm -> (pair of averages that the run moves by its moments, which, decay).

    Args:
      run: of the step.
      averages: of all batch norms.
      refused: what has no place in a port is added to it.
    """
    norm_of: dict[Tensor, Piece] = {}
    for piece in run.flow.pieces:
        for moment in piece.moments:
            norm_of[bare(moment)] = piece
    decays: dict[Piece, dict[str, float]] = {}
    for average, move in run.folded:
        owner = norm_of.get(moment_of(average.of))
        if owner is None:
            refused.append(
                f"{average.variable}, which follows what no batch norm of this run computes "
                f"({move.op.name})"
            )
            continue
        decays.setdefault(owner, {})[average.variable] = average.decay
    result: Moved = {}
    for piece, own in decays.items():
        key = key_of(piece.variables)
        pairs = averages.of.get(key, [])
        fitting = [which for which, pair in enumerate(pairs) if set(pair) == set(own)]
        if not fitting or len(set(own.values())) > 1:
            names = ", ".join(sorted(own))
            refused.append(f"averages moved in part or by several decays: {names}")
            continue
        which = fitting[0]
        number = which if any(key) else 0  # a bare one has but its own
        result[piece] = (pairs[which], number, next(iter(own.values())))
    return result
