// Budgets of the two product loops of attention, queries x keys and weights x values, for every type of cache: a slower
// loop fails on any machine, without timing anything.
#include "test/codegen/AttentionText.h"
#include "test/codegen/LoopCost.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace tenon::test;

namespace {
constexpr Isa kAvx2{"cpu:x86-64-v3", "vfmadd", "x86_64", "haswell"};
constexpr Isa kAvx512{"cpu:x86-64-v4", "vfmadd", "x86_64", "skylake-avx512"};
constexpr Isa kBf16{"cpu:x86-64-v4+avx512bf16", "vdpbf16ps", "x86_64", "cooperlake"};
constexpr Isa kNeoverse{"cpu:aarch64-neoverse-v1", "fmla", "aarch64", "neoverse-v1"};

// Of both loops together, one round of each. `rows` 1: a decoding step in spans.
struct Budget {
  Isa isa;
  const char *cache;
  int64_t rows;
  int64_t products, instructions, stack;
  double cycles;
};

class AttentionBudget : public testing::TestWithParam<Budget> {};

TEST_P(AttentionBudget, isKept) {
  const Budget &budget = GetParam();
  AttentionText text{.tokens = budget.rows, .pagesPerSlot = 32, .heads = 32, .kvHeads = 4, .headDim = 64};
  text.cacheType = budget.cache;
  text.narrow = llvm::StringRef(budget.isa.multiplyAdd) == "vdpbf16ps";
  text.span = budget.rows == 1 ? 256 : 0;
  std::vector<InnerLoop> loops =
      innerLoops(assembly(budget.rows == 1 ? text.partialText() : text.text(), budget.isa.spec));
  // The two with the most products, of equal ones the first: whole pages of keys and values.
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t i = 0; i < loops.size(); ++i)
    order.emplace_back(-loops[i].count(budget.isa.multiplyAdd), i);
  ASSERT_GE(order.size(), 2u);
  llvm::sort(order);
  expectWithin({budget.products, budget.instructions, budget.stack, budget.cycles},
               {loops[order[0].second], loops[order[1].second]}, budget.isa);
}

std::string budgetName(const testing::TestParamInfo<Budget> &info) {
  std::string name = std::string(info.param.isa.spec) + "_" + info.param.cache + "_" + std::to_string(info.param.rows);
  for (char &c : name)
    c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Isas, AttentionBudget,
    testing::Values(Budget{kAvx2, "bf16", 1, 32, 76, 8, 21}, Budget{kAvx2, "bf16", 128, 32, 76, 8, 21},
                    Budget{kAvx2, "f16", 1, 20, 71, 1, 22.1}, Budget{kAvx2, "f16", 128, 24, 78, 1, 24},
                    Budget{kAvx2, "f32", 1, 20, 71, 1, 22}, Budget{kAvx2, "f32", 128, 24, 78, 1, 23},
                    Budget{kAvx2, "i8", 1, 20, 80, 1, 27}, Budget{kAvx2, "i8", 128, 24, 87, 1, 28.1},
                    Budget{kAvx512, "bf16", 1, 64, 126, 16, 37}, Budget{kAvx512, "bf16", 128, 64, 126, 16, 37},
                    Budget{kAvx512, "f16", 1, 32, 68, 8, 19}, Budget{kAvx512, "f16", 128, 32, 68, 8, 19},
                    Budget{kAvx512, "f32", 1, 32, 70, 8, 19}, Budget{kAvx512, "f32", 128, 32, 70, 8, 19},
                    Budget{kAvx512, "i8", 1, 32, 72, 8, 23}, Budget{kAvx512, "i8", 128, 32, 72, 8, 23},
                    Budget{kBf16, "bf16", 1, 32, 70, 8, 19}, Budget{kBf16, "bf16", 128, 32, 70, 8, 19},
                    Budget{kBf16, "i8", 1, 32, 88, 8, 31}, Budget{kBf16, "i8", 128, 32, 88, 8, 31},
                    Budget{kNeoverse, "bf16", 1, 64, 115, 0, 21}, Budget{kNeoverse, "bf16", 128, 64, 114, 0, 21},
                    Budget{kNeoverse, "f16", 1, 40, 128, 0, 31}, Budget{kNeoverse, "f16", 128, 48, 134, 0, 32},
                    Budget{kNeoverse, "f32", 1, 40, 126, 0, 29}, Budget{kNeoverse, "f32", 128, 48, 131, 0, 29},
                    Budget{kNeoverse, "i8", 1, 40, 141, 0, 34}, Budget{kNeoverse, "i8", 128, 48, 153, 1, 36.1}),
    budgetName);
} // namespace
