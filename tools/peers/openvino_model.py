"""The synthetic model as OpenVINO's IR, built operation by operation: the exporter of Hugging Face models needs torch and a model to download.

The graph has the shape that the exporter gives: states for keys and values reordered by `beam_idx`, attention as one operation, weights as integers
with scales that the CPU plugin multiplies without unpacking them to floats. Logits are made for the last position only, as its pipelines do.
"""

import numpy
import openvino
from openvino import Type
from openvino import opset13 as op
from openvino.op import Constant
from openvino.op.util import Variable, VariableInfo

import synthetic


def i64(*values):
    return op.constant(numpy.array(values, numpy.int64))


def int8_weight(values):
    scales = numpy.abs(values).max(1, keepdims=True) / 127
    integers = op.constant(numpy.rint(values / scales).astype(numpy.int8))
    halves = op.multiply(op.convert(integers, "f16"), op.constant(scales.astype(numpy.float16)))
    return op.convert(halves, "f32")


def int4_weight(values, group):
    rows, columns = values.shape
    groups = values.reshape(rows, columns // group, group)
    scales = numpy.abs(groups).max(2, keepdims=True) / 7
    integers = numpy.rint(groups / scales).astype(numpy.int8).reshape(-1, 2).astype(numpy.uint8) & 15
    packed = numpy.ascontiguousarray(integers[:, 0] | integers[:, 1] << 4)
    constant = Constant(openvino.Tensor(packed, openvino.Shape(groups.shape), Type.i4), shared_memory=False)
    halves = op.multiply(op.convert(constant, "f16"), op.constant(scales.astype(numpy.float16)))
    return op.convert(op.reshape(halves, i64(rows, columns), False), "f32")


class Builder:
    def __init__(self, llama, kind):
        self.llama, self.kind = llama, kind
        self.shapes = {name: (rows, columns) for name, rows, columns in llama.matrices()}
        self.sinks = []

    def weight(self, name):
        values = synthetic.matrix(name, *self.shapes[name])
        # Rows of the embedding are looked up, which reads next to nothing: 8 bits in both kinds.
        if self.kind == "int8" or name == "token_embd":
            return int8_weight(values)
        return int4_weight(values, 128)

    def linear(self, x, name):
        return op.matmul(x, self.weight(name), False, True)

    def norm(self, x):
        square = op.reduce_mean(op.power(x, op.constant(numpy.float32(2))), i64(-1), True)
        root = op.sqrt(op.add(square, op.constant(numpy.float32(self.llama.eps))))
        scaled = op.multiply(x, op.divide(op.constant(numpy.float32(1)), root))
        return op.multiply(op.constant(numpy.ones((1, 1, self.llama.hidden), numpy.float32)), scaled)

    def heads(self, x, count):
        split = op.reshape(x, i64(0, 0, count, self.llama.head_dim), True)
        return op.transpose(split, i64(0, 2, 1, 3))

    def rotate(self, x):
        half = self.llama.head_dim // 2
        low = op.slice(x, i64(0), i64(half), i64(1), i64(3))
        high = op.slice(x, i64(half), i64(2**31 - 1), i64(1), i64(3))
        turned = op.concat([op.multiply(high, op.constant(numpy.float32(-1))), low], -1)
        return op.add(op.multiply(x, self.cos), op.multiply(turned, self.sin))

    def remember(self, x, name):
        """What the state holds with `x` behind it, for every query head."""
        llama = self.llama
        info = VariableInfo()
        info.data_shape = openvino.PartialShape([-1, llama.kv_heads, -1, llama.head_dim])
        info.data_type = Type.f32
        info.variable_id = name
        variable = Variable(info)
        empty = op.concat([self.batch, i64(llama.kv_heads, 0, llama.head_dim)], 0)
        past = op.read_value(op.broadcast(op.constant(numpy.float32(0)), empty), variable)
        whole = op.concat([op.gather(past, self.beam, i64(0)), x], 2)
        self.sinks.append(op.assign(whole, variable))
        group = llama.heads // llama.kv_heads
        if group == 1:
            return whole
        shape = op.concat([self.batch, i64(llama.kv_heads, group), self.length, i64(llama.head_dim)], 0)
        wide = op.broadcast(op.unsqueeze(whole, i64(2)), shape, broadcast_spec="BIDIRECTIONAL")
        return op.reshape(wide, i64(0, llama.heads, -1, llama.head_dim), True)

    def positions(self, ids, mask, position):
        llama = self.llama
        half = numpy.arange(0, llama.head_dim, 2, dtype=numpy.float32) / llama.head_dim
        frequencies = op.constant((1.0 / llama.theta**half).astype(numpy.float32).reshape(1, 1, -1))
        angles = op.multiply(op.unsqueeze(op.convert(position, "f32"), i64(-1)), frequencies)
        both = op.unsqueeze(op.concat([angles, angles], -1), i64(1))
        self.cos, self.sin = op.cos(both), op.sin(both)
        self.batch = op.gather(op.shape_of(ids), i64(0), i64(0))
        self.length = op.gather(op.shape_of(mask), i64(1), i64(0))
        keys = op.range(op.constant(numpy.int64(0)), op.squeeze(self.length, i64(0)), op.constant(numpy.int64(1)), "i64")
        seen = op.less_equal(op.unsqueeze(keys, i64(0, 1, 2)), op.unsqueeze(position, i64(1, 3)))
        lowest = op.constant(numpy.float32(numpy.finfo(numpy.float32).min))
        self.mask = op.select(seen, op.constant(numpy.float32(0)), lowest)

    def layer(self, x, i):
        llama = self.llama
        inner = self.norm(x)
        query = self.rotate(self.heads(self.linear(inner, f"blk.{i}.attn_q"), llama.heads))
        key = self.rotate(self.heads(self.linear(inner, f"blk.{i}.attn_k"), llama.kv_heads))
        value = self.heads(self.linear(inner, f"blk.{i}.attn_v"), llama.kv_heads)
        key, value = self.remember(key, f"past.{i}.key"), self.remember(value, f"past.{i}.value")
        mixed = op.transpose(op.scaled_dot_product_attention(query, key, value, self.mask), i64(0, 2, 1, 3))
        joined = op.reshape(mixed, i64(0, 0, llama.heads * llama.head_dim), True)
        x = op.add(x, self.linear(joined, f"blk.{i}.attn_output"))
        inner = self.norm(x)
        gated = op.multiply(op.swish(self.linear(inner, f"blk.{i}.ffn_gate")), self.linear(inner, f"blk.{i}.ffn_up"))
        return op.add(x, self.linear(gated, f"blk.{i}.ffn_down"))

    def model(self):
        inputs = {name: op.parameter([-1, -1], Type.i64, name=name) for name in ("input_ids", "attention_mask", "position_ids")}
        inputs["beam_idx"] = op.parameter([-1], Type.i32, name="beam_idx")
        for name, node in inputs.items():
            node.output(0).get_tensor().set_names({name})
        self.beam = inputs["beam_idx"]
        self.positions(inputs["input_ids"], inputs["attention_mask"], inputs["position_ids"])
        x = op.gather(self.weight("token_embd"), op.convert(inputs["input_ids"], "i32"), i64(0))
        for i in range(self.llama.layers):
            x = self.layer(x, i)
        last = op.slice(self.norm(x), i64(-1), i64(2**31 - 1), i64(1), i64(1))
        logits = self.linear(last, "token_embd" if self.llama.tied else "output")
        logits.output(0).get_tensor().set_names({"logits"})
        return openvino.Model([op.result(logits)], self.sinks, list(inputs.values()), "synthetic")


def write(llama, path, kind):
    """`kind`: int8, a scale for each output channel, or int4, a scale for each 128 inputs; both symmetric. `path` ends in .xml."""
    openvino.save_model(Builder(llama, kind).model(), path, compress_to_fp16=False)
