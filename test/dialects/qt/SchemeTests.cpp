// Every weight scheme against the relative error that reference implementations reach on normally distributed weights,
// 64 rows of 4096, and on the groups that need care: zeros, one outlier, one sign.
#include "dialects/qt/Qt.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <random>

using namespace tenon;
using namespace tenon::qt;

namespace {

struct Case {
  const char *name;
  Scheme (*make)(mlir::MLIRContext *);
  double rmse; // relative, of N(0, 1)
};

const Case kCases[] = {
    {"int8", [](mlir::MLIRContext *c) -> Scheme { return Int8Attr::get(c); }, 0.00868},
    {"int8_g128", [](mlir::MLIRContext *c) -> Scheme { return Int8GroupAttr::get(c, 128, false); }, 0.00649},
    {"int8_g32_asym", [](mlir::MLIRContext *c) -> Scheme { return Int8GroupAttr::get(c, 32, true); }, 0.0808 / 17},
    {"int4_g128", [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 128, false); }, 0.1180},
    {"int4_g128_asym", [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 128, true); }, 0.1007},
    {"int4_g64_asym", [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 64, true); }, 0.0912},
    {"int4_g32_asym", [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 32, true); }, 0.0808},
    {"q8_0", [](mlir::MLIRContext *c) -> Scheme { return Q8_0Attr::get(c); }, 0.00536},
    {"q4_0", [](mlir::MLIRContext *c) -> Scheme { return Q4_0Attr::get(c); }, 0.0860},
};

class SchemeTest : public testing::TestWithParam<Case> {
protected:
  SchemeTest() {
    context.loadDialect<QtDialect>();
    scheme = GetParam().make(&context);
  }

  std::vector<float> roundTrip(const std::vector<float> &values) {
    Storage storage = scheme.getStorage();
    size_t group = storage.group ? static_cast<size_t>(storage.group) : values.size();
    std::vector<float> result;
    for (size_t begin = 0; begin < values.size(); begin += group) {
      size_t count = std::min(group, values.size() - begin);
      std::vector<uint8_t> codes(count, 0xee);
      float scale = NAN;
      uint8_t zero = static_cast<uint8_t>(storage.fixedZero());
      scheme.quantizeGroup(&values[begin], static_cast<int64_t>(count), codes.data(), scale, zero);
      for (uint8_t code : codes) {
        EXPECT_LE(code, storage.maxCode());
        result.push_back(scale * (static_cast<float>(code) - static_cast<float>(zero)));
      }
    }
    return result;
  }

  mlir::MLIRContext context;
  Scheme scheme;
};

TEST_P(SchemeTest, errsAsMuchAsReferences) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  double error = 0, square = 0;
  for (int row = 0; row < 64; ++row) {
    std::vector<float> values(4096);
    for (float &v : values)
      v = normal(random);
    std::vector<float> back = roundTrip(values);
    for (size_t i = 0; i < values.size(); ++i) {
      error += (back[i] - values[i]) * (back[i] - values[i]);
      square += values[i] * values[i];
    }
  }
  EXPECT_NEAR(std::sqrt(error / square) / GetParam().rmse, 1, 0.02);
}

TEST_P(SchemeTest, zerosStayZero) { EXPECT_EQ(roundTrip(std::vector<float>(96)), std::vector<float>(96)); }

TEST_P(SchemeTest, numbersOfOneSignKeepTheirRange) {
  for (float sign : {1.0f, -1.0f}) {
    std::vector<float> values(64);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = sign * (10 + static_cast<float>(i) / 64);
    std::vector<float> back = roundTrip(values);
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(back[i], values[i], 11.0 / 7 * 0.51) << i;
  }
}

TEST_P(SchemeTest, hugeNumbersStayFinite) {
  std::vector<float> values(128, 1e-3f);
  values[5] = 3e38f;
  for (float v : roundTrip(values))
    EXPECT_TRUE(std::isfinite(v));
}

INSTANTIATE_TEST_SUITE_P(Schemes, SchemeTest, testing::ValuesIn(kCases),
                         [](const auto &info) { return std::string(info.param.name); });

// Groups of 32 whose scale is one or a power of two, so that codes are exact: ties, signs and ends from the definitions
// alone. Integers are code - zero point; the numbers not listed are zero.
struct Exact {
  const char *name;
  Scheme (*make)(mlir::MLIRContext *);
  float scale;
  std::vector<float> values;
  std::vector<int> integers;
};

const Exact kExact[] = {
    // The nearest, half away from zero.
    {"q8_0",
     [](mlir::MLIRContext *c) -> Scheme { return Q8_0Attr::get(c); },
     1,
     {127, 0.5f, -0.5f, 0.4999999f, -0.4999999f, 1.5f, -1.5f, 2.5f, -2.5f, 2.505f, 2.495f, -126.5f, 126.5f, -127},
     {127, 1, -1, 0, 0, 2, -2, 3, -3, 3, 2, -127, 127, -127}},
    {"q8_0_of_a_negative_largest",
     [](mlir::MLIRContext *c) -> Scheme { return Q8_0Attr::get(c); },
     0.5f,
     {0.25f, -0.25f, -63.5f, 63.25f, -0.7475f},
     {1, -1, -127, 127, -1}},
    // The first of the largest is -8; others are the nearest, ties up, at most 7.
    {"q4_0_of_a_negative_largest",
     [](mlir::MLIRContext *c) -> Scheme { return Q4_0Attr::get(c); },
     1,
     {-8, 8, 7.5f, 6.5f, 0.5f, 0.495f, -0.5f, -0.505f, 1.5f, -1.5f, -7.5f, -7.505f},
     {-8, 7, 7, 7, 1, 0, 0, -1, 2, -1, -7, -8}},
    {"q4_0_of_a_positive_largest",
     [](mlir::MLIRContext *c) -> Scheme { return Q4_0Attr::get(c); },
     -0.25f,
     {2, -2, -1.875f, 0.125f, -0.125f, 0.12625f, -0.12375f, 1.875f},
     {-8, 7, 7, 0, 1, -1, 0, -7}},
    // The nearest, ties to even, on both sides alike.
    {"int8_g32",
     [](mlir::MLIRContext *c) -> Scheme { return Int8GroupAttr::get(c, 32, false); },
     1,
     {0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f, 2.505f, 126.5f, -126.5f, -127},
     {0, 0, 2, -2, 2, -2, 3, 126, -126, -127}},
    {"int4_g32",
     [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 32, false); },
     0.5f,
     {0.25f, -0.25f, 0.75f, -0.75f, 0.2525f, -3.25f, 3.25f, -3.5f},
     {0, 0, 2, -2, 1, -6, 6, -7}},
    // The range from low to high in 15 or 255 steps, zero on a code.
    {"int4_g32_asym",
     [](mlir::MLIRContext *c) -> Scheme { return Int4GroupAttr::get(c, 32, true); },
     1,
     {-5, 10, 0.5f, -0.5f, 1.5f, -1.5f, 0.505f, 9.5f, -4.5f},
     {-5, 10, 0, 0, 2, -2, 1, 10, -4}},
    {"int8_g32_asym_of_one_sign",
     [](mlir::MLIRContext *c) -> Scheme { return Int8GroupAttr::get(c, 32, true); },
     2,
     {510, 1, 3, 5, 509, 1.01f},
     {255, 0, 2, 2, 254, 1}},
};

class ExactSchemeTest : public testing::TestWithParam<Exact> {};

TEST_P(ExactSchemeTest, tiesAndSigns) {
  const Exact &exact = GetParam();
  mlir::MLIRContext context;
  context.loadDialect<QtDialect>();
  Scheme scheme = exact.make(&context);
  std::vector<float> values = exact.values;
  std::vector<int> integers = exact.integers;
  ASSERT_EQ(values.size(), integers.size());
  values.resize(32);
  integers.resize(32);
  std::vector<uint8_t> codes(32, 0xee);
  float scale = NAN;
  auto zero = static_cast<uint8_t>(scheme.getStorage().fixedZero());
  scheme.quantizeGroup(values.data(), 32, codes.data(), scale, zero);
  EXPECT_EQ(scale, exact.scale);
  for (size_t i = 0; i < codes.size(); ++i)
    EXPECT_EQ(codes[i] - zero, integers[i]) << values[i];
}

INSTANTIATE_TEST_SUITE_P(Schemes, ExactSchemeTest, testing::ValuesIn(kExact),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(PanelLayout, holdsItsPartsWithoutOverlap) {
  for (Storage storage : {Storage{8, 0, false}, Storage{8, 32, false}, Storage{4, 128, false}, Storage{4, 32, true}})
    for (int64_t columns : {1, 31, 32, 33, 96, 704, 4096}) {
      PanelLayout layout(storage, columns);
      std::vector<bool> used(static_cast<size_t>(layout.panelBytes()));
      auto take = [&](int64_t from, int64_t bytes) {
        for (int64_t i = from; i < from + bytes; ++i) {
          ASSERT_LT(i, layout.panelBytes());
          EXPECT_FALSE(used[static_cast<size_t>(i)]);
          used[static_cast<size_t>(i)] = true;
        }
      };
      for (int64_t g = 0; g < layout.groups(); ++g) {
        take(layout.scales(g), layout.scaleBytes());
        if (storage.zeroPoints)
          take(layout.zeros(g), layout.scaleBytes());
        EXPECT_EQ(layout.lines(g) % kLineBytes, 0);
        take(layout.lines(g), layout.linesPerGroup() * kLineBytes);
      }
    }
}

} // namespace
