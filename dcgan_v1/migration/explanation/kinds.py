"""What causes are about, in words for people; programs may go by them."""

from enum import StrEnum


class Kind(StrEnum):
    """What a cause is about. A report has it beside each finding."""

    # of what a step is given
    INPUT_RANGE = "the range of an input"
    OWN_DRAWS = "random numbers of the port's own"
    SHARE = "which side of a mixture a number is the share of"
    SECOND_NOISE = "an input is drawn again on one side"
    # of layers
    ACTIVATION = "an activation"
    AVERAGED_WEIGHTS = "averages of weights in inference"
    CONVOLUTION = "a convolution"
    DROPOUT = "dropout on one side alone"
    DROPOUT_RATE = "the rate of dropout"
    FLATTENING = "the order of pixels in a flattening"
    GIVEN = "what a layer is given"
    KERNEL = "what a kernel is made before it is used"
    LSTM = "an LSTM's cell"
    NORM = "a normalisation"
    NORM_EPSILON = "batch norm's epsilon"
    NORM_GROUPS = "what is normalised together"
    NORM_MODE = "batch norm by the batch or by averages"
    NORM_PLACE = "the place of a batch norm"
    NORM_ROWS = "which rows batch norm takes its statistics of"
    OUTPUT = "another output"
    PADDING = "padding of a convolution"
    POOL = "the kind of a pool"
    RESIZE = "the way of resizing"
    ROUNDING = "rounding to float32"
    ROW_EPSILON = "the epsilon of a layer, instance or group norm"
    SCALE = "the scale of what a layer is given"
    SLOPE = "the slope of leaky ReLU"
    # of losses and gradients
    AT_ZERO = "an activation's derivative at 0"
    CUT_OFF = "what a gradient leaves out of its loss"
    DETACH = "a missing stop_gradient"
    GRADIENT = "another gradient"
    GRADIENT_CLIPPING = "clipping of gradients"
    KEPT_GRADIENTS = "gradients that are not set to zero between steps"
    L2 = "an L2 penalty"
    LOSS = "another loss"
    TRAINED = "what is trained"
    UPDATE_ORDER = "the order of updates"
    # of what an update makes of them
    AMSGRAD = "Adam by the largest second moment so far"
    AVERAGE_ORDER = "averages in an order that TF1 leaves open"
    AVERAGES = "batch norm's averages"
    BETA1 = "Adam's beta1"
    BETA2 = "Adam's beta2"
    DAMPENING = "what a momentum takes in of a gradient"
    EPSILON = "an optimiser's epsilon"
    EPSILON_PLACE = "Adam's epsilon after the bias correction"
    IDLE = "a weight that is not moved"
    LEARNING_RATE = "learning rate"
    MOMENTUM = "momentum"
    NESTEROV = "Nesterov's momentum"
    OPTIMIZER = "the kind of optimiser"
    PORT_AVERAGES = "averages that only the port keeps"
    RHO = "RMSProp's decay"
    ROOT_EPSILON = "epsilon outside the root"
    SECOND_BIAS = "a second bias that is trained"
    SLOT_START = "slots begin at other values"
    UPDATE = "an update, for no cause that was found"
    WEIGHT_AVERAGES = "averages of weights"
    WEIGHT_CLIPPING = "clipping of weights"
    # of no stage
    FAILED = "an explanation that failed"
    UNEXPLAINED = "no cause that was found"


BY_SETTING = {
    "beta1": Kind.BETA1,
    "beta2": Kind.BETA2,
    "dampening": Kind.DAMPENING,
    "epsilon": Kind.EPSILON,
    "learning rate": Kind.LEARNING_RATE,
    "momentum": Kind.MOMENTUM,
    "nesterov": Kind.NESTEROV,
    "rho": Kind.RHO,
}
