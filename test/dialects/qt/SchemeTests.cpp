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
