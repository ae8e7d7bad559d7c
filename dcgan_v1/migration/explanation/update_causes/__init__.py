"""Why weights and slots differ after an update."""
