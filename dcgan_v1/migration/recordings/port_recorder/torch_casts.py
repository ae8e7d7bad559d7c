"""PyTorch in float64 and on the CPU, whatever a program asks for."""

from dcgan_v1.migration.recordings.port_recorder.draws import patched

MAKERS = (  # of tensors, on a device
    "zeros ones full empty tensor as_tensor rand randn randint randperm rand_like randn_like "
    "zeros_like ones_like full_like empty_like eye arange linspace"
).split()


class TorchCasts:
    """Casts of a program, and its devices.

    Args:
      torch: the module.
      recorder: is told of what is not as the program says.
    """

    def __init__(self, torch, recorder):
        self.torch, self.recorder = torch, recorder

    def raised(self, x):
        """A tensor of floating point in float64; anything else as it is."""
        torch = self.torch
        if isinstance(x, torch.Tensor) and x.dtype in self.single:
            return x.double()
        return x

    def raise_all(self):
        """Float64 wherever the program says float32."""
        torch = self.torch
        self.double = double = torch.float64
        torch.set_default_dtype(double)
        self.single = {torch.float32, torch.float16, torch.bfloat16}
        torch.float32 = torch.float = torch.float16 = torch.half = double
        torch.FloatTensor = torch.HalfTensor = torch.DoubleTensor
        for cls in (torch.Tensor, torch.nn.Module):
            for name in ("float", "half", "bfloat16"):
                setattr(cls, name, cls.double)
            patched(cls, "to", self._casting)
        patched(torch.Tensor, "type", self._typed)
        for name in ("from_numpy", "tensor", "as_tensor", "load"):
            patched(torch, name, lambda plain: lambda *a, **k: self.raised(plain(*a, **k)))

    def _casting(self, plain):
        def to(this, *args, **kwargs):
            args = [self.double if any(a is s for s in self.single) else a for a in args]
            if any(kwargs.get("dtype") is s for s in self.single):
                kwargs["dtype"] = self.double
            return plain(this, *args, **kwargs)

        return to

    def _typed(self, plain):
        def cast(tensor, dtype=None, *args, **kwargs):
            if isinstance(dtype, str):
                dtype = dtype.replace("cuda.", "").replace("FloatTensor", "DoubleTensor")
            return plain(tensor, *(() if dtype is None else (dtype,)), *args, **kwargs)

        return cast

    # ---- devices ----

    def stay_on_the_cpu(self):
        """A program that asks for a GPU is run on the CPU, and that is said."""
        torch = self.torch
        for cls in (torch.Tensor, torch.nn.Module):
            patched(cls, "to", self._moving)
            cls.cuda = self._staying
        for name in MAKERS:
            patched(torch, name, self._making)
        if not torch.cuda.is_available():
            torch.cuda.FloatTensor = torch.FloatTensor
            torch.cuda.LongTensor = torch.LongTensor
            for name in ("set_device", "synchronize"):
                setattr(torch.cuda, name, lambda *_, **__: self._note())

    def _is_gpu(self, value):
        return isinstance(value, (str, self.torch.device)) and str(value).startswith("cuda")

    def _note(self):
        self.recorder.note("the program asks for a GPU: it was recorded on the CPU")

    def _moving(self, plain):
        def to(this, *args, **kwargs):
            if any(map(self._is_gpu, args)) or self._is_gpu(kwargs.get("device")):
                self._note()
                args = ["cpu" if self._is_gpu(a) else a for a in args]
                if "device" in kwargs:
                    kwargs["device"] = "cpu"
            return plain(this, *args, **kwargs)

        return to

    @property
    def _staying(self):
        def cuda(this, *args, **kwargs):
            self._note()
            return this

        return cuda

    def _making(self, plain):
        def make(*args, **kwargs):
            if self._is_gpu(kwargs.get("device")):
                self._note()
                kwargs["device"] = "cpu"
            return plain(*args, **kwargs)

        return make

    # ---- what is switched off ----

    def switch_off(self):
        """No compilation, no mixed precision."""
        torch = self.torch
        if hasattr(torch, "compile"):
            torch.compile = lambda model=None, **options: model or (lambda function: function)
        if hasattr(torch, "autocast"):
            patched(torch.autocast, "__init__", self._without_autocast)

    def _without_autocast(self, plain):
        def init(this, device_type, *args, **kwargs):
            kwargs["enabled"] = False
            self.recorder.note("mixed precision is switched off")
            plain(this, device_type, **{k: v for k, v in kwargs.items() if k != "dtype"})

        return init
