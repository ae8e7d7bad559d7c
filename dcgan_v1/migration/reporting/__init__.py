"""What a comparison says: in the terminal, as JSON, as one HTML page."""
