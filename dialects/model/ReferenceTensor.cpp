#include "dialects/model/ReferenceTensor.h"
#include "llvm/ADT/APFloat.h"
#include <bit>
#include <cmath>

using namespace tenon::ref;

// A bf16 is the upper half of an f32.
static float roundToBf16(float value) {
  if (std::isnan(value))
    return value;
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t half = 0x7fff + ((bits >> 16) & 1);
  return std::bit_cast<float>((bits + half) & 0xffff0000u);
}

static float roundToF16(float value) {
  llvm::APFloat number(value);
  bool losesInfo = false;
  number.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}

float tenon::ref::round(float value, mlir::Type elementType) {
  if (elementType.isBF16())
    return roundToBf16(value);
  if (elementType.isF16())
    return roundToF16(value);
  return value;
}

std::shared_ptr<Tensor> tenon::ref::makeRows(int64_t rows, int64_t columns) {
  auto tensor = std::make_shared<Tensor>();
  tensor->shape = {rows, columns};
  tensor->f32.resize(static_cast<size_t>(rows * columns));
  return tensor;
}

Value tenon::ref::finish(std::shared_ptr<Tensor> tensor, mlir::Type elementType) {
  if (!elementType.isF32())
    for (float &value : tensor->f32)
      value = round(value, elementType);
  return {std::move(tensor), nullptr};
}
