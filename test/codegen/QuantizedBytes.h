// Quantized matrices in tests: random ones, and between reference values and the bytes that kernels see
// (dialects/qt/Storage.h).
#pragma once

#include "dialects/qt/Qt.h"
#include "test/codegen/GuardedBuffer.h"
#include <random>

namespace tenon::test {

// The zero point that tests give group `group` of output `output`: any number where zero points are stored.
int32_t zeroPoint(qt::Storage storage, int64_t output, int64_t group);

// Codes of the whole range and scales such that products are about as large as with floats; exact in f16.
ref::Tensor randomQuantized(mlir::RankedTensorType type, std::mt19937 &random);

// Panels of a weight or rows of activations, as `type` says.
GuardedBuffer quantizedBytes(const ref::Tensor &tensor, mlir::RankedTensorType type);
// Bytes of a tensor of `type`.
size_t quantizedSize(mlir::RankedTensorType type);
// Rows that a kernel wrote. Fails the test where their padding or sums are wrong.
ref::Tensor readRows(const uint8_t *bytes, mlir::RankedTensorType type);

} // namespace tenon::test
