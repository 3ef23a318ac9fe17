// qt.quantize_rows and its scheme: activations in 8 bits.
#include "dialects/qt/Qt.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::qt;

static bool isGroupSize(int64_t group) { return group == 0 || (group >= 32 && group <= 4096 && group % 32 == 0); }

LogicalResult RowsInt8Attr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group, int64_t sums,
                                   int64_t zero) {
  if (!isGroupSize(group) || !isGroupSize(sums))
    return emitError() << "activations have group = " << group << ", sums = " << sums
                       << ", expected 0 or a multiple of 32 up to 4096";
  if (zero < 0 || zero > 128)
    return emitError() << "activations meet weights with zero = " << zero << ", expected 0 to 128";
  return success();
}

uint64_t RowsInt8Attr::rowBytes(int64_t columns) const {
  return static_cast<uint64_t>(rowLayout(*this, columns).bytes());
}
uint64_t RowsInt8Attr::panelBytes(int64_t) const { return 0; }
int64_t RowsInt8Attr::panelInputs() const { return 0; }

LogicalResult QuantizeRowsOp::verify() {
  RankedTensorType x = getX().getType(), result = getType();
  if (!rowSchemeOf(result))
    return emitOpError() << "makes " << result << ", expected elements of a row scheme such as #qt.rows_int8";
  if (x.getShape() != result.getShape() || x.isDynamicDim(1))
    return emitOpError() << "turns " << x << " into " << result << ", expected the same shape with static columns";
  return success();
}

Role QuantizeRowsOp::getFusionRole() { return Role::Prologue; }
StringRef QuantizeRowsOp::getAnchorName() { return "norm"; }
// Find the largest, scale, round, add up.
int64_t QuantizeRowsOp::getFlops() { return 4 * getType().getNumElements(); }

LogicalResult QuantizeRowsOp::evaluate(ref::Context &, ArrayRef<ref::Value> operands,
                                       SmallVectorImpl<ref::Value> &results) {
  const ref::Tensor &x = *operands[0].tensor;
  int64_t columns = x.shape[1];
  auto out = std::make_shared<ref::Tensor>();
  out->shape = x.shape;
  out->group = rowSchemeOf(getType()).getGroup() ? rowSchemeOf(getType()).getGroup() : columns;
  out->i32.resize(x.f32.size());
  for (int64_t r = 0; r < x.shape[0]; ++r)
    for (int64_t first = 0; first < columns; first += out->group) {
      int64_t begin = r * columns + first, end = begin + std::min(out->group, columns - first);
      float largest = 0;
      for (int64_t i = begin; i < end; ++i)
        largest = std::max(largest, std::fabs(x.f32[i]));
      bool counts = largest >= kSmallestMagnitude;
      out->scales.push_back(counts ? largest / 127 : 0);
      float inverse = counts ? 127 / largest : 0;
      for (int64_t i = begin; i < end; ++i)
        out->i32[i] = static_cast<int32_t>(std::nearbyint(x.f32[i] * inverse));
    }
  results.push_back({std::move(out), nullptr});
  return success();
}
