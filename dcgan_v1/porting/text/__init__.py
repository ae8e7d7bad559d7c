"""What the writers of every framework share: names, values, first values, the step."""
