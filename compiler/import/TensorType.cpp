#include "compiler/import/TensorType.h"

#include <cassert>

namespace tenon {

// In the order of the enum (a test checks it). Sizes of GGUF's types: ggml's block structures.
static constexpr struct {
  TensorType type;
  std::string_view name;
  TypeBlock block;
  int ggml; // the number in a GGUF file, -1 for none
  bool inSafetensors;
} kTypes[] = {
    {TensorType::BF16, "BF16", {1, 2}, 30, true},
    {TensorType::F16, "F16", {1, 2}, 1, true},
    {TensorType::F32, "F32", {1, 4}, 0, true},
    {TensorType::Q8_0, "Q8_0", {32, 34}, 8, false},
    {TensorType::Q4_0, "Q4_0", {32, 18}, 2, false},
    {TensorType::Bool, "BOOL", {1, 1}, -1, true},
    {TensorType::U8, "U8", {1, 1}, -1, true},
    {TensorType::I8, "I8", {1, 1}, 24, true},
    {TensorType::I16, "I16", {1, 2}, 25, true},
    {TensorType::U16, "U16", {1, 2}, -1, true},
    {TensorType::I32, "I32", {1, 4}, 26, true},
    {TensorType::U32, "U32", {1, 4}, -1, true},
    {TensorType::I64, "I64", {1, 8}, 27, true},
    {TensorType::U64, "U64", {1, 8}, -1, true},
    {TensorType::F64, "F64", {1, 8}, 28, true},
    {TensorType::C64, "C64", {1, 8}, -1, true},
    {TensorType::F8E5M2, "F8_E5M2", {1, 1}, -1, true},
    {TensorType::F8E4M3, "F8_E4M3", {1, 1}, -1, true},
    {TensorType::F8E8M0, "F8_E8M0", {1, 1}, -1, true},
    {TensorType::F6E2M3, "F6_E2M3", {4, 3}, -1, true},
    {TensorType::F6E3M2, "F6_E3M2", {4, 3}, -1, true},
    {TensorType::F4, "F4", {2, 1}, -1, true},
    {TensorType::Q4_1, "Q4_1", {32, 20}, 3, false},
    {TensorType::Q5_0, "Q5_0", {32, 22}, 6, false},
    {TensorType::Q5_1, "Q5_1", {32, 24}, 7, false},
    {TensorType::Q8_1, "Q8_1", {32, 40}, 9, false},
    {TensorType::Q2_K, "Q2_K", {256, 84}, 10, false},
    {TensorType::Q3_K, "Q3_K", {256, 110}, 11, false},
    {TensorType::Q4_K, "Q4_K", {256, 144}, 12, false},
    {TensorType::Q5_K, "Q5_K", {256, 176}, 13, false},
    {TensorType::Q6_K, "Q6_K", {256, 210}, 14, false},
    {TensorType::Q8_K, "Q8_K", {256, 292}, 15, false},
    {TensorType::IQ2_XXS, "IQ2_XXS", {256, 66}, 16, false},
    {TensorType::IQ2_XS, "IQ2_XS", {256, 74}, 17, false},
    {TensorType::IQ3_XXS, "IQ3_XXS", {256, 98}, 18, false},
    {TensorType::IQ1_S, "IQ1_S", {256, 50}, 19, false},
    {TensorType::IQ4_NL, "IQ4_NL", {32, 18}, 20, false},
    {TensorType::IQ3_S, "IQ3_S", {256, 110}, 21, false},
    {TensorType::IQ2_S, "IQ2_S", {256, 82}, 22, false},
    {TensorType::IQ4_XS, "IQ4_XS", {256, 136}, 23, false},
    {TensorType::IQ1_M, "IQ1_M", {256, 56}, 29, false},
    {TensorType::TQ1_0, "TQ1_0", {256, 54}, 34, false},
    {TensorType::TQ2_0, "TQ2_0", {256, 66}, 35, false},
    {TensorType::MXFP4, "MXFP4", {32, 17}, 39, false},
    {TensorType::NVFP4, "NVFP4", {64, 36}, 40, false},
    {TensorType::Q1_0, "Q1_0", {128, 18}, 41, false},
};

std::string_view name(TensorType type) { return kTypes[static_cast<size_t>(type)].name; }
TypeBlock blockOf(TensorType type) { return kTypes[static_cast<size_t>(type)].block; }

uint32_t bitsOf(TensorType type) {
  assert(kTypes[static_cast<size_t>(type)].inSafetensors && "a type whose blocks hold more than elements");
  const TypeBlock block = blockOf(type);
  return block.bytes * 8 / block.elements;
}

std::optional<TensorType> tensorTypeNamed(std::string_view name) {
  for (auto &known : kTypes)
    if (known.inSafetensors && known.name == name)
      return known.type;
  return std::nullopt;
}

std::optional<TensorType> ggufTensorType(uint32_t number) {
  for (auto &known : kTypes)
    if (known.ggml >= 0 && static_cast<uint32_t>(known.ggml) == number)
      return known.type;
  return std::nullopt;
}

} // namespace tenon
