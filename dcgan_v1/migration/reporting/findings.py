"""Findings that come from the whole of a comparison, not from one cause that was looked for."""

from collections.abc import Mapping

from dcgan_v1.migration.comparison.pipeline import Comparison, Outcome
from dcgan_v1.migration.explanation.case import PORT_AVERAGES, SECOND_NOISE, Finding
from dcgan_v1.migration.explanation.kinds import Kind


def averages(outcome: Outcome) -> list[Finding]:
    """Averages that only the port keeps."""
    names = outcome.pairing.port_only_averages
    if not names:
        return []
    what = "states" if outcome.pairing.unread else "averages"
    text = (
        f"the port keeps {len(names)} {what} that TF1 has not, and no training step reads: "
        "training is compared, inference is another function"
    )
    return [Finding(Kind.PORT_AVERAGES, names[0], text, PORT_AVERAGES)]


def second_noise(outcome: Outcome) -> list[Finding]:
    """What one side takes once more, where the other uses in all runs of its step what it has."""
    bindings = outcome.prepared.bindings
    direction = "TF1 was given both" if bindings.of_port else "both were given that one"
    findings = [
        Finding(
            Kind.SECOND_NOISE,
            f"argument {argument}",
            f"the port takes it apart from {first}; TF1 uses {bindings.arguments[first]} in all "
            f"runs of its step (here {direction})",
            SECOND_NOISE,
        )
        for argument, first in bindings.again.items()
    ]
    return findings + [
        Finding(
            Kind.SECOND_NOISE,
            f"input {key}",
            f"TF1 is given another {key.partition('@')[0]} in a later run of its step, the port "
            f"{argument} again (here both were given that one)",
            SECOND_NOISE,
        )
        for key, argument in bindings.used_again.items()
    ]


def fewer_draws(outcome: Outcome) -> list[Finding]:
    """What the port draws one number for where TF1 draws several."""
    return [
        Finding(
            Kind.OWN_DRAWS,
            f"input {key}",
            f"TF1 draws {_by(of_tf1)} numbers, the port's {argument} has {_by(own)}: one stands "
            "for several (here TF1 was given the port's)",
        )
        for key, (of_tf1, argument, own) in outcome.prepared.bindings.repeated.items()
    ]


def _by(shape: list[int]) -> str:
    return "x".join(map(str, shape))


def rounding(comparisons: Mapping[str, Comparison]) -> list[Finding]:
    """The finding where only float32 is over, and float64 agrees or was not run."""
    over = [d for c in comparisons.values() for d in c.differences if d.is_over and d.key.counts]
    if not over:
        return []
    exact = comparisons.get("float64")
    agrees = exact is not None and not any(d.is_over and d.key.counts for d in exact.differences)
    reason = "float64 agrees: rounding, not logic" if agrees else "unknown"
    first = over[0]
    cause = f"differs by {first.relative:.1e}, allowed are {first.tolerance:.1e}"
    text = f"{cause}; cause: {reason}"
    return [Finding(Kind.ROUNDING, str(first.key), text, stage=first.key.kind)]
