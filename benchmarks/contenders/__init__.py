"""Who is timed: each module has `make_step(model, batch_size)`, which returns a
function that does one training step."""
