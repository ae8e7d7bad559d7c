"""A page to explore a generator: draws, the ways between them, directions, arithmetic.

The page (`page`) is one file of HTML with its scripts in it, in two forms: with the
weights inside, computed by the browser (`packing`, `network.js`), or asking the Python
process that serves it (`server`).
"""
