#include "compiler/driver/ShapeChoice.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ShapeChoice, TakesDefaultsFromTheModel) {
  auto shape = chooseShapes({}, 1024, 1024);
  ASSERT_TRUE(shape.isOk());
  EXPECT_EQ(shape->maxContext, 1024u);
  EXPECT_EQ(shape->maxSequences, 4u);
  EXPECT_EQ(shape->pages, 64u);
  EXPECT_THAT(shape->bodyRows, ElementsAre(1, 2, 4, 8, 16, 64, 128, 256));
  EXPECT_THAT(shape->headRows, ElementsAre(1, 2, 4, 8, 16));
  EXPECT_EQ(
      shape->describe(),
      "4 sequences of up to 1024 tokens (64 KV pages of 64 tokens), rows 1 2 4 8 16 64 128 256, head rows 1 2 4 8 16");
}

TEST(ShapeChoice, BoundsTheDefaultContext) {
  EXPECT_EQ(chooseShapes({}, 131072, 131072)->maxContext, 4096u);
  EXPECT_EQ(chooseShapes({}, 131072, 512)->maxContext, 512u);
  auto tiny = chooseShapes({}, 3, 3);
  ASSERT_TRUE(tiny.isOk());
  EXPECT_THAT(tiny->bodyRows, ElementsAre(1, 2, 4)); // four sequences decode in one step
  EXPECT_EQ(tiny->pages, 4u);
}

TEST(ShapeChoice, RefusesWhatCannotBe) {
  struct Bad {
    CompileOptions options;
    const char *flag;
  };
  std::vector<Bad> cases(6);
  cases[0].options.maxSeq = 2000, cases[0].flag = "--max-seq 2000";
  cases[1].options.maxBatch = 0, cases[1].flag = "--max-batch 0";
  cases[2].options.pageTokens = 10, cases[2].flag = "--page-tokens 10";
  cases[3].options.kvTokens = 100, cases[3].flag = "--kv-tokens 100";
  cases[4].options.kvTokens = 1 << 20, cases[4].flag = "--kv-tokens 1048576";
  cases[5].options.stepTokens = {1, 10000}, cases[5].flag = "--step-tokens 10000";
  for (const Bad &bad : cases) {
    auto shape = chooseShapes(bad.options, 1024, 1024);
    ASSERT_FALSE(shape.isOk()) << bad.flag;
    EXPECT_EQ(shape.status().code(), Code::Constraint);
    EXPECT_THAT(shape.status().message(), HasSubstr(bad.flag));
  }
}
