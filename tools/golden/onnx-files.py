"""Files that onnx and safetensors (Python) wrote, with what onnx's reference or onnxruntime computes from them.

Run: python tools/golden/onnx-files.py   (onnx 1.23, onnxruntime 1.30, safetensors 0.8, numpy 2; checked below)
Writes packages/onnx-autodiff/test/golden/files.json: every model in the operator set that it names, so that the forms of old
sets (attributes that became operands, other broadcasting, other defaults) are met as files really hold them.
"""
import base64
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import safetensors
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import save

assert onnx.__version__.startswith("1.23"), onnx.__version__
assert ort.__version__.startswith("1.30"), ort.__version__
assert safetensors.__version__.startswith("0.8"), safetensors.__version__
OUT = Path(__file__).resolve().parents[2] / "packages/onnx-autodiff/test/golden/files.json"
rng = np.random.default_rng(7)
ort.set_default_logger_severity(4)
ELEMENT = {np.dtype("float32"): "float32", np.dtype("int64"): "int64", np.dtype("bool"): "bool", np.dtype("int32"): "int32"}


def f(*shape, low=-2.0, high=2.0):
    return np.round(rng.uniform(low, high, shape), 3).astype(np.float32)


def i(*values, dtype=np.int64):
    return np.array(values, dtype=dtype)


def model(op, inputs, opset, outputs=1, domain="", **attributes):
    """inputs: arrays that are fed, ("constant", array) or ("fields", array) for initializers, None for an omitted one."""
    names, feeds, constants = [], {}, []
    for n, value in enumerate(inputs):
        if value is None:
            names.append("")
            continue
        name = f"x{n}"
        names.append(name)
        if isinstance(value, tuple):
            kind, array = value
            if kind == "constant":
                constants.append(numpy_helper.from_array(array, name))
            else:  # the typed fields instead of raw bytes
                constants.append(
                    helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.flatten().tolist())
                )
        else:
            feeds[name] = value
    outs = [f"y{n}" for n in range(outputs)]
    node = helper.make_node(op, names, outs, name=f"{op}_node", domain=domain, **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in feeds.items()],
        [helper.make_tensor_value_info(n, TensorProto.UNDEFINED, None) for n in outs],
        constants,
    )
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    made = helper.make_model(graph, opset_imports=opsets, ir_version=10 if opset > 8 else 4)
    for out in made.graph.output:
        out.ClearField("type")
    return made, feeds


def run(made, feeds):
    try:
        session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, feeds), "onnxruntime"
    except Exception:
        return ReferenceEvaluator(made).run(None, feeds), "onnx.reference"


def tensor(array):
    return {"dtype": ELEMENT[array.dtype], "dims": list(array.shape), "data": [float(f"{float(x):.7g}") for x in array.flatten()]}


cases = []


def case(op, inputs, opset, expected=None, **more):
    made, feeds = model(op, inputs, opset, **more)
    if expected is None:
        expected, by = run(made, feeds)
    else:
        by = "the specification"
    cases.append(
        {
            "op": op,
            "opset": opset,
            "by": by,
            "model": base64.b64encode(made.SerializeToString()).decode(),
            "feeds": {n: tensor(v) for n, v in feeds.items()},
            "outputs": [tensor(np.asarray(v)) for v in expected],
        }
    )


def c(array):
    return ("constant", np.asarray(array))


def fields(array):
    return ("fields", np.asarray(array))


for opset in (9, 13, 21):
    for op in ["Neg", "Exp", "Tanh", "Sigmoid", "Relu", "Abs", "Softplus", "Sin", "Cos", "Erf", "Sign", "Identity", "Reciprocal"]:
        case(op, [f(2, 3)], opset)
    for op in ["Log", "Sqrt"]:
        case(op, [f(2, 3, low=0.1)], opset)
    for op in ["Add", "Sub", "Mul", "Div", "Less", "Greater"]:
        case(op, [f(2, 3), c(f(3))], opset)
    for op in ["Min", "Max", "Sum"]:
        case(op, [f(2, 3), c(f(3)), fields(f(2, 1))], opset)
    case("MatMul", [f(2, 3), c(f(3, 5))], opset)
    case("Gemm", [f(2, 3), fields(f(5, 3)), c(f(5))], opset, transB=1, alpha=0.5, beta=2.0)
    case("LeakyRelu", [f(3, 3)], opset, alpha=0.3)
    case("Reshape", [f(2, 6), c(i(3, -1))], opset)
    case("Flatten", [f(2, 3, 2)], opset, axis=2)
    case("Transpose", [f(2, 3, 4)], opset, perm=[2, 0, 1])
    case("Expand", [f(3, 1), fields(i(2, 3, 4))], opset)
    case("Concat", [f(2, 3), c(f(2, 1))], opset, axis=1)
    case("Gather", [f(4, 3), c(i(0, 3, 1))], opset)
    case("Conv", [f(1, 2, 4, 4), c(f(3, 2, 2, 2)), c(f(3))], opset, strides=[2, 2], kernel_shape=[2, 2])
    case("Where", [c(np.array([True, False, True])), f(2, 3), c(f(3))], opset)
# negative indices are allowed from set 11 on
for opset in (11, 18):
    case("Gather", [f(4, 3), c(i(-1, 0, -4, -1))], opset)
    case("Gather", [f(4, 3), c(i(-1, 0, dtype=np.int32))], opset, axis=1)
    case("GatherElements", [f(3, 3), c(np.array([[-1, 0, 2], [1, -3, -2]]))], opset, axis=0)
# operands that were attributes
for opset in (6, 7, 10):
    case("Clip", [f(3, 3)], opset, min=-0.5, max=0.75)
    case("Clip", [f(3, 3)], opset, max=0.25)
case("Clip", [f(3, 3), c(np.float32(-0.5)), c(np.float32(0.75))], 11)
case("Clip", [f(3, 3), None, c(np.float32(0.25))], 13)
for opset in (9, 11, 12):
    case("Unsqueeze", [f(2, 3)], opset, axes=[0, 3])
    case("Squeeze", [f(2, 1, 3)], opset, axes=[1])
    case("ReduceSum", [f(2, 3, 2)], opset, axes=[1], keepdims=0)
    case("Split", [f(2, 5)], opset, outputs=2, axis=1, split=[2, 3])
    case("Dropout", [f(2, 3)], opset, **({"ratio": 0.3} if opset < 12 else {}))
    case("Softmax", [f(2, 3, 2)], opset)  # axis 1, and everything after it is one
    case("LogSoftmax", [f(2, 3, 2)], opset, axis=1)
for opset in (9, 13, 17):
    case("ReduceMean", [f(2, 3, 2)], opset, axes=[0, -1] if opset > 9 else [0, 2])
    case("ReduceMax", [f(2, 3, 2)], opset, axes=[1], keepdims=0)
case("Slice", [f(4, 5)], 9, starts=[1, -3], ends=[3, 9223372036854775807], axes=[0, 1])
case("Slice", [f(4, 5), c(i(1, -3)), c(i(3, 9223372036854775807)), c(i(0, 1))], 13)
case("Pad", [f(2, 3)], 9, pads=[0, 1, 1, 2])
case("Pad", [f(2, 3), c(i(0, 1, 1, 2))], 13)
case("Pad", [f(4, 3), c(i(-1, 0, 1, -1))], 13)
case("Softmax", [f(2, 3, 2)], 13)
case("Unsqueeze", [f(2, 3), c(i(0, 3))], 13)
case("Squeeze", [f(2, 1, 3), c(i(1))], 13)
case("ReduceSum", [f(2, 3, 2), c(i(1))], 13, keepdims=0)
case("ReduceMean", [f(2, 3, 2), c(i(0, -1))], 18)
case("Split", [f(2, 5), fields(i(2, 3))], 13, outputs=2, axis=1)
case("Split", [f(2, 5)], 18, outputs=2, axis=1, num_outputs=2)
case("LayerNormalization", [f(2, 4), c(f(4)), c(f(4))], 17)
case("RMSNormalization", [f(2, 4), c(f(4))], 23)
case("Gelu", [f(2, 4)], 20, approximate="tanh")
case("Trilu", [f(3, 3)], 14, upper=0)
case("Pow", [f(2, 3, low=0.1), c(np.float32(3))], 13)
case("Cast", [f(2, 3)], 13, to=TensorProto.INT64)
# before set 7: an axis to start at, types as text, an in-place hint; before set 4: another default axis
x, bias = f(2, 3, 4), f(3)
case("Add", [x, c(bias)], 6, expected=[x + bias[:, None]], axis=1, broadcast=1)
case("Mul", [x, c(f(4) * 0 + bias[0])], 6, expected=[x * bias[0]], broadcast=1)
y = f(2, 3)
case("Cast", [y], 5, expected=[y.astype(np.int64)], to="INT64")
case("Relu", [y], 5, expected=[np.maximum(y, 0)], consumed_inputs=[0])
case("Concat", [y, c(y)], 3, expected=[np.concatenate([y, y], 1)])
case("Pad", [y], 1, expected=[np.pad(y, ((0, 1), (2, 0)))], paddings=[0, 2, 1, 0])
case("Reshape", [y], 4, expected=[y.reshape(3, 2)], shape=[3, 2])

refused = []


def refuse(names, op, inputs, opset, shape=None, **more):
    made, feeds = model(op, inputs, opset, **more)
    if shape is not None:
        made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y0", TensorProto.FLOAT, shape))
    refused.append({"names": names, "op": op, "opset": opset, "model": base64.b64encode(made.SerializeToString()).decode()})


refuse("value|zeros", "Pad", [f(2, 3)], 9, pads=[0, 1, 1, 2], value=1.5)
refuse("mode|zeros", "Pad", [f(2, 3), c(i(0, 1, 1, 2))], 13, mode="reflect")
refuse("min", "Clip", [f(2, 3)], 13, min=0.0)
refuse("axes", "Squeeze", [f(2, 1)], 13, axes=[1])
refuse("axes", "ReduceMean", [f(2, 3)], 18, axes=[1])
refuse("axis", "Add", [f(2, 3), c(f(3))], 13, axis=1)
refuse("10", "TopK", [f(2, 3)], 9, shape=[2, 1], outputs=2, k=1)
refuse("Resize", "Upsample", [f(1, 1, 2, 2)], 7, shape=[1, 1, 4, 4], scales=[1.0, 1.0, 2.0, 2.0])
refuse("13", "Hardmax", [f(2, 3)], 11, shape=[2, 3])
refuse("18", "ReduceL2", [f(2, 3)], 13, shape=[2, 1], axes=[1])
refuse("11", "Resize", [f(1, 1, 2, 2), c(np.array([1, 1, 2, 2], np.float32))], 10, shape=[1, 1, 4, 4])
refuse("stash_type", "LayerNormalization", [f(2, 4), c(f(4))], 17, stash_type=10)
refuse("training_mode", "Dropout", [f(2, 3), c(np.float32(0.5)), c(np.array(True))], 13)
refuse("approximate", "Gelu", [f(2, 3)], 20, approximate="fast")
refuse("sparse_value|value_string", "Constant", [], 13, value_string="x")
refuse("dilations|tile", "Conv", [f(1, 1, 4, 4), c(f(1, 1, 2, 2))], 13, strides=[2, 2], dilations=[2, 2])
refuse("transBatchA", "FusedMatMul", [f(2, 3, 4), c(f(4, 3))], 13, domain="com.microsoft", transBatchA=1)
refuse("axis", "Concat", [f(2, 3), c(f(2, 3))], 13)

named = {
    "weights.f32": f(2, 3),
    "weights.f64": f(3).astype(np.float64),
    "weights.f16": f(5).astype(np.float16),
    "ids.i64": i(1, -2, 3),
    "ids.i32": i(4, -5, dtype=np.int32),
    "flags.bool": np.array([True, False, True]),
    "bytes.u8": np.array([1, 2, 255], np.uint8),
    "none": np.zeros((0, 3), np.float32),
    "scalar": np.array(1.5, np.float32),
}
stored = {
    "file": base64.b64encode(save(named, metadata={"format": "np"})).decode(),
    "tensors": {n: {"dims": list(v.shape), "data": [float(x) for x in v.astype(np.float64).flatten()]} for n, v in named.items()},
}
OUT.write_text(json.dumps({"cases": cases, "refused": refused, "safetensors": stored}, separators=(",", ":")) + "\n")
print(len(cases), "models,", len(refused), "refused,", {k["by"] for k in cases}, OUT.stat().st_size, "bytes")
