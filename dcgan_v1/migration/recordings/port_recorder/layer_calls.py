"""Notes calls of layers, in one way for every framework."""


class LayerCalls:
    """Notes what layers are given and give.

    Args:
      recorder: is told.
      array: makes an array of a tensor or variable.

    Attributes:
      roots: layers that the program calls itself.
      first_values: what tells a variable from others -> array before the first step.
      inference: (layer, arrays, layers) of what it gave.
      depth: of the calls that are running.
    """

    def __init__(self, recorder, array):
        self.recorder, self.array = recorder, array
        self.roots, self.first_values, self.inference = [], {}, []
        self.depth = 0

    def infer(self, layer, tensors, call):
        """Notes what the parts of a layer give in inference, before anything has moved. Nothing of
        it is the program's, and its draws are put back.

        Args:
          layer: that is called.
          tensors: what it is given.
          call: calls it.
        """
        recorder = self.recorder
        layers, recorder.update.layers = recorder.update.layers, []
        states, arrays = recorder.generator_states(), [self.array(x) for x in tensors]
        recorder.is_muted = True
        try:
            y = call()
            self.note(layer, tensors[0], y)
            self.inference.append((layer, arrays, list(recorder.update.layers)))
        except Exception as error:
            recorder.note("a model was not called in inference: %s" % str(error)[:200])
        finally:
            recorder.is_muted = False
            recorder.update.layers = layers
            recorder.put_back(states)

    def inside(self, call):
        """Returns what a layer's call gives, inside which no layer is the program's own call."""
        self.depth += 1
        try:
            return call()
        finally:
            self.depth -= 1

    def add(self, of, settings, x, y):
        """Adds a call to the update.

        Args:
          of: (the layer that was called, whether it holds no others, whether the program calls
            it), or a dict that describes the call of a function.
          settings: of the layer.
          x: the first tensor that it is given, or None; y: that it gives.
        """
        alive, derived = self.recorder.update.alive, self.recorder.update.derived
        is_known = any(x is other for other in alive) or getattr(x, "_id", None) in derived
        is_new = x is not None and not is_known
        alive.append(y)
        self.recorder.update.layers.append(
            {
                "of": of,
                "settings": settings,
                "output": self.array(y),
                "input": self.array(x) if is_new else None,
                "given": [int(n) for n in x.shape] if x is not None else [],
            }
        )
