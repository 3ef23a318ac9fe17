#include "compiler/weights/Element.h"

namespace tenon::weights {
namespace {

template <typename From, typename To, typename Convert>
void convert(const void *from, void *to, uint64_t count, Convert element) {
  const auto *in = static_cast<const From *>(from);
  auto *out = static_cast<To *>(to);
  for (uint64_t i = 0; i < count; ++i)
    out[i] = element(in[i]);
}

constexpr unsigned pair(Element from, Element to) {
  return static_cast<unsigned>(from) * 3 + static_cast<unsigned>(to);
}

} // namespace

void convertElements(Element fromType, const void *from, Element toType, void *to, uint64_t count) {
  if (fromType == toType) {
    if (from != to)
      std::memcpy(to, from, count * elementBytes(toType));
    return;
  }
  // One loop for each pair, each a straight line that the compiler can vectorise.
  switch (pair(fromType, toType)) {
  case pair(Element::F32, Element::F16):
    return convert<float, uint16_t>(from, to, count, [](float v) { return floatToF16(v); });
  case pair(Element::F32, Element::BF16):
    return convert<float, uint16_t>(from, to, count, [](float v) { return floatToBf16(v); });
  case pair(Element::F16, Element::F32):
    return convert<uint16_t, float>(from, to, count, [](uint16_t v) { return f16ToFloat(v); });
  case pair(Element::F16, Element::BF16):
    return convert<uint16_t, uint16_t>(from, to, count, [](uint16_t v) { return floatToBf16(f16ToFloat(v)); });
  case pair(Element::BF16, Element::F32):
    return convert<uint16_t, float>(from, to, count, [](uint16_t v) { return bf16ToFloat(v); });
  case pair(Element::BF16, Element::F16):
    return convert<uint16_t, uint16_t>(from, to, count, [](uint16_t v) { return floatToF16(bf16ToFloat(v)); });
  default: // equal types were copied above
    return;
  }
}

} // namespace tenon::weights
