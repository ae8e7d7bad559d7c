"""Speed and memory, measured side by side. Nothing here is part of `make test`."""
