#include "compiler/import/TensorType.h"

namespace tenon {

static constexpr struct {
  TensorType type;
  std::string_view name;
  uint32_t bits;
} kTypes[] = {
    {TensorType::BF16, "BF16", 16},     {TensorType::F16, "F16", 16},       {TensorType::F32, "F32", 32},
    {TensorType::Bool, "BOOL", 8},      {TensorType::U8, "U8", 8},          {TensorType::I8, "I8", 8},
    {TensorType::I16, "I16", 16},       {TensorType::U16, "U16", 16},       {TensorType::I32, "I32", 32},
    {TensorType::U32, "U32", 32},       {TensorType::I64, "I64", 64},       {TensorType::U64, "U64", 64},
    {TensorType::F64, "F64", 64},       {TensorType::C64, "C64", 64},       {TensorType::F8E5M2, "F8_E5M2", 8},
    {TensorType::F8E4M3, "F8_E4M3", 8}, {TensorType::F8E8M0, "F8_E8M0", 8}, {TensorType::F6E2M3, "F6_E2M3", 6},
    {TensorType::F6E3M2, "F6_E3M2", 6}, {TensorType::F4, "F4", 4},
};

std::string_view name(TensorType type) { return kTypes[static_cast<size_t>(type)].name; }
uint32_t bitsOf(TensorType type) { return kTypes[static_cast<size_t>(type)].bits; }

std::optional<TensorType> tensorTypeNamed(std::string_view name) {
  for (auto &known : kTypes)
    if (known.name == name)
      return known.type;
  return std::nullopt;
}

} // namespace tenon
