// The bytes of a tensor stored row-major without padding.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

namespace tenon {

// 2^48: more than any machine's memory and small enough that padding and sums of a few thousand cannot overflow.
inline constexpr uint64_t maxTensorBytes = uint64_t(1) << 48;

// Nothing for a dynamic shape, an element type that is no whole number of bytes, or more than maxTensorBytes.
inline std::optional<uint64_t> tensorBytes(mlir::RankedTensorType type) {
  mlir::Type element = type.getElementType();
  if (!type.hasStaticShape() || !element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8 != 0)
    return std::nullopt;
  uint64_t bytes = element.getIntOrFloatBitWidth() / 8;
  for (int64_t size : type.getShape()) {
    bool overflow = false;
    bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size), &overflow);
    if (overflow || bytes > maxTensorBytes)
      return std::nullopt;
  }
  return bytes;
}

} // namespace tenon
