"""Records what a TF1 program computes: its graph, its weights, its first training runs.

One file, alone: runs on TensorFlow 1.4 to 1.15 and 2.x with Python 3.5 and later.

    python recorder.py --record rec --steps 10 main.py its own arguments

or, in the program, before it makes a session:

    import recorder
    recorder.start("rec", steps=10)

A recording is a folder of data only: `graph.meta` (MetaGraphDef), `before.npz` and
`after.npz` (variable -> array), `run_0000.npz` and so on (one training run each), and
`recording.json`, which is written last. A run's arrays are `feed/<tensor>` (what was
fed), `source/<tensor>` (what an input pipeline gave), `draw/<op>` (what random ops
drew), `fetch/<tensor>` (scalars that the program fetched) and
`gradient/<variable>|<op>`.
"""
