// Reference evaluation of ops that map equal positions of their operands.
#include "dialects/model/Model.h"
#include "dialects/model/ReferenceTensor.h"
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace tenon;
using namespace tenon::model;

using Operands = ArrayRef<ref::Value>;
using Results = SmallVectorImpl<ref::Value>;

// y = f(a, b, ...) position by position, rounded to the type of the op's result.
template <typename... Inputs>
static LogicalResult map(RankedTensorType type, Results &results, auto f, const ref::Value &first,
                         const Inputs &...rest) {
  auto out = std::make_shared<ref::Tensor>();
  out->shape = first.tensor->shape;
  out->f32.reserve(first.tensor->f32.size());
  for (size_t i = 0; i < first.tensor->f32.size(); ++i)
    out->f32.push_back(static_cast<float>(f(first.tensor->f32[i], rest.tensor->f32[i]...)));
  results.push_back(ref::finish(out, type.getElementType()));
  return success();
}

LogicalResult AddOp::evaluate(ref::Context &, Operands operands, Results &results) {
  return map(getType(), results, [](float a, float b) { return a + b; }, operands[0], operands[1]);
}

LogicalResult MulOp::evaluate(ref::Context &, Operands operands, Results &results) {
  return map(getType(), results, [](float a, float b) { return a * b; }, operands[0], operands[1]);
}

LogicalResult CastOp::evaluate(ref::Context &, Operands operands, Results &results) {
  return map(getType(), results, [](float x) { return x; }, operands[0]);
}

static double activation(ActivationKind kind, double x) {
  switch (kind) {
  case ActivationKind::silu:
    return x / (1 + std::exp(-x));
  case ActivationKind::gelu:
    return x / 2 * (1 + std::erf(x / std::numbers::sqrt2));
  case ActivationKind::gelu_tanh:
    return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  case ActivationKind::relu:
    return x < 0 ? 0 : x; // NaN stays NaN
  }
  llvm_unreachable("an activation without a formula");
}

LogicalResult ActivationOp::evaluate(ref::Context &, Operands operands, Results &results) {
  return map(getType(), results, [&](double x) { return activation(getKind(), x); }, operands[0]);
}
