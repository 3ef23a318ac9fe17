// Making, rounding and multiplying the tensors of the reference evaluation.
#pragma once

#include "dialects/interfaces/Reference.h"
#include "mlir/IR/BuiltinTypes.h"
#include <span>

namespace tenon::ref {

// The nearest number of f32, f16 or bf16, ties to even; overflow becomes infinity, NaN stays NaN.
float round(float value, mlir::Type elementType);

// [rows][columns] of f32, zeros.
std::shared_ptr<Tensor> makeRows(int64_t rows, int64_t columns);

// Rounds every element to `elementType` and hands the tensor over.
Value finish(std::shared_ptr<Tensor> tensor, mlir::Type elementType);

inline std::span<float> row(Tensor &tensor, int64_t index) {
  size_t columns = static_cast<size_t>(tensor.shape[1]);
  return std::span(tensor.f32).subspan(static_cast<size_t>(index) * columns, columns);
}
inline std::span<const float> row(const Tensor &tensor, int64_t index) {
  size_t columns = static_cast<size_t>(tensor.shape[1]);
  return std::span(tensor.f32).subspan(static_cast<size_t>(index) * columns, columns);
}

// out[n][o] = sum_k x[n][k] * weight[o][k] (+ bias[o]).
void multiplyRows(const Tensor &x, const Tensor &weight, const Tensor *bias, Tensor &out);
// The same with both sides quantized: products of codes are summed in integers as far as their scales go, exactly.
void multiplyCodes(const Tensor &x, const Tensor &weight, const Tensor *bias, Tensor &out);

// Element (r, c) of a quantized matrix.
inline float dequantized(const Tensor &matrix, int64_t r, int64_t c) {
  int64_t columns = matrix.shape[1], groups = (columns + matrix.group - 1) / matrix.group;
  return static_cast<float>(matrix.i32[r * columns + c]) * matrix.scales[r * groups + c / matrix.group];
}
// `matrix` in f32.
std::shared_ptr<Tensor> dequantize(const Tensor &matrix);

} // namespace tenon::ref
