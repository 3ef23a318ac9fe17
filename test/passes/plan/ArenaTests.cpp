#include "passes/plan/Arena.h"
#include "gtest/gtest.h"
#include <random>

using namespace tenon;

namespace {

// Every pair that is alive together, compared byte by byte of their ranges.
void expectDisjoint(llvm::ArrayRef<Buffer> buffers, uint64_t size, uint64_t alignment) {
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(buffers[i].offset % alignment, 0u);
    EXPECT_LE(buffers[i].offset + buffers[i].bytes, size);
    for (size_t j = 0; j < i; ++j) {
      bool together = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      bool apart = buffers[i].offset + buffers[i].bytes <= buffers[j].offset ||
                   buffers[j].offset + buffers[j].bytes <= buffers[i].offset;
      EXPECT_TRUE(!together || apart) << i << " and " << j << " overlap";
    }
  }
}

TEST(Arena, NothingTakesNothing) {
  EXPECT_EQ(placeBuffers({}, 64), 0u);
  EXPECT_EQ(arenaLowerBound({}, 64), 0u);
}

TEST(Arena, BuffersThatNeverMeetShareTheirBytes) {
  Buffer buffers[] = {{100, 0, 1}, {100, 2, 3}, {50, 4, 4}};
  EXPECT_EQ(placeBuffers(buffers, 64), 128u);
  for (const Buffer &buffer : buffers)
    EXPECT_EQ(buffer.offset, 0u);
}

TEST(Arena, OneStepTogetherIsEnoughToPartThem) {
  Buffer buffers[] = {{64, 0, 2}, {64, 2, 3}};
  EXPECT_EQ(placeBuffers(buffers, 64), 128u);
  EXPECT_NE(buffers[0].offset, buffers[1].offset);
}

TEST(Arena, TheSmallestGapThatFitsIsTaken) {
  // A large gap at 0 and a small one between the pillars: the last buffer fits both.
  Buffer buffers[] = {{1024, 0, 0}, {512, 0, 3}, {128, 0, 0}, {256, 0, 3}, {128, 2, 2}};
  EXPECT_EQ(placeBuffers(buffers, 64), 1920u);
  EXPECT_EQ(buffers[0].offset, 0u);
  EXPECT_EQ(buffers[1].offset, 1024u);
  EXPECT_EQ(buffers[3].offset, 1536u);
  EXPECT_EQ(buffers[2].offset, 1792u);
  EXPECT_EQ(buffers[4].offset, 0u); // above the last pillar would grow the arena; the gap at 0 is the only one
}

// Lives of a transformer: a residual over many steps, short ones between. Close to the bound, over many seeds.
TEST(Arena, RandomLivesAreDisjointAndNearTheLowerBound) {
  std::mt19937 random(7);
  auto draw = [&](unsigned limit) { return unsigned(random() % limit); };
  double worst = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<Buffer> buffers;
    for (int i = 0; i < 120; ++i) {
      unsigned first = draw(60), length = draw(4) ? draw(3) : draw(15);
      buffers.push_back({1 + draw(draw(4) ? 4096 : 65536), first, first + length});
    }
    uint64_t size = placeBuffers(buffers, 64), bound = arenaLowerBound(buffers, 64);
    expectDisjoint(buffers, size, 64);
    EXPECT_GE(size, bound);
    worst = std::max(worst, double(size) / double(bound));
  }
  std::printf("worst arena / lower bound: %.3f\n", worst);
  EXPECT_LE(worst, 1.25);
}

TEST(Arena, PlacementDependsOnNothingButTheBuffers) {
  std::vector<Buffer> a, b;
  for (unsigned i = 0; i < 50; ++i)
    a.push_back({64 * (1 + i * 7 % 5), i % 10, i % 10 + i % 3});
  b = a;
  EXPECT_EQ(placeBuffers(a, 64), placeBuffers(b, 64));
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(a[i].offset, b[i].offset);
}

} // namespace
