// The cache and attention kernels together, step after step: a random schedule of sequences that begin, continue in
// chunks, decode and end, in pages that are handed out in any order and used again.
//
// Every buffer ends at a guard page, so that an access past any end faults. After each step both kernels are compared
// with the reference; the tolerances are those of AttentionTests.cpp and CacheAppendTests.cpp.
#include "test/codegen/CacheText.h"
#include "test/codegen/RowCase.h"
#include <array>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
struct Shape {
  int64_t tokens, slots, pagesPerSlot, heads, kvHeads, headDim, pageTokens;
  std::string cacheType;
};

// Of elements around 1 or above relative to themselves; NaN (never written) must stay NaN.
double largestError(const std::vector<float> &got, const std::vector<float> &expected) {
  double worst = 0;
  for (auto [g, e] : llvm::zip_equal(got, expected)) {
    if (std::isnan(g) != std::isnan(e))
      return INFINITY;
    if (!std::isnan(g))
      worst = std::max(worst, std::abs(double(g) - e) / std::max(1.0, std::abs(double(e))));
  }
  return worst;
}

class Engine {
public:
  Engine(const Shape &shape, const std::string &spec, uint32_t seed)
      : shape(shape), random(seed), append(CacheText{.tokens = shape.tokens,
                                                     .slots = shape.slots,
                                                     .pagesPerSlot = shape.pagesPerSlot,
                                                     .heads = shape.heads,
                                                     .kvHeads = shape.kvHeads,
                                                     .headDim = shape.headDim,
                                                     .pageTokens = shape.pageTokens,
                                                     .cacheType = shape.cacheType}
                                               .text()),
        attention(AttentionText{.tokens = shape.tokens,
                                .segments = std::min(shape.tokens, shape.slots),
                                .slots = shape.slots,
                                .pagesPerSlot = shape.pagesPerSlot,
                                .heads = shape.heads,
                                .kvHeads = shape.kvHeads,
                                .headDim = shape.headDim,
                                .pageTokens = shape.pageTokens,
                                .cacheType = shape.cacheType}
                      .text()),
        lengths(shape.slots), pages(shape.slots) {
    setTarget(append, spec);
    setTarget(attention, spec);
    freePages.resize(shape.slots * shape.pagesPerSlot);
    std::iota(freePages.begin(), freePages.end(), 0);
    cache = append.randomInputs(seed)[3].cache;
    // Pages start as whatever memory holds.
    for (auto *side : shape.cacheType == "i8" ? std::array{&cache->keyScales, &cache->valueScales}
                                              : std::array{&cache->keys, &cache->values})
      std::fill(side->begin(), side->end(), NAN);
  }

  void step(unsigned workers);

private:
  int32_t below(int64_t bound) { return static_cast<int32_t>(random() % bound); }
  void schedule();
  void grow(int32_t slot, int32_t length);

  Shape shape;
  std::mt19937 random;
  KernelCase append, attention;
  std::shared_ptr<ref::Cache> cache;
  std::vector<int32_t> lengths; // tokens of each slot
  std::vector<std::vector<int32_t>> pages;
  std::vector<int32_t> freePages;
  std::vector<int32_t> positions, slots, segments, blocks; // of the step
};

void Engine::grow(int32_t slot, int32_t length) {
  while (static_cast<int64_t>(pages[slot].size()) * shape.pageTokens < length) {
    std::swap(freePages[below(freePages.size())], freePages.back());
    pages[slot].push_back(freePages.back());
    freePages.pop_back();
  }
  lengths[slot] = length;
}

void Engine::schedule() {
  positions.assign(shape.tokens, 0);
  slots.assign(shape.tokens, -1);
  segments.assign(std::min(shape.tokens, shape.slots) * 4, 0);
  std::vector<int32_t> order(shape.slots);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  int32_t row = below(2); // sometimes padding comes first
  size_t entry = 0;
  for (int32_t slot : order) {
    if (below(5) == 0) { // the sequence ends, its pages go back
      freePages.insert(freePages.end(), pages[slot].begin(), pages[slot].end());
      pages[slot].clear();
      lengths[slot] = 0;
    }
    int64_t room = std::min<int64_t>(shape.tokens - row, shape.pagesPerSlot * shape.pageTokens - lengths[slot]);
    if (below(4) == 0 || room <= 0 || entry + 4 > segments.size())
      continue;
    int32_t rows = below(2) ? 1 : 1 + below(room), before = lengths[slot];
    grow(slot, before + rows);
    for (int32_t j = 0; j < rows; ++j) {
      positions[row + j] = before + j;
      slots[row + j] = slot;
    }
    std::copy_n(std::array<int32_t, 4>{slot, row, rows, before + rows}.data(), 4, &segments[entry]);
    entry += 4;
    row += rows;
  }
  // Table entries without a page hold any number: nothing may look.
  blocks.assign(shape.slots * shape.pagesPerSlot, INT32_MAX);
  for (int64_t slot = 0; slot < shape.slots; ++slot)
    std::copy(pages[slot].begin(), pages[slot].end(), &blocks[slot * shape.pagesPerSlot]);
}

void Engine::step(unsigned workers) {
  schedule();
  std::vector<ref::Value> inputs = append.randomInputs(random());
  inputs[3].cache = cache;
  inputs[4].tensor->i32 = positions;
  inputs[5].tensor->i32 = slots;
  inputs[6].tensor->i32 = blocks;
  std::vector<ref::Value> wanted = deepCopy(inputs), rotated = append.reference(wanted),
                          got = append.run(inputs, workers);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_LE(relativeError(*got[0].tensor, *rotated[0].tensor), 1e-6);
  // A code may be the neighbour.
  double keyError = shape.cacheType == "f32" ? 2e-6 : shape.cacheType == "i8" ? 1 : 0x1p-7;
  EXPECT_LE(largestError(cache->keys, wanted[3].cache->keys), keyError);
  EXPECT_TRUE(sameBits(cache->valueScales, wanted[3].cache->valueScales));
  EXPECT_TRUE(sameBits(cache->values, wanted[3].cache->values));

  std::vector<ref::Value> queries = attention.randomInputs(random());
  queries[0] = got[0];
  queries[1].cache = cache;
  queries[2].tensor->i32 = segments;
  queries[3].tensor->i32 = blocks;
  std::vector<ref::Value> expected = attention.reference(queries), result = attention.run(queries, workers);
  ASSERT_EQ(result.size(), 1u);
  // Rows of no sequence keep their bytes.
  int64_t columns = shape.heads * shape.headDim;
  for (int64_t row = 0; row < shape.tokens; ++row)
    if (slots[row] < 0)
      std::fill_n(expected[0].tensor->f32.begin() + row * columns, columns, NAN);
  EXPECT_LE(relativeError(*result[0].tensor, *expected[0].tensor), 3e-5);
}

class CacheAttentionFuzzTest : public testing::TestWithParam<std::string> {};

TEST_P(CacheAttentionFuzzTest, randomSchedulesMatchTheReference) {
  const Shape shapes[] = {{1, 1, 3, 4, 4, 16, 64, "f32"},     {7, 3, 2, 6, 2, 20, 16, "bf16"},
                          {16, 5, 3, 8, 1, 32, 64, "f16"},    {33, 4, 4, 3, 1, 2, 16, "f32"},
                          {24, 30, 2, 10, 5, 64, 32, "bf16"}, {9, 3, 3, 6, 2, 18, 32, "i8"}};
  uint32_t seed = 1;
  for (const Shape &shape : shapes) {
    SCOPED_TRACE(testing::Message() << shape.tokens << " tokens, " << shape.slots << " slots, " << shape.heads << "/"
                                    << shape.kvHeads << " heads of " << shape.headDim << ", pages of "
                                    << shape.pageTokens << " " << shape.cacheType);
    Engine engine(shape, GetParam(), seed++);
    for (unsigned turn = 0; turn < 12 && !testing::Test::HasFailure(); ++turn)
      engine.step(1 + turn % 5);
  }
}

// Sapphire Rapids has the code of x86-64-v4 here.
INSTANTIATE_TEST_SUITE_P(Targets, CacheAttentionFuzzTest,
                         testing::Values(std::string("cpu:x86-64-v3"), std::string("cpu:x86-64-v4")), isaName);
} // namespace
