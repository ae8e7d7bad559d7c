"""Records what a PyTorch, Keras or TF2 training program computes in its first steps, as it is.

One file, alone: runs beside the program's own framework with Python 3.6 and later.

    python port_recorder.py --record rec --steps 3 train.py its own arguments
    python port_recorder.py --record rec --steps 3 -m package.train its own arguments
    python port_recorder.py --record rec --steps 3 notebook.ipynb

The program runs in float64 where it lets itself be raised, else in float32, on the CPU.

A recording is a folder of data only: `before.npz` (the variables at the start, and what
layers give in inference), `update_0000.npz` and so on (one update of an optimiser each:
what was fed and drawn since the one before, layers, gradients, the state after it), and
`recording.json`, which is written last and names all of it.
"""
