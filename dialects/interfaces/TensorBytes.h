// The bytes of a tensor as it is stored: row-major without padding, or as its number format says.
#pragma once

#include "dialects/interfaces/Interfaces.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

namespace tenon {

// 2^48: more than any machine's memory and small enough that padding and sums of a few thousand cannot overflow.
inline constexpr uint64_t maxTensorBytes = uint64_t(1) << 48;

// Nothing for a dynamic shape, an element type that is no whole number of bytes, a quantized tensor that is no matrix,
// or more than maxTensorBytes.
inline std::optional<uint64_t> tensorBytes(mlir::RankedTensorType type) {
  mlir::Type element = type.getElementType();
  uint64_t bytes = 0;
  llvm::SmallVector<int64_t, 4> sizes(type.getShape());
  if (!type.hasStaticShape())
    return std::nullopt;
  if (auto quantized = llvm::dyn_cast<QuantizedElement>(element)) {
    if (sizes.size() != 2 || static_cast<uint64_t>(sizes[1]) > maxTensorBytes / 64)
      return std::nullopt;
    NumberFormat format = quantized.getFormat();
    bytes = format.rowBytes(sizes[1]);
    if (bytes == 0)
      bytes = format.panelBytes(sizes[1]), sizes[0] = llvm::divideCeil(sizes[0], 16);
    sizes.pop_back();
  } else if (element.isIntOrFloat() && element.getIntOrFloatBitWidth() % 8 == 0) {
    bytes = element.getIntOrFloatBitWidth() / 8;
  } else {
    return std::nullopt;
  }
  for (int64_t size : sizes) {
    bool overflow = false;
    bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size), &overflow);
    if (overflow || bytes > maxTensorBytes)
      return std::nullopt;
  }
  return bytes;
}

} // namespace tenon
