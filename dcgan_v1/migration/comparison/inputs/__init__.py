"""What both programs are given."""
