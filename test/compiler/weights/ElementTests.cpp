// Conversions between element types against their definitions: every f16, and f32 numbers of every exponent.
#include "compiler/weights/Element.h"
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

using namespace tenon::weights;

namespace {

double valueOfHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  const double size =
      exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(static_cast<double>(mantissa), -24);
  return bits & 0x8000 ? -size : size;
}

bool isSpecial(uint16_t half) { return (half & 0x7c00) == 0x7c00; }

TEST(Element, EveryHalfIsItsValueAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = f16ToFloat(half);
    if (!isSpecial(half)) {
      ASSERT_EQ(value, valueOfHalf(half)) << bits;
      ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << bits;
      ASSERT_EQ(floatToF16(value), half) << bits;
    } else if (half & 0x3ff) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_EQ(floatToF16(value) & 0x7fff, 0x7e00) << bits;
    } else {
      ASSERT_EQ(std::fabs(value), std::numeric_limits<float>::infinity()) << bits;
      ASSERT_EQ(floatToF16(value), half) << bits;
    }
  }
}

// The nearest of the neighbours, the even one of two at equal distance.
TEST(Element, FloatsBetweenHalvesRoundToTheNearest) {
  for (uint16_t low = 0; low < 0x7bff; ++low) {
    const double a = valueOfHalf(low), b = valueOfHalf(static_cast<uint16_t>(low + 1)), middle = (a + b) / 2;
    const auto exact = static_cast<float>(middle);
    const uint16_t even = low & 1 ? static_cast<uint16_t>(low + 1) : low;
    ASSERT_EQ(floatToF16(exact), even) << low;
    ASSERT_EQ(floatToF16(-exact), even | 0x8000) << low;
    ASSERT_EQ(floatToF16(std::nextafter(exact, 0.0f)), low) << low;
    ASSERT_EQ(floatToF16(std::nextafter(exact, 1e30f)), low + 1) << low;
  }
  EXPECT_EQ(floatToF16(65519.996f), 0x7bff);
  EXPECT_EQ(floatToF16(65520.0f), 0x7c00);
  EXPECT_EQ(floatToF16(-std::numeric_limits<float>::max()), 0xfc00);
  EXPECT_EQ(floatToF16(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(Element, Bf16RoundsToTheNearestEven) {
  for (uint32_t high = 0; high < 0x7f80; ++high) {
    const auto at = [&](uint32_t low) { return std::bit_cast<float>(high << 16 | low); };
    const auto even = static_cast<uint16_t>(high + (high & 1));
    ASSERT_EQ(floatToBf16(at(0)), high);
    ASSERT_EQ(floatToBf16(at(0x7fff)), high);
    ASSERT_EQ(floatToBf16(at(0x8000)), even);
    ASSERT_EQ(floatToBf16(at(0x8001)), high + 1);
    ASSERT_EQ(floatToBf16(-at(0x8001)), (high + 1) | 0x8000);
  }
  EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(Element, WholeRowsAreConvertedAsTheirElements) {
  std::vector<uint16_t> half, bf16;
  for (uint32_t bits = 0; bits < 65536; bits += 7) {
    half.push_back(static_cast<uint16_t>(bits));
    bf16.push_back(static_cast<uint16_t>(bits));
  }
  std::vector<float> wide(half.size());
  std::vector<uint16_t> narrow(half.size());
  auto same = [](float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); };
  convertElements(Element::F16, half.data(), Element::F32, wide.data(), half.size());
  for (size_t i = 0; i < half.size(); ++i)
    ASSERT_TRUE(same(wide[i], f16ToFloat(half[i]))) << half[i];
  convertElements(Element::F32, wide.data(), Element::BF16, narrow.data(), half.size());
  for (size_t i = 0; i < half.size(); ++i)
    ASSERT_EQ(narrow[i], floatToBf16(wide[i])) << half[i];
  convertElements(Element::BF16, bf16.data(), Element::F32, wide.data(), half.size());
  for (size_t i = 0; i < half.size(); ++i)
    ASSERT_TRUE(same(wide[i], bf16ToFloat(bf16[i]))) << bf16[i];
  convertElements(Element::BF16, bf16.data(), Element::F16, narrow.data(), half.size());
  for (size_t i = 0; i < half.size(); ++i)
    ASSERT_EQ(narrow[i], floatToF16(wide[i])) << bf16[i];
}

} // namespace
