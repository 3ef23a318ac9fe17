// The element types that safetensors names. Tenon computes from BF16, F16 and F32; the others are known so that a file
// that holds one is measured and listed rightly, and refused only where such a tensor is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

enum class TensorType : uint8_t {
  BF16,
  F16,
  F32, // readable
  Bool,
  U8,
  I8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F64,
  C64,
  F8E5M2,
  F8E4M3,
  F8E8M0,
  F6E2M3,
  F6E3M2,
  F4,
};

// The name in a safetensors header, such as "BF16".
std::string_view name(TensorType type);
std::optional<TensorType> tensorTypeNamed(std::string_view name);
// Bits of one element; below 8 for packed types.
uint32_t bitsOf(TensorType type);
constexpr bool isReadable(TensorType type) { return type <= TensorType::F32; }

} // namespace tenon
