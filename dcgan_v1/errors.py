"""The error a user can do something about."""


class UserError(Exception):
    """Says in one line what was wrong, where, and what to do.

    The scripts print it without a traceback and exit with code 2.
    """
