"""What a program calls to train by is hooked: `Session.run`, and what Keras has instead."""


def hook_sessions(recorder):
    """Has every `Session.run` of this process pass the recorder. Returns the plain one."""
    from tensorflow.python.client import session

    plain, close = session.BaseSession.run, session.BaseSession.close
    prepare = getattr(session.BaseSession, "_make_callable_from_options", None)

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        return recorder.run(plain, self, fetches, feed_dict, options, run_metadata)

    def closing(self):
        recorder.before_close(self)
        return close(self)

    def prepared(self, options):
        # Keras's `K.function` calls no `run`: its fetches and feeds are texts, made ready once
        plain_call = prepare(self, options)
        if options.tensor_connection:
            return plain_call  # it feeds tensors, not numbers
        fetches = [self.graph.get_tensor_by_name(name) for name in options.fetch]
        targets = [self.graph.get_operation_by_name(name) for name in options.target]
        tensors = [self.graph.get_tensor_by_name(name) for name in options.feed]

        def call(*values, **words):
            if recorder.done and not recorder.stop:
                return plain_call(*values, **words)
            feed_dict = dict(zip(tensors, values))
            metadata = words.get("run_metadata")
            return recorder.run_prepared(self, [fetches, targets], feed_dict, metadata)[0]

        return call

    session.BaseSession.run, session.BaseSession.close = run, closing
    if prepare is not None:  # TensorFlow 1.5
        session.BaseSession._make_callable_from_options = prepared
    return plain
