"""Published TF1 programs and published ports of them: which compute the same function."""
