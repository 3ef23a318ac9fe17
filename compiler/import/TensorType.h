// The element types that safetensors and GGUF name. Tenon computes from BF16, F16 and F32 and decodes Q8_0 and Q4_0;
// the others are known so that a file that holds one is measured and listed rightly, and refused only where such a
// tensor is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

enum class TensorType : uint8_t {
  BF16,
  F16,
  F32,
  Q8_0, // GGUF: blocks of 32 with one scale
  Q4_0, // the last readable one
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
  Q4_1, // from here on GGUF alone
  Q5_0,
  Q5_1,
  Q8_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Q8_K,
  IQ2_XXS,
  IQ2_XS,
  IQ3_XXS,
  IQ1_S,
  IQ4_NL,
  IQ3_S,
  IQ2_S,
  IQ4_XS,
  IQ1_M,
  TQ1_0,
  TQ2_0,
  MXFP4,
  NVFP4,
  Q1_0,
};
inline constexpr TensorType kLastTensorType = TensorType::Q1_0;

// What is stored together: `bytes` bytes hold `elements` neighbours of the innermost dimension.
struct TypeBlock {
  uint32_t elements, bytes;
};
TypeBlock blockOf(TensorType type);

// The name in messages, and in a safetensors header: "BF16".
std::string_view name(TensorType type);
// The type that a safetensors header calls so; GGUF's own types have no name there.
std::optional<TensorType> tensorTypeNamed(std::string_view name);
// The type with this number in a GGUF file (ggml's enum ggml_type).
std::optional<TensorType> ggufTensorType(uint32_t number);
// Bits of one element; below 8 for packed types. Not for types that spend bits on scales.
uint32_t bitsOf(TensorType type);
constexpr bool isReadable(TensorType type) { return type <= TensorType::Q4_0; }
// Readable, but as codes and scales.
constexpr bool isQuantized(TensorType type) { return type == TensorType::Q8_0 || type == TensorType::Q4_0; }

} // namespace tenon
