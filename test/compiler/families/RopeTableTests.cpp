#include "compiler/families/RopeTable.h"
#include "runtime/io/MappedFile.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon;
using testing::HasSubstr;

namespace {

JsonDocument readGolden() {
  auto file = io::MappedFile::open(TENON_TEST_DATA "/compiler/families/rope_golden.json");
  EXPECT_TRUE(file.isOk()) << file.status().message();
  auto bytes = file->bytes();
  auto document = parseJson({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, "rope_golden.json");
  EXPECT_TRUE(document.isOk()) << document.status().message();
  return *std::move(document);
}

RopeParameters read(JsonValue object, int64_t maxPositions) {
  auto config = ConfigReader::openSection(object);
  auto rope = readRope(*config, maxPositions);
  EXPECT_TRUE(rope.isOk()) << rope.status().message();
  return rope.isOk() ? *rope : RopeParameters();
}

std::vector<double> reals(JsonValue array) {
  std::vector<double> out;
  for (JsonValue element : array.elements())
    out.push_back(*element.real());
  return out;
}

// rope_golden.py holds transformers' own functions. The one tolerated difference is the last digit of pow in float.
TEST(RopeTable, AgreesWithTransformers) {
  JsonDocument golden = readGolden();
  int cases = 0;
  for (JsonValue test : golden.root().find("cases")->elements()) {
    SCOPED_TRACE(std::string(*test.find("name")->string()));
    ++cases;
    JsonValue config = *test.find("config");
    RopeParameters rope = read(config, *config.find("max_position_embeddings")->integer());
    auto table = RopeTable::make(rope, *test.find("head_dim")->integer(), *test.find("max_context")->integer());
    ASSERT_TRUE(table.isOk()) << table.status().message();
    EXPECT_FLOAT_EQ(table->attentionFactor(), *test.find("attention_factor")->real());

    std::vector<double> frequencies = reals(*test.find("inverse_frequencies"));
    ASSERT_EQ(table->inverseFrequencies().size(), frequencies.size());
    for (size_t d = 0; d < frequencies.size(); ++d)
      EXPECT_NEAR(table->inverseFrequencies()[d], frequencies[d], 2.4e-7 * frequencies[d]) << "d = " << d;

    for (JsonValue row : test.find("rows")->elements()) {
      int64_t position = *row.find("position")->integer();
      std::vector<double> values = reals(*row.find("values"));
      std::vector<float> got(table->headDim());
      ASSERT_EQ(values.size(), got.size());
      table->rows(position, 1, got.data());
      for (size_t i = 0; i < got.size(); ++i) {
        // Two roundings of the angle, plus those of the result.
        double angle = static_cast<double>(position) * frequencies[i % frequencies.size()];
        EXPECT_NEAR(got[i], values[i], 3.6e-7 * angle + 2.4e-7) << "position " << position << ", column " << i;
      }
    }
  }
  EXPECT_EQ(cases, 17);
}

TEST(RopeTable, RowsAreTheSameHoweverTheyAreAsked) {
  auto table = RopeTable::make({}, 8, 100);
  ASSERT_TRUE(table.isOk());
  std::vector<float> all(100 * 8), part(40 * 8);
  table->rows(0, 100, all.data());
  table->rows(60, 40, part.data());
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + 60 * 8));
  for (int d = 0; d < 4; ++d) {
    EXPECT_EQ(all[d], 1.0f);
    EXPECT_EQ(all[4 + d], 0.0f);
  }
}

// Positions whose float angle differs from the exact one: the float must win, as it does in transformers.
TEST(RopeTable, RoundsTheAngleToFloat) {
  auto table = RopeTable::make({}, 4, 1 << 20);
  ASSERT_TRUE(table.isOk());
  float row[4];
  table->rows(1048573, 1, row);
  float angle = 1048573.0f * table->inverseFrequencies()[1];
  ASSERT_NE(static_cast<double>(angle), 1048573.0 * table->inverseFrequencies()[1]);
  EXPECT_EQ(row[1], static_cast<float>(std::cos(static_cast<double>(angle))));
  EXPECT_EQ(row[3], static_cast<float>(std::sin(static_cast<double>(angle))));
}

TEST(RopeTable, DynamicChangesNothingWithinTheTrainedContext) {
  RopeParameters rope{.kind = RopeKind::Dynamic, .originalMaxPositions = 2048, .factor = 4.0};
  auto inside = RopeTable::make(rope, 64, 2048), outside = RopeTable::make(rope, 64, 2049),
       plain = RopeTable::make({}, 64, 64);
  ASSERT_TRUE(inside.isOk() && outside.isOk() && plain.isOk());
  EXPECT_THAT(inside->inverseFrequencies(), testing::ElementsAreArray(plain->inverseFrequencies()));
  EXPECT_LT(outside->inverseFrequencies().back(), plain->inverseFrequencies().back());
}

TEST(RopeTable, RefusesWhatHasNoTable) {
  EXPECT_EQ(RopeTable::make({}, 8, 0).status().code(), Code::Constraint);
  EXPECT_EQ(RopeTable::make({}, 7, 8).status().message(),
            "the head size is 7, expected an even number of at least 2 for rotary embedding of kind default");
  EXPECT_EQ(RopeTable::make({}, 0, 8).status().code(), Code::Constraint);
  EXPECT_THAT(RopeTable::make({}, 8, (1 << 24) + 1).status().message(), HasSubstr("expected 1 to 16777216"));
  RopeParameters dynamic{.kind = RopeKind::Dynamic, .originalMaxPositions = 16, .factor = 2.0};
  EXPECT_EQ(RopeTable::make(dynamic, 2, 32).status().code(), Code::Constraint);
  RopeParameters huge{.kind = RopeKind::Dynamic, .theta = 1e30, .originalMaxPositions = 1, .factor = 1e6};
  EXPECT_EQ(RopeTable::make(huge, 4, 1 << 24).status().code(), Code::Constraint);
}

} // namespace
