"""The error a user can do something about, and texts of other errors."""


class UserError(Exception):
    """Says in one line what was wrong, where, and what to do.

    The scripts print it without a traceback and exit with code 2.
    """


def reason(error: BaseException, longest: int = 120) -> str:
    """Returns an exception's text as one short line, its type where it has none.

    Args:
      longest: characters.
    """
    text = getattr(error, "message", str(error))
    _, _, of_node = text.partition("\nNode: ")  # TensorFlow puts tracebacks before it
    text = of_node.partition("\n")[2].partition("\n\t [[")[0] or text
    text, _, _ = text.partition("\nAdditional GRPC error information")
    words = " ".join(text.split())
    if len(words) > longest:  # cut between words, if they are no longer than usual
        words = words[: longest - 3]
        words = (words.rpartition(" ")[0] if " " in words[-40:] else words) + "..."
    return words or type(error).__name__


def how_to_install(extra: str) -> str:
    """Returns how to install an extra of pyproject.toml, for an error that needs it."""
    return f"pip install '.[{extra}]' in a clone of the project"
